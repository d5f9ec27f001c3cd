"""What the contract's codes and numbers are called on the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.domain.formats import advised_labels
from app.domain.options import Mode

# State -> (word, icon of templates/_macros.html). An icon never comes without its word.
REQUEST_STATES = {
    "pending": ("Waiting to start", "wait"),
    "processing": ("Working", "work"),
    "completed": ("Done", "good"),
    "failed": ("Failed", "bad"),
    "cancelled": ("Cancelled", "stop"),
}
IMAGE_STATES = {
    "pending": ("Waiting", "wait"),
    "processing": ("Working", "work"),
    "completed": ("Compressed", "good"),
    "failed": ("Failed", "bad"),
    "cancelled": ("Cancelled", "stop"),
}
FILTERS = (
    ("", "All"),
    ("completed", "Done"),
    ("failed", "Failed"),
    ("pending", "Waiting"),
    ("cancelled", "Cancelled"),
)
HOST_STATES = {
    "ok": ("Fine", "good"),
    "slowed": ("Asks us to slow down", "warn"),
    "paused": ("Asks us to wait", "wait"),
    "unreachable": ("Does not answer", "bad"),
}
DELIVERY_STATES = {
    "pending": ("Waiting for the next try", "wait"),
    "delivered": ("Delivered", "good"),
    "failed": ("Given up", "bad"),
}
EVENTS = {
    "request.completed": "The request is done",
    "request.failed": "The request failed",
    "request.cancelled": "The request was cancelled",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """An image error code in words: what happened, and what its owner can do."""

    happened: str
    remedy: str


REASONS = {
    "invalid_url": Reason("The address is not valid", "Correct it in the CSV."),
    "address_blocked": Reason(
        "The address is not on the public internet", "Publish the picture, or ask the operator."
    ),
    "dns_failed": Reason("The host's name is not known", "Look for a typing error in the address."),
    "connect_failed": Reason("The host could not be reached", "Try again later."),
    "tls_failed": Reason(
        "The host's certificate is not valid", "Tell the people who run the host."
    ),
    "timeout": Reason("The host was too slow", "Try again later."),
    "too_many_redirects": Reason(
        "The address leads round in circles", "Put the final address into the CSV."
    ),
    "http_status": Reason(
        "The host refused, or has no such picture",
        "Open the address in a browser, and correct it if nothing shows. If the picture shows, the "
        "host keeps out other sites (hot-link protection) or robots: ask it to let this service "
        "in, or ask the operator for an entry in HOSTS_FILE.",
    ),
    "response_too_large": Reason("The file is too large", "Offer a smaller file."),
    "not_an_image": Reason(
        "There is no picture at the address", "Often a web page; link to the picture itself."
    ),
    "unsupported_format": Reason("The format is not supported", f"Use {advised_labels()}."),
    "corrupt_image": Reason("The picture is damaged", "Upload it to its host again."),
    "too_many_pixels": Reason("The picture has too many pixels", "Offer a smaller one."),
    "decoder_crashed": Reason("The picture could not be read", "Save it again and try once more."),
    "decoder_timeout": Reason(
        "Reading the picture took too long", "Save it again and try once more."
    ),
    "storage_failed": Reason("The result could not be stored", "Try again later."),
    "internal": Reason("Something went wrong on our side", "Try again later."),
    "rate_limited": Reason(
        "The host asked us to wait for too long",
        "Try again later, or ask the people who run the host to allow more requests.",
    ),
    "host_unreachable": Reason(
        "The whole host stopped answering", "Try its images again when the host is back."
    ),
}

# Codes of `CellError` -> the heading of their group.
CELL_PROBLEMS = {
    "missing_value": "Something is missing",
    "invalid_url": "An address cannot be used",
    "unclear_columns": "A row has more cells than columns",
    "unclosed_quote": "A quote is not closed",
    "control_character": "A cell has a character that no text has",
    "cell_too_large": "A cell is too long",
    "row_too_long": "A row is too long",
    "missing_header": "There are no column names",
    "missing_column": "A column is missing",
    "one_column": "Everything is in one column",
    "duplicate_header": "Two columns have the same name",
    "empty_file": "The file is empty",
    "no_rows": "There are no rows",
    "too_many_rows": "There are too many rows",
    "unknown_delimiter": "The cells are separated in a way that is not known",
    "wrong_encoding": "The letters cannot be read",
    "ambiguous_platform": "The file may be the export of several shops",
    "no_images": "No row has an image address",
}

# What a column may be taken for; the keys are those of the option `columns`.
ROLES = {
    "product_name": "Product name",
    "serial_number": "Serial number",
    "images": "Image addresses",
}

DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"}

ENCODINGS = (
    ("utf-8", "Unicode (UTF-8)"),
    ("utf-16", "Unicode (UTF-16)"),
    ("cp1252", "Western European (Windows-1252)"),
    ("cp1250", "Central European (Windows-1250)"),
    ("iso8859-2", "Central European (ISO 8859-2)"),
    ("cp1257", "Baltic (Windows-1257)"),
    ("cp1251", "Cyrillic (Windows-1251)"),
    ("cp1253", "Greek (Windows-1253)"),
    ("cp1254", "Turkish (Windows-1254)"),
    ("cp1255", "Hebrew (Windows-1255)"),
    ("cp1256", "Arabic (Windows-1256)"),
    ("cp874", "Thai (Windows-874)"),
    ("koi8_r", "Cyrillic (KOI8-R)"),
    ("iso8859-5", "Cyrillic (ISO 8859-5)"),
    ("cp866", "Cyrillic (DOS)"),
    ("mac_cyrillic", "Cyrillic (Mac)"),
    ("mac_roman", "Western European (Mac)"),
    ("cp850", "Western European (DOS)"),
    ("cp852", "Central European (DOS)"),
    ("mac_latin2", "Central European (Mac)"),
    ("shift_jis", "Japanese (Shift JIS)"),
    ("cp932", "Japanese (Windows-932)"),
    ("euc_jp", "Japanese (EUC-JP)"),
    ("gb18030", "Chinese (GB 18030)"),
    ("big5", "Chinese (Big5)"),
    ("cp950", "Chinese (Windows-950)"),
    ("euc_kr", "Korean (EUC-KR)"),
    ("cp949", "Korean (Windows-949)"),
)

NAMES_SHOWN = 4

_UNITS = ("kB", "MB", "GB", "TB")


def is_check(document: Mapping[str, Any]) -> bool:
    """Whether the images of a request, given its status document, are only looked at."""
    return bool(document["options"].get("mode") == Mode.CHECK)


def number(value: int) -> str:
    """With a comma between thousands."""
    return f"{value:,}"


def count(value: int, noun: str) -> str:
    """`1 image`, `2 images`."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def size(bytes_: int) -> str:
    """Bytes in the largest unit that keeps a digit before the point, in steps of 1,000."""
    if abs(bytes_) < 1_000:
        return f"{bytes_} bytes"
    value = float(bytes_)
    for unit in _UNITS:
        value /= 1_000
        # 999.95 kB would be written as 1000.0 kB.
        if abs(value) < 999.5 or unit == _UNITS[-1]:
            break
    return f"{value:.1f} {unit}" if abs(value) < 10 else f"{value:.0f} {unit}"


