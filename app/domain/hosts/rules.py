"""What the operator says of single image hosts: the contents of HOSTS_FILE, checked.

No message and no `repr` repeats a header's value, a user agent or a referer: they may be secrets.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ada_url

MAX_CONNECTIONS = 256
# The HTTP client's own, a connection's, and those by which a fetch works: another value would break
# it. (RFC 9110 7.6.1, RFC 9112 6)
RESERVED_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Headers with a key of their own.
_OWN_KEYS = {"user_agent": "User-Agent", "referer": "Referer"}

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 5.6.2
_MAX_VALUE_CHARS = 4_096
_VALUE = re.compile(r"[\x20-\x7e]+")
_NAME_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\\\[\]]+)(?::([0-9]{1,5}))?")
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")


class HostRulesInvalid(ValueError):
    """The rules cannot be used; the message names the host and the key, and no value."""


@dataclass(frozen=True, slots=True)
class HostRule:
    """What holds for one host.

    `headers`, `user_agent` and `referer` are sent to this host and to no other;
    `requests_per_second` and `connections` are upper limits.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    requests_per_second: float | None = None
    connections: int | None = None
    user_agent: str | None = field(default=None, repr=False)
    referer: str | None = field(default=None, repr=False)

    def sent(self) -> dict[str, str]:
        """All headers of this rule."""
        own = {name: getattr(self, key) for key, name in _OWN_KEYS.items()}
        return {**self.headers, **{name: value for name, value in own.items() if value is not None}}


class HostRules:
    """The rules of all hosts; a name in them holds for all its ports that have none of their own.

    Args:
        rules: rules by host name, or by name and port.
    """

    def __init__(self, rules: Mapping[str, HostRule]) -> None:
        self._rules = dict(rules)

    @classmethod
    def read(cls, tables: Mapping[str, Any]) -> "HostRules":
        """Check what a file says: one table for each host name.

        Raises:
            HostRulesInvalid: a host, key or value that cannot be; the first one is named.
        """
        rules: dict[str, HostRule] = {}
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise HostRulesInvalid(
                    f'"{name}" is in no table of a host; write a line such as '
                    '["cdn.example"] above it.'
                )
            host = _normal(name)
            if host is None:
                raise HostRulesInvalid(
                    f'["{name}"] is no host name; write it without https:// and path, such as '
                    '["cdn.example"] or ["cdn.example:8443"].'
                )
            if host in rules:
                raise HostRulesInvalid(f'["{name}"]: this host has another table already.')
            rules[host] = _rule(name, table)
        return cls(rules)

    def of(self, host_key: str) -> HostRule | None:
        """The rule for `host:port`, as `app.outbound.guard.host_key` names it."""
        if not self._rules:
            return None
        return self._rules.get(host_key) or self._rules.get(host_key.rpartition(":")[0])

    @property
    def most_connections(self) -> int:
        """The largest number of connections that a rule allows; 0 where none speaks of them."""
        return max((rule.connections or 0 for rule in self._rules.values()), default=0)


NO_RULES = HostRules({})


def _normal(name: str) -> str | None:
    """A host's name (and port) as the guard's parser spells it; None where it is none."""
    match = _NAME_AND_PORT.fullmatch(name)
    if match is None or (match[2] and not 1 <= int(match[2]) <= 65_535):
        return None
    try:
        parsed = ada_url.URL(f"http://{match[1]}/")
    except ValueError:
        return None
    host = parsed.hostname
    if parsed.host_type == ada_url.HostType.DEFAULT and not _HOST_NAME.fullmatch(host):
        return None
    return f"{host}:{int(match[2])}" if match[2] else host


def _rule(host: str, table: Mapping[str, Any]) -> HostRule:
    readers: dict[str, Callable[[str, Any], Any]] = {
        "headers": _headers,
        "requests_per_second": _rate,
        "connections": _connections,
        "user_agent": _text,
        "referer": _text,
    }
    for key, value in table.items():
        if key in readers:
            continue
        # [cdn.example] without quotes is a table "example" inside a table "cdn".
        is_table = isinstance(value, dict)
        hint = ' Write a host name in quotes: ["cdn.example"].' if is_table else ""
        raise HostRulesInvalid(
            f'["{host}"] {key} is no key of a host; there are {", ".join(readers)}.{hint}'
        )
    values = {key: readers[key](f'["{host}"] {key}', value) for key, value in table.items()}
    rule = HostRule(**values)
    names = {name.lower() for name in rule.headers}
    for key, name in _OWN_KEYS.items():
        if key in table and name.lower() in names:
            raise HostRulesInvalid(f'["{host}"] {key} and the header {name} say the same thing.')
    return rule


def _headers(where: str, value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise HostRulesInvalid(f"{where} must be a table of header names and texts.")
    seen = set()
    for name, text in value.items():
        if not _TOKEN.fullmatch(name):
            raise HostRulesInvalid(f"{where} has {name!r}, which is no name of a header.")
        if name.lower() in RESERVED_HEADERS:
            raise HostRulesInvalid(f"{where} has {name}, which this service sets itself.")
        if name.lower() in seen:
            raise HostRulesInvalid(f"{where} has {name} twice.")
        seen.add(name.lower())
        _text(f"{where}.{name}", text)
    return dict(value)


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str):
        raise HostRulesInvalid(f"{where} must be a text in quotes.")
    if not _VALUE.fullmatch(value) or len(value) > _MAX_VALUE_CHARS or value != value.strip():
        raise HostRulesInvalid(
            f"{where} must be one line of 1 to {_MAX_VALUE_CHARS:,} plain characters (ASCII), "
            "without blanks around it."
        )
    return value


def _rate(where: str, value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < math.inf:
        raise HostRulesInvalid(f"{where} must be a number above 0.")
    return float(value)


def _connections(where: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_CONNECTIONS:
        raise HostRulesInvalid(f"{where} must be a whole number from 1 to {MAX_CONNECTIONS}.")
    return value
