"""`python -m app serve`: the whole service in the foreground."""

import contextlib
import socket
import sys

import uvicorn

from app.bootstrap import build_adapters, prepare, serve_metrics
from app.cli.service.connections import ACCEPTED_AT_ONCE, Connection, most_connections
from app.cli.service.server import WAITING_CONNECTIONS, Server
from app.cli.service.worker_process import WorkerProcess
from app.config import Settings
from app.logs import configure_logs
from app.main import create_app

# Downloads that are under way when a stop is asked for may go on so long.
OPEN_CALLS_SECONDS = 5
EXIT_UNUSABLE = 2
EXIT_UNREACHABLE = 3


def serve(settings: Settings, *, with_worker: bool = True) -> int:
    """Start API, page and worker; returns the exit code after Ctrl-C or SIGTERM.

    With REDIS_URL the worker is a process of its own, which is started again when it dies.

    Args:
        with_worker: False leaves that process out: workers run elsewhere, such as in containers of
            their own.
    Raises:
        DatabaseUnavailable, StoreError: a service does not answer; the message says which.
        SettingsError: METRICS_PORT is taken.
    """
    configure_logs(settings)
    if settings.redis_url is None and not with_worker:
        print(
            "Without REDIS_URL the worker is a part of this process and cannot be left out. "
            "Set it, or leave --no-worker away.",
            file=sys.stderr,
        )
        return EXIT_UNUSABLE
    try:
        listener = _listen(settings)
    except OSError as error:
        print(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
            "Stop what uses it, or set PORT to another one.",
            file=sys.stderr,
        )
        return EXIT_UNREACHABLE
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    adapters = build_adapters(settings)
    prepare(adapters)
    if not adapters.hints.reachable():
        print("REDIS_URL: the broker does not answer; is Redis running there?", file=sys.stderr)
        return EXIT_UNREACHABLE
    adapters.database.close()
    apart = with_worker and settings.redis_url is not None
    worker = WorkerProcess() if apart else None
    app = create_app(settings)
    # A worker beside it gets the port: only one of them can have it.
    stop_metrics = serve_metrics(app.state.metrics, settings) if worker is None else None
    Connection.most = most_connections()
    server = Server(
        uvicorn.Config(
            app,
            http=Connection,
            backlog=ACCEPTED_AT_ONCE,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=OPEN_CALLS_SECONDS,
            server_header=False,
        ),
        worker,
    )
    print(f"Image Processing Service on {settings.base_url} (API: {settings.base_url}/docs)")
    sys.stdout.flush()
    with listener, worker or contextlib.nullcontext():
        server.run(sockets=[listener])
    if stop_metrics is not None:
        stop_metrics()
    return 0 if server.started else 1


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, settings.port))
    listener.listen(WAITING_CONNECTIONS)
    return listener
