"""Requests: ingest, counters, ends and pages."""

import threading

from app.db import leases, queue, requests
from app.db.engine import Database
from app.db.queue import stalled, waiting
from app.db.requests import Counts, totals
from app.domain.statuses import RequestStatus
from tests.integration.db.parts import (
    START,
    add_request,
    again,
    at,
    claim,
    done,
    image_rows,
    record,
    request_row,
)


def test_one_of_many_writes_the_rows(database: Database) -> None:
    request_id = add_request(database, status="pending")
    begin = threading.Barrier(4)
    won: list[int] = []

    def take() -> None:
        begin.wait()
        with database.transaction() as connection:
            row = requests.claim_ingest(connection, request_id, now=START, lease_until=at(60))
        if row is not None:
            won.append(row.ingest_fence)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [1]
    assert request_row(database, request_id).status == "processing"


def test_a_late_ingest_writes_nothing(database: Database) -> None:
    request_id = add_request(database, status="pending")
    with database.transaction() as connection:
        assert requests.claim_ingest(connection, request_id, now=START, lease_until=at(10))
        assert not requests.claim_ingest(connection, request_id, now=at(9), lease_until=at(60))
        second = requests.claim_ingest(connection, request_id, now=at(11), lease_until=at(60))
        assert second is not None
        assert second.ingest_fence == 2
        assert not advance(connection, request_id, fence=1, row=5)
        assert advance(connection, request_id, fence=2, row=7)
        assert not requests.finish_ingest(connection, request_id, fence=1, now=at(12))
        assert requests.finish_ingest(connection, request_id, fence=2, now=at(12))
        assert not requests.claim_ingest(connection, request_id, now=at(99), lease_until=at(120))
    row = request_row(database, request_id)
    assert (row.ingested_row, row.ingested_places, row.images_total) == (7, 7, 3)
    assert row.ingested_at == at(12)


def test_a_released_ingest_is_free_at_once(database: Database) -> None:
    request_id = add_request(database, status="pending")
    with database.transaction() as connection:
        requests.claim_ingest(connection, request_id, now=START, lease_until=at(60))
        assert stalled.to_ingest(connection, now=START, limit=5) == []
        requests.release_ingest(connection, request_id, fence=1)
        assert stalled.to_ingest(connection, now=START, limit=5) == [request_id]


