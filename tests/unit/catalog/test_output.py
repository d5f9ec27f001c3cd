"""The output CSV, the report, the failed rows and the sample."""

import csv
import io
from collections.abc import Iterator, Sequence

import pytest

from app.catalog.out.report import REPORT_COLUMNS, ReportRow, write_report, write_rows
from app.catalog.out.writer import guarded, write_output
from app.catalog.reader import Detected, detect
from app.samples.sample import sample_csv
from tests.unit.catalog.csv_files import (
    ONE,
    THREE,
    TWO,
    findings_of,
    make_csv,
    make_lines,
    rows_of,
    urls_of,
)

OUT = "https://cdn.example.com/out"


def detected_of(data: bytes) -> Detected:
    return detect(io.BytesIO(data))


def output_of(
    data: bytes, urls: Sequence[Sequence[str | None] | None], *, raw: bool = False
) -> str:
    rows = ((row.cells, outputs) for row, outputs in zip(rows_of(data), urls, strict=True))
    return b"".join(write_output(rows, detected_of(data), raw=raw)).decode()


def test_output_has_the_input_and_one_more_column() -> None:
    data = make_lines(f'1,"Mug, ""blue""","{ONE},{TWO}",x', header="S. No.,Product Name,Images,N")
    assert output_of(data, [[f"{OUT}/1.jpg", f"{OUT}/2.jpg"]]) == (
        "S. No.,Product Name,Images,N,Output Image Urls\r\n"
        f'1,"Mug, ""blue""","{ONE},{TWO}",x,"{OUT}/1.jpg,{OUT}/2.jpg"\r\n'
    )


def test_a_failed_image_leaves_its_place_empty() -> None:
    data = make_csv([["1", "Mug", f"{ONE},{TWO},{THREE}"], ["2", "Cup", ONE], ["3", "Jug", TWO]])
    text = output_of(data, [[None, f"{OUT}/2.jpg", None], [None], None])
    outputs = [row[-1] for row in csv.reader(io.StringIO(text, newline=""))]
    assert outputs == ["Output Image Urls", f",{OUT}/2.jpg,", "", ""]


