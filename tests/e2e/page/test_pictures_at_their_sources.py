"""The picture before, where no original was kept: fetched for the browser, and nothing else is."""

import threading
import time

import httpx
import pytest

from app.results import source_pictures
from tests.factories import make_csv, make_jpeg
from tests.integration.api.parts import Service, accepted, ended, running_service
from tests.parts.image_host import Answer, ImageHost

JPEG = make_jpeg(80, 60)
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_a_picture_comes_with_its_type_and_nothing_in_it_may_run(
    service: Service, shop: ImageHost
) -> None:
    lying = {"Content-Type": "text/html"}
    path = _place(service, shop, [Answer(JPEG), Answer(JPEG, headers=lying)])
    answer = service.client.get(path)
    assert (answer.status_code, answer.content) == (200, JPEG)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (Answer(HTML, headers={"Content-Type": "image/jpeg"}), "web page (HTML)"),
        (Answer(SVG, headers={"Content-Type": "image/svg+xml"}), "vector drawing (SVG)"),
        (Answer(b"", 404), "404"),
        (
            Answer(status=302, headers={"Location": "http://10.0.0.1/a.jpg"}),
            "address is not allowed",
        ),
        (Answer(b"\xff\xd8\xff" + bytes(source_pictures.MAX_BYTES)), "larger than"),
    ],
    ids=["html", "svg", "gone", "inside", "large"],
)
def test_what_is_no_small_public_picture_is_refused_in_words(
    service: Service, shop: ImageHost, later: Answer, words: str
) -> None:
    answer = service.client.get(_place(service, shop, [Answer(JPEG), later]))
    assert answer.status_code == 409
    assert answer.headers["content-type"].startswith("text/html")
    assert words in answer.text


def test_only_done_pictures_of_a_request_are_fetched(service: Service, shop: ImageHost) -> None:
    done = _place(service, shop, [Answer(JPEG)])
    missing = _place(service, shop, [Answer(b"", 404), Answer(JPEG)])
    for path in (missing, done.replace("2-1", "2-2"), done.replace("2-1", "9-1")):
        assert service.client.get(path).status_code == 404, path
    asked = done.replace("2-1", "2-1%3Furl=http://127.0.0.1/")
    assert service.client.get(asked).status_code == 404


def test_another_site_cannot_make_the_service_fetch(service: Service, shop: ImageHost) -> None:
    path = _place(service, shop, [Answer(JPEG)])
    for site, status in {"cross-site": 403, "same-site": 403, "same-origin": 200}.items():
        answer = service.client.get(path, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == status, site


def test_a_key_sees_the_pictures_of_its_own_requests_only(
    shop: ImageHost, tmp_path_factory: pytest.TempPathFactory
) -> None:
    keys = ("a" * 32, "b" * 32)
    folder = tmp_path_factory.mktemp("keys")
    with running_service(folder, api_keys=",".join(keys)) as service:
        one, other = (
            httpx.Client(base_url=service.base_url, headers={"X-API-Key": key}) for key in keys
        )
        with one, other:
            path = _place_for(one, shop, [Answer(JPEG)])
            assert one.get(path).status_code == 200
            assert other.get(path).status_code == 404
        assert service.client.get(path).status_code == 401


def test_few_are_fetched_at_once_and_the_others_are_told_to_wait(
    service: Service, shop: ImageHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_pictures, "WAIT_SECONDS", 0.3)
    path = _place(service, shop, [Answer(JPEG), Answer(JPEG, delay=2)])
    answers: list[httpx.Response] = []

    def ask() -> None:
        answers.append(httpx.get(service.base_url + path, timeout=20))

    threads = [threading.Thread(target=ask) for _ in range(source_pictures.AT_ONCE + 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * source_pictures.AT_ONCE + [503] * 3
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.headers["retry-after"] == "5"
    assert service.client.get(path).status_code == 200


def _place(service: Service, shop: ImageHost, answers: list[Answer]) -> str:
    return _place_for(service.client, shop, answers)


def _place_for(client: httpx.Client, shop: ImageHost, answers: list[Answer]) -> str:
    """The path of the picture before, of a request that got the first of these answers."""
    url = shop.add_answers(f"sources/{time.monotonic_ns()}.jpg", answers)
    request_id = accepted(client, make_csv(cells=[["1", "Mug", url]]))
    ended(client, request_id)
    return f"/r/{request_id}/original/2-1"
