"""What was found out about a file once, so that it can be read again in the same way."""

from dataclasses import asdict, dataclass
from typing import Any

from app.catalog.layouts.layout import Layout
from app.catalog.text.dialect import Dialect
from app.catalog.text.encodings import Encoding


@dataclass(frozen=True, slots=True)
class Detected:
    """Everything that is needed to read the same file again, quickly and identically.

    `layout` says which column means what; `platform` names whose export it is, None for a plain
    list and where the columns were mapped. `base_url` is the beginning of relative paths.
    `header_row` is the line in the file (from 1) where the header starts, 0 where it has none;
    `header` its cells as they are, or as the output has them. `blanks_before_quotes`: cells are
    written `a, "b, c"`, with a blank before the opening quote. `workbook`: the file was made from a
    workbook's sheet, so that a row's number is that of its record, and its quotes are ours.
    `has_strays`: some lines are in another encoding than the file (`text.strays`). `sheet`: which
    one of the workbook. `warnings` are sentences for the owner about what had to be assumed.
    """

    platform: str | None
    encoding: str
    encoding_guessed: bool
    bom: bool
    delimiter: str
    header_row: int
    header: tuple[str, ...]
    layout: Layout
    blanks_before_quotes: bool = False
    workbook: bool = False
    base_url: str | None = None
    has_strays: bool = False
    sheet: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def text_encoding(self) -> Encoding:
        """The encoding in the form that `decoded` takes."""
        return Encoding(self.encoding, self.encoding_guessed, self.bom, self.has_strays)

    @property
    def dialect(self) -> Dialect:
        """How its records are written."""
        return Dialect(self.delimiter, self.blanks_before_quotes)

    def column_name(self, index: int) -> str:
        """The header's name of a column, or its number where it has none."""
        name = self.header[index].strip() if index < len(self.header) else ""
        return name or f"column {index + 1}"

    @property
    def plain_columns(self) -> tuple[int, int] | None:
        """The columns of image URLs and of names of a plain list; None where cells need a closer
        look: they may hold paths, or unnamed columns addresses.
        """
        images, name = self.layout.runs_over, self.layout.product_name
        if images is None or name is None or self.base_url is not None:
            return None
        return None if self.layout.nameless(self.header) else (images, name)

    @property
    def is_mapped(self) -> bool:
        """Whether naming its columns is what reads it so: the caller did, or they left no doubt."""
        return not (self.platform or self.layout.is_list or self.layout.named_by_file)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column; `from_json` makes an equal object of them."""
        document = asdict(self)
        del document["layout"]
        return document | {
            "columns": self.layout.to_json(),
            "header": list(self.header),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Detected":
        """The object that `to_json` has described; further keys are left aside."""
        names = cls.__dataclass_fields__
        values = {name: value for name, value in document.items() if name in names}
        return cls(
            **values
            | {
                "header": tuple(document["header"]),
                "warnings": tuple(document["warnings"]),
                "layout": Layout.from_json(document["columns"]),
            }
        )

    def public(self) -> dict[str, Any]:
        """What the API tells about the file under `detected`."""
        layout = self.layout
        named = {
            "serial_number": self._header_name(layout.serial_number),
            "product_name": self._header_name(layout.product_name),
            "images": [self.header[index] for index in layout.image_columns],
        }
        because = _names(named) if layout.is_list else layout.because
        return {
            "platform": self.platform,
            "delimiter": self.delimiter,
            "encoding": "xlsx" if self.workbook else self.encoding,
            "sheet": self.sheet,
            "header_row": self.header_row,
            "columns": named,
            "because": list(because),
        }

    def _header_name(self, index: int | None) -> str | None:
        return None if index is None else self.header[index]


def _names(named: dict[str, Any]) -> list[str]:
    first = (named["serial_number"], named["product_name"], *named["images"])
    return [name.strip() for name in first if name is not None]
