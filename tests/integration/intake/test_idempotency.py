"""`Idempotency-Key`: one request for one key, however often and at once it is sent."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.adapters import now
from app.db.models import IdempotencyKey, ProcessingRequest
from app.domain.errors import IdempotencyMismatch
from app.domain.options import ProcessingOptions
from app.upkeep.sweep import sweep
from tests.factories import make_csv
from tests.integration.bench import bench
from tests.integration.db.parts import count

CSV = make_csv(rows=2)


def test_fifty_uploads_at_once_are_one_request(stack: dict[str, Any]) -> None:
    with bench(working=False, **stack) as service:
        ids: list[str] = []
        errors: list[Exception] = []
        begin = threading.Barrier(50)

        def send() -> None:
            try:
                begin.wait()
                ids.append(service.upload(CSV, idempotency_key="key"))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=send) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert len(ids) == 50
        assert len(set(ids)) == 1
        assert count(service.adapters.database, ProcessingRequest) == 1
        assert list(service.adapters.store.keys("")) == [f"uploads/{ids[0]}/input.csv"]


def test_a_key_belongs_to_one_upload_of_one_owner(stack: dict[str, Any]) -> None:
    with bench(working=False, **stack) as service:
        first = service.upload(CSV, idempotency_key="key", owner="us")
        assert service.upload(CSV, idempotency_key="key", owner="us") == first
        assert service.upload(CSV, idempotency_key="key", owner="them") != first
        assert service.upload(CSV, owner="us") != first
        for other in (
            {"content": make_csv(rows=3)},
            {"content": CSV, "options": ProcessingOptions(quality=51)},
        ):
            with pytest.raises(IdempotencyMismatch):
                service.upload(**other, idempotency_key="key", owner="us")  # type: ignore[arg-type]


def test_a_key_is_forgotten_after_a_day(stack: dict[str, Any]) -> None:
    with bench(working=False, **stack) as service:
        first = service.upload(CSV, idempotency_key="key")
        with service.adapters.database.transaction() as connection:
            connection.execute(
                update(IdempotencyKey).values(created_at=now() - timedelta(hours=24, seconds=1))
            )
        assert service.upload(CSV, idempotency_key="key") != first
        sweep(service.adapters, holder="test")
        assert count(service.adapters.database, IdempotencyKey) == 1
