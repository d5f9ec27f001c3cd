"""A shop with pictures, a service beside it, and a browser before both."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.factories import make_csv, make_jpeg
from tests.parts.image_host import ImageHost

CHROMIUM = "/usr/bin/chromium"
NAMES = ("Stoneware mug", "Linen cushion", "Oak stool", "Glass vase", "Wool blanket")


@contextmanager
def running_browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@dataclass
class Visit:
    """One page and everything that the browser complained about on it."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@contextmanager
def visit(browser: Browser, base_url: str, **options: Any) -> Iterator[Visit]:
    """A new browser profile; its page waits 10 seconds for things before it gives up."""
    context = browser.new_context(base_url=base_url, locale="en-GB", **options)
    page = context.new_page()
    page.set_default_timeout(10_000)
    one = Visit(page, context)

    def console(message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            one.complaints.append(message.text)

    def asked(request: Any) -> None:
        if not request.url.startswith((base_url, "data:", "blob:", "about:")):
            one.foreign.append(request.url)

    page.on("console", console)
    page.on("pageerror", lambda error: one.complaints.append(str(error)))
    page.on("request", asked)
    yield one
    context.close()


def fill_shop(host: ImageHost, *, products: int, delay: float = 0) -> bytes:
    """Put two pictures of each product on the host; returns the CSV that names them."""
    cells = []
    for row in range(1, products + 1):
        urls = []
        for position in (1, 2):
            picture = make_jpeg(480, 360, seed=10 * row + position)
            urls.append(host.add(f"{row}-{position}.jpg", picture, delay=delay))
        cells.append([str(row), NAMES[(row - 1) % len(NAMES)], ",".join(urls)])
    return make_csv(cells=cells)


def csv_file(content: bytes, name: str = "products.csv") -> Any:
    """A file as Playwright's file chooser takes it."""
    return {"name": name, "mimeType": "text/csv", "buffer": content}


