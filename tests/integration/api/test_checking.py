"""`mode=check` through the API."""

import csv
import io

import pytest

from tests.integration.api.parts import (
    Service,
    accepted,
    ended,
    make_csv,
    make_jpeg,
    problem,
    upload,
)
from tests.parts.image_host import ImageHost


def test_a_check_is_asked_for_in_the_form_or_the_query(
    service: Service, image_host: ImageHost
) -> None:
    content = make_csv(("Mug", image_host.add("a.jpg", make_jpeg(64, 48))))
    in_form = accepted(service.client, content, mode="Check")
    files = {"file": ("products.csv", content, "text/csv")}
    in_query = service.client.post("/upload?mode=check", files=files).json()["request_id"]
    for request_id in (in_form, in_query):
        status = ended(service.client, request_id)
        assert (status["status"], status["options"]["mode"]) == ("completed", "check")
        assert (status["bytes"]["output"], status["bytes"]["saved_percent"]) == (0, 0.0)
        (image,) = service.client.get(f"/requests/{request_id}/images").json()["items"]
        assert (image["output_url"], image["width"], image["format"]) == (None, None, None)
        source = [image[f"source_{name}"] for name in ("width", "height", "format")]
        assert source == [64, 48, "jpeg"]
        report = service.client.get(f"/requests/{request_id}/report.csv").text
        (line,) = csv.DictReader(io.StringIO(report, newline=""))
        assert (line["source_width"], line["source_format"], line["output_url"]) == (
            "64", "jpeg", ""
        )  # fmt: skip
    assert image_host.hits("a.jpg") == 2


def test_what_an_upload_does_without_a_mode_stays_as_it_was(
    service: Service, image_host: ImageHost
) -> None:
    request_id = accepted(
        service.client, make_csv(("Mug", image_host.add("a.jpg", make_jpeg(64, 48))))
    )
    assert ended(service.client, request_id)["options"]["mode"] == "compress"
    (image,) = service.client.get(f"/requests/{request_id}/images").json()["items"]
    assert image["output_url"]
    assert (image["source_width"], image["source_format"]) == (64, "jpeg")


def test_a_dry_run_echoes_the_mode_and_an_unknown_one_is_refused(service: Service) -> None:
    content = make_csv(("Mug", "http://shop.test/a.jpg"))
    found = upload(service.client, content, mode="check", dry_run="true")
    assert (found.status_code, found.json()["options"]["mode"]) == (200, "check")
    refused = problem(upload(service.client, content, mode="look"), 422, "option_invalid")
    assert refused["option"] == "mode"
    assert "one of compress, check" in refused["detail"]


@pytest.mark.parametrize("path", ["images.zip", "original/2-1"])
def test_pictures_of_a_check_are_refused_with_a_clear_sentence(
    service: Service, image_host: ImageHost, path: str
) -> None:
    content = make_csv(("Mug", image_host.add("a.jpg", make_jpeg(64, 48))))
    request_id = accepted(service.client, content, mode="check")
    ended(service.client, request_id)
    answer = service.client.get(f"/r/{request_id}/{path}")
    assert answer.status_code == 409
    assert "This request only checked its pictures" in answer.text
