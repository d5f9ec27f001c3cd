"""`mode=check`: every image is looked at, none is fetched whole, compressed or stored."""

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import WrongState
from app.domain.options import Mode, OutputMode, ProcessingOptions
from app.results import pictures
from tests.factories import make_jpeg
from tests.hostile_server import Exchange, HostileServer
from tests.integration.bench import Bench, bench
from tests.parts.host_rules import HostRules
from tests.parts.image_host import Answer, ImageHost
from tests.parts.limited_host import LimitedHost
from tests.parts.webhook_receiver import WebhookReceiver
from tests.unit.imaging import zoo

CHECK = ProcessingOptions(mode=Mode.CHECK)
KIB_64 = 65_536
LARGE = make_jpeg(1200, 900)
ETAG = {"ETag": '"1"'}

# What is at an address, and the code with which compressing it fails.
BAD = {
    "page.jpg": (b"<!doctype html><title>Not here</title>", "not_an_image"),
    "empty.jpg": (b"", "not_an_image"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_format"),
    "pixels.png": (zoo.huge_png(), "too_many_pixels"),
    "frames.gif": (zoo.gif_bomb(2_000), "too_many_pixels"),
    "cut.jpg": (make_jpeg(160, 120)[:-900], "corrupt_image"),
    "cut.png": (zoo.save(zoo.quarters(), "PNG")[:-20], "corrupt_image"),
    "large.bin": (bytes(2_000_001), "response_too_large"),
}


class PartialHost:
    """Sends the part that is asked for, and counts its bytes; a whole file where it is told to."""

    def __init__(self, server: HostileServer, *, obeys: bool) -> None:
        self.server = server
        self.obeys = obeys
        self.sent: Counter[str] = Counter()

    def add(self, path: str, data: bytes) -> str:
        async def answer(exchange: Exchange) -> None:
            asked = exchange.headers.get("range", "").removeprefix("bytes=")
            if not (self.obeys and asked):
                self.sent[path] += len(data)
                await exchange.answer("200 OK", {"Content-Type": "image/jpeg"}, data)
                return
            first, _, last = asked.partition("-")
            part = data[int(first) : int(last) + 1]
            self.sent[path] += len(part)
            exchange.keep_alive = True
            said = f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}"
            await exchange.answer("206 Partial Content", {"Content-Range": said}, part)

        self.server.on(path, answer)
        return self.server.url(path)


@pytest.fixture
def hostile() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


def checked(service: Bench, *rows: list[str]) -> tuple[str, dict[str, Any]]:
    request_id = service.upload_urls(*rows, options=CHECK)
    return request_id, service.ended(request_id)


def test_two_hundred_pictures_are_looked_at_and_nothing_is_stored(
    service: Bench, hostile: HostileServer
) -> None:
    host = PartialHost(hostile, obeys=True)
    urls = [host.add(f"/{number}.jpg", LARGE) for number in range(200)]
    request_id, status = checked(service, *([url] for url in urls))

    assert (status["status"], status["images"]["completed"]) == ("completed", 200)
    assert status["bytes"] == {"input": 200 * len(LARGE), "output": 0, "saved_percent": 0.0}
    assert status["options"]["mode"] == "check"
    assert len(host.sent) == 200
    assert set(host.sent.values()) == {KIB_64}
    assert service.keys(request_id) == {f"uploads/{request_id}/input.csv"}
    for image in service.images(request_id):
        source = [image[f"source_{name}"] for name in ("format", "width", "height")]
        assert source == ["jpeg", 1200, 900]
        made = [image[name] for name in ("output_url", "output_bytes", "width", "height", "format")]
        assert made == [None] * 5
        assert (image["input_bytes"], image["attempts"], image["notes"]) == (len(LARGE), 1, None)
    assert {row["Output Image Urls"] for row in service.output(request_id)} == {""}
    lines = service.report(request_id)
    told = {(line["status"], line["source_width"], line["source_format"]) for line in lines}
    assert told == {("completed", "1200", "jpeg")}


def test_a_host_that_knows_no_parts_is_read_no_further(
    service: Bench, hostile: HostileServer
) -> None:
    host = PartialHost(hostile, obeys=False)
    urls = [host.add(f"/{number}.jpg", LARGE) for number in range(20)]
    request_id, status = checked(service, urls)
    assert (status["images"]["completed"], status["bytes"]["input"]) == (20, 20 * len(LARGE))
    for image in service.images(request_id):
        assert (image["source_width"], image["source_height"]) == (1200, 900)


