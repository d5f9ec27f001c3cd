"""The application: `create_app()`, served as `app.main:app`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from anyio.to_thread import run_sync
from fastapi import FastAPI
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from app import config
from app.access.key_ring import KeyRing
from app.access.wrong_keys import WrongKeys
from app.adapters import Adapters
from app.api.contract.openapi import DESCRIPTION, TAGS, TITLE, install_openapi, operation_id
from app.api.draining import Draining
from app.api.errors import install_error_handlers
from app.api.middleware import CallLog, EarlyLimit, SecurityHeaders, TrailingSlash
from app.api.origins import KnownNames, OwnPagesOnly
from app.api.readers import Readers
from app.api.routes import (
    actions,
    aliases,
    docs,
    downloads,
    events,
    health,
    hosts,
    images,
    pictures,
    requests,
    uploads,
    webhooks,
)
from app.api.telemetry import telemetry
from app.bootstrap import build_adapters, prepare
from app.logs import configure_logs
from app.metrics.registry import Metrics
from app.upkeep.health import Readiness, queue_facts
from app.web import pages

if TYPE_CHECKING:
    app: FastAPI

log = structlog.get_logger(__name__)

VERSION = "0.1.0"
# In the order of the documentation.
ROUTES = (
    uploads,
    requests,
    images,
    hosts,
    actions,
    downloads,
    events,
    webhooks,
    pictures,
    health,
    docs,
    aliases,
)
NO_ROOM = (
    "The disk of DATA_DIR is nearly full: uploads are refused until 64 MiB are free; reading, "
    "downloads, cancels and deletes work."
)
# Room for the form's other fields and boundaries around a file of the largest size.
FORM_OVERHEAD_BYTES = 1024 * 1024


def create_app(settings: config.Settings | None = None) -> FastAPI:
    """Build the application; it connects to nothing before it is started.

    Args:
        settings: the whole configuration; default: the environment's.
    Raises:
        SettingsError: the environment has an impossible value.
    """
    settings = settings or config.settings()
    max_body_bytes = settings.max_upload_bytes + FORM_OVERHEAD_BYTES
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        telemetry=telemetry(),
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.draining = Draining()
    app.state.readers = Readers()
    keys = KeyRing(secret.get_secret_value() for secret in settings.api_keys)
    app.state.keys = keys
    app.state.wrong_keys = WrongKeys()
    for module in ROUTES:
        app.include_router(module.router)
    app.include_router(pages.router)
    app.mount("/docs/static", docs.static_files)
    install_error_handlers(app, max_upload_bytes=settings.max_upload_bytes)
    install_openapi(app, keys_needed=lambda: keys.needed)
    # The last one added is the outermost.
    app.add_middleware(TrailingSlash)
    # Cuts off what comes without a length. FastAPI's own max_body_size would sit around all the
    # others and answer announced bodies as plain text; EarlyLimit sees those first.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=max_body_bytes)
    app.add_middleware(
        EarlyLimit, max_body_bytes=max_body_bytes, max_upload_bytes=settings.max_upload_bytes
    )
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(KnownNames, settings=settings)
    app.add_middleware(CallLog, metrics=app.state.metrics.calls)
    app.add_middleware(SecurityHeaders)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: config.Settings = app.state.settings
    configure_logs(settings)
    # Our own line per call has the route and the time; the server's would only repeat it.
    logging.getLogger("uvicorn.access").propagate = False
    adapters = build_adapters(settings, metrics=app.state.metrics)
    app.state.adapters = adapters
    app.state.readiness = Readiness(adapters)
    app.state.metrics.watch_queue(lambda: queue_facts(adapters))
    await run_sync(prepare, adapters)
    if not adapters.disk.takes_uploads():
        log.warning("started_without_room", free_bytes=adapters.disk.free_bytes(), meaning=NO_ROOM)
    await run_sync(app.state.keys.refresh, adapters.database)
    try:
        with app.state.draining.on_signals():
            if settings.redis_url is None:
                async with _embedded_worker(adapters):
                    yield
            else:
                yield
    finally:
        app.state.draining.begin()
        await adapters.store.aclose()
        adapters.database.close()


@asynccontextmanager
async def _embedded_worker(adapters: Adapters) -> AsyncIterator[None]:
    """A worker inside this process: the default where no broker is configured."""
    from app.tasks.embedded import EmbeddedWorker

    worker = EmbeddedWorker(adapters)
    await run_sync(worker.start)
    try:
        yield
    finally:
        await run_sync(worker.stop)


def __getattr__(name: str) -> Any:
    """Build `app` on first use, so that importing this module reads no settings."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = create_app()
    return globals()["app"]
