"""A shop with pictures, a browser, and the few gestures that many tests need."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    FilePayload,
    Page,
    Request,
    sync_playwright,
)

from tests.factories import make_csv, make_jpeg
from tests.parts.image_host import ImageHost

# The first one that is here; `./setup.sh --dev` gets it.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
NAMES = ("Stoneware mug", "Linen cushion", "Oak stool", "Glass vase", "Wool blanket")


@contextmanager
def running_browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, CHROMIUMS))),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@dataclass
class Visit:
    """One page and everything that should not happen on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@contextmanager
def visit(browser: Browser, base_url: str, **options: Any) -> Iterator[Visit]:
    """A new browser profile; its page waits 15 seconds for things before it gives up."""
    context = browser.new_context(base_url=base_url, locale="en-GB", **options)
    page = context.new_page()
    page.set_default_timeout(15_000)
    one = Visit(page)

    def said(message: ConsoleMessage) -> None:
        # Refused uploads (4xx) and cut connections are part of some tests and reported as well.
        expected = ("Failed to load resource", "htmx:", "[object Event]")
        if message.type == "error" and not message.text.startswith(expected):
            one.complaints.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((base_url, "data:", "blob:", "about:")):
            one.foreign.append(request.url)

    page.on("console", said)
    page.on("pageerror", lambda error: one.complaints.append(str(error)))
    page.on("request", asked)
    try:
        yield one
    finally:
        context.close()


def fill_shop(
    host: ImageHost, name: str, *, products: int = 3, delay_seconds: float = 0
) -> list[list[str]]:
    """Put two pictures of each product on the host; returns the rows of a CSV that names them."""
    rows = []
    for row in range(1, products + 1):
        urls = [
            host.add(
                f"{name}/{row}-{position}.jpg",
                make_jpeg(240, 180, seed=10 * row + position),
                delay=delay_seconds,
            )
            for position in (1, 2)
        ]
        rows.append([str(row), NAMES[(row - 1) % len(NAMES)], ",".join(urls)])
    return rows


def csv_file(rows: list[list[str]], name: str = "products.csv") -> FilePayload:
    """A CSV of these rows, as a file to choose."""
    return named_file(make_csv(cells=rows), name)


def named_file(content: bytes, name: str) -> FilePayload:
    """Any file to choose."""
    return {"name": name, "mimeType": "text/csv", "buffer": content}


def choose(page: Page, file: FilePayload) -> None:
    """Open the start page, choose the file and wait until it has been looked into."""
    page.goto("/")
    page.set_input_files("#file", files=file)
    page.wait_for_selector(".preview")


def start(page: Page, file: FilePayload) -> str:
    """Choose a good file and start; the request's id."""
    choose(page, file)
    page.click("#start")
    page.wait_for_url("**/r/*")
    return page.url.rsplit("/", 1)[1]


def wait_for_end(page: Page, headline: str) -> None:
    """Wait, without touching the page, until its headline says so."""
    page.wait_for_selector(f".live[data-final=yes] .headline:has-text('{headline}')")