def test_a_comma_in_an_output_url_adds_no_place() -> None:
    text = output_of(make_csv([["1", "Mug", ONE]]), [[f"{OUT}/a,b.jpg"]])
    assert text.endswith(f"{OUT}/a%2Cb.jpg\r\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_output_keeps_the_delimiter_and_ends_lines_with_cr_lf(delimiter: str) -> None:
    data = make_csv([["1", "Mug", ONE]], delimiter=delimiter, line_end="\n")
    assert output_of(data, [[f"{OUT}/1.jpg"]]).split("\r\n") == [
        delimiter.join(["S. No.", "Product Name", "Input Image Urls", "Output Image Urls"]),
        delimiter.join(["1", "Mug", ONE, f"{OUT}/1.jpg"]),
        "",
    ]


@pytest.mark.parametrize(
    ("encoding", "mark", "has_mark"),
    [
        ("utf-8", b"", False),
        ("utf-8", b"\xef\xbb\xbf", True),
        ("cp1252", b"", True),
        ("utf-16-le", b"\xff\xfe", True),
    ],
)
def test_output_is_utf_8_with_a_mark_if_the_input_had_one_or_another_encoding(
    encoding: str, mark: bytes, has_mark: bool
) -> None:
    data = make_csv([["1", "Café", ONE]], encoding=encoding, mark=mark)
    text = output_of(data, [[f"{OUT}/1.jpg"]])
    assert text.startswith("\ufeff") is has_mark
    assert "Café" in text


@pytest.mark.parametrize(
    "cell", ["=1+1", "@SUM(A1)", "\tx", "\rx", "+a", "-a", "-", "+", "=", "--1"]
)
def test_a_cell_that_would_run_as_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-2+3+cmd|' /C calc'!A0", "+1-HYPERLINK(A1)", "-1@x", "+1=2"])
def test_a_formula_that_begins_like_a_number_gets_one_too(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["", "-5", "-5.30", "+49 (0)170 1234", "-.5", "+5 kg", "a=1", " =1", "'=1", ONE]
)
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert guarded(cell) == cell


def test_formulas_are_guarded_in_header_and_rows_unless_raw() -> None:
    data = make_csv([["=1", "@Mug", ONE, "-5"]], header=["S. No.", "Product Name", "Images", "=N"])
    guarded_text = output_of(data, [[f"{OUT}/1.jpg"]])
    assert "'=N" in guarded_text
    assert guarded_text.splitlines()[1].startswith("'=1,'@Mug,https")
    assert ",-5," in guarded_text
    assert "'" not in output_of(data, [[f"{OUT}/1.jpg"]], raw=True)


def test_an_output_that_is_uploaded_again_keeps_one_output_column() -> None:
    data = make_csv([["1", "Mug", ONE, "x"]], header=["S. No.", "Product Name", "Images", "Note"])
    first = output_of(data, [[f"{OUT}/old.jpg"]])
    assert output_of(first.encode(), [[f"{OUT}/new.jpg"]]) == first.replace("old", "new")


def test_ragged_rows_have_the_output_in_its_column() -> None:
    header = "S. No.,Product Name,Images,Price"
    data = make_lines(f"1,Mug,{ONE}", f"2,Cup,{ONE},9,x,y", header=header)
    text = output_of(data, [[f"{OUT}/1.jpg"], None])
    assert text.splitlines()[1:] == [f"1,Mug,{ONE},,{OUT}/1.jpg", f"2,Cup,{ONE},9,,x,y"]


def test_the_header_comes_at_once_and_the_rows_in_chunks() -> None:
    asked = 0

    def rows() -> Iterator[tuple[list[str], list[str | None]]]:
        nonlocal asked
        for number in range(20_000):
            asked += 1
            yield [str(number), "Mug", ONE], [f"{OUT}/1.jpg"]

    chunks = write_output(rows(), detected_of(make_csv([["1", "Mug", ONE]])))
    assert next(chunks) == b"S. No.,Product Name,Input Image Urls,Output Image Urls\r\n"
    assert asked == 0
    sizes = [len(chunk) for chunk in chunks]
    assert len(sizes) > 10
    assert max(sizes) < 70_000


def test_the_report_has_one_line_per_place() -> None:
    done = ReportRow(
        2, 1, "Mug", "1", ONE, f"{OUT}/1.jpg", "completed", True, False, None, None, 200,
        (900, 400, 80, 60, "jpeg", 160, 120, "png"), 1, 35,
    )  # fmt: skip
    failed = ReportRow(
        2, 2, "=Mug", "1", TWO, None, "failed", None, False, "http_status", "The host said 404.",
        404, [None] * 8, 4, None,
    )  # fmt: skip
    text = b"".join(write_report([done, failed])).decode()
    records = list(csv.DictReader(io.StringIO(text, newline="")))
    assert tuple(records[0]) == REPORT_COLUMNS
    # The contract: callers read the columns by these names, and some by their order.
    assert ",".join(REPORT_COLUMNS) == (
        "row,position,product_name,serial_number,input_url,output_url,status,kept,reused,"
        "error_code,error_message,http_status,input_bytes,output_bytes,width,height,format,"
        "source_width,source_height,source_format,attempts,duration_ms"
    )
    assert (records[0]["kept"], records[0]["output_bytes"]) == ("true", "400")
    assert (records[0]["source_width"], records[0]["source_format"]) == ("160", "png")
    assert (records[0]["reused"], records[1]["kept"]) == ("false", "")
    assert (records[1]["product_name"], records[1]["output_url"]) == ("'=Mug", "")
    assert (records[1]["error_code"], records[1]["http_status"]) == ("http_status", "404")


def test_failed_rows_can_be_uploaded_again_and_again() -> None:
    data = make_csv([["1", "Mug", f"{ONE};{TWO}"], ["2", "Cup", "x"]], delimiter=";")
    detected = detected_of(data)
    rows = [(row.cells, "Broken; look at it.") for row in rows_of(data)]
    again = b"".join(write_rows(rows, detected))
    assert again.decode().splitlines()[0] == "S. No.;Product Name;Input Image Urls;error"
    assert [row.cells[:3] for row in rows_of(again)] == [row.cells for row in rows_of(data)]
    assert urls_of(again.replace(b";x;", f";{THREE};".encode())) == [(ONE, TWO), (THREE,)]

    third = [([*row.cells], "Still broken.") for row in rows_of(again)]
    text = b"".join(write_rows(third, detected_of(again))).decode()
    assert text.splitlines()[0].count("error") == 1
    assert text.count("Still broken.") == 2


def test_the_sample_can_be_uploaded_as_it_is() -> None:
    sample = sample_csv("https://images.example")
    findings = findings_of(sample)
    assert (findings.products, findings.images, findings.warnings) == (4, 7, [])
    assert detected_of(sample).header == ("S. No.", "Product Name", "Input Image Urls")
