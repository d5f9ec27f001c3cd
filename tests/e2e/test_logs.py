"""What a running service writes: one JSON line an event, and no part of a signed address."""

import json
from pathlib import Path
from typing import Any

from app.worker.turn_log import FAILURES_TOLD
from tests.e2e.served import Served
from tests.factories import make_csv, make_jpeg
from tests.kills.launcher import Launcher
from tests.parts.image_host import ImageHost
from tests.parts.process import free_port
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookAnswer, WebhookReceiver

QUERY = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAX&X-Amz-Signature=5ec7e7"


def events(log: Path) -> list[dict[str, Any]]:
    """The events so far; anything but the greeting that is no JSON fails here."""
    lines = [line for line in log.read_text().splitlines() if line]
    return [json.loads(line) for line in lines if not line.startswith("Image Processing Service")]


def test_a_signed_address_that_fails_leaves_no_trace_of_its_query(
    tmp_path: Path, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    def signed(path: str, **answer: Any) -> str:
        return image_host.add(f"{path}?{QUERY}", **answer)

    other = signed("elsewhere.jpg", status=403)
    urls = [
        signed("good.jpg", body=make_jpeg(120, 90)),
        signed("forbidden.jpg", status=403, body=b"<Code>SignatureDoesNotMatch</Code>"),
        signed("busy.jpg", status=503),
        signed("page.jpg", body=b"<html></html>"),
        signed("moved.jpg", status=302, headers={"Location": other}),
        f"http://127.0.0.1:{free_port()}/nobody.jpg?{QUERY}",
        f"http://10.0.0.1/inside.jpg?{QUERY}",
    ]
    webhook_receiver.answers.append(WebhookAnswer(status=500))
    service = Served(tmp_path, LOG_FORMAT="json", LOG_LEVEL="debug", FETCH_MAX_ATTEMPTS="1")
    log = tmp_path / "serve.log"
    try:
        service.start()
        cells = [[str(n), f"Product {n}", url] for n, url in enumerate(urls, start=1)]
        request_id = service.upload(
            make_csv(cells=cells), webhook_url=f"{webhook_receiver.url}?token=5ec7e7"
        )
        status = service.ended(request_id)
        assert (status["images"]["completed"], status["images"]["failed"]) == (1, 6)
        until(lambda: any(each["event"] == "webhook_attempted" for each in events(log)))
        service.terminate()
    finally:
        service.close()

    assert "5ec7e7" not in log.read_text()
    assert "X-Amz" not in log.read_text()
    ours = [each for each in events(log) if each.get("request_id") == request_id]
    told = [each["event"] for each in ours if not each["event"].startswith("image_")]
    assert sorted(told) == ["request_accepted", "request_ended", "turn_ended", "webhook_attempted"]
    failed = {each["image"]: each for each in ours if each["event"] == "image_failed"}
    assert {image: each["code"] for image, each in failed.items()} == {
        "3-1": "http_status",
        "4-1": "http_status",
        "5-1": "not_an_image",
        "6-1": "http_status",
        "7-1": "connect_failed",
        "8-1": "address_blocked",
    }
    timed = [each for each in ours if each["event"] != "request_accepted"]
    assert all(each["duration_ms"] >= 0 for each in timed)
    (done,) = [each for each in ours if each["event"] == "image_completed"]
    assert (done["level"], done["image"], done["seq"]) == ("debug", "2-1", 1)
    (call,) = [each for each in events(log) if each.get("route") == "/upload"]
    assert call["http_request_id"]
    accepted = ours[0]
    assert accepted["http_request_id"] == call["http_request_id"]


def test_many_failures_are_a_few_lines_and_a_sum(
    tmp_path: Path, launcher: Launcher, image_host: ImageHost
) -> None:
    cells = [[str(n), "Mug", image_host.url(f"{n}.jpg")] for n in range(3 * FAILURES_TOLD)]
    service = Served(tmp_path, launcher=launcher, LOG_FORMAT="json", LOG_LEVEL="info")
    try:
        service.start()
        request_id = service.upload(make_csv(cells=cells))
        assert service.ended(request_id)["images"]["failed"] == len(cells)
        service.terminate()
    finally:
        service.close()
    ours = [each for each in events(tmp_path / "serve.log") if each.get("request_id") == request_id]
    turns = [each for each in ours if each["event"] == "turn_ended"]
    assert sum(turn["failed"] for turn in turns) == len(cells)
    assert all(turn["errors"] == {"http_status": turn["failed"]} for turn in turns)
    told = [each["image"] for each in ours if each["event"] == "image_failed"]
    assert len(told) == sum(min(turn["failed"], FAILURES_TOLD) for turn in turns)
    assert set(told) < {f"{row}-1" for row in range(2, len(cells) + 2)}