def test_counters_add_up_under_many_writers(database: Database) -> None:
    request_id = add_request(database)

    def add() -> None:
        for _ in range(10):
            counts = Counts(1, 2, 1, 1, 100, 40, {"timeout": 1, "http_status": 1})
            with database.transaction() as connection:
                requests.add_counts(connection, request_id, counts, now=START)

    threads = [threading.Thread(target=add) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = request_row(database, request_id)
    assert (row.images_completed, row.images_failed, row.images_kept) == (50, 100, 50)
    assert (row.input_bytes, row.output_bytes) == (5_000, 2_000)
    with database.read() as connection:
        errors = requests.error_counts(connection, [request_id])
    assert errors == {request_id: {"http_status": 50, "timeout": 50}}


def test_a_request_ends_once(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        ended = end(connection, request_id, RequestStatus.CANCELLED)
        assert ended is not None
        assert (ended.status, ended.finished_at) == ("cancelled", START)
        assert end(connection, request_id, RequestStatus.COMPLETED) is None
    assert request_row(database, request_id).status == "cancelled"


def test_a_request_is_reopened_with_its_failed_images_only_when_it_has_ended(
    database: Database,
) -> None:
    request_id = add_request(database, images=3)
    with database.transaction() as connection:
        assert requests.reopen(connection, request_id, errors={"timeout": 1}, now=START) is None
        counts = Counts(completed=2, failed=1, errors={"timeout": 1})
        requests.add_counts(connection, request_id, counts, now=START)
        end(connection, request_id, RequestStatus.COMPLETED)
        row = requests.reopen(connection, request_id, errors={"timeout": 1}, now=at(1))
        assert row is not None
        assert (row.status, row.run, row.finished_at) == ("processing", 2, None)
        assert (row.images_completed, row.images_failed) == (2, 0)
        assert requests.error_counts(connection, [request_id]) == {request_id: {}}


def test_pages_are_newest_first_and_see_only_the_owner(database: Database) -> None:
    ours = [add_request(database, owner="us") for _ in range(5)]
    add_request(database, owner="them")
    hidden = add_request(database, owner="us")
    with database.transaction() as connection:
        requests.hide(connection, hidden, now=START)
    pages, before = [], None
    with database.read() as connection:
        while page := requests.page(connection, owner="us", before=before, status=None, limit=2):
            pages.append([row.id for row in page])
            before = page[-1].id
        cancelled = requests.page(connection, owner="us", before=None, status="cancelled", limit=10)
        everyone = requests.page(connection, owner="", before=None, status=None, limit=10)
    assert pages == [ours[:2:-1], ours[2:0:-1], ours[:1]]
    assert cancelled == []
    assert len(everyone) == 6


def test_error_counts_of_thousands_of_requests_are_one_question(database: Database) -> None:
    ids = [add_request(database) for _ in range(3)]
    many = ids + [f"{number:032x}" for number in range(2_000)]
    with database.transaction() as connection:
        requests.add_counts(connection, ids[1], Counts(failed=2, errors={"timeout": 2}), now=START)
        counts = requests.error_counts(connection, many)
    assert (len(counts), counts[ids[1]], counts[ids[0]]) == (2_003, {"timeout": 2}, {})


def test_deleted_uploads_that_still_count_are_left(database: Database) -> None:
    of_nobody = add_request(database, deleted_at=at(1), created_at=at(1))
    old = add_request(database, deleted_at=at(1), created_at=at(-1), owner="a")
    new = add_request(database, deleted_at=at(1), created_at=at(1), owner="a")
    with database.read() as connection:
        assert set(stalled.hidden(connection, limit=9)) == {of_nobody, old, new}
        assert set(stalled.hidden(connection, counted_since=at(0), limit=9)) == {of_nobody, old}


def test_stalled_work_is_found(database: Database) -> None:
    accepted = add_request(database, status="pending")
    due = add_request(database, images=2, ingested_at=START)
    full = add_request(database, images=1, ingested_at=START, images_failed=1)
    claim(database, full)
    cancelled = add_request(database, images=1, status="cancelled", finished_at=START)
    expired = add_request(database, status="completed", finished_at=START)
    hidden = add_request(database, deleted_at=START, ingested_at=START)
    with database.read() as connection:
        assert stalled.to_ingest(connection, now=START, limit=9) == [accepted]
        assert stalled.with_due_images(connection, now=START, limit=9) == [due]
        assert stalled.full(connection, limit=9) == [full]
        assert stalled.cancelled_with_images(connection, limit=9) == [cancelled]
        assert stalled.hidden(connection, limit=9) == [hidden]
        assert stalled.finished_before(connection, START, limit=9) == []
        assert set(stalled.finished_before(connection, at(1), limit=9)) == {expired, cancelled}
        assert totals.waiting(connection) == (2, START)
        assert totals.counts_by_status(connection) == {
            "pending": 1,
            "processing": 2,
            "cancelled": 1,
            "completed": 1,
        }


def test_requests_have_due_images_while_one_waits_for_its_first_claim_or_its_next(
    database: Database,
) -> None:
    def due(seconds: float) -> list[str]:
        with database.read() as connection:
            return list(stalled.with_due_images(connection, now=at(seconds), limit=9))

    request_id = add_request(database, images=3)
    first, *others = claim(database, request_id, 2)
    assert due(0) == [request_id]
    others += claim(database, request_id)
    with database.transaction() as connection:
        waiting.note_claimed(connection, request_id)
    assert due(0) == []
    record(database, request_id, [again(first, 30), *map(done, others)])
    assert (due(29), due(30)) == ([], [request_id])


def test_a_cancelled_request_is_looked_for_until_each_of_its_images_is_marked(
    database: Database,
) -> None:
    request_id = add_request(database, images=6)
    tried, *held = claim(database, request_id, 3)
    record(database, request_id, [again(tried, 30)])
    with database.transaction() as connection:
        requests.end(connection, request_id, status=RequestStatus.CANCELLED, reason=None, now=START)
    marked = []
    while True:
        with database.transaction() as connection:
            found = stalled.cancelled_with_images(connection, limit=9)
            marked.append(queue.cancel_waiting(connection, request_id, now=START, limit=4))
        assert bool(found) == bool(marked[-1])
        if not marked[-1]:
            break
    # Three that nobody had, the one to be tried again, and the two that a worker holds.
    assert (marked, len(held)) == ([4, 2, 0], 2)
    assert {row.status for row in image_rows(database, request_id)} == {"cancelled"}


def test_a_lease_has_one_holder_until_it_ends(database: Database) -> None:
    with database.transaction() as connection:
        assert acquire(connection, "one", now=0)
        assert not acquire(connection, "two", now=9)
        assert acquire(connection, "one", now=9)
        assert not acquire(connection, "two", now=19)
        assert acquire(connection, "two", now=19.5)
        assert not acquire(connection, "one", now=20)


def test_one_of_many_gets_a_new_lease(database: Database) -> None:
    begin = threading.Barrier(5)
    holders: list[str] = []

    def take(holder: str) -> None:
        begin.wait()
        with database.transaction() as connection:
            if acquire(connection, holder, now=0):
                holders.append(holder)

    threads = [threading.Thread(target=take, args=(str(number),)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(holders) == 1


def advance(connection, request_id: str, *, fence: int, row: int) -> bool:  # type: ignore[no-untyped-def]
    return requests.advance_ingest(
        connection,
        request_id,
        fence=fence,
        row=row,
        places=row,
        new_images=3,
        lease_until=at(60),
        now=at(11),
    )


def end(connection, request_id: str, status: RequestStatus):  # type: ignore[no-untyped-def]
    return requests.end(connection, request_id, status=status, reason=None, now=START)


def acquire(connection, holder: str, *, now: float) -> bool:  # type: ignore[no-untyped-def]
    return leases.acquire(connection, "sweep", holder=holder, now=at(now), expires_at=at(now + 10))
