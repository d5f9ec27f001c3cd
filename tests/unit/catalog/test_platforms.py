"""Which shop's export a file is, and what its columns and rows mean."""

import io
import json

import pytest

from app.catalog.cells.separator import Separator
from app.catalog.header.detected import Detected
from app.catalog.layouts.mapping import parse_mapping
from app.catalog.layouts.platforms import matches, platform_name, platforms
from app.catalog.reader import Findings, InputRow, detect, read_rows, validate
from app.catalog.workbook.sheet_csv import write_sheet
from app.domain.errors import CsvInvalid
from tests.catalogs import HOST, MEDIA, SAMPLES, Sample
from tests.unit.catalog.csv_files import make_csv, refusal_of, rows_of
from tests.unit.catalog.workbooks import make_sheet

BY_FILE = pytest.mark.parametrize("sample", SAMPLES, ids=[each.file for each in SAMPLES])


def findings_of(data: bytes, base_url: str | None = None) -> Findings:
    return validate(io.BytesIO(data), max_rows=1_000_000, base_url=base_url)


def rows_with_images(data: bytes, base_url: str | None = None) -> list[InputRow]:
    stream = io.BytesIO(data)
    rows = list(read_rows(stream, detect(stream, base_url=base_url)))
    assert [row.errors for row in rows if row.errors] == []
    return [row for row in rows if row.urls]


def exported(header: str, *rows: str) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


def test_every_platform_of_the_data_file_is_whole() -> None:
    ids = [each.id for each in platforms()]
    assert len(ids) == len(set(ids))
    assert {each.platform for each in SAMPLES} == set(ids)
    for each in platforms():
        assert each.required
        assert each.images
        assert each.product_name.plain or each.product_name.patterns
        assert each.min_strong <= len(each.strong.plain) + len(each.strong.patterns)
        assert platform_name(each.id) == each.name
        # What a platform requires never rules it out.
        asked = (name for names in (each.strong, *each.required) for name in names.plain)
        assert set(each.negative.plain).isdisjoint(asked)
        # Labels are told from products by being none, which only a count of products can do.
        assert each.key.plain or each.key.patterns or not each.labels_below


@BY_FILE
def test_a_sample_export_is_recognised_and_counted(sample: Sample) -> None:
    findings = findings_of(sample.data, sample.base_url)
    public = findings.detected.public()
    assert public["platform"] == sample.platform
    assert tuple(public["columns"]["images"]) == sample.columns
    assert set(public["because"]) <= set(findings.detected.header)
    assert len(public["because"]) > 1
    counts = (findings.products, findings.places, findings.images, findings.bad_rows)
    assert counts == (sample.products, sample.places, sample.images, 0)


@BY_FILE
def test_a_sample_export_has_the_names_of_its_products(sample: Sample) -> None:
    rows = rows_with_images(sample.data, sample.base_url)
    assert tuple(row.product_name for row in rows) == sample.names


@BY_FILE
def test_what_was_recognised_survives_the_database(sample: Sample) -> None:
    detected = detect(io.BytesIO(sample.data), base_url=sample.base_url)
    stored = json.loads(json.dumps(detected.to_json() | {"public": detected.public()}))
    assert Detected.from_json(stored) == detected


@BY_FILE
def test_no_sample_is_like_another_platform(sample: Sample) -> None:
    header = detect(io.BytesIO(sample.data)).header
    assert [each.platform.id for each in matches(header)] == [sample.platform]


def test_positions_run_on_over_the_columns_in_their_order() -> None:
    rows = rows_with_images(SAMPLES[0].data)
    assert rows[0].urls == (f"{HOST}/linen-white.jpg?v=1",) * 2
    magento = next(each for each in SAMPLES if each.platform == "magento")
    assert rows_with_images(magento.data, MEDIA)[0].urls == (
        *[f"{MEDIA}/w/b/wb01-s.jpg"] * 4,
        f"{MEDIA}/w/b/wb01-in.jpg",
    )


def test_an_escaped_comma_belongs_to_the_address() -> None:
    woocommerce = next(each for each in SAMPLES if each.file == "woocommerce.csv")
    assert rows_with_images(woocommerce.data)[0].urls == (
        f"{HOST}/w_800,h_600/hoodie.jpg",
        f"{HOST}/hoodie-back.jpg",
    )


