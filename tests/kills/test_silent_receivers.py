"""Receivers of webhooks that take the connection and say nothing: nobody else waits for them."""

import time
from concurrent.futures import ThreadPoolExecutor

from tests.hostile_server import HostileServer
from tests.kills.jobs import make_job
from tests.kills.service import Service
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until
from tests.parts.webhook_receiver import WebhookReceiver

SILENT_REQUESTS = 100
# A request of one picture takes some tenths of a second. The rest is what a busy machine adds to
# the service's other work, such as the end of the others.
GOOD_SECONDS = 3.0
WEBHOOK_SECONDS = 5.0


def test_silent_receivers_hold_up_no_request_and_no_other_webhook(
    service: Service, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    service.start()
    service.wait_ready()
    with HostileServer() as silent:
        jobs = [make_job(image_host, images=2, delay=0) for _ in range(SILENT_REQUESTS)]
        with ThreadPoolExecutor(4) as uploaders:
            taken = uploaders.map(
                lambda job: service.upload(job, webhook_url=silent.url("/hang")), jobs
            )
            assert all(taken)
        until(lambda: all(map(service.has_ended, jobs[-8:])), 60)
        until(lambda: silent.connections >= 8, 20)

        good = make_job(image_host, images=2, delay=0)
        began = time.monotonic()
        assert service.upload(good, webhook_url=webhook_receiver.url)
        service.wait_end(good)
        assert time.monotonic() - began < GOOD_SECONDS
        webhook_receiver.wait_for(1, timeout_seconds=WEBHOOK_SECONDS)
