"""The file as it came, with other addresses in its image cells and no other byte changed."""

import codecs
import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.cells.reader import CellReader
from app.catalog.cells.separator import Separator
from app.catalog.cells.written import replaced, written_url
from app.catalog.header.detected import Detected
from app.catalog.header.sheet import Sheet
from app.catalog.layouts.mapping import parse_mapping
from app.catalog.out.replace import charset, write_replaced
from app.catalog.reader import InputRow, detect, read_rows
from app.catalog.text.tail import text_end
from app.catalog.workbook.sheet_csv import write_sheet
from tests.catalogs import HOST, MEDIA, SAMPLES, Sample
from tests.unit.catalog.csv_files import ONE, THREE, TWO
from tests.unit.catalog.workbooks import make_sheet

NEW = "https://cdn.example"
HEADER = "S. No.,Product Name,Image URLs"
BY_FILE = pytest.mark.parametrize("sample", SAMPLES, ids=[each.file for each in SAMPLES])


def new_url(row: InputRow, place: int) -> str:
    return f"{NEW}/{row.row}-{place}.jpg"


def with_new(
    data: bytes, detected: Detected | None = None, *, keep: tuple[str, ...] = (), none: bool = False
) -> bytes:
    """The file with each address replaced, but for those to keep."""
    stream = io.BytesIO(data)
    detected = detected or detect(stream)
    rows = (
        (
            row,
            [
                None if none or url in keep else new_url(row, place)
                for place, url in enumerate(row.urls, start=1)
            ],
        )
        for row in read_rows(stream, detected)
    )
    return b"".join(write_replaced(io.BytesIO(data), detected, rows))


def changed(*lines: str, end: str = "\r\n") -> list[str]:
    """The lines of a plain list below its header, after all addresses were replaced."""
    data = end.join([HEADER, *lines, ""]).encode()
    return with_new(data).decode().split(end)[1:-1]


@BY_FILE
def test_a_sample_without_changes_comes_back_byte_for_byte(sample: Sample) -> None:
    detected = detect(io.BytesIO(sample.data), base_url=sample.base_url)
    assert with_new(sample.data, detected, none=True) == sample.data


@BY_FILE
def test_a_sample_differs_in_its_image_cells_only(sample: Sample) -> None:
    detected = detect(io.BytesIO(sample.data), base_url=sample.base_url)
    output = with_new(sample.data, detected)
    assert output.startswith(codecs.BOM_UTF8) is sample.data.startswith(codecs.BOM_UTF8)

    def cells(data: bytes) -> list[list[str]]:
        text = data.decode(detected.encoding)
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=detected.delimiter))

    before, after = cells(sample.data), cells(output)
    assert len(before) == len(after)
    images = set(detected.layout.image_columns)
    places = 0
    for old, new in zip(before, after, strict=True):
        assert [cell for index, cell in enumerate(old) if index not in images] == [
            cell for index, cell in enumerate(new) if index not in images
        ]
        places += sum(cell.count(NEW) for cell in new)
    assert places == sample.places
    # What comes out goes in again, and is recognised as the same.
    again = detect(io.BytesIO(output))
    assert (again.platform, again.layout) == (sample.platform, detected.layout)
    stream = io.BytesIO(sample.data)
    names = [row.urls for row in read_rows(io.BytesIO(output), again)]
    assert [len(urls) for urls in names] == [len(row.urls) for row in read_rows(stream, detected)]


def test_cells_keep_their_own_separators_and_quotes() -> None:
    assert changed(
        f'1,Mug,"{ONE} ; {TWO}|{THREE}"',
        f"2,=Cup,{ONE}",
        f'3,"Jug, ""big""","{ONE},\n{TWO}, "',
    ) == [
        f'1,Mug,"{NEW}/2-1.jpg ; {NEW}/2-2.jpg|{NEW}/2-3.jpg"',
        f"2,=Cup,{NEW}/3-1.jpg",
        f'3,"Jug, ""big""","{NEW}/4-1.jpg,\n{NEW}/4-2.jpg, "',
    ]


