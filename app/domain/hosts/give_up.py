"""When all images that wait for a host fail together, and the message that their owner gets."""

from typing import Protocol

from app.domain import retry
from app.domain.hosts.exchange import GiveUp, Policy


class Record(Protocol):
    """What is known of a host; see `HostControl`."""

    tries: int
    impatient: int
    alive_at: float
    answered_at: float
    refusing_since: float
    last_error: str | None


def reason_to_give_up(record: Record, now: float, policy: Policy, host: str) -> GiveUp | None:
    """Why nobody waits for this host any longer; None: it is waited for.

    Args:
        host: as people are shown it.
    """
    error = record.last_error or ""
    long_silent = now - record.alive_at >= retry.HOST_SILENT_SECONDS
    if record.tries >= policy.max_attempts and long_silent:
        return _given_up(
            "host_unreachable",
            f"{host} did not answer any more, {record.tries} times in a row, so all images that "
            "waited for it were given up.",
            error,
            "Look whether the host works, then try these images again.",
        )
    if record.impatient >= retry.HOST_IMPATIENT_AFTER:
        return GiveUp("rate_limited", error or f"{host} refuses our requests.")
    if not record.refusing_since:
        return None
    if now - max(record.answered_at, record.refusing_since) < policy.patience_seconds:
        return None
    return _given_up(
        "rate_limited",
        f"{host} kept refusing our requests for {_spoken(policy.patience_seconds)}, so all images "
        "that waited for it were given up.",
        error,
        "Try these images again later, or ask whoever runs the host for a higher limit.",
    )


def _given_up(code: str, *sentences: str) -> GiveUp:
    return GiveUp(code, " ".join(filter(None, sentences)))


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
