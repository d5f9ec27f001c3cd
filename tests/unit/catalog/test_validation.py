"""Counting a whole file, and refusing it with all that is wrong."""

import io
import random

import pytest

from app.catalog.header.detect import detect
from app.catalog.reader import validate
from app.catalog.rows.blocks import read_blocks
from app.catalog.rows.reader import RowReader
from app.catalog.tally.tally import Tally
from app.domain.errors import CsvInvalid, NotACsv
from tests.unit.catalog.csv_files import (
    ONE,
    THREE,
    TWO,
    findings_of,
    make_csv,
    make_lines,
    only_error_of,
    refusal_of,
    rows_of,
)


def test_products_places_images_and_hosts_are_counted() -> None:
    other = "http://b.example.com:8080/x.png"
    data = make_csv(
        [["1", "Mug", f"{ONE},{TWO}"], ["2", "Cup", f"{ONE};{other}"], ["3", "Jug", THREE]]
    )
    findings = findings_of(data)
    assert (findings.products, findings.places, findings.images) == (3, 5, 4)
    assert findings.duplicates == 1
    assert findings.hosts == [("img.example.com", 4), ("b.example.com:8080", 1)]
    assert (findings.host_count, findings.bad_rows, findings.error_count) == (2, 0, 0)


@pytest.mark.parametrize("user", ["me:secret@", "me@", "me:@", "a@b@"])
def test_user_names_and_passwords_are_told_at_the_upload(user: str) -> None:
    data = make_csv([["1", "Mug", f"https://{user}b.example.com/x.png"], ["2", "Cup", ONE]])
    error = only_error_of(data)
    assert (error.row, error.code) == (2, "invalid_url")
    assert "between // and @" in error.message
    assert "secret" not in error.message
    assert findings_of(data, accept_valid_rows=True).hosts == [("img.example.com", 1)]


def test_a_hundred_errors_are_shown_and_all_are_counted() -> None:
    rows = [[str(n), "Mug", "x" if n % 2 else ONE] for n in range(1_000)]
    refusal = refusal_of(make_csv(rows))
    assert len(refusal.errors) == 100
    assert refusal.error_count == 500
    assert [error.row for error in refusal.errors[:3]] == [3, 5, 7]


def test_good_rows_are_accepted_on_request_and_the_others_are_findings() -> None:
    rows = [["1", "Mug", ONE], ["2", "", TWO], ["3", "Cup", f"{TWO},{THREE}"]]
    findings = findings_of(make_csv(rows), accept_valid_rows=True)
    assert (findings.products, findings.places, findings.bad_rows) == (2, 3, 1)
    assert [(error.row, error.code) for error in findings.errors] == [(3, "missing_value")]
    assert findings.error_count == 1
    assert [bool(row.errors) for row in rows_of(make_csv(rows))] == [False, True, False]


def test_a_file_without_any_good_row_is_refused_all_the_same() -> None:
    with pytest.raises(CsvInvalid) as caught:
        findings_of(make_csv([["1", "", ONE], ["2", "Cup", "x"]]), accept_valid_rows=True)
    assert caught.value.error_count == 2


def test_the_row_that_is_one_too_many_is_named() -> None:
    data = make_csv([[str(n), "Mug", ONE] for n in range(10)])
    assert findings_of(data).products == 10
    refusal = refusal_of(data, max_rows=7)
    assert [(error.row, error.code) for error in refusal.errors] == [(9, "too_many_rows")]
    assert validate(io.BytesIO(data), max_rows=10).products == 10


def test_hosts_without_end_are_counted_up_to_a_limit() -> None:
    rows = [["1", "Mug", f"https://h{n}.example.com/1.jpg"] for n in range(12_000)]
    findings = findings_of(make_csv(rows))
    assert findings.images == 12_000
    assert findings.host_count == 10_000
    assert len(findings.hosts) == 20


def test_the_fast_way_and_the_close_look_agree() -> None:
    chance = random.Random(7)
    urls = [
        ONE,
        TWO,
        "http://b.example.com:81/x.png",
        "https://res.example.com/w_1,h_2/x.jpg",
        "https://c.example.com/a;b.jpg",
        "https://c.example.com/p.jpg?a=1&amp;b=2",
        "https://c.example.com/my photo.jpg",
        "HTTPS://C.example.com/p.jpg",
        "https://ü.example.com/p.jpg",
        "https://c.example.com",
        "https://u@c.example.com/p.jpg",
        "https://c.example.com/f/https://d.example.com/p.jpg",
        "ftp://c.example.com/p.jpg",
        "//c.example.com/p.jpg",
        "https://c.example.com/p.jpg?a&#038;b\\u0026c",
        "https://c.example.com/p.jpg#https://c.example.com/q.jpg",
        "https://c.example.com/p.jpg\uff0chttps://c.example.com/q.jpg",
        "http://https:/c.example.com/p.jpg",
        "https",
        "http:/",
        '["https://c.example.com/p.jpg"]',
        "a (https://c.example.com/p.jpg)",
        "x.jpg",
        "http://",
        "",
    ]
    for _ in range(600):
        kinds = chance.sample(urls, k=chance.randint(1, 4))
        rows = [
            [
                "1",
                "Mug",
                chance.choice([",", ", ", ";", " | ", ",,"]).join(chance.choices(kinds, k=3)),
            ]
            for _ in range(3)
        ]
        data = make_csv(rows)
        stream = io.BytesIO(data)
        detected = detect(stream)
        reader, tally = RowReader(detected), Tally(detected)
        fast, close = [], []
        for block in read_blocks(stream, detected):
            tally.add(block)
            close += reader.rows_one_by_one(block)
            fast += reader.rows(block)
        assert fast == close
        good = [url for row in close if not row.errors for url in row.urls]
        findings = tally.finish()
        assert (findings.places, findings.images) == (len(good), len(set(good)))
        assert sum(count for _, count in findings.hosts) == len(good)


def test_unquoted_urls_agree_both_ways() -> None:
    data = make_lines(f"1,Mug,{ONE},{TWO}", f"2,Cup,{ONE}, {TWO} ,{THREE}", f"3,Jug,{ONE}")
    stream = io.BytesIO(data)
    reader = RowReader(detect(stream))
    for block in read_blocks(stream, detect(stream)):
        assert reader.plain(block) is not None
        assert list(reader.rows_one_by_one(block)) == list(reader.rows(block))


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04\x14\x00....[Content_Types].xml....xl/workbook.xml", "XLSX"),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "ODS"),
        (b"PK\x03\x04products.csv", "ZIP"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"GIF89a", "GIF"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "WebP"),
        (b"BM\x36\x00\x00\x00\x00\x00\x00\x00", "BMP"),
        (b"II*\x00", "TIFF"),
        (b"\x00\x00\x00\x1cftypavif", "AVIF"),
        (b'[{"product_name": "Mug"}]', "JSON"),
        (b'{"products": []}', "JSON"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\xef\xbb\xbf\n<html lang=en>", "HTML"),
        (b'<?xml version="1.0"?><Workbook>', "XML"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (bytes(range(32)) * 40, "not text"),
    ],
)
def test_another_kind_of_file_is_named_with_the_way_to_a_csv(head: bytes, name: str) -> None:
    with pytest.raises(NotACsv) as caught:
        validate(io.BytesIO(head + bytes(2_000)), max_rows=10)
    assert name in caught.value.detail
    assert "CSV" in caught.value.detail