def test_addresses_that_ran_over_are_replaced_where_they_stand() -> None:
    assert changed(
        f"1,Mug,{ONE},{TWO}",
        "2,Cup,https://a.example/w_1,h_2/1.jpg",
        f"3,Jug,https://a.example/w_1,h_2/1.jpg,{ONE},,",
        f'4,Pot,"{ONE}",{TWO}',
    ) == [
        f"1,Mug,{NEW}/2-1.jpg,{NEW}/2-2.jpg",
        f"2,Cup,{NEW}/3-1.jpg",
        f"3,Jug,{NEW}/4-1.jpg,{NEW}/4-2.jpg,,",
        f'4,Pot,"{NEW}/5-1.jpg",{NEW}/5-2.jpg',
    ]


def test_an_address_that_begins_in_quotes_and_ends_behind_them_is_replaced() -> None:
    line = '1,Mug,"https://",a.example/1.jpg'
    assert changed(line, f"2,Cup,{ONE}") == [f"1,Mug,{NEW}/2-1.jpg", f"2,Cup,{NEW}/3-1.jpg"]


def test_odd_quotes_and_broken_rows_stay_as_they_are() -> None:
    lines = [
        f'1,"Pipe 5" wide",{ONE}',
        f'2,"Mug,{ONE}',
        f'3,"Cup" ,{ONE}',
        "",
        ",,",
        f"4,Jug,{ONE}",
    ]
    assert changed(*lines) == [
        f'1,"Pipe 5" wide",{NEW}/2-1.jpg',
        lines[1],
        f'3,"Cup" ,{NEW}/4-1.jpg',
        "",
        ",,",
        f"4,Jug,{NEW}/7-1.jpg",
    ]


def test_a_failed_image_keeps_its_address() -> None:
    data = f'{HEADER}\n1,Mug,"{ONE}, {TWO}"\n2,Cup,{TWO}'.encode()
    output = with_new(data, keep=(TWO,)).decode()
    assert output == f'{HEADER}\n1,Mug,"{NEW}/2-1.jpg, {TWO}"\n2,Cup,{TWO}'


def test_lines_above_the_header_and_a_sep_line_stay() -> None:
    data = f"sep=;\r\nOur list\r\n\r\nS. No.;Product Name;Images\r\n1;Mug;{ONE}\r\n\r\n".encode()
    assert with_new(data) == data.replace(ONE.encode(), f"{NEW}/5-1.jpg".encode())


def test_blanks_before_quotes_stay() -> None:
    data = f'S. No., Product Name, Images\n1, "Mug, blue", "{ONE}, {TWO}"\n'.encode()
    assert with_new(data) == data.replace(ONE.encode(), f"{NEW}/2-1.jpg".encode()).replace(
        TWO.encode(), f"{NEW}/2-2.jpg".encode()
    )


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("cp1252", b""),
    ],
)
def test_encoding_mark_and_line_ends_stay(encoding: str, mark: bytes, end: str) -> None:
    text = end.join([HEADER, f"1,Café,{ONE}", "", f'2,"a{end}b",{TWO}', "x"])
    data = mark + text.encode(encoding)
    wanted = text.replace(ONE, f"{NEW}/2-1.jpg").replace(TWO, f"{NEW}/4-1.jpg")
    assert with_new(data) == mark + wanted.encode(encoding)


def test_characters_with_two_codes_keep_theirs() -> None:
    # Both 0xEEEF and 0xFA40 are a small Roman one; Python writes the second.
    name = b"\xee\xef \xfa\x40 \x83\x7d\x83\x4f"
    data = f"{HEADER}\n1,".encode() + name + f",{ONE}\n".encode()
    detected = detect(io.BytesIO(data), encoding="cp932")
    assert with_new(data, detected) == data.replace(ONE.encode(), f"{NEW}/2-1.jpg".encode())


