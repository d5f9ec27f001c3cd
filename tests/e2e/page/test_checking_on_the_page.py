"""A check on the page: asked for, told of, and without what only compressed pictures have."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.page.parts import choose, csv_file, fill_shop, wait_for_end
from tests.parts.image_host import ImageHost


def start_check(page: Page, rows: list[list[str]]) -> str:
    choose(page, csv_file(rows))
    page.get_by_label("Only check them").check()
    page.click("#start")
    page.wait_for_url("**/r/*")
    return page.url.rsplit("/", 1)[1]


def test_a_check_says_how_many_pictures_are_fine(page: Page, shop: ImageHost) -> None:
    rows = fill_shop(shop, "checked", products=2)
    rows[0][2] += "," + shop.url("checked/missing.jpg")
    rows[1][2] += "," + shop.add("checked/page.jpg", b"<!doctype html><title>No</title>")
    request_id = start_check(page, rows)
    wait_for_end(page, "4 of 6 pictures are fine, 2 cannot be used")
    expect(page.locator(".reasons")).to_contain_text("1 image: There is no picture at the address")
    expect(page.locator(".live")).not_to_contain_text("Saved")
    expect(page.locator(".live")).not_to_contain_text("Compressed")
    fine = page.locator(".results tbody tr").filter(has_text="Fine").first
    expect(fine).to_contain_text("JPEG")
    expect(fine).to_contain_text("240 × 180")
    expect(page.locator("text=Images as ZIP")).to_have_count(0)
    expect(page.locator("text=Output CSV")).to_have_count(0)
    expect(page.locator(".results a:has(img)")).to_have_count(0)
    with page.expect_download() as download:
        page.click("text=Download the report")
    report = Path(download.value.path()).read_text(encoding="utf-8")
    assert ",240,180,jpeg," in report
    answer = page.request.get(f"/r/{request_id}/images.zip")
    assert answer.status == 409
    assert "only checked" in answer.text()
    expect(page.locator("#curl")).to_contain_text("-F mode=check")
    page.goto("/")
    expect(page.locator("tbody tr").first).to_contain_text("only checked")


def test_a_check_without_failures_is_all_fine(page: Page, shop: ImageHost) -> None:
    start_check(page, fill_shop(shop, "all-fine", products=1))
    wait_for_end(page, "All 2 pictures are fine")
    expect(page.locator("text=upload the file again")).to_be_visible()


def test_options_for_pictures_are_hidden_while_none_are_made(page: Page, shop: ImageHost) -> None:
    choose(page, csv_file(fill_shop(shop, "hidden", products=1)))
    quality = page.locator("input[name=quality]")
    expect(quality).to_be_visible()
    page.get_by_label("Only check them").check()
    expect(quality).to_be_hidden()
    page.get_by_text("More options").click()
    expect(page.locator("input[name=webhook_url]")).to_be_visible()
    expect(page.locator("input[name=max_width]")).to_be_hidden()
    page.get_by_label("Compress the pictures").check()
    expect(quality).to_be_visible()