def saved(input_bytes: int, output_bytes: int) -> str:
    """By how much something shrank, in words: `83 % smaller`."""
    if not input_bytes:
        return ""
    share = round(100 * (1 - output_bytes / input_bytes))
    if share == 0:
        return "same size"
    return f"{share} % smaller" if share > 0 else f"{-share} % larger"


def duration(seconds: float) -> str:
    """Roughly, as people say it; never less than a few seconds."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds / 10) * 10} seconds"
    if seconds < 5_400:
        return f"about {round(seconds / 60)} minutes"
    if seconds < 129_600:
        return f"about {round(seconds / 3_600)} hours"
    return f"about {round(seconds / 86_400)} days"


def rate(per_second: float) -> str:
    """How often something happens: `20 a second`, `2.5 a second`, `12 a minute`."""
    if per_second >= 10:
        return f"{per_second:,.0f} a second"
    if per_second >= 1:
        return f"{per_second:.1f}".removesuffix(".0") + " a second"
    return f"{60 * per_second:,.0f} a minute"


def next_try(seconds: float) -> str:
    """When a host is asked again: `next try in 8 s`."""
    if seconds < 1:
        return "next try now"
    if seconds < 100:
        return f"next try in {seconds:.0f} s"
    return f"next try in {duration(seconds)}"


def moment(text: str) -> str:
    """An RFC 3339 moment for readers without JavaScript, which shows it in their own time zone."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%d %b %Y, %H:%M UTC")


def some(names: Sequence[str]) -> str:
    """The first four names: `A, B and C`, `A, B, C, D and 3 more`."""
    more = len(names) - NAMES_SHOWN
    shown = [*names[:NAMES_SHOWN], *([f"{more:,} more"] if more > 0 else [])]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1] if shown else ""]))


def export_name(platform: str) -> str:
    """`Shopify export`; names that say themselves what they are stay as they are."""
    says_so = platform.endswith("file") or "export" in platform
    return platform if says_so else f"{platform} export"


def export_of(platform: str) -> str:
    """`a Shopify export`."""
    return f"{'an' if platform[0] in 'AEIOU' else 'a'} {export_name(platform)}"


def exports_of(platforms: Sequence[str]) -> str:
    """`a Shopify export or a WooCommerce export`."""
    return " or ".join(map(export_of, platforms))


def kind_of_file(platform: str, *, is_mapped: bool) -> str:
    """What a file was read as: `This is a Shopify export`."""
    if platform:
        return f"This is {export_of(platform)}"
    return "Read by the columns that you chose" if is_mapped else "This is a list of products"


def encoding_name(name: str) -> str:
    """The words for an encoding, or its name where there are none."""
    plain = _plain(name)
    return next((words for code, words in ENCODINGS if _plain(code) == plain), name)


def is_same_encoding(one: str, other: str) -> bool:
    """Whether two names of encodings are spellings of one."""
    return _plain(one) == _plain(other)


def _plain(encoding: str) -> str:
    return encoding.replace("_", "-").lower().removesuffix("-le").removesuffix("-be")
