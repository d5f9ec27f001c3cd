"""What was found out about a file once, so that it can be read again in the same way."""

from dataclasses import asdict, dataclass
from typing import Any

from app.catalog.columns import Columns
from app.catalog.encodings import Encoding


@dataclass(frozen=True, slots=True)
class Detected:
    """Everything that is needed to read the same file again, quickly and identically.

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
    columns: Columns
    blanks_before_quotes: bool = False
    workbook: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def text_encoding(self) -> Encoding:
        """The encoding in the form that `decoded` takes."""
        return Encoding(self.encoding, guessed=self.encoding_guessed, bom=self.bom)

    def column_name(self, index: int) -> str:
        """The header's name of a column, or its number where it has none."""
        name = self.header[index].strip() if index < len(self.header) else ""
        return name or f"column {index + 1}"

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column; `from_json` makes an equal object of them."""
        return asdict(self) | {"header": list(self.header), "warnings": list(self.warnings)}

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
                "columns": Columns(**document["columns"]),
            }
        )

    def public(self) -> dict[str, Any]:
        """What the API tells about the file under `detected`."""
        serial_number = self.columns.serial_number
        return {
            "platform": self.platform,
            "delimiter": self.delimiter,
            "encoding": "xlsx" if self.workbook else self.encoding,
            "header_row": self.header_row,
            "columns": {
                "serial_number": None if serial_number is None else self.header[serial_number],
                "product_name": self.header[self.columns.product_name],
                "images": [self.header[self.columns.images]],
            },
        }
