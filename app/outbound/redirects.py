"""One hop to the next: where a redirect leads, and what goes along on a chain of them."""

import re
from collections.abc import Mapping

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy

from app.domain.errors import HttpStatusError, InvalidUrl
from app.domain.hosts.rules import HostRules
from app.outbound.failures import IMAGE_HOST, status_text
from app.outbound.guard import AddressGuard, Target, host_key

REDIRECTS = frozenset({301, 302, 303, 307, 308})

# A first visit sets a handful of cookies. What is sent back in all is bounded by aiohttp's jar, at
# 8,190 characters.
MAX_COOKIES_PER_ANSWER = 20
MAX_COOKIE_CHARS = 4_096  # RFC 6265 6.1

# aiohttp's way (PEP 383) to hand over header bytes that are not UTF-8.
_UNDECODED_BYTE = re.compile("[\udc80-\udcff]")


class Chain:
    """What the requests of one redirect chain carry besides what every request does.

    The operator's headers for a host and the cookies that a host has set in this very chain: each
    goes to that host and port only, and cookies end with the chain.
    """

    def __init__(self, rules: HostRules) -> None:
        self._rules = rules
        self._jars: dict[str, aiohttp.CookieJar] = {}

    def headers(self, target: Target, more: Mapping[str, str]) -> CIMultiDict[str]:
        """The headers for this hop; `more` are those of the errand itself."""
        key = host_key(target.url)
        rule = self._rules.of(key)
        headers = CIMultiDict(rule.sent() if rule is not None else {})
        headers.update(more)
        jar = self._jars.get(key)
        if jar is not None:
            cookies = jar.filter_cookies(target.request_url).values()
            own = [headers["Cookie"]] if "Cookie" in headers else []
            pairs = [*own, *(f"{each.key}={each.coded_value}" for each in cookies)]
            if pairs:
                headers["Cookie"] = "; ".join(pairs)
        return headers

    def keep_cookies(self, target: Target, headers: CIMultiDictProxy[str]) -> None:
        """Keep what an answer sets, for further hops to the same host and port."""
        # What is not plain ASCII could not be sent back as it came.
        usable = [
            each
            for each in headers.getall("Set-Cookie", [])[:MAX_COOKIES_PER_ANSWER]
            if len(each) <= MAX_COOKIE_CHARS and each.isascii() and each.isprintable()
        ]
        if not usable:
            return
        key = host_key(target.url)
        if key not in self._jars:
            # `unsafe` admits hosts that are addresses; a jar of its own for each host is stricter
            # than the domains that cookies name.
            self._jars[key] = aiohttp.CookieJar(unsafe=True)
        self._jars[key].update_cookies_from_headers(usable, target.request_url)


def next_target(
    guard: AddressGuard, origin: Target, status: int, headers: Mapping[str, str]
) -> Target:
    """Where a redirect leads, checked as if it came alone.

    Raises:
        HttpStatusError: it does not say where to, or leads from https to http.
        InvalidUrl, AddressBlocked: see `AddressGuard.parse`.
    """
    location = headers.get("Location")
    if not location:
        raise HttpStatusError(
            f"{IMAGE_HOST} answered {status_text(status)} without saying where to.",
            http_status=status,
        )
    location = _UNDECODED_BYTE.sub(lambda each: f"%{ord(each[0]) - 0xDC00:02X}", location)
    try:
        target = guard.parse(location, base=origin)
    except InvalidUrl as error:
        raise InvalidUrl(f"{IMAGE_HOST} redirects to a bad address. {error.message}") from error
    if origin.scheme == "https" and target.scheme == "http":
        # What was asked for in secret would be sent in clear, and could be changed on its way.
        raise HttpStatusError(
            f"{IMAGE_HOST} redirects from https to http, which is not followed.",
            http_status=status,
        )
    return target
