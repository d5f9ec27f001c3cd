"""What is no picture is called what it begins like, and by no letters in the middle of it."""

import random

import pytest

from app.domain.errors import ImageError, NotAnImage
from app.imaging.files.sniff import HEAD_BYTES, identify
from tests.unit.imaging import zoo

TEXTS = ("web page", "XML", "JSON", "text", "SVG")


def called(data: bytes) -> str:
    """What the message for these bytes says."""
    with pytest.raises(ImageError) as caught:
        identify(data)
    return caught.value.message


def test_two_thousand_random_binaries_are_no_web_pages_and_no_texts() -> None:
    source = random.Random(20)
    for _ in range(2_000):
        data = source.randbytes(source.randrange(64, 4_096))
        assert not any(word in called(data) for word in TEXTS), data[:40]


@pytest.mark.parametrize("letters", [b"<p>", b"<a ", b"<div>", b"<h1>", b"<html>", b"<svg ", b"<"])
def test_letters_of_a_page_within_a_binary_say_nothing(letters: bytes) -> None:
    source = random.Random(1)
    for at in (0, 4, 100, HEAD_BYTES - 10):
        data = b"\x9c\x01" + source.randbytes(at) + letters + b"\x00\x01" + source.randbytes(2_000)
        assert not any(word in called(data) for word in TEXTS)


@pytest.mark.parametrize(
    "page",
    [
        b"<!doctype html><html>",
        b"\r\n\r\n  <HTML lang=de>",
        b"\xef\xbb\xbf<!-- made by hand -->\n<!-- twice --><html>",
        b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">',
        b"<script>location='/login'</script>",
        b"<h1>404 Not Found</h1>",
        b"<html>\x00</html>",
        b"<!---->" * 100 + b"<p>",
    ],
)
def test_what_begins_like_a_web_page_is_called_one(page: bytes) -> None:
    assert "web page" in called(page)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"Warning: division by zero in <b>shop.php</b>", "text"),
        (b"<!---->" * 145 + b"<", "XML"),
        (b"<?xml version='1.0'?><!-- a --><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"[1, 2, 3]", "JSON"),
        (b"\x00" * 500, "no picture format"),
    ],
)
def test_other_texts_keep_their_names(data: bytes, word: str) -> None:
    assert word in called(data)


@pytest.mark.parametrize(
    "front", [b"\n", b"\r\n", b"  \t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n\r\n"]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_blank_characters_before_a_picture_are_skipped_with_a_note(front: bytes, kind: str) -> None:
    data = zoo.save(zoo.quarters(), kind)
    result = zoo.squeeze(front + data)
    assert result.data == zoo.squeeze(data).data
    assert any("before the picture" in note for note in result.notes)


def test_blank_characters_before_something_else_stay_what_they_are() -> None:
    with pytest.raises(NotAnImage, match="text"):
        identify(b"\n" * 5_000)
    with pytest.raises(NotAnImage, match="text"):
        identify(b"\n\nnot here")
