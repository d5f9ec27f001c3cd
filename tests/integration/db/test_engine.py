"""Transactions and what becomes of a database that is away."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from app.db import requests
from app.db.engine import Database
from app.db.migrate import migrate
from app.db.models import ProcessingRequest
from app.domain.errors import DatabaseUnavailable
from tests.integration.db.parts import START, add_request, count, request_row
from tests.parts.process import free_port


def test_an_exception_rolls_everything_back(database: Database) -> None:
    request_id = add_request(database)

    def fail_in_the_middle() -> None:
        with database.transaction() as connection:
            requests.hide(connection, request_id, now=START)
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail_in_the_middle()
    assert request_row(database, request_id).deleted_at is None


def test_a_transaction_that_was_rolled_back_by_hand_ends_quietly(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as connection:
        requests.hide(connection, request_id, now=START)
        connection.rollback()
    assert request_row(database, request_id).deleted_at is None


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    request_id = add_request(database)
    with database.transaction() as writer:
        requests.hide(writer, request_id, now=START)
        with database.read() as reader:
            assert requests.get(reader, request_id) is not None
    with database.read() as reader:
        assert requests.get(reader, request_id) is None


def test_writers_wait_for_each_other_and_none_fails(database: Database) -> None:
    request_id = add_request(database)
    errors: list[Exception] = []

    def add() -> None:
        try:
            for _ in range(10):
                with database.transaction() as connection:
                    row = requests.get(connection, request_id, lock=True)
                    assert row is not None
                    connection.execute(
                        text("UPDATE requests SET places = :places"), {"places": row.places + 1}
                    )
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert request_row(database, request_id).places == 80


def test_a_new_file_may_be_opened_by_several_at_once(tmp_path: Path) -> None:
    # It met one file of ten or so.
    files = [f"sqlite:///{tmp_path / f'{n}.db'}" for n in range(100)]
    together = threading.Barrier(4, timeout=10)

    def open_all() -> None:
        for url in files:
            together.wait()
            database = Database(url)
            with database.transaction() as connection:
                connection.execute(text("CREATE TABLE IF NOT EXISTS t (n int)"))
            database.close()

    with ThreadPoolExecutor(4) as threads:
        for opened in [threads.submit(open_all) for _ in range(4)]:
            opened.result(timeout=60)


def test_bytes_survive_a_new_connection(tmp_path: Path) -> None:
    first = Database(f"sqlite:///{tmp_path / 'deep' / 'er' / 'x.db'}")
    with first.transaction() as connection:
        connection.execute(text("CREATE TABLE t (n int)"))
        connection.execute(text("INSERT INTO t VALUES (1)"))
    first.close()
    second = Database(f"sqlite:///{tmp_path / 'deep' / 'er' / 'x.db'}")
    with second.read() as connection:
        assert connection.execute(text("SELECT n FROM t")).scalar_one() == 1
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    second.close()


def test_a_server_that_is_away_is_unavailable() -> None:
    database = Database(f"postgresql+psycopg://nobody:secret@127.0.0.1:{free_port()}/none")
    with pytest.raises(DatabaseUnavailable) as caught, database.read():
        pass
    assert "secret" not in str(caught.value)


def test_a_connection_that_was_cut_is_unavailable_and_the_next_one_works(
    postgres_url: str,
) -> None:
    database = Database(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    migrate(database)
    add_request(database)

    def go_on_after_the_cut() -> None:
        with database.transaction() as connection:
            own = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with database.read() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
            connection.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable):
        go_on_after_the_cut()
    assert count(database, ProcessingRequest) == 1
    database.close()


def test_a_session_that_falls_silent_in_a_transaction_gives_its_locks_back(
    postgres_url: str,
) -> None:
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    others = Database(url)
    migrate(others)
    request_id = add_request(others)
    silent = Database(url, silent_seconds=0.5)

    def lock(database: Database) -> None:
        with database.transaction() as connection:
            requests.get(connection, request_id, lock=True)

    def fall_silent(go_on: Callable[[Connection], None]) -> None:
        with silent.transaction() as connection:
            requests.get(connection, request_id, lock=True)
            with ThreadPoolExecutor(1) as another:
                another.submit(lock, others).result(timeout=10)
            go_on(connection)

    for go_on in (_select, _copy, _nothing):
        with pytest.raises(DatabaseUnavailable):
            fall_silent(go_on)
        # The next one gets a connection that works.
        lock(silent)
    silent.close()
    others.close()


def _select(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))


def _copy(connection: Connection) -> None:
    cursor = connection.connection.cursor()
    with cursor.copy("COPY requests FROM STDIN") as copy:
        copy.write("")


def _nothing(connection: Connection) -> None:
    """Only the commit comes."""
