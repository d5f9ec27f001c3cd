"""A worker that sleeps past its leases, and a broker that says everything three times."""

import os
import signal
from typing import Any

import pytest

from tests.kills.checks import Auditor, Findings
from tests.kills.jobs import Job, make_job, quicken
from tests.kills.points import API, WORKER
from tests.kills.service import Service
from tests.kills.stacks import FULL
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookReceiver

# In the middle of transactions that lock rows which others need.
FROZEN_AT = (
    "before a batch's commit",
    "before the claim's commit",
    "before the record's commit",
    "before the finish's commit",
    "before the sweep's commit",
)


@pytest.mark.parametrize("stack", [FULL], indirect=True)
def test_what_a_thawed_worker_has_in_hand_changes_nothing(
    service: Service,
    auditor: Auditor,
    image_host: ImageHost,
    webhook_receiver: WebhookReceiver,
) -> None:
    service.start()
    service.wait_ready()
    job = make_job(image_host, images=60, delay=4)
    assert service.upload(job, webhook_url=webhook_receiver.url)
    until(lambda: len(image_host.requests) >= 10, 20)
    frozen = service.processes.pop(WORKER)
    members = frozen.family()
    try:
        for pid in members:
            os.kill(pid, signal.SIGSTOP)
        # The next worker has its pictures at once, the frozen one when all is done.
        quicken(image_host, job)
        service.start()
        status = service.wait_end(job)
        until(auditor.webhooks_are_told, 20)
        attempts = {image["attempts"] for image in service.images(job)}
        assert max(attempts) > 1, "the frozen worker held nothing"
        until(lambda: not image_host.is_busy, 20)
        for pid in members:
            os.kill(pid, signal.SIGCONT)
        check_the_thawed(service, auditor, image_host, webhook_receiver, [job], [status])
    finally:
        frozen.kill()


def test_hints_that_come_three_times_change_nothing(
    service: Service,
    auditor: Auditor,
    image_host: ImageHost,
    webhook_receiver: WebhookReceiver,
) -> None:
    service.start(thrice=True)
    service.wait_ready()
    jobs = [make_job(image_host, images=20) for _ in range(3)]
    for job in jobs:
        assert service.upload(job, webhook_url=webhook_receiver.url)
    for job in jobs:
        service.wait_end(job)
    until(auditor.webhooks_are_told, 20)
    assert auditor.audit(jobs) == Findings(), service.log()
    assert {image_host.hits(job.path(url)) for job in jobs for url in job.urls} == {1}
    assert service.process(API).is_alive


@pytest.mark.parametrize("stack", [FULL], indirect=True)
@pytest.mark.parametrize("point", FROZEN_AT)
def test_a_worker_that_freezes_in_a_transaction_holds_nobody_up(
    service: Service,
    auditor: Auditor,
    image_host: ImageHost,
    webhook_receiver: WebhookReceiver,
    point: str,
) -> None:
    service.start("after the claim")
    service.wait_ready()
    swept, ingested = jobs = [make_job(image_host) for _ in range(2)]
    assert service.upload(swept, webhook_url=webhook_receiver.url)
    service.wait_death("after the claim")
    service.start(point, freeze=True)
    assert service.upload(ingested, webhook_url=webhook_receiver.url)
    until(service.marker.exists, 20)
    frozen = service.processes.pop(WORKER)
    try:
        service.start()
        statuses = [service.wait_end(job) for job in jobs]
        until(auditor.webhooks_are_told, 20)
        os.kill(frozen.pid, signal.SIGCONT)
        check_the_thawed(service, auditor, image_host, webhook_receiver, jobs, statuses)
    finally:
        frozen.kill()


def check_the_thawed(
    service: Service,
    auditor: Auditor,
    host: ImageHost,
    receiver: WebhookReceiver,
    jobs: list[Job],
    statuses: list[dict[str, Any]],
) -> None:
    """Leave the worker that has just woken up alone; what it had in hand changes nothing."""
    # It is awake when it takes part in the work again.
    service.kill(WORKER)
    again = make_job(host)
    assert service.upload(again, webhook_url=receiver.url)
    service.wait_end(again)
    until(auditor.webhooks_are_told, 20)
    assert [service.status(job) for job in jobs] == statuses
    assert auditor.audit([*jobs, again]) == Findings(), service.log()
