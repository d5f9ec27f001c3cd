"""Exports of every platform through the real pipeline, and back in both forms."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from app.domain.options import OutputMode, ProcessingOptions
from app.intake.check import Reading
from app.results import outputs
from tests.catalogs import HOST, MEDIA, SAMPLES, Sample
from tests.factories import make_jpeg
from tests.integration.bench import Bench, bench
from tests.parts.image_host import ImageHost

REPLACE = ProcessingOptions(output=OutputMode.REPLACE)
BY_FILE = pytest.mark.parametrize("sample", SAMPLES, ids=[each.file for each in SAMPLES])


class _Host:
    """Serves whatever is asked for under the address that a sample's pictures get."""

    def __init__(self, image_host: ImageHost) -> None:
        self._host = image_host

    def localised(self, sample: Sample) -> tuple[bytes, dict[str, Any]]:
        """The sample with this host's address, and the arguments that its upload needs."""
        base = self._host.base_url
        data = sample.data.replace(HOST.encode(), base.encode())
        url = sample.base_url
        return data, {"reading": Reading(base_url=url.replace(HOST, base))} if url else {}

    def serve(self, urls: list[str]) -> None:
        for seed, url in enumerate(sorted(set(urls))):
            self._host.add(url.removeprefix(self._host.base_url), make_jpeg(80, 60, seed=seed))


def raw_output(service: Bench, request_id: str) -> bytes:
    download = outputs.output_csv(service.adapters, request_id, owner="", partial=False, raw=False)
    return b"".join(download.chunks)


def table(data: bytes, detected: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of an export, without what stands above them."""
    text = data.decode(detected["encoding"]).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=detected["delimiter"]))
    first = next(index for index, row in enumerate(rows) if detected["columns"]["images"][0] in row)
    return rows[first], rows[first + 1 :]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One worker for all samples: each of them has an image host of its own."""
    with bench(data_dir=tmp_path_factory.mktemp("exports")) as made:
        yield made


@BY_FILE
def test_an_export_goes_in_and_comes_out_in_both_modes(
    shared: Bench, image_host: ImageHost, sample: Sample
) -> None:
    data, arguments = _Host(image_host).localised(sample)
    waiting = shared.upload(data, options=REPLACE, **arguments)
    shared.ended(waiting)  # Every picture is missing still.
    failed = raw_output(shared, waiting)
    assert failed == data

    _Host(image_host).serve([image["input_url"] for image in shared.images(waiting)])
    requests = {
        mode: shared.upload(data, options=ProcessingOptions(output=mode), **arguments)
        for mode in OutputMode
    }
    for request_id in requests.values():
        status = shared.ended(request_id)
        assert status["detected"]["platform"] == sample.platform
        assert (status["products"], status["places"]) == (sample.products, sample.places)
        assert status["images"]["completed"] == status["images"]["total"] == sample.images

    detected = status["detected"]
    header, rows = table(data, detected)
    appended, replaced = requests[OutputMode.APPEND], requests[OutputMode.REPLACE]

    with_column = raw_output(shared, appended).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(with_column, newline=""), delimiter=detected["delimiter"]))
    assert lines[0] == [*header, "Output Image Urls"]
    added = [url for line in lines[1:] for url in line[-1].split(",") if url]
    assert len(added) == sample.places
    assert len(lines) == len(rows) + 1

    new_header, new_rows = table(raw_output(shared, replaced), detected)
    assert new_header == header
    images = {index for index, name in enumerate(header) if name in sample.columns}
    links = {image["output_url"] for image in shared.images(replaced)}
    for old, new in zip(rows, new_rows, strict=True):
        for index, (was, cell) in enumerate(zip(old, new, strict=True)):
            assert (was != cell) is (index in images and "." in was)
            if was != cell:
                assert image_host.base_url not in cell
                assert any(link in cell for link in links)
    assert raw_output(shared, replaced).startswith(b"\xef\xbb\xbf") is data.startswith(
        b"\xef\xbb\xbf"
    )


