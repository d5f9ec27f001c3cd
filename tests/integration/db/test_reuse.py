"""Finding earlier pictures, holding their requests, and knowing which files are still named."""

import threading
import time
from typing import Any

from sqlalchemy import text

from app.db import queue, requests
from app.db.engine import Database
from app.db.images import lending, reuse
from app.db.queue import ClaimedImage, Outcome, write_outcomes
from app.domain.results import ImageResult, Source, StoredFile
from tests.integration.db.parts import (
    START,
    add_request,
    at,
    claim,
    done,
    image_rows,
    record,
    request_row,
)

DIGEST = "d" * 32


def scope(owner: str = "", picture_digest: str = DIGEST) -> reuse.Scope:
    return reuse.Scope(owner, picture_digest, look=True)


def key(url: str = "http://host-a.test/1", **values: str) -> str:
    return scope(**values).key_of(url)


def finished(database: Database, *, images: int = 1, etag: str = '"1"', **values: Any) -> str:
    """A request whose images are done and can be found; returns its id."""
    request_id = add_request(database, images=images, picture_digest=DIGEST, **values)
    scope_of = scope(values.get("owner", ""))
    outcomes = [
        done(
            image,
            etag=etag,
            reuse_key=scope_of.key_of(image.source_url),
            format="jpeg",
            width=8,
            height=6,
        )
        for image in claim(database, request_id)
    ]
    record(database, request_id, outcomes)
    return request_id


def reused(image: ClaimedImage, made_by: str, **values: Any) -> Outcome:
    """The outcome of an image whose picture `made_by` has made."""
    names = {"storage_key": f"{made_by}/{image.row}-1-product.jpg", "reused_from": made_by}
    return done(image, taken_from=made_by, **(names | values))


def take(database: Database, request_id: str, scope: reuse.Scope | None) -> list[ClaimedImage]:
    with database.transaction() as connection:
        return queue.claim(
            connection, request_id, limit=100, now=at(0), lease_until=at(60), scope=scope
        )


def test_a_claim_brings_what_the_newest_earlier_request_made(database: Database) -> None:
    old, new = finished(database, images=2, etag='"old"'), finished(database, etag='"new"')
    first, second, third = take(database, add_request(database, images=3), scope())
    assert first.earlier == reuse.EarlierImage(
        request_id=new,
        made_by=new,
        result=ImageResult(
            source=Source(100, 16, 12, "png"),
            file=StoredFile(f"{new}/2-1-product.jpg", 40, 8, 6, "jpeg"),
            kept=False,
            etag='"new"',
        ),
    )
    assert second.earlier is not None
    assert (second.earlier.request_id, second.earlier.result.etag) == (old, '"old"')
    assert third.earlier is None
    assert [image.reuse_key for image in (first, second)] == [
        key(),
        key("http://host-a.test/2"),
    ]


def test_deleted_later_foreign_and_other_pictures_are_not_found(database: Database) -> None:
    mine = add_request(database, images=1)
    finished(database)
    later = finished(database, owner="x")
    assert take(database, mine, scope())[0].earlier is None
    with database.transaction() as connection:
        for wanted in (scope("x"), scope("y"), scope("x", "e" * 32)):
            asked = {1: wanted.key_of("http://host-a.test/1")}
            found = reuse.find(connection, add_request_id_after(later), asked)
            assert set(found) == ({1} if wanted == scope("x") else set())
        requests.hide(connection, later, now=START)
        assert reuse.find(connection, add_request_id_after(later), {1: key(owner="x")}) == {}


def add_request_id_after(request_id: str) -> str:
    return "f" + request_id[1:]


def test_a_request_looks_only_where_its_key_has_an_earlier_one_of_the_same_options(
    database: Database,
) -> None:
    first = add_request(database, owner="x", picture_digest=DIGEST)
    second = add_request(database, owner="x", picture_digest=DIGEST)
    others = [
        add_request(database, owner="y", picture_digest=DIGEST),
        add_request(database, owner="x", picture_digest="e" * 32),
    ]
    unknown = add_request(database)

    def looks(request_id: str, *, fresh: bool = False) -> bool | None:
        with database.read() as connection:
            found = reuse.scope(connection, request_row(database, request_id), fresh=fresh)
        return found.look if found is not None else None

    assert [looks(each) for each in (first, second, *others)] == [False, True, False, False]
    assert looks(second, fresh=True) is False
    assert looks(unknown) is None
    with database.transaction() as connection:
        requests.hide(connection, first, now=START)
    assert looks(second) is False


def test_keys_differ_by_owner_options_and_url() -> None:
    keys = {
        key(),
        key("http://host-a.test/2"),
        key(owner="x"),
        key(picture_digest="e" * 32),
        key(owner="x", picture_digest="e" * 32),
    }
    assert len(keys) == 5


