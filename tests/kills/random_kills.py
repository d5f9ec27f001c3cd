"""Random SIGKILLs of API, worker and codec children while a client keeps uploading."""

import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from tests.kills.checks import Auditor, Findings
from tests.kills.jobs import Job, make_job
from tests.kills.launcher import Launcher, is_busy
from tests.kills.points import API, WORKER
from tests.kills.service import AWAY, Service
from tests.kills.stacks import Stack
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookReceiver

CODEC = "codec"
OPEN_JOBS = 3
END_SECONDS = 180
# Between two kills; a start takes about a second, so some hit a process that only begins.
PAUSE_SECONDS = (0.1, 2.2)
DOWN_SECONDS = (0.0, 0.3)
# How long to wait for a decoder to have a picture in hand.
BUSY_SECONDS = 1.0


@dataclass
class Outcome:
    """What a run did and found."""

    stack: str
    kills: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    images: int = 0
    crashed_decoders: int = 0
    webhook_repeats: int = 0
    findings: Findings = field(default_factory=Findings)

    def __str__(self) -> str:
        by_victim = ", ".join(f"{name} {number}" for name, number in sorted(self.kills.items()))
        return (
            f"{self.stack}: {self.kills.total()} kills ({by_victim}), {self.requests} requests, "
            f"{self.images} images, {len(self.findings.lost)} lost, "
            f"{len(self.findings.double)} double; {self.webhook_repeats} webhooks repeated, "
            f"{self.crashed_decoders} images retried after their decoder was killed"
        )


class Client(threading.Thread):
    """Somebody who always has a few requests open, and downloads what has ended."""

    def __init__(self, service: Service, host: ImageHost, receiver: WebhookReceiver) -> None:
        super().__init__(name="client")
        self._service = service
        self._host = host
        self._receiver = receiver
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self.jobs: list[Job] = []

    def run(self) -> None:
        try:
            while not self._stopping.wait(0.05):
                self._round()
        except BaseException as failure:
            self._failure = failure

    def stop(self) -> None:
        """Upload what has no 202 yet, and end."""
        self._stopping.set()
        self.join()
        if self._failure is not None:
            raise self._failure
        for job in self.jobs:
            until(lambda job=job: bool(job.request_id) or self._upload(job), 30)  # type: ignore[misc]

    def _round(self) -> None:
        accepted = [job for job in self.jobs if job.request_id]
        if len(accepted) < len(self.jobs):
            self._upload(self.jobs[-1])
            return
        ended = [job for job in accepted[-OPEN_JOBS:] if self._service.has_ended(job)]
        if len(accepted[-OPEN_JOBS:]) - len(ended) < OPEN_JOBS:
            self.jobs.append(make_job(self._host, images=20, delay=0.03, large=True))
            self._upload(self.jobs[-1])
        for job in ended:
            with suppress(*AWAY):
                self._service.client.get(f"/download-output-csv/{job.request_id}")

    def _upload(self, job: Job) -> bool:
        return self._service.upload(job, webhook_url=self._receiver.url)


def run(launcher: Launcher, stack: Stack, *, kills: int, chance: random.Random) -> Outcome:
    """Kill so often, then look at everything.

    Raises:
        AssertionError: a request did not end, or the service answered what it never should.
    """
    outcome = Outcome(stack.name)
    with ImageHost() as host, WebhookReceiver() as receiver:
        service = Service(launcher, stack)
        try:
            service.start()
            service.wait_ready()
            auditor = Auditor(service, host, receiver)
            client = Client(service, host, receiver)
            client.start()
            try:
                while outcome.kills.total() < kills:
                    time.sleep(chance.uniform(*PAUSE_SECONDS))
                    outcome.kills[_kill_one(service, chance)] += 1
            finally:
                client.stop()
            _look(service, auditor, client.jobs, outcome)
            auditor.close()
        finally:
            service.close()
    return outcome


def _kill_one(service: Service, chance: random.Random) -> str:
    """Kill something and start it again; returns what it was."""
    victim = chance.choice([*service.roles, CODEC])
    codecs = service.process(WORKER).codecs()
    if victim == CODEC and codecs:
        deadline = time.monotonic() + BUSY_SECONDS
        while time.monotonic() < deadline and not any(map(is_busy, codecs)):
            time.sleep(0.001)
        with suppress(ProcessLookupError):
            os.kill(chance.choice(codecs), signal.SIGKILL)
        return CODEC
    role = victim if victim in service.roles else API
    service.kill(role)
    time.sleep(chance.uniform(*DOWN_SECONDS))
    service.start()
    return "service" if service.stack.is_embedded else role


def _look(service: Service, auditor: Auditor, jobs: list[Job], outcome: Outcome) -> None:
    service.wait_ready()
    deadline = time.monotonic() + END_SECONDS
    for job in jobs:
        until(lambda job=job: service.has_ended(job), deadline - time.monotonic())  # type: ignore[misc]
    for job in jobs:
        outcome.crashed_decoders += _retry_crashed(service, job)
    for job in jobs:
        service.wait_end(job)
    until(auditor.webhooks_are_told, 30)
    outcome.requests = len(jobs)
    outcome.images = sum(len(job.urls) for job in jobs)
    outcome.webhook_repeats = len(auditor.repeats())
    outcome.findings = auditor.audit(jobs)
    if outcome.crashed_decoders > outcome.kills[CODEC]:
        outcome.findings.lost.append(
            f"{outcome.crashed_decoders} images failed with {outcome.kills[CODEC]} codec kills"
        )


def _retry_crashed(service: Service, job: Job) -> int:
    """A killed decoder costs the picture it held, and nothing else; a retry does it again."""
    crashed = service.status(job)["errors"].get("decoder_crashed", 0)
    if crashed:
        answer: httpx.Response = service.client.post(f"/requests/{job.request_id}/retry")
        assert answer.status_code in {200, 202}, answer.text
        job.runs += 1
    return int(crashed)
