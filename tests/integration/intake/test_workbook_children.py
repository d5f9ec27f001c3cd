"""Workbooks that were made to do harm end their child process and nothing else."""

import io
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.domain.errors import NotACsv, ServiceUnavailable, UploadTooLarge
from app.intake import workbook
from app.intake.workbook import open_table
from tests.unit.catalog.workbooks import HEADER, NAMESPACE, make_sheet, make_workbook, sheet_xml

URL = "https://a.example/1.jpg"
GOOD = make_sheet([1, "Mug", URL])
MOST = 50_000_000


def one_cell_in_each_corner() -> bytes:
    """Some bytes that describe a table of 17,179,869,184 cells."""
    corners = '<row r="1"><c r="A1"><v>1</v></c></row>'
    corners += '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return make_workbook(
        {"S": f"<worksheet {NAMESPACE}><sheetData>{corners}</sheetData></worksheet>"}
    )


def one_long_text_a_million_times() -> bytes:
    """Every cell names the same text of 30,000 characters."""
    cell = '<c t="s"><v>0</v></c>'
    rows = f"<row>{cell * 3}</row>" * 300_000
    sheet = f"<worksheet {NAMESPACE}><sheetData>{rows}</sheetData></worksheet>"
    texts = f"<sst {NAMESPACE}><si><t>{'x' * 30_000}</t></si></sst>"
    return make_workbook({"S": sheet}, more={"xl/sharedStrings.xml": texts.encode()})


def nested_entities() -> bytes:
    """The text of a cell that doubles thirty times, if somebody follows it."""
    entities = '<!ENTITY e0 "ha">'
    entities += "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, 31))
    table = sheet_xml({1: HEADER, 2: [1, "Mug", "TEXT"]}).replace("TEXT", "&e30;")
    return make_workbook({"S": f"<!DOCTYPE w [{entities}]>{table}"})


def file_of_the_machine() -> bytes:
    table = sheet_xml({1: HEADER, 2: [1, "TEXT", URL]}).replace("TEXT", "&file;")
    return make_workbook({"S": f'<!DOCTYPE w [<!ENTITY file SYSTEM "file:///etc/passwd">]>{table}'})


def zeros() -> bytes:
    return make_workbook({"S": sheet_xml({1: HEADER})}, more={"xl/media/a": bytes(200_000_000)})


def rows_without_end() -> bytes:
    """Cells at the very end of the sheet: a million empty rows above them."""
    row = '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'
    return make_workbook({"S": f"<worksheet {NAMESPACE}><sheetData>{row}</sheetData></worksheet>"})


@pytest.mark.parametrize(
    "make",
    [one_cell_in_each_corner, one_long_text_a_million_times, zeros],
    ids=lambda m: m.__name__,
)
def test_a_workbook_that_unpacks_to_too_much_is_refused_in_time(make: Callable[[], bytes]) -> None:
    data = make()
    started = time.monotonic()
    with pytest.raises(UploadTooLarge) as caught, open_table(io.BytesIO(data), max_bytes=MOST):
        pass
    assert "CSV" in caught.value.detail
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("make", [nested_entities, file_of_the_machine], ids=lambda m: m.__name__)
def test_entities_are_not_followed(make: Callable[[], bytes]) -> None:
    try:
        with open_table(io.BytesIO(make()), max_bytes=MOST) as table:
            text = table.content.read()
    except NotACsv:
        return
    assert len(text) < 1_000
    assert b"root:" not in text


def test_a_million_empty_rows_are_a_small_csv() -> None:
    with open_table(io.BytesIO(rows_without_end()), max_bytes=MOST) as table:
        assert len(table.content.read()) < 5_000_000


def test_a_csv_larger_than_allowed_is_refused() -> None:
    rows = [[n, f"Mug {n}", URL] for n in range(2_000)]
    with pytest.raises(UploadTooLarge), open_table(io.BytesIO(make_sheet(*rows)), max_bytes=9_000):
        pass


def test_a_csv_is_passed_on_untouched() -> None:
    content = io.BytesIO(b"S. No.,Product Name,Images\n")
    content.seek(7)
    with open_table(content, max_bytes=1) as table:
        assert table.content is content
        assert table.sheet is None
        assert content.tell() == 0


def test_after_a_lost_child_the_next_workbook_is_read() -> None:
    with (
        pytest.raises(UploadTooLarge),
        open_table(io.BytesIO(one_cell_in_each_corner()), max_bytes=MOST),
    ):
        pass
    with open_table(io.BytesIO(GOOD), max_bytes=MOST) as table:
        assert table.content.read().decode("utf-8-sig").splitlines()[1] == f"1,Mug,{URL}"


@pytest.fixture
def taken_turn() -> Iterator[None]:
    """A workbook that is being read all the time."""
    with workbook._turn:
        yield


@pytest.mark.usefixtures("taken_turn")
def test_more_workbooks_than_may_wait_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "WAIT_SECONDS", 2.0)
    outcomes: list[str] = []

    def call() -> None:
        try:
            with open_table(io.BytesIO(GOOD), max_bytes=MOST):
                outcomes.append("read")
        except ServiceUnavailable as error:
            outcomes.append("busy" if error.retry_after_seconds else "for ever")

    threads = [threading.Thread(target=call) for _ in range(workbook.WAITING_MAX + 4)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    while len(outcomes) < 3:
        assert time.monotonic() - started < 2
        time.sleep(0.01)
    assert set(outcomes) == {"busy"}
    for thread in threads:
        thread.join()
    assert outcomes == ["busy"] * len(threads)
