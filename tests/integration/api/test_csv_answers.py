"""What comes back about a CSV: the counts, the bad rows as a CSV, the rows that were left out."""

import csv
import io

import httpx
import pytest

from app.api.contract.uploads import Accepted, Preview
from tests.integration.api.parts import Service, ended, make_csv, make_jpeg, problem, upload
from tests.parts.image_host import ImageHost
from tests.unit.catalog.workbooks import HEADER, make_sheet

HOST = "http://127.0.0.1:9"
ONE, TWO = f"{HOST}/1.jpg", f"{HOST}/2.jpg"
AS_CSV = {"Accept": "text/csv"}


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def send(
    client: httpx.Client, data: bytes, *, accept: str = "text/csv", **options: str
) -> httpx.Response:
    files = {"file": ("my products.csv", data)}
    return client.post("/upload", files=files, data=options, headers={"Accept": accept})


def test_a_dry_run_counts_products_images_duplicates_and_hosts(client: httpx.Client) -> None:
    other = "http://b.example:8080/3.jpg"
    rows = ("Shirt", f"{ONE},{TWO},{other}"), ("Mug", ONE)
    found = upload(client, make_csv(*rows), dry_run="true").json()
    Preview.model_validate(found)
    counts = ("products", "images", "places", "duplicates", "hosts", "bad_rows")
    assert [found[name] for name in counts] == [2, 3, 4, 1, 2, 0]
    assert found["top_hosts"] == [
        {"host": "127.0.0.1:9", "places": 3},
        {"host": "b.example:8080", "places": 1},
    ]


def test_all_bad_rows_come_as_a_csv_that_can_be_corrected_and_uploaded(
    client: httpx.Client,
) -> None:
    rows = [("Mug", ONE) if number % 2 else ("", ONE) for number in range(500)]
    data = make_csv(*rows)
    refused = problem(upload(client, data), 422, "csv_invalid")
    assert (len(refused["errors"]), refused["error_count"]) == (100, 250)
    response = send(client, data)
    assert response.status_code == 422
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    disposition = response.headers["content-disposition"]
    assert disposition == 'attachment; filename="my products-errors.csv"'
    header, *bad = table(response.content)
    assert header == [*HEADER, "error"]
    assert len(bad) == 250
    assert bad[1][:3] == ["3", "", ONE]
    assert bad[1][3].startswith("Line 4: Product Name is empty")
    for row in bad:
        row[1] = "Cup"
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *bad])
    again = upload(client, text.getvalue().encode(), dry_run="true")
    assert again.status_code == 200, again.text
    assert again.json()["products"] == 250


def test_bad_rows_keep_the_dialect_of_the_file(client: httpx.Client) -> None:
    data = f"S. No.;Product Name;Images;Price\r\n1;Café;ftp://x/1.jpg;3,50\r\n2;Mug;{ONE};4\r\n"
    response = send(client, data.encode("cp1252"))
    assert response.content.startswith(b"\xef\xbb\xbf")
    lines = response.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "S. No.;Product Name;Images;Price;error"
    assert lines[1].startswith("1;Café;ftp://x/1.jpg;3,50;")
    assert len(lines) == 2


def test_bad_rows_of_a_workbook_are_named_by_the_row_of_the_sheet(client: httpx.Client) -> None:
    response = send(client, make_sheet([1, "Mug\nblue", ONE], [2, "", TWO]))
    (row,) = table(response.content)[1:]
    assert row[:3] == ["2", "", TWO]
    assert row[3].startswith("Row 3: ")


def test_bad_rows_of_a_dry_run_come_as_a_csv_too(client: httpx.Client) -> None:
    response = send(client, make_csv(("", ONE)), dry_run="true")
    assert response.status_code == 422
    assert len(table(response.content)) == 2


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "text/html, */*",
        "text/csv;q=0.5, application/json",
        "text/csv;q=0",
    ],
)
def test_who_does_not_ask_for_a_csv_first_gets_the_problem(
    client: httpx.Client, accept: str
) -> None:
    problem(send(client, make_csv(("", ONE)), accept=accept), 422, "csv_invalid")


@pytest.mark.parametrize(
    "data",
    [b"", b"S. No.,Product Name,Price\r\n1,Mug,3\r\n", make_csv()],
    ids=["empty", "no column", "no rows"],
)
def test_what_no_single_row_is_to_blame_for_stays_a_problem(
    client: httpx.Client, data: bytes
) -> None:
    problem(send(client, data), 422, "csv_invalid")


