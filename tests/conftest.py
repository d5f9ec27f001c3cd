"""Fixtures that give tests real servers.

Each pytest-xdist worker starts its own, on first use: nothing is shared, so nothing has to be
locked, and a part that no test of a run needs is not started.
"""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.kills.launcher import Launcher, launcher_of_this_process
from tests.order import dealt
from tests.parts.image_host import ImageHost
from tests.parts.postgres import PostgresServer
from tests.parts.redis_server import RedisServer
from tests.parts.s3_servers import S3Server, start_moto, start_rclone
from tests.parts.webhook_receiver import WebhookReceiver

# How long one example takes says something about the machine, and nothing about the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# A process with thousands of tests has millions of objects that live on. Walking through them as
# often as a small program does takes a fourteenth of the suite's time.
gc.set_threshold(50_000, 20, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no process come to its slowest tests at the end."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        tests = Path(__file__).parent
        files = [item.path.relative_to(tests).as_posix() for item in items]
        items[:] = dealt(items, files, processes)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A Postgres server for the session; `new_database()` gives URLs."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database for one test."""
    url = postgres_server.new_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server for the session; `new_database()` gives URLs."""
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The URL of an empty Redis database for one test."""
    return redis_server.new_database()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """rclone's S3 server, which checks signatures; `new_bucket()` gives names."""
    server = start_rclone()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def moto_server() -> Iterator[S3Server]:
    """moto's S3 server, which knows bucket policies, metadata and versions."""
    server = start_moto()
    yield server
    server.stop()


@pytest.fixture
def launcher() -> Launcher:
    """Starts commands of the service by a fork."""
    return launcher_of_this_process()


@pytest.fixture
def image_host() -> Iterator[ImageHost]:
    """A picture server for one test; its address is 127.0.0.1, so the guard needs an exemption."""
    with ImageHost() as host:
        yield host


@pytest.fixture
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """A webhook endpoint for one test."""
    with WebhookReceiver() as receiver:
        yield receiver
