"""Under which names the service answers, and whose pages may make a browser change something.

A browser calls on behalf of whatever page it shows. Two rules keep other sites' pages out,
whichever route they aim at; programs that are no browser notice neither of them.
"""

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.auth import SAFE_METHODS, is_foreign, key_ring_of
from app.api.errors import http_problem_response
from app.config import Settings

# Orchestrators ask these under whatever address they have; they tell nothing of anybody.
HEALTH_ROUTES = frozenset({"/healthz", "/readyz"})
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::[0-9]*)?", re.ASCII)


class KnownNames:
    """Refuses calls under unknown names, as long as nobody needs a key.

    A page of evil.example may have its own name resolve to 127.0.0.1 (DNS rebinding). The browser
    then takes our answers for that site's own and lets its script read them; only the Host header
    tells. With keys there is no need: the script has none, and the cookie belongs to our name.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        own = urlsplit(settings.base_url).hostname or ""
        own = own if own.isascii() else own.encode("idna").decode()
        self.names = {own, *settings.trusted_hosts}
        self.endings = tuple(name[1:] for name in self.names if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in HEALTH_ROUTES:
            name = host_name(Headers(scope=scope))
            if not self.knows(name) and not (await key_ring_of(Request(scope))).needed:
                answer = http_problem_response(421, _unknown(name))
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def knows(self, name: str | None) -> bool:
        """Whether calls under this name are answered; None is a Host header that is none."""
        if "*" in self.names:
            return True
        return name is not None and (
            _is_loopback(name) or name in self.names or name.endswith(self.endings)
        )


class OwnPagesOnly:
    """Refuses what changes something where a browser says that another site's page asks for it.

    Also without keys, where the browser's network is all that protects the service, and whatever
    key comes with the call.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writes = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        if writes and is_foreign(Headers(scope=scope)):
            answer = http_problem_response(
                403, "A page of another site asked for this; nothing was changed."
            )
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)


def host_name(headers: Headers) -> str | None:
    """The name or address in the Host header, without its port; None where there is not one."""
    given = headers.getlist("host")
    parts = _HOST.fullmatch(given[0]) if len(given) == 1 else None
    return (parts[1] or parts[2]).lower().removesuffix(".") if parts is not None else None


def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _unknown(name: str | None) -> str:
    if name is None:
        return "The Host header has to name the service once, such as localhost:8000."
    return (
        f"This service has no API keys, so it answers only under names that it knows, and "
        f"{name[:253]} is none of them: its operator can add it with the setting "
        f"TRUSTED_HOSTS={name[:253]}, or make API keys."
    )
