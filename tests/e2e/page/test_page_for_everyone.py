"""Whoever comes, with whatever: assistive technology, no JavaScript, small or dark screens."""

import json
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.page.held_up import add_held_up
from tests.e2e.page.parts import choose, csv_file, fill_shop, named_file, start, visit, wait_for_end
from tests.integration.api.parts import Service
from tests.parts.image_host import ImageHost

WIRE_BYTES_MAX = 120_000
SCREENS = {
    "wide": {"viewport": {"width": 1400, "height": 900}},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "dark": {"viewport": {"width": 1000, "height": 800}, "color_scheme": "dark"},
}
ODD_FILES = {
    "export": b"Handle,Title,Image Src\r\na,Mug,https://images.test/1.jpg\r\n",
    "paths": b"sku,name,base_image,small_image\r\na,Bag,/w/bag.jpg,https://images.test/2.jpg\r\n",
    "columns": b"Code,Label,Foto\r\n7,Mug,https://images.test/1.jpg\r\n",
}
BAD_ROWS = [["2", "", "https://images.test/2.jpg"], ["3", "Bowl", "ftp://images.test/3.jpg"]]


@pytest.fixture(scope="module")
def partly_failed(browser: Browser, service: Service, shop: ImageHost) -> str:
    """The id of a request with done, failed and kept images and a webhook that nobody answers."""
    rows = fill_shop(shop, "everyone", products=2)
    rows[1][2] += f",{shop.url('everyone/missing.jpg')}"
    with visit(browser, service.base_url) as one:
        choose(one.page, csv_file(rows, "a-catalogue-with-a-rather-long-name-for-its-file.csv"))
        one.page.click("summary:has-text('More options')")
        one.page.fill("[name=webhook_url]", shop.url("hook"))
        one.page.click("#start")
        wait_for_end(one.page, "Done, but 1 image failed")
        return one.page.url.rsplit("/", 1)[1]


@pytest.fixture(params=SCREENS)
def screen(request: pytest.FixtureRequest, browser: Browser, service: Service) -> Iterator[Page]:
    with visit(browser, service.base_url, **SCREENS[request.param]) as one:
        yield one.page
        assert (one.complaints, one.foreign) == ([], [])


def test_axe_finds_nothing_where_hosts_hold_a_request_up(screen: Page, service: Service) -> None:
    held_up = add_held_up(service.app.state.adapters)
    for path in ("", "?status=failed&code=host_unreachable&q=mug", "?host=elsewhere", "/hosts"):
        screen.goto(f"/r/{held_up}{path}")
        _check(screen, f"held up{path}")


def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    screen: Page, partly_failed: str, shop: ImageHost
) -> None:
    screen.goto("/")
    _check(screen, "home")
    choose(screen, csv_file([*fill_shop(shop, "axe", products=1), *BAD_ROWS], "mixed.csv"))
    for summary in screen.locator("summary").all():
        summary.click()
    _check(screen, "preview with errors")
    for name, content in ODD_FILES.items():
        choose(screen, named_file(content, f"{name}.csv"))
        for summary in screen.locator(".preview summary").all():
            summary.click()
        _check(screen, name)
    screen.get_by_role("button", name="Use these columns").click()
    expect(screen.locator(".kind")).to_be_visible()
    _check(screen, "columns as chosen")
    screen.goto(f"/r/{partly_failed}")
    _check(screen, "partly failed")
    screen.locator("a[data-compare]").first.click()
    expect(screen.locator("#compare")).to_be_visible()
    _check(screen, "before and after")
    for path in (f"/r/{partly_failed}/delete", f"/r/{partly_failed}?status=cancelled", "/r/none"):
        screen.goto(path)
        _check(screen, path)
    start(screen, csv_file(fill_shop(shop, "axe-running", products=1, delay_seconds=2)))
    _check(screen, "running")


def test_every_step_works_by_keyboard_alone(page: Page, shop: ImageHost) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#file")).to_be_focused()
    page.set_input_files("#file", files=csv_file(fill_shop(shop, "keys", products=1)))
    expect(page.locator("#preview-title")).to_be_focused()
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "start":
            break
    expect(page.locator("#start")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/r/*")
    wait_for_end(page, "Done: all 2 images")


def test_without_javascript_a_request_is_started_watched_and_deleted(
    browser: Browser, service: Service, shop: ImageHost
) -> None:
    with visit(browser, service.base_url, java_script_enabled=False) as one:
        page = one.page
        file = csv_file([*fill_shop(shop, "plain", products=2, delay_seconds=1), *BAD_ROWS])
        page.goto("/")
        page.set_input_files("#file", files=file)
        page.click("text=Check the file first")
        expect(page.locator(".errors")).to_contain_text("2 rows of 4 cannot be used")
        page.set_input_files("#file", files=file)
        page.click("#start")
        expect(page.locator(".errors")).to_contain_text("2 rows of 4 cannot be used")
        page.set_input_files("#file", files=file)
        page.check("#accept-valid-rows")
        page.click("#start")
        page.wait_for_url("**/r/*")
        expect(page.locator(".headline")).to_have_text(re.compile("Waiting|Working"))
        # Nobody touches the page: it loads itself anew until the request has ended.
        expect(page.locator(".headline")).to_have_text("Done: all 4 images", timeout=20_000)
        page.click("text=Delete …")
        page.click("text=Delete permanently")
        expect(page.locator("#recent-title")).to_be_visible()
        assert one.foreign == []


def test_the_first_page_is_light(browser: Browser, service: Service) -> None:
    with visit(browser, service.base_url) as one:
        session = one.page.context.new_cdp_session(one.page)
        sizes: list[int] = []
        session.on(
            "Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"])
        )
        session.send("Network.enable")
        one.page.goto("/", wait_until="networkidle")
        assert len(sizes) >= 6
        assert sum(sizes) < WIRE_BYTES_MAX / 2


def test_moving_things_stand_still_where_motion_is_unwelcome(
    browser: Browser, service: Service, shop: ImageHost
) -> None:
    with visit(browser, service.base_url, reduced_motion="reduce") as one:
        start(one.page, csv_file(fill_shop(shop, "calm", products=1, delay_seconds=3)))
        icon = one.page.locator(".icon-work, .icon-wait").first
        # Looks again where a live update has just put a new icon in place of the one it found.
        expect(icon).to_have_css("animation-name", "none")


def test_print_has_the_numbers_and_not_the_buttons(page: Page, partly_failed: str) -> None:
    page.goto(f"/r/{partly_failed}")
    page.emulate_media(media="print")
    expect(page.locator(".live .facts")).to_be_visible()
    expect(page.locator("table.results")).to_be_visible()
    expect(page.locator("#download-output")).to_be_hidden()


def _check(page: Page, state: str) -> None:
    found = Axe().run(page).response["violations"]
    told = [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]
    assert not told, f"{state}: {json.dumps(told, indent=1)}"
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], f"{state} is {width[0]} px wide on {width[1]}"
