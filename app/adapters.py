"""What every use case works with."""

from dataclasses import dataclass
from datetime import UTC, datetime

from app.broker.hints import Hints
from app.config import Settings
from app.db.engine import Database
from app.domain.hosts.rules import HostRules
from app.metrics.registry import Metrics
from app.outbound.guard import AddressGuard
from app.outbound.webhook import WebhookSender
from app.storage.base import Store
from app.storage.disk import Disk


@dataclass(frozen=True)
class Adapters:
    """One implementation of each outside thing; `bootstrap.build_adapters` picks them."""

    settings: Settings
    database: Database
    store: Store
    disk: Disk
    guard: AddressGuard
    host_rules: HostRules
    webhooks: WebhookSender
    hints: Hints
    metrics: Metrics


def now() -> datetime:
    """The moment, in UTC; the one clock of the use cases."""
    return datetime.now(UTC)
