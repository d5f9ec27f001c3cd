"""Exports over HTTP: what is recognised, what is refused, and the options that belong to them."""

import json

import httpx
import pytest

from app.api.contract.problems import Problem
from app.api.contract.uploads import Accepted, Preview
from tests.catalogs import SAMPLES, Sample
from tests.integration.api.parts import accepted, ended, make_csv, problem, upload

HOST = "http://127.0.0.1:9"
SHOPIFY = f"Handle,Title,Image Src\r\na,Mug,{HOST}/1.jpg\r\na,,{HOST}/2.jpg\r\n".encode()
UNKNOWN = f"Code;Label;Foto\r\n7;Mug;{HOST}/1.jpg\r\n".encode()
MAPPING = {"serial_number": "code", "product_name": "label", "images": ["foto"]}


@pytest.mark.parametrize("sample", SAMPLES, ids=[each.file for each in SAMPLES])
def test_the_dry_run_says_what_was_recognised(client: httpx.Client, sample: Sample) -> None:
    options = {"base_url": sample.base_url} if sample.base_url else {}
    response = upload(client, sample.data, dry_run="true", **options)
    document = Preview.model_validate(response.json())
    assert document.detected.platform == sample.platform
    assert document.detected.columns.images == list(sample.columns)
    assert document.detected.because
    assert (document.products, document.places) == (sample.products, sample.places)


def test_an_accepted_export_tells_its_platform_everywhere(client: httpx.Client) -> None:
    response = upload(client, SHOPIFY)
    document = Accepted.model_validate(response.json())
    assert document.detected.platform == "shopify"
    status = client.get(response.headers["location"]).json()
    assert status["detected"] == response.json()["detected"]


def test_replace_gives_the_file_itself_where_no_image_could_be_done(client: httpx.Client) -> None:
    request_id = accepted(client, SHOPIFY, output="REPLACE")
    assert ended(client, request_id)["options"]["output"] == "replace"
    output = client.get(f"/download-output-csv/{request_id}")
    assert output.content == SHOPIFY
    assert output.headers["content-type"] == "text/csv; charset=utf-8"


def test_replace_names_the_encoding_that_it_keeps(client: httpx.Client) -> None:
    data = SHOPIFY.replace(b"Mug", "Théière".encode("cp1252"))
    request_id = accepted(client, data, output="replace")
    ended(client, request_id)
    output = client.get(f"/download-output-csv/{request_id}")
    assert output.content == data
    assert output.headers["content-type"] == "text/csv; charset=windows-1252"


def test_an_unknown_file_is_refused_with_a_proposal_that_is_accepted(client: httpx.Client) -> None:
    document = problem(upload(client, UNKNOWN), 422, "csv_invalid")
    Problem.model_validate(document)
    columns = document["detected"]["columns"]
    assert columns == {"serial_number": "Code", "product_name": "Label", "images": ["Foto"]}
    assert "columns={" in document["detail"]
    request_id = accepted(client, UNKNOWN, columns=json.dumps(columns))
    assert client.get(f"/status/{request_id}").json()["detected"]["columns"] == columns


def test_columns_may_be_json_of_several_lines(client: httpx.Client) -> None:
    accepted(client, UNKNOWN, columns=json.dumps(MAPPING, indent=2))


def test_columns_and_base_url_may_stand_in_the_query(client: httpx.Client) -> None:
    data = b"Code;Label;Foto\r\n7;Mug;/img/1.jpg\r\n"
    response = client.post(
        "/upload",
        params={"columns": json.dumps(MAPPING), "base_url": f"{HOST}/media/"},
        files={"file": ("a.csv", data)},
    )
    assert response.status_code == 202
    images = client.get(f"/requests/{response.json()['request_id']}/images").json()["items"]
    assert [image["input_url"] for image in images] in ([], [f"{HOST}/media/img/1.jpg"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": "{"}, "is no JSON"),
        ({"columns": '{"images":[]}'}, "names no image column"),
        ({"base_url": "media"}, "base_url is 'media'"),
        ({"output": "inplace"}, "one of append, replace"),
    ],
)
def test_an_impossible_option_is_named(
    client: httpx.Client, options: dict[str, str], words: str
) -> None:
    document = problem(upload(client, SHOPIFY, **options), 422, "option_invalid")
    assert document["option"] == next(iter(options))
    assert words in document["detail"]


def test_a_column_that_is_absent_is_named(client: httpx.Client) -> None:
    document = problem(upload(client, UNKNOWN, columns='{"images":["Bild"]}'), 422, "csv_invalid")
    Problem.model_validate(document)
    assert document["errors"][0]["column"] == "Bild"
    assert '"Foto"' in document["detail"]


def test_two_platforms_at_once_are_both_named(client: httpx.Client) -> None:
    header = "Handle,Title,Image Src,Variant SKU,SKU,Name,Published,Images"
    data = f"{header}\r\na,Mug,{HOST}/1.jpg,s,s,Mug,1,{HOST}/2.jpg\r\n".encode()
    document = problem(upload(client, data), 422, "csv_invalid")
    Problem.model_validate(document)
    assert document["detected"]["candidates"] == ["shopify", "woocommerce"]
    assert document["errors"][0]["code"] == "ambiguous_platform"


def test_relative_paths_ask_for_base_url(client: httpx.Client) -> None:
    data = f"sku,name,base_image,small_image\r\na,Bag,/w/1.jpg,{HOST}/2.jpg\r\n".encode()
    document = problem(upload(client, data), 422, "csv_invalid")
    assert '"/w/1.jpg"' in document["detail"]
    assert f'"{HOST}/2.jpg"' in document["detail"]
    assert "base_url=" in document["detail"]
    accepted(client, data, base_url=HOST)


def test_bad_rows_of_an_export_come_as_a_csv(client: httpx.Client) -> None:
    response = client.post(
        "/upload",
        files={"file": ("a.csv", SHOPIFY + b"b,Cup,blue\r\n")},
        headers={"Accept": "text/csv"},
    )
    assert response.status_code == 422
    assert response.text.splitlines()[1].startswith("b,Cup,blue,")


def test_the_same_key_with_other_columns_is_another_upload(client: httpx.Client) -> None:
    def send(columns: dict[str, object]) -> httpx.Response:
        return client.post(
            "/upload",
            files={"file": ("a.csv", UNKNOWN)},
            data={"columns": json.dumps(columns)},
            headers={"Idempotency-Key": "catalogues"},
        )

    first = send(MAPPING)
    assert send(MAPPING).json() == first.json()
    problem(send({"images": ["foto"]}), 422, "idempotency_mismatch")


def test_a_plain_list_is_replaced_too(client: httpx.Client) -> None:
    data = make_csv(("Mug", f"{HOST}/1.jpg, {HOST}/2.jpg"))
    request_id = accepted(client, data, output="replace")
    ended(client, request_id)
    assert client.get(f"/download-output-csv/{request_id}").content == data
