"""Whole pixels in a frame with faults are done, with a note; pixels that are missing fail."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from app.domain.errors import CorruptImage, ImageError
from app.imaging.files.png import SIGNATURE
from tests.unit.imaging import zoo

OPTIONS = ({}, {"max_width": 100}, {"format": "webp"}, {"format": "keep", "quality": 100})
JPEGS = {
    "photo": {"quality": 80},
    "all colour": {"quality": 80, "subsampling": 0},
    "own tables": {"quality": 80, "optimize": True},
    "restart marks": {"quality": 80, "restart_marker_blocks": 7},
    "progressive": {"quality": 80, "progressive": True},
}
TRAILER = b"\0\0\x01\x0aPanorama_Shot_Info" + bytes(range(1, 255)) * 3 + b"SEFT"


def jpeg(name: str = "photo", image: Image.Image | None = None) -> bytes:
    return zoo.save(image or zoo.photo(), "JPEG", **JPEGS[name])


def segment_starts(data: bytes) -> list[int]:
    """Where the markers between the start of a JPEG and its pixels are."""
    starts, position = [], 2
    while data[position + 1] != 0xDA:
        starts.append(position)
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    # By the first one a file is known.
    return [*starts[1:], position]


def assert_same(odd: bytes, whole: bytes, word: str) -> None:
    """The picture comes out as that of the whole file, with a note that has this word."""
    for options in OPTIONS:
        result, wanted = zoo.squeeze(odd, **options), zoo.squeeze(whole, **options)
        # Not to the bit: a JPEG that libjpeg warns of goes by way of RGB.
        assert zoo.psnr(zoo.opened(result), zoo.opened(wanted)) > 45
        assert result.kept == wanted.kept
        assert any(word in note for note in result.notes), result.notes
        assert not any(word in note for note in wanted.notes)


@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize("gray", [False, True])
def test_jpeg_without_its_end_mark(name: str, gray: bool) -> None:
    image = zoo.photo().convert("L") if gray else zoo.photo()
    whole = jpeg(name, image)
    for odd in (whole[:-2], whole[:-1], whole[:-2] + bytes(5_000)):
        assert_same(odd, whole, "no end mark")


@pytest.mark.parametrize("name", JPEGS)
def test_jpeg_whose_pixels_are_cut_off_fails_however_it_ends(name: str) -> None:
    whole = jpeg(name)
    for missing in (12, 40, len(whole) // 4, len(whole) // 2):
        cut = whole[:-missing]
        for end in (b"", bytes(3), bytes(50_000), b"\xff", b"\xff\xd9"):
            if name == "progressive" and end == b"\xff\xd9":
                continue  # A file that says it is whole may have fewer scans.
            for options in OPTIONS:
                with pytest.raises(CorruptImage):
                    zoo.squeeze(cut + end, **options)


def test_progressive_jpeg_cut_off_between_two_scans_fails() -> None:
    whole = jpeg("progressive")
    at = whole.find(b"\xff\xc4", whole.index(b"\xff\xda"))
    while at >= 0:
        with pytest.raises(CorruptImage):
            zoo.squeeze(whole[:at])
        at = whole.find(b"\xff\xc4", at + 1)


@pytest.mark.parametrize("name", JPEGS)
@pytest.mark.parametrize(
    "stray", [b"\0", b"\0\0", b"\x01\x02\x03\x04\x05", b"ab\xff\x00cd", b"\xff\xd9x"]
)
def test_jpeg_with_stray_bytes_between_segments(name: str, stray: bytes) -> None:
    whole = jpeg(name)
    for at in segment_starts(whole):
        assert_same(whole[:at] + stray + whole[at:], whole, "Stray bytes")


def test_jpeg_with_stray_bytes_whose_pixels_are_cut_off_fails() -> None:
    whole = jpeg()
    for at in segment_starts(whole):
        for options in OPTIONS:
            with pytest.raises(CorruptImage):
                zoo.squeeze(whole[:at] + b"\x01\x02" + whole[at : len(whole) * 2 // 3], **options)


@pytest.mark.parametrize("name", JPEGS)
def test_jpeg_with_a_trailer_behind_its_end_is_as_any_other(name: str) -> None:
    whole = jpeg(name)
    for trailer in (TRAILER, jpeg("photo", zoo.quarters()), b"\xff\xd8\xff", bytes(999)):
        for options in OPTIONS:
            result = zoo.squeeze(whole + trailer, **options)
            assert (result.data, result.notes) == (zoo.squeeze(whole, **options).data, ())


def test_jpeg_with_a_trailer_instead_of_its_end() -> None:
    whole = jpeg()
    assert_same(whole[:-2] + jpeg("photo", zoo.quarters()), whole, "no end mark")
    result = zoo.squeeze(whole[:-2] + TRAILER)
    assert zoo.psnr(zoo.opened(result), zoo.opened(zoo.squeeze(whole))) > 45
    assert len(result.notes) == 2


def with_profile(numbers: list[tuple[int, int]], order: list[int]) -> bytes:
    """A JPEG of one colour with a profile in as many parts, numbered and ordered so."""
    profile = zoo.rgb_profile(zoo.P3)
    size = -(-len(profile) // len(numbers))
    parts = [
        zoo.jpeg_segment(0xE2, b"ICC_PROFILE\0" + bytes(number) + profile[at * size :][:size])
        for at, number in enumerate(numbers)
    ]
    plain = zoo.save(Image.new("RGB", (64, 48), (200, 100, 50)), "JPEG", quality=95)
    return zoo.jpeg_with(b"".join(parts[at] for at in order), plain)


@pytest.mark.parametrize(
    ("numbers", "order"),
    [
        ([(0, 2), (1, 2)], [0, 1]),
        ([(0, 2), (1, 2)], [1, 0]),
        ([(1, 1), (1, 1)], [0, 1]),
        ([(0, 0), (0, 0)], [0, 1]),
        ([(1, 3), (2, 3)], [1, 0]),
        ([(2, 2), (3, 2)], [0, 1]),
        ([(0, 1)], [0]),
        ([(1, 2), (2, 2)], [0, 1, 0, 1]),
    ],
)
def test_wrongly_numbered_parts_of_a_profile_are_joined(
    numbers: list[tuple[int, int]], order: list[int]
) -> None:
    result = zoo.squeeze(with_profile(numbers, order), quality=95)
    assert zoo.near(zoo.pixel(result, (30, 20)), zoo.in_srgb((200, 100, 50), zoo.P3, 2.2), 6)
    assert any("wrongly numbered" in note for note in result.notes)


def test_half_a_profile_is_ignored_with_a_note_and_the_picture_is_done() -> None:
    result = zoo.squeeze(with_profile([(1, 2), (2, 2)], [0]), quality=95)
    assert zoo.near(zoo.pixel(result, (30, 20)), (200, 100, 50), 6)
    assert any("incomplete" in note for note in result.notes)


def chunked_png(image: Image.Image, size: int = 500) -> bytes:
    """A PNG with its pixels in many chunks."""
    whole = zoo.save(image, "PNG")
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in np.asarray(image)))
    parts = [zoo.png_chunk(b"IDAT", pixels[at : at + size]) for at in range(0, len(pixels), size)]
    return whole[:33] + b"".join(parts) + whole[-12:]


@pytest.mark.parametrize("make", [lambda image: zoo.save(image, "PNG"), chunked_png])
@pytest.mark.parametrize("missing", [1, 4, 8, 12, 14, 16])
def test_png_without_its_end_mark(make: object, missing: int) -> None:
    """Of the end mark's twelve bytes and of the check sum before it, so many are missing."""
    whole = make(zoo.photo(200, 150))  # type: ignore[operator]
    assert_same(whole[:-missing], whole, "no end mark")


