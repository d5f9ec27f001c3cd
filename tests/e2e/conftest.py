"""The service as people run it, on both stacks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.served import Served
from tests.kills.launcher import Launcher
from tests.parts.postgres import PostgresServer
from tests.parts.redis_server import RedisServer
from tests.parts.s3_servers import S3Server


@pytest.fixture(params=["embedded", "real"])
def served(request: pytest.FixtureRequest, tmp_path: Path, launcher: Launcher) -> Iterator[Served]:
    """A running service."""
    settings = {}
    if request.param == "real":
        postgres: PostgresServer = request.getfixturevalue("postgres_server")
        redis: RedisServer = request.getfixturevalue("redis_server")
        s3: S3Server = request.getfixturevalue("s3_server")
        settings = {
            "DATABASE_URL": postgres.new_database(),
            "REDIS_URL": redis.new_database(),
            "S3_BUCKET": s3.unused_bucket_name(),
            "S3_ENDPOINT_URL": s3.endpoint_url,
            "AWS_ACCESS_KEY_ID": s3.access_key,
            "AWS_SECRET_ACCESS_KEY": s3.secret_key,
        }
    service = Served(tmp_path, launcher=launcher, **settings)
    try:
        service.start()
        yield service
    finally:
        service.close()
        if request.param == "real":
            postgres.drop_database(settings["DATABASE_URL"])
