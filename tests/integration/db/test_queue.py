"""The queue in `images`: who may work on what, and whose results count."""

import threading

import pytest
from sqlalchemy import text

from app.db import queue, requests
from app.db.engine import Database
from app.db.queue import ClaimedImage, Outcome, stalled, waiting, write_outcomes
from tests.integration.db.parts import (
    START,
    add_request,
    again,
    at,
    claim,
    done,
    freeze_statistics,
    image_rows,
    record,
    request_row,
    rows_read,
    write_urls,
)


def test_claims_come_in_the_order_of_the_file_with_all_a_worker_needs(database: Database) -> None:
    request_id = add_request(database, images=5)
    first = claim(database, request_id, 3)
    assert [image.seq for image in first] == [1, 2, 3]
    assert first[1] == ClaimedImage(
        request_id=request_id,
        seq=2,
        fence=1,
        attempt=1,
        source_url="http://host-a.test/2",
        host="host-a.test:80",
        row=3,
        position=1,
        product_name="Product 2",
    )
    assert [image.seq for image in claim(database, request_id)] == [4, 5]
    assert claim(database, request_id) == []


def test_images_that_nobody_had_come_before_those_to_be_tried_again(database: Database) -> None:
    request_id = add_request(database, images=7)
    first = claim(database, request_id, 3)
    with database.transaction() as connection:
        queue.give_back(connection, request_id, first[1:])
    record(database, request_id, [again(first[0], 10)])
    assert [image.seq for image in claim(database, request_id, 2)] == [4, 5]
    # What was given back was due from the beginning, the other one from the tenth second on.
    assert [image.seq for image in claim(database, request_id, 3, now=9)] == [6, 7, 2]
    assert [image.seq for image in claim(database, request_id, now=10)] == [3, 1]


def test_a_search_behind_an_image_leaves_those_before_it_that_nobody_had(
    database: Database,
) -> None:
    request_id = add_request(database, images=6)
    given_back = claim(database, request_id, 1)
    with database.transaction() as connection:
        queue.give_back(connection, request_id, given_back)
    assert [image.seq for image in claim(database, request_id, behind=4)] == [5, 6, 1]
    assert [image.seq for image in claim(database, request_id)] == [2, 3, 4]


def test_searches_begin_where_the_claims_have_come_to(database: Database) -> None:
    request_id = add_request(database, images=6)

    def noted() -> int:
        with database.transaction() as connection:
            waiting.note_claimed(connection, request_id)
        claimed_to: int = request_row(database, request_id).claimed_to
        return claimed_to

    assert noted() == 0
    claim(database, request_id, 3)
    claim(database, request_id, 1, behind=4)
    # Up to the first one that waits, whatever was claimed behind it.
    assert noted() == 3
    claim(database, request_id)
    assert noted() == 6
    # What the ingest adds later stands behind all of that.
    write_urls(database, request_id, ["http://host-a.test/7"], places_before=6)
    assert noted() == 6
    assert [image.seq for image in claim(database, request_id)] == [7]
    assert noted() == 7


# SQLite has one writer, so that nobody ever sees a claim that is not committed.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_images_of_a_claim_that_fails_are_not_left_behind(database: Database) -> None:
    request_id = add_request(database, images=6)
    with database.transaction() as failing:
        claimed = queue.claim(failing, request_id, limit=3, now=START, lease_until=at(60))
        assert [image.seq for image in claimed] == [1, 2, 3]
        # Others pass them and note how far they came, before it turns out that they are free.
        assert [image.seq for image in claim(database, request_id)] == [4, 5, 6]
        with database.transaction() as connection:
            waiting.note_claimed(connection, request_id)
        failing.rollback()
    assert request_row(database, request_id).claimed_to == 0
    with database.read() as connection:
        assert stalled.with_due_images(connection, now=START, limit=9) == [request_id]
    assert [image.seq for image in claim(database, request_id)] == [1, 2, 3]


