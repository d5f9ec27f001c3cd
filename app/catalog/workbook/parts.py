"""The parts of a workbook that its parser does not give: formats, and where links lead.

Source: ECMA-376 Part 1, 18.2 (workbook), 18.8 (styles) and Part 2, 9.3 (relationships).
"""

import posixpath
from collections.abc import Callable, Mapping
from typing import BinaryIO
from xml.parsers import expat
from zipfile import ZipFile

from app.catalog.workbook.number_formats import ZeroFormat, zero_format

_READ_BYTES = 256 * 1024

StartHandler = Callable[[str, dict[str, str]], None]


class DocumentTypeFound(Exception):
    """The XML declares a document type, as no workbook does and as attacks do."""


def local_name(name: str) -> str:
    """The name of an element or attribute without its namespace's prefix."""
    return name.rpartition(":")[2]


def new_parser() -> expat.XMLParserType:
    """A parser that takes no document type, so that no entity can grow."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.buffer_text = True
    return parser


class Parts:
    """Looks into the archive of one workbook.

    Args:
        stream: an archive that `check_workbook` has passed.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._archive = ZipFile(stream)
        self._names = {name.lower(): name for name in self._archive.namelist()}

    def sheet_part(self, sheet: str) -> str | None:
        """The name of the part that has this sheet; None where the archive does not say."""
        book = self._book()
        found: list[str] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            if local_name(name) == "sheet" and attributes.get("name") == sheet:
                found.extend(value for key, value in attributes.items() if key.endswith(":id"))

        self.parse(book, start)
        targets = self._targets(book, "worksheet")
        return next((targets[each] for each in found if each in targets), None)

    def link_targets(self, part: str) -> Mapping[str, str]:
        """Where the links of a sheet lead, by their ids."""
        found: dict[str, str] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if local_name(name) == "Relationship" and attributes.get("TargetMode") == "External":
                found[attributes.get("Id", "")] = attributes.get("Target", "")

        self.parse(_relations_of(part), start)
        return found

    def zero_formats(self) -> Mapping[str, ZeroFormat]:
        """The formats that fill numbers up with zeros, by the style of a cell that has one."""
        codes: dict[str, str] = {}
        styles: list[str] = []
        is_in_cells = False

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal is_in_cells
            name = local_name(name)
            if name == "numFmt":
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif name in ("cellXfs", "cellStyleXfs"):
                is_in_cells = name == "cellXfs"
            elif name == "xf" and is_in_cells:
                styles.append(attributes.get("numFmtId", ""))

        for part in self._targets(self._book(), "styles").values():
            self.parse(part, start)
        formats = {number: zero_format(code) for number, code in codes.items()}
        return {
            str(style): found
            for style, number in enumerate(styles)
            if (found := formats.get(number)) is not None
        }

    def holds(self, part: str, *texts: bytes) -> bool:
        """Whether one of these texts is anywhere in a part; far quicker than to parse it."""
        name = self._names.get(part.lower())
        if name is None:
            return False
        longest = max(map(len, texts))
        rest = b""
        with self._archive.open(name) as stream:
            while chunk := stream.read(_READ_BYTES):
                data = rest + chunk
                if any(text in data for text in texts):
                    return True
                rest = data[-longest:]
        return False

    def parse(
        self, part: str, start: StartHandler, parser: expat.XMLParserType | None = None
    ) -> None:
        """Read a part and call `start` for each of its elements; one that is missing is empty.

        Args:
            parser: one of `new_parser` that has more handlers.
        Raises:
            expat.ExpatError, DocumentTypeFound: the part is damaged.
        """
        name = self._names.get(part.lower())
        if name is None:
            return
        parser = parser or new_parser()
        parser.StartElementHandler = start
        with self._archive.open(name) as stream:
            while chunk := stream.read(_READ_BYTES):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)

    def _book(self) -> str:
        return next(iter(self._targets("", "officeDocument").values()), "xl/workbook.xml")

    def _targets(self, part: str, kind: str) -> dict[str, str]:
        """The parts of a kind that a part refers to, by their ids."""
        found: dict[str, str] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if local_name(name) == "Relationship" and attributes.get("Type", "").endswith(
                f"/{kind}"
            ):
                target = posixpath.join(posixpath.dirname(part), attributes.get("Target", ""))
                # One that begins with a slash is seen from the archive's root.
                found[attributes.get("Id", "")] = posixpath.normpath(target).lstrip("/")

        self.parse(_relations_of(part), start)
        return found


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _refuse_document_type(*_: object) -> None:
    raise DocumentTypeFound
