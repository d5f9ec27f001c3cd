"""Pages of file shares are fetched by the address of their file."""

import asyncio
from collections.abc import Iterator

import pytest

from app.domain.errors import ImageError
from app.outbound.fetch import FetchedHead, FetchedImage
from tests.hostile_server import PICTURE, HostileServer
from tests.integration.outbound.parts import image_fetcher, names

PAGE = b"<!doctype html><title>Sign in</title>"
LOOKUP = names({host: ["127.0.0.1"] for host in ("drive.google.com", "www.dropbox.com", "sign.in")})


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


def fetch(url: str) -> tuple[FetchedImage, FetchedHead]:
    async def run() -> tuple[FetchedImage, FetchedHead]:
        async with image_fetcher(lookup=LOOKUP) as fetcher:
            return await fetcher.fetch(url), await fetcher.look(url)

    return asyncio.run(run())


def refused(url: str) -> ImageError:
    with pytest.raises(ImageError) as failure:
        fetch(url)
    return failure.value


def test_the_file_comes_from_its_download_address(server: HostileServer) -> None:
    server.serve("/uc", PICTURE)
    page = server.url("/file/d/1AbCdEfGhIj/view?usp=sharing", host="drive.google.com")
    fetched, looked = fetch(page)
    assert fetched.data == looked.data == PICTURE
    path = "/uc?export=download&id=1AbCdEfGhIj"
    assert fetched.final_url == looked.final_url == server.url(path, host="drive.google.com")
    assert [one.path for one in server.requests] == [path, path]


def test_a_page_all_the_same_says_that_the_file_is_not_shared(server: HostileServer) -> None:
    page = server.url("/scl/fi/a1/mug.jpg?rlkey=k&dl=0", host="www.dropbox.com")
    server.serve("/scl/fi/a1/mug.jpg", PAGE, content_type="text/html; charset=utf-8")
    error = refused(page)
    assert error.code == "not_an_image"
    assert "The file is not shared with everyone on Dropbox." in error.message
    assert 'choose "Share"' in error.message
    # A page to sign in on another host is the usual answer.
    sign_in = {"Location": server.url("/login", host="sign.in")}
    server.serve("/scl/fi/a1/mug.jpg", b"", status="302 Found", headers=sign_in)
    server.serve("/login", PAGE, content_type="text/html")
    assert "not shared with everyone on Dropbox" in refused(page).message
    server.serve("/login", b"", status="403 Forbidden")
    error = refused(page)
    assert (error.code, error.http_status) == ("http_status", 403)
    assert "not shared with everyone on Dropbox" in error.message


def test_a_page_on_another_host_is_only_a_page(server: HostileServer) -> None:
    server.serve("/a.jpg", PAGE, content_type="text/html")
    assert fetch(server.url("/a.jpg"))[0].data == PAGE
