"""What a client may do with a connection, and that others do not notice."""

import asyncio
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from app.cli.service import connections
from app.cli.service.connections import HEAD_BYTES, Connection
from app.cli.service.server import Server
from tests.integration.cli.parts import clean_environment
from tests.parts import waiting
from tests.parts.process import free_port

HALF = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"


class InThread(Server):
    """Signals are the main thread's."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bounds in a shorter time; a body needs 1 KiB a second as always."""
    for name, seconds in (
        ("HEAD_SECONDS", 1.5),
        ("BODY_SILENCE_SECONDS", 1.5),
        ("BODY_WINDOW_SECONDS", 2.5),
        ("LINGER_SECONDS", 0.2),
    ):
        monkeypatch.setattr(connections, name, seconds)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers how many bytes came; waits where the path says so."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(4)
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(loop: str = "auto", most: int = 100) -> Iterator[int]:
    """The port of a server with our bounds."""

    class Few(Connection):
        pass

    Few.most = most
    listener = socket.create_server(("127.0.0.1", 0))
    config: Any = {"http": Few, "loop": loop, "lifespan": "off", "log_config": None}
    server = InThread(uvicorn.Config(application, timeout_graceful_shutdown=1, **config), None)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    waiting.until(lambda: server.started, 10)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def port() -> Iterator[int]:
    with serving() as opened:
        yield opened


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=15) as client:
        yield client


def answer_of(client: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    received = b""
    while piece := client.recv(65_536):
        received += piece
    return received


def answered(client: socket.socket) -> bytes:
    """One answer of the application, whose body is a number."""
    received = b""
    while not re.search(rb"\r\n\r\n[0-9]+$", received):
        piece = client.recv(65_536)
        assert piece, received
        received += piece
    return received


def drip(client: socket.socket, piece: bytes, pause: float) -> None:
    """Send until nobody takes it any more, in a thread."""

    def send() -> None:
        try:
            for _ in range(int(20 / pause)):
                client.sendall(piece)
                time.sleep(pause)
        except OSError:
            return

    threading.Thread(target=send, daemon=True).start()


@pytest.mark.parametrize("sent", [b"", b"G", HALF, b"\r\n", HALF + b"X: y"], ids=repr)
def test_a_head_that_does_not_end_is_given_up(port: int, sent: bytes) -> None:
    with connected(port) as client:
        client.sendall(sent)
        answer = answer_of(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer
    assert b'"code": "too_slow"' in answer


def test_single_bytes_do_not_keep_a_head_alive(port: int) -> None:
    with connected(port) as client:
        client.sendall(HALF)
        drip(client, b"X: y\r\n", 0.1)
        assert answer_of(client).startswith(b"HTTP/1.1 408 ")


def test_a_second_head_on_the_same_connection_is_given_up_as_well(port: int) -> None:
    with connected(port) as client:
        client.sendall(HALF + b"\r\n")
        assert answered(client).endswith(b"0")
        client.sendall(b"\r\n")
        drip(client, b"\r\n", 0.1)
        assert b"HTTP/1.1 408 " in answer_of(client)


def test_a_body_that_stops_or_trickles_is_given_up(port: int) -> None:
    with connected(port) as client:
        client.sendall(POST % 1_000_000 + b"x" * 10_000)
        assert answer_of(client).startswith(b"HTTP/1.1 408 ")
    with connected(port) as client:
        client.sendall(POST % 1_000_000)
        drip(client, b"x" * 50, 0.1)
        assert answer_of(client).startswith(b"HTTP/1.1 408 ")


def test_a_slow_line_gets_its_upload_done(port: int) -> None:
    with connected(port) as client:
        client.sendall(POST % 28_000 + b"x" * 10_000)
        for _ in range(36):
            time.sleep(0.2)
            client.sendall(b"x" * 500)
        assert answered(client).endswith(b"28000")


def test_who_waits_for_us_is_not_slow(port: int) -> None:
    with connected(port) as client:
        # More than is read before the application asks for it.
        body = b"x" * 3_000_000
        sender = threading.Thread(
            target=client.sendall, args=((POST % len(body)).replace(b"/ ", b"/slow ", 1) + body,)
        )
        sender.start()
        assert answered(client).endswith(b"3000000")
        sender.join()
    with connected(port) as client:
        head = (POST % 5).replace(b"/ ", b"/slow ", 1)
        client.sendall(head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert client.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"12345")
        assert answered(client).endswith(b"5")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200_000 + b"\r\n",
        b"GET /" + b"y" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * HEAD_BYTES + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 1_000_000,
    ],
    ids=["one header", "many headers", "address", "a little too much", "no end"],
)
def test_heads_of_a_megabyte_are_refused(port: int, head: bytes) -> None:
    with connected(port) as client:
        client.sendall(head)
        answer = answer_of(client)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_large_heads_of_browsers_and_requests_one_after_the_other_are_answered(port: int) -> None:
    large = HALF + b"Cookie: " + b"y" * (HEAD_BYTES // 2) + b"\r\n\r\n"
    with connected(port) as client:
        for _ in range(5):
            client.sendall(large)
            assert answered(client).endswith(b"0")
        # Two at once, as a pipeline.
        client.sendall((HALF + b"\r\n") * 2)
        received = b""
        while received.count(b"HTTP/1.1 200") < 2:
            received += client.recv(65_536)
    with connected(port) as client:
        client.sendall(b"nonsense\r\n\r\n")
        assert answer_of(client).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_half_requests_make_room_and_one_line_says_so(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "_line_at", None)
    said: list[Any] = []
    monkeypatch.setattr(connections.log, "warning", lambda *what, **more: said.append((what, more)))
    with serving(loop, most=20) as port, ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(connected(port)).sendall(HALF)
        assert httpx.get(f"http://127.0.0.1:{port}/").text == "0"
        assert said == [(("connections_full",), {"most": 20})]


def test_who_is_being_answered_is_not_hung_up_on() -> None:
    with serving(most=3) as port, ExitStack() as stack:
        busy = [stack.enter_context(connected(port)) for _ in range(3)]
        for client in busy:
            client.sendall(HALF.replace(b"/ ", b"/slow ", 1) + b"\r\n")
        time.sleep(0.5)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/")
        for client in busy:
            assert answered(client).endswith(b"0")


def test_a_service_with_300_descriptors_works_on_beside_400_half_requests(tmp_path: Path) -> None:
    port = str(free_port())
    command = ("sh", "-c", 'ulimit -n 300; exec "$0" -m app serve', sys.executable)
    environment = clean_environment(tmp_path / "data", PORT=port, LOG_FORMAT="json")
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process,
        ExitStack() as stack,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        stack.callback(process.terminate)
        waiting.until(lambda: is_ready(client), 30)
        for _ in range(400):
            stack.enter_context(connected(int(port))).sendall(HALF)
        for path in ("/healthz", "/readyz", "/requests", "/"):
            assert httpx.get(f"http://127.0.0.1:{port}{path}").status_code == 200
    said = (tmp_path / "log").read_text()
    assert said.count("connections_full") == 1
    assert "Traceback" not in said
    assert process.returncode == 0


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
