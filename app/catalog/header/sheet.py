"""Where a CSV comes from that was made of a workbook."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

# Sheets named in a warning, and how much of a name; a workbook may have any number of both.
_OTHERS_NAMED = 5
_NAME_CHARS = 40
# Those to choose from.
_NAMES_KEPT = 100
_ANOTHER = 'To read another sheet, send its name in the field "sheet".'


@dataclass(frozen=True, slots=True)
class ReadOut:
    """Cells of one column whose addresses are not what they show; `first` is a row."""

    LINK: ClassVar[str] = "link"
    FORMULA: ClassVar[str] = "formula"
    NOT_READ: ClassVar[str] = "not read"

    column: str
    how: str
    count: int
    first: int

    @property
    def warning(self) -> str:
        """A sentence for the owner."""
        one = self.count == 1
        cells = f"{self.count:,} cell{'' if one else 's'}"
        if self.how == self.NOT_READ:
            return (
                f'Behind {cells} of the column "{self.column}" (first in row {self.first:,}) '
                f"{'is a link to a picture' if one else 'are links to pictures'}. "
                f"{'It is' if one else 'They are'} not read: to read {'it' if one else 'them'}, "
                'name the column among the images of the field "columns".'
            )
        source = (
            f"the {'formula' if one else 'formulas'} (=IMAGE() or =HYPERLINK())"
            if self.how == self.FORMULA
            else f"the {'link' if one else 'links'} behind {'it' if one else 'them'}"
        )
        return (
            f'In {cells} of the column "{self.column}" (first in row {self.first:,}), the address '
            f"was read out of {source}."
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """Which sheet of a workbook was read, and which others were left aside (the first few).

    Attributes:
        names: the sheets to choose from, the one that was read among them.
        is_first: no other sheet was passed over because it has no products.
        read_out: addresses that are not what their cells show.
    """

    name: str
    others: tuple[str, ...] = ()
    other_count: int = 0
    names: tuple[str, ...] = ()
    is_first: bool = True
    read_out: tuple[ReadOut, ...] = ()

    @classmethod
    def of_names(cls, name: str, names: Sequence[str], *, is_first: bool) -> "Sheet":
        """The sheet with this name of a workbook that has sheets with all these names."""
        others = [each for each in names if each != name]
        named = tuple(each[:_NAME_CHARS] for each in others[:_OTHERS_NAMED])
        return cls(name, named, len(others), tuple(names[:_NAMES_KEPT]), is_first)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Sheet":
        """The object of which `dataclasses.asdict` has made these values, by way of JSON."""
        lists = {name: tuple(values[name]) for name in ("others", "names")}
        read_out = tuple(ReadOut(**each) for each in values["read_out"])
        return cls(**values | lists | {"read_out": read_out})

    def warnings(self, encoding: str | None) -> list[str]:
        """Sentences for the owner; `encoding` is what the caller has chosen for the file."""
        first = "" if self.is_first else ", the first one with products,"
        aside = f" Left aside: {self._aside()}. {_ANOTHER}" if self.others else ""
        read = f'its sheet "{self.name[:_NAME_CHARS]}"{first} is read'
        said = [f"The file is an Excel workbook: {read}, and the output is a CSV.{aside}"]
        said += [each.warning for each in self.read_out]
        if encoding is not None:
            said.append(
                'The field "encoding" is not used: a workbook says itself how its text is encoded.'
            )
        return said

    def advice(self) -> str:
        """What to say first where this sheet cannot be used; "" where there is no other one."""
        if not self.others:
            return ""
        return (
            f'The sheet "{self.name[:_NAME_CHARS]}" was read; the workbook has also '
            f"{self._aside()}. {_ANOTHER}"
        )

    def _aside(self) -> str:
        named = ", ".join(f'"{name}"' for name in self.others)
        more = self.other_count - len(self.others)
        return f"{named} and {more:,} more" if more > 0 else named
