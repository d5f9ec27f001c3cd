"""A whole worker in the test's process, without Celery: what hints would say, the test says."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select

from app.adapters import Adapters
from app.bootstrap import build_adapters, build_worker_context, prepare
from app.config import Settings
from app.db.models import Image
from app.domain.options import ProcessingOptions
from app.intake.submit import submit
from app.results import outputs, read
from app.worker.process.runtime import Runtime
from tests.factories import make_csv
from tests.parts.waiting import until

DEFAULTS: dict[str, Any] = {
    "fetch_allow_networks": "127.0.0.0/8",
    "fetch_timeout_seconds": 5,
    "fetch_max_attempts": 2,
    "codec_processes": 1,
    "lease_seconds": 2,
    "sweep_seconds": 0.1,
    "shutdown_grace_seconds": 5,
    "log_level": "error",
}


class Bench:
    """Adapters and a runtime that finds its work by itself.

    Args:
        settings: where the database, the store and the broker are.
    """

    def __init__(self, settings: Settings) -> None:
        self.adapters: Adapters = build_adapters(settings)
        self.runtime = Runtime(build_worker_context(self.adapters))
        self._started = False
        prepare(self.adapters)

    def start(self) -> None:
        """Let the worker begin."""
        self.runtime.start()
        self._started = True

    def close(self) -> None:
        """Stop the worker in good order."""
        if self._started:
            self.runtime.stop()
        self.adapters.database.close()

    def upload(self, content: bytes, **arguments: Any) -> str:
        """Submit a CSV that has to be accepted; returns the request's id."""
        values: dict[str, Any] = {
            "filename": "products.csv",
            "options": ProcessingOptions(),
            "webhook_url": None,
            "owner": "",
        }
        answer = submit(self.adapters, content=io.BytesIO(content), **(values | arguments))
        request_id: str = answer["request_id"]
        return request_id

    def upload_urls(self, *rows: Sequence[str], **arguments: Any) -> str:
        """Submit a CSV with one product for each list of URLs."""
        cells = [[str(n), f"Product {n}", ",".join(urls)] for n, urls in enumerate(rows, start=1)]
        return self.upload(make_csv(cells=cells), **arguments)

    def status(self, request_id: str) -> dict[str, Any]:
        return read.status(self.adapters, request_id, owner="")

    def ended(self, request_id: str, *, timeout_seconds: float = 30) -> dict[str, Any]:
        """Wait until the request has ended; its status, with the counters checked."""
        until(
            lambda: self.status(request_id)["status"] in {"completed", "failed", "cancelled"},
            timeout_seconds,
        )
        self.check_counters(request_id)
        return self.status(request_id)

    def images(self, request_id: str) -> list[dict[str, Any]]:
        """The documents of all images."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = read.images_page(
                self.adapters, request_id, owner="", cursor=cursor, limit=200, status=None
            )
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def by_url(self, request_id: str) -> dict[str, dict[str, Any]]:
        return {image["input_url"]: image for image in self.images(request_id)}

    def output(self, request_id: str, **arguments: Any) -> list[dict[str, str]]:
        """The output CSV as dictionaries."""
        values = {"owner": "", "partial": False, "raw": False} | arguments
        return rows_of(outputs.output_csv(self.adapters, request_id, **values))

    def report(self, request_id: str, status: str | None = None) -> list[dict[str, str]]:
        """The report, or with `failed` the failed rows, as dictionaries."""
        return rows_of(outputs.report_csv(self.adapters, request_id, owner="", status=status))

    def keys(self, request_id: str) -> set[str]:
        """Everything in the store that belongs to a request."""
        return {key for key in self.adapters.store.keys("") if request_id in key}

    def check_counters(self, request_id: str) -> None:
        """The request's counters are what its rows add up to."""
        with self.adapters.database.read() as connection:
            rows = connection.execute(
                select(
                    Image.status,
                    func.count(),
                    func.coalesce(func.sum(Image.input_bytes), 0),
                    func.coalesce(func.sum(Image.output_bytes), 0),
                )
                .where(Image.request_id == request_id)
                .group_by(Image.status)
            ).all()
        images = {row[0]: row[1] for row in rows}
        status = self.status(request_id)
        assert status["images"]["completed"] == images.get("completed", 0)
        assert status["images"]["failed"] == images.get("failed", 0)
        assert sum(status["errors"].values()) == images.get("failed", 0)
        assert status["bytes"]["input"] == sum(row[2] for row in rows)
        assert status["bytes"]["output"] == sum(row[3] for row in rows)
        if status["status"] in {"completed", "failed"}:
            assert status["images"]["total"] == sum(images.values())


@contextmanager
def bench(working: bool = True, **settings: Any) -> Iterator[Bench]:
    """A bench that is closed at the end of the block.

    Args:
        working: False leaves the start to the test, to look at what is stored before it.
    """
    made = Bench(Settings(_env_file=None, **(DEFAULTS | settings)))
    try:
        if working:
            made.start()
        yield made
    finally:
        made.close()


def rows_of(download: outputs.Download) -> list[dict[str, str]]:
    text = b"".join(download.chunks).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))
