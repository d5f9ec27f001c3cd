"""The same catalogue again: unchanged images are taken over, and only then."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from app.db import requests
from app.db.models import Image
from app.domain.options import ProcessingOptions
from app.ending.retry import retry
from app.upkeep.delete import delete
from app.worker.turn import Turn
from tests.factories import make_jpeg
from tests.integration.bench import Bench
from tests.integration.ending.test_stopping_and_removing import change
from tests.parts.image_host import Answer, ImageHost

JPEG = make_jpeg(64, 48)
OTHER_JPEG = make_jpeg(48, 64, seed=1)
ETAG = {"ETag": '"v1"'}
CHANGED = {"ETag": '"v2"'}
DATE = {"Last-Modified": "Tue, 03 Nov 2026 10:00:00 GMT"}


def codec_jobs(service: Bench) -> int:
    """How many pictures the codec children have been given since the start."""
    name = "image_codec_duration_seconds_count"
    return int(service.adapters.metrics.registry.get_sample_value(name) or 0)


@contextmanager
def codec_work(service: Bench, *, jobs: int) -> Iterator[None]:
    """The block gives the codecs so many pictures."""
    before = codec_jobs(service)
    yield
    assert codec_jobs(service) - before == jobs


def run(service: Bench, *rows: list[str], **arguments: Any) -> tuple[str, dict[str, Any]]:
    """One request from its upload to its end."""
    request_id = service.upload_urls(*rows, **arguments)
    return request_id, service.ended(request_id)


def links(service: Bench, request_id: str) -> list[str]:
    return [row["Output Image Urls"] for row in service.output(request_id)]


def test_a_second_run_over_an_unchanged_catalogue_does_no_codec_work(
    service: Bench, image_host: ImageHost
) -> None:
    rows = [
        [image_host.add(f"{n}-{validator}.jpg", make_jpeg(64, 48, seed=n), headers=headers)]
        for n in range(40)
        for validator, headers in (("etag", ETAG), ("date", DATE), ("both", ETAG | DATE))
    ]
    with codec_work(service, jobs=120):
        first_id, first = run(service, *rows)
    stored = set(service.adapters.store.keys(""))

    with codec_work(service, jobs=0):
        second_id, second = run(service, *rows)

    assert (first["images"]["reused"], second["images"]["reused"]) == (0, 120)
    assert links(service, second_id) == links(service, first_id)
    assert first["bytes"] == second["bytes"]
    assert second["errors"] == {}
    new = set(service.adapters.store.keys("")) - stored
    assert new == {f"uploads/{second_id}/input.csv"}
    assert sum(image_host.not_modified(f"{n}-both.jpg") for n in range(40)) == 40
    for before, after in zip(service.images(first_id), service.images(second_id), strict=True):
        assert (before["reused"], after["reused"]) == (False, True)
        assert after["attempts"] == 1
        same = ("output_url", "width", "height", "format", "kept", "input_bytes", "output_bytes")
        same += ("source_width", "source_height", "source_format")
        assert [after[name] for name in same] == [before[name] for name in same]
    assert {row["reused"] for row in service.report(second_id)} == {"true"}
    assert {row["reused"] for row in service.report(first_id)} == {"false"}


def test_a_third_run_takes_over_what_the_second_took_over(
    service: Bench, image_host: ImageHost
) -> None:
    url = image_host.add("a.jpg", JPEG, headers=ETAG)
    ids = [run(service, [url])[0] for _ in range(4)]
    assert len({links(service, request_id)[0] for request_id in ids}) == 1
    assert codec_jobs(service) == 1
    with service.adapters.database.read() as connection:
        query = select(Image.reused_from).order_by(Image.request_id)
        assert connection.execute(query).scalars().all() == [None, *[ids[0]] * 3]


def test_changed_images_are_done_again_and_all_others_are_not(
    service: Bench, image_host: ImageHost
) -> None:
    same = image_host.add("same.jpg", JPEG, headers=ETAG)
    changed = image_host.add("changed.jpg", JPEG, headers=ETAG)
    silent = image_host.add("silent.jpg", JPEG)
    first_id, _ = run(service, [same, changed, silent])
    image_host.add("changed.jpg", OTHER_JPEG, headers=CHANGED)
    new = image_host.add("new.jpg", JPEG, headers=ETAG)
    with codec_work(service, jobs=3):
        second_id, status = run(service, [same, changed, silent, new])
    assert status["images"]["reused"] == 1
    before, after = service.by_url(first_id), service.by_url(second_id)
    assert after[same]["output_url"] == before[same]["output_url"]
    assert after[changed]["output_url"] != before[changed]["output_url"]
    assert (after[changed]["width"], after[changed]["height"]) == (48, 64)
    with codec_work(service, jobs=1):
        third_id, status = run(service, [same, changed, silent, new])
    assert status["images"]["reused"] == 3
    third = service.by_url(third_id)
    assert third[changed]["output_url"] == after[changed]["output_url"]


@pytest.mark.parametrize(
    "other",
    [
        {"options": ProcessingOptions(quality=51)},
        {"options": ProcessingOptions(format="webp")},
        {"options": ProcessingOptions(keep_originals=True)},
        {"options": ProcessingOptions(fresh=True)},
        {"owner": "another key"},
    ],
    ids=["quality", "format", "originals", "fresh", "key"],
)
def test_other_options_fresh_or_another_key_do_everything_again(
    local: Bench, image_host: ImageHost, other: dict[str, Any]
) -> None:
    url = image_host.add("a.jpg", JPEG, headers=ETAG)
    first_id, _ = run(local, [url])
    with codec_work(local, jobs=1):
        second_id, status = run(local, [url], **other)
    assert status["images"]["reused"] == 0
    assert image_host.not_modified("a.jpg") == 0
    assert first_id not in local.images(second_id)[0]["output_url"]
    # What it made is there for the next run like it, also what a fresh one made.
    options = other.get("options", ProcessingOptions()).model_copy(update={"fresh": False})
    with codec_work(local, jobs=0):
        third_id, _ = run(local, [url], **(other | {"options": options}))
    assert second_id in local.images(third_id)[0]["output_url"]


def test_the_form_of_the_output_has_no_say_in_the_pictures(
    local: Bench, image_host: ImageHost
) -> None:
    url = image_host.add("a.jpg", JPEG, headers=ETAG)
    run(local, [url])
    with codec_work(local, jobs=0):
        run(local, [url], options=ProcessingOptions(output="replace"))


def test_pictures_with_their_originals_are_taken_over_together(
    service: Bench, image_host: ImageHost
) -> None:
    options = ProcessingOptions(keep_originals=True)
    url = image_host.add("a.jpg", JPEG, headers=ETAG)
    first_id, _ = run(service, [url], options=options)
    original = f"originals/{first_id}/2-1-product-1.jpg"
    with codec_work(service, jobs=0):
        run(service, [url], options=options)
    service.adapters.store.delete([original])
    with codec_work(service, jobs=1):
        third_id, _ = run(service, [url], options=options)
    assert f"originals/{third_id}/2-1-product-1.jpg" in service.keys(third_id)


@pytest.mark.parametrize("damage", ["missing", "cut short"])
def test_a_picture_that_is_not_in_the_store_as_it_was_is_made_again(
    service: Bench, image_host: ImageHost, damage: str
) -> None:
    url = image_host.add("a.jpg", JPEG, headers=ETAG)
    first_id, _ = run(service, [url])
    key = f"{first_id}/2-1-product-1.jpg"
    if damage == "missing":
        service.adapters.store.delete([key])
    else:
        with service.adapters.store.open(key) as file:
            cut = file.read()[:-10]
        put_image(service, key, cut)
    with codec_work(service, jobs=1):
        second_id, status = run(service, [url])
    assert (status["images"]["completed"], status["images"]["reused"]) == (1, 0)
    assert second_id in links(service, second_id)[0]
    # Asked with the condition, then without.
    assert (image_host.hits("a.jpg"), image_host.not_modified("a.jpg")) == (3, 1)


def put_image(service: Bench, key: str, data: bytes) -> None:
    asyncio.run(service.adapters.store.put(key, data, content_type="image/jpeg"))


def test_an_image_behind_a_redirect_is_asked_for_where_it_was_found(
    local: Bench, image_host: ImageHost
) -> None:
    image_host.add("there.jpg", JPEG, headers=ETAG | DATE)
    url = image_host.redirect("here.jpg", image_host.url("there.jpg"))
    run(local, [url])
    with codec_work(local, jobs=0):
        _, status = run(local, [url])
    assert status["images"]["reused"] == 1
    conditional = [one.path for one in image_host.requests if "If-None-Match" in one.headers]
    assert conditional == ["/there.jpg"]
    # Another file under the same ETag, and the old one's date, is still another file.
    image_host.add("elsewhere.jpg", OTHER_JPEG, headers=ETAG | DATE)
    image_host.redirect("here.jpg", image_host.url("elsewhere.jpg"))
    with codec_work(local, jobs=1):
        _, status = run(local, [url])
    assert status["images"]["reused"] == 0


def test_a_host_that_claims_unchanged_without_being_asked_is_an_error(
    local: Bench, image_host: ImageHost
) -> None:
    _, status = run(local, [image_host.add("a.jpg", status=304)])
    assert status["errors"] == {"http_status": 1}


def test_failed_images_are_not_taken_over_and_a_retry_takes_over_what_is_unchanged(
    service: Bench, image_host: ImageHost
) -> None:
    good = image_host.add("good.jpg", JPEG, headers=ETAG)
    bad = image_host.add("bad.jpg", b"no picture", headers=ETAG)
    first_id, first = run(service, [good, bad])
    assert (first["images"]["completed"], first["images"]["failed"]) == (1, 1)
    # The host is away at first, so that the retry finds the picture.
    image_host.add_answers("good.jpg", [Answer(status=404)])
    second_id, second = run(service, [good, bad])
    assert (second["images"]["completed"], second["images"]["failed"]) == (0, 2)
    image_host.add("good.jpg", JPEG, headers=ETAG)
    with codec_work(service, jobs=1):
        retry(service.adapters, second_id, owner="")
        again = service.ended(second_id)
    assert again["images"]["reused"] == again["images"]["completed"] == 1
    assert again["images"]["failed"] == 1
    url = service.by_url(first_id)[good]["output_url"]
    assert service.by_url(second_id)[good]["output_url"] == url


def test_a_delete_between_the_claim_and_the_record_means_doing_it_again(
    service: Bench, image_host: ImageHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [[image_host.add(f"{n}.jpg", JPEG, headers=ETAG)] for n in range(5)]
    first_id, _ = run(service, *urls)
    record = Turn._record
    hidden: list[str] = []

    async def hide_first(turn: Turn, *, everything: bool) -> None:
        # Hidden, as by a delete that has not come to the files yet: all are still in the store.
        if turn.outcomes and not hidden:
            with service.adapters.database.transaction() as connection:
                requests.hide(connection, first_id, now=turn.outcomes[0].finished_at)
            hidden.append(first_id)
        await record(turn, everything=everything)

    monkeypatch.setattr(Turn, "_record", hide_first)
    with codec_work(service, jobs=5):
        second_id, second = run(service, *urls)
    assert hidden == [first_id]
    assert (second["images"]["completed"], second["images"]["reused"]) == (5, 0)
    assert {image["attempts"] for image in service.images(second_id)} == {1}
    assert all(second_id in link for link in links(service, second_id))


def test_requests_of_a_version_that_kept_no_digest_are_left_alone(
    local: Bench, image_host: ImageHost
) -> None:
    url = image_host.add("a.jpg", JPEG, headers=ETAG)
    first_id, _ = run(local, [url])
    change(local, first_id, picture_digest=None)
    with codec_work(local, jobs=1):
        _, status = run(local, [url])
    assert status["images"]["reused"] == 0


def test_deleting_what_was_taken_over_from_does_not_stop_the_next_run(
    service: Bench, image_host: ImageHost
) -> None:
    url = image_host.add("a.jpg", JPEG, headers=ETAG)
    first_id, _ = run(service, [url])
    second_id, _ = run(service, [url])
    delete(service.adapters, first_id, owner="")
    with codec_work(service, jobs=0):
        third_id, _ = run(service, [url])
    assert links(service, third_id) == links(service, second_id)
