"""The whole application behind a real server on loopback."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from PIL import Image

from app.config import Settings
from app.main import create_app
from tests.parts.waiting import until


@dataclass(frozen=True)
class Service:
    """A running application: its client, its state, and where it keeps its files."""

    app: FastAPI
    client: httpx.Client
    base_url: str
    data_dir: Path


@contextmanager
def running_service(data_dir: Path, **settings: Any) -> Iterator[Service]:
    """Serve the application on a free port, with its embedded worker, until the block ends."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    defaults: dict[str, Any] = {
        "port": port,
        "data_dir": data_dir,
        "fetch_allow_networks": "127.0.0.0/8",
        "fetch_max_attempts": 1,
        "codec_processes": 1,
        "sweep_seconds": 0.5,
        "shutdown_grace_seconds": 2,
        "log_level": "warning",
    }
    app = create_app(Settings(_env_file=None, **(defaults | settings)))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive(), timeout_seconds=30)
    if not server.started:
        raise AssertionError("the application did not start")
    base_url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=base_url, timeout=20) as client:
            yield Service(app, client, base_url, data_dir)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


def make_csv(*rows: tuple[str, str]) -> bytes:
    """A CSV of (product name, URLs of one cell)."""
    lines = ["S. No.,Product Name,Input Image Urls"]
    lines += [f'{number},{name},"{urls}"' for number, (name, urls) in enumerate(rows, start=1)]
    return "\r\n".join([*lines, ""]).encode()


def make_jpeg(width_px: int = 64, height_px: int = 48) -> bytes:
    """A small picture that compresses well below its quality of 98."""
    picture = Image.effect_noise((width_px, height_px), 40).convert("RGB")
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=98)
    return file.getvalue()


def upload(client: httpx.Client, csv: bytes, **options: str) -> httpx.Response:
    """Upload a CSV with options as form fields."""
    return client.post("/upload", files={"file": ("products.csv", csv, "text/csv")}, data=options)


def accepted(client: httpx.Client, csv: bytes, **options: str) -> str:
    """Upload a CSV that has to be accepted; its request id."""
    response = upload(client, csv, **options)
    assert response.status_code == 202, response.text
    request_id: str = response.json()["request_id"]
    return request_id


def ended(client: httpx.Client, request_id: str, *, timeout_seconds: float = 20) -> dict[str, Any]:
    """Wait until a request has ended; its status."""

    def state() -> dict[str, Any]:
        document: dict[str, Any] = client.get(f"/status/{request_id}").json()
        return document

    until(
        lambda: state()["status"] in {"completed", "failed", "cancelled"},
        timeout_seconds=timeout_seconds,
    )
    return state()


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer that has to be one."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "code"} <= set(document)
    assert (document["status"], document["code"]) == (status, code)
    return document
