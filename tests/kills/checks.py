"""What has to be true in the end, whatever was killed: nothing lost, nothing twice."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from PIL import Image as Picture
from sqlalchemy import func, select
from standardwebhooks import Webhook

from app.bootstrap import build_store
from app.config import Settings
from app.db.engine import Database
from app.db.models import Base, Image, Product, ProductImage, WebhookDelivery
from app.storage.base import Store
from tests.kills.jobs import Job
from tests.kills.service import Service
from tests.kills.stacks import WEBHOOK_SECRET
from tests.parts.image_host import ImageHost
from tests.parts.webhook_receiver import ReceivedWebhook, WebhookReceiver

# The time from a webhook's arrival to the note that it was taken, on a busy machine.
UNNOTED_SECONDS = 2.0


@dataclass
class Findings:
    """Sentences about what is missing, and about what is there too often."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)

    def expect(self, what: str, found: int, expected: int) -> None:
        """Less than expected is lost, more is double."""
        if found < expected:
            self.lost.append(f"{what}: {found} instead of {expected}")
        if found > expected:
            self.double.append(f"{what}: {found} instead of {expected}")


@dataclass(frozen=True)
class Repeat:
    """A webhook that came at `first` and again at `second`, both on the monotonic clock."""

    webhook_id: str
    first: float
    second: float

    def is_explained_by(self, kill: float) -> bool:
        """True for a kill that may lie between the receiver's 2xx and our note of it."""
        return self.first < kill < min(self.second, self.first + UNNOTED_SECONDS)