def test_an_image_that_is_not_due_yet_is_left(database: Database) -> None:
    request_id = add_request(database, images=2)
    first, second = claim(database, request_id)
    record(database, request_id, [again(first, 30), done(second)])
    assert claim(database, request_id, now=29) == []
    with database.read() as connection:
        assert waiting.next_due(connection, request_id) == at(30)
    (later,) = claim(database, request_id, now=30)
    assert (later.seq, later.attempt, later.fence) == (1, 2, 2)


def test_images_of_busy_hosts_are_left(database: Database) -> None:
    request_id = add_request(database)
    urls = ["http://slow.test/1", "http://slow.test/2", "http://fast.test/3"]
    write_urls(database, request_id, urls)
    with database.transaction() as connection:
        assert waiting.others_wait(connection, request_id, now=START, other_than={"slow.test:80"})
        claimed = queue.claim(
            connection,
            request_id,
            limit=10,
            now=START,
            lease_until=at(60),
            other_than={"slow.test:80"},
        )
        assert [image.seq for image in claimed] == [3]
        assert not waiting.others_wait(
            connection, request_id, now=START, other_than={"slow.test:80"}
        )


def test_images_can_be_claimed_from_a_place_on(database: Database) -> None:
    request_id = add_request(database, images=6)
    with database.transaction() as connection:

        def beyond(seq: int) -> list[int]:
            images = queue.claim(
                connection, request_id, limit=2, now=at(1), lease_until=at(60), beyond=seq
            )
            queue.give_back(connection, request_id, images)
            return [image.seq for image in images]

        # Those that nobody had come first, then those that were given back; none from before.
        assert (beyond(3), beyond(3), beyond(5), beyond(6)) == ([4, 5], [6, 4], [6], [])


@pytest.mark.parametrize("status", ["pending", "cancelled", "completed", "failed"])
def test_nothing_is_claimed_from_a_request_that_is_not_being_processed(
    database: Database, status: str
) -> None:
    request_id = add_request(database, images=2, status=status)
    assert claim(database, request_id) == []


def test_nothing_is_claimed_from_a_deleted_request(database: Database) -> None:
    request_id = add_request(database, images=2)
    with database.transaction() as connection:
        assert requests.hide(connection, request_id, now=START)
    assert claim(database, request_id) == []


def test_claimers_at_once_never_get_the_same_image(database: Database) -> None:
    request_id = add_request(database, images=120)
    claimed: list[int] = []
    errors: list[Exception] = []
    begin = threading.Barrier(6)

    def work() -> None:
        try:
            begin.wait()
            while group := claim(database, request_id, 7):
                claimed.extend(image.seq for image in group)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    # A claimer that meets only rows that others are taking at this moment ends early; what it left
    # is still there.
    claimed.extend(image.seq for image in claim(database, request_id, 200))
    assert sorted(claimed) == list(range(1, 121))
    assert {row.fence for row in image_rows(database, request_id)} == {1}


def test_a_late_worker_changes_nothing(database: Database) -> None:
    request_id = add_request(database, images=1)
    (late,) = claim(database, request_id, lease=10)
    record(database, request_id, [again(late, 0)])
    (current,) = claim(database, request_id)
    before = image_rows(database, request_id)

    assert record(database, request_id, [done(late)]) == set()
    with database.transaction() as connection:
        assert queue.renew(connection, request_id, [late], lease_until=at(999)) == set()
        queue.give_back(connection, request_id, [late])
    assert image_rows(database, request_id) == before
    assert record(database, request_id, [done(current)]) == {1}


def test_a_result_is_recorded_once(database: Database) -> None:
    request_id = add_request(database, images=3)
    outcomes = [done(image) for image in claim(database, request_id)]
    assert record(database, request_id, outcomes) == {1, 2, 3}
    assert record(database, request_id, outcomes) == set()


