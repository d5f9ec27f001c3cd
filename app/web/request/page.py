"""`/r/{request_id}`: one request, to watch, to steer and to take home."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.adapters import Adapters
from app.api.auth import OwnerDep
from app.api.dependencies import AdaptersDep, RequestIdPath
from app.catalog.layouts.platforms import platform_name
from app.domain.statuses import RequestStatus
from app.ending import cancel as cancelling
from app.ending import deliver
from app.ending import retry as retrying
from app.results import hosts, read
from app.results.source_pictures import MAX_BYTES
from app.upkeep import delete as deleting
from app.web import words
from app.web.curl import key_arguments, upload_command
from app.web.html import FromOurPage, PageRoute, own_address, render
from app.web.request.filters import Filters, FiltersDep
from app.web.request.host_lines import host_line, host_table
from app.web.request.pictures import ZIP_IMAGES_MAX
from app.web.request.progress import progress_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)

IMAGES_SHOWN = 25
HOSTS_ON_A_PAGE = 100


@router.api_route("/r/{request_id}", methods=["GET", "HEAD"])
def request_page(
    request_id: RequestIdPath,
    request: Request,
    adapters: AdaptersDep,
    owner: OwnerDep,
    filters: FiltersDep,
    cursor: str | None = None,
) -> Response:
    """The whole page."""
    document = read.status(adapters, request_id, owner=owner)
    reading = read.reading(adapters, request_id, owner=owner)
    values = {
        **_live(adapters, document, owner),
        **_results(adapters, document, owner, filters, cursor),
        "deliveries": deliver.deliveries(adapters, request_id, owner=owner)["items"],
        "kind_of_file": _kind_of_file(document, reading),
        "curl": upload_command(
            request, document["filename"], document["options"] | reading | _webhook(document)
        ),
        "output_curl": " ".join(
            [
                "curl -OJ",
                *key_arguments(request),
                document["links"]["report_csv" if words.is_check(document) else "output_csv"],
            ]
        ),
        "zip_images_max": ZIP_IMAGES_MAX,
    }
    return render(request, "request/page.html", **values)


@router.get("/r/{request_id}/live")
def live(
    request_id: RequestIdPath, request: Request, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    """The numbers, as they are now."""
    values = _live(adapters, read.status(adapters, request_id, owner=owner), owner)
    response = render(request, "request/_live.html", **values)
    if values["is_final"]:
        # The rest of the page changes as well: other buttons, other downloads.
        response.headers["HX-Trigger"] = "request-ended"
    return response


@router.get("/r/{request_id}/results")
def results(
    request_id: RequestIdPath,
    request: Request,
    adapters: AdaptersDep,
    owner: OwnerDep,
    filters: FiltersDep,
    cursor: str | None = None,
) -> Response:
    """The table, as it is now."""
    document = read.status(adapters, request_id, owner=owner)
    values = _results(adapters, document, owner, filters, cursor)
    return render(request, "request/_results.html", zip_images_max=ZIP_IMAGES_MAX, **values)


@router.get("/r/{request_id}/hosts")
def all_hosts(
    request_id: RequestIdPath,
    request: Request,
    adapters: AdaptersDep,
    owner: OwnerDep,
    cursor: str | None = None,
) -> Response:
    """Every image host, page by page."""
    document = read.status(adapters, request_id, owner=owner)
    page = hosts.hosts_page(adapters, request_id, owner=owner, cursor=cursor, limit=HOSTS_ON_A_PAGE)
    return render(
        request,
        "request/hosts.html",
        request_document=document,
        lines=[host_line(item) for item in page["items"]],
        cursor=cursor,
        next_cursor=page["next_cursor"],
    )


@router.get("/r/{request_id}/webhooks")
def webhooks(
    request_id: RequestIdPath, request: Request, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    """The deliveries, as they are now."""
    document = read.status(adapters, request_id, owner=owner)
    items = deliver.deliveries(adapters, request_id, owner=owner)["items"]
    return render(request, "request/_webhooks.html", request_document=document, deliveries=items)


@router.post("/r/{request_id}/cancel", dependencies=[FromOurPage])
def cancel(request_id: RequestIdPath, adapters: AdaptersDep, owner: OwnerDep) -> Response:
    """Stop; what is done stays."""
    document = cancelling.cancel(adapters, request_id, owner=owner)
    return RedirectResponse(f"/r/{document['request_id']}", status_code=303)


@router.post("/r/{request_id}/retry", dependencies=[FromOurPage])
def retry(
    request_id: RequestIdPath,
    adapters: AdaptersDep,
    owner: OwnerDep,
    code: Annotated[str | None, Form()] = None,
    host: Annotated[str | None, Form()] = None,
) -> Response:
    """The failed images once more: all, or those of a code or host."""
    document = retrying.retry(
        adapters, request_id, owner=owner, code=code or None, host=host or None
    )
    return RedirectResponse(f"/r/{document['request_id']}", status_code=303)


@router.get("/r/{request_id}/delete")
def ask_before_delete(
    request_id: RequestIdPath, request: Request, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    """The question before something that cannot be undone."""
    document = read.status(adapters, request_id, owner=owner)
    return render(request, "request/delete.html", request_document=document)


@router.post("/r/{request_id}/delete", dependencies=[FromOurPage])
def delete(request_id: RequestIdPath, adapters: AdaptersDep, owner: OwnerDep) -> Response:
    """The answer was yes."""
    deleting.delete(adapters, request_id, owner=owner)
    return RedirectResponse("/", status_code=303)


@router.post("/r/{request_id}/webhooks/{delivery_id}/resend", dependencies=[FromOurPage])
def resend(
    request_id: RequestIdPath, delivery_id: str, adapters: AdaptersDep, owner: OwnerDep
) -> Response:
    """Send a message once more."""
    deliver.redeliver(adapters, request_id, delivery_id, owner=owner)
    return RedirectResponse(f"/r/{request_id}#webhooks", status_code=303)


def _live(adapters: Adapters, document: dict[str, Any], owner: str) -> dict[str, Any]:
    return {
        "request_document": document,
        "is_final": RequestStatus(document["status"]).is_final,
        "progress": progress_of(document),
        "hosts": host_table(adapters, document, owner),
    }


def _results(
    adapters: Adapters,
    document: dict[str, Any],
    owner: str,
    filters: Filters,
    cursor: str | None,
) -> dict[str, Any]:
    page: dict[str, Any] = {"items": [], "next_cursor": None}
    if not _is_known_to_be_empty(document, filters):
        page = read.images_page(
            adapters,
            document["request_id"],
            owner=owner,
            cursor=cursor,
            limit=IMAGES_SHOWN,
            status=filters.status or None,
            code=filters.code or None,
            host=filters.host or None,
            text=filters.q,
        )
    for image in page["items"]:
        image["original_url"] = None
        if image["output_url"] is not None:
            image["output_url"] = own_address(adapters.settings, image["output_url"])
            place = f"{image['row']}-{image['position']}"
            if document["options"]["keep_originals"] or image["input_bytes"] <= MAX_BYTES:
                image["original_url"] = f"/r/{document['request_id']}/original/{place}"
    return {
        "request_document": document,
        "is_final": RequestStatus(document["status"]).is_final,
        "images": page,
        "states": _states(document, filters.status),
        "codes": _codes(document, filters.code),
        "filters": filters,
        "has_failed": any(image["status"] == "failed" for image in page["items"]),
        "cursor": cursor,
    }


def _is_known_to_be_empty(document: dict[str, Any], filters: Filters) -> bool:
    """Looking for what the counters know not to be there would go through all images."""
    if filters.status == "failed" and filters.code and filters.code not in document["errors"]:
        return True
    return _counts(document).get(filters.status) == 0


def _counts(document: dict[str, Any]) -> dict[str, int]:
    """How many images each state has."""
    images = document["images"]
    return {value: images[value or "total"] for value, _ in words.FILTERS}


def _states(document: dict[str, Any], chosen: str) -> list[tuple[str, str, int]]:
    """Value, word and number of each state that has anything to show."""
    counts = _counts(document)
    shown = [(value, word, counts[value]) for value, word in words.FILTERS]
    return [one for one in shown if one[2] or one[0] in {"", chosen}]


def _codes(document: dict[str, Any], chosen: str) -> list[tuple[str, str]]:
    """Code and words of each reason for which images failed."""
    known = dict.fromkeys([*document["errors"], *([chosen] if chosen else [])])
    unknown = words.REASONS["internal"]
    return [(code, words.REASONS.get(code, unknown).happened) for code in known]


def _kind_of_file(document: dict[str, Any], reading: dict[str, str]) -> str:
    platform = (document["detected"] or {}).get("platform")
    if platform is not None:
        return words.export_name(platform_name(platform))
    return "Columns chosen by hand" if "columns" in reading else "List of products"


def _webhook(document: dict[str, Any]) -> dict[str, str]:
    return {"webhook_url": document["webhook"]["url"]} if document["webhook"] else {}