def test_names_of_the_amazon_file_stand_on_line_three() -> None:
    amazon = next(each for each in SAMPLES if each.platform == "amazon")
    findings = findings_of(amazon.data)
    assert findings.detected.header_row == 3
    assert any("header was found in line 3" in warning for warning in findings.warnings)


def test_headers_count_without_case_and_punctuation() -> None:
    data = exported("HANDLE,title,body html,IMAGE_SRC", f"a,Mug,x,{HOST}/1.jpg")
    assert findings_of(data).detected.platform == "shopify"


def test_a_plain_list_with_a_shops_columns_beside_stays_a_plain_list() -> None:
    data = make_csv(
        [["1", "Mug", f"{HOST}/1.jpg", "mug", "x"]],
        header=["S. No.", "Product Name", "Input Image Urls", "Handle", "Image Src"],
    )
    assert findings_of(data).detected.platform is None
    assert rows_of(data)[0].urls == (f"{HOST}/1.jpg",)


def test_an_export_with_a_column_of_numbers_stays_an_export() -> None:
    header = "No,SKU,Name,Published,Regular price,Images"
    data = exported(header, f'1,m,Mug,1,9,"{HOST}/a\\,b.jpg, {HOST}/2.jpg"')
    assert findings_of(data).detected.platform == "woocommerce"
    assert rows_with_images(data)[0].urls == (f"{HOST}/a,b.jpg", f"{HOST}/2.jpg")


def test_a_header_of_two_platforms_is_refused_with_both() -> None:
    header = "Handle,Title,Image Src,Variant SKU,SKU,Name,Published,Images"
    refusal = refusal_of(exported(header, f"a,Mug,{HOST}/1.jpg,s,s,Mug,1,{HOST}/2.jpg"))
    assert refusal.errors[0].code == "ambiguous_platform"
    assert "Shopify" in refusal.detail
    assert "WooCommerce" in refusal.detail
    assert refusal.detected is not None
    assert refusal.detected["candidates"] == ["shopify", "woocommerce"]
    mapping = parse_mapping(refusal.detail.partition("columns=")[2])
    assert mapping.images == ("Image Src", "Images")
    assert mapping.product_name == "Title"


def test_rows_of_a_product_need_not_follow_one_another() -> None:
    header = "Handle,Title,Image Src"
    rows = [f"a,Mug,{HOST}/1.jpg", f"b,Cup,{HOST}/2.jpg", f"a,,{HOST}/3.jpg", f",,{HOST}/4.jpg"]
    findings = findings_of(exported(header, *rows))
    assert findings.products == 2
    names = [row.product_name for row in rows_with_images(exported(header, *rows))]
    assert names == ["Mug", "Cup", "Mug", "Mug"]


def test_a_variation_whose_product_is_not_in_the_file_is_a_product() -> None:
    header = "ID,SKU,Name,Published,Parent,Images"
    rows = [
        f"1,a,Shirt,1,,{HOST}/1.jpg",
        f"2,a-s,Shirt S,1,a,{HOST}/2.jpg",
        f"3,a-m,Shirt M,1,ID: 1,{HOST}/3.jpg",
        f"4,b-s,,1,b,{HOST}/4.jpg",
        f"5,b-m,,1,b,{HOST}/5.jpg",
        f"6,c-m,,1,id:99,{HOST}/6.jpg",
    ]
    data = exported(header, *rows)
    assert findings_of(data).products == 3
    assert [row.product_name for row in rows_with_images(data)][3:] == ["b", "b", ""]


def test_rows_without_a_key_that_are_no_continuation_are_products() -> None:
    header = "ID,SKU,Name,Published,Regular price,Images"
    data = exported(header, f",,Mug,1,9,{HOST}/1.jpg", f",,Cup,1,9,{HOST}/2.jpg")
    assert findings_of(data).products == 2


def test_memory_for_names_ends_and_the_key_takes_their_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.catalog.rows.products._NAMES_REMEMBERED", 2)
    rows = [f"h{n},Name {n},{HOST}/{n}.jpg" for n in range(4)]
    data = exported("Handle,Title,Image Src", *rows, f"h0,,{HOST}/x.jpg", f"h3,,{HOST}/y.jpg")
    assert [row.product_name for row in rows_with_images(data)][4:] == ["h0", "Name 3"]


