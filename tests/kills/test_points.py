"""The process dies at each named point, one after the other; a normal start ends everything."""

from functools import partial

import httpx
import pytest

from tests.kills.checks import Auditor, Findings
from tests.kills.jobs import Job, make_job, quicken
from tests.kills.points import AFTERWARDS, END, GIVE_UP, HOSTS, IMAGE, INGEST, POINTS, SUBMIT
from tests.kills.service import Service
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookReceiver


def test_every_point_belongs_to_a_test() -> None:
    assert set(POINTS) == {*SUBMIT, *INGEST, *IMAGE, *END, *AFTERWARDS, *HOSTS, *GIVE_UP}


@pytest.mark.parametrize(
    "points", [SUBMIT, INGEST, IMAGE, END], ids=["submit", "ingest", "image", "end"]
)
def test_a_kill_at_each_point_loses_nothing_and_repeats_nothing(
    service: Service,
    auditor: Auditor,
    image_host: ImageHost,
    webhook_receiver: WebhookReceiver,
    points: dict[str, object],
) -> None:
    jobs = []
    for point in points:
        # What the kills before have left is taken up by this start, and may bring it to its point.
        service.start(point)
        job = make_job(image_host)
        jobs.append(job)
        upload_or_die(service, job, webhook_receiver, point)
        service.wait_death(point)
    service.start()
    service.wait_ready()
    for job in jobs:
        # A client that got no 202 sends the same once more.
        assert service.upload(job, webhook_url=webhook_receiver.url)
        service.wait_end(job)
    until(auditor.webhooks_are_told, 20)
    assert auditor.audit(jobs) == Findings(), service.log()


def test_an_output_csv_that_was_cut_off_comes_whole_the_next_time(
    service: Service, auditor: Auditor, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    job = ended_job(service, image_host, webhook_receiver)
    point = "while the output CSV is sent"
    service.start(point)
    service.wait_ready()
    with pytest.raises(httpx.TransportError):
        service.client.get(f"/download-output-csv/{job.request_id}")
    service.wait_death(point)
    finish(service, auditor, [job])


def test_a_kill_during_a_retry_does_the_failed_images_once(
    service: Service, auditor: Auditor, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    job = ended_job(service, image_host, webhook_receiver, missing=3)
    quicken(image_host, job)
    for point in ("before the retry's commit", "after the retry's commit"):
        ask_and_die(service, "POST", f"/requests/{job.request_id}/retry", point)
    job.runs = 2
    finish(service, auditor, [job])
    assert {image_host.hits(job.path(url)) for url in job.urls[:5]} == {1}


def test_a_cancel_that_was_cut_off_counts_and_nothing_new_starts(
    service: Service, auditor: Auditor, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    job = make_job(image_host, images=100, delay=0.5)
    job.cancelled = True
    point = "after the cancel's commit"
    service.start(point)
    service.wait_ready()
    assert service.upload(job, webhook_url=webhook_receiver.url)
    until(lambda: len(image_host.requests) >= 3)
    with pytest.raises(httpx.TransportError):
        service.client.post(f"/requests/{job.request_id}/cancel")
    service.wait_death(point)
    asked = len(image_host.requests)
    finish(service, auditor, [job])
    until(lambda: {image["status"] for image in service.images(job)} <= {"cancelled", "completed"})
    status = service.status(job)
    assert status["status"] == "cancelled"
    # What was in flight in another process may have been under way still.
    assert len(image_host.requests) <= asked + 32


def test_a_delete_that_was_cut_off_leaves_neither_rows_nor_files(
    service: Service, auditor: Auditor, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    for point in ("after the delete's commit", "after the deleted files"):
        job = ended_job(service, image_host, webhook_receiver)
        ask_and_die(service, "DELETE", f"/requests/{job.request_id}", point)
        service.start()
        service.wait_ready()
        assert service.client.get(f"/status/{job.request_id}").status_code == 404
        until(partial(is_gone, auditor, job.request_id))


def is_gone(auditor: Auditor, request_id: str) -> bool:
    return auditor.rows_of(request_id) == 0 and not auditor.keys_of(request_id)


def upload_or_die(service: Service, job: Job, receiver: WebhookReceiver, point: str) -> None:
    """Upload as soon as the API takes it; older work may bring the process to its point before."""
    process = service.process(POINTS[point].role)

    def uploaded() -> bool:
        return not process.is_alive or service.upload(job, webhook_url=receiver.url)

    until(uploaded, 30)


def ended_job(
    service: Service, host: ImageHost, receiver: WebhookReceiver, *, missing: int = 0
) -> Job:
    """A request that was done in peace."""
    service.start()
    service.wait_ready()
    job = make_job(host, missing=missing, delay=0)
    assert service.upload(job, webhook_url=receiver.url)
    service.wait_end(job)
    return job


def ask_and_die(service: Service, method: str, path: str, point: str) -> None:
    """Start the armed API and make a call that it does not survive."""
    service.start(point)
    service.wait_ready()
    with pytest.raises(httpx.TransportError):
        service.client.request(method, path)
    service.wait_death(point)


def finish(service: Service, auditor: Auditor, jobs: list[Job]) -> None:
    """Start in the normal way; in the end everything is there, once."""
    service.start()
    service.wait_ready()
    for job in jobs:
        service.wait_end(job)
    until(auditor.webhooks_are_told, 20)
    assert auditor.audit(jobs) == Findings(), service.log()
