"""What a file's columns are: recognised, proposed, chosen, and taken along to the start."""

from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.catalogs import HOST, SAMPLES
from tests.e2e.page.parts import choose, named_file, visit, wait_for_end
from tests.factories import make_jpeg
from tests.integration.api.parts import Service
from tests.parts.image_host import ImageHost

SHOPIFY = next(each for each in SAMPLES if each.file == "shopify.csv")
READING = "summary:has-text('How the file was read')"


def test_an_export_is_named_and_comes_back_ready_to_import(
    page: Page, shop: ImageHost, tmp_path: Path
) -> None:
    content = SHOPIFY.data.replace(HOST.encode(), shop.base_url.encode())
    choose(page, named_file(content, "products_export.csv"))
    kind = page.locator(".kind")
    expect(kind).to_contain_text("This is a Shopify export. Recognised by the columns Handle, ")
    expect(page.locator("#output-hint")).to_have_text(
        "It can then be imported into Shopify again as it is."
    )
    expect(page.locator("[name=output][value=replace]")).to_be_checked()
    request_id = _start(page, "No image")
    for url in {each["input_url"] for each in _images(page, request_id)}:
        shop.add(url.removeprefix(shop.base_url), make_jpeg(80, 60))
    page.click("text=Try the failed images again")
    wait_for_end(page, "Done: all 4 images")
    expect(page.locator(".about")).to_contain_text("Shopify export")
    expect(page.locator("#curl")).to_contain_text("-F output=replace")
    button = page.locator("#download-output")
    expect(button).to_have_text("Download your file with new addresses")
    with page.expect_download() as download:
        button.click()
    expected = content
    for image in _images(page, request_id):
        expected = expected.replace(image["input_url"].encode(), image["output_url"].encode())
    assert Path(download.value.path()).read_bytes() == expected


def test_a_list_is_chosen_to_get_one_more_column_until_somebody_says_otherwise(
    page: Page,
) -> None:
    choose(page, named_file(SHOPIFY.data, "export.csv"))
    page.set_input_files("#file", files=_listed("https://images.test/1.jpg"))
    expect(page.locator("[name=output][value=append]")).to_be_checked()
    expect(page.locator("#output-hint")).to_be_hidden()
    page.check("[name=output][value=replace]")
    page.set_input_files("#file", files=_listed("https://images.test/2.jpg"))
    expect(page.locator(".looking")).to_have_count(0)
    expect(page.locator("[name=output][value=replace]")).to_be_checked()


def test_an_unknown_file_is_used_as_proposed_by_one_button(page: Page, shop: ImageHost) -> None:
    choose(page, _unknown(shop.add("unknown.jpg", make_jpeg(80, 60))))
    expect(page.locator("#preview-title")).to_have_text("Which columns hold the pictures?")
    expect(page.locator(".errors")).to_have_count(0)
    expect(page.locator("#start")).to_be_hidden()
    chosen = {name: page.get_by_role("combobox", name=name) for name in ("Code", "Label", "Foto")}
    expect(chosen["Code"]).to_have_value("serial_number Code")
    expect(chosen["Label"]).to_have_value("product_name Label")
    expect(chosen["Foto"]).to_have_value("images Foto")
    page.get_by_role("button", name="Use these columns").click()
    expect(page.locator("#preview-title")).to_contain_text("1 product with 1 image")
    _start(page, "Done: all 1 image")
    expect(page.locator(".results")).to_contain_text("Mug")
    expect(page.locator(".about")).to_contain_text("Columns chosen by hand")
    curl = page.locator("#curl")
    expect(curl).to_contain_text('"product_name": "Label", "serial_number": "Code"')
    expect(curl).to_contain_text('"images": ["Foto"]')


def test_columns_are_chosen_by_keyboard_and_the_focus_stays(page: Page) -> None:
    rows = "Handle,Title,Image Src,Vendor\r\na,Mug,https://images.test/1.jpg,Anna\r\n"
    choose(page, named_file(rows.encode(), "export.csv"))
    page.focus(READING)
    page.keyboard.press("Enter")
    vendor = page.get_by_role("combobox", name="Vendor")
    vendor.focus()
    page.keyboard.press("ArrowDown")
    expect(vendor).to_have_value("product_name Vendor")
    # Passing by changes nothing yet.
    expect(page.locator(".kind")).to_contain_text("Shopify")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".kind")).to_contain_text("Read by the columns that you chose.")
    image = page.get_by_role("combobox", name="Image Src")
    expect(image).to_be_focused()
    expect(page.get_by_role("combobox", name="Title")).to_have_value("")
    expect(vendor).to_have_value("product_name Vendor")
    expect(page.locator("#announcements")).to_have_text("1 product with 1 image can be processed")
    page.get_by_role("button", name="Back to automatic detection").press("Enter")
    expect(page.locator(".kind")).to_contain_text("This is a Shopify export.")
    expect(vendor).to_have_value("")


