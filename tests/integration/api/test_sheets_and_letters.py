"""What a caller chooses of a file and learns of the choice: a workbook's sheet, and its letters."""

import httpx

from tests.integration.api.parts import accepted, problem, upload
from tests.unit.catalog.workbooks import (
    HEADER,
    Formula,
    Value,
    link_relations,
    make_workbook,
    sheet_xml,
    styles_of,
)

ONE, TWO = "https://img.example/1.jpg", "https://img.example/2.jpg"
COVER = sheet_xml({1: ["How to use this file"], 3: ["1. Fill in the second sheet"]})
BOOK = make_workbook(
    {
        "Read me": COVER,
        "Spring": sheet_xml({1: HEADER, 2: [1, "Mug", ONE]}),
        "Autumn": sheet_xml({1: HEADER, 2: [1, "Cup", ONE], 3: [2, "Jug", TWO]}),
    }
)


def test_the_first_sheet_with_products_is_read_and_named(client: httpx.Client) -> None:
    document = upload(client, BOOK, dry_run="true").json()
    assert document["detected"]["sheet"] == "Spring"
    assert document["images"] == 1
    (warning,) = document["warnings"]
    assert all(name in warning for name in ("Read me", "Spring", "Autumn"))
    assert 'field "sheet"' in warning


def test_the_sheet_that_is_named_is_read_at_the_upload_too(client: httpx.Client) -> None:
    request_id = accepted(client, BOOK, sheet="autumn")
    status = client.get(f"/status/{request_id}").json()
    assert status["detected"]["sheet"] == "Autumn"
    assert status["images"]["total"] == 2


def test_a_sheet_that_does_not_exist_is_refused_with_those_that_do(client: httpx.Client) -> None:
    document = problem(upload(client, BOOK, sheet="Winter"), 422, "option_invalid")
    assert all(name in document["detail"] for name in ('"Winter"', '"Spring"', '"Autumn"'))


def test_cells_of_a_workbook_say_what_the_sheet_shows(client: httpx.Client) -> None:
    rows: dict[int, list[Value]] = {
        1: list(HEADER),
        2: [(123, 1), "Mug", Formula(f'_xlfn.IMAGE("{ONE}")', "#VALUE!")],
        3: [(4, 1), "Cup", "Photo"],
    }
    data = make_workbook(
        {"Products": sheet_xml(rows, links={"C3": "rId1"})},
        styles=styles_of("00000"),
        more=link_relations({"rId1": TWO}),
    )
    _, formula, link = upload(client, data, dry_run="true").json()["warnings"]
    assert "formula" in formula
    assert "link" in link
    request_id = accepted(client, data)
    output = client.get(f"/download-output-csv/{request_id}?partial=true").content.decode()
    assert f"00123,Mug,{ONE}" in output
    assert f"00004,Cup,{TWO}" in output


def test_a_refusal_of_a_sheet_says_which_one_was_read(client: httpx.Client) -> None:
    document = problem(upload(client, BOOK, sheet="Read me"), 422, "csv_invalid")
    assert document["detail"].startswith('The sheet "Read me" was read; the workbook has also')


def test_what_fills_up_the_end_of_a_file_is_no_text(client: httpx.Client) -> None:
    data = f"{','.join(HEADER)}\n1,Mug,{ONE}\n".encode() + b"\x1a" + b"\0" * 600
    document = upload(client, data, dry_run="true").json()
    assert (document["products"], document["warnings"]) == (1, [])


def test_one_line_in_another_encoding_changes_no_other_line(client: httpx.Client) -> None:
    lines = [",".join(HEADER), f"1,Café,{ONE}", f"2,Größe,{TWO}"]
    data = "\n".join(lines[:2]).encode() + b"\n" + lines[2].encode("cp1252") + b"\n"
    document = upload(client, data, dry_run="true").json()
    assert document["detected"]["encoding"] == "utf-8"
    (warning,) = document["warnings"]
    assert "line 3" in warning.lower()
    request_id = accepted(client, data)
    output = client.get(f"/download-output-csv/{request_id}?partial=true").content.decode()
    assert "Café" in output
    assert "Größe" in output


def in_encoding(encoding: str, *names: str) -> bytes:
    rows = [f"{n},{name},{ONE}" for n, name in enumerate(names, 1)]
    return "\n".join([",".join(HEADER), *rows, ""]).encode(encoding)


def test_names_in_letters_that_nobody_can_read_come_with_the_choice(client: httpx.Client) -> None:
    data = in_encoding("cp1251", "Кружка синяя", "Стул деревянный", "Лампа настольная")
    (warning,) = upload(client, data, dry_run="true").json()["warnings"]
    assert "Cyrillic" in warning
    assert "encoding=cp1251" in warning
    assert "Стул деревянный" in warning
    chosen = upload(client, data, dry_run="true", encoding="cp1251").json()
    assert (chosen["warnings"], chosen["detected"]["encoding"]) == ([], "cp1251")


def test_a_file_that_cannot_be_read_names_the_encoding_to_send(client: httpx.Client) -> None:
    data = in_encoding("shift_jis", "陶器のカップ", "木の椅子", "青い皿")
    document = problem(upload(client, data), 422, "csv_invalid")
    assert "Japanese" in document["detail"]
    assert "encoding=shift_jis" in document["detail"]
    assert "木の椅子" in document["detail"]


def test_control_characters_stay_in_names_and_are_refused_in_addresses(
    client: httpx.Client,
) -> None:
    good = f"{','.join(HEADER)}\n1,Mug\x0bblue\x85,{ONE}\n".encode()
    request_id = accepted(client, good)
    output = client.get(f"/download-output-csv/{request_id}?partial=true").content.decode()
    assert "Mug\x0bblue\x85" in output
    bad = good.replace(b"1.jpg", b"1\x0b.jpg")
    (error,) = problem(upload(client, bad), 422, "csv_invalid")["errors"]
    assert (error["row"], error["column"]) == (2, "Input Image Urls")
    assert "vertical tab" in error["message"]
