"""A 202 is a promise: the service is killed or stopped in the middle, and everything gets done."""

import csv
import io
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.served import Served
from tests.factories import make_csv, make_jpeg
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until

IMAGES = 80
JPEG = make_jpeg(48, 32)


# What a database and a broker have no part in is told by one stack. On the other one
# tests/kills/test_random_kills.py kills API and worker.
embedded_only = pytest.mark.parametrize("served", ["embedded"], indirect=True)


@embedded_only
def test_a_killed_service_finishes_its_request_after_a_new_start(
    served: Served, image_host: ImageHost
) -> None:
    request_id = begin(served, image_host)
    served.kill()
    served.start()
    until(lambda: served.status(request_id)["images"]["completed"] >= 30, 30)
    served.kill()
    served.start()
    check(served, request_id, image_host)


@embedded_only
def test_a_service_killed_right_after_its_202_has_kept_the_file(
    served: Served, image_host: ImageHost
) -> None:
    url = image_host.add("a.jpg", JPEG)
    request_id = served.upload(make_csv(cells=[["1", "Mug", url]]))
    served.kill()
    served.start()
    assert served.ended(request_id)["images"]["completed"] == 1


@embedded_only
def test_a_killed_codec_costs_no_more_than_the_picture_it_held(
    served: Served, image_host: ImageHost
) -> None:
    request_id = begin(served, image_host)
    codecs = [pid for pid in served.family() if b"app.codecs.child" in command_of(pid)]
    assert codecs
    for pid in codecs:
        os.kill(pid, signal.SIGKILL)
    status = served.ended(request_id)
    assert status["images"]["completed"] >= IMAGES - len(codecs)
    assert set(status["errors"]) <= {"decoder_crashed"}


def test_a_second_signal_ends_the_service_and_its_worker_at_once(
    served: Served, image_host: ImageHost
) -> None:
    url = image_host.add("slow.jpg", JPEG, delay=4)
    request_id = served.upload(make_csv(cells=[["1", "Mug", url]]))
    until(lambda: image_host.hits("slow.jpg") == 1)
    assert served.terminate_twice() == 128 + signal.SIGTERM
    served.start()
    assert served.ended(request_id)["images"]["completed"] == 1


def test_a_stop_in_the_middle_is_clean_and_costs_no_attempt(
    served: Served, image_host: ImageHost
) -> None:
    request_id = begin(served, image_host)
    assert served.terminate() == 0
    served.start()
    check(served, request_id, image_host)
    assert {image["attempts"] for image in served.images(request_id)} == {1}
    assert {image_host.hits(f"{n}.jpg") for n in range(IMAGES)} == {1}


def begin(served: Served, image_host: ImageHost) -> str:
    """Upload a request and return when some of its images are done, but by far not all."""
    urls = [image_host.add(f"{n}.jpg", JPEG, delay=0.3) for n in range(IMAGES)]
    cells = [[str(n), f"Product {n}", url] for n, url in enumerate(urls, start=1)]
    # The first URL stands in the last row once more.
    cells.append([str(IMAGES + 1), "Product again", urls[0]])
    request_id = served.upload(make_csv(cells=cells))
    until(lambda: served.status(request_id)["images"]["completed"] >= 5, 20)
    assert served.status(request_id)["status"] == "processing"
    return request_id


def check(served: Served, request_id: str, image_host: ImageHost) -> None:
    """Everything is done, once, and in its place."""
    status: dict[str, Any] = served.ended(request_id)
    assert (status["status"], status["images"]["total"]) == ("completed", IMAGES)
    images = served.images(request_id)
    assert Counter(image["status"] for image in images) == {"completed": IMAGES}
    assert status["images"]["completed"] == len({image["input_url"] for image in images}) == IMAGES
    assert status["images"]["failed"] == status["images"]["pending"] == 0
    assert status["bytes"]["input"] == sum(image["input_bytes"] for image in images)
    assert status["bytes"]["output"] == sum(image["output_bytes"] for image in images)
    answer = served.client.get(f"/download-output-csv/{request_id}")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    places = [row["Output Image Urls"] for row in rows]
    assert len(places) == IMAGES + 1
    for number, place in enumerate(places[:-1], start=1):
        assert place.endswith(f"/{request_id}/{number + 1}-1-product-{number}.jpg")
    assert places[-1] == places[0]


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
