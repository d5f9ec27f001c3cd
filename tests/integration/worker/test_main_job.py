"""From the upload to the output CSV, with everything that can be wrong with single images."""

import io
from pathlib import Path

import pytest
from PIL import Image

from app.domain.errors import WrongState
from app.domain.options import ProcessingOptions
from app.ending.cancel import cancel
from tests.factories import make_jpeg, make_png
from tests.integration.bench import Bench, bench
from tests.parts.image_host import ImageHost
from tests.parts.process import free_port
from tests.parts.waiting import until

JPEG = make_jpeg(160, 120)


def test_a_mixed_file_ends_with_every_place_right(service: Bench, image_host: ImageHost) -> None:
    good = [image_host.add(f"{n}.jpg", make_jpeg(160, 120, seed=n)) for n in range(4)]
    missing = image_host.url("missing.jpg")
    dead = f"http://127.0.0.1:{free_port()}/dead.jpg"
    page = image_host.add("page.jpg", b"<!doctype html><html><body>Not found</body></html>")
    cut = image_host.add("cut.jpg", JPEG[: len(JPEG) // 2])
    inside = "http://10.0.0.1/secret.jpg"
    request_id = service.upload_urls(
        [good[0], missing, good[1]], [good[0], good[2]], [dead, page, cut], [inside, good[3]]
    )
    status = service.ended(request_id, timeout_seconds=40)

    assert status["status"] == "completed"
    assert (status["products"], status["places"]) == (4, 10)
    assert status["images"] == {
        "total": 9,
        "completed": 4,
        "failed": 5,
        "pending": 0,
        "cancelled": 0,
        "kept": 0,
        "reused": 0,
    }
    assert status["progress_percent"] == 100
    assert status["errors"] == {
        "address_blocked": 1,
        "connect_failed": 1,
        "corrupt_image": 1,
        "http_status": 1,
        "not_an_image": 1,
    }
    assert 0 < status["bytes"]["saved_percent"] < 100

    images = service.by_url(request_id)
    codes = {url: image["error"]["code"] for url, image in images.items() if image["error"]}
    assert codes == {
        missing: "http_status",
        dead: "connect_failed",
        page: "not_an_image",
        cut: "corrupt_image",
        inside: "address_blocked",
    }
    assert images[missing]["error"]["http_status"] == 404
    assert (images[missing]["attempts"], images[dead]["attempts"]) == (1, 2)

    # What stood twice was fetched once, and stands in both places.
    assert [image_host.hits(f"{n}.jpg") for n in range(4)] == [1, 1, 1, 1]
    output = [row["Output Image Urls"].split(",") for row in service.output(request_id)]
    url = {source: image["output_url"] or "" for source, image in images.items()}
    assert output == [
        [url[good[0]], "", url[good[1]]],
        [url[good[0]], url[good[2]]],
        ["", "", ""],
        ["", url[good[3]]],
    ]
    assert f"/{request_id}/2-1-product-1.jpg" in url[good[0]]

    report = service.report(request_id)
    assert len(report) == 10
    failed = service.report(request_id, "failed")
    assert [row["Product Name"] for row in failed] == ["Product 1", "Product 3", "Product 4"]
    assert [row["Input Image Urls"] for row in failed][1] == f"{dead},{page},{cut}"


def test_an_output_is_a_smaller_jpeg_of_the_same_size(
    service: Bench, image_host: ImageHost
) -> None:
    source = make_jpeg(300, 200)
    request_id = service.upload_urls([image_host.add("a.jpg", source)])
    service.ended(request_id)
    (image,) = service.images(request_id)
    (key,) = [key for key in service.keys(request_id) if not key.startswith("uploads/")]
    with service.adapters.store.open(key) as file:
        data = file.read()
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("JPEG", (300, 200))
    assert len(data) == image["output_bytes"] < image["input_bytes"] == len(source)
    assert (image["width"], image["height"], image["format"]) == (300, 200, "jpeg")


def test_a_file_of_failures_only_is_a_failed_request_with_its_reason(
    local: Bench, image_host: ImageHost
) -> None:
    request_id = local.upload_urls([image_host.url("1.jpg")], [image_host.url("2.jpg")])
    status = local.ended(request_id)
    assert (status["status"], status["images"]["failed"]) == ("failed", 2)
    assert status["reason"]
    assert [row["Output Image Urls"] for row in local.output(request_id)] == ["", ""]


def test_originals_are_kept_where_asked_for(service: Bench, image_host: ImageHost) -> None:
    source = make_png(120, 90, transparent=True)
    url = image_host.add("a.png", source)
    options = ProcessingOptions(keep_originals=True)
    request_id = service.upload_urls([url], options=options)
    service.ended(request_id)
    assert service.keys(request_id) == {
        f"uploads/{request_id}/input.csv",
        f"{request_id}/2-1-product-1.jpg",
        f"originals/{request_id}/2-1-product-1.png",
    }
    with service.adapters.store.open(f"originals/{request_id}/2-1-product-1.png") as file:
        assert file.read() == source


def test_what_there_is_can_be_had_while_the_request_is_running(
    tmp_path: Path, image_host: ImageHost
) -> None:
    fast, slow = image_host.add("fast.jpg", JPEG), image_host.add("slow.jpg", JPEG, delay=30)
    with bench(data_dir=tmp_path, fetch_timeout_seconds=60) as service:
        request_id = service.upload_urls([fast, slow])
        until(lambda: service.status(request_id)["images"]["completed"] == 1)
        assert service.status(request_id)["status"] == "processing"
        with pytest.raises(WrongState):
            service.output(request_id)
        (row,) = service.output(request_id, partial=True)
        first, second = row["Output Image Urls"].split(",")
        assert first.endswith(".jpg")
        assert second == ""
        cancel(service.adapters, request_id, owner="")


def test_a_thousand_images_in_one_request(service: Bench, image_host: ImageHost) -> None:
    tiny = make_jpeg(16, 16)
    urls = [[image_host.add(f"{n}.jpg", tiny)] for n in range(1_000)]
    request_id = service.upload_urls(*urls)
    status = service.ended(request_id, timeout_seconds=60)
    assert status["images"]["completed"] == 1_000
    output = [row["Output Image Urls"] for row in service.output(request_id)]
    assert len(set(output)) == 1_000
    assert output[499].endswith(f"/{request_id}/501-1-product-500.jpg")
    assert {image_host.hits(f"{n}.jpg") for n in range(1_000)} == {1}