def test_of_two_results_in_one_batch_only_the_current_claim_s_is_written(
    database: Database,
) -> None:
    request_id = add_request(database, images=1)
    (first,) = claim(database, request_id)
    record(database, request_id, [again(first, 0)])
    (second,) = claim(database, request_id)
    both = [done(first, output_bytes=1), done(second, output_bytes=2)]
    with database.transaction() as connection:
        assert write_outcomes(connection, request_id, both) == {(1, 2)}
    assert image_rows(database, request_id)[0].output_bytes == 2


def test_a_result_for_a_cancelled_image_is_dropped(database: Database) -> None:
    request_id = add_request(database, images=2)
    first, second = claim(database, request_id)
    record(database, request_id, [done(first)])
    with database.transaction() as connection:
        assert queue.cancel_waiting(connection, request_id, now=START, limit=10) == 1
    assert record(database, request_id, [done(second)]) == set()
    assert [row.status for row in image_rows(database, request_id)] == ["completed", "cancelled"]


def test_every_field_of_an_outcome_arrives(database: Database) -> None:
    request_id = add_request(database, images=2)
    first, second = claim(database, request_id)
    record(
        database,
        request_id,
        [
            done(
                first,
                finished_at=at(7.25),
                original_key="originals/x.png",
                kept=True,
                format="webp",
                width=640,
                height=480,
                input_bytes=5_000_000_000,
                duration_ms=1234,
                notes=("alpha kept", "„Ünï“ 'quoted'"),
            ),
            Outcome(
                seq=second.seq,
                fence=second.fence,
                host=second.host,
                status="failed",
                finished_at=at(8),
                error_code="http_status",
                error_message="The image's host answered 404 (not found).",
                http_status=404,
            ),
        ],
    )
    good, bad = image_rows(database, request_id)
    assert (good.finished_at, good.original_key, good.kept) == (at(7.25), "originals/x.png", True)
    assert (good.format, good.width, good.height, good.duration_ms) == ("webp", 640, 480, 1234)
    assert (good.input_bytes, good.output_bytes) == (5_000_000_000, 40)
    assert good.notes == "alpha kept; „Ünï“ 'quoted'"
    assert (good.leased_until, good.error_code) == (None, None)
    assert (bad.status, bad.error_code, bad.http_status) == ("failed", "http_status", 404)
    assert (bad.error_message, bad.storage_key, bad.kept) == (
        "The image's host answered 404 (not found).",
        None,
        None,
    )
    # A failed attempt's words go when the next attempt succeeds, and `not_before` stays a time.
    assert good.not_before == START


def test_a_success_clears_what_the_attempt_before_left(database: Database) -> None:
    request_id = add_request(database, images=1)
    (first,) = claim(database, request_id)
    record(database, request_id, [again(first, 1)])
    assert image_rows(database, request_id)[0].error_code == "timeout"
    (second,) = claim(database, request_id, now=1)
    record(database, request_id, [done(second)])
    (row,) = image_rows(database, request_id)
    assert (row.status, row.error_code, row.error_message, row.attempts) == (
        "completed",
        None,
        None,
        2,
    )


def test_given_back_images_are_free_at_once_and_the_attempt_does_not_count(
    database: Database,
) -> None:
    request_id = add_request(database, images=2)
    claimed = claim(database, request_id)
    with database.transaction() as connection:
        queue.give_back(connection, request_id, claimed)
        queue.give_back(connection, request_id, [])
    assert [(row.status, row.attempts) for row in image_rows(database, request_id)] == [
        ("pending", 0),
        ("pending", 0),
    ]
    assert [(image.attempt, image.fence) for image in claim(database, request_id)] == [
        (1, 2),
        (1, 2),
    ]


