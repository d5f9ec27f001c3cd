"""Services that the documents' commands and the Postman collection are tried against."""

from collections.abc import Iterator

import pytest

from docs.generate.contract import Contract, load_contract
from tests.docs.scene import Scene
from tests.integration.api.parts import Service, running_service
from tests.parts.image_host import ImageHost
from tests.parts.webhook_receiver import WebhookReceiver

KEY = "a-key-for-the-documents"


@pytest.fixture(scope="session")
def contract() -> Contract:
    """What the documents are made of."""
    return load_contract()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """An open service with a picture host and a webhook receiver."""
    folder = tmp_path_factory.mktemp("service")
    with (
        ImageHost() as host,
        WebhookReceiver() as receiver,
        running_service(folder) as service,
    ):
        yield Scene(service, host, receiver)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that wants KEY."""
    with running_service(tmp_path_factory.mktemp("guarded"), api_keys=KEY) as service:
        yield service
