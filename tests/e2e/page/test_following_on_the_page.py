"""A request's own page: live, steered, compared, taken home."""

import io
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.e2e.page.parts import choose, csv_file, fill_shop, start, wait_for_end
from tests.factories import make_jpeg
from tests.parts.image_host import Answer, ImageHost
from tests.parts.webhook_receiver import WebhookReceiver


def test_progress_is_live_and_survives_a_reload(page: Page, shop: ImageHost) -> None:
    rows = []
    for number in range(1, 9):
        row = fill_shop(shop, f"slow-{number}", products=1, delay_seconds=0.6 * number)[0]
        rows.append(row)
    start(page, csv_file(rows))
    partly = page.locator(".bar").filter(has_text=re.compile(r"^\s*([1-9]|1[0-5]) of 16 images"))
    expect(partly).to_be_visible(timeout=15_000)
    expect(page).to_have_title(re.compile(r"^\d+ % · products\.csv · "))
    expect(page.locator("#download-output")).to_have_text("Download what is done so far")
    page.reload()
    expect(partly).to_be_visible()
    wait_for_end(page, "Done: all 16 images")
    expect(page.locator("#download-output")).to_have_text("Download the output CSV")
    expect(page.locator("#announcements")).to_have_text("Done: all 16 images.")


def test_polling_goes_on_where_events_do_not_arrive(page: Page, shop: ImageHost) -> None:
    page.route("**/events", lambda route: route.abort())
    rows = fill_shop(shop, "polled", products=1, delay_seconds=1)
    start(page, csv_file(rows))
    expect(page.locator("#connection")).to_be_visible()
    wait_for_end(page, "Done: all 2 images")


def test_a_lost_connection_is_said_quietly_and_forgotten(page: Page, shop: ImageHost) -> None:
    start(page, csv_file(fill_shop(shop, "lost", products=1, delay_seconds=6)))

    def cut(route: Route) -> None:
        route.abort()

    page.route("**/live?*", cut)
    page.route("**/events", cut)
    page.reload()
    expect(page.locator("#connection")).to_be_visible(timeout=10_000)
    page.unroute("**/live?*", cut)
    page.unroute("**/events", cut)
    expect(page.locator("#connection")).to_be_hidden(timeout=10_000)
    page.click("text=Cancel")
    wait_for_end(page, "Cancelled")


def test_failures_are_explained_filtered_and_tried_again(page: Page, shop: ImageHost) -> None:
    rows = fill_shop(shop, "flaky", products=1)
    repaired = Answer(make_jpeg(100, 80))
    rows[0][2] += "," + shop.add_answers("flaky/later.jpg", [Answer(b"", 404), repaired])
    request_id = start(page, csv_file(rows))
    wait_for_end(page, "Done, but 1 image failed")
    expect(page.locator(".reasons")).to_contain_text("1 image: The host refused")
    page.click("text=See the failed images")
    page.wait_for_url(f"**/r/{request_id}?status=failed*")
    failed = page.locator(".results tbody tr")
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text("404")
    with page.expect_download() as download:
        page.click("text=Failed rows")
    assert "later.jpg" in Path(download.value.path()).read_text(encoding="utf-8")
    page.click("text=Try the failed image again")
    wait_for_end(page, "Done: all 3 images")
    expect(page.locator(".reasons")).to_have_count(0)


def test_a_kept_picture_reads_as_a_success(page: Page, shop: ImageHost) -> None:
    tiny = shop.add("tiny.jpg", make_jpeg(8, 8, quality=5))
    start(page, csv_file([["1", "Dot", tiny]]))
    wait_for_end(page, "Done: all 1 image")
    result = page.locator(".results .state-good")
    expect(result).to_have_text("Left as it was: already small")


def test_before_and_after_are_compared_by_keyboard(page: Page, shop: ImageHost) -> None:
    start(page, csv_file(fill_shop(shop, "compared", products=1)))
    wait_for_end(page, "Done")
    link = page.locator("a[data-compare]").first
    link.focus()
    page.keyboard.press("Enter")
    slider = page.locator("#compare-slider")
    expect(slider).to_be_focused()
    for part in ("before", "after"):
        picture = page.locator(f"#compare-{part}")
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") == 240
    assert _clip(page) == "inset(0px 50% 0px 0px)"
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert _clip(page) == "inset(0px 47% 0px 0px)"
    expect(slider).to_have_attribute("aria-valuetext", "53 % before, 47 % after")
    expect(page.locator("#compare-sizes")).to_contain_text("smaller")
    page.keyboard.press("Escape")
    expect(page.locator("#compare")).to_be_hidden()
    expect(link).to_be_focused()


