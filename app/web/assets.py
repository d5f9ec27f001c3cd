"""The page's own files: small, compressed once, cached for ever under a name that changes."""

import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent; `packed` is the same in gzip."""

    body: bytes
    packed: bytes
    media_type: str
    address: str


def _load() -> dict[str, Asset]:
    bodies = {
        path: path.read_bytes() for path in sorted(FOLDER.rglob("*")) if path.suffix in MEDIA_TYPES
    }
    versions = {path.parent: sha256() for path in bodies}
    for path, body in bodies.items():
        versions[path.parent].update(path.name.encode() + body)
    assets = {}
    for path, body in bodies.items():
        name = path.relative_to(FOLDER).as_posix()
        # One version for a folder: a module finds its neighbours by their names beside its own.
        version = versions[path.parent].hexdigest()[:12]
        assets[name] = Asset(
            body=body,
            packed=gzip.compress(body, mtime=0),
            media_type=MEDIA_TYPES[path.suffix],
            address=f"/assets/{version}/{name}",
        )
    return assets


ASSETS = _load()


def address(name: str) -> str:
    """Where a file of `static/` is found, with its version in the path."""
    return ASSETS[name].address


@router.api_route("/assets/{version}/{name:path}", methods=["GET", "HEAD"])
async def asset(version: str, name: str, request: Request) -> Response:
    """A file of the page; open to everybody."""
    found = ASSETS.get(name)
    if found is None or found.address != f"/assets/{version}/{name}":
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    body = found.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = found.packed
    return Response(body, media_type=found.media_type, headers=headers)
