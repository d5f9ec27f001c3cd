"""A database looks for orphans in a store that may not be its own: no picture is lost by it."""

import asyncio
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, update

from app.adapters import now
from app.db.models import Installation, ProcessingRequest, Unwatched
from app.upkeep.health import queue_facts
from app.upkeep.orphans import remove_orphans
from app.upkeep.store_owner import adopt
from app.upkeep.sweep import sweep
from tests.factories import make_csv
from tests.integration.bench import Bench, bench
from tests.parts.log_lines import log_lines
from tests.parts.postgres import PostgresServer

Copy = Callable[[], dict[str, Any]]


@pytest.fixture
def another(request: pytest.FixtureRequest, stack: dict[str, Any], tmp_path: Path) -> Copy:
    """Settings of the same store with another database, which is new."""

    def settings() -> dict[str, Any]:
        if "database_url" not in stack:
            return stack | {"database_url": f"sqlite:///{tmp_path / uuid.uuid4().hex}.db"}
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return stack | {"database_url": server.new_database()}

    return settings


@pytest.fixture
def backup(another: Copy, stack: dict[str, Any], tmp_path: Path) -> Copy:
    """Settings of the same store with the database as it is now; nothing may be connected to it."""

    def settings() -> dict[str, Any]:
        made = another()
        url = made["database_url"]
        if "database_url" not in stack:
            with (
                closing(sqlite3.connect(tmp_path / "service.db")) as source,
                closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as target,
            ):
                source.backup(target)
            return made
        name, original = (each.rsplit("/", 1)[1] for each in (url, stack["database_url"]))
        server = stack["database_url"].rsplit("/", 1)[0]
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}"')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original}"')
        return made

    return settings


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let it be later for the signs of life."""

    def go_on(time: timedelta) -> None:
        monkeypatch.setattr("app.upkeep.installation.now", lambda: now() + time)

    return go_on


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Bench]:
    """SQLite and local files, and no worker that sweeps by itself."""
    with bench(working=False, data_dir=tmp_path) as made:
        yield made


@pytest.fixture
def another_local(quiet: Bench, tmp_path: Path) -> Iterator[Bench]:
    """Another database on the store of `quiet`."""
    look(quiet)
    database_url = f"sqlite:///{tmp_path / 'another.db'}"
    with bench(working=False, data_dir=tmp_path, database_url=database_url) as made:
        yield made


def upload(service: Bench, requests: int = 1) -> set[str]:
    """Requests with a picture each, without the work; everything that is in the store for them."""
    made = [service.upload(make_csv(1)) for _ in range(requests)]
    return {key for each in made for key in (f"uploads/{each}/input.csv", picture(service, each))}


def picture(service: Bench, request_id: str) -> str:
    key = f"{request_id}/2-1-mug.jpg"
    asyncio.run(service.adapters.store.put(key, b"picture", content_type="image/jpeg"))
    return key


def id_at(moment: datetime) -> str:
    """An id as a request gets it that is made at this moment."""
    bits = int(moment.timestamp() * 1000) << 80 | uuid.uuid4().int & (1 << 80) - 1
    return str(uuid.UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62))


def look(service: Bench) -> int:
    """A sweep, and the look for orphans as it would be when everything is old enough."""
    assert sweep(service.adapters, holder="test")
    return remove_orphans(service.adapters, older_than=now() + timedelta(days=2))


def stored(service: Bench) -> set[str]:
    return set(service.adapters.store.keys(""))


def is_blocked(service: Bench) -> bool:
    return bool(queue_facts(service.adapters)["orphan_sweep_blocked"])


def test_a_new_database_deletes_nothing_of_what_others_have_in_the_store(
    stack: dict[str, Any], another: Copy
) -> None:
    with bench(working=False, **stack) as service:
        look(service)
        pictures = upload(service, 30)
    with bench(working=False, **another()) as stranger:
        assert look(stranger) == 0
        assert stored(stranger) == pictures
        assert is_blocked(stranger)
    # The owner is not disturbed by one who has nothing in the store.
    with bench(working=False, **stack) as service:
        lost = picture(service, id_at(now()))
        assert look(service) == 1
        assert lost not in stored(service)
        assert not is_blocked(service)


def test_a_new_database_adopts_no_store_that_does_not_say_whose_it_is(
    stack: dict[str, Any], another: Copy
) -> None:
    with bench(working=False, **stack) as service:
        pictures = {picture(service, id_at(now() - timedelta(days=2))) for _ in range(3)}
    with bench(working=False, **another()) as stranger:
        assert look(stranger) == 0
        pictures |= upload(stranger)
        assert look(stranger) == 0
        assert stored(stranger) == pictures
        assert stranger.adapters.store.note() is None


def test_two_installations_on_one_store_delete_nothing_of_each_other(
    stack: dict[str, Any], another: Copy
) -> None:
    settings = another()
    with (
        bench(working=False, **stack) as first,
        bench(working=False, **settings) as second,
    ):
        look(first)
        look(second)
        pictures = upload(first, 5) | upload(second, 2)
        for _ in range(2):
            assert (look(second), look(first)) == (0, 0)
            assert is_blocked(first)
            assert is_blocked(second)
        assert stored(first) == pictures


def test_an_installation_with_a_mistyped_bucket_deletes_nothing_there(
    stack: dict[str, Any], another: Copy, tmp_path: Path
) -> None:
    own_store = {"s3_bucket": f"own-{uuid.uuid4().hex}"} if "s3_bucket" in stack else {}
    own_store |= {"data_dir": tmp_path / "own"}
    database = {"database_url": another()["database_url"]}
    with bench(working=False, **(stack | own_store | database)) as at_home:
        upload(at_home, 3)
        look(at_home)
    with bench(working=False, **stack) as service:
        look(service)
        pictures = upload(service, 3)
    with bench(working=False, **(stack | database)) as mistyped:
        assert look(mistyped) == 0
        assert stored(mistyped) == pictures
        assert is_blocked(mistyped)
    with bench(working=False, **(stack | own_store | database)) as at_home:
        lost = picture(at_home, id_at(now()))
        assert look(at_home) == 1
        assert lost not in stored(at_home)


@pytest.mark.parametrize("looks_after_the_backup", [0, 1, 3])
def test_a_database_restored_from_a_backup_deletes_nothing_that_it_does_not_know(
    stack: dict[str, Any],
    backup: Copy,
    later: Callable[[timedelta], None],
    looks_after_the_backup: int,
) -> None:
    with bench(working=False, **stack) as service:
        pictures = upload(service, 3)
        look(service)
    settings = backup()
    with bench(working=False, **stack) as service:
        pictures |= upload(service, 3)
        for _ in range(looks_after_the_backup):
            look(service)
    later(timedelta(minutes=30))
    with bench(working=False, **settings) as restored:
        pictures |= upload(restored)
        assert look(restored) == 0
        assert stored(restored) == pictures
        # Where the backup is older than the last look, the operator is asked.
        assert is_blocked(restored) == (looks_after_the_backup > 0)
        adopt(restored.adapters)
        assert look(restored) == 0
        assert stored(restored) == pictures
        # What is lost from now on goes again.
        lost = picture(restored, id_at(now() + timedelta(hours=1)))
        assert look(restored) == 1
        assert stored(restored) == pictures
        assert lost not in pictures


def test_a_restore_drill_beside_the_running_service_harms_nothing(
    stack: dict[str, Any], backup: Copy, later: Callable[[timedelta], None]
) -> None:
    with bench(working=False, **stack) as service:
        pictures = upload(service, 5)
        look(service)
    settings = backup()
    later(timedelta(minutes=30))
    with (
        bench(working=False, **stack) as service,
        bench(working=False, **settings) as drill,
    ):
        look(drill)
        for _ in range(3):
            pictures |= upload(service) | upload(drill)
            assert (look(service), look(drill)) == (0, 0)
            assert stored(service) == pictures
        assert is_blocked(service)
        assert is_blocked(drill)
    with bench(working=False, **stack) as service:
        adopt(service.adapters)
        assert look(service) == 0
        assert not is_blocked(service)


def test_an_installation_of_an_older_version_goes_on_by_itself(stack: dict[str, Any]) -> None:
    with bench(working=False, **stack) as service:
        with service.adapters.database.transaction() as connection:
            # As the migration leaves it, before anything of this version has begun.
            connection.execute(delete(Installation))
            connection.execute(delete(Unwatched))
        old, new = service.upload(make_csv(1)), service.upload(make_csv(1))
        pictures = stored(service)
        between = picture(service, id_at(now() - timedelta(days=2)))
        before = picture(service, id_at(now() - timedelta(days=9)))
        since = picture(service, id_at(now() - timedelta(seconds=1)))
        for request_id, days in ((old, 5), (new, 1)):
            change(service, request_id, created_at=now() - timedelta(days=days))
        picture(service, old)
        picture(service, new)
        look(service)
        # Before its first and after its last request the database cannot know.
        assert stored(service) - pictures >= {before, since}
        assert between not in stored(service)
        assert not is_blocked(service)


def test_a_mass_of_unknown_folders_stays_until_the_operator_says_so(stack: dict[str, Any]) -> None:
    with bench(working=False, **stack) as service:
        look(service)
        pictures = upload(service, 5)
        lost = {picture(service, id_at(now())) for _ in range(21)}
        assert look(service) == 0
        assert stored(service) == pictures | lost
        assert is_blocked(service)
        # More known than unknown ones: they are orphans like any others.
        pictures |= upload(service, 10)
        assert look(service) == 21
        assert stored(service) == pictures
        assert not is_blocked(service)


def test_one_line_says_so_and_another_a_day_later(
    another_local: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(another_local, 3)
    lines = log_lines(monkeypatch, "app.upkeep.orphans")
    look(another_local)
    look(another_local)
    told = [line for line in lines if line["event"] == "orphan_sweep_blocked"]
    assert len(told) == 1
    assert told[0]["log_level"] == "warning"
    assert told[0]["reason"] == "foreign"
    assert "another installation" in told[0]["seen"]
    assert "Nothing is deleted" in told[0]["done"]
    assert "adopt-store" in told[0]["advice"]
    tomorrow = now() + timedelta(days=1, seconds=1)
    monkeypatch.setattr("app.upkeep.orphans.now", lambda: tomorrow)
    remove_orphans(another_local.adapters, older_than=now() + timedelta(days=2))
    assert sum(line["event"] == "orphan_sweep_blocked" for line in lines) == 2


def test_switched_off_it_deletes_nothing_and_is_still_seen_by_others(
    tmp_path: Path,
) -> None:
    database_url = f"sqlite:///{tmp_path / 'another.db'}"
    with (
        bench(working=False, data_dir=tmp_path, orphan_sweep="off") as service,
        bench(working=False, data_dir=tmp_path, database_url=database_url) as other,
    ):
        look(service)
        lost = picture(service, id_at(now()))
        assert look(service) == 0
        assert lost in stored(service)
        assert not is_blocked(service)
        upload(other)
        look(other)
        pictures = stored(service)
        assert (look(service), look(other)) == (0, 0)
        assert stored(service) == pictures
    with bench(working=False, data_dir=tmp_path, orphan_sweep="off") as service:
        adopt(service.adapters)
    with bench(working=False, data_dir=tmp_path) as service:
        upload(service)
        assert look(service) == 0


def test_a_note_that_nobody_can_read_is_another_s(quiet: Bench) -> None:
    look(quiet)
    lost = picture(quiet, id_at(now()))
    for text in ("", "[]", "{}", "garbage" * 1_000, '{"installation": null, "mark": 1}'):
        quiet.adapters.store.put_note(text)
        assert look(quiet) == 0
    assert lost in stored(quiet)


def test_a_worker_that_dies_before_it_writes_the_note_blocks_nobody(
    quiet: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(quiet)
    with monkeypatch.context() as patch:
        patch.setattr(quiet.adapters.store, "put_note", die)
        for _ in range(2):
            with pytest.raises(InterruptedError):
                look(quiet)
    lost = picture(quiet, id_at(now()))
    assert look(quiet) == 1
    assert lost not in stored(quiet)


def test_a_break_of_the_sweep_is_noted_once_and_a_clock_set_back_is_none(
    quiet: Bench, later: Callable[[timedelta], None]
) -> None:
    look(quiet)
    for minutes, breaks in ((1.5, 0), (30, 1), (30, 1), (-30, 1), (-29, 1)):
        later(timedelta(minutes=minutes))
        assert sweep(quiet.adapters, holder="test")
        with quiet.adapters.database.read() as connection:
            assert len(connection.execute(Unwatched.__table__.select()).all()) == 2 + breaks
            seen_at = connection.execute(Installation.__table__.select()).one().seen_at
        assert abs(now() + timedelta(minutes=minutes) - seen_at) < timedelta(minutes=1)


def die(*_: Any) -> None:
    raise InterruptedError


def change(service: Bench, request_id: str, **values: Any) -> None:
    with service.adapters.database.transaction() as connection:
        connection.execute(
            update(ProcessingRequest).where(ProcessingRequest.id == request_id).values(**values)
        )