def test_bad_addresses_end_with_the_codes_that_the_work_would_have_had(
    tmp_path: Path, image_host: ImageHost
) -> None:
    urls = {image_host.add(path, data): code for path, (data, code) in BAD.items()}
    urls[image_host.url("nothing.jpg")] = "http_status"
    urls[image_host.redirect("round.jpg", image_host.url("round.jpg"))] = "too_many_redirects"
    urls["http://192.168.0.1/a.jpg"] = "address_blocked"
    with bench(data_dir=tmp_path, max_image_bytes=2_000_000) as service:
        for options in (ProcessingOptions(), CHECK):
            request_id = service.upload_urls(*([url] for url in urls), options=options)
            assert service.ended(request_id)["status"] == "failed"
            found = service.images(request_id)
            assert {image["input_url"]: image["error"]["code"] for image in found} == urls
            assert {image["source_format"] for image in found} == {None}


def test_a_host_that_limits_its_callers_costs_no_attempt(tmp_path: Path) -> None:
    rules = HostRules(rate=20, retry_after="1")
    with LimitedHost(rules) as host, bench(data_dir=tmp_path) as service:
        urls = [host.url(f"{number}.jpg") for number in range(60)]
        request_id, status = checked(service, urls)
        assert (status["images"]["completed"], status["errors"]) == (60, {})
        assert {image["attempts"] for image in service.images(request_id)} == {1}
        assert {image["source_width"] for image in service.images(request_id)} == {16}
        assert host.counts().served == 60


def test_a_hiccup_is_tried_again_and_the_end_is_told_to_a_webhook(
    tmp_path: Path, image_host: ImageHost, webhook_receiver: WebhookReceiver
) -> None:
    url = image_host.add_answers("a.jpg", [Answer(b"busy", 500), Answer(make_jpeg(64, 48))])
    with bench(data_dir=tmp_path) as service:
        request_id = service.upload_urls([url], options=CHECK, webhook_url=webhook_receiver.url)
        assert service.ended(request_id)["images"]["completed"] == 1
        assert service.images(request_id)[0]["attempts"] == 2
        told = webhook_receiver.wait_for(1)[0].json()
        assert told["data"]["options"]["mode"] == "check"


def test_what_the_first_bytes_do_not_say_is_left_open(local: Bench, image_host: ImageHost) -> None:
    later = image_host.add("a.tiff", zoo.save(zoo.photo(900, 600), "TIFF", compression="tiff_lzw"))
    turned = image_host.add("b.jpg", make_jpeg(64, 48, exif_orientation=6))
    packed = gzip.compress(make_jpeg(640, 480))
    unsaid = image_host.add("c.jpg", packed, headers={"Content-Encoding": "gzip"})
    request_id, status = checked(local, [later, turned, unsaid])
    assert status["images"]["completed"] == 3
    found = local.by_url(request_id)
    assert (found[later]["source_format"], found[later]["source_width"]) == ("tiff", None)
    assert "pixel size" in found[later]["notes"]
    assert (found[turned]["source_width"], found[turned]["source_height"]) == (48, 64)
    assert (found[unsaid]["source_width"], found[unsaid]["input_bytes"]) == (640, None)


def test_a_check_takes_nothing_over_and_nothing_is_taken_over_from_it(
    service: Bench, image_host: ImageHost
) -> None:
    url = image_host.add("a.jpg", make_jpeg(64, 48), headers=ETAG)
    for options, reused in ((CHECK, 0), (ProcessingOptions(), 0), (CHECK, 0)):
        request_id = service.upload_urls([url], options=options)
        assert service.ended(request_id)["images"]["reused"] == reused
    compressed = service.upload_urls([url])
    assert service.ended(compressed)["images"]["reused"] == 1
    (image,) = service.images(compressed)
    source = [image[f"source_{name}"] for name in ("format", "width", "height")]
    assert source == ["jpeg", 64, 48]


def test_a_check_has_no_pictures_to_hand_out(local: Bench, image_host: ImageHost) -> None:
    request_id, _ = checked(local, [image_host.add("a.jpg", make_jpeg(64, 48))])
    with pytest.raises(WrongState, match="only checked"):
        pictures.pictures(local.adapters, request_id, owner="")
    with pytest.raises(WrongState, match="only checked"):
        pictures.original(local.adapters, request_id, row=2, position=1, owner="")


def test_the_output_of_a_check_keeps_every_row_and_address(
    local: Bench, image_host: ImageHost
) -> None:
    urls = [image_host.add(f"{n}.jpg", make_jpeg(64, 48, seed=n)) for n in range(3)]
    urls.append(image_host.url("missing.jpg"))
    request_id, _ = checked(local, urls)
    assert [row["Output Image Urls"] for row in local.output(request_id)] == [",,,"]
    replacing = CHECK.model_copy(update={"output": OutputMode.REPLACE})
    replaced = local.upload_urls(urls, options=replacing)
    local.ended(replaced)
    assert [row["Input Image Urls"] for row in local.output(replaced)] == [",".join(urls)]
    (failed,) = local.report(request_id, status="failed")
    assert "image 4: http_status" in failed["error"]