def test_a_delete_waits_for_those_who_take_over_and_then_sees_them(database: Database) -> None:
    maker = finished(database)
    taker = add_request(database, images=1, picture_digest=DIGEST)
    (image,) = claim(database, taker)
    seen: list[bool] = []

    def remove() -> None:
        with database.transaction() as connection:
            requests.hide(connection, maker, now=START)
        with database.read() as connection:
            seen.append(lending.lends(connection, maker))

    with database.transaction() as connection:
        assert reuse.hold(connection, [maker]) == {maker}
        thread = threading.Thread(target=remove)
        thread.start()
        time.sleep(0.2)
        assert thread.is_alive()
        write_outcomes(connection, taker, [reused(image, maker)])
    thread.join()
    assert seen == [True]
    with database.transaction() as connection:
        assert reuse.hold(connection, [maker, taker]) == {taker}


def test_files_are_named_while_a_request_that_is_not_deleted_has_taken_them_over(
    database: Database,
) -> None:
    maker = finished(database, images=3)
    takers = [add_request(database, images=3, picture_digest=DIGEST) for _ in range(2)]
    original = StoredFile(f"originals/{maker}/2-1-product.png", 100, 16, 12, "png")
    for taker, count in zip(takers, (1, 2), strict=True):
        outcomes = [
            reused(image, maker, original=original if image.seq == 1 else None)
            for image in claim(database, taker, limit=count)
        ]
        record(database, taker, outcomes)
    keys = [f"{maker}/{row}-1-product.jpg" for row in (2, 3, 4)]

    def named() -> tuple[set[str], set[str], bool]:
        with database.read() as connection:
            return (
                lending.named(connection, {(maker, each) for each in keys}),
                lending.named(connection, {(maker, original.key)}),
                lending.lends(connection, maker),
            )

    assert named() == (set(keys[:2]), {original.key}, True)
    with database.transaction() as connection:
        requests.hide(connection, takers[1], now=START)
    assert named() == ({keys[0]}, {original.key}, True)
    with database.transaction() as connection:
        requests.hide(connection, takers[0], now=START)
    assert named() == (set(), set(), False)
    with database.read() as connection:
        some = lending.taken_over(connection, takers[1], after=0, limit=2)
        assert some == ({(maker, keys[0]), (maker, keys[1]), (maker, original.key)}, 2)
        assert lending.taken_over(connection, takers[1], after=2, limit=2) == (set(), None)
        assert reuse.not_deleted(connection, [maker, *takers]) == {maker}


def test_what_is_recorded_of_a_reused_image_is_in_its_row(database: Database) -> None:
    maker = finished(database)
    taker = add_request(database, images=1, picture_digest=DIGEST)
    (image,) = claim(database, taker)
    values = {
        "etag": 'W/"é"',
        "last_modified": "Tue",
        "final_url": "http://b.test/",
        "reuse_key": "k",
    }
    record(database, taker, [reused(image, maker, **values)])
    (row,) = image_rows(database, taker)
    assert {name: getattr(row, name) for name in values} == values
    assert row.reused_from == maker


def test_each_question_is_answered_from_an_index(database: Database) -> None:
    """A long history costs nothing: no question walks a table."""
    finished(database, images=200)
    taker = add_request(database, images=1)
    if not database.is_sqlite:
        with database.transaction() as connection:
            connection.execute(text("ANALYZE"))
            # The tables of a test are so small that reading them whole is cheaper.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            plans = plans_of(connection, taker)
    else:
        with database.transaction() as connection:
            plans = plans_of(connection, taker)
    assert len(plans) == 3
    for plan, index in zip(
        plans,
        ("ix_images_reuse", "ix_images_reused_files", "ix_images_reused_files"),
        strict=True,
    ):
        assert index in plan
        assert "Seq Scan on image" not in plan
        assert "SCAN image" not in plan
    assert "ix_image_files_reused" in plans[-1]


def plans_of(connection: Any, taker: str) -> list[str]:
    """How the engine goes about each question."""
    explain = "EXPLAIN " if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    plans: list[str] = []
    execute = connection.execute

    def explained(statement: Any, values: Any = None) -> Any:
        statement = statement.params(values or {})
        compiled = statement.compile(connection, compile_kwargs={"literal_binds": True})
        plans.append(str(execute(text(explain + str(compiled).replace(":", r"\:"))).all()))
        return execute(statement)

    connection.execute = explained
    try:
        reuse.find(connection, taker, {1: key()})
        lending.lends(connection, taker)
        lending.named(connection, {(taker, "a/1.jpg")})
    finally:
        del connection.execute
    return plans
