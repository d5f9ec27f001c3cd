"""Files that are no pictures, damaged ones, and ones made to exhaust a decoder."""

import struct
import time
import zlib

import pytest
from PIL import Image

from app.domain.errors import (
    CorruptImage,
    ImageError,
    NotAnImage,
    TooManyPixels,
    UnsupportedFormat,
)
from app.imaging.files import png
from tests.unit.imaging import zoo


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body><svg></svg>Not found</body></html>", "web page"),
        (b"\xef\xbb\xbf\n <HTML><head><title>403</title>", "web page"),
        ("<html>".encode("utf-16"), "web page"),
        (b'{"error": "not found"}', "JSON"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML"),
        (b"File not found.", "text"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\x01\x02\x03\x04 nothing known", "no picture format"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, word: str) -> None:
    with pytest.raises(NotAnImage, match=word):
        zoo.squeeze(data)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "SVG"),
        (b"<?xml version='1.0'?><!-- x --><svg><title>t</title></svg>", "SVG"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "video"),
        (b"\x1aE\xdf\xa3\x01", "video"),
        (b"RIFF\x10\0\0\0AVI LIST", "video"),
        (b"%PDF-1.7\n", "PDF"),
        (b"8BPS\0\x01", "Photoshop"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    ],
)
def test_other_formats_are_named_with_what_to_use(data: bytes, word: str) -> None:
    with pytest.raises(UnsupportedFormat, match=word) as caught:
        zoo.squeeze(data)
    assert "JPEG, PNG" in caught.value.message


