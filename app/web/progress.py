"""How far a request is, how fast it goes, and how long it will take."""

from dataclasses import dataclass
from typing import Any, Self

from app.domain.statuses import RequestStatus
from app.web import words

# Before that much time has passed a rate would only jump about.
SECONDS_MIN = 2.0
REASONS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a request stood when a page began to look: images that were done, Unix seconds.

    It travels in the page's own addresses, so that the server keeps nothing for each viewer, and
    a request that was tried again after a week does not seem to have worked all week.
    """

    done: int
    at: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The pace that `str` has written; None for anything else."""
        done, _, at = text.partition(".")
        if not (done.isascii() and done.isdecimal() and at.isascii() and at.isdecimal()):
            return None
        if len(text) > 30:
            return None
        return cls(int(done), int(at))

    def __str__(self) -> str:
        return f"{self.done}.{self.at}"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the page says about a request's course; texts are empty where nothing is known."""

    done: int
    total: int
    percent: str
    headline: str
    icon: str
    rate: str
    time_left: str
    saved_bytes: int
    saved: str
    announcement: str
    reasons: list[tuple[str, int, words.Reason]]


def progress_of(document: dict[str, Any], pace: Pace, *, now: float) -> Progress:
    """Put a status document into words."""
    images, sizes = document["images"], document["bytes"]
    done = images["completed"] + images["failed"]
    headline, icon = _headline(document)
    rate, time_left = _speed(document, done, pace, now)
    percent = f"{document['progress_percent']:.0f} %"
    announcement = f"{headline}."
    if document["status"] == RequestStatus.PROCESSING:
        announcement = f"{percent} done, {words.count(images['failed'], 'image')} failed."
    unknown = words.REASONS["internal"]
    reasons = [
        (code, number, words.REASONS.get(code, unknown))
        for code, number in document["errors"].items()
    ]
    return Progress(
        done=done,
        total=images["total"],
        percent=percent,
        headline=headline,
        icon=icon,
        rate=rate,
        time_left=time_left,
        saved_bytes=max(sizes["input"] - sizes["output"], 0),
        saved=words.saved(sizes["input"], sizes["output"]),
        announcement=announcement,
        reasons=reasons[:REASONS_SHOWN],
    )


def _headline(document: dict[str, Any]) -> tuple[str, str]:
    word, icon = words.REQUEST_STATES[document["status"]]
    failed = document["images"]["failed"]
    if document["status"] == RequestStatus.COMPLETED and words.is_check(document):
        return _found(document["images"]["completed"], failed), "warn" if failed else icon
    if document["status"] == RequestStatus.COMPLETED and failed:
        return f"Done, but {words.count(failed, 'image')} failed", "warn"
    if document["status"] == RequestStatus.COMPLETED:
        return f"Done: all {words.count(document['images']['completed'], 'image')}", icon
    if document["status"] == RequestStatus.FAILED:
        return document["reason"] or word, icon
    return word, icon


def _found(fine: int, failed: int) -> str:
    if not failed:
        return (
            f"All {words.count(fine, 'picture')} are fine" if fine != 1 else "The picture is fine"
        )
    return (
        f"{fine:,} of {words.count(fine + failed, 'picture')} are fine, {failed:,} cannot be used"
    )


def _speed(document: dict[str, Any], done: int, pace: Pace, now: float) -> tuple[str, str]:
    if RequestStatus(document["status"]).is_final:
        return "", ""
    seconds, new = now - pace.at, done - pace.done
    if seconds < SECONDS_MIN or new <= 0:
        return "", ""
    rate = new / seconds
    shown = f"{rate:,.0f} a second" if rate >= 10 else f"{60 * rate:,.0f} a minute"
    return shown, words.duration(document["images"]["pending"] / rate)
