"""How far a request is, how fast it goes, and how long it will take."""

from dataclasses import dataclass
from typing import Any

from app.domain.statuses import RequestStatus
from app.web import words

REASONS_SHOWN = 5


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


def progress_of(document: dict[str, Any]) -> Progress:
    """Put a status document into words."""
    images, sizes = document["images"], document["bytes"]
    done = images["completed"] + images["failed"]
    headline, icon = _headline(document)
    rate, time_left = _speed(document)
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


def _speed(document: dict[str, Any]) -> tuple[str, str]:
    speed, seconds = document["images_per_second"], document["eta_seconds"]
    shown = ""
    if speed is not None:
        shown = words.rate(speed) if speed else "nothing done in the last minute"
    return shown, f"{words.duration(seconds)} left" if seconds else ""
