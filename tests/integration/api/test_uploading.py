"""`POST /upload`: what is accepted, what is refused, and how the refusal reads."""

import gzip
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.api.contract.uploads import Accepted, Preview
from tests.integration.api.parts import Service, accepted, make_csv, problem, upload

URL = "http://127.0.0.1:9/a.jpg"
CSV = make_csv(("Shirt", URL))


def stored(client: httpx.Client) -> int:
    return len(client.get("/requests", params={"limit": 500}).json()["items"])


def test_an_upload_is_accepted_with_id_location_and_links(service: Service) -> None:
    response = upload(service.client, make_csv(("Shirt", f"{URL},{URL}"), ("Mug", URL)))
    assert response.status_code == 202
    document = response.json()
    Accepted.model_validate(document)
    assert response.headers["location"] == f"/status/{document['request_id']}"
    assert document["links"]["status"] == f"{service.base_url}/status/{document['request_id']}"
    assert (document["products"], document["images"], document["places"]) == (2, 1, 3)
    assert document["status"] == "pending"
    assert document["detected"]["columns"]["images"] == ["Input Image Urls"]


def test_options_reach_the_request_from_form_fields(client: httpx.Client) -> None:
    request_id = accepted(client, CSV, quality="70", format="webp", max_width="300", scale="0.5")
    options = client.get(f"/status/{request_id}").json()["options"]
    assert (options["quality"], options["format"]) == (70, "webp")
    assert (options["max_width"], options["scale"]) == (300, 0.5)


def test_options_reach_the_request_from_the_query(client: httpx.Client) -> None:
    response = client.post("/upload?quality=71&keep_originals=yes", files={"file": ("a.csv", CSV)})
    options = client.get(response.headers["location"]).json()["options"]
    assert (options["quality"], options["keep_originals"]) == (71, True)


def test_a_form_field_wins_over_the_query(client: httpx.Client) -> None:
    response = client.post(
        "/upload?quality=71&format=png", files={"file": ("a.csv", CSV)}, data={"quality": "20"}
    )
    options = client.get(response.headers["location"]).json()["options"]
    assert (options["quality"], options["format"]) == (20, "png")


def test_empty_form_fields_count_as_not_given(client: httpx.Client) -> None:
    request_id = accepted(client, CSV, quality="", webhook_url="", max_width=" ", dry_run="")
    options = client.get(f"/status/{request_id}").json()["options"]
    assert (options["quality"], options["max_width"]) == (50, None)


@pytest.mark.parametrize(
    ("options", "option", "words"),
    [
        ({"quality": "500"}, "quality", ["'500'", "1 to 100"]),
        ({"format": "gif"}, "format", ["'gif'", "jpeg, webp, avif, png, keep"]),
        ({"dry_run": "maybe"}, "dry_run", ["'maybe'", "true or false"]),
        ({"qualty": "30"}, "qualty", ["'qualty'", "quality"]),
        ({"webhook_url": "ftp://shop.example/"}, "webhook_url", []),
        ({"webhook_url": "http://shop.example/\x00"}, "webhook_url", ["control"]),
        ({"encoding": "klingon"}, "encoding", []),
        ({"quality": ["20", "30"]}, "quality", ["twice"]),
    ],
)
def test_an_impossible_option_is_named_and_nothing_is_stored(
    client: httpx.Client, options: dict[str, Any], option: str, words: list[str]
) -> None:
    before = stored(client)
    response = client.post("/upload", files={"file": ("a.csv", CSV)}, data=options)
    document = problem(response, 422, "option_invalid")
    assert document["option"] == option
    assert all(word in document["detail"] for word in words), document["detail"]
    assert stored(client) == before


def test_an_unknown_query_parameter_is_refused_as_well(client: httpx.Client) -> None:
    response = client.post("/upload?qualty=30", files={"file": ("a.csv", CSV)})
    assert problem(response, 422, "option_invalid")["option"] == "qualty"


def test_a_dry_run_answers_the_findings_and_stores_nothing(service: Service) -> None:
    before = stored(service.client)
    files = sorted(service.data_dir.rglob("input.csv"))
    response = upload(service.client, CSV, dry_run="true", quality="33")
    assert response.status_code == 200
    Preview.model_validate(response.json())
    assert response.json()["images"] == 1
    assert response.json()["options"]["quality"] == 33
    assert stored(service.client) == before
    assert sorted(service.data_dir.rglob("input.csv")) == files


NO_FILE: list[tuple[dict[str, Any], str]] = [
    ({}, "without a Content-Type"),
    ({"json": {"file": "a.csv"}}, "application/json"),
    ({"data": {"file": "S. No.,Product Name"}}, "application/x-www-form-urlencoded"),
    ({"content": CSV, "headers": {"Content-Type": "text/csv"}}, "text/csv"),
    ({"files": {"csv": ("a.csv", CSV)}}, "'csv'"),
    ({"files": {"file": (None, "not a file")}}, "as text"),
    ({"files": [("file", ("a.csv", CSV)), ("file", ("b.csv", CSV))]}, "one file"),
    ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, "boundary"),
    (
        {"content": b"junk", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        "cannot be read",
    ),
    (
        {
            "content": b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n'
            b"\r\n--x--\r\n",
            "headers": {"Content-Type": "multipart/form-data; boundary=x"},
        },
        "No file was chosen",
    ),
]


