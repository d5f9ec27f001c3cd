"""The page of a request with very many images costs what the page of a small one does."""

import statistics
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.page.giants import add_giant
from tests.e2e.page.parts import visit
from tests.integration.api.parts import Service, running_service

IMAGES = 300_000
SMALL = 200
# Between two pages on a machine that does other things, too; a look through 300,000 takes more.
NOISE_SECONDS = 0.015


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
    for path_of_both in (path.format(id=giant), path.format(id=small)):
        assert quiet.client.get(path_of_both).status_code == 200
    assert _seconds(quiet, path.format(id=giant)) < (
        1.5 * _seconds(quiet, path.format(id=small)) + NOISE_SECONDS
    )


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


def _seconds(service: Service, path: str) -> float:
    times = []
    for _ in range(7):
        started = time.perf_counter()
        service.client.get(path)
        times.append(time.perf_counter() - started)
    return statistics.median(times)
