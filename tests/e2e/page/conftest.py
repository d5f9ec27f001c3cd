"""A browser, a service and an image host for each file of tests.

Not for the session: a started Playwright holds the thread's event loop, and tests of other files
run loops of their own.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.page.parts import running_browser, visit
from tests.integration.api.parts import Service, running_service
from tests.parts.image_host import ImageHost


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An open service that may fetch from loopback."""
    with running_service(tmp_path_factory.mktemp("page")) as running:
        yield running


@pytest.fixture(scope="module")
def shop() -> Iterator[ImageHost]:
    with ImageHost() as host:
        yield host


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """A page in a fresh profile; at the end nothing may have broken a rule on it.

    No script error, no violation of the Content-Security-Policy (the console has both), and no
    request to anybody but the service.
    """
    with visit(browser, service.base_url) as one:
        yield one.page
        assert one.complaints == []
        assert one.foreign == []