def test_a_renewed_lease_does_not_expire(database: Database) -> None:
    request_id = add_request(database, images=3)
    claimed = claim(database, request_id, lease=10)
    with database.transaction() as connection:
        assert queue.renew(connection, request_id, claimed[:2], lease_until=at(100)) == {1, 2}
    with database.transaction() as connection:
        expired = queue.expired(connection, now=at(11), limit=10)
        assert [(row.request_id, row.seq, row.fence, row.attempts) for row in expired] == [
            (request_id, 3, 1, 1)
        ]
        assert len(queue.expired(connection, now=at(101), limit=2)) == 2


def test_a_batch_of_thousands_is_one_statement(database: Database) -> None:
    request_id = add_request(database, images=6_000)
    claimed = claim(database, request_id, 6_000)
    assert len(claimed) == 6_000
    assert record(database, request_id, [done(image) for image in claimed]) == set(range(1, 6_001))


def test_the_cost_of_a_batch_does_not_grow_with_the_request(database: Database) -> None:
    request_id = add_request(database, images=300)
    claimed = claim(database, request_id, 20)
    if database.is_sqlite:
        plan = "\n".join(plan_of_record(database, request_id, claimed, "EXPLAIN QUERY PLAN"))
        # The batch is walked and each image looked up by its key; never the other way round.
        assert (
            "SEARCH images USING INDEX sqlite_autoindex_images_1 (request_id=? AND seq=?)" in plan
        )
    else:
        plan = "\n".join(plan_of_record(database, request_id, claimed, "EXPLAIN"))
        assert "(seq >= '1'::bigint) AND (seq <= '20'::bigint)" in plan


# SQLite keeps no statistics unless it is asked to.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_claim_and_a_record_touch_their_own_rows_only_before_statistics_know_the_request(
    database: Database,
) -> None:
    add_request(database, images=30)
    freeze_statistics(database)
    request_id = add_request(database, images=5_000)
    with database.transaction() as connection:
        claimed = queue.claim(connection, request_id, limit=20, now=at(0), lease_until=at(60))
        assert len(claimed) == 20
        assert rows_read(connection) < 200
    with database.transaction() as connection:
        assert len(write_outcomes(connection, request_id, [done(image) for image in claimed])) == 20
        assert rows_read(connection) < 200


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_searches_at_a_large_request_s_end_do_not_read_all_of_it(database: Database) -> None:
    add_request(database, images=30)
    freeze_statistics(database)
    request_id = add_request(database, images=5_000)
    claim(database, request_id, 4_990)
    with database.transaction() as connection:
        waiting.note_claimed(connection, request_id)
    with database.transaction() as connection:
        before = rows_read(connection)
        waiting.note_claimed(connection, request_id)
        assert request_id in stalled.with_due_images(connection, now=START, limit=9)
        assert waiting.next_due(connection, request_id) == START
        assert waiting.others_wait(connection, request_id, now=START, other_than={"none.test:80"})
        claimed = queue.claim(connection, request_id, limit=20, now=at(0), lease_until=at(60))
        assert len(claimed) == 10
        waiting.note_claimed(connection, request_id)
        assert stalled.cancelled_with_images(connection, limit=9) == []
        assert waiting.next_due(connection, request_id) is None
        assert rows_read(connection) - before < 500


def plan_of_record(
    database: Database, request_id: str, claimed: list[ClaimedImage], explain: str
) -> list[str]:
    lines: list[str] = []

    def before(_connection, _cursor, statement, parameters, _context, _many):  # type: ignore[no-untyped-def]
        return f"{explain} {statement}", parameters

    def after(_connection, cursor, statement, _parameters, _context, _many):  # type: ignore[no-untyped-def]
        lines.extend(str(row[-1]) for row in cursor.fetchall())

    from sqlalchemy import event

    with database.transaction() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET enable_seqscan = off"))
        event.listen(connection, "before_cursor_execute", before, retval=True)
        event.listen(connection, "after_cursor_execute", after)
        write_outcomes(connection, request_id, [done(image) for image in claimed])
        connection.rollback()
    return lines
