"""What is a web address, and what is wrong with a text that is none."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

import ada_url

from app.domain.formats import CATALOG_EXTENSIONS

# The guard of outbound refuses longer ones; said here, the owner hears it before the upload counts.
MAX_URL_CHARS = 8_192

# What may be between two URLs: white space (as Unicode has it), comma, semicolon, pipe, and the
# characters without width that come along when text is copied from web pages.
SEPARATORS = (
    " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000,;|\u200b\u2060\ufeff"
)
SCHEME = re.compile(r"https?://", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://[^/?#\\]*", re.IGNORECASE)
LONGEST_PICTURE_ENDING = 1 + max(map(len, CATALOG_EXTENSIONS))
_PICTURE_ENDING = rf"\.(?:{'|'.join(CATALOG_EXTENSIONS)})"
_ENDS_AS_PICTURE = re.compile(rf"{_PICTURE_ENDING}\Z", re.IGNORECASE)
# An address behind a separator that is none of ours to fetch, so that no URL ends before it.
_OTHER_ADDRESS = re.compile(
    r"[ ,;|](?:(?:[a-z][a-z0-9+.-]{0,20}:)?//|data:image/|www\.)", re.IGNORECASE
)
_GLUED = re.compile(r"[a-z0-9]https?://", re.IGNORECASE)
_ODD = re.compile(r"[<>\"\s]|[,;|](?:data:image/|www\.)", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[<>\"]")
_LINE_BREAK = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]")

# A path has neither a scheme nor a host.
_NO_PATH = re.compile(r"//|www\.|data:|[a-z][a-z0-9+.-]{0,20}:", re.IGNORECASE)

_REMEDY = "Write every address in full, beginning with http:// or https://, separated by commas."


@dataclass(frozen=True, slots=True)
class BadUrl:
    """A part of an image cell that is no address to fetch; `message` says what to do."""

    value: str
    message: str


class UrlChecker:
    """Judges single addresses and remembers which hosts it has found to be valid.

    Only scheme and host can make an address invalid (path, query and fragment cannot), and a
    catalogue has few hosts, so that the parser is asked once per host and not once per URL.
    """

    # A file of strangers may name millions of hosts; what is remembered must not grow with them.
    _MAX_KNOWN = 10_000

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def complaint(self, url: str, *, is_odd: bool) -> str | None:
        """Why an address by itself, without separators around it, is none to fetch.

        Args:
            is_odd: whether `may_be_odd` says so of the cell; else its text is not looked at.
        """
        if len(url) > MAX_URL_CHARS:
            return (
                f"The address is longer than {MAX_URL_CHARS:,} characters. If these are several "
                f"addresses: {_REMEDY}"
            )
        if not self.is_valid_origin(origin_of(url)):
            return _host_complaint(url)
        return _text_complaint(url) if is_odd else None

    def is_valid_origin(self, origin: str) -> bool:
        """Tell whether `http(s)://host[:port]` is one that browsers accept (WHATWG)."""
        known = self._known.get(origin)
        if known is None:
            host = origin.partition("://")[2]
            known = bool(host) and ada_url.check_url(origin)
            if len(self._known) < self._MAX_KNOWN:
                self._known[origin] = known
        return known


def may_be_odd(cell: str, addresses: int) -> bool:
    """Whether a cell of so many addresses may have one whose text is wrong, not only its host."""
    return cell.count("//") > addresses or _ODD.search(cell) is not None


def looks_like_url(cell: str) -> bool:
    """True when a cell begins with a web address."""
    return SCHEME.match(cell.strip(SEPARATORS)) is not None


def ends_as_picture(text: str) -> bool:
    """True when a text ends like the address of a picture file, so that nothing is missing."""
    return _ENDS_AS_PICTURE.search(text.rstrip(SEPARATORS)) is not None


def looks_like_path(text: str) -> bool:
    """True when a text without white space around it is the path of a picture on a host unsaid."""
    if _NO_PATH.match(text) or _LINE_BREAK.search(text):
        return False
    path = text.partition("?")[0]
    return text.startswith(("/", "./")) or _ENDS_AS_PICTURE.search(path) is not None


def contains_url(text: str) -> bool:
    """True when a web address stands anywhere in a text."""
    return SCHEME.search(text) is not None


def origin_of(url: str) -> str:
    """The part of a URL before its path: `http(s)://host[:port]`, as it is written."""
    match = _ORIGIN.match(url)
    return match.group() if match else ""


def name_of_file(url: str) -> str:
    """What the file of an address is called, without its ending; its host where it has no name."""
    origin = origin_of(url)
    path = re.split(r"[?#]", url.removeprefix(origin), maxsplit=1)[0]
    name = unquote(path.rstrip("/").rpartition("/")[2])
    return _ENDS_AS_PICTURE.sub("", name).strip() or host_of(origin)


def host_of(origin: str) -> str:
    """The host (and port) of an origin in small letters, without user name and password."""
    return origin.partition("://")[2].rstrip("/").rpartition("@")[2].lower()


def _host_complaint(url: str) -> str:
    host = origin_of(url).partition("://")[2]
    if not host:
        return f'"{_short(url)}" has no host name after "//". Write the full address.'
    return (
        f'"{_short(host)}" is not a valid host name. Check the address for white space and '
        "typing errors."
    )


def _text_complaint(url: str) -> str | None:
    if _GLUED.search(url):
        return f"Two addresses stand together without a separator. {_REMEDY}"
    if _FORBIDDEN.search(url):
        return (
            'The characters < > and " cannot stand in an address. Remove what is not part of it, '
            "or write them as %3C, %3E and %22."
        )
    if _OTHER_ADDRESS.search(url):
        return f"After this address stands another one that cannot be fetched. {_REMEDY}"
    return _white_space_complaint(url)


def _white_space_complaint(url: str) -> str | None:
    parts = url.split()
    if len(parts) == 1:
        return None
    if _LINE_BREAK.search(url):
        return f"A line break or a TAB stands inside the address. {_REMEDY}"
    # "my photo.jpg" is a file name with a blank; "photo.jpg front view" is an address and a remark.
    if any(ends_as_picture(part) for part in parts[:-1]):
        return (
            "Text stands after the address. Remove it; if it is part of the address, write blanks "
            "as %20."
        )
    return None


def what_it_is(text: str) -> str:
    """A sentence about a text in an image cell that is no address."""
    lowered = text.lower()
    shown = f'"{_short(text)}"'
    if lowered.startswith(("http:", "https:")):
        return f"{shown} is not a complete web address: after http: come two slashes and a host."
    if lowered.startswith("data:"):
        return f"{shown} is a picture inside the cell. Put it on a web server, give its address."
    if "://" in text.split(maxsplit=1)[0]:
        scheme = text.partition("://")[0]
        return f'Addresses with "{_short(scheme)}://" cannot be fetched. {_REMEDY}'
    if lowered.startswith(("//", "www.")):
        return f"{shown} lacks its beginning. {_REMEDY}"
    if looks_like_path(text):
        return (
            f"{shown} is a path without its host. Send base_url, the address that stands before "
            "it, or write every address in full."
        )
    return f"{shown} is not a web address. {_REMEDY}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
