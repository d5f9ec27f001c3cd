"""When an image is tried again, and when that ends."""

from pathlib import Path

from tests.factories import make_jpeg
from tests.integration.bench import Bench, bench
from tests.parts.image_host import Answer, ImageHost
from tests.parts.waiting import until

JPEG = make_jpeg(64, 48)


def test_a_hiccup_of_the_host_costs_one_attempt(local: Bench, image_host: ImageHost) -> None:
    url = image_host.add_answers("a.jpg", [Answer(b"busy", 503), Answer(JPEG)])
    request_id = local.upload_urls([url])
    assert local.ended(request_id)["images"]["completed"] == 1
    (image,) = local.images(request_id)
    assert (image["attempts"], image["error"], image_host.hits("a.jpg")) == (2, None, 2)


def test_a_host_that_stays_broken_ends_the_image_after_the_allowed_attempts(
    local: Bench, image_host: ImageHost
) -> None:
    url = image_host.add("a.jpg", b"busy", status=500)
    request_id = local.upload_urls([url, image_host.add("b.jpg", JPEG)])
    assert local.ended(request_id)["errors"] == {"http_status": 1}
    image = local.by_url(request_id)[url]
    assert (image["attempts"], image["error"]["http_status"]) == (2, 500)
    assert image_host.hits("a.jpg") == 2


def test_a_refusal_is_final_at_once(local: Bench, image_host: ImageHost) -> None:
    url = image_host.add("a.jpg", b"no", status=403)
    request_id = local.upload_urls([url])
    local.ended(request_id)
    assert image_host.hits("a.jpg") == 1


def test_the_pause_that_a_host_asks_for_is_kept(local: Bench, image_host: ImageHost) -> None:
    busy = Answer(b"slow down", 429, {"Retry-After": "3"})
    request_id = local.upload_urls([image_host.add_answers("a.jpg", [busy, Answer(JPEG)])])
    local.ended(request_id)
    first, second = (request.monotonic_seconds for request in image_host.requests)
    assert second - first > 2.9


def test_why_an_image_waits_can_be_seen_while_it_waits(local: Bench, image_host: ImageHost) -> None:
    url = image_host.add("a.jpg", b"slow down", status=429, headers={"Retry-After": "60"})
    request_id = local.upload_urls([url])

    def waits() -> bool:
        images = local.images(request_id)
        return any(image["status"] == "pending" and image["error"] for image in images)

    until(waits)
    (image,) = local.images(request_id)
    assert image["error"]["http_status"] == 429
    assert local.status(request_id)["status"] == "processing"


def test_a_host_that_never_answers_times_out(tmp_path: Path, image_host: ImageHost) -> None:
    with bench(data_dir=tmp_path, fetch_timeout_seconds=0.5, fetch_max_attempts=1) as service:
        url = image_host.add("a.jpg", JPEG, delay=5)
        request_id = service.upload_urls([url, image_host.add("b.jpg", JPEG)])
        assert service.ended(request_id)["errors"] == {"timeout": 1}
