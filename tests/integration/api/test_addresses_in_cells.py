"""Addresses that are read out of something else: said at the upload, replaced where they are."""

from pathlib import Path
from typing import Any

import httpx

from tests.integration.api.parts import make_csv, problem, upload
from tests.integration.bench import bench

ONE, TWO = "https://img.example/1.jpg", "https://img.example/2.jpg"


def warnings(client: httpx.Client, *rows: tuple[str, str]) -> list[str]:
    response = upload(client, make_csv(*rows), dry_run="true")
    assert response.status_code == 200, response.text
    found: list[str] = response.json()["warnings"]
    return found


def test_each_kind_has_one_warning_at_a_dry_run_and_at_the_upload(
    client: httpx.Client, tmp_path: Path
) -> None:
    rows = [
        ("Mug", f'[""{ONE}"",""{TWO}""]'),
        ("Cup", f"['{ONE}']"),
        ("Jug", f"front.jpg ({TWO})"),
        ("Pot", "//img.example/3.jpg"),
        ("Pan", f'=IMAGE(""{ONE}"")'),
    ]
    said = warnings(client, *rows)
    assert [each.split(" (")[0] for each in said] == [
        "2 image cells are lists in brackets or quotes",
        '1 cell of "Input Image Urls" has addresses in parentheses',
        '1 cell of "Input Image Urls" has addresses that begin with //',
        '1 cell of "Input Image Urls" is a formula',
    ]
    # Nothing is fetched: no worker is at work.
    with bench(working=False, data_dir=tmp_path) as service:
        request_id = service.upload(make_csv(*rows))
        status: dict[str, Any] = service.status(request_id)
        assert status["warnings"] == said
        assert status["images"]["total"] == 3
        output = service.output(request_id, partial=True)
        assert output[0]["Input Image Urls"] == f'["{ONE}","{TWO}"]'


def test_a_file_in_one_column_is_a_problem_of_its_own(client: httpx.Client) -> None:
    lines = b'"S. No.,Product Name,Input Image Urls"\r\n"1,Mug,https://img.example/1.jpg"\r\n'
    document = problem(upload(client, lines), 422, "csv_invalid")
    assert [error["code"] for error in document["errors"]] == ["one_column"]


def test_the_good_rows_are_offered_in_words(client: httpx.Client) -> None:
    document = problem(upload(client, make_csv(("Mug", ONE), ("Cup", "-"))), 422, "csv_invalid")
    assert "send accept_valid_rows=true" in document["detail"]
