"""How an image host of the tests treats its callers, and what it saw of them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class HostRules:
    """How a host treats its callers; by default it serves everybody at once.

    Attributes:
        rate: requests a second that are served; None: all.
        window: what counts as a second, see `tests/parts/rate_limits.py`.
        refusal_status: the answer beyond the rate, 429 or 503.
        retry_after: its Retry-After header, whatever the text; None: without one.
        ban_seconds: above 0, `ban_over` refusals within a second refuse everything for so long.
        ban_over: see `ban_seconds`.
        delay_ms: passes between each request and its answer.
        silence: "hang" accepts, reads and never answers; "refuse" has its port closed
            and ends the connections that it had.
        close_every: above 0, one in so many requests that come over a kept connection ends it
            without an answer.
    """

    rate: float | None = None
    window: Literal["fixed", "sliding", "bucket"] = "fixed"
    refusal_status: Literal[429, 503] = 429
    retry_after: str | None = None
    ban_seconds: float = 0
    ban_over: int = 20
    delay_ms: float = 0
    silence: Literal["", "hang", "refuse"] = ""
    close_every: int = 0


@dataclass(frozen=True)
class HostCounts:
    """What a host saw since its start; moments are those of `time.time()`, None without any.

    Attributes:
        requests: all of them, which are the served, refused, failed (500), silent and cut ones.
        silent: requests that never get an answer.
        cut: requests that ended their kept connection, see `HostRules.close_every`.
        bans: how often everything was refused.
        connections: made in all.
        most_connections: open at once.
        paths: requests for each path; its query belongs to it.
        timeline: requests and refusals of each second since the first request.
    """

    requests: int
    served: int
    refused: int
    failed: int
    silent: int
    cut: int
    bans: int
    connections: int
    most_connections: int
    first_request_at: float | None
    last_request_at: float | None
    last_answer_at: float | None
    paths: dict[str, int]
    timeline: list[tuple[int, int]]
