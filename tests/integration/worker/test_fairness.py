"""A slow host and a giant request hold up nobody else."""

from pathlib import Path

import pytest

from app.db import requests
from app.worker import claims
from tests.factories import make_csv, make_jpeg
from tests.integration.bench import Bench, bench
from tests.parts.image_host import ImageHost
from tests.parts.waiting import until

TINY = make_jpeg(16, 16)


def test_a_hanging_host_does_not_hold_up_the_images_of_others(
    tmp_path: Path, image_host: ImageHost
) -> None:
    with (
        ImageHost() as hanging,
        bench(
            data_dir=tmp_path,
            fetch_connections_per_host=4,
            fetch_timeout_seconds=60,
            shutdown_grace_seconds=0,
        ) as service,
    ):
        # The hanging host's images come first, more than a turn keeps ready.
        stuck = [[hanging.add(f"{n}.jpg", TINY, delay=30)] for n in range(90)]
        good = [[image_host.add(f"{n}.jpg", TINY)] for n in range(60)]
        request_id = service.upload_urls(*stuck, *good)
        # Long before the first of the hanging ones is answered.
        until(lambda: service.status(request_id)["images"]["completed"] == 60)
        assert hanging.most_at_once <= 4
        assert service.status(request_id)["images"]["failed"] == 0


def test_a_giant_request_does_not_hold_up_a_small_one(
    service: Bench, image_host: ImageHost
) -> None:
    image_host.add("shared.jpg", TINY)
    giant_urls = [
        [str(n), f"Product {n}", image_host.add(f"giant-{n}.jpg", TINY)] for n in range(3_000)
    ]
    giant = service.upload(make_csv(cells=giant_urls))
    until(lambda: service.status(giant)["images"]["completed"] >= 20)
    small = service.upload_urls(*[[image_host.add(f"small-{n}.jpg", TINY)] for n in range(20)])
    service.ended(small)
    images = service.status(giant)["images"]
    assert images["completed"] < 2_500, "the small one waited for the giant"
    assert service.ended(giant, timeout_seconds=90)["images"]["completed"] == 3_000


def test_a_long_turn_says_how_far_its_claims_have_come(
    service: Bench, image_host: ImageHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Others would otherwise read from its first image on, to find one that waits.
    monkeypatch.setattr(claims, "NOTED_EVERY", 50)
    request_id = service.upload_urls(*[[image_host.add(f"{n}.jpg", TINY)] for n in range(400)])
    service.ended(request_id)
    with service.adapters.database.read() as connection:
        row = requests.get(connection, request_id)
    assert row is not None
    assert row.claimed_to >= 100


def test_more_requests_than_lanes_all_come_to_their_end(
    local: Bench, image_host: ImageHost
) -> None:
    ids = []
    for number in range(25):
        urls = [[image_host.add(f"{number}-{n}.jpg", TINY)] for n in range(4)]
        ids.append(local.upload_urls(*urls))
    for request_id in ids:
        assert local.ended(request_id)["images"]["completed"] == 4
