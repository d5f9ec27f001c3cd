"""One CSV through the pipeline in this process, with a worker of its own."""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from app.adapters import Adapters
from app.cli.adapters import opened_adapters
from app.cli.console.interrupts import Interrupted, Interrupts, WatchedFile
from app.cli.console.progress import POLL_SECONDS, Status, follow
from app.cli.console.summary import FAILURES_SHOWN
from app.cli.console.terminal import err
from app.cli.files import write_output
from app.cli.local.pictures import LinkedFolder, copy_pictures
from app.config import Settings
from app.db.deliveries import DeliveryStatus
from app.domain.errors import DatabaseUnavailable, RequestError, UploadTooLarge
from app.domain.options import ProcessingOptions
from app.ending.cancel import cancel
from app.ending.deliver import deliveries
from app.intake.check import Reading
from app.intake.submit import submit
from app.results import outputs, read
from app.tasks.embedded import EmbeddedWorker

log = structlog.get_logger(__name__)

WEBHOOK_SECONDS = 15.0
# A request of a command belongs to no API key: every operator's command sees all requests.
NOBODY = ""


class LocalRun:
    """One request in this process; `local_run` makes it."""

    def __init__(self, adapters: Adapters, interrupts: Interrupts) -> None:
        self.adapters = adapters
        self.interrupts = interrupts
        self.request_id = ""

    def submit(
        self,
        raw: io.RawIOBase,
        filename: str,
        options: ProcessingOptions,
        reading: Reading,
    ) -> dict[str, Any]:
        """Check the file and put it into the queue; returns what was found.

        Raises:
            RequestError: the file cannot be used; nothing was kept.
            Interrupted: a stop was asked for; nothing was kept.
        """
        size = raw.seek(0, io.SEEK_END)
        raw.seek(0)
        most = self.adapters.settings.max_upload_bytes
        if size > most:
            raise UploadTooLarge(
                f"The file has {size:,} bytes, but MAX_UPLOAD_BYTES accepts {most:,}."
            )
        # Not closed with the block: the caller opened the file.
        content = WatchedFile(raw, self.interrupts)
        try:
            answer = submit(
                self.adapters,
                content=content,
                filename=filename,
                options=options,
                webhook_url=None,
                owner=NOBODY,
                reading=reading,
            )
        finally:
            content.detach()
        self.request_id = answer["request_id"]
        return answer

    @contextmanager
    def worker(self) -> Iterator[None]:
        """A worker for the block; whatever ends the block, it runs no longer."""
        worker = EmbeddedWorker(self.adapters)
        worker.start()
        try:
            yield
        finally:
            worker.stop()

    def wait(self) -> Status:
        """Show progress until the request has ended; returns its status.

        Raises:
            Interrupted: a stop was asked for; the request is cancelled.
            RequestNotFound: somebody deleted it.
        """
        try:
            return follow(self._status, interrupts=self.interrupts, away=DatabaseUnavailable)
        except Interrupted:
            err.print("Stopping; once more stops at once.")
            try:
                cancel(self.adapters, self.request_id, owner=NOBODY)
                err.print("The request is cancelled; no output was written.")
            except (RequestError, DatabaseUnavailable) as error:
                # It has just ended by itself, or the database is away: then a worker goes on.
                log.warning("request_not_cancelled", reason=str(error))
            raise

    def wait_for_webhook(self) -> None:
        """Wait for one attempt at each webhook: no service may be running afterwards to send it."""
        deadline = time.monotonic() + WEBHOOK_SECONDS
        while time.monotonic() < deadline:
            self.interrupts.check()
            sent = deliveries(self.adapters, self.request_id, owner=NOBODY)["items"]
            if all(delivery["attempts"] for delivery in sent):
                break
            time.sleep(POLL_SECONDS)
        if any(delivery["status"] != DeliveryStatus.DELIVERED for delivery in sent):
            err.print("Warning: the webhook did not take the message; a service will try again.")

    def failures(self) -> list[dict[str, Any]]:
        """The first failed images."""
        page = read.images_page(
            self.adapters,
            self.request_id,
            owner=NOBODY,
            cursor=None,
            limit=FAILURES_SHOWN,
            status="failed",
        )
        found: list[dict[str, Any]] = page["items"]
        return found

    def write(self, target: str, folder: Path | None, *, checks: bool = False) -> None:
        """Write the output CSV, and before it the pictures, when a folder for them is given.

        Args:
            checks: write the report instead: the output CSV of a check has no addresses.
        Raises:
            Interrupted: a stop was asked for; there is no output CSV.
            OSError: a file cannot be written.
        """
        adapters = self.adapters
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            renamed = copy_pictures(
                adapters, self.request_id, folder, owner=NOBODY, check=self.interrupts.check
            )
            adapters = replace(adapters, store=LinkedFolder(adapters.store, folder, renamed))
        if checks:
            download = outputs.report_csv(adapters, self.request_id, owner=NOBODY, status=None)
        else:
            download = outputs.output_csv(
                adapters, self.request_id, owner=NOBODY, partial=False, raw=False
            )
        write_output(target, self._stoppable(download.chunks))

    def _stoppable(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.interrupts.check()
            yield chunk

    def _status(self) -> Status:
        return read.status(self.adapters, self.request_id, owner=NOBODY)


@contextmanager
def local_run(settings: Settings) -> Iterator[LocalRun]:
    """Open database and store for the block; in it, signals are raised as `Interrupted`.

    Raises:
        DatabaseUnavailable, StoreError: one of them does not answer.
    """
    interrupts = Interrupts()
    with interrupts.caught(), opened_adapters(settings) as adapters:
        yield LocalRun(adapters, interrupts)
