"""Files that are not UTF-8, or not all of it: what is read, and what is said to whom has to say."""

import codecs
import io

import pytest

from app.catalog.header.readings import NameColumn, readings
from app.catalog.out.replace import write_replaced
from app.catalog.out.writer import write_output
from app.catalog.reader import detect, read_rows, validate
from app.catalog.text.guesses import likely_encodings
from app.domain.errors import CsvInvalid
from tests.unit.catalog.csv_files import ONE, TWO, findings_of, make_csv, refusal_of, rows_of

NEW = "https://new.example/1.jpg"


def mixed(*bad: bytes, good: int = 30, mark: bytes = b"") -> bytes:
    """A file whose first lines are UTF-8 and whose last ones are as they are given."""
    rows = [[str(number), f"Größe {number}", f"{ONE}?größe"] for number in range(good)]
    return make_csv(rows, mark=mark) + b"".join(line + b"\r\n" for line in bad)


BAD = b"x,Caf\xe9 f\xfcr zwei,https://img.example.com/gr\xc3\xb6\xc3\x9fe.jpg"


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_line_of_another_encoding_is_read_alone_and_the_file_stays_utf_8(mark: bytes) -> None:
    findings = findings_of(mixed(BAD, mark=mark))
    assert (findings.detected.encoding, findings.detected.has_strays) == ("utf-8", True)
    *good, bad = rows_of(mixed(BAD, mark=mark))
    assert good[0].product_name == "Größe 0"
    assert bad.product_name == "Café für zwei"
    assert bad.urls == ("https://img.example.com/größe.jpg",)
    (warning,) = findings.warnings
    assert 'line 32 is not: it was read as Windows-1252: "Café für zwei"' in warning


def test_the_first_lines_of_another_encoding_are_named_and_the_others_counted() -> None:
    (warning,) = findings_of(mixed(*[b"x,Caf\xe9," + ONE.encode()] * 5)).warnings
    assert 'lines 32, 33, 34 and 2 more are not: they were read as Windows-1252: "Café"' in warning


def test_a_byte_that_no_windows_letter_has_costs_nothing_but_itself() -> None:
    *_, bad = rows_of(mixed(b"x,Caf\x81 \xc3\xa9,https://img.example.com/1.jpg"))
    assert (bad.product_name, bad.errors) == ("Caf\ufffd é", ())


def test_a_cut_character_takes_no_delimiter_and_no_line_end_with_it() -> None:
    *_, bad, last = rows_of(mixed(b"x,Gr\xc3,https://img.example.com/1.jpg", b"y,\xe2\x82," + b"h"))
    assert (bad.product_name, bad.urls) == ("GrÃ", (ONE,))
    assert last.row == 33


def test_both_outputs_of_such_a_file_are_right() -> None:
    data = mixed(BAD)
    detected = detect(io.BytesIO(data))
    rows = list(read_rows(io.BytesIO(data), detected))
    appended = b"".join(write_output(((row.cells, [NEW]) for row in rows), detected))
    assert "x,Café für zwei,https://img.example.com/größe.jpg," in appended.decode("utf-8")
    replaced = b"".join(write_replaced(io.BytesIO(data), detected, ((row, [NEW]) for row in rows)))
    # The file as it came: bytes that are no addresses are nobody's to change.
    expected = data.replace(BAD[BAD.index(b"http") :], NEW.encode()).replace(
        f"{ONE}?größe".encode(), NEW.encode()
    )
    assert replaced == expected


def test_a_file_of_mostly_other_lines_is_no_utf_8() -> None:
    findings = findings_of(mixed(*[b"x,Caf\xe9," + ONE.encode()] * 31))
    assert findings.detected.encoding == "cp1252"


def test_a_guess_shows_three_names_as_they_were_read_and_how_to_choose() -> None:
    names = ["Mug", "Größe", "Tür", "Öl", "Über"]
    rows = [[str(number), name, ONE] for number, name in enumerate(names)]
    (warning,) = findings_of(make_csv(rows, encoding="cp1252")).warnings
    assert '(cp1252): "Größe", "Tür", "Öl". ' in warning
    assert '"encoding"' in warning
    assert "may be" not in warning


