"""Every format that says which way up it is comes out upright, once."""

import pytest

from app.imaging.files import orientation
from app.imaging.steps.orient import turn_upright
from tests.unit.imaging import zoo


@pytest.mark.parametrize("carrier", zoo.CARRIERS)
@pytest.mark.parametrize("turn", range(1, 9))
def test_picture_comes_out_upright(carrier: str, turn: int) -> None:
    result = zoo.squeeze(zoo.carrying(zoo.quarters(), turn, carrier), quality=90)
    assert (result.width, result.height) == (96, 64)
    assert (result.source_width, result.source_height) == (96, 64)
    assert zoo.opened(result).size == (96, 64)
    assert zoo.near(zoo.pixel(result, (10, 10)), zoo.RED, 12)
    assert zoo.near(zoo.pixel(result, (86, 10)), zoo.GREEN, 12)
    assert zoo.near(zoo.pixel(result, (10, 54)), zoo.BLUE, 12)
    assert zoo.near(zoo.pixel(result, (86, 54)), zoo.WHITE, 12)
    assert not zoo.opened(result).getexif()


@pytest.mark.parametrize("wanted", ["png", "webp", "avif", "keep"])
def test_turned_picture_is_upright_in_every_output(wanted: str) -> None:
    result = zoo.squeeze(zoo.carrying(zoo.quarters(), 6, "jpeg exif"), format=wanted, quality=90)
    assert zoo.opened(result).size == (96, 64)
    assert zoo.near(zoo.pixel(result, (10, 10)), zoo.RED, 12)
    assert not result.kept


def test_sizes_are_those_of_the_upright_picture() -> None:
    data = zoo.carrying(zoo.photo(800, 400), 8, "jpeg exif")
    result = zoo.squeeze(data, max_width=200)
    assert (result.width, result.height) == (200, 100)
    assert zoo.opened(result).size == (200, 100)


def test_exif_wins_over_xmp() -> None:
    data = zoo.carrying(zoo.quarters(), 6, "jpeg exif")
    body = b"http://ns.adobe.com/xap/1.0/\0" + zoo.xmp_packet(3)
    result = zoo.squeeze(zoo.jpeg_with(zoo.jpeg_segment(0xE1, body), data), quality=90)
    assert zoo.near(zoo.pixel(result, (10, 10)), zoo.RED, 12)


@pytest.mark.parametrize("carrier", zoo.XMP_CARRIERS)
@pytest.mark.parametrize("turn", range(2, 9))
def test_xmp_alone_turns_nothing_as_in_browsers(carrier: str, turn: int) -> None:
    as_stored = zoo.stored(zoo.quarters(), turn)
    result = zoo.squeeze(zoo.carrying(zoo.quarters(), turn, carrier), quality=90)
    assert (result.width, result.height) == as_stored.size
    assert zoo.psnr(zoo.opened(result), as_stored) > 25


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff\0\0\0\0",
        b"MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\x03\0\0\0\x01\0\x09\0\0" * 3,
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x01\0\0\0\x06\0\0\0",
        bytes(range(256)) * 300,
    ],
)
def test_broken_exif_says_nothing(block: bytes) -> None:
    assert orientation.from_exif(block) is None


def test_both_byte_orders_are_read() -> None:
    little = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    assert orientation.from_exif(little) == orientation.from_exif(b"Exif\0\0" + big) == 6


def test_turns_undo_each_other() -> None:
    upright = zoo.quarters()
    for turn in range(1, 9):
        turned = turn_upright(zoo.stored(upright, turn), turn)
        assert turned.tobytes() == upright.tobytes()
