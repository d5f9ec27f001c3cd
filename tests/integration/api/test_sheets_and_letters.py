"""Workbooks of several sheets, and files whose letters are not all UTF-8, over HTTP."""

import csv
import io

import httpx
import pytest

from app.api.contract.uploads import Accepted, Preview
from tests.integration.api.parts import accepted, ended, make_jpeg, problem, upload
from tests.parts.image_host import ImageHost
from tests.unit.catalog.workbooks import HEADER, Formula, make_workbook, sheet_xml, styles_of

HOST = "http://127.0.0.1:9"
ONE, TWO = f"{HOST}/1.jpg", f"{HOST}/2.jpg"
BOOK = make_workbook(
    {
        "Read me": sheet_xml({1: ["How to use this file"]}),
        "Spring": sheet_xml({1: HEADER, 2: [(7, 1), "Mug", Formula(f'IMAGE("{ONE}")')]}),
        "Autumn": sheet_xml({1: HEADER, 2: [8, "Cup", TWO], 3: [9, "", TWO]}),
    },
    styles=styles_of("00000"),
)
NAMES = ",".join(HEADER)


def test_the_sheet_with_products_is_read_and_told(client: httpx.Client) -> None:
    response = upload(client, BOOK)
    document = Accepted.model_validate(response.json())
    assert (response.status_code, document.detected.sheet) == (202, "Spring")
    first, second = document.warnings
    assert 'Left aside: "Read me", "Autumn"' in first
    assert "read out of the formula" in second
    ended(client, document.request_id)
    (image,) = client.get(f"/requests/{document.request_id}/images").json()["items"]
    assert image["product"] == {"serial_number": "00007", "name": "Mug"}
    assert image["input_url"] == ONE
    status = client.get(f"/status/{document.request_id}").json()
    assert status["detected"] == response.json()["detected"]


def test_a_named_sheet_is_read_everywhere(client: httpx.Client) -> None:
    found = upload(client, BOOK, dry_run="true", sheet="autumn", accept_valid_rows="true").json()
    document = Preview.model_validate(found)
    assert (document.detected.sheet, document.bad_rows) == ("Autumn", 1)
    files = {"file": ("book.xlsx", BOOK)}
    bad = client.post(
        "/upload", files=files, data={"sheet": "Autumn"}, headers={"Accept": "text/csv"}
    )
    assert bad.status_code == 422
    _, row = csv.reader(io.StringIO(bad.content.decode("utf-8-sig"), newline=""))
    assert (row[0], row[3][:5]) == ("9", "Row 3")


def test_a_sheet_that_does_not_exist_is_a_422_with_those_that_do(client: httpx.Client) -> None:
    for options in ({}, {"dry_run": "true"}):
        document = problem(upload(client, BOOK, sheet="Winter", **options), 422, "option_invalid")
        assert 'no sheet "Winter". It has: "Read me", "Spring", "Autumn"' in document["detail"]


def test_a_sheet_without_products_is_refused_with_the_others(client: httpx.Client) -> None:
    document = problem(upload(client, BOOK, sheet="Read me"), 422, "csv_invalid")
    assert 'The workbook has also "Spring", "Autumn"' in document["detail"]


def test_a_csv_has_no_sheets_and_says_so(client: httpx.Client) -> None:
    data = f"{NAMES}\r\n1,Mug,{ONE}\r\n".encode()
    document = upload(client, data, sheet="Spring").json()
    assert document["detected"]["sheet"] is None
    assert any('"sheet" is not used' in each for each in document["warnings"])


@pytest.mark.parametrize("output", ["append", "replace"])
def test_one_line_of_another_encoding_harms_no_other(
    client: httpx.Client, image_host: ImageHost, output: str
) -> None:
    good, bad = (image_host.add(f"letters-{output}-{n}.jpg", make_jpeg()) for n in (1, 2))
    text = f"{NAMES}\r\n1,Größe,{good}\r\n2,Café,{bad}\r\n".encode()
    data = text.replace("Café".encode(), b"Caf\xe9")
    response = upload(client, data, output=output)
    (warning,) = response.json()["warnings"]
    assert 'line 3 is not: it was read as Windows-1252: "Café"' in warning
    request_id = response.json()["request_id"]
    assert ended(client, request_id)["images"]["completed"] == 2
    items = client.get(f"/requests/{request_id}/images").json()["items"]
    assert [each["product"]["name"] for each in items] == ["Größe", "Café"]
    new = [each["output_url"] for each in items]
    result = client.get(f"/download-output-csv/{request_id}").content
    if output == "append":
        lines = text.decode().splitlines()
        added = ["Output Image Urls", *new]
        assert result.decode("utf-8").splitlines() == [
            f"{line},{cell}" for line, cell in zip(lines, added, strict=True)
        ]
    else:
        expected = data.replace(good.encode(), new[0].encode())
        assert result == expected.replace(bad.encode(), new[1].encode())


def test_control_characters_come_back_byte_for_byte(client: httpx.Client) -> None:
    unseen = "\x01\x0b\x0c\x1a\x1f\x7f\x85\u2028"
    line = f"1,M{unseen}ug,{ONE},n{unseen}te"
    data = f"{NAMES},Text\r\n{line}\r\n".encode() + b"\x1a" + bytes(500)
    request_id = accepted(client, data)
    ended(client, request_id)
    result = client.get(f"/download-output-csv/{request_id}").content
    assert result == f"{NAMES},Text,Output Image Urls\r\n{line},\r\n".encode()
    (image,) = client.get(f"/requests/{request_id}/images").json()["items"]
    assert image["product"]["name"] == f"M{unseen}ug"