def test_a_comma_in_a_new_address_is_written_as_the_platform_wants() -> None:
    url = "https://cdn.example/a,b;c|d é.jpg"
    assert written_url(url, Separator.ONE) == "https://cdn.example/a,b;c|d%20%C3%A9.jpg"
    assert written_url(url, Separator.ESCAPED_COMMA).startswith("https://cdn.example/a\\,b;c|d")
    assert written_url(url, Separator.COMMA).startswith("https://cdn.example/a%2Cb;c|d")
    assert written_url(url, Separator.SEMICOLON).startswith("https://cdn.example/a,b%3Bc|d")
    assert written_url(url, Separator.PIPE).startswith("https://cdn.example/a,b;c%7Cd")
    assert written_url(url, Separator.ANY).startswith("https://cdn.example/a%2Cb%3Bc%7Cd")


def test_a_new_address_with_the_delimiter_gets_quotes() -> None:
    data = f"Handle,Title,Image Src\na,Mug,{ONE}\n".encode()
    detected = detect(io.BytesIO(data))
    rows = [(row, ["https://cdn.example/a,b.jpg"]) for row in read_rows(io.BytesIO(data), detected)]
    output = b"".join(write_replaced(io.BytesIO(data), detected, rows)).decode()
    assert output.splitlines()[1] == 'a,Mug,"https://cdn.example/a,b.jpg"'


def test_paths_are_replaced_by_full_addresses() -> None:
    data = (
        b'sku,name,base_image,additional_images\na,Bag,/w/1.jpg,"w/2.jpg,no_selection,/w/3.jpg"\n'
    )
    detected = detect(io.BytesIO(data), base_url=MEDIA)
    assert with_new(data, detected).decode().splitlines()[1] == (
        f'a,Bag,{NEW}/2-1.jpg,"{NEW}/2-2.jpg,no_selection,{NEW}/2-3.jpg"'
    )


def test_a_workbook_becomes_a_csv_with_all_its_rows() -> None:
    target = io.BytesIO()
    content = make_sheet(["1", "Mug", ONE], ["", "", ""], ["2", "a\nb", f"{ONE}\n{TWO}"])
    sheet = write_sheet(io.BytesIO(content), target)
    assert isinstance(sheet, Sheet)
    detected = detect(target, sheet=sheet)
    output = with_new(target.getvalue(), detected)
    assert with_new(target.getvalue(), detected, none=True) == target.getvalue()
    rows = list(csv.reader(io.StringIO(output.decode("utf-8-sig"), newline="")))
    assert [row[2] for row in rows if len(row) > 2][1:] == [
        f"{NEW}/2-1.jpg",
        f"{NEW}/4-1.jpg\n{NEW}/4-2.jpg",
    ]


def test_named_columns_are_replaced_too() -> None:
    data = f"a;b;Foto;c;Bild\r\n1;2;{ONE};x;{TWO} {THREE}\r\n".encode()
    detected = detect(io.BytesIO(data), columns=parse_mapping('{"images":["foto","bild"]}'))
    assert with_new(data, detected).decode().splitlines()[1] == (
        f"1;2;{NEW}/2-1.jpg;x;{NEW}/2-2.jpg {NEW}/2-3.jpg"
    )


@pytest.mark.parametrize(
    ("encoding", "bom", "name"),
    [
        ("utf-8", True, "utf-8"),
        ("utf-16-le", True, "utf-16"),
        ("utf-16-le", False, "utf-16-le"),
        ("cp1252", False, "windows-1252"),
        ("iso8859-1", False, "iso8859-1"),
    ],
)
def test_the_content_type_names_the_encoding(encoding: str, bom: bool, name: str) -> None:
    detected = detect(io.BytesIO(f"{HEADER}\n1,Mug,{ONE}\n".encode()))
    values = detected.to_json() | {"encoding": encoding, "bom": bom}
    assert charset(Detected.from_json(values)) == name


def test_a_long_file_is_written_in_small_pieces() -> None:
    lines = [f"{number},Mug,{ONE}" for number in range(20_000)]
    data = "\n".join([HEADER, *lines, ""]).encode()
    detected = detect(io.BytesIO(data))
    stream = io.BytesIO(data)
    rows = ((row, [new_url(row, 1)]) for row in read_rows(stream, detected))
    pieces = list(write_replaced(io.BytesIO(data), detected, rows))
    assert max(map(len, pieces)) < 100_000
    assert b"".join(pieces).count(NEW.encode()) == 20_000


