"""Workbooks made by hand, so that a test can put anything into them."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr
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


@dataclass(frozen=True)
class Formula:
    """A formula without its sign, the value that was saved with it, and what it is written for.

    `shared`: (number, area): other cells have the same one; with an empty text, this is such a
    cell.
    """

    text: str
    value: str = ""
    shared: tuple[int, str] | None = None


Value = str | float | bool | tuple[float, int] | Formula | None


def sheet_xml(
    rows: Mapping[int, Sequence[Value]], *, links: Mapping[str, str] | None = None
) -> str:
    """A sheet of rows by their number; a tuple is a number and its style, None no cell.

    Args:
        links: ids of `link_relations` by the places of the cells that have them.
    """
    lines = []
    for number, values in rows.items():
        cells = "".join(
            _cell(f"{chr(65 + column)}{number}", value)
            for column, value in enumerate(values)
            if value is not None
        )
        lines.append(f'<row r="{number}">{cells}</row>')
    linked = "".join(
        f'<hyperlink ref="{place}" r:id="{number}"/>' for place, number in (links or {}).items()
    )
    return (
        f'<worksheet {NAMESPACE} xmlns:r="{RELATIONS}"><sheetData>{"".join(lines)}</sheetData>'
        f"{f'<hyperlinks>{linked}</hyperlinks>' if linked else ''}</worksheet>"
    )


def link_relations(targets: Mapping[str, str]) -> dict[str, bytes]:
    """The part that says where the links of the first sheet lead, by their ids."""
    related = "".join(
        f'<Relationship Id="{number}" Type="{RELATIONS}/hyperlink" Target={quoteattr(target)} '
        'TargetMode="External"/>'
        for number, target in targets.items()
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    text = f'<Relationships xmlns="{package}/relationships">{related}</Relationships>'
    return {"xl/worksheets/_rels/sheet1.xml.rels": text.encode()}


def styles_of(*codes: str) -> str:
    """Styles in which the cell style with number n, from 1, has the n-th of these formats."""
    formats = "".join(
        f'<numFmt numFmtId="{163 + number}" formatCode={quoteattr(code)}/>'
        for number, code in enumerate(codes, start=1)
    )
    cells = "".join(f'<xf numFmtId="{164 + number}"/>' for number in range(len(codes)))
    return (
        f'<styleSheet {NAMESPACE}><numFmts count="{len(codes)}">{formats}</numFmts><cellStyleXfs '
        f'count="1"><xf numFmtId="164"/></cellStyleXfs><cellXfs count="{len(codes) + 1}">'
        f'<xf numFmtId="0"/>{cells}</cellXfs></styleSheet>'
    )


def make_workbook(
    sheets: Mapping[str, str],
    *,
    hidden: Sequence[str] = (),
    more: Mapping[str, bytes] | None = None,
    styles: str = STYLES,
) -> bytes:
    """An XLSX of sheets by name, in their order, each as `sheet_xml` makes it."""
    numbered = list(enumerate(sheets.items(), start=1))
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"'
        f"{' state=' + chr(34) + 'hidden' + chr(34) if name in hidden else ''}/>"
        for number, (name, _) in numbered
    )
    related = (
        "".join(
            f'<Relationship Id="rId{number}" Type="{RELATIONS}/worksheet" '
            f'Target="worksheets/sheet{number}.xml"/>'
            for number, _ in numbered
        )
        + f'<Relationship Id="styles" Type="{RELATIONS}/styles" Target="styles.xml"/>'
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
        "xl/styles.xml": styles,
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
    if isinstance(value, Formula):
        shared = ""
        if value.shared is not None:
            area = f' ref="{value.shared[1]}"' if value.shared[1] else ""
            shared = f' t="shared" si="{value.shared[0]}"{area}'
        return (
            f'<c r="{place}" t="str"><f{shared}>{escape(value.text)}</f>'
            f"<v>{escape(value.value)}</v></c>"
        )
    if isinstance(value, tuple):
        return f'<c r="{place}" s="{value[1]}"><v>{value[0]!r}</v></c>'
    if isinstance(value, float | int):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    text = escape(str(value))
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