def test_before_is_fetched_anew_where_no_original_was_kept(page: Page, shop: ImageHost) -> None:
    choose(page, csv_file(fill_shop(shop, "not-kept", products=1)))
    page.uncheck("[name=keep_originals]")
    page.click("#start")
    wait_for_end(page, "Done")
    links = page.locator("a[data-compare]")
    links.first.click()
    picture = page.locator("#compare-before")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") == 240
    expect(page.locator("#compare-sizes")).to_contain_text("The original is fetched again")
    page.keyboard.press("Escape")
    shop.add("not-kept/1-2.jpg", status=404)
    links.nth(1).click()
    expect(page.locator("#compare-trouble")).to_contain_text("its host does not deliver it now")


def test_a_picture_of_an_earlier_run_reads_as_a_success(page: Page, shop: ImageHost) -> None:
    url = shop.add("again.jpg", make_jpeg(80, 60), headers={"ETag": '"v1"'})
    for expected in ("Compressed", "Reused from an earlier run"):
        start(page, csv_file([["1", "Mug", url]]))
        wait_for_end(page, "Done: all 1 image")
        expect(page.locator(".results .state-good")).to_have_text(expected)
    expect(page.locator(".live .facts")).to_contain_text("Unchanged, reused")


def test_results_come_in_pages_with_addresses_of_their_own(page: Page, shop: ImageHost) -> None:
    start(page, csv_file(fill_shop(shop, "paged", products=14)))
    wait_for_end(page, "Done")
    expect(page.locator(".results tbody tr")).to_have_count(25)
    page.click("text=Next page")
    expect(page.locator(".results tbody tr")).to_have_count(3)
    page.reload()
    expect(page.locator(".results tbody tr")).to_have_count(3)
    page.click("text=First page")
    expect(page.locator(".results tbody tr")).to_have_count(25)


def test_the_images_come_in_one_zip(page: Page, shop: ImageHost) -> None:
    request_id = start(page, csv_file(fill_shop(shop, "zipped", products=2)))
    wait_for_end(page, "Done")
    with page.expect_download() as download:
        page.click("text=Images as ZIP")
    assert download.value.suggested_filename == "products-images.zip"
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == [
        "2-1-stoneware-mug.jpg",
        "2-2-stoneware-mug.jpg",
        "3-1-linen-cushion.jpg",
        "3-2-linen-cushion.jpg",
    ]
    published = page.request.get(f"/images/{request_id}/2-1-stoneware-mug.jpg").body()
    assert archive.read("2-1-stoneware-mug.jpg") == published


def test_a_request_is_deleted_only_after_a_question(page: Page, shop: ImageHost) -> None:
    request_id = start(page, csv_file(fill_shop(shop, "deleted", products=1), "old.csv"))
    wait_for_end(page, "Done")
    page.click("text=Delete …")
    page.click("text=Keep it")
    page.wait_for_url(f"**/r/{request_id}")
    page.click("text=Delete …")
    page.click("text=Delete permanently")
    expect(page.locator("#recent-title")).to_be_visible()
    expect(page.locator("text=old.csv")).to_have_count(0)
    page.goto(f"/r/{request_id}")
    expect(page.locator("h1")).to_have_text("There is nothing here")


def test_webhook_messages_are_listed_and_sent_again(
    page: Page, shop: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    page.goto("/")
    page.set_input_files("#file", files=csv_file(fill_shop(shop, "told", products=1)))
    page.click("summary:has-text('More options')")
    page.fill("[name=webhook_url]", webhook_receiver.url)
    page.click("#start")
    wait_for_end(page, "Done")
    panel = page.locator("#webhooks")
    expect(panel).to_contain_text("Delivered")
    panel.get_by_role("button", name="Send again").click()
    expect(page.locator("#webhooks tbody td").nth(1)).to_have_text("2", timeout=10_000)
    assert len(webhook_receiver.received) == 2


def test_the_upload_can_be_copied_as_a_command(page: Page, shop: ImageHost) -> None:
    start(page, csv_file(fill_shop(shop, "copied", products=1)))
    wait_for_end(page, "Done")
    page.click("summary:has-text('terminal')")
    command = page.locator("#curl").inner_text()
    assert re.search(
        r"curl -F file=@products\.csv -F keep_originals=true http://\S+/upload", command
    )
    assert "/download-output-csv/" in command
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("[data-copy=curl]")
    expect(page.locator("[data-copy=curl]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == command


def _clip(page: Page) -> str:
    clip: str = page.evaluate(
        "getComputedStyle(document.getElementById('compare-before')).clipPath"
    )
    return clip
