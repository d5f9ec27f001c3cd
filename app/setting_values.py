"""How the text of a variable becomes the value of a setting.

Each function is given what the environment says and returns the value, or raises ValueError with
what is allowed, which `config` makes a sentence of.
"""

import base64
import ipaddress
import re
from pathlib import Path
from typing import Any

from pydantic import SecretStr

PROJECT_FOLDER = Path(__file__).resolve().parent.parent

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

KEY_LENGTH = 8
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
# Letters of a name that is all digits and dots would be an address, and that was no address.
_NAME = re.compile(r"\*|(?:\*\.)?(?=.*[a-z_-])[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_DATABASES = ("postgresql://", "postgres://", "postgresql+psycopg://", "sqlite://")


def split(value: Any) -> Any:
    """A list that is written with commas."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def long_secret(value: SecretStr | None) -> SecretStr | None:
    """A secret that nobody finds out by trying."""
    if value is not None and len(value.get_secret_value()) < KEY_LENGTH:
        raise ValueError(f"must have at least {KEY_LENGTH} characters")
    return value


def api_keys(value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """Keys that nobody finds out by trying."""
    if any(len(key.get_secret_value()) < KEY_LENGTH for key in value):
        raise ValueError(
            f"each key must have at least {KEY_LENGTH} characters; a good one is made by: "
            'python -c "import secrets; print(secrets.token_urlsafe())"'
        )
    return value


def host_names(value: Any) -> Any:
    """Names and addresses of hosts, written with commas; `*.` before one means all below it."""
    if not isinstance(value, str):
        return value
    found = [_host_name(part) for part in split(value)]
    if None in found:
        raise ValueError(
            "must be names or addresses without http:// and without a port, such as "
            "pictures.example,*.shop.example,192.168.1.5"
        )
    return found


def _host_name(text: str) -> str | None:
    """As browsers write it into the Host header; None for what cannot be one."""
    try:
        return str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    try:
        name = text.removesuffix(".").encode("idna").decode().lower()
    except UnicodeError:
        return None
    return name if _NAME.fullmatch(name) else None


def networks(value: Any) -> Any:
    """Networks such as 10.0.0.0/8, written with commas."""
    if not isinstance(value, str):
        return value
    return [ipaddress.ip_network(part) for part in split(value)]


def ports(value: Any) -> Any:
    """Ports and ranges of ports, written with commas."""
    if not isinstance(value, str):
        return value
    found = [_PORTS.fullmatch(part.strip()) for part in value.split(",")]
    bounds = [(int(each[1]), int(each[2] or each[1])) for each in found if each]
    if len(bounds) < len(found) or not all(1 <= a <= b <= 65_535 for a, b in bounds):
        raise ValueError("must be ports from 1 to 65535 and ranges, such as 80,443,8000-8999")
    return [range(first, last + 1) for first, last in bounds]


def lower(value: Any) -> Any:
    """A word whose capitals mean nothing."""
    return value.lower() if isinstance(value, str) else value


def absolute(value: Path | None) -> Path | None:
    """A path; a relative one starts at the project's folder."""
    return (PROJECT_FOLDER / value.expanduser()).resolve() if value is not None else None


def database(value: str | None) -> str | None:
    """The address of a database of a known kind."""
    if value is not None and not value.startswith(_DATABASES):
        raise ValueError("must start with postgresql:// or sqlite:///")
    return value


def broker(value: str | None) -> str | None:
    """The address of Redis."""
    if value is not None and not value.startswith(("redis://", "rediss://")):
        raise ValueError("must start with redis:// or rediss://")
    return value


def web_address(value: str | None) -> str | None:
    """A web address, without a slash at its end."""
    if value is not None and not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/") if value is not None else None


def signing_secret(value: SecretStr | None) -> SecretStr | None:
    """The secret that webhooks are signed with, as Standard Webhooks writes it."""
    # The library skips what is not base64 and would sign with the rest of a mistyped secret.
    if value is not None:
        encoded = value.get_secret_value().removeprefix("whsec_")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ValueError("must be whsec_ followed by base64") from error
        if not key:
            raise ValueError("must have a key behind whsec_")
    return value
