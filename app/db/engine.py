"""Connections and transactions, the same for SQLite and Postgres."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.domain.errors import DatabaseUnavailable
from app.domain.retry import SQLITE_BUSY
from app.retrying import keep_trying_blocking


class Database:
    """One database with a pool of connections; safe to share between threads.

    Args:
        url: SQLAlchemy address; `sqlite:///path` or `postgresql+psycopg://...`.
        pool_size: connections kept open; as many again may be opened for a moment.
        silent_seconds: after so long without a statement in the middle of a transaction Postgres
            ends it, and its locks with it; None leaves that to the server's own setting. SQLite
            cannot: whoever holds its lock there keeps it.
    """

    def __init__(
        self, url: str, *, pool_size: int = 10, silent_seconds: float | None = None
    ) -> None:
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            _make_folder(url)
            self.engine = create_engine(
                url,
                pool_size=pool_size,
                max_overflow=pool_size,
                connect_args={"timeout": SQLITE_BUSY.patience_seconds, "check_same_thread": False},
            )
            _prepare_sqlite(self.engine)
        else:
            self.engine = create_engine(
                url,
                pool_size=pool_size,
                max_overflow=pool_size,
                # A restarted Postgres leaves dead connections in the pool; ask before use.
                pool_pre_ping=True,
                connect_args={"connect_timeout": 5, "options": _postgres_options(silent_seconds)},
            )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back by any exception.

        Raises:
            DatabaseUnavailable: the server cannot be reached or went away.
        """
        with _translated(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; one moment of the data where the engine can.

        Raises:
            DatabaseUnavailable: the server cannot be reached or went away.
        """
        with _translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    def check_writes(self, table: str, *, patience_seconds: float) -> None:
        """Begin a transaction that could write to this table, and leave it at that.

        Raises:
            DatabaseUnavailable: somebody has kept the lock for so long, it can only be read, or it
                does not answer.
        """
        if self.is_sqlite:
            with _translated(), self.engine.connect() as connection:
                _take_sqlite_lock(connection, patience_seconds)
            return
        with self.transaction() as connection:
            if connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on":
                raise DatabaseUnavailable("the database can only be read")
            connection.execute(text(f"SET LOCAL lock_timeout = {patience_seconds * 1000:.0f}"))
            connection.execute(text(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"))

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable("no free database connection") from error
    except OperationalError as error:
        raise DatabaseUnavailable(str(error.orig).strip().splitlines()[0]) from error
    except psycopg.OperationalError as error:
        # COPY goes past SQLAlchemy, and so do its errors.
        raise DatabaseUnavailable(str(error).strip().partition("\n")[0]) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable(str(error.orig).strip().splitlines()[0]) from error
        raise


def _postgres_options(silent_seconds: float | None) -> str:
    options = "-c timezone=utc"
    if silent_seconds is not None:
        options += f" -c idle_in_transaction_session_timeout={silent_seconds * 1000:.0f}"
    return options


def _take_sqlite_lock(connection: Connection, patience_seconds: float) -> None:
    driver: Any = connection.connection.driver_connection
    before = driver.execute("PRAGMA busy_timeout").fetchone()[0]
    driver.execute(f"PRAGMA busy_timeout = {patience_seconds * 1000:.0f}")
    try:
        with connection.execution_options(writes=True).begin():
            pass
    finally:
        driver.execute(f"PRAGMA busy_timeout = {before}")


def _make_folder(url: str) -> None:
    database = make_url(url).database
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own idea of when a transaction begins is switched off: `begin` below says it.
        connection.isolation_level = None
        _keep_a_write_ahead_log(connection)
        # FULL: an accepted upload survives a power cut, not only a crash of this process.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # SQLite's own LIKE and lower() know no case outside of ASCII.
        connection.create_function("casefolded", 1, str.casefold, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: upgrading a reader's transaction could fail at any
        # statement when another writer came first, and the busy time-out would not help.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _keep_a_write_ahead_log(connection: sqlite3.Connection) -> None:
    # Processes that open a new file at once each read it and then want it alone. SQLite sees that
    # they would wait for each other and fails at once, without its busy time-out.
    keep_trying_blocking(
        SQLITE_BUSY,
        lambda: connection.execute("PRAGMA journal_mode=WAL"),
        on=sqlite3.OperationalError,
        # The low byte of an extended code is the plain one.
        failed=lambda error, _: error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY,
    )
