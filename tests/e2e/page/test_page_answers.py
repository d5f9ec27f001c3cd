"""The page's routes as HTTP answers: headers, pictures, the ZIP, and what goes wrong."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from PIL import Image

from app.domain.errors import StoreError
from app.web.assets import ASSETS
from app.web.request.archive import zip_stream
from tests.e2e.page.parts import fill_shop
from tests.factories import make_csv, make_jpeg
from tests.integration.api.parts import Service, accepted, ended
from tests.parts.image_host import ImageHost


@pytest.fixture(scope="module")
def done(service: Service, shop: ImageHost) -> str:
    """The id of a request with two images and their originals."""
    content = make_csv(cells=fill_shop(shop, "answers", products=1))
    request_id = accepted(service.client, content, keep_originals="true")
    ended(service.client, request_id)
    return request_id


def test_pages_forbid_everything_inline_and_foreign(service: Service, done: str) -> None:
    for path in ("/", f"/r/{done}", f"/r/{done}/delete", "/r/none"):
        answer = service.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; img-src 'self' data: http://127.0.0.1:")
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "private, no-store"
        for inline in (" style=", "<style", " onclick", "javascript:"):
            assert inline not in answer.text, path


def test_files_of_the_page_are_packed_and_kept_for_ever(service: Service) -> None:
    for name, asset in ASSETS.items():
        answer = service.client.get(asset.address)
        assert answer.content == asset.body, name
        assert answer.headers["content-encoding"] == "gzip"
        assert "immutable" in answer.headers["cache-control"]
        plain = service.client.get(asset.address, headers={"Accept-Encoding": "identity"})
        assert plain.content == asset.body
    assert service.client.get("/assets/000000000000/page.css").status_code == 404
    assert service.client.get("/assets/x/..%2f..%2fpages.py").status_code == 404


def test_an_original_is_a_picture_and_nothing_that_runs(service: Service, done: str) -> None:
    answer = service.client.get(f"/r/{done}/original/2-1")
    assert answer.content.startswith(b"\xff\xd8")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    for name in ("2-9", "2-1.jpg", "2-1-stoneware-mug", "%2e%2e%2fuploads", "a"):
        assert service.client.get(f"/r/{done}/original/{name}").status_code == 404, name


def test_what_is_not_there_is_said_in_words(service: Service, done: str) -> None:
    answer = service.client.get("/r/none")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here" in answer.text
    for query in ("cursor=%20", "status=lost"):
        answer = service.client.get(f"/r/{done}?{query}")
        assert answer.status_code == 422
        assert "<h1>An option has an impossible value</h1>" in answer.text
    assert service.client.get(f"/r/{done}/images.zip?cursor=%20").status_code == 422


def test_a_store_that_is_away_is_a_page_that_asks_for_patience(
    service: Service, done: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> io.BytesIO:
        raise StoreError("away")

    monkeypatch.setattr(service.app.state.adapters.store, "open", away)
    answer = service.client.get(f"/r/{done}/original/2-1")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "Nothing was lost" in answer.text


def test_what_stands_in_a_csv_never_becomes_markup(service: Service, shop: ImageHost) -> None:
    nasty = '<img src=x onerror="alert(1)">'
    rows = [["1", nasty, fill_shop(shop, "nasty", products=1)[0][2]], ["2", "", nasty]]
    own = {"Origin": service.base_url, "HX-Request": "true"}
    files = {"file": (f"{nasty}.csv", make_csv(cells=rows))}
    preview = service.client.post("/preview", files=files, headers=own)
    assert preview.status_code == 200
    assert "<img" not in preview.text
    request_id = accepted(service.client, make_csv(cells=rows[:1]))
    ended(service.client, request_id)
    assert "<img src=x" not in service.client.get(f"/r/{request_id}").text


def test_a_picture_that_is_gone_is_named_in_the_zip(service: Service, shop: ImageHost) -> None:
    request_id = accepted(service.client, make_csv(cells=fill_shop(shop, "gone", products=2)))
    ended(service.client, request_id)
    service.app.state.adapters.store.delete_prefix(f"{request_id}/2-1-")
    with _zip(service.client, request_id) as archive:
        assert len(archive.namelist()) == 4
        assert "2-1-stoneware-mug.jpg" in archive.read("MISSING.txt").decode()


def test_pictures_of_an_earlier_request_are_shown_under_the_names_of_this_one(
    service: Service, shop: ImageHost
) -> None:
    headers = {"ETag": '"v1"'}
    old, new = (
        shop.add(f"again/{n}.jpg", make_jpeg(40 + n, 40, seed=n), headers=headers) for n in (0, 1)
    )
    for urls in ([old], [new, old]):
        content = make_csv(cells=[["1", "Mug", ",".join(urls)]])
        request_id = accepted(service.client, content, keep_originals="true")
        ended(service.client, request_id)
    page = service.client.get(f"/r/{request_id}").text
    assert "Unchanged, reused" in page
    assert f"/r/{request_id}/original/2-2" in page
    with _zip(service.client, request_id) as archive:
        assert archive.namelist() == ["2-1-mug.jpg", "2-2-mug.jpg"]
        sizes = [Image.open(archive.open(name)).width for name in archive.namelist()]
        assert sizes == [41, 40]
    answer = service.client.get(f"/r/{request_id}/original/2-2")
    assert answer.content == make_jpeg(40, 40)


def test_a_zip_is_given_away_while_it_grows() -> None:
    asked: list[int] = []

    def files() -> Iterator[tuple[str, io.BytesIO]]:
        for number in range(200):
            asked.append(number)
            yield f"{number}.bin", io.BytesIO(bytes([number]) * 1_000_000)

    stream = zip_stream(files())
    pieces = [next(stream)]
    assert asked == [0]
    pieces.extend(stream)
    assert max(map(len, pieces)) < 1_500_000
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert archive.testzip() is None
    assert archive.read("7.bin") == b"\x07" * 1_000_000


@contextmanager
def _zip(client: httpx.Client, request_id: str) -> Iterator[zipfile.ZipFile]:
    answer = client.get(f"/r/{request_id}/images.zip")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        yield archive
