"""Workbooks made by hand, so that a test can put anything into them."""

import io
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADER = ["S. No.", "Product Name", "Input Image Urls"]
# Cell styles of STYLES: a plain number, a date, a date with a time.
DATE, DATE_TIME = 1, 2
STYLES = (
    f'<styleSheet {NAMESPACE}><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0"/>'
    '</cellStyleXfs><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/>'
    "</cellXfs></styleSheet>"
)

Value = str | float | bool | tuple[float, int] | None


def sheet_xml(rows: Mapping[int, Sequence[Value]]) -> str:
    """A sheet of rows by their number; a tuple is a number and its style, None no cell."""
    lines = []
    for number, values in rows.items():
        cells = "".join(
            _cell(f"{chr(65 + column)}{number}", value)
            for column, value in enumerate(values)
            if value is not None
        )
        lines.append(f'<row r="{number}">{cells}</row>')
    return f"<worksheet {NAMESPACE}><sheetData>{''.join(lines)}</sheetData></worksheet>"


def make_workbook(
    sheets: Mapping[str, str],
    *,
    hidden: Sequence[str] = (),
    more: Mapping[str, bytes] | None = None,
) -> bytes:
    """An XLSX of sheets by name, in their order, each as `sheet_xml` makes it."""
    numbered = list(enumerate(sheets.items(), start=1))
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"'
        f"{' state=' + chr(34) + 'hidden' + chr(34) if name in hidden else ''}/>"
        for number, (name, _) in numbered
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONS}/worksheet" '
        f'Target="worksheets/sheet{number}.xml"/>'
        for number, _ in numbered
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {NAMESPACE} xmlns:r="{RELATIONS}"><sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{related}'
        "</Relationships>",
        "xl/styles.xml": STYLES,
    }
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        for number, (_, text) in numbered:
            archive.writestr(f"xl/worksheets/sheet{number}.xml", text)
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    return file.getvalue()


def make_sheet(*rows: Sequence[Value], header: Sequence[Value] = HEADER) -> bytes:
    """A workbook of one sheet: the header and the rows below it."""
    lines = dict(enumerate((header, *rows), start=1))
    return make_workbook({"Products": sheet_xml(lines)})


def _cell(place: str, value: Value) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
    if isinstance(value, tuple):
        return f'<c r="{place}" s="{value[1]}"><v>{value[0]!r}</v></c>'
    if isinstance(value, float | int):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    text = escape(str(value))
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
