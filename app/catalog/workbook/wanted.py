"""What the caller says about a workbook."""

import json
from dataclasses import asdict, dataclass

from app.catalog.layouts.mapping import ColumnMapping


@dataclass(frozen=True, slots=True)
class Wanted:
    """The sheet to read by its name, and how its columns are read (`header.detect`)."""

    sheet: str | None = None
    mapping: ColumnMapping | None = None
    base_url: str | None = None

    def to_text(self) -> str:
        """ASCII for the process that reads the workbook."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Wanted":
        """What `to_text` has written."""
        values = json.loads(text)
        mapping = values["mapping"]
        if mapping is not None:
            mapping = ColumnMapping(**mapping | {"images": tuple(mapping["images"])})
        return cls(values["sheet"], mapping, values["base_url"])
