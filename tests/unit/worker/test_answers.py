"""What a failed fetch says of its host, and what is told of all answers at once."""

import pytest

from app.domain.errors import (
    AddressBlocked,
    ConnectFailed,
    DnsFailed,
    FetchTimeout,
    HttpStatusError,
    HttpStatusRetryable,
    ImageError,
    InternalError,
    NotAnImage,
)
from app.domain.hosts.delivered import slot
from app.worker.hosts.answers import Answer, Answers, Kind, judge
from app.worker.hosts.permit import Permit

PATIENCE = 900.0
PERMIT = Permit("cdn.test:443", sent_at=1_000.0)


def answered(status: int, retry_after: float | None = None) -> HttpStatusRetryable:
    return HttpStatusRetryable("No.", http_status=status, retry_after_seconds=retry_after)


@pytest.mark.parametrize(
    ("error", "in_a_row", "kind"),
    [
        (answered(429), 0, Kind.REFUSED),
        (answered(429, 0.0), 0, Kind.REFUSED),
        (answered(429, 900.0), 0, Kind.REFUSED),
        (answered(429, 901.0), 0, Kind.IMPATIENT),
        (answered(503, 2.0), 0, Kind.REFUSED),
        (answered(503, 1e9), 0, Kind.IMPATIENT),
        (answered(503), 0, Kind.UNAVAILABLE),
        (answered(503), 1, Kind.UNAVAILABLE),
        (answered(503), 2, Kind.REFUSED),
        (answered(500), 5, Kind.BROKEN),
        (answered(502, 30.0), 0, Kind.BROKEN),
        (answered(408), 0, Kind.BROKEN),
        (HttpStatusError("No.", http_status=404), 0, Kind.GOOD),
        (HttpStatusError("No.", http_status=403), 0, Kind.GOOD),
        (FetchTimeout("Late."), 0, Kind.FAILED),
        (ConnectFailed("Closed."), 0, Kind.FAILED),
        (DnsFailed("Unknown."), 0, Kind.FAILED),
        (NotAnImage("A page."), 0, Kind.GOOD),
        (AddressBlocked("Not allowed."), 0, Kind.GOOD),
        (InternalError("A bug."), 0, Kind.NEUTRAL),
    ],
)
def test_what_an_error_says_of_the_host(error: ImageError, in_a_row: int, kind: Kind) -> None:
    told = judge(error, patience_seconds=PATIENCE, unavailable_in_a_row=in_a_row)
    assert told.kind is kind


def test_answers_are_told_once_and_together() -> None:
    answers = Answers()
    answers.add(PERMIT, Answer(Kind.GOOD))
    answers.add(PERMIT._replace(sent_at=1_002.0), Answer(Kind.GOOD))
    assert not answers.urgent
    answers.add(PERMIT, Answer(Kind.REFUSED, 3.0, "Too many."))
    answers.add(PERMIT._replace(sent_at=1_001.0), Answer(Kind.REFUSED, 1.0, "Too many."))
    assert answers.urgent
    report = answers.report()
    assert (report.good, report.good_sent_at) == (2, 1_002.0)
    assert report.good_sent == ((slot(PERMIT.sent_at), 1), (slot(1_002.0), 1))
    assert (report.refused, report.retry_after) == (2, 3.0)
    assert (report.first_refused_sent_at, report.refused_sent_at) == (PERMIT.sent_at, 1_001.0)
    assert (report.ended, report.error) == (4, "Too many.")
    assert not answers.any
    assert not answers.urgent


def test_a_good_answer_ends_a_row_of_unavailable_ones() -> None:
    answers = Answers()
    for _ in range(2):
        answers.add(PERMIT, Answer(Kind.UNAVAILABLE))
    assert answers.unavailable_in_a_row == 2
    answers.add(PERMIT, Answer(Kind.GOOD))
    assert answers.unavailable_in_a_row == 0


def test_permits_of_a_free_host_are_none_that_end() -> None:
    answers = Answers()
    answers.add(PERMIT._replace(limited=False), Answer(Kind.GOOD))
    assert answers.report().ended == 0


def test_a_probe_that_was_not_used_is_told() -> None:
    answers = Answers()
    answers.unused(probe=True)
    report = answers.report()
    assert (report.ended, report.probe_ended) == (1, True)
