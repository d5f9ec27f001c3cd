"""Databases on both engines, and whole workers on both stacks.

The stacks are SQLite with local files, and Postgres with Redis and S3.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.db.engine import Database
from app.db.migrate import migrate
from tests.integration.bench import Bench, bench
from tests.parts.postgres import PostgresServer
from tests.parts.redis_server import RedisServer
from tests.parts.s3_servers import S3Server

STACKS = ["embedded", "real"]


@pytest.fixture(params=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A migrated database without rows."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        _copy_migrated(tmp_path_factory, path)
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


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The settings of a fresh stack."""
    with _made_stack(request, tmp_path) as settings:
        yield settings


@pytest.fixture(params=STACKS, scope="module")
def shared_stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """The settings of a stack for a whole file, whose tests do not meet in the tables."""
    with _made_stack(request, tmp_path_factory.mktemp("stack")) as settings:
        yield settings


@contextmanager
def _made_stack(request: pytest.FixtureRequest, data_dir: Path) -> Iterator[dict[str, Any]]:
    """The stack that the fixture's parameter names, with tables and nothing in them."""
    if request.param == "embedded":
        _copy_migrated(request.getfixturevalue("tmp_path_factory"), data_dir / "service.db")
        yield {"data_dir": data_dir}
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    redis: RedisServer = request.getfixturevalue("redis_server")
    s3: S3Server = request.getfixturevalue("s3_server")
    database_url = postgres.new_database_like("migrated", _migrate)
    yield {
        "data_dir": data_dir,
        "database_url": database_url,
        "redis_url": redis.new_database(),
        "s3_bucket": s3.unused_bucket_name(),
        "s3_endpoint_url": s3.endpoint_url,
        "aws_access_key_id": s3.access_key,
        "aws_secret_access_key": s3.secret_key,
    }
    postgres.drop_database(database_url)


@pytest.fixture
def service(stack: dict[str, Any]) -> Iterator[Bench]:
    """A worker at work on a fresh stack."""
    with bench(**stack) as made:
        yield made


@pytest.fixture
def idle(stack: dict[str, Any]) -> Iterator[Bench]:
    """A stack on which nobody works."""
    with bench(working=False, **stack) as made:
        yield made


@pytest.fixture
def local(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A worker at work on SQLite and local files, where the stack makes no difference."""
    _copy_migrated(tmp_path_factory, tmp_path / "service.db")
    with bench(data_dir=tmp_path) as made:
        yield made


def _copy_migrated(factory: pytest.TempPathFactory, path: Path) -> None:
    """Put a migrated SQLite database at this path."""
    template = factory.getbasetemp() / "migrated.db"
    if not template.exists():
        _migrate(f"sqlite:///{template}")
    shutil.copy(template, path)


def _migrate(url: str) -> None:
    database = Database(_with_driver(url))
    migrate(database)
    database.close()


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")
