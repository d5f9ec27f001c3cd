"""One service for all tests of a file's worker; a test that needs other settings starts its own."""

from collections.abc import Iterator

import httpx
import pytest

from tests.integration.api.parts import Service, running_service
from tests.parts.image_host import ImageHost


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An open service on SQLite and local files."""
    with running_service(tmp_path_factory.mktemp("service"), max_upload_bytes=200_000) as running:
        yield running


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with two API keys, first-key-of-tests and second-key-of-tests."""
    folder = tmp_path_factory.mktemp("guarded")
    with running_service(folder, api_keys="first-key-of-tests,second-key-of-tests") as running:
        yield running


@pytest.fixture
def client(service: Service) -> httpx.Client:
    return service.client


@pytest.fixture
def slow_host() -> Iterator[ImageHost]:
    """An image host of a test's own, for pictures that take their time."""
    with ImageHost() as host:
        yield host
