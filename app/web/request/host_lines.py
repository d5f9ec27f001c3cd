"""The table of image hosts on a request's page: those in trouble first, each line in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.adapters import Adapters, now
from app.results import hosts
from app.web import words

LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class HostLine:
    """One host. `state` is (word, icon); `rate`, `next_try` and `trouble` are empty where there
    is nothing to say."""

    host: str
    done: int
    waiting: int
    failed: int
    state: tuple[str, str]
    rate: str
    next_try: str
    trouble: str


@dataclass(frozen=True, slots=True)
class HostTable:
    """Some lines, and whether there are more hosts than these."""

    lines: list[HostLine]
    has_more: bool


def host_table(adapters: Adapters, document: dict[str, Any], owner: str) -> HostTable:
    """The first hosts by name, and before them those that hold the request up."""
    page = hosts.hosts_page(
        adapters, document["request_id"], owner=owner, cursor=None, limit=LINES_SHOWN
    )
    listed = {item["host"]: item for item in page["items"]}
    holding = [each["host"] for each in document["hosts"]]
    absent = [name for name in holding if name not in listed]
    if absent:
        found = hosts.named_hosts(adapters, document["request_id"], absent, owner=owner)
        listed |= {item["host"]: item for item in found}
    first = [listed.pop(name) for name in holding if name in listed]
    shown = [*first, *listed.values()]
    return HostTable(
        [host_line(item) for item in shown[:LINES_SHOWN]],
        has_more=page["next_cursor"] is not None or len(shown) > LINES_SHOWN,
    )


def host_line(item: dict[str, Any]) -> HostLine:
    """An entry of `hosts.hosts_page` in words."""
    images, state = item["images"], item["state"]
    limited = state == "slowed" and item["requests_per_second"] is not None
    return HostLine(
        host=item["host"],
        done=images["completed"],
        waiting=images["pending"],
        failed=images["failed"],
        state=words.HOST_STATES[state],
        rate=words.rate(item["requests_per_second"]) if limited else "",
        next_try=_next_try(item["retry_at"]),
        trouble=item["last_error"] or "",
    )


def _next_try(retry_at: str | None) -> str:
    if retry_at is None:
        return ""
    return words.next_try((datetime.fromisoformat(retry_at) - now()).total_seconds())
