"""`/readyz` says whether uploads would be taken: a database that can only be read is not ready."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app.db.engine import Database
from app.domain.errors import DatabaseUnavailable
from tests.integration.api.parts import problem, running_service


def check(database: Database) -> None:
    database.check_writes("requests", patience_seconds=0.3)


def test_whoever_can_write_is_told_so_again_and_again(database: Database) -> None:
    for _ in range(3):
        check(database)
    if database.is_sqlite:
        # The connection that was asked goes back as patient as it was.
        with database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 30_000


def test_a_lock_that_somebody_keeps_is_seen(database: Database) -> None:
    with database.transaction() as other:
        if not database.is_sqlite:
            other.exec_driver_sql("LOCK TABLE requests IN SHARE MODE")
        with pytest.raises(DatabaseUnavailable):
            check(database)
    check(database)


def test_a_postgres_that_can_only_be_read_is_seen(postgres_url: str) -> None:
    name = postgres_url.rpartition("/")[2]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        only_reads = "ALTER DATABASE {} SET default_transaction_read_only = on"
        connection.execute(sql.SQL(only_reads).format(sql.Identifier(name)))
    database = Database(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    with pytest.raises(DatabaseUnavailable, match="only be read"):
        check(database)
    database.close()


def test_readyz_sees_the_lock_and_its_end(tmp_path: Path) -> None:
    with running_service(tmp_path, sweep_seconds=60) as service:
        other = sqlite3.connect(tmp_path / "service.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        document = problem(service.client.get("/readyz"), 503, "unavailable")
        assert document["checks"]["database"] == "unavailable"
        assert service.client.get("/requests").status_code == 200
        other.close()
        assert service.client.get("/readyz").status_code == 200
