"""Getting a CSV in: choose, drop, paste; the preview; the start."""

import csv
import io
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.page.parts import choose, csv_file, fill_shop, named_file, start, wait_for_end
from tests.factories import make_csv
from tests.integration.api.parts import Service, accepted
from tests.parts.image_host import ImageHost

DROP = """(file) => {
  const carrier = new DataTransfer();
  carrier.items.add(new File([file.text], file.name, { type: "text/csv" }));
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { dataTransfer: carrier, bubbles: true, cancelable: true });
    document.querySelector("footer").dispatchEvent(event);
  }
}"""
PASTE = """(text) => {
  const carrier = new DataTransfer();
  carrier.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: carrier, bubbles: true });
  document.body.dispatchEvent(event);
}"""


def test_a_chosen_file_is_processed_and_comes_back_with_addresses(
    page: Page, shop: ImageHost, tmp_path: Path
) -> None:
    rows = fill_shop(shop, "chosen")
    start(page, csv_file(rows, "spring.csv"))
    wait_for_end(page, "Done: all 6 images")
    expect(page).to_have_title("spring.csv · Done: all 6 images · Image Processing Service")
    with page.expect_download() as download:
        page.click("#download-output")
    assert download.value.suggested_filename == "spring-output.csv"
    download.value.save_as(tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text(encoding="utf-8")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [line["Input Image Urls"] for line in lines] == [row[2] for row in rows]
    for line in lines:
        addresses = line["Output Image Urls"].split(",")
        assert len(addresses) == 2
        for address in addresses:
            assert page.request.get(address).headers["content-type"] == "image/jpeg"


def test_a_file_may_be_dropped_anywhere_on_the_page(page: Page, shop: ImageHost) -> None:
    text = make_csv(cells=fill_shop(shop, "dropped")).decode()
    page.goto("/")
    page.evaluate(DROP, {"text": text, "name": "dropped.csv"})
    page.wait_for_selector("text=3 products with 6 images can be processed")
    expect(page.locator("#drop-words")).to_have_text("dropped.csv")
    page.click("#start")
    page.wait_for_url("**/r/*")
    expect(page.locator("h1")).to_have_text("dropped.csv")


def test_cells_copied_from_a_sheet_may_be_pasted(page: Page) -> None:
    page.goto("/")
    page.evaluate(PASTE, "No\tProduct Name\tImage URLs\n1\tMug\thttps://images.test/mug.jpg\n")
    page.wait_for_selector("text=1 product with 1 image can be processed")
    page.click("summary:has-text('How the file was read')")
    facts = page.locator(".preview details .facts")
    expect(facts).to_contain_text("Tab")


def test_the_preview_tells_what_each_column_is_taken_for(page: Page, shop: ImageHost) -> None:
    rows = fill_shop(shop, "columns")
    choose(page, csv_file([*rows, [*rows[0][:2], rows[0][2]]]))
    expect(page.locator(".preview .facts").first).to_contain_text("Repeated addresses")
    page.click("summary:has-text('How the file was read')")
    table = page.get_by_role("region", name="Columns of the file")
    name = table.get_by_role("row", name="Product Name")
    expect(name).to_contain_text("Stoneware mug")
    expect(name.locator("select")).to_have_value("product_name Product Name")
    images = table.get_by_role("combobox", name="Input Image Urls")
    expect(images).to_have_value("images Input Image Urls")
    expect(page.locator(".kind")).to_contain_text("This is a list of products.")


def test_bad_rows_are_explained_and_the_good_ones_can_start(
    page: Page, shop: ImageHost, tmp_path: Path
) -> None:
    good = fill_shop(shop, "good", products=2)
    bad = [["3", "", good[0][2]], ["4", "Bowl", "ftp://shop.test/bowl.jpg"], ["5", "Cup", ""]]
    choose(page, csv_file([*good, *bad], "mixed.csv"))
    summary = page.locator(".errors")
    expect(summary).to_contain_text("3 rows of 5 cannot be used")
    expect(page.locator("#start")).to_be_disabled()
    expect(page.locator("#start-hint")).to_be_visible()
    summary.get_by_role("link", name="An address cannot be used").click()
    group = page.locator(".group:target")
    expect(group.get_by_role("row", name="5")).to_contain_text("ftp://shop.test/bowl.jpg")

    with page.expect_download() as download:
        page.click("text=download the bad rows as CSV")
    download.value.save_as(tmp_path / "bad.csv")
    text = (tmp_path / "bad.csv").read_text(encoding="utf-8")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [line["S. No."] for line in lines] == ["3", "4", "5"]
    assert all(line["error"] for line in lines)

    page.check("#accept-valid-rows")
    page.click("#start")
    page.wait_for_url("**/r/*")
    wait_for_end(page, "Done: all 4 images")


def test_what_is_no_csv_is_refused_with_a_way_out(page: Page) -> None:
    choose(page, named_file(b"PK\x03\x04\x14\x00 xl/workbook.xml", "products.xlsx"))
    expect(page.locator(".errors")).to_contain_text("Excel workbook")
    expect(page.locator("#start")).to_be_hidden()
    choose(page, named_file(b"a,b\n1,2\n", "wrong.csv"))
    expect(page.locator(".errors")).to_contain_text("Missing columns")


def test_another_encoding_can_be_chosen(page: Page) -> None:
    rows = [["1", "Křeslo žluté", "https://images.test/1.jpg"]]
    choose(page, named_file(make_csv(cells=rows, encoding="cp1250"), "czech.csv"))
    warning = page.locator(".warning:visible")
    expect(warning).to_contain_text("cp1252")
    page.click("summary:has-text('How the file was read')")
    page.focus("#encoding")
    page.select_option("#encoding", "cp1250")
    expect(warning).to_have_count(0)
    expect(page.locator("#encoding")).to_be_focused()
    expect(page.locator(".example >> nth=1")).to_have_text("Křeslo žluté")
    expect(page.locator("#encoding")).to_have_value("cp1250")


def test_options_reach_the_request(page: Page, shop: ImageHost) -> None:
    choose(page, csv_file(fill_shop(shop, "options", products=1)))
    page.fill("[name=quality]", "70")
    page.select_option("[name=format]", "webp")
    page.uncheck("[name=keep_originals]")
    page.click("summary:has-text('More options')")
    page.fill("[name=max_width]", "100")
    page.check("[name=fresh]")
    page.click("#start")
    page.wait_for_url("**/r/*")
    wait_for_end(page, "Done")
    expect(page.locator(".results tbody tr").first).to_contain_text("100 × 75")
    about = page.locator(".about")
    for fact in ("WEBP", "70", "not kept", "not reused", "List of products", "extra column"):
        expect(about).to_contain_text(fact)
    expect(page.locator("#curl")).to_contain_text("-F fresh=true")


def test_an_address_that_cannot_be_told_is_refused_before_the_start(
    page: Page, shop: ImageHost
) -> None:
    choose(page, csv_file(fill_shop(shop, "webhook", products=1)))
    page.click("summary:has-text('More options')")
    page.fill("[name=webhook_url]", "http://10.0.0.1/hook")
    page.click("#start")
    expect(page.locator("#problem .errors")).to_contain_text("webhook_url")
    expect(page.locator(".preview")).to_be_visible()


def test_a_file_above_the_limit_is_not_even_sent(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.getElementById('upload').dataset.maxBytes = 20")
    page.set_input_files("#file", files=csv_file([["1", "Mug", "https://images.test/1.jpg"]]))
    expect(page.locator("#problem")).to_contain_text("at most 20 bytes are accepted")


def test_the_sample_works_without_a_file_and_without_the_internet(page: Page) -> None:
    page.goto("/")
    page.click("text=Try it with sample data")
    page.wait_for_url("**/r/*")
    wait_for_end(page, "Done: all 7 images")
    expect(page.locator(".results")).to_contain_text("Stoneware mug")


def test_the_page_of_older_requests_has_no_form_and_misses_none(
    page: Page, service: Service
) -> None:
    for _ in range(2):
        accepted(service.client, make_csv(rows=1))
    cursor = service.client.get("/requests", params={"limit": 1}).json()["next_cursor"]
    page.goto(f"/?cursor={cursor}")
    expect(page.get_by_role("heading", name="Older files")).to_be_visible()
    expect(page.locator("#upload")).to_have_count(0)