# --- properties ---

PARTS = [
    "https://a.example/1.jpg",
    "http://b.example/w_1,h_2",
    "/x.png",
    "y.jpg",
    ONE,
    "text",
    "&amp;",
    "&#038;",
    "//c.example/1.jpg",
    "https",
    "，",
    '["',
    '"]',
    "(",
    ")",
    "<",
    ">",
]
CELLS = st.lists(
    st.one_of(
        st.sampled_from(PARTS), st.sampled_from([",", ";", "|", " ", "\n", ", ", "\t", "\\,"])
    ),
    max_size=8,
).map("".join)


@given(cell=st.one_of(CELLS, st.text(max_size=40)))
@settings(max_examples=500, deadline=None)
def test_places_are_where_their_addresses_are_and_a_list_has_the_same(cell: str) -> None:
    in_list = CellReader().read(cell, Separator.SCHEME)
    content = CellReader().read(cell, Separator.ANY)
    if not in_list.bad:
        assert not content.bad
        assert content.places == in_list.places
    for place in [*content.places, *in_list.places]:
        written = cell[place.start : place.end].replace("&amp;", "&").replace("&#038;", "&")
        assert place.url in (written, f"https:{written}")


@given(cell=CELLS, separator=st.sampled_from(list(Separator)), based=st.booleans())
@settings(max_examples=500, deadline=None)
def test_what_is_replaced_is_read_again_as_it_was_written(
    cell: str, separator: Separator, based: bool
) -> None:
    reader = CellReader("https://base.example" if based else None)
    content = reader.read(cell, separator)
    if content.bad:
        return
    wanted = [f"{NEW}/{number},b;c|d.jpg" for number in range(len(content.places))]
    if separator is Separator.ONE and len(wanted) > 1:
        return
    again = reader.read(replaced(cell, content.places, wanted, separator), separator)
    assert [place.url for place in again.places] == [
        url if separator is Separator.ESCAPED_COMMA else written_url(url, separator)
        for url in wanted
    ]


TEXT = st.text(st.sampled_from("ab\"',;\t|= é\r\n\\"), max_size=8)
SPREAD = st.tuples(
    TEXT, st.lists(st.sampled_from([ONE, TWO, "https://x.example/a,b.jpg"]), max_size=3)
)


@given(
    rows=st.lists(SPREAD, max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    encoding=st.sampled_from(["utf-8", "utf-16-le", "cp1252"]),
    last=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_nothing_changed_is_byte_identical_and_changes_are_exact(
    rows: list[tuple[str, list[str]]],
    delimiter: str,
    end: str,
    quoting: int,
    encoding: str,
    last: bool,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["Handle", "Title", "Image Src", "Tags"])
    for name, urls in [("Mug", [ONE]), *rows]:
        writer.writerow(["h", name, " ".join(urls), name])
    value = text.getvalue() if last else text.getvalue().rstrip("\r\n")
    mark = codecs.BOM_UTF16_LE if encoding == "utf-16-le" else b""
    data = mark + value.encode(encoding)
    detected = detect(io.BytesIO(data))
    assert with_new(data, detected, none=True) == data

    before = list(read_rows(io.BytesIO(data), detected))
    output = with_new(data, detected)
    after = list(read_rows(io.BytesIO(output), detected))
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        if old.errors:
            assert old.cells == new.cells
            continue
        assert [old.cells[index] for index in (0, 1, 3)] == [new.cells[i] for i in (0, 1, 3)]
        assert list(new.urls) == [new_url(old, place) for place in range(1, len(old.urls) + 1)]


@given(data=st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_below_a_header_come_back_as_they_are(data: bytes) -> None:
    data = b"S. No.,Product Name,Image URLs\n1,Mug,https://a.example/1.jpg\n" + data
    try:
        detected = detect(io.BytesIO(data))
    except Exception:
        return
    # What pads the file behind its last line is no text.
    assert with_new(data, detected, none=True) == data[: text_end(io.BytesIO(data), 0, "utf-8")]


def test_hosts_of_the_samples_are_reserved_ones() -> None:
    assert HOST.endswith(".example")