LANGUAGES = [
    ("shift_jis", "Japanese", ["カップ", "茶碗"]),
    ("cp1251", "Cyrillic", ["Чашка", "Красная тарелка"]),
    ("koi8_r", "Cyrillic", ["Чашка", "Красная тарелка"]),
    ("gb18030", "Chinese", ["红色杯子", "玻璃锅"]),
    ("big5", "Chinese (traditional)", ["紅色杯子", "陶瓷馬克杯"]),
    ("euc_kr", "Korean", ["머그컵", "파란 접시"]),
    ("euc_jp", "Japanese", ["カップ", "青い茶碗"]),
    ("cp1253", "Greek", ["Καφές", "Ποτήρι κόκκινο"]),
    ("cp1255", "Hebrew", ["כוס אדומה"]),
    ("cp1256", "Arabic", ["كوب أحمر"]),
    ("cp874", "Thai", ["ถ้วยกาแฟ", "จานสีฟ้า"]),
    ("cp1250", "Central European", ["Żółw łąka", "Stół dębowy", "Świeca"]),
    ("iso8859-2", "Central European", ["Żółw łąka", "Stół dębowy", "Świeca"]),
    ("cp852", "Central European from DOS", ["Hrnek červený", "Šálek žlutý"]),
    ("mac_latin2", "Central European from a Mac", ["Żółw łąka", "Świeca"]),
    ("cp1257", "Baltic", ["Žalia lėkštė", "Raudonas puodelis šaukštas"]),
    ("cp1257", "Baltic", ["Sarkanā krūze", "Zaļš šķīvis"]),
    ("iso8859-5", "Cyrillic", ["Чашка", "Красная тарелка"]),
    ("cp932", "Japanese", ["①コーヒー", "㈱カップ"]),
    ("cp1254", "Turkish", ["Kırmızı çanta", "Şişe yeşil"]),
    ("mac_roman", "Western European from a Mac", ["Café crème", "Größe für Tür"]),
    ("cp850", "Western European from DOS", ["Größe für Tür", "Café"]),
]


@pytest.mark.parametrize(("encoding", "language", "names"), LANGUAGES)
def test_a_file_of_another_language_is_told_by_its_letters(
    encoding: str, language: str, names: list[str]
) -> None:
    data = make_csv([["1", name, ONE] for name in names], encoding=encoding)
    try:
        told = " ".join(findings_of(data).warnings)
    except CsvInvalid as error:
        # Windows-1252 has no letters for some bytes, so that the file cannot even be guessed.
        told = error.detail
    assert f"may be {language}" in told
    assert f"send the field encoding={encoding}" in told
    assert f'"{names[0]}"' in told
    assert rows_of(data, encoding=encoding)[0].product_name == names[0]


@pytest.mark.parametrize(
    "names",
    [["Größe", "Tür"], ["Crème brûlée"], ["Señor niño", "¿Qué?"], ["Blå stol"], ["5 m² “Eiche”"]],
)
def test_western_names_are_taken_for_nothing_else(names: list[str]) -> None:
    (first, *_) = likely_encodings([name.encode("cp1252") for name in names])
    assert (first.encoding, first.language) == ("cp1252", "")


def test_a_header_in_other_letters_is_refused_with_the_encoding_to_send() -> None:
    data = make_csv([["Чашка", ONE]], header=["Имя", "Картинка"], encoding="cp1251")
    assert refusal_of(data).detail.startswith("The file may be Cyrillic")
    assert 'encoding=cp1251 it reads "Имя", "Чашка"' in refusal_of(data).detail


def test_names_can_be_compared_side_by_side() -> None:
    data = make_csv([["1", "Чашка", ONE], ["2", "Ваза", TWO]], encoding="cp1251")
    line = detect(io.BytesIO(data))
    where = NameColumn(line.dialect, line.layout.product_name)
    found = {each.encoding: each.names for each in readings(io.BytesIO(data), where)}
    assert next(iter(found)) == "cp1251"
    assert found["cp1251"] == ("Чашка", "Ваза")
    assert found["cp1252"] == ("×àøêà", "Âàçà")
    chosen = readings(io.BytesIO(data), where, chosen="koi8_r")
    assert "koi8_r" in [each.encoding for each in chosen]


PADDED = make_csv([["1", "Café", ONE], ["2", "Mug", TWO]])


@pytest.mark.parametrize(
    "tail", [b"\0" * 100, b"\x1a", b"\x1a\r\n", b"\0\n\0\n", b"\0" * 200_000, b"\x1a" + b"\0" * 511]
)
def test_nul_and_ctrl_z_behind_the_last_line_fall_away(tail: bytes) -> None:
    for data in (PADDED, PADDED.rstrip()):
        findings = findings_of(data + tail)
        assert (findings.products, findings.warnings) == (2, [])
        assert [row.urls for row in rows_of(data + tail)] == [(ONE,), (TWO,)]
        detected = detect(io.BytesIO(data + tail))
        assert b"".join(write_replaced(io.BytesIO(data + tail), detected, ())) == data


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [True, False])
def test_the_tail_of_a_utf_16_file_falls_away(encoding: str, mark: bool) -> None:
    text = ("\ufeff" if mark else "") + PADDED.decode()
    padded = (text + "\x1a" + "\0" * 300).encode(encoding)
    # Programs of DOS put one byte behind whatever there is.
    for data in (padded, padded + b"\0", text.encode(encoding) + b"\x1a"):
        assert [row.urls for row in rows_of(data)] == [(ONE,), (TWO,)]


def test_a_nul_inside_of_the_text_is_no_tail() -> None:
    data = PADDED.replace(b"Mug", b"M\0ug") + b"\0\0"
    with pytest.raises(CsvInvalid) as caught:
        validate(io.BytesIO(data), max_rows=10)
    assert [(each.row, each.code) for each in caught.value.errors] == [(3, "control_character")]


def test_a_file_of_nothing_but_nul_is_empty() -> None:
    assert refusal_of(b"\0" * 500).errors[0].code == "empty_file"