def test_a_file_without_a_column_of_images_is_not_looked_at(page: Page) -> None:
    choose(page, _listed("https://images.test/1.jpg"))
    page.click(READING)
    page.get_by_role("combobox", name="Input Image Urls").select_option("")
    hint = page.locator("#columns-hint")
    expect(hint).to_have_text("Choose at least one column that holds image addresses.")
    page.get_by_role("combobox", name="Input Image Urls").select_option(label="Image addresses")
    expect(page.locator(".kind")).to_contain_text("Read by the columns that you chose.")
    expect(hint).to_be_hidden()


def test_without_javascript_columns_are_chosen_and_taken_to_the_start(
    browser: Browser, service: Service, shop: ImageHost
) -> None:
    file = _unknown(shop.add("plain-unknown.jpg", make_jpeg(80, 60)))
    with visit(browser, service.base_url, java_script_enabled=False) as one:
        page = one.page
        page.goto("/")
        page.set_input_files("#file", files=file)
        page.click("text=Check the file first")
        page.get_by_role("combobox", name="Code").select_option("")
        page.set_input_files("#file", files=file)
        page.get_by_role("button", name="Use these columns").click()
        expect(page.locator("#preview-title")).to_contain_text("1 product with 1 image")
        expect(page.get_by_role("combobox", name="Label")).to_have_value("product_name Label")
        page.set_input_files("#file", files=file)
        page.get_by_role("combobox", name="Label").select_option(label="Image addresses")
        page.get_by_role("combobox", name="Foto").select_option("")
        page.get_by_role("button", name="Use these columns").click()
        expect(page.locator(".errors")).to_contain_text("This file cannot be used as it is")
        page.set_input_files("#file", files=file)
        page.get_by_role("button", name="Back to automatic detection").click()
        page.set_input_files("#file", files=file)
        page.get_by_role("button", name="Use these columns").click()
        page.set_input_files("#file", files=file)
        page.click("#start")
        page.wait_for_url("**/r/*")
        expect(page.locator(".headline")).to_have_text("Done: all 1 image", timeout=20_000)
        assert one.foreign == []


