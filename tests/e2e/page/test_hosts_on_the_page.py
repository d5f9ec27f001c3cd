"""Hosts on a request's page: the table, the filters of the list, and trying a part again."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from app.adapters import now
from app.db.models import Host
from tests.e2e.page.held_up import PAUSED, SLOWED, add_held_up
from tests.e2e.page.parts import csv_file, start, visit, wait_for_end
from tests.factories import make_jpeg
from tests.integration.api.parts import Service
from tests.parts.image_host import Answer, ImageHost
from tests.parts.waiting import until


@pytest.fixture
def other_shop() -> Iterator[ImageHost]:
    with ImageHost() as host:
        yield host


def test_hosts_in_trouble_come_first_and_say_what_they_ask(page: Page, service: Service) -> None:
    page.goto(f"/r/{add_held_up(service.app.state.adapters)}")
    lines = page.locator(".hosts tbody tr")
    expect(lines).to_have_count(4)
    expect(lines.nth(0)).to_contain_text(
        re.compile(r"cdn\.example\s+300\s+230\s+0\s+Asks us to slow down, 20 a second")
    )
    expect(lines.nth(1)).to_contain_text(re.compile(r"media\.example.*Asks us to wait", re.DOTALL))
    expect(lines.nth(1)).to_contain_text(re.compile(r"next try in \d+ s"))
    expect(lines.nth(2)).to_contain_text(re.compile(r"images\.example\s+112\s+0\s+0\s+Fine"))
    expect(lines.nth(3)).to_contain_text(re.compile(r"old-shop\.example:80.*Does not", re.DOTALL))
    expect(page.locator(".bar")).to_contain_text(
        re.compile(r"18 a second\s+about \d+ seconds left")
    )


def test_the_table_lives_with_the_progress(page: Page, service: Service) -> None:
    adapters = service.app.state.adapters
    page.goto(f"/r/{add_held_up(adapters)}")
    line = page.locator(".hosts tbody tr", has_text="media.example")
    expect(line).to_contain_text("Asks us to wait")
    with adapters.database.transaction() as connection:
        connection.execute(
            update(Host)
            .where(Host.host == PAUSED)
            .values(state="unreachable", retry_at=now() + timedelta(seconds=30))
        )
    expect(line).to_contain_text("Does not answer", timeout=8_000)
    # A reader's place in the table survives what is loaded in its place.
    link = page.get_by_role("link", name="cdn.example")
    link.focus()
    with adapters.database.transaction() as connection:
        connection.execute(update(Host).where(Host.host == SLOWED).values(requests_per_second=10.0))
    expect(page.locator(".hosts tbody")).to_contain_text("10 a second", timeout=8_000)
    expect(link).to_be_focused()


def test_a_link_is_followed_however_long_it_is_pressed(page: Page, service: Service) -> None:
    adapters = service.app.state.adapters
    request_id = add_held_up(adapters)
    page.goto(f"/r/{request_id}")
    page.get_by_role("link", name="old-shop.example:80").hover()
    page.mouse.down()
    with page.expect_response(lambda answer: "/live" in answer.url):
        page.wait_for_timeout(100)
    # What has arrived is taken in, where it is.
    page.wait_for_timeout(300)
    page.mouse.up()
    page.wait_for_url(f"**/r/{request_id}?host=old-shop.example*")


def test_a_line_of_the_table_filters_the_list(page: Page, service: Service) -> None:
    request_id = add_held_up(service.app.state.adapters)
    page.goto(f"/r/{request_id}")
    page.get_by_role("link", name="old-shop.example:80").click()
    page.wait_for_url(f"**/r/{request_id}?host=old-shop.example*")
    rows = page.locator(".results tbody tr")
    expect(rows).to_have_count(8)
    expect(page.locator("#search-host")).to_have_value("old-shop.example:80")
    page.get_by_role("link", name="Waiting").click()
    expect(page.locator(".empty")).to_contain_text("No image matches")
    page.get_by_role("link", name="Clear").click()
    expect(rows).to_have_count(25)
    expect(rows.first).to_contain_text("row 422")


def test_the_list_is_searched_by_name_number_and_address(page: Page, service: Service) -> None:
    request_id = add_held_up(service.app.state.adapters)
    page.goto(f"/r/{request_id}")
    rows = page.locator(".results tbody tr")
    page.fill("#search", "mug 41")
    page.keyboard.press("Enter")
    # Mug 41 and Mug 410 to 419.
    expect(rows).to_have_count(11)
    page.select_option("#search-code", label="The whole host stopped answering")
    # A choice that was not sent yet stays, also when the numbers are loaded anew meanwhile.
    page.locator("body").click(position={"x": 5, "y": 5})
    page.wait_for_timeout(6_000)
    page.get_by_role("button", name="Search").click()
    expect(rows).to_have_count(7)
    expect(page.locator("#search")).to_have_value("mug 41")
    page.fill("#search", "100%")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("No image matches")


def test_all_hosts_have_a_page_of_their_own(page: Page, shop: ImageHost, service: Service) -> None:
    hosts = [ImageHost() for _ in range(12)]
    try:
        for host in hosts:
            host.__enter__()
        urls = [host.add("a.jpg", make_jpeg(40, 30)) for host in hosts]
        start(page, csv_file([["1", "Mug", ",".join(urls)]]))
        wait_for_end(page, "Done: all 12 images")
        expect(page.locator(".hosts tbody tr")).to_have_count(10)
        page.get_by_role("link", name="All hosts").click()
        expect(page.locator(".hosts tbody tr")).to_have_count(12)
        page.locator(".hosts a").last.click()
        expect(page.locator(".results tbody tr")).to_have_count(1)
    finally:
        for host in hosts:
            host.__exit__(None, None, None)


@pytest.mark.parametrize("javascript", [True, False])
def test_the_failed_images_of_one_host_are_tried_again_and_no_others(
    browser: Browser, service: Service, shop: ImageHost, other_shop: ImageHost, javascript: bool
) -> None:
    name = f"host-{javascript}"
    good = Answer(make_jpeg(100, 80))
    here = shop.add_answers(f"{name}/later.jpg", [Answer(b"", 404), good])
    there = other_shop.add_answers(f"{name}/later.jpg", [Answer(b"", 404), good])
    with visit(browser, service.base_url, java_script_enabled=javascript) as one:
        page = one.page
        page.goto("/")
        page.set_input_files("#file", files=csv_file([["1", "Mug", f"{here},{there}"]]))
        page.click("#start")
        page.wait_for_url("**/r/*")
        failed = "All images failed|No image"
        expect(page.locator(".headline")).to_have_text(re.compile(failed), timeout=20_000)
        page.get_by_role("link", name=shop.base_url.removeprefix("http://")).click()
        expect(page.locator(".results tbody tr")).to_have_count(1)
        page.click("#try-these")
        expect(page.locator(".headline")).to_have_text("Done, but 1 image failed", timeout=20_000)
    assert (shop.hits(f"{name}/later.jpg"), other_shop.hits(f"{name}/later.jpg")) == (2, 1)


def test_a_cancelled_request_is_continued(page: Page, shop: ImageHost) -> None:
    slow_at_first = [Answer(make_jpeg(40, 30), delay=30), Answer(make_jpeg(40, 30))]
    paths = [f"continued/{n}.jpg" for n in range(2)]
    urls = [shop.add_answers(path, slow_at_first) for path in paths]
    start(page, csv_file([["1", "Mug", ",".join(urls)]]))
    until(lambda: all(map(shop.hits, paths)), timeout_seconds=15)
    page.get_by_role("button", name="Cancel").click()
    wait_for_end(page, "Cancelled")
    page.get_by_role("button", name="Continue with the rest").click()
    wait_for_end(page, "Done: all 2 images")