LISTS = {
    "data set": "asin,title,images\r\nB0,Mug,\"['{host}/1.jpg', '{host}/2.jpg']\"\r\nB1,Cup,[]\r\n",
    "data base": 'Name,Attachments\nMug,"a.jpg ({host}/1.jpg),b (2).jpg ({host}/2.jpg)"\n',
    "addresses": "{host}/1.jpg\n\n{host}/2.jpg\n",
    "addresses below a name": "\ufeffurl\r\n{host}/1.jpg\r\n-\r\n{host}/2.jpg",
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS.keys())
def test_what_leaves_no_doubt_goes_in_and_comes_out_in_both_modes(
    local: Bench, image_host: ImageHost, text: str
) -> None:
    data = text.replace("{host}", image_host.base_url).encode()
    for seed in (1, 2):
        image_host.add(f"/{seed}.jpg", make_jpeg(80, 60, seed=seed))
    requests = {
        mode: local.upload(data, options=ProcessingOptions(output=mode)) for mode in OutputMode
    }
    for request_id in requests.values():
        assert local.ended(request_id)["images"]["completed"] == 2
    links = local.by_url(requests[OutputMode.REPLACE])
    wanted = data
    for url, each in links.items():
        wanted = wanted.replace(url.encode(), each["output_url"].encode())
    assert raw_output(local, requests[OutputMode.REPLACE]) == wanted

    appended = raw_output(local, requests[OutputMode.APPEND]).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(appended, newline="")))
    assert lines[0][-1] == "Output Image Urls"
    links = local.by_url(requests[OutputMode.APPEND])
    added = [url for line in lines[1:] for url in line[-1].split(",") if url]
    assert added == [links[image_host.url(f"/{seed}.jpg")]["output_url"] for seed in (1, 2)]


def test_a_picture_of_several_places_is_fetched_once(local: Bench, image_host: ImageHost) -> None:
    magento = next(each for each in SAMPLES if each.platform == "magento")
    data, arguments = _Host(image_host).localised(magento)
    path = f"{MEDIA.removeprefix(HOST)}/w/b/wb01.jpg"
    image_host.add(path, make_jpeg(80, 60))
    request_id = local.upload(data, options=REPLACE, **arguments)
    status = local.ended(request_id)
    assert image_host.hits(path) == 1
    assert (status["images"]["completed"], status["images"]["failed"]) == (1, 2)
    link = local.by_url(request_id)[image_host.url(path)]["output_url"]
    output = raw_output(local, request_id)
    assert output.count(link.encode()) == 4
    # What failed keeps its path, which the shop knows.
    assert b"/w/b/wb01-s.jpg,/w/b/wb01-in.jpg" in output


def test_names_of_pictures_are_those_of_their_products(
    service: Bench, image_host: ImageHost
) -> None:
    shopify = SAMPLES[0]
    data, _ = _Host(image_host).localised(shopify)
    for name in ("linen-white", "linen-blue", "linen-back"):
        image_host.add(f"{name}.jpg?v=1", make_jpeg(80, 60))
    request_id = service.upload(data, options=REPLACE)
    service.ended(request_id)
    links = {
        url.rpartition("/")[2]: each["output_url"]
        for url, each in service.by_url(request_id).items()
    }
    assert links["linen-back.jpg?v=1"].endswith(f"/{request_id}/5-1-linen-shirt.jpg")
    assert links["mug.jpg?v=2"] is None
    output = raw_output(service, request_id)
    assert output.count(links["linen-blue.jpg?v=1"].encode()) == 2
    assert b"=Enamel Mug" in output
    assert b"mug.jpg?v=2" in output


def test_the_report_of_an_export_names_each_place(local: Bench, image_host: ImageHost) -> None:
    data, _ = _Host(image_host).localised(SAMPLES[0])
    request_id = local.upload(data)
    local.ended(request_id)
    report = local.report(request_id)
    assert len(report) == 6
    assert {row["product_name"] for row in report} == {"Linen Shirt", "'=Enamel Mug"}
    failed = local.report(request_id, "failed")
    assert [row["Handle"] for row in failed] == ["linen-shirt"] * 3 + ["enamel-mug"]
