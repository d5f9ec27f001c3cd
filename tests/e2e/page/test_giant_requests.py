"""The page of a request with very many images costs what the page of a small one does."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import event

from tests.e2e.page.giants import add_giant
from tests.e2e.page.parts import visit
from tests.integration.api.parts import Service, running_service

IMAGES = 300_000
SMALL = 200
# Of SQLite's own instructions. A look through 300,000 images takes several for each of them.
STEPS_AT_ONCE, STEPS_TO_SPARE = 5, 10_000


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of its own: other tests' requests would be measured, too."""
    with running_service(tmp_path_factory.mktemp("giants")) as running:
        yield running


@pytest.mark.parametrize(
    "path",
    [
        "/r/{id}",
        "/r/{id}?status=completed",
        "/r/{id}?status=failed",
        "/r/{id}?status=cancelled",
        "/r/{id}?cursor=MTUw",
        "/r/{id}?status=failed&cursor=MTUw",
        "/r/{id}?status=failed&code=timeout",
        "/r/{id}?host=pics.example&q=mug",
        "/r/{id}/hosts",
        "/requests/{id}/hosts",
        "/r/{id}/live",
        "/r/{id}/results",
        "/requests/{id}/images?limit=25",
        "/status/{id}",
    ],
)
def test_no_part_of_the_page_costs_more_for_more_images(
    quiet: Service, giant: str, small: str, path: str
) -> None:
    # The service's worker looks for work now and then, which counts, too.
    of_giant, of_small = (
        min(_steps(quiet, path.format(id=each)) for _ in range(3)) for each in (giant, small)
    )
    assert 0 < of_giant < 1.5 * of_small + STEPS_TO_SPARE


def test_a_giant_request_is_watched_paged_and_filtered(
    browser: Browser, quiet: Service, giant: str
) -> None:
    with visit(browser, quiet.base_url) as one:
        page = one.page
        page.goto("/")
        expect(page.locator("#recent-title ~ .scroll")).to_contain_text("300,000")
        page.goto(f"/r/{giant}")
        expect(page.locator(".bar")).to_contain_text("299,900 of 300,000 images")
        expect(page.locator(".results tbody tr")).to_have_count(25)
        expect(page.locator(".downloads")).to_contain_text(
            "a ZIP holds 20,000 images, beginning with the page of the table that is open"
        )
        page.click("text=Next page")
        expect(page.locator(".results tbody tr").first).to_contain_text("row 27")
        page.get_by_role("link", name="Failed 10").click()
        expect(page.locator(".results tbody tr")).to_have_count(10)
        page.get_by_role("link", name="Waiting 100").click()
        expect(page.locator(".results tbody tr").first).to_contain_text("row 299902")


@pytest.fixture(scope="module")
def giant(quiet: Service) -> str:
    return _request(quiet, IMAGES)


@pytest.fixture(scope="module")
def small(quiet: Service) -> str:
    return _request(quiet, SMALL)


def _request(service: Service, images: int) -> str:
    return add_giant(
        service.app.state.adapters,
        images=images,
        completed=images - 110,
        failed=10,
        status="processing",
        rest="pending",
    )


def _steps(service: Service, path: str) -> int:
    """How many instructions of SQLite one call of this page takes."""
    taken = 0

    def count() -> None:
        nonlocal taken
        taken += STEPS_AT_ONCE

    def watch(connection: Any, *_: Any) -> None:
        connection.set_progress_handler(count, STEPS_AT_ONCE)

    engine = service.app.state.adapters.database.engine
    event.listen(engine, "checkout", watch)
    try:
        assert service.client.get(path).status_code == 200
    finally:
        event.remove(engine, "checkout", watch)
    return taken
