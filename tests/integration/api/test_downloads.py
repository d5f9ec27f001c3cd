"""CSV files and pictures."""

import csv
import io
import re

import httpx
import pytest

from app.domain.formats import FORMATS, WRITTEN, OutputFormat
from tests.integration.api.parts import (
    Service,
    accepted,
    ended,
    make_csv,
    make_jpeg,
    problem,
    upload,
)
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until


def table(response: httpx.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.text, newline="")))


@pytest.fixture
def done(client: httpx.Client, image_host: ImageHost) -> str:
    good, gone = image_host.add("good.jpg", make_jpeg()), image_host.url("gone.jpg")
    request_id = accepted(client, make_csv(("Shirt", f"{good},{gone}"), ("Mug", gone)))
    ended(client, request_id)
    return request_id


@pytest.fixture
def running(client: httpx.Client, slow_host: ImageHost) -> str:
    """A request whose only picture takes longer than a test."""
    url = slow_host.add("slow.jpg", make_jpeg(), delay=3)
    request_id = accepted(client, make_csv(("Shirt", url)))
    until(lambda: slow_host.requests != [], timeout_seconds=10)
    return request_id


def test_the_output_csv_has_a_place_for_every_input_url(client: httpx.Client, done: str) -> None:
    response = client.get(f"/download-output-csv/{done}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="products-output.csv"'
    assert "no-store" in response.headers["cache-control"]
    header, shirt, mug = table(response)
    assert header[-1] == "Output Image Urls"
    assert shirt[-1] == f"{client.base_url}/images/{done}/2-1-shirt.jpg,"
    assert mug[-1] == ""


def test_an_output_csv_of_a_running_request_says_when_to_ask_again(
    client: httpx.Client, running: str
) -> None:
    response = client.get(f"/download-output-csv/{running}")
    problem(response, 409, "wrong_state")
    assert int(response.headers["retry-after"]) > 0
    partial = client.get(f"/download-output-csv/{running}", params={"partial": "true"})
    assert partial.status_code == 200
    assert table(partial)[1][-1] == ""


def test_formulas_are_disarmed_unless_raw_is_asked_for(client: httpx.Client) -> None:
    csv_bytes = make_csv(("=1+1", "http://127.0.0.1:9/a.jpg"))
    request_id = accepted(client, csv_bytes)
    ended(client, request_id)
    address = f"/download-output-csv/{request_id}"
    assert table(client.get(address))[1][1] == "'=1+1"
    assert table(client.get(address, params={"raw": "true"}))[1][1] == "=1+1"


@pytest.mark.parametrize("query", ["partial=perhaps", "raw=2"])
def test_impossible_switches_are_named(client: httpx.Client, done: str, query: str) -> None:
    response = client.get(f"/download-output-csv/{done}?{query}")
    assert problem(response, 422, "option_invalid")["option"] == query.partition("=")[0]


def test_the_report_has_every_place_and_the_failed_rows_can_be_uploaded_again(
    client: httpx.Client, done: str
) -> None:
    report = table(client.get(f"/requests/{done}/report.csv"))
    assert len(report) == 4
    failed = client.get(f"/requests/{done}/report.csv", params={"status": "failed"})
    assert 'filename="products-failed.csv"' in failed.headers["content-disposition"]
    again = upload(client, failed.content)
    assert again.status_code == 202, again.text
    assert again.json()["products"] == 2


def test_the_sample_can_be_uploaded_as_it_is(client: httpx.Client) -> None:
    sample = client.get("/download-input-csv")
    assert sample.headers["content-type"] == "text/csv; charset=utf-8"
    assert upload(client, sample.content, dry_run="true").json()["products"] > 0


def test_a_file_name_beyond_ascii_comes_back_encoded(client: httpx.Client) -> None:
    files = {"file": ("Größe 商品.csv", make_csv(("Shirt", "http://127.0.0.1:9/a.jpg")))}
    request_id = client.post("/upload", files=files).json()["request_id"]
    ended(client, request_id)
    header = client.get(f"/download-output-csv/{request_id}").headers["content-disposition"]
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20" in header
    assert header.isascii()


def test_head_has_the_headers_without_the_body(client: httpx.Client, done: str) -> None:
    for path in (
        f"/download-output-csv/{done}",
        f"/requests/{done}/report.csv",
        "/download-input-csv",
        f"/status/{done}",
        f"/images/{done}/2-1-shirt.jpg",
        "/healthz",
        "/docs",
        "/",
    ):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["content-type"] == get.headers["content-type"], path


def test_a_published_picture_may_be_cached_for_ever(client: httpx.Client, done: str) -> None:
    response = client.get(f"/images/{done}/2-1-shirt.jpg")
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    assert response.content.startswith(b"\xff\xd8")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert int(response.headers["content-length"]) == len(response.content)
    tag = response.headers["etag"]
    again = client.get(f"/images/{done}/2-1-shirt.jpg", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_picture_of_each_format_is_served_as_what_it_is(
    service: Service, done: str, name: str
) -> None:
    entry = FORMATS[name]
    key = f"{done}/9-1-shirt.{entry.extension}"
    (service.data_dir / "files" / key).write_bytes(b"bytes of a picture")
    response = service.client.get(f"/images/{key}")
    assert (response.status_code, response.headers["content-type"]) == (200, entry.content_type)


def test_the_page_offers_each_format_that_can_be_asked_for(client: httpx.Client) -> None:
    page = client.get("/").text
    choices = page.partition('<select name="format">')[2].partition("</select>")[0]
    assert re.findall(r'<option value="(\w+)"', choices) == list(OutputFormat)


def test_a_part_of_a_picture_can_be_asked_for(client: httpx.Client, done: str) -> None:
    response = client.get(f"/images/{done}/2-1-shirt.jpg", headers={"Range": "bytes=0-1"})
    assert (response.status_code, response.content) == (206, b"\xff\xd8")


def test_nothing_but_published_pictures_is_served(service: Service, done: str) -> None:
    assert (service.data_dir / "files/uploads" / done / "input.csv").exists()
    for key in (
        f"uploads/{done}/input.csv",
        f"originals/{done}/2-1-shirt.jpg",
        f"{done}/../uploads/{done}/input.csv",
        f"{done}/%2e%2e/%2e%2e/service.db",
        "..%2f..%2fservice.db",
        "%2fetc%2fpasswd",
        f"{done}",
        f"{done}/",
        f"{done}/2-1-shirt.jpg/",
        f"{done}/2-1-other.jpg",
        f"{done}/2-1-shirt.csv",
        f"{done}/{'9' * 3_000}.jpg",
        f"{done}/2-1-shirt.jpg%00",
        "",
    ):
        # httpx would resolve the dots itself; a raw target reaches the server as it is.
        url = httpx.URL(service.base_url).copy_with(raw_path=f"/images/{key}".encode())
        problem(service.client.get(url), 404, "route_not_found")
