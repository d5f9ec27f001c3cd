"""Where a CSV comes from that was made of a workbook."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sheet:
    """Which sheet of a workbook was read, and which others were left aside (the first few)."""

    name: str
    others: tuple[str, ...] = ()
    other_count: int = 0

    def warnings(self, encoding: str | None) -> list[str]:
        """Sentences for the owner; `encoding` is what the caller has chosen for the file."""
        aside = ", ".join(f'"{name}"' for name in self.others)
        if self.other_count > len(self.others):
            aside += f" and {self.other_count - len(self.others):,} more"
        read = (
            f'The file is an Excel workbook: its sheet "{self.name}" is read, and the output is a '
            "CSV." + (f" Left aside: {aside}." if aside else "")
        )
        if encoding is None:
            return [read]
        return [
            read,
            'The field "encoding" is not used: a workbook says itself how its text is encoded.',
        ]
