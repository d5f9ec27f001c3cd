"""A worker that dies while a host is paused, tried, or being given up."""

from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.factories import make_csv
from tests.kills.conftest import StartService
from tests.kills.jobs import Job
from tests.kills.points import GIVE_UP, HOSTS
from tests.kills.service import Service
from tests.kills.stacks import Stack
from tests.parts.host_rules import HostRules
from tests.parts.limited_host import LimitedHost

IMAGES = 30
# Each host has an address of its own, so that nobody has learnt anything of it.
ADDRESSES = (f"127.0.7.{n}" for n in count(1))


@pytest.fixture
def host() -> Iterator[LimitedHost]:
    """A host that refuses, in each test another one."""
    with LimitedHost(HostRules(rate=15, retry_after="1"), address=next(ADDRESSES)) as made:
        yield made


def job_on(host: LimitedHost) -> Job:
    """One image a row, all on this host."""
    urls = [host.url(f"p/{n}.jpg") for n in range(IMAGES)]
    cells = [[str(n), f"Product {n}", url] for n, url in enumerate(urls, start=1)]
    return Job(f"host-{host.port}", make_csv(cells=cells), urls, [])


def die_and_go_on(service: Service, job: Job, point: str) -> dict[str, Any]:
    """Let the worker die at this point, start another one; the status at the end."""
    service.start(point)
    service.wait_ready()
    assert service.upload(job)
    service.wait_death(point)
    service.start()
    return service.wait_end(job, 60)


@pytest.mark.parametrize("point", HOSTS)
def test_a_death_at_a_host_that_refuses_costs_no_image_and_no_attempt(
    new_service: StartService, stack: Stack, host: LimitedHost, point: str
) -> None:
    # A probe whose worker died is replaced after this and five seconds.
    service, job = new_service(stack, FETCH_TIMEOUT_SECONDS="5"), job_on(host)
    status = die_and_go_on(service, job, point)
    assert (status["images"]["completed"], status["errors"]) == (IMAGES, {}), service.log()
    images = service.images(job)
    assert Counter(image["status"] for image in images) == {"completed": IMAGES}
    # What the dead worker held counts as an attempt; what the host refused does not.
    assert max(image["attempts"] for image in images) <= 2
    assert host.counts().served <= 2 * IMAGES


@pytest.mark.parametrize("point", GIVE_UP)
def test_a_death_while_a_host_is_given_up_leaves_no_image_waiting(
    new_service: StartService, stack: Stack, host: LimitedHost, point: str
) -> None:
    host.become(HostRules(rate=0, retry_after="1"))
    service, job = new_service(stack, HOST_PATIENCE_SECONDS="2"), job_on(host)
    status = die_and_go_on(service, job, point)
    assert status["errors"] == {"rate_limited": IMAGES}, service.log()
    hosts = service.client.get(f"/requests/{job.request_id}/hosts").json()["items"]
    assert [each["images"]["failed"] for each in hosts] == [IMAGES]
