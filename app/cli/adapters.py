"""What a command that works without a service works with: settings, database and store."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.adapters import Adapters
from app.bootstrap import build_adapters, prepare
from app.config import Settings, load_settings
from app.logs import configure_logs

# What is left at the end belongs to other requests; it goes back to the queue uncounted.
GRACE_SECONDS = 2.0


def command_settings(**overrides: Any) -> Settings:
    """The settings of a command that shows progress: warnings only, unless LOG_LEVEL is set.

    REDIS_URL is left aside: the database is the queue, and this process's worker gets its hints
    within the process. Workers elsewhere find the request in the database.

    Raises:
        SettingsError: a setting is impossible.
    """
    forced = {"redis_url": None, "shutdown_grace_seconds": GRACE_SECONDS, **overrides}
    settings = load_settings(**forced)
    if "log_level" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"log_level": "warning"})


@contextmanager
def opened_adapters(settings: Settings) -> Iterator[Adapters]:
    """The adapters for the block, with the tables at the newest revision and the bucket there.

    Raises:
        SettingsError: a setting is impossible.
        DatabaseUnavailable, StoreError: one of them does not answer.
    """
    configure_logs(settings)
    adapters = build_adapters(settings)
    try:
        prepare(adapters)
        yield adapters
    finally:
        adapters.database.close()
