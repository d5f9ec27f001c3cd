"""Both stacks: SQLite with local files, and Postgres with Redis and S3."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.services.bench import Bench, bench
from tests.parts.postgres import PostgresServer
from tests.parts.redis_server import RedisServer
from tests.parts.s3_servers import S3Server


@pytest.fixture(params=["embedded", "real"])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The settings of a fresh stack."""
    if request.param == "embedded":
        yield {"data_dir": tmp_path}
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    redis: RedisServer = request.getfixturevalue("redis_server")
    s3: S3Server = request.getfixturevalue("s3_server")
    database_url = postgres.new_database()
    yield {
        "data_dir": tmp_path,
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
def local(tmp_path: Path) -> Iterator[Bench]:
    """A worker at work on SQLite and local files, where the stack makes no difference."""
    with bench(data_dir=tmp_path) as made:
        yield made
