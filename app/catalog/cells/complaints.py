"""Sentences about what is wrong with a text in an image cell, and what to do about it."""

import re
from dataclasses import dataclass

from app.catalog.cells.none_words import means_none
from app.catalog.cells.urls import (
    LINE_BREAK,
    SCHEME,
    WIDE_SEPARATORS,
    contains_url,
    ends_as_picture,
    looks_like_path,
    origin_of,
    user_of,
)

REMEDY = "Write every address in full, beginning with http:// or https://, separated by commas."

# An address behind a separator that is none of ours to fetch, so that no URL ends before it.
_OTHER_ADDRESS = re.compile(
    r"[ ,;|](?:[a-z][a-z0-9+.-]{0,20}://|//|data:image/|www\.)", re.IGNORECASE
)
_ODD = re.compile(r"[<>\"\s]|[,;|](?:data:image/|www\.)", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[<>\"]")
# Behind these, an address is part of the one before it: a value of its query, or its path's end.
_CARRIES = "=/?"
# And behind these, where what is before them is no whole address of a picture.
_MAY_CARRY = ":("
# What is left of an address where a program has cut its cell.
_CUT = re.compile(rf"[\s,;|{WIDE_SEPARATORS}](h(?:t(?:t(?:ps?)?)?)?:?/?)\Z", re.IGNORECASE)
_LONGEST_CUT = len("https:/")
_CUT_ENDS = frozenset("htpsHTPS:/")
_DOUBLED = re.compile(r"(https?://)https?(?::|/|\Z)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,20}://", re.IGNORECASE)
_SHOWN_CHARS = 60


@dataclass(frozen=True, slots=True)
class BadUrl:
    """A part of an image cell that is no address to fetch; `message` says what to do."""

    value: str
    message: str


def may_be_odd(cell: str, addresses: int) -> bool:
    """Whether a cell of this number of addresses may have one with wrong text behind its host."""
    return cell.count("//") > addresses or _ODD.search(cell) is not None


def cut_piece(cell: str) -> str:
    """The end of a cell, behind a separator, that is only the beginning of "https://"."""
    if cell[-1:] not in _CUT_ENDS:
        return ""
    match = _CUT.search(cell, max(0, len(cell) - _LONGEST_CUT - 1))
    if match is None:
        return ""
    piece = match.group(1)
    # "w_1,h" may be an address; behind a whole one, a letter is left of the next.
    return piece if len(piece) > 3 or ends_as_picture(cell[: match.start(1)]) else ""


def cut_complaint(piece: str) -> str:
    """What to do about a cell that ends so."""
    return (
        f'The cell ends with "{piece}", the beginning of an address whose rest was cut off. '
        "Spreadsheets cut cells at 32,767 characters, and databases often earlier. Export the "
        "file again without that limit, or remove this rest if nothing is missing."
    )


def host_complaint(url: str) -> str:
    """What is wrong with the host of an address."""
    host = origin_of(url).partition("://")[2]
    doubled = _DOUBLED.match(url)
    if doubled:
        return f'"{_short(url)}" begins twice with a scheme. Remove the first "{doubled.group(1)}".'
    if not host:
        return f'"{_short(url)}" has no host name after "//". Write the full address.'
    if user_of(host):
        return (
            "There is a user name or password before the host. Such an address is not fetched, and "
            "would show the password to everyone who sees the file. Remove what is between // and "
            "@ (and change the password); if the pictures need one, ask who runs this service "
            "to set it for the host."
        )
    return (
        f'"{_short(host)}" is not a valid host name. Check the address for white space and '
        "typing errors."
    )


def text_complaint(url: str) -> str | None:
    """What is wrong with the text of an address whose host is valid."""
    joint = _joint(url)
    if joint is not None:
        return f"Two addresses are joined{joint}. {REMEDY}"
    if _FORBIDDEN.search(url):
        return (
            'The characters < > and " cannot be in an address. Remove what is not part of it, '
            "or write them as %3C, %3E and %22."
        )
    if _OTHER_ADDRESS.search(url):
        return f"Behind this address is another one that cannot be fetched. {REMEDY}"
    return _white_space_complaint(url)


def _joint(url: str) -> str | None:
    """What joins an address to the one before it, in words; None where it is part of that one."""
    for match in SCHEME.finditer(url, 1):
        sign = url[match.start() - 1]
        if sign.isalnum():
            return " without a separator"
        before = url[: match.start()].rstrip(sign)
        if sign in _CARRIES or (sign in _MAY_CARRY and not ends_as_picture(before)):
            continue
        signs = url[len(before) : match.start()]
        return f' and "{signs}" is between them, which may be part of an address'
    return None


def _white_space_complaint(url: str) -> str | None:
    parts = url.split()
    if len(parts) == 1:
        return None
    if LINE_BREAK.search(url):
        return f"A line break or a TAB is inside the address. {REMEDY}"
    # "my photo.jpg" is a file name with a blank; "photo.jpg front view" is an address and a remark.
    if any(ends_as_picture(part) for part in parts[:-1]):
        return (
            "There is text after the address. Remove it; if it is part of the address, write "
            "blanks as %20."
        )
    return None


def lacks_scheme_complaint(text: str) -> str:
    """What to do about an address that begins with its host."""
    return f'"{_short(text)}" is missing http:// or https://. Write https://{_short(text)}'


def what_it_is(text: str) -> str:
    """A sentence about a text in an image cell that is no address."""
    shown = f'"{_short(text)}"'
    if means_none(text):
        return (
            f"{shown} is not a web address. If the product has no picture, remove its row, or "
            "start without it (accept_valid_rows=true)."
        )
    return _what_address(text, shown) or f"{shown} is not a web address. {REMEDY}"


def _what_address(text: str, shown: str) -> str | None:
    """A sentence about what has something of an address; None: it has nothing."""
    lowered = text.lower()
    if lowered.startswith(("=", "'=")):
        return f"{shown} is a formula. Put the address itself in the cell."
    if lowered.startswith("data:"):
        return f"{shown} is a picture inside the cell. Put it on a web server, give its address."
    if lowered.startswith(("http:", "https:")):
        return f"{shown} is not a complete web address: after http: come two slashes and a host."
    scheme = _SCHEME.match(text)
    if scheme is not None:
        return f'Addresses with "{scheme.group()}" cannot be fetched. {REMEDY}'
    if contains_url(text):
        return _before_address(text, shown)
    if lowered.startswith("//"):
        return f"{shown} has no host name after //. {REMEDY}"
    if looks_like_path(text):
        return (
            f"{shown} is a path without its host. Send base_url, the address that comes before "
            "it, or write every address in full."
        )
    return None


def _before_address(text: str, shown: str) -> str:
    if text[0] in "[{(":
        return (
            f"{shown} begins like a list of addresses, but does not end like one or has several "
            f"addresses for one picture. {REMEDY}"
        )
    if text[0] == "<":
        return (
            f"{shown} is a piece of a web page. Put the address of the picture itself in the cell."
        )
    return f"{shown} has text before its address. Leave nothing but the address in the cell."


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 3]}..."
