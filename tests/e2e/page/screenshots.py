"""Fresh pictures of the page for the documentation: `python -m tests.e2e.page.screenshots`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from create_test_data import create_test_data
from tests.e2e.page.held_up import add_held_up
from tests.e2e.page.parts import choose, named_file, running_browser, visit, wait_for_end
from tests.integration.api.parts import running_service
from tests.parts.image_host import ImageHost
from tests.parts.process import REPOSITORY

IMAGES = REPOSITORY / "docs" / "images"
WIDE = {"viewport": {"width": 1100, "height": 860}}
NARROW = {"viewport": {"width": 360, "height": 760}}
DARK = {**WIDE, "color_scheme": "dark"}
EXPORT = REPOSITORY / "tests" / "catalogs" / "shopify.csv"
PATHS = REPOSITORY / "tests" / "catalogs" / "magento.csv"
UNKNOWN = (
    "SKU;Title;Stock;Photo front;Photo back\n"
    "K-104;Stoneware mug;12;https://images.example/mug.jpg;https://images.example/mug-2.jpg\n"
    "K-105;Linen cushion;4;https://images.example/cushion.jpg;\n"
)
BAD_ROWS = (
    '11,,"https://images.example/mug.jpg"\n'
    '12,Oak Bowl,"ftp://images.example/bowl.jpg"\n'
    '13,Glass Lamp,""\n'
)


def main() -> int:
    """Go through every state of the page and take a picture of each."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        ImageHost() as host,
        running_service(Path(folder) / "data") as service,
        running_browser() as browser,
    ):
        csv = _stock(host, Path(folder) / "shop")
        with visit(browser, service.base_url, **WIDE) as one:
            page = one.page
            page.goto("/")
            _take(page, "empty")
            choose(page, named_file(csv, "spring-catalogue.csv"))
            page.click("summary:has-text('How the file was read')")
            _take(page, "preview")
            choose(page, named_file(EXPORT.read_bytes(), "products_export.csv"))
            _take(page, "export")
            choose(page, named_file(UNKNOWN.encode(), "stock-list.csv"))
            _take(page, "columns")
            choose(page, named_file(PATHS.read_bytes(), "catalog_product.csv"))
            _take(page, "paths")
            choose(page, named_file(csv + BAD_ROWS.encode(), "autumn-catalogue.csv"))
            _take(page, "errors")
            choose(page, named_file(csv, "spring-catalogue.csv"))
            page.click("#start")
            page.wait_for_url("**/r/*")
            expect(page.locator(".results img").nth(7)).to_be_visible()
            _take(page, "running")
            wait_for_end(page, "Done, but")
            _take(page, "partly-failed")
            address = page.url
            page.locator("a[data-compare]").nth(2).click()
            expect(page.locator("#compare-before")).to_have_js_property("complete", True)
            _take(page, "before-and-after")
            page.goto("/")
            page.click("text=Try it with sample data")
            wait_for_end(page, "Done: all")
            _take(page, "done")
            page.goto(f"/r/{add_held_up(service.app.state.adapters)}")
            _take(page, "hosts")
        with visit(browser, service.base_url, **DARK) as one:
            one.page.goto(address)
            _take(one.page, "dark")
        with visit(browser, service.base_url, **NARROW) as one:
            one.page.goto(address)
            _take(one.page, "narrow")
    return 0


def _stock(host: ImageHost, folder: Path) -> bytes:
    """Fill the image host with product pictures, some of them broken; the CSV that names them."""
    path = create_test_data(folder, products=9, base_url=host.base_url, broken=True, seed=3)
    for number, picture in enumerate(sorted(folder.glob("*.*"))):
        if picture != path:
            host.add(picture.name, picture.read_bytes(), delay=0.7 * (number // 2))
    return path.read_bytes()


def _take(page: Page, name: str) -> None:
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.wait_for_timeout(400)  # Pictures that have arrived are decoded by then.
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
