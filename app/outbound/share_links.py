"""Pages of file shares: which addresses they are, and where the file itself is.

People copy the address that shows a picture in Google Drive, Dropbox and the like. It gives a web
page; `share_links.toml` says which address of the same host gives the file.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from app.domain.errors import HttpStatusError, NotAnImage

LINKS_FILE = Path(__file__).with_name("share_links.toml")

_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_KEPT_OUT = frozenset({401, 403})
_ALL = "*"
_HOSTS_KEPT = 10_000
# What a part of the query may hold to be put into another address.
_SAFE_VALUE = re.compile(r"[A-Za-z0-9._~!*%-]{1,500}")


class ShareLink(NamedTuple):
    """The page of a share: whose it is, where its file is, and how its owner opens it."""

    service: str
    download_url: str
    remedy: str

    def refuse_page(self, status: int, content_type: str) -> None:
        """Refuse the answer to `download_url` that a share gives to strangers.

        Raises:
            NotAnImage: the share answered with a page all the same.
            HttpStatusError: it answered that strangers may not have the file.
        """
        reason = f"The file is not shared with everyone on {self.service}. {self.remedy}"
        if status in _KEPT_OUT:
            raise HttpStatusError(reason, http_status=status)
        if status < 300 and content_type.lower() in _PAGE_TYPES:
            raise NotAnImage(f"{self.service} answered with a web page, not a picture. {reason}")


def share_link(url: str) -> ShareLink | None:
    """The page of a share that this address is, or None; never raises.

    Args:
        url: as the guard spells it; another spelling may not be recognised.
    """
    found = _find(url)
    if found is None:
        return None
    page, known, origin, path, query = found
    return ShareLink(page.service, origin + page.download_path(known, path, query), page.share)


def share_service(url: str) -> str | None:
    """The service whose page this address is, or None; never raises."""
    found = _find(url)
    return None if found is None else found[0].service


def is_share_host(host: str) -> bool:
    """Whether this host has pages of shares: a name in small letters, without a port."""
    return bool(_pages_of(host))


@dataclass(frozen=True, slots=True)
class _Page:
    """One kind of page; the fields are those of the file."""

    service: str
    hosts: tuple[str, ...]
    path: re.Pattern[str]
    share: str
    needs: tuple[str, ...] = ()
    unless: tuple[tuple[str, str], ...] = ()
    download: str | None = None
    keep: tuple[str, ...] = ()
    set: tuple[tuple[str, str], ...] = ()

    def is_on(self, host: str) -> bool:
        return any(
            host.endswith(each[1:]) if each.startswith("*.") else host == each
            for each in self.hosts
        )

    def known_of(self, path: str, query: Mapping[str, str]) -> dict[str, str] | None:
        """What the page's address says of its file; None where it is no such page."""
        match = self.path.fullmatch(path)
        if match is None or any(query.get(name) == value for name, value in self.unless):
            return None
        known = match.groupdict()
        for name in self.needs:
            value = query.get(name, "")
            if not _SAFE_VALUE.fullmatch(value):
                return None
            known[name] = value
        return known

    def download_path(self, known: Mapping[str, str], path: str, query: Mapping[str, str]) -> str:
        """Path and query of the file."""
        changed = {name: value.format_map(known) for name, value in self.set}
        kept = {
            name: value
            for name, value in query.items()
            if name not in changed and (_ALL in self.keep or name in self.keep)
        }
        parts = {**kept, **changed}.items()
        new_query = "&".join(f"{name}={value}" if value else name for name, value in parts)
        target = path if self.download is None else self.download.format_map(known)
        return f"{target}?{new_query}" if new_query else target


# The page, what its address says of the file, and that address in parts.
_Found = tuple[_Page, dict[str, str], str, str, dict[str, str]]


def _find(url: str) -> _Found | None:
    path_at = url.find("/", len("https://"))
    # A file has few hosts, and what comes before the path is in small letters nearly always.
    origin, pages = _site(url[:path_at]) if path_at > 0 else ("", ())
    if not pages:
        return None
    path, _, search = url[path_at:].partition("#")[0].partition("?")
    query = _query(search)
    for page in pages:
        known = page.known_of(path, query)
        if known is not None:
            return page, known, origin, path, query
    return None


@lru_cache(maxsize=_HOSTS_KEPT)
def _site(origin: str) -> tuple[str, tuple[_Page, ...]]:
    lowered = origin.lower()
    return lowered, _pages_of(lowered.partition("://")[2].partition(":")[0])


@lru_cache(maxsize=1)
def _pages() -> tuple[_Page, ...]:
    tables = tomllib.loads(LINKS_FILE.read_text(encoding="utf-8"))["page"]
    return tuple(_page(table) for table in tables)


def _page(table: dict[str, Any]) -> _Page:
    pairs = {name: tuple(table.get(name, {}).items()) for name in ("unless", "set")}
    lists = {name: tuple(table.get(name, ())) for name in ("hosts", "needs", "keep")}
    return _Page(**{**table, "path": re.compile(table["path"]), **pairs, **lists})


@lru_cache(maxsize=_HOSTS_KEPT)
def _pages_of(host: str) -> tuple[_Page, ...]:
    return tuple(page for page in _pages() if page.is_on(host))


def _query(search: str) -> dict[str, str]:
    """The parts of a query as they are written; of a part that is there twice, the first."""
    found: dict[str, str] = {}
    for part in search.split("&") if search else ():
        name, _, value = part.partition("=")
        if name:
            found.setdefault(name, value)
    return found
