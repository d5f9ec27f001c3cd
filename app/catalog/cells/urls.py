"""What is a web address, the path of a picture, or the beginning of one."""

import re
from urllib.parse import unquote

from app.domain.formats import CATALOG_EXTENSIONS

# The guard of outbound refuses longer ones; said here, the owner hears it before the upload counts.
MAX_URL_CHARS = 8_192

# What may be between two URLs: white space (as Unicode has it), comma, semicolon, pipe, their wide
# forms of East Asia, and the characters without width that come along when text is copied from web
# pages, chats and the properties of files: zero-width spaces and marks of the direction of writing.
WIDE_SEPARATORS = "\uff0c\u3001\uff1b\uff5c"
WITHOUT_WIDTH = (
    "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
SEPARATORS = (
    " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    f"\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000,;|{WITHOUT_WIDTH}{WIDE_SEPARATORS}"
)
SCHEME = re.compile(r"https?://", re.IGNORECASE)
# An address without its scheme goes on with a host, as "//host/a.jpg" in a page does.
BEGINNING = re.compile(r"https?://|//(?=[^\s/])", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://[^/?#\\]*", re.IGNORECASE)
LONGEST_PICTURE_ENDING = 1 + max(map(len, CATALOG_EXTENSIONS))
_PICTURE_ENDING = rf"\.(?:{'|'.join(CATALOG_EXTENSIONS)})"
_ENDS_AS_PICTURE = re.compile(rf"{_PICTURE_ENDING}\Z", re.IGNORECASE)
# A page, a film, a text: no address of a picture ends so, whatever its column is called.
_ENDS_AS_OTHER = re.compile(
    r"https?://[^/?#]*/?\Z|[^?#]*(?:\.(?:html?|php|aspx?|jsp|pdf|docx?|xlsx?|csv|txt|json|xml|zip"
    r"|mp4|m4v|mov|avi|webm|mpe?g|mp3|wav|glb|gltf|usdz)|/)(?:[?#]|\Z)",
    re.IGNORECASE,
)
LINE_BREAK = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]")

# A path has neither a scheme nor a host.
_NO_PATH = re.compile(r"//|www\.|data:|[a-z][a-z0-9+.-]{0,20}:", re.IGNORECASE)
# "cdn.shop.example/a.jpg", "shop.com/a.jpg", "10.0.0.1/a.jpg", "images:8080/a.jpg". A folder may
# have a dot in its name as well, so that two labels have to end in a name that hosts really have.
_HOST = re.compile(
    r"(?:[a-z0-9_-]+\.(?:[a-z0-9_-]+\.)+[a-z]{2,24}"
    r"|[a-z0-9_-]+\.(?:com|net|org|info|biz|io|co|shop|store|online|site|cloud|app|dev|example|test"
    r"|eu|de|at|ch|uk|ie|fr|es|it|nl|be|pl|cz|se|no|dk|fi|pt|ru|ua|tr|us|ca|mx|br|ar|au|nz|in|jp|cn"
    r"|hk|tw|kr|za)"
    r"|\d{1,3}(?:\.\d{1,3}){3}|[a-z0-9.-]+(?=:\d{1,5}/))(?::\d{1,5})?/",
    re.IGNORECASE,
)


def looks_like_url(cell: str) -> bool:
    """True when a cell begins with a web address, or with one that lacks nothing but its scheme."""
    return BEGINNING.match(cell.strip(SEPARATORS)) is not None


def ends_as_picture(text: str) -> bool:
    """True when a text ends like the address of a picture file, so that nothing is missing."""
    return _ENDS_AS_PICTURE.search(text.rstrip(SEPARATORS)) is not None


def is_address_of_picture(url: str) -> bool:
    """Whether the path of an address ends in a picture's extension."""
    return ends_as_picture(url.partition("#")[0].partition("?")[0])


def is_address_of_other(url: str) -> bool:
    """Whether an address ends like that of a page, a film or a document."""
    return _ENDS_AS_OTHER.match(url) is not None


def looks_like_path(text: str) -> bool:
    """True when a text without white space around it is the path of a picture on a host unsaid."""
    if _NO_PATH.match(text) or LINE_BREAK.search(text):
        return False
    if text.startswith(("/", "./")):
        return True
    if contains_url(text) or lacks_scheme(text):
        return False
    return _ENDS_AS_PICTURE.search(text.partition("?")[0]) is not None


def lacks_scheme(text: str) -> bool:
    """True when a text is an address but for the `https://` before its host."""
    return text[:4].lower() == "www." or _HOST.match(text) is not None


def contains_url(text: str) -> bool:
    """True when a text has a web address anywhere."""
    return SCHEME.search(text) is not None


def origin_of(url: str) -> str:
    """The part of a URL before its path: `http(s)://host[:port]`, as it is written."""
    match = _ORIGIN.match(url)
    return match.group() if match else ""


def user_of(host: str) -> str:
    """The user name and password before a host; "" where it has none."""
    return host.rpartition("@")[0].strip(":")


def name_of_file(url: str) -> str:
    """What the file of an address is called, without its ending; its host where it has no name."""
    origin = origin_of(url)
    path = re.split(r"[?#]", url.removeprefix(origin), maxsplit=1)[0]
    name = unquote(path.rstrip("/").rpartition("/")[2])
    return _ENDS_AS_PICTURE.sub("", name).strip() or host_of(origin)


def host_of(origin: str) -> str:
    """The host (and port) of an origin in small letters, without user name and password."""
    return origin.partition("://")[2].rstrip("/").rpartition("@")[2].lower()
