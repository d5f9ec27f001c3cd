"""Every test of the tables runs on both engines."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.engine import Database
from app.db.migrate import migrate
from tests.parts.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The SQLAlchemy address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.new_database()
    yield _with_driver(url)
    server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A migrated database without rows."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(_sqlite_template(tmp_path_factory), path)
        database = Database(f"sqlite:///{path}")
        yield database
        database.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = server.new_database_like("migrated", _migrate)
    database = Database(_with_driver(url))
    yield database
    database.close()
    server.drop_database(url)


def _sqlite_template(factory: pytest.TempPathFactory) -> Path:
    path = factory.getbasetemp() / "migrated.db"
    if not path.exists():
        _migrate(f"sqlite:///{path}")
    return path


def _migrate(url: str) -> None:
    database = Database(_with_driver(url))
    migrate(database)
    database.close()


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")
