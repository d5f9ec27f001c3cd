"""What an uploaded table holds, and the messages about it for whoever uploaded it."""

from dataclasses import dataclass
from typing import Any

from app.catalog.reader import ColumnMapping, Findings, SharePages, validate
from app.catalog.workbook.wanted import Wanted
from app.config import Settings
from app.intake.workbook import Table
from app.outbound.share_links import is_share_host, share_service

BAD_ROWS_NAMED = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """What the caller says about how the file is to be read; see `catalog.reader.validate`.

    `sheet` is the name of the sheet of a workbook to read; None: the first one with products.
    """

    encoding: str | None = None
    columns: ColumnMapping | None = None
    base_url: str | None = None
    accept_valid_rows: bool = False
    sheet: str | None = None

    @property
    def wanted(self) -> Wanted:
        """The same for a workbook."""
        return Wanted(self.sheet, self.columns, self.base_url)


def check_upload(settings: Settings, table: Table, reading: Reading) -> Findings:
    """Read the whole table; rows that are left out are among the warnings.

    Raises:
        RequestError: it cannot be used; see `catalog.reader.validate`.
    """
    shares = SharePages(is_share_host, share_service)
    findings = validate(
        table.content,
        max_rows=settings.max_rows,
        encoding=reading.encoding,
        columns=reading.columns,
        base_url=reading.base_url,
        accept_valid_rows=reading.accept_valid_rows,
        sheet=table.sheet,
        shares=shares,
    )
    if reading.sheet is not None and table.sheet is None:
        findings.warnings.append(
            'The field "sheet" is not used: the file is a CSV, which has no sheets.'
        )
    findings.warnings += [_shared(*each) for each in shares.places.most_common()]
    if findings.bad_rows:
        findings.warnings.append(_left_out(findings))
    return findings


def found(findings: Findings) -> dict[str, Any]:
    """The part of an answer that says what is in the file."""
    return {
        "products": findings.products,
        "images": findings.images,
        "places": findings.places,
        "duplicates": findings.duplicates,
        "hosts": findings.host_count,
        "top_hosts": [{"host": host, "places": places} for host, places in findings.hosts],
        "bad_rows": findings.bad_rows,
        "warnings": findings.warnings,
        "detected": findings.detected.public(),
    }


def message(findings: Findings, verdict: str) -> str:
    """The same in one sentence, which ends with `verdict`."""
    return (
        f"{_count(findings.products, 'product')} with {_count(findings.images, 'image')} {verdict}."
    )


def _shared(service: str, places: int) -> str:
    if places == 1:
        what = f"1 address is a page of {service} that shows a file; it is fetched by its"
    else:
        what = (
            f"{places:,} addresses are pages of {service} that show files; each is fetched by its"
        )
    return f"{what} download address. Each file must be shared with everyone who has its link."


def _left_out(findings: Findings) -> str:
    # The errors that are kept are the first ones; of rows with many errors these are fewer rows.
    rows = list(dict.fromkeys(error.row for error in findings.errors))[:BAD_ROWS_NAMED]
    named = ", ".join(f"{row:,}" for row in rows)
    more = findings.bad_rows - len(rows)
    one = findings.bad_rows == 1
    return (
        f"{_count(findings.bad_rows, 'row')} with errors {'is' if one else 'are'} left out: "
        f"{'row' if one else 'rows'} {named}{f' and {more:,} more' if more else ''}. In the output "
        f"{'it has' if one else 'they have'} no addresses."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
