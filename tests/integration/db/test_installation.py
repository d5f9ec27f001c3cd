"""The one row that tells a database from all others."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from app.db import installation
from app.db.engine import Database

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_of_several_that_make_it_at_once_one_does(database: Database) -> None:
    def make(number: int) -> tuple[bool, str]:
        with database.transaction() as connection:
            made = installation.make(connection, f"{number:032x}", now=NOW)
            row = installation.find(connection)
        assert row is not None
        return made, row.id

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(make, range(8)))
    assert sum(made for made, _ in outcomes) == 1
    assert len({found for _, found in outcomes}) == 1


def test_a_sign_of_life_is_noted_by_one(database: Database) -> None:
    later = NOW + timedelta(minutes=1, microseconds=7)
    with database.transaction() as connection:
        assert installation.find(connection) is None
        assert not installation.sweep_blocked(connection)
        installation.make(connection, "1" * 32, now=NOW)
        assert installation.see(connection, last=NOW, now=later)
        assert not installation.see(connection, last=NOW, now=later)
        assert installation.see(connection, last=later, now=NOW)


def test_a_time_that_begins_as_another_one_lengthens_it(database: Database) -> None:
    with database.transaction() as connection:
        for hours in (1, 3):
            installation.add_unwatched(
                connection, began_at=NOW, ended_at=NOW + timedelta(hours=hours)
            )
    with database.read() as connection:
        assert installation.unwatched(connection) == [(NOW, NOW + timedelta(hours=3))]