def test_an_export_without_any_image_is_refused() -> None:
    refusal = refusal_of(exported("Handle,Title,Image Src", "a,Mug,", "b,Cup,"))
    assert refusal.errors[0].code == "no_images"
    assert "Shopify" in refusal.detail
    assert '"Image Src"' in refusal.detail


def test_an_export_with_addresses_but_no_image_is_refused_and_the_others_are_not_proposed() -> None:
    header = (
        "id;parent_id;product_number;active;stock;name;tax_id;cover_media_id;cover_media_url;"
        "manufacturer_link"
    )
    rows = (f"{n};;SW-{n};1;31;Shirt {n};7f;e{n};;{HOST}/maker.html" for n in (1, 2))
    refusal = refusal_of(exported(header, *rows))
    assert refusal.errors[0].code == "no_images"
    assert "Shopware 6" in refusal.detail
    assert '"cover_media_url" is empty' in refusal.detail
    assert "manufacturer_link" not in refusal.detail


def test_a_bad_address_of_an_export_is_named_with_row_and_column() -> None:
    data = exported("Handle,Title,Image Src,Variant Image", f"a,Mug,{HOST}/1.jpg,ftp://x/1.jpg")
    error = refusal_of(data).errors[0]
    assert (error.row, error.column, error.code) == (2, "Variant Image", "invalid_url")


def test_good_rows_of_an_export_begin_where_that_is_wanted() -> None:
    data = exported("Handle,Title,Image Src", f"a,Mug,{HOST}/1.jpg", "b,Cup,blue", "c,Jug,")
    findings = validate(io.BytesIO(data), max_rows=10, accept_valid_rows=True)
    assert (findings.products, findings.places, findings.bad_rows) == (2, 1, 1)
    with pytest.raises(CsvInvalid):
        validate(
            io.BytesIO(exported("Handle,Title,Image Src", "b,Cup,blue", "c,Jug,")),
            max_rows=10,
            accept_valid_rows=True,
        )


def test_a_row_of_an_export_that_is_too_wide_is_refused() -> None:
    data = exported("Handle,Title,Image Src", f"a,Mug,{HOST}/1.jpg,{HOST}/2.jpg")
    assert refusal_of(data).errors[0].code == "unclear_columns"
    assert findings_of(exported("Handle,Title,Image Src", f"a,Mug,{HOST}/1.jpg,,")).places == 1


def test_more_rows_than_allowed_are_refused_also_without_images() -> None:
    data = exported("Handle,Title,Image Src", f"a,Mug,{HOST}/1.jpg", "a,,", "a,,")
    assert refusal_of(data, max_rows=2).errors[0].code == "too_many_rows"


def test_the_legacy_export_takes_addresses_before_names_of_files() -> None:
    header = "Item Type,Product Name,Product Image File - 1,Product Image URL - 1"
    data = exported(header, f"Product,Mug,a/1/mug.jpg,{HOST}/mug.jpg")
    assert rows_with_images(data)[0].urls == (f"{HOST}/mug.jpg",)


def test_an_export_in_a_workbook_is_recognised() -> None:
    content = make_sheet(
        ["a", "Mug", "line 1\nline 2", f"{HOST}/1.jpg"],
        ["a", "", "", f"{HOST}/2.jpg"],
        header=["Handle", "Title", "Body (HTML)", "Image Src"],
    )
    target = io.BytesIO()
    sheet = write_sheet(io.BytesIO(content), target)
    findings = validate(target, max_rows=10, sheet=sheet)
    assert (findings.detected.platform, findings.products, findings.places) == ("shopify", 1, 2)
    assert next(read_rows(target, findings.detected)).cells[2] == "line 1\nline 2"


def test_labels_of_a_template_without_keys_are_no_products() -> None:
    header = "ps_category,ps_product_name,ps_item_cover_image,ps_item_image_1"
    labels = ["Category,Name,Cover,Image 1", "Optional,Mandatory,Mandatory,Optional"]
    findings = findings_of(exported(header, *labels, f"1,Mug,{HOST}/1.jpg,", "1,Cup,,"))
    assert findings.products == 2
    assert "rows 2 to 3 below the header are taken for labels" in findings.warnings[0]


def test_separators_of_the_samples_are_those_of_their_platforms() -> None:
    found = {
        column.separator
        for sample in SAMPLES
        for column in detect(io.BytesIO(sample.data)).layout.images
    }
    assert found == set(Separator) - {Separator.ANY, Separator.SCHEME}
