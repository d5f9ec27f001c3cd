"""Live progress as Server-Sent Events."""

from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.api.answers import state_tag
from app.api.auth import OwnerDep, key_ring_of
from app.api.contract import examples
from app.api.contract.openapi import OF_A_REQUEST, answers, text_success
from app.api.contract.requests import RequestState
from app.api.dependencies import AdaptersDep, DrainingDep, RequestIdPath
from app.domain.errors import DatabaseUnavailable, RequestNotFound
from app.domain.retry import RECONNECT_MILLISECONDS
from app.results import read

router = APIRouter(tags=["Requests"])

POLL_SECONDS = 0.5


def current_state(
    request_id: RequestIdPath, adapters: AdaptersDep, owner: OwnerDep
) -> RequestState:
    """The status; asked for before the stream begins, so that an unknown id gets a plain 404."""
    return RequestState.model_validate(read.status(adapters, request_id, owner=owner))


@router.get(
    "/requests/{request_id}/events",
    summary="Follow a request live",
    response_class=EventSourceResponse,
    response_model=None,
    responses=answers(
        {200: text_success("The stream.", "text/event-stream", examples.EVENTS)},
        *OF_A_REQUEST,
    ),
)
async def follow_events(
    request_id: RequestIdPath,
    request: Request,
    adapters: AdaptersDep,
    owner: OwnerDep,
    draining: DrainingDep,
    state: Annotated[RequestState, Depends(current_state)],
    last_event_id: Annotated[
        str | None, Header(description="id of the last event received; it is not repeated.")
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """`progress` events carry the status JSON when it changed, at most two a second; then `done`.

    A reconnecting client sends Last-Event-ID and gets only what has changed since.
    """
    known = last_event_id
    while True:
        text = state.model_dump_json()
        tag = state_tag(text)
        if tag != known:
            known = tag
            yield ServerSentEvent(
                event="progress", raw_data=text, id=tag, retry=RECONNECT_MILLISECONDS
            )
        if state.status.is_final:
            yield ServerSentEvent(event="done", raw_data=text, id=tag)
            return
        await anyio.sleep(POLL_SECONDS)
        if draining:
            # The client comes back by itself, to this process's successor.
            return
        if not (await key_ring_of(request)).admits(owner):
            # The key was revoked meanwhile: the client's next connection gets the 401.
            return
        try:
            state = await run_sync(lambda: current_state(request_id, adapters, owner))
        except DatabaseUnavailable:
            # The stream outlives a restart of the database; keep-alives go on meanwhile.
            continue
        except RequestNotFound:
            # Deleted meanwhile: the client's next connection gets the 404.
            return