def test_an_unread_column_is_added_by_one_click(page: Page, shop: ImageHost) -> None:
    choose(page, _with_extra(shop))
    expect(page.locator("#preview-title")).to_contain_text("1 product with 2 images")
    expect(page.locator(".warning", has_text="is not read")).to_contain_text('"Extra"')
    page.get_by_role("button", name="Also read “Extra”").click()
    expect(page.locator("#preview-title")).to_contain_text("1 product with 3 images")
    expect(page.locator("#unread")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Image 2")).to_have_value("images Image 2")
    expect(page.get_by_role("combobox", name="Extra")).to_have_value("images Extra")
    _start(page, "Done: all 3 images")
    expect(page.locator("#curl")).to_contain_text('"images": ["Image", "Image 2", "Extra"]')


def test_an_unread_column_is_added_without_javascript(
    browser: Browser, service: Service, shop: ImageHost
) -> None:
    file = _with_extra(shop)
    with visit(browser, service.base_url, java_script_enabled=False) as one:
        page = one.page
        page.goto("/")
        page.set_input_files("#file", files=file)
        page.click("text=Check the file first")
        page.set_input_files("#file", files=file)
        page.get_by_role("button", name="Also read “Extra”").click()
        expect(page.locator("#preview-title")).to_contain_text("1 product with 3 images")
        page.set_input_files("#file", files=file)
        page.click("#start")
        page.wait_for_url("**/r/*")
        expect(page.locator(".headline")).to_have_text("Done: all 3 images", timeout=20_000)


def test_two_names_chosen_without_javascript_are_both_told(service: Service) -> None:
    answer = service.client.post(
        "/preview",
        headers={"Origin": service.base_url},
        files={"file": ("a.csv", b"A,B,C\r\nx,y,https://images.test/1.jpg\r\n")},
        data={"mapped": "yes", "take": ["product_name A", "product_name B", "images C"]},
    )
    assert answer.status_code == 422
    assert "“A” and “B” are both chosen as product name" in answer.text


def test_relative_paths_get_their_beginning_and_start(page: Page, shop: ImageHost) -> None:
    shop.add("media/w/b/bag.jpg", make_jpeg(80, 60))
    rows = "sku,name,product_type,base_image,small_image\r\nb1,Bag,simple,/w/b/bag.jpg,\r\n"
    choose(page, named_file(rows.encode(), "magento.csv"))
    expect(page.locator("#preview-title")).to_have_text("Where are the pictures?")
    expect(page.locator(".errors")).to_have_count(0)
    expect(page.locator(".preview")).to_contain_text("put here what comes before /w/b/bag.jpg")
    field = page.get_by_label("Beginning of the pictures’ addresses")
    expect(field).to_have_attribute("placeholder", "https://YOUR-SHOP/media/catalog/product")
    field.fill("my shop")
    field.press("Enter")
    expect(page.locator("#problem")).to_contain_text("base_url is 'my shop'")
    field.fill(shop.url("media"))
    field.press("Enter")
    expect(page.locator("#preview-title")).to_contain_text("1 product with 1 image")
    expect(field).to_have_value(shop.url("media"))
    _start(page, "Done: all 1 image")
    expect(page.locator("#curl")).to_contain_text(f"-F base_url={shop.url('media')}")


def test_paths_beside_addresses_ask_for_the_rest_only(page: Page) -> None:
    rows = [
        "sku,name,product_type,base_image,small_image",
        "b1,Bag,simple,/w/b/bag.jpg,",
        "b2,Cap,simple,https://images.test/cap.jpg,",
        "b3,Hat,simple,blue,",
    ]
    choose(page, named_file("\r\n".join(rows).encode(), "magento.csv"))
    expect(page.locator("#preview-title")).to_have_text("2 rows cannot be used as they are")
    expect(page.locator(".preview")).to_contain_text("Where are the other pictures?")
    group = page.locator(".group")
    expect(group).to_have_count(1)
    expect(group).not_to_contain_text("bag.jpg")
    expect(group).to_contain_text("blue")


def test_two_platforms_equally_likely_leave_the_choice_to_the_owner(page: Page) -> None:
    header = "Handle,Title,Image Src,Variant SKU,SKU,Name,Published,Images"
    row = "a,Mug,https://images.test/1.jpg,s,s,Mug,1,https://images.test/2.jpg"
    choose(page, named_file(f"{header}\r\n{row}\r\n".encode(), "both.csv"))
    expect(page.locator(".preview")).to_contain_text(
        "The file may be a Shopify export or a WooCommerce export"
    )
    page.get_by_role("combobox", name="Image Src").select_option("")
    page.get_by_role("button", name="Use these columns").click()
    expect(page.locator("#preview-title")).to_contain_text("1 product with 1 image")


def test_an_export_without_pictures_offers_its_other_columns(page: Page) -> None:
    rows = "Handle,Title,Image Src,Extra\r\na,Mug,,https://images.test/1.jpg\r\n"
    choose(page, named_file(rows.encode(), "export.csv"))
    expect(page.locator("#preview-title")).to_have_text("No image address was found")
    expect(page.locator(".preview")).to_contain_text("This is a Shopify export")
    page.get_by_role("combobox", name="Extra").select_option(label="Image addresses")
    page.get_by_role("button", name="Use these columns").click()
    expect(page.locator("#preview-title")).to_contain_text("1 product with 1 image")


def _start(page: Page, headline: str) -> str:
    page.click("#start")
    page.wait_for_url("**/r/*")
    wait_for_end(page, headline)
    return page.url.rsplit("/", 1)[1]


def _images(page: Page, request_id: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = page.request.get(f"/requests/{request_id}/images").json()["items"]
    return found


def _unknown(url: str) -> FilePayload:
    return named_file(f"Code;Label;Foto;Note\r\n7;Mug;{url};blue\r\n".encode(), "list.csv")


def _with_extra(shop: ImageHost) -> FilePayload:
    urls = [shop.add(f"extra-{number}.jpg", make_jpeg(80, 60)) for number in range(3)]
    header = "S. No.,Product Name,Image,Image 2,Extra"
    return named_file(f"{header}\r\n1,Mug,{','.join(urls)}\r\n".encode(), "list.csv")


def _listed(url: str) -> FilePayload:
    rows = f"S. No.,Product Name,Input Image Urls\r\n1,Mug,{url}\r\n"
    return named_file(rows.encode(), "list.csv")
