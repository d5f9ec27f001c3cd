"""The receiver that the documentation shows takes what the service sends."""

import importlib.util
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from standardwebhooks import Webhook

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "webhook_receiver.py"
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
BODY = json.dumps(
    {
        "type": "request.completed",
        "timestamp": "2026-11-20T21:26:16.303Z",
        "data": {"request_id": "r", "links": {"output_csv": "http://shop.test/output"}},
    }
)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    spec = importlib.util.spec_from_file_location("webhook_receiver", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def send(receiver: ModuleType, body: str, *, times: int = 1) -> list[int]:
    message_id, moment = f"msg_{uuid.uuid4().hex}", datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(message_id, moment, BODY),
    }
    transport = httpx.ASGITransport(app=receiver.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://receiver.test") as client:
        return [
            (await client.post("/image-webhook", content=body, headers=headers)).status_code
            for _ in range(times)
        ]


@pytest.mark.anyio
async def test_a_signed_message_is_taken_once(
    receiver: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await send(receiver, BODY, times=2) == [204, 204]
    assert capsys.readouterr().out.splitlines() == ["request.completed r http://shop.test/output"]


@pytest.mark.anyio
async def test_a_changed_message_is_refused(receiver: ModuleType) -> None:
    assert await send(receiver, BODY.replace("completed", "failed")) == [400]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