@pytest.mark.parametrize("make", [lambda image: zoo.save(image, "PNG"), chunked_png])
def test_png_whose_pixels_are_cut_off_fails(make: object) -> None:
    whole = make(zoo.photo(200, 150))  # type: ignore[operator]
    for missing in (40, 700, len(whole) // 2, len(whole) - 60):
        for end in (b"", bytes(2_000), whole[-12:]):
            with pytest.raises(CorruptImage):
                zoo.squeeze(whole[:-missing] + end)


def test_animated_png_without_its_end_mark_fails_as_frames_may_be_missing() -> None:
    with pytest.raises(CorruptImage):
        zoo.squeeze(zoo.animation("PNG")[:-12])


def test_png_of_nothing_but_a_header_fails() -> None:
    header = zoo.png_chunk(b"IHDR", struct.pack(">IIBBBBB", 5, 5, 8, 0, 0, 0, 0))
    with pytest.raises(CorruptImage):
        zoo.squeeze(SIGNATURE + header)


@pytest.mark.parametrize("off_by", [1, 2, 8, 100, 1_000_000, -2, -8, -100])
@pytest.mark.parametrize("kind", ["lossy", "lossless", "clear", "metadata"])
def test_webp_that_says_another_length(kind: str, off_by: int) -> None:
    image = zoo.photo()
    if kind == "clear":
        image.putalpha(zoo.photo(seed=2).getchannel("R"))
    options: dict[str, object] = {"lossless": True} if kind == "lossless" else {"quality": 80}
    if kind == "metadata":
        options["exif"] = zoo.exif_block(1, zoo.SECRET)
    whole = zoo.save(image, "WEBP", **options)
    said = int.from_bytes(whole[4:8], "little")
    odd = whole[:4] + (said + off_by).to_bytes(4, "little") + whole[8:]
    assert_same(odd, whole, "another length")


def test_webp_that_is_cut_off_fails_whatever_length_it_says() -> None:
    for whole in (
        zoo.save(zoo.photo(), "WEBP"),
        zoo.save(zoo.photo(), "WEBP", exif=zoo.exif_block(1)),
        zoo.animation("WEBP"),
    ):
        for share in (0.3, 0.6, 0.9):
            cut = whole[: int(len(whole) * share)]
            for said in (whole[4:8], (len(cut) - 8).to_bytes(4, "little")):
                with pytest.raises(CorruptImage):
                    zoo.squeeze(cut[:4] + said + cut[8:], format="webp")


def test_webp_whose_metadata_alone_is_cut_off_is_done() -> None:
    whole = zoo.save(zoo.photo(), "WEBP", exif=zoo.exif_block(1, zoo.SECRET))
    assert_same(whole[:-20], whole, "another length")


def masked_bmp(
    image: Image.Image,
    masks: tuple[int, ...],
    *,
    bits: int = 32,
    header_bytes: int = 40,
    upright: bool = False,
) -> bytes:
    """A BMP with each channel where its mask says."""
    pixels = np.asarray(image).astype(np.uint64)
    numbers = np.zeros(pixels.shape[:2], np.uint64)
    for place, mask in enumerate(masks):
        lowest = (mask & -mask).bit_length() - 1
        numbers |= (pixels[:, :, place] * (mask >> lowest) + 127) // 255 << lowest
    rows = numbers.astype(f"<u{bits // 8}")
    padded = [row.tobytes() + bytes(-row.nbytes % 4) for row in (rows if upright else rows[::-1])]
    masks_at_end = struct.pack(f"<{len(masks)}I", *masks).ljust(max(0, header_bytes - 40), b"\0")
    height = -image.height if upright else image.height
    info = struct.pack(
        "<IiiHHIIIIII", header_bytes, image.width, height, 1, bits, 3, 0, 2835, 2835, 0, 0
    )
    head = info + masks_at_end
    return struct.pack("<2sIII", b"BM", 0, 0, 14 + len(head)) + head + b"".join(padded)


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize(
    ("bits", "masks"),
    [
        (32, (0xFF, 0xFF00, 0xFF0000)),
        (32, (0xFF00, 0xFF, 0xFF000000)),
        (32, (0x3FF00000, 0xFFC00, 0x3FF)),
        (32, (0xFF0000, 0xFF00, 0xFF)),
        (16, (0xF800, 0x7E0, 0x1F)),
        (16, (0x1F, 0x7E0, 0xF800)),
        (16, (0xF00, 0xF0, 0xF)),
    ],
)
def test_bmp_with_masks_of_any_order(bits: int, masks: tuple[int, ...], upright: bool) -> None:
    image = zoo.photo(101, 75)
    for header_bytes in (40, 52, 56, 108, 124):
        data = masked_bmp(image, masks, bits=bits, header_bytes=header_bytes, upright=upright)
        result = zoo.squeeze(data, format="png", quality=100)
        step = 255 / (2 ** min(mask.bit_count() for mask in masks) - 1)
        seen = np.asarray(zoo.opened(result).convert("RGB")).astype(int)
        assert np.abs(seen - np.asarray(image)).max() <= step / 2 + 1


def test_bmp_with_a_mask_for_alpha_stays_clear_and_one_of_zeros_is_opaque() -> None:
    masks = (0xFF, 0xFF0000, 0xFF000000, 0xFF00)
    image = zoo.photo(60, 40)
    image.putalpha(zoo.photo(60, 40, seed=3).getchannel("R"))
    clear = zoo.squeeze(masked_bmp(image, masks, header_bytes=56), format="png", quality=100)
    assert zoo.opened(clear).convert("RGBA").tobytes() == image.tobytes()
    image.putalpha(0)
    opaque = zoo.squeeze(masked_bmp(image, masks, header_bytes=56), format="png", quality=100)
    assert zoo.opened(opaque).convert("RGB").tobytes() == image.convert("RGB").tobytes()


def test_bmp_with_masks_that_is_cut_off_or_absurd_fails() -> None:
    data = masked_bmp(zoo.photo(60, 40), (0xFF, 0xFF00, 0xFF0000))
    for cut in (60, 100, len(data) // 2, len(data) - 1):
        with pytest.raises(CorruptImage):
            zoo.squeeze(data[:cut])
    for width in (0, -60, 2**31 - 1):
        with pytest.raises(ImageError):
            zoo.squeeze(data[:18] + struct.pack("<i", width) + data[22:])


def test_bmp_that_says_too_many_colours_and_one_with_a_hot_spot() -> None:
    image = zoo.photo(60, 40).quantize(200)
    whole = zoo.save(image, "BMP")
    for odd in (
        whole[:46] + struct.pack("<I", 300) + whole[50:],
        whole[:6] + b"\1\0\2\0" + whole[10:],
    ):
        assert zoo.squeeze(odd, quality=90).data == zoo.squeeze(whole, quality=90).data
