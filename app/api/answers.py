"""Forms of success that several routes share: tagged JSON, pages with a link, CSV downloads."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from app.api.contract.base import Document
from app.api.contract.hosts import HostPage
from app.api.contract.images import ImagePage
from app.api.contract.requests import RequestPage
from app.api.readers import FileStream, Readers
from app.results.outputs import Download

Page = RequestPage | ImagePage | HostPage


def json_answer(
    document: Document, *, status_code: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The document as JSON, with headers of its own.

    It is written here, in the handler's thread: a list of 500 images would hold up the event loop
    for some milliseconds if the framework wrote it.
    """
    text = document.model_dump_json()
    return Response(text, status_code=status_code, media_type="application/json", headers=headers)


def state_tag(text: str) -> str:
    """A short name of one state of a document: entity tag and event id."""
    return sha256(text.encode()).hexdigest()[:32]


def entity_tag(text: str) -> str:
    """The ETag of what the text is, or tells of."""
    return f'"{state_tag(text)}"'


def tagged_json(request: Request, text: str) -> Response:
    """A document's JSON with an ETag, or 304 when the caller has this state already."""
    tag = entity_tag(text)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if matches_tag(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="application/json", headers=headers)


def matches_tag(if_none_match: str | None, tag: str) -> bool:
    """Whether an If-None-Match header names this tag; weak and strong ones compare alike."""
    if if_none_match is None:
        return False
    named = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in named or tag in named


def page_json(request: Request, page: Page) -> Response:
    """A page of a list; while there is more, `Link` has the address of the next one."""
    headers = {"Cache-Control": "no-store"}
    if page.next_cursor is not None:
        query = dict(request.query_params) | {"cursor": page.next_cursor}
        base_url = request.app.state.settings.base_url
        headers["Link"] = f'<{base_url}{request.url.path}?{urlencode(query)}>; rel="next"'
    return json_answer(page, headers=headers)


def csv_response(request: Request, download: Download, *, owner: str) -> Response:
    """A file to save, sent while it is made.

    Raises:
        ServiceUnavailable: too many files are being read already.
    """
    headers = {
        "Content-Disposition": attachment(download.filename),
        "Cache-Control": "private, no-store",
    }
    if request.method == "HEAD":
        _close(download.chunks)
        return Response(media_type=download.media_type, headers=headers)
    readers: Readers = request.app.state.readers
    return FileStream(
        download.chunks,
        readers=readers,
        owner=owner,
        media_type=download.media_type,
        headers=headers,
    )


def answer_head_too(router: APIRouter) -> None:
    """Give every GET route a HEAD beside it, out of the schema; the server leaves the body out."""
    for route in list(router.routes):
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            router.add_api_route(
                route.path,
                route.endpoint,
                methods=["HEAD"],
                response_class=route.response_class,
                response_model=route.response_model,
                dependencies=route.dependencies,
                include_in_schema=False,
            )


def attachment(filename: str) -> str:
    """RFC 6266: a plain name for old clients, the true one encoded beside it."""
    plain = "".join(
        character
        if character.isascii() and character.isprintable() and character not in '"\\%'
        else "_"
        for character in filename
    )
    header = f'attachment; filename="{plain}"'
    return header if plain == filename else f"{header}; filename*=UTF-8''{quote(filename, safe='')}"


def _close(chunks: Iterator[bytes]) -> None:
    # A generator may hold a database transaction or an open file.
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
