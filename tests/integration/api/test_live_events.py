"""Server-Sent Events: only changes, in order, and an end."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.integration.api.parts import (
    Service,
    accepted,
    ended,
    make_csv,
    make_jpeg,
    problem,
    running_service,
)
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until


@dataclass(frozen=True)
class Event:
    name: str
    data: dict[str, Any]
    id: str
    at_seconds: float


def events(response: httpx.Response) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            data = json.loads(fields["data"])
            yield Event(fields["event"], data, fields.get("id", ""), time.monotonic())
            fields = {}


def follow(client: httpx.Client, request_id: str, last: str | None = None) -> list[Event]:
    headers = {"Last-Event-ID": last} if last else {}
    with client.stream("GET", f"/requests/{request_id}/events", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-cache"
        return list(events(response))


def test_progress_comes_when_something_changed_and_done_comes_last(
    client: httpx.Client, slow_host: ImageHost
) -> None:
    urls = [slow_host.add(f"{n}.jpg", make_jpeg(), delay=n * 0.4) for n in range(4)]
    request_id = accepted(client, make_csv(*[("Shirt", url) for url in urls]))
    began = time.monotonic()
    *progress, done = follow(client, request_id)
    assert {event.name for event in progress} == {"progress"}
    assert done.name == "done"
    assert done.data == client.get(f"/status/{request_id}").json()
    assert len(progress) >= 2
    assert len({event.id for event in progress}) == len(progress)
    completed = [event.data["images"]["completed"] for event in progress]
    assert completed == sorted(completed)
    # Two a second at most; on a busy machine single ones arrive late and close together.
    assert progress[-1].at_seconds - began > 0.4 * (len(progress) - 1)


def test_an_ended_request_tells_its_state_and_done(
    client: httpx.Client, image_host: ImageHost
) -> None:
    request_id = accepted(client, make_csv(("Shirt", image_host.add("a.jpg", make_jpeg()))))
    ended(client, request_id)
    seen = follow(client, request_id)
    assert [event.name for event in seen] == ["progress", "done"]
    assert [event.name for event in follow(client, request_id, seen[-1].id)] == ["done"]


def test_a_reconnect_repeats_no_state_that_was_seen(
    client: httpx.Client, slow_host: ImageHost
) -> None:
    url = slow_host.add("a.jpg", make_jpeg(), delay=2)
    request_id = accepted(client, make_csv(("Shirt", url)))
    until(lambda: slow_host.requests != [], timeout_seconds=10)
    path = f"/requests/{request_id}/events"
    with client.stream("GET", path) as response:
        first = next(events(response))
    seen = follow(client, request_id, first.id)
    assert first.id not in [event.id for event in seen]
    assert [event.name for event in seen] == ["progress", "done"]


def test_a_deleted_request_ends_its_stream_without_done(
    service: Service, slow_host: ImageHost
) -> None:
    url = slow_host.add("a.jpg", make_jpeg(), delay=3)
    request_id = accepted(service.client, make_csv(("Shirt", url)))
    until(lambda: slow_host.requests != [], timeout_seconds=10)
    with service.client.stream("GET", f"/requests/{request_id}/events") as response:
        stream = events(response)
        assert next(stream).name == "progress"
        assert httpx.delete(f"{service.base_url}/requests/{request_id}").status_code == 204
        assert [event.name for event in stream if event.name == "done"] == []


def test_a_client_that_leaves_ends_the_polling(service: Service, slow_host: ImageHost) -> None:
    url = slow_host.add("a.jpg", make_jpeg(), delay=3)
    request_id = accepted(service.client, make_csv(("Shirt", url)))
    with httpx.stream("GET", f"{service.base_url}/requests/{request_id}/events") as response:
        next(events(response))

    def counted() -> bool:
        # A call is counted at its end: this one only once the server has let go of the stream.
        text = service.client.get("/metrics").text
        route = 'route="/requests/{request_id}/events"'
        return any(route in line for line in text.splitlines() if "_count" in line)

    until(counted, timeout_seconds=3)


def test_streams_end_when_the_service_is_about_to_stop(
    tmp_path: Path, slow_host: ImageHost
) -> None:
    with running_service(tmp_path) as service:
        url = slow_host.add("a.jpg", make_jpeg(), delay=3)
        request_id = accepted(service.client, make_csv(("Shirt", url)))
        timer = threading.Timer(0.3, service.app.state.draining.begin)
        timer.start()
        started = time.monotonic()
        seen = follow(service.client, request_id)
        assert time.monotonic() - started < 2
        assert "done" not in [event.name for event in seen]
        ready = problem(service.client.get("/readyz"), 503, "unavailable")
        assert ready["checks"]["draining"] == "yes"
        timer.join()