def test_a_file_without_errors_is_accepted_whatever_is_asked_for(client: httpx.Client) -> None:
    response = send(client, make_csv(("Mug", ONE)))
    assert response.status_code == 202
    assert response.headers["content-type"] == "application/json"


def test_rows_left_out_are_named_at_once_and_have_empty_places_in_the_output(
    client: httpx.Client, image_host: ImageHost
) -> None:
    good = image_host.add("good.jpg", make_jpeg())
    bad = [("", f"{good},{good}"), ("Cup", f"{good},http://,{good}"), ("Jug", "")]
    response = upload(client, make_csv(("Mug", good), *bad), accept_valid_rows="true")
    assert response.status_code == 202
    found = response.json()
    assert (found["products"], found["bad_rows"], found["places"]) == (1, 3, 1)
    (warning,) = found["warnings"]
    assert warning.startswith("3 rows with errors are left out: rows 3, 4, 5.")
    status = ended(client, found["request_id"])
    assert status["warnings"] == [warning]
    output = client.get(f"/download-output-csv/{found['request_id']}").content
    _, mug, *others = table(output)
    assert mug[3].endswith("/2-1-mug.jpg")
    assert [row[1:] for row in others] == [
        ["", f"{good},{good}", ","],
        ["Cup", f"{good},http://,{good}", ",,"],
        ["Jug", "", ""],
    ]


def test_of_many_rows_left_out_the_first_are_named_with_the_true_count(
    client: httpx.Client,
) -> None:
    rows = [("Mug", ONE), *[("", ONE)] * 300]
    found = upload(client, make_csv(*rows), accept_valid_rows="true").json()
    assert found["bad_rows"] == 300
    (warning,) = found["warnings"]
    assert warning.startswith("300 rows with errors are left out: rows 3, 4,")
    assert "and 280 more" in warning


def test_an_address_is_encoded_for_the_fetch_and_stays_as_it_was_in_the_output(
    client: httpx.Client, image_host: ImageHost
) -> None:
    image_host.add("gr%C3%B6%C3%9Fe%201.jpg?a=1&b=2", make_jpeg())
    typed = image_host.url("größe 1.jpg?a=1&amp;b=2#front")
    response = upload(client, make_csv(("Mug", typed)))
    status = ended(client, response.json()["request_id"])
    assert status["images"]["completed"] == 1, status["errors"]
    output = client.get(f"/download-output-csv/{status['request_id']}").content
    assert table(output)[1][2] == typed


def test_a_workbook_goes_all_the_way_and_comes_back_as_a_csv(
    service: Service, image_host: ImageHost
) -> None:
    good = image_host.add("good.jpg", make_jpeg())
    data = make_sheet([1, "Mug\nblue", good], [2, "Größe", f"{good}, {TWO}"])
    files = {"file": ("shop.xlsx", data)}
    found = service.client.post("/upload", files=files).json()
    Accepted.model_validate(found)
    assert found["detected"]["encoding"] == "xlsx"
    status = ended(service.client, found["request_id"])
    assert (status["images"]["completed"], status["images"]["failed"]) == (1, 1)
    kept = service.data_dir / "files/uploads" / found["request_id"] / "input.csv"
    assert kept.read_bytes().startswith(b"\xef\xbb\xbfS. No.,Product Name")
    response = service.client.get(f"/download-output-csv/{found['request_id']}")
    assert 'filename="shop-output.csv"' in response.headers["content-disposition"]
    header, mug, size = table(response.content)
    assert header == [*HEADER, "Output Image Urls"]
    address = f"{service.base_url}/images/{found['request_id']}"
    # Both rows have the same picture; it is named by the sheet's row where it stands first.
    assert mug == ["1", "Mug\nblue", good, f"{address}/2-1-mug-blue.jpg"]
    assert size[3] == f"{address}/2-1-mug-blue.jpg,"
    report = service.client.get(f"/requests/{found['request_id']}/report.csv").content
    assert [row[0] for row in table(report)[1:]] == ["2", "3", "3"]


def test_a_workbook_sent_again_with_the_same_key_gets_the_first_answer(
    client: httpx.Client,
) -> None:
    def call(data: bytes) -> httpx.Response:
        files = {"file": ("a.xlsx", data)}
        return client.post("/upload", files=files, headers={"Idempotency-Key": "sheet 1"})

    data = make_sheet([1, "Mug", ONE])
    assert call(data).json() == call(data).json()
    problem(call(make_sheet([1, "Cup", ONE])), 422, "idempotency_mismatch")
