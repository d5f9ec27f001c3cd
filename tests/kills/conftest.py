"""Stacks, services and auditors for these tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.kills.checks import Auditor
from tests.kills.launcher import Launcher
from tests.kills.service import Service
from tests.kills.stacks import EMBEDDED, FULL, Stack, embedded, full
from tests.parts.image_host import ImageHost
from tests.parts.postgres import PostgresServer
from tests.parts.redis_server import RedisServer
from tests.parts.s3_servers import S3Server
from tests.parts.webhook_receiver import WebhookReceiver

StartService = Callable[..., Service]


@pytest.fixture(params=[EMBEDDED, FULL])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    """A fresh stack."""
    if request.param == EMBEDDED:
        yield embedded(tmp_path)
        return
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    redis: RedisServer = request.getfixturevalue("redis_server")
    s3: S3Server = request.getfixturevalue("s3_server")
    made = full(tmp_path, postgres, redis, s3)
    yield made
    postgres.drop_database(made.settings["DATABASE_URL"])


@pytest.fixture
def new_service(launcher: Launcher) -> Iterator[StartService]:
    """Makes services, which are closed after the test."""
    with ExitStack() as services:

        def make(stack: Stack, **settings: str) -> Service:
            service = Service(launcher, stack, **settings)
            services.callback(service.close)
            return service

        yield make


@pytest.fixture
def service(stack: Stack, new_service: StartService) -> Service:
    """A service on a fresh stack, not started yet."""
    return new_service(stack)


@pytest.fixture
def auditor(
    service: Service, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> Iterator[Auditor]:
    """Looks at everything that this service has done."""
    made = Auditor(service, image_host, webhook_receiver)
    yield made
    made.close()