class Auditor:
    """Looks at everything that a service has done: its answers, its tables, its store.

    Args:
        service: running.
    """

    def __init__(
        self,
        service: Service,
        host: ImageHost,
        receiver: WebhookReceiver | None = None,
    ) -> None:
        self._service = service
        self._host = host
        self._receiver = receiver
        values: dict[str, Any] = {
            name.lower(): value for name, value in service.environment.items() if _ours(name)
        }
        settings = Settings(_env_file=None, **values)
        self._database = Database(settings.sqlalchemy_url)
        self._store: Store = build_store(settings)

    def close(self) -> None:
        self._database.close()

    def audit(self, jobs: Iterable[Job]) -> Findings:
        """Look at all of these requests, which have ended, and at whatever else is there."""
        findings = Findings()
        jobs = list(jobs)
        for job in jobs:
            if not job.cancelled:
                self._audit_answers(job, findings)
                self._audit_output(job, findings)
            self._audit_tables(job, findings)
        self._audit_store(jobs, findings)
        if self._receiver is not None:
            self._audit_webhooks(jobs, findings)
        return findings

    def webhooks_are_told(self) -> bool:
        """True when no delivery waits any more."""
        return self._count(WebhookDelivery, WebhookDelivery.status == "pending") == 0

    def repeats(self) -> list[Repeat]:
        """Messages that came once more."""
        assert self._receiver is not None
        times: dict[str, list[float]] = {}
        for webhook in self._receiver.received:
            times.setdefault(webhook.headers["webhook-id"], []).append(webhook.at)
        return [
            Repeat(webhook_id, *pair) for webhook_id, at in times.items() for pair in pairwise(at)
        ]

    def rows_of(self, request_id: str) -> int:
        """Rows of a request in any table."""
        with self._database.read() as connection:
            return sum(
                connection.execute(
                    select(func.count()).select_from(table).where(table.c.request_id == request_id)
                ).scalar_one()
                for table in Base.metadata.sorted_tables
                if "request_id" in table.c
            )

    def keys_of(self, request_id: str) -> list[str]:
        """Everything in the store that belongs to a request."""
        return [key for key in self._store.keys("") if request_id in key]

    def _audit_answers(self, job: Job, findings: Findings) -> None:
        status, images = self._service.status(job), self._service.images(job)
        done = [image for image in images if image["status"] == "completed"]
        name = f"{job.key} {job.request_id}"
        findings.expect(f"{name} completed", len(done), len(job.urls) - len(job.missing))
        findings.expect(f"{name} counter", status["images"]["completed"], len(done))
        findings.expect(f"{name} failed", status["images"]["failed"], len(job.missing))
        findings.expect(f"{name} total", status["images"]["total"], len(job.urls))
        for what in ("input", "output"):
            total = sum(image[f"{what}_bytes"] or 0 for image in done)
            findings.expect(f"{name} {what} bytes", status["bytes"][what], total)
        if status["status"] != "completed" or status["progress_percent"] != 100:
            findings.lost.append(f"{name} is {status['status']}: {status['reason']}")
        if [image["input_url"] for image in images] != job.urls:
            findings.lost.append(f"{name}: its images are not those of the file")
        for number, image in enumerate(images):
            if (
                image["status"] == "completed"
                and (
                    image["width"],
                    image["height"],
                )
                != job.sizes[number]
            ):
                findings.lost.append(f"{name}: image {number} is another one's picture")
            if self._host.hits(job.path(image["input_url"])) == 0:
                findings.lost.append(f"{name}: nobody asked for image {number}")

    def _audit_output(self, job: Job, findings: Findings) -> None:
        answer = self._service.client.get(f"/download-output-csv/{job.request_id}")
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        findings.expect(f"{job.key} rows of the output", len(rows), job.products)
        written = {
            (row, position): url
            for row, line in enumerate(rows, start=2)
            for position, url in enumerate(line["Output Image Urls"].split(","), start=1)
        }
        for row, position, url in job.places:
            at = written.get((row, position), "")
            wanted = "" if url in job.missing else f"/{self._key(job, url)}"
            if not at.endswith(wanted) or bool(at) != bool(wanted):
                findings.lost.append(f"{job.key} row {row}, place {position}: {at!r}")

    def _audit_tables(self, job: Job, findings: Findings) -> None:
        for table, expected in (
            (Product, job.products),
            (ProductImage, len(job.places) - len(job.urls)),
            (Image, len(job.urls)),
        ):
            rows = self._count(table, table.request_id == job.request_id)
            if not job.cancelled or rows > expected:
                findings.expect(f"{job.key} rows in {table.__tablename__}", rows, expected)

    def _audit_store(self, jobs: Sequence[Job], findings: Findings) -> None:
        keys = Counter(key for key in self._store.keys("") if not key.startswith("uploads/"))
        expected = {
            self._key(job, url): size
            for job in jobs
            for url, size in zip(job.urls, job.sizes, strict=True)
            if url not in job.missing
        }
        optional = {self._key(job, url) for job in jobs if job.cancelled for url in job.urls}
        for key in expected.keys() - keys.keys() - optional:
            findings.lost.append(f"object {key}")
        for key in keys.keys() - expected.keys():
            findings.double.append(f"object {key}, which nobody knows")
        for key in keys.keys() & expected.keys():
            with self._store.open(key) as file, Picture.open(file) as picture:
                if picture.size != expected[key]:
                    findings.lost.append(f"object {key} is another one's picture")

    def _audit_webhooks(self, jobs: Sequence[Job], findings: Findings) -> None:
        assert self._receiver is not None
        received = self._receiver.received
        by_request: dict[str, list[ReceivedWebhook]] = {}
        for webhook in received:
            Webhook(WEBHOOK_SECRET).verify(webhook.body, dict(webhook.headers))
            request_id = webhook.json()["data"]["request_id"]
            by_request.setdefault(request_id, []).append(webhook)
        for job in jobs:
            ours = by_request.get(job.request_id, [])
            ids = {webhook.headers["webhook-id"] for webhook in ours}
            findings.expect(f"{job.key} webhook ids", len(ids), job.runs)
            findings.expect(f"{job.key} webhook bodies", len({one.body for one in ours}), job.runs)
            rows = self._count(WebhookDelivery, WebhookDelivery.request_id == job.request_id)
            findings.expect(f"{job.key} rows in the outbox", rows, job.runs)
        for repeat in self.repeats():
            if not any(map(repeat.is_explained_by, self._service.kills)):
                findings.double.append(f"{repeat}, and no kill came before its note")

    def _key(self, job: Job, url: str) -> str:
        row, position, _ = next(place for place in job.places if place[2] == url)
        return f"{job.request_id}/{row}-{position}-product-{row - 1}.jpg"

    def _count(self, table: Any, condition: Any) -> int:
        with self._database.read() as connection:
            query = select(func.count()).select_from(table).where(condition)
            return connection.execute(query).scalar_one()


def _ours(name: str) -> bool:
    return name.lower() in Settings.model_fields
