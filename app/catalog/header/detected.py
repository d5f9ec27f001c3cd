"""What was found out about a file once, so that it can be read again in the same way."""

from dataclasses import asdict, dataclass
from typing import Any

from app.catalog.layouts.columns import Columns
from app.catalog.layouts.layout import Export
from app.catalog.text.dialect import Dialect
from app.catalog.text.encodings import Encoding


@dataclass(frozen=True, slots=True)
class Detected:
    """Everything that is needed to read the same file again, quickly and identically.

    `columns` are those of a plain list, or the layout of an export; `platform` names whose export
    it is, None where the columns were mapped. `base_url` stands before relative paths.
    `header_row` is the line in the file (from 1) where the header starts; `header` its cells as
    they stand. `blanks_before_quotes`: cells are written `a, "b, c"`, with a blank before the
    opening quote. `workbook`: the file was made from a workbook's sheet, so that a row's number is
    that of its record, and its quotes are ours. `warnings` are sentences for the owner about what
    had to be assumed.
    """

    platform: str | None
    encoding: str
    encoding_guessed: bool
    bom: bool
    delimiter: str
    header_row: int
    header: tuple[str, ...]
    columns: Columns | Export
    blanks_before_quotes: bool = False
    workbook: bool = False
    base_url: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def text_encoding(self) -> Encoding:
        """The encoding in the form that `decoded` takes."""
        return Encoding(self.encoding, guessed=self.encoding_guessed, bom=self.bom)

    @property
    def dialect(self) -> Dialect:
        """How its records are written."""
        return Dialect(self.delimiter, self.blanks_before_quotes)

    def column_name(self, index: int) -> str:
        """The header's name of a column, or its number where it has none."""
        name = self.header[index].strip() if index < len(self.header) else ""
        return name or f"column {index + 1}"

    @property
    def export(self) -> Export | None:
        """The layout of an export; None for a plain list."""
        return self.columns if isinstance(self.columns, Export) else None

    @property
    def list_columns(self) -> Columns:
        """The columns of a plain list; nothing else has them."""
        if isinstance(self.columns, Export):
            raise TypeError("an export is read by its layout")
        return self.columns

    @property
    def image_columns(self) -> tuple[int, ...]:
        """The indexes of all image columns, in the sequence of their positions."""
        if isinstance(self.columns, Export):
            return tuple(each.index for each in self.columns.images)
        return self.columns.image_columns

    @property
    def siblings(self) -> tuple[int, ...]:
        """Those of `image_columns` that are read without being known by their names."""
        if isinstance(self.columns, Export):
            return tuple(each.index for each in self.columns.images if each.is_sibling)
        return tuple(each for each in self.columns.gallery if each != self.columns.images)

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column; `from_json` makes an equal object of them."""
        columns = self.columns
        return asdict(self) | {
            "columns": columns.to_json(),
            "header": list(self.header),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Detected":
        """The object that `to_json` has described; further keys are left aside."""
        names = cls.__dataclass_fields__
        values = {name: value for name, value in document.items() if name in names}
        columns = document["columns"]
        return cls(
            **values
            | {
                "header": tuple(document["header"]),
                "warnings": tuple(document["warnings"]),
                "columns": (
                    Export.from_json(columns)
                    if isinstance(columns["images"], list)
                    else Columns.from_json(columns)
                ),
            }
        )

    def public(self) -> dict[str, Any]:
        """What the API tells about the file under `detected`."""
        columns = self.columns
        named = {
            "serial_number": self._header_name(columns.serial_number),
            "product_name": self._header_name(columns.product_name),
            "images": [self.header[index] for index in self.image_columns],
        }
        because = columns.because if isinstance(columns, Export) else _names(named)
        return {
            "platform": self.platform,
            "delimiter": self.delimiter,
            "encoding": "xlsx" if self.workbook else self.encoding,
            "header_row": self.header_row,
            "columns": named,
            "because": list(because),
        }

    def _header_name(self, index: int | None) -> str | None:
        return None if index is None else self.header[index]


def _names(named: dict[str, Any]) -> list[str]:
    first = (named["serial_number"], named["product_name"], *named["images"])
    return [name.strip() for name in first if name is not None]
