"""What handlers ask for."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import WithJsonSchema

from app.adapters import Adapters
from app.api.draining import Draining
from app.config import Settings
from app.domain.errors import IMAGE_ERROR_CODES


async def adapters_of(request: Request) -> Adapters:
    """The adapters that the application built when it started."""
    adapters: Adapters = request.app.state.adapters
    return adapters


async def draining_of(request: Request) -> Draining:
    """Whether this process is about to stop."""
    draining: Draining = request.app.state.draining
    return draining


async def settings_of(request: Request) -> Settings:
    """The configuration that the application was built with."""
    settings: Settings = request.app.state.settings
    return settings


AdaptersDep = Annotated[Adapters, Depends(adapters_of)]
DrainingDep = Annotated[Draining, Depends(draining_of)]
SettingsDep = Annotated[Settings, Depends(settings_of)]

RequestIdPath = Annotated[
    str,
    Path(
        description="The request_id that /upload answered.",
        examples=["01937f3a-9c1e-7c55-8a4e-3f1d2b6c7a90"],
    ),
]
CursorQuery = Annotated[
    str | None,
    Query(description="next_cursor of the page before; leave out for the first page."),
]
LimitQuery = Annotated[int, Query(ge=1, le=500, description="Most entries on the page.")]
CodeQuery = Annotated[
    Annotated[str, WithJsonSchema({"type": "string", "enum": list(IMAGE_ERROR_CODES)})] | None,
    Query(description="Only images with this error code."),
]
HostQuery = Annotated[
    str | None,
    Query(
        description="Only images on this host: shop.example, shop.example:8080, or any URL on it.",
        examples=["shop.example"],
    ),
]
