"""Awful files over HTTP: each is accepted with all of its URLs, or refused with what to do."""

import csv
import io
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.api import csv_zoo as zoo
from tests.integration.api.parts import Service, ended, problem, running_service, upload


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes files of some MB."""
    folder = tmp_path_factory.mktemp("zoo")
    with running_service(folder, max_upload_bytes=20_000_000, max_rows=2_000) as running:
        yield running


@pytest.fixture
def client(large: Service) -> httpx.Client:
    return large.client


@pytest.mark.parametrize("case", zoo.ACCEPTED, ids=lambda case: case.name)
def test_every_url_of_a_readable_file_is_found_and_taken_up(
    client: httpx.Client, case: zoo.Accepted
) -> None:
    response = upload(client, case.data, **case.options)
    assert response.status_code == 202, response.text
    found = response.json()
    urls = [url for row in case.rows for url in row]
    assert (found["products"], found["places"]) == (len(case.rows), len(urls))
    assert found["images"] == len(set(urls))
    assert found["duplicates"] == len(urls) - len(set(urls))
    assert case.warning in " ".join(found["warnings"])
    assert bool(case.warning) == bool(found["warnings"])
    request_id = found["request_id"]
    ended(client, request_id, timeout_seconds=60)
    report = client.get(f"/requests/{request_id}/report.csv").text
    assert [row["input_url"] for row in csv.DictReader(io.StringIO(report, newline=""))] == urls


@pytest.mark.parametrize("case", zoo.REFUSED, ids=lambda case: case.name)
def test_an_unusable_file_is_refused_with_row_column_and_remedy(
    client: httpx.Client, case: zoo.Refused
) -> None:
    document = problem(upload(client, case.data, **case.options), 422, "csv_invalid")
    error = document["errors"][0]
    assert (error["code"], error["row"], error["column"]) == (case.code, case.row, case.column)
    assert case.words in error["message"]
    assert document["error_count"] >= len(document["errors"])


@pytest.mark.parametrize("case", zoo.REFUSED, ids=lambda case: case.name)
def test_good_rows_beside_bad_ones_start_only_when_asked_for_and_the_others_are_named(
    client: httpx.Client, case: zoo.Refused
) -> None:
    response = upload(client, case.data, accept_valid_rows="true", dry_run="true", **case.options)
    if response.status_code == 422:
        problem(response, 422, "csv_invalid")
        return
    assert response.status_code == 200
    found = response.json()
    assert found["products"] > 0
    assert found["bad_rows"] > 0
    assert any(f"{case.row}" in each and "left out" in each for each in found["warnings"])


@pytest.mark.parametrize("kind", zoo.OTHER_KINDS)
def test_a_file_of_another_kind_is_named_with_the_way_to_a_csv(
    client: httpx.Client, kind: str
) -> None:
    data, word = zoo.OTHER_KINDS[kind]
    detail = problem(upload(client, data), 415, "not_a_csv")["detail"]
    assert word in detail
    assert "CSV" in detail


def test_more_rows_than_allowed_are_refused_with_the_line_where_that_is(
    client: httpx.Client,
) -> None:
    data = zoo.lines(*[f"1,Mug,{zoo.ONE}"] * 2_001).encode()
    (error,) = problem(upload(client, data), 422, "csv_invalid")["errors"]
    assert (error["code"], error["row"]) == ("too_many_rows", 2_002)


def test_no_piece_of_an_awful_file_ends_in_a_failure_of_ours(client: httpx.Client) -> None:
    files = [case.data for case in (*zoo.ACCEPTED, *zoo.REFUSED)]
    files += [data for data, _ in zoo.OTHER_KINDS.values()]
    for data in files:
        for at in (1, 3, 7, len(data) // 2, len(data) - 1):
            piece = data[:at] if at % 2 else data[at:]
            response = upload(client, piece[:50_000], dry_run="true", accept_valid_rows="true")
            assert response.status_code in {200, 415, 422}, (piece[:80], response.text)