@pytest.mark.parametrize(("call", "words"), NO_FILE, ids=[words for _, words in NO_FILE])
def test_without_a_usable_file_part_the_answer_says_what_came(
    client: httpx.Client, call: dict[str, Any], words: str
) -> None:
    document = problem(client.post("/upload", **call), 400, "upload_missing")
    assert words in document["detail"]


def test_the_answer_to_no_file_shows_a_command_that_works(service: Service) -> None:
    document = problem(service.client.post("/upload"), 400, "upload_missing")
    assert f"curl -F file=@products.csv {service.base_url}/upload" in document["detail"]


def test_an_announced_body_above_the_limit_is_refused_at_once(client: httpx.Client) -> None:
    document = problem(upload(client, b"x" * 2_000_000), 413, "upload_too_large")
    assert "200,000 bytes" in document["detail"]


def test_an_unannounced_body_above_the_limit_is_cut_off(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(400):
            yield b"1,Shirt,http://127.0.0.1:9/a.jpg\r\n" * 300

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    problem(client.post("/upload", content=endless(), headers=headers), 413, "upload_too_large")


def test_a_file_just_above_the_limit_is_refused_although_the_form_fits(
    client: httpx.Client,
) -> None:
    problem(upload(client, CSV.ljust(200_001)), 413, "upload_too_large")


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"PK\x03\x04" + bytes(100),
        gzip.compress(CSV),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    ],
    ids=["picture", "zip", "gzip", "old workbook"],
)
def test_what_is_no_csv_is_named(client: httpx.Client, content: bytes) -> None:
    problem(upload(client, content), 415, "not_a_csv")


def test_errors_in_the_csv_have_row_column_value_and_message(client: httpx.Client) -> None:
    rows = ("Shirt", URL), ("", URL), ("Mug", "ftp://shop.example/a.jpg")
    document = problem(upload(client, make_csv(*rows)), 422, "csv_invalid")
    assert document["error_count"] == 2
    first, second = document["errors"]
    assert (first["row"], first["column"]) == (3, "Product Name")
    assert (second["row"], second["column"]) == (4, "Input Image Urls")
    assert second["value"] == "ftp://shop.example/a.jpg"
    assert all(error["code"] and error["message"] for error in document["errors"])


def test_a_hundred_errors_are_shown_of_many(client: httpx.Client) -> None:
    document = problem(upload(client, make_csv(*[("", URL)] * 150)), 422, "csv_invalid")
    assert len(document["errors"]) == 100
    assert document["error_count"] == 150


@pytest.mark.parametrize("content", [b"", b"\r\n", b"Name,Price\r\nShirt,3\r\n"])
def test_an_empty_file_or_one_without_the_columns_is_a_clear_422(
    client: httpx.Client, content: bytes
) -> None:
    assert problem(upload(client, content), 422, "csv_invalid")["detail"]


def test_good_rows_can_be_accepted_beside_bad_ones(client: httpx.Client) -> None:
    response = upload(client, make_csv(("Shirt", URL), ("", URL)), accept_valid_rows="true")
    assert response.status_code == 202
    assert (response.json()["products"], response.json()["bad_rows"]) == (1, 1)


def test_the_same_idempotency_key_gets_the_same_answer(client: httpx.Client) -> None:
    def call(csv: bytes) -> httpx.Response:
        headers = {"Idempotency-Key": "order 66"}
        return client.post("/upload", files={"file": ("a.csv", csv)}, headers=headers)

    first, again = call(CSV), call(CSV)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    problem(call(make_csv(("Other", URL))), 422, "idempotency_mismatch")


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", b"schl\xfcssel"])
def test_an_idempotency_key_has_to_be_printable_and_short(
    client: httpx.Client, key: str | bytes
) -> None:
    headers = {b"Idempotency-Key": key.encode() if isinstance(key, str) else key}
    response = client.post("/upload", files={"file": ("a.csv", CSV)}, headers=headers)
    assert problem(response, 422, "option_invalid")["option"] == "Idempotency-Key"


@pytest.mark.parametrize(
    "sent", ["../../etc/passwd", "C:\\files\\products.csv", "商品 \u202e.csv", "x" * 300, "a\tb"]
)
def test_any_file_name_is_kept_without_folders(client: httpx.Client, sent: str) -> None:
    response = client.post("/upload", files={"file": (sent, CSV)})
    assert response.status_code == 202
    name = client.get(response.headers["location"]).json()["filename"]
    assert 0 < len(name) <= 255
    assert not {"/", "\\", "\t"} & set(name)
