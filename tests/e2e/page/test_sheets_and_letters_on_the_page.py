"""What a person chooses of a file by one look: a workbook's sheet, and how letters are read."""

from playwright.sync_api import Browser, Page, expect

from tests.e2e.page.parts import choose, named_file, visit, wait_for_end
from tests.factories import make_csv, make_jpeg
from tests.integration.api.parts import Service
from tests.parts.image_host import ImageHost
from tests.unit.catalog.workbooks import HEADER, make_workbook, sheet_xml

ONE = "https://images.test/1.jpg"
NAMES = ["Чашка", "Красная тарелка", "Ваза", "Ложка"]
RUSSIAN = make_csv(
    cells=[[str(number), name, ONE] for number, name in enumerate(NAMES)], encoding="cp1251"
)


def workbook(*addresses: str) -> bytes:
    sheets = {"Read me": sheet_xml({1: ["How to use this file"], 2: ["1. Fill it in"]})}
    for number, address in enumerate(addresses, start=1):
        sheets[f"Season {number}"] = sheet_xml({1: HEADER, 2: [1, f"Mug {number}", address]})
    return make_workbook(sheets)


def test_names_stand_side_by_side_and_one_click_chooses(page: Page, shop: ImageHost) -> None:
    address = shop.add("russian.jpg", make_jpeg(80, 60))
    choose(page, named_file(RUSSIAN.replace(ONE.encode(), address.encode()), "catalogue.csv"))
    readings = page.locator("#readings")
    expect(page.locator(".warning:visible")).to_contain_text("may be Cyrillic")
    expect(readings.locator("th").first).to_have_text("Cyrillic (Windows-1251)")
    expect(readings.locator("tbody tr").first.locator("td").first).to_have_text("Чашка")
    expect(readings).to_contain_text("×àøêà")
    readings.get_by_role("button", name="Use Cyrillic (Windows-1251)").click()
    expect(page.locator(".warning:visible")).to_have_count(0)
    expect(page.locator(".example >> nth=1")).to_have_text("Чашка")
    # What was chosen can be undone where it was chosen.
    expect(readings.locator("td", has_text="Read like this")).to_have_count(1)
    expect(readings.get_by_role("button", name="Use Western European")).to_have_count(1)
    page.click("#start")
    page.wait_for_url("**/r/*")
    wait_for_end(page, "Done: all 1 image")
    expect(page.locator(".results")).to_contain_text("Чашка")


def test_a_file_that_cannot_be_guessed_is_chosen_by_its_names(page: Page) -> None:
    rows = [["1", "コーヒー", ONE], ["2", "青い茶碗", ONE]]
    choose(page, named_file(make_csv(cells=rows, encoding="shift_jis"), "japan.csv"))
    expect(page.locator(".errors")).to_contain_text("This file cannot be used as it is")
    expect(page.locator("#readings")).to_contain_text("コーヒー")
    page.get_by_role("button", name="Use Japanese (Shift JIS)").click()
    expect(page.locator("#preview-title")).to_contain_text("2 products with 1 image")


def test_a_header_in_other_letters_is_read_with_one_click(page: Page) -> None:
    rows = [["Чашка", ONE]]
    data = make_csv(cells=rows, header=["Имя", "Изображения"], encoding="cp1251")
    choose(page, named_file(data, "shop.csv"))
    page.get_by_role("button", name="Use Cyrillic (Windows-1251)").click()
    expect(page.locator("#readings td", has_text="Read like this")).to_have_count(1)
    expect(page.get_by_role("combobox", name="Изображения")).to_have_count(1)


def test_a_file_that_says_its_letters_asks_nobody(page: Page) -> None:
    choose(page, named_file(make_csv(cells=[["1", "Größe", ONE]]), "fine.csv"))
    expect(page.locator("#readings")).to_have_count(0)


def test_the_sheet_of_a_workbook_can_be_chosen(page: Page, shop: ImageHost) -> None:
    first, second = (shop.add(f"sheet-{n}.jpg", make_jpeg(80, 60)) for n in (1, 2))
    choose(page, named_file(workbook(first, second), "catalogue.xlsx"))
    expect(page.locator(".warning:visible")).to_contain_text('"Season 1", the first one')
    sheet = page.get_by_label("Sheet of the workbook")
    expect(sheet.locator("option")).to_have_text(["Read me", "Season 1", "Season 2"])
    expect(sheet.locator("option:checked")).to_have_text("Season 1")
    sheet.focus()
    sheet.select_option(label="Season 2")
    expect(page.locator(".example >> nth=1")).to_have_text("Mug 2")
    expect(sheet.locator("option:checked")).to_have_text("Season 2")
    expect(sheet).to_be_focused()
    page.click("#start")
    page.wait_for_url("**/r/*")
    wait_for_end(page, "Done: all 1 image")
    expect(page.locator(".results")).to_contain_text("Mug 2")


def test_a_sheet_without_products_lets_another_one_be_chosen(page: Page) -> None:
    choose(page, named_file(workbook(ONE, ONE), "catalogue.xlsx"))
    sheet = page.get_by_label("Sheet of the workbook")
    sheet.select_option(label="Read me")
    expect(page.locator(".errors")).to_contain_text("Missing columns")
    sheet.select_option(label="Season 1")
    expect(page.locator("#preview-title")).to_contain_text("1 product with 1 image")
    # The next file is looked at anew.
    other = make_workbook({"Other": sheet_xml({1: HEADER, 2: [1, "Cup", ONE]})})
    choose(page, named_file(other, "other.xlsx"))
    expect(page.locator("#sheet")).to_have_count(0)
    expect(page.locator(".example >> nth=1")).to_have_text("Cup")


def test_without_scripts_both_are_chosen_by_a_button(browser: Browser, service: Service) -> None:
    with visit(browser, service.base_url, java_script_enabled=False) as one:
        page = one.page
        page.goto("/")
        page.set_input_files("#file", files=named_file(RUSSIAN, "catalogue.csv"))
        page.click("text=Check the file first")
        page.set_input_files("#file", files=named_file(RUSSIAN, "catalogue.csv"))
        page.get_by_role("button", name="Use Cyrillic (Windows-1251)").click()
        expect(page.locator(".example >> nth=1")).to_have_text("Чашка")
        page.goto("/")
        book = named_file(workbook(ONE, "https://images.test/2.jpg"), "catalogue.xlsx")
        page.set_input_files("#file", files=book)
        page.click("text=Check the file first")
        page.set_input_files("#file", files=book)
        page.select_option("#sheet", label="Season 2")
        page.click("text=Read this sheet")
        expect(page.locator(".example >> nth=1")).to_have_text("Mug 2")