def test_float_tiff_and_twelve_bit_jpeg_are_unsupported() -> None:
    with pytest.raises(UnsupportedFormat, match="32 bits"):
        zoo.squeeze(zoo.save(Image.new("F", (8, 8), 0.5), "TIFF"))
    data = bytearray(zoo.save(zoo.quarters(), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(UnsupportedFormat, match="12 bits"):
        zoo.squeeze(bytes(data))


FILES = {
    "jpeg": zoo.save(zoo.photo(), "JPEG"),
    "progressive jpeg": zoo.save(zoo.photo(), "JPEG", progressive=True),
    "gray jpeg": zoo.save(zoo.photo().convert("L"), "JPEG"),
    "cmyk jpeg": zoo.save(zoo.photo().convert("CMYK"), "JPEG"),
    "png": zoo.save(zoo.photo(), "PNG"),
    "webp": zoo.save(zoo.photo(), "WEBP"),
    "lossless webp": zoo.save(zoo.photo(), "WEBP", lossless=True),
    "gif": zoo.save(zoo.photo(), "GIF"),
    "bmp": zoo.save(zoo.photo(), "BMP"),
    "tiff": zoo.save(zoo.photo(), "TIFF", compression="tiff_lzw"),
    "avif": zoo.save(zoo.photo(), "AVIF", speed=10),
    "heic": zoo.heic(zoo.photo()),
    "ico": zoo.save(zoo.photo(64, 64), "ICO", sizes=[(64, 64)]),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("options", [{}, {"max_width": 120}, {"format": "webp"}])
def test_truncated_file_is_an_error(name: str, options: dict[str, object]) -> None:
    whole = FILES[name]
    for share in (0.3, 0.6, 0.95):
        with pytest.raises(CorruptImage):
            zoo.squeeze(whole[: int(len(whole) * share)], **options)


@pytest.mark.parametrize("options", [{}, {"max_width": 120}, {"format": "webp"}])
def test_jpeg_cut_off_but_closed_again_is_an_error(options: dict[str, object]) -> None:
    for name in ("jpeg", "progressive jpeg", "gray jpeg", "cmyk jpeg"):
        whole = FILES[name]
        if name == "progressive jpeg" and options:
            continue
        with pytest.raises(CorruptImage):
            zoo.squeeze(whole[: len(whole) // 2] + b"\xff\xd9", **options)


@pytest.mark.parametrize("name", FILES)
def test_damage_anywhere_ends_as_a_picture_or_an_image_error(name: str) -> None:
    whole = FILES[name]
    refusals: set[str] = set()
    for step in range(24):
        data = bytearray(whole)
        at = (len(data) - 1) * step // 24
        data[at : at + 4] = bytes((value ^ 0xA5) for value in data[at : at + 4])
        try:
            zoo.opened(zoo.squeeze(bytes(data)))
        except ImageError as error:
            refusals.add(error.code)
    assert refusals <= {"corrupt_image", "too_many_pixels", "unsupported_format", "not_an_image"}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("length", [1, 3, 4, 8, 12, 13, 16, 20, 26, 30, 40, 60])
def test_stub_of_a_file_is_an_image_error(name: str, length: int) -> None:
    with pytest.raises((CorruptImage, NotAnImage, UnsupportedFormat)):
        zoo.squeeze(FILES[name][:length])


def test_pixels_are_counted_before_decoding() -> None:
    started = time.process_time()
    with pytest.raises(TooManyPixels, match=r"900 megapixels \(30000 x 30000\)"):
        zoo.squeeze(zoo.huge_png())
    for name, data in FILES.items():
        with pytest.raises(TooManyPixels):
            zoo.squeeze(data, max_pixels=4_000)
        assert name
    assert time.process_time() - started < 1


def test_png_in_an_icon_is_counted_too() -> None:
    png = zoo.huge_png()
    entry = struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(png), 22)
    with pytest.raises(TooManyPixels):
        zoo.squeeze(struct.pack("<HHH", 0, 1, 1) + entry + png)


def test_jpeg_that_claims_more_than_it_holds_is_counted_by_its_claim() -> None:
    data = bytearray(zoo.save(zoo.quarters(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    with pytest.raises(TooManyPixels):
        zoo.squeeze(bytes(data))


@pytest.mark.parametrize("options", [{}, {"max_width": 50}, {"format": "avif"}])
def test_scan_bomb_is_refused_before_decoding(options: dict[str, object]) -> None:
    data = zoo.scan_bomb()
    started = time.process_time()
    with pytest.raises(CorruptImage, match="scans"):
        zoo.squeeze(data, **options)
    assert time.process_time() - started < 0.5


def test_frame_bombs_are_refused() -> None:
    for wanted in ("webp", "keep", "jpeg"):
        with pytest.raises(TooManyPixels, match="frames"):
            zoo.squeeze(zoo.gif_bomb(200_000), format=wanted)
    claim = struct.pack(">II", 2**31 - 1, 0)
    with pytest.raises(TooManyPixels, match="frames"):
        zoo.squeeze(zoo.png_with(zoo.png_chunk(b"acTL", claim)), format="keep")


def test_animation_is_counted_with_all_frames_where_it_stays_one() -> None:
    data = zoo.animation("GIF", frames=8)
    with pytest.raises(TooManyPixels, match="8 frames of 48 x 32"):
        zoo.squeeze(data, format="webp", max_pixels=48 * 32 * 7)
    assert zoo.squeeze(data, max_pixels=48 * 32).format == "jpeg"


def test_gif_frame_beyond_the_screen_counts() -> None:
    data = bytearray(zoo.gif_bomb(1))
    at = data.index(b"\x2c")
    data[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
    with pytest.raises(TooManyPixels):
        zoo.squeeze(bytes(data))


def test_text_bomb_costs_nothing_and_the_picture_is_done() -> None:
    started = time.process_time()
    result = zoo.squeeze(zoo.text_bomb_png(), quality=95)
    assert zoo.near(zoo.pixel(result, (10, 10)), zoo.RED, 12)
    assert time.process_time() - started < 0.5


def test_segment_and_chunk_floods_are_refused() -> None:
    with pytest.raises(CorruptImage, match="segments"):
        zoo.squeeze(zoo.jpeg_with(zoo.jpeg_segment(0xFE, b"") * 50_000))
    with pytest.raises(CorruptImage, match="chunks"):
        zoo.squeeze(zoo.png_with(zoo.png_chunk(b"teXt", b"") * 50_000))


def test_huge_exif_is_no_problem() -> None:
    bulk = zoo.jpeg_segment(0xE1, b"Exif\0\0" + b"\xee" * 65_000) * 40
    result = zoo.squeeze(zoo.jpeg_with(bulk), quality=95)
    assert zoo.near(zoo.pixel(result, (10, 10)), zoo.RED, 12)
    assert len(result.data) < 20_000


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif", "bmp", "tiff", "avif"])
def test_trailing_garbage_is_ignored_and_left_behind(name: str) -> None:
    result = zoo.squeeze(FILES[name] + zoo.SECRET * 100, format="keep", quality=100)
    assert zoo.SECRET not in result.data
    assert zoo.psnr(zoo.opened(result), zoo.opened(FILES[name])) > 30


def test_stray_bytes_before_the_end_of_a_jpeg_are_noted() -> None:
    data = FILES["jpeg"][:-2] + b"\x11" * 40 + b"\xff\xd9"
    for options in ({}, {"max_width": 120}):
        result = zoo.squeeze(data, **options)
        assert any("stray bytes" in note for note in result.notes)


def test_pictures_of_one_pixel_and_of_one_line() -> None:
    for size in ((1, 1), (1, 10_000), (10_000, 1)):
        for wanted in ("jpeg", "png", "webp", "avif"):
            data = zoo.save(Image.new("RGB", size, zoo.RED), "PNG")
            result = zoo.squeeze(data, format=wanted, quality=90)
            assert zoo.opened(result).size == size
            assert zoo.near(zoo.pixel(result, (0, 0)), zoo.RED, 10)


def test_inflation_stops_at_its_limit() -> None:
    assert png.inflate(zlib.compress(bytes(1000)), 1000) == bytes(1000)
    assert png.inflate(zlib.compress(bytes(10_000_000)), 1000) == b""
    assert png.inflate(b"no zlib", 1000) == b""
