"""The door to the outside: which URLs may be fetched, and which addresses may be connected to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import repeat
from typing import NamedTuple

import ada_url
from yarl import URL

from app.domain.errors import AddressBlocked, InvalidUrl
from app.outbound.addresses import Address, carried_ipv4, is_public

# One sentence for every refused address, port or name: whoever scans with us learns nothing.
BLOCKED_MESSAGE = "This address is not allowed: only web servers on the public internet are."

MAX_URL_CHARS = 8_192
MAX_NAME_CHARS, MAX_LABEL_CHARS = 253, 63  # RFC 1035 2.3.4

# Mail, SSH and the like are out of reach; shops do run web servers on unprivileged ports.
WEB_PORTS = (range(80, 81), range(443, 444), range(1024, 65_536))
_DEFAULT_PORTS = {"http": 80, "https": 443}
SITES_KEPT = 4096
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was understood once; what is checked is what is used.

    `url` is the whole address in its canonical spelling without fragment, `host` has no brackets
    and is ASCII, `literal` is the address where the host is one and no name, and `request_url`
    is built from the same parts, so that the HTTP client does not parse the text again.
    """

    url: str
    scheme: str
    host: str
    port: int
    literal: Address | None
    request_url: URL


class _Site(NamedTuple):
    host: str
    port: int
    literal: Address | None


class AddressGuard:
    """Decides which URLs and addresses may be used.

    Args:
        allow_networks: ranges exempt from the table, for pictures in one's own network. They open
            exactly what they name: a range of IPv4 opens no IPv6 form that carries it. To reach
            such a form, both the form itself and the IPv4 address inside have to be allowed.
        allowed_ports: the ports that may be connected to, also in allowed networks.
    """

    def __init__(
        self,
        allow_networks: Sequence[IPv4Network | IPv6Network] = (),
        *,
        allowed_ports: Sequence[range] = WEB_PORTS,
    ) -> None:
        self._allow_networks = tuple(allow_networks)
        self._allowed_ports = tuple(allowed_ports)
        # The images of a file come from a few hosts.
        self._site = lru_cache(maxsize=SITES_KEPT)(self._check_site)

    def parse(self, url: str, *, base: Target | None = None) -> Target:
        """Understand a URL as browsers do (WHATWG) and check all that can be seen in its text.

        Args:
            url: what a user or a redirect says.
            base: where a relative `url` starts.
        Raises:
            InvalidUrl: not a web address, or one with a user name, password or control characters.
            AddressBlocked: the port or the literal address is not allowed.
        Source: https://url.spec.whatwg.org/ by way of ada.
        """
        # The standard drops tabs and line breaks inside a URL; refused here, because a text with
        # such characters has come from somewhere else than a browser's address bar.
        text = url.strip(" ")
        if len(text) > MAX_URL_CHARS:
            raise InvalidUrl(f"The address is longer than {MAX_URL_CHARS:,} characters.")
        if _CONTROL_CHARACTERS.search(text):
            raise InvalidUrl("The address contains control characters.")
        canonical = _understood(text, base.url if base else None).href
        scheme = canonical.partition(":")[0]
        if scheme not in _DEFAULT_PORTS:
            raise InvalidUrl("The address does not begin with http:// or https://.")
        # In this spelling the third slash is always there, and neither it nor a question mark or a
        # number sign can be in what comes before.
        path_at = canonical.index("/", len(f"{scheme}://"))
        origin = canonical[:path_at]
        site = self._site(origin)
        path, _, query = canonical[path_at:].partition("#")[0].partition("?")
        return Target(
            url=f"{origin}{path}?{query}" if query else f"{origin}{path}",
            scheme=scheme,
            host=site.host.strip("[]"),
            port=site.port,
            literal=site.literal,
            request_url=URL.build(
                scheme=scheme,
                host=site.host,
                port=site.port,
                path=path,
                query_string=query,
                encoded=True,
            ),
        )

    def _check_site(self, origin: str) -> _Site:
        """Check what a URL says before its path; `origin` is that much of a canonical one."""
        parsed = _understood(origin)
        if parsed.username or parsed.password:
            raise InvalidUrl("The address contains a user name or a password.")
        port = int(parsed.port or _DEFAULT_PORTS[parsed.protocol.removesuffix(":")])
        host = parsed.hostname
        literal = _literal(parsed.host_type, host)
        if literal is None:
            _check_name(host)
        if not self.allows_port(port) or (literal is not None and not self.allows(literal)):
            raise AddressBlocked(BLOCKED_MESSAGE)
        return _Site(host, port, literal)

    def allows(self, address: IPv4Address | IPv6Address) -> bool:
        """Tell whether this address may be connected to."""
        if not any(address in network for network in self._allow_networks):
            return is_public(address)
        if isinstance(address, IPv4Address):
            return True
        return all(self.allows(inner) for inner in carried_ipv4(address))

    def allows_port(self, port: int) -> bool:
        """Tell whether this port may be connected to."""
        return any(port in ports for ports in self._allowed_ports)


# Scheme and authority; the parser also takes a backslash for a slash.
_ORIGIN = re.compile(r"[^:/?#\\]+://[^/?#\\]+")


def host_key(url: str) -> str:
    """Return `host:port` of a URL for limits per host, or "" where there is none; never raises."""
    # The images of a file come from a few hosts, and nothing behind the host matters here.
    origin = _ORIGIN.match(url)
    return _host_key(origin[0] if origin else url)


def host_keys(urls: Sequence[str]) -> list[str]:
    """Return the `host_key` of each of these `http(s)://` URLs."""
    # Most files have one host, or one after the other. None goes on behind the third slash.
    beginning = _up_to_path(urls[0]) if urls else ""
    if beginning and all(map(str.startswith, urls, repeat(beginning))):
        return [host_key(beginning)] * len(urls)
    keys, beginning, key = [], "\0", ""
    for url in urls:
        if not url.startswith(beginning):
            up_to_path = _up_to_path(url)
            key = host_key(up_to_path or url)
            beginning = up_to_path or "\0"
        keys.append(key)
    return keys


def _up_to_path(url: str) -> str:
    return url[: url.find("/", len("https://")) + 1]


@lru_cache(maxsize=SITES_KEPT)
def _host_key(origin: str) -> str:
    try:
        parsed = ada_url.URL(origin)
    except ValueError:
        return ""
    default_port = _DEFAULT_PORTS.get(parsed.protocol.removesuffix(":"))
    # A name that is too long is none, and would not fit into an index either.
    if default_port is None or len(parsed.hostname) > MAX_NAME_CHARS:
        return ""
    return f"{parsed.hostname}:{parsed.port or default_port}"


def _understood(text: str, base: str | None = None) -> ada_url.URL:
    try:
        return ada_url.URL(text, base)
    except ValueError as error:
        raise InvalidUrl("The address is not a valid URL.") from error


def _literal(host_type: ada_url.HostType, host: str) -> Address | None:
    if host_type == ada_url.HostType.IPV4:
        return IPv4Address(host)
    if host_type == ada_url.HostType.IPV6:
        return IPv6Address(host.strip("[]"))
    return None


def _check_name(host: str) -> None:
    labels = host.removesuffix(".").split(".")
    if len(host) > MAX_NAME_CHARS or any(not 0 < len(each) <= MAX_LABEL_CHARS for each in labels):
        raise InvalidUrl("The address does not contain a valid host name.")
