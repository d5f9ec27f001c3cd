"""Colour spaces, bit depths, palettes and transparency, checked by pixels."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms

from app.imaging.steps.colour import is_srgb
from tests.unit.imaging import zoo

COLOUR = (200, 100, 50)


def plain(
    colour: object = COLOUR, mode: str = "RGB", size: tuple[int, int] = (64, 48)
) -> Image.Image:
    return Image.new(mode, size, colour)  # type: ignore[arg-type]


@pytest.mark.parametrize("container", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(("name", "colorants"), [("P3", zoo.P3), ("Adobe RGB", zoo.ADOBE_RGB)])
def test_wide_gamut_becomes_srgb(
    container: str, name: str, colorants: tuple[tuple[float, float, float], ...]
) -> None:
    options = {"lossless": True} if container == "WEBP" else {}
    options |= {"quality": 95} if container in ("JPEG", "AVIF") else {}
    data = zoo.save(plain(), container, icc_profile=zoo.rgb_profile(colorants), **options)
    result = zoo.squeeze(data, quality=95)
    wanted = zoo.in_srgb(COLOUR, colorants, 2.2)
    assert max(abs(a - b) for a, b in zip(wanted, COLOUR, strict=True)) > 8, "no test of anything"
    assert zoo.near(zoo.pixel(result, (30, 20)), wanted, 6)
    assert "icc_profile" not in zoo.opened(result).info
    assert not result.kept


def test_profile_that_is_srgb_keeps_the_fast_rung_and_the_numbers() -> None:
    profile = zoo.rgb_profile(zoo.SRGB)
    assert not is_srgb(zoo.rgb_profile(zoo.P3), "RGB")
    real = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert is_srgb(real, "RGB")
    result = zoo.squeeze(zoo.save(plain(), "JPEG", quality=60, icc_profile=real), quality=95)
    assert result.kept
    assert zoo.near(zoo.pixel(result, (30, 20)), COLOUR, 3)
    assert profile[:4] not in result.data


def test_gray_profile_is_applied_and_gray_stays_gray() -> None:
    data = zoo.save(plain(100, "L"), "PNG", icc_profile=zoo.gray_profile(1.0))
    result = zoo.squeeze(data, quality=95)
    assert zoo.opened(result).mode == "L"
    assert abs(zoo.pixel(result, (5, 5))[0] - 168) <= 3


@pytest.mark.parametrize("container", ["JPEG", "PNG"])
def test_broken_profile_is_ignored_with_a_note(container: str) -> None:
    data = zoo.save(plain(), container, icc_profile=b"broken" * 50)
    result = zoo.squeeze(data, quality=95)
    assert zoo.near(zoo.pixel(result, (5, 5)), COLOUR, 4)
    assert any("profile" in note for note in result.notes)


def test_profile_for_other_pixels_is_ignored_with_a_note() -> None:
    data = zoo.save(plain(), "PNG", icc_profile=zoo.gray_profile(1.0))
    result = zoo.squeeze(data, quality=95)
    assert zoo.near(zoo.pixel(result, (5, 5)), COLOUR, 4)
    assert any("profile" in note for note in result.notes)


def test_profile_with_an_inflation_bomb_is_ignored_with_a_note() -> None:
    body = b"icc\0\0" + zlib.compress(bytes(40_000_000), 9)
    result = zoo.squeeze(zoo.png_with(zoo.png_chunk(b"iCCP", body)), quality=95)
    assert zoo.near(zoo.pixel(result, (10, 10)), zoo.RED, 12)
    assert any("profile" in note for note in result.notes)


def test_cmyk_as_adobe_writes_it_is_not_a_negative() -> None:
    adobe = zoo.save(plain((0, 255, 255, 0), "CMYK"), "JPEG", quality=95)
    assert zoo.near(zoo.pixel(zoo.squeeze(adobe, quality=95), (5, 5)), (255, 0, 0), 8)


def test_cmyk_without_adobe_marker_is_taken_as_it_stands() -> None:
    # Pillow inverts on saving, so the inverse of the wanted ink goes in.
    data = zoo.without_adobe_marker(zoo.save(plain((255, 0, 0, 255), "CMYK"), "JPEG", quality=95))
    result = zoo.squeeze(data, quality=95)
    assert zoo.near(zoo.pixel(result, (5, 5)), (255, 0, 0), 8)
    assert any("CMYK" in note for note in result.notes)


@pytest.mark.parametrize("container", ["JPEG", "TIFF"])
@pytest.mark.parametrize("inks", range(1, 7))
def test_cmyk_with_the_profile_of_a_press_gets_its_inks(container: str, inks: int) -> None:
    colour = tuple(255 if inks >> n & 1 else 0 for n in range(3))
    wanted = zoo.lab_in_srgb(zoo.PRESS_INKS[inks])
    naive = tuple(255 - part for part in colour)
    assert not zoo.near(wanted, naive, 20), "no test of anything"
    image = plain((*colour, 0), "CMYK")
    options = {"quality": 98, "subsampling": 0} if container == "JPEG" else {}
    data = zoo.save(image, container, icc_profile=zoo.press_profile(), **options)
    result = zoo.squeeze(data, quality=98)
    assert zoo.near(zoo.pixel(result, (30, 20)), wanted, 10)
    assert not any("CMYK" in note for note in result.notes)


@pytest.mark.parametrize("make", [zoo.png_with_code_points, zoo.avif_with_code_points])
@pytest.mark.parametrize(("primaries", "transfer"), [(12, 13), (9, 16), (9, 18), (1, 8)])
def test_wide_gamut_without_a_profile_is_noted(
    make: Callable[[int, int], bytes], primaries: int, transfer: int
) -> None:
    result = zoo.squeeze(make(primaries, transfer), quality=95)
    assert zoo.near(zoo.pixel(result, (10, 10)), zoo.RED, 12)
    assert any("wide gamut" in note for note in result.notes)


@pytest.mark.parametrize("make", [zoo.png_with_code_points, zoo.avif_with_code_points])
@pytest.mark.parametrize(("primaries", "transfer"), [(1, 13), (2, 2), (1, 1), (6, 6)])
def test_numbers_that_mean_srgb_or_television_are_not_noted(
    make: Callable[[int, int], bytes], primaries: int, transfer: int
) -> None:
    assert not zoo.squeeze(make(primaries, transfer), quality=95).notes


def test_cmyk_tiff_becomes_rgb() -> None:
    data = zoo.save(plain((255, 0, 255, 0), "CMYK"), "TIFF")
    assert zoo.near(zoo.pixel(zoo.squeeze(data, quality=95), (5, 5)), (0, 255, 0), 8)


def test_lab_tiff_becomes_rgb() -> None:
    data = zoo.save(plain((136, 208, 195), "LAB"), "TIFF")
    assert zoo.near(zoo.pixel(zoo.squeeze(data, quality=95), (5, 5)), (255, 0, 0), 14)


def test_rgb_jpeg_without_colour_transform_keeps_its_colours() -> None:
    data = zoo.save(plain(), "JPEG", quality=95, keep_rgb=True)
    assert zoo.near(zoo.pixel(zoo.squeeze(data, quality=95), (5, 5)), COLOUR, 5)


@pytest.mark.parametrize("container", ["PNG", "TIFF"])
def test_sixteen_bit_gray_keeps_its_ramp(container: str) -> None:
    image = Image.fromarray(zoo.sixteen_bit_gray())
    assert image.mode == "I;16"
    result = zoo.squeeze(zoo.save(image, container), quality=100)
    seen = np.asarray(zoo.opened(result).convert("L")).astype(int)[4]
    assert np.abs(seen - np.arange(256)).max() <= 4


def test_sixteen_bit_colour_keeps_its_ramp() -> None:
    ramp = zoo.sixteen_bit_gray().astype(">u2")
    rows = b"".join(b"\0" + np.repeat(row[:, None], 3, axis=1).tobytes() for row in ramp)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + zoo.png_chunk(b"IHDR", struct.pack(">IIBBBBB", 256, 8, 16, 2, 0, 0, 0))
        + zoo.png_chunk(b"IDAT", zlib.compress(rows))
        + zoo.png_chunk(b"IEND", b"")
    )
    seen = np.asarray(zoo.opened(zoo.squeeze(data, quality=100)).convert("L")).astype(int)[4]
    assert np.abs(seen - np.arange(256)).max() <= 4


def test_palette_with_transparency_lies_on_white_and_stays_clear_elsewhere() -> None:
    image = zoo.quarters().quantize(8)
    clear = image.getpixel((10, 10))
    data = zoo.save(image, "PNG", transparency=clear)
    assert zoo.near(zoo.pixel(zoo.squeeze(data, quality=95), (10, 10)), (255, 255, 255), 3)
    for wanted in ("png", "webp", "avif", "keep"):
        result = zoo.squeeze(data, format=wanted, quality=95)
        assert zoo.pixel(result, (10, 10))[3] == 0
        assert zoo.near(zoo.pixel(result, (80, 10)), (*zoo.GREEN, 255), 12)


@pytest.mark.parametrize(
    ("mode", "colour", "wanted"),
    [
        ("LA", (0, 128), (127, 127, 127)),
        ("RGBA", (255, 0, 0, 128), (255, 127, 127)),
        ("RGBA", (0, 0, 0, 0), (255, 255, 255)),
        ("L", 77, (77, 77, 77)),
        ("1", 0, (0, 0, 0)),
        ("1", 1, (255, 255, 255)),
        ("P", 0, (0, 0, 0)),
    ],
)
def test_mode_is_flattened_on_white(mode: str, colour: object, wanted: tuple[int, ...]) -> None:
    result = zoo.squeeze(zoo.save(plain(colour, mode), "PNG"), quality=95)
    assert result.format == "jpeg"
    assert zoo.near(zoo.pixel(result, (5, 5)), wanted, 3)


def test_colour_key_transparency_is_seen() -> None:
    data = zoo.png_with(zoo.png_chunk(b"tRNS", bytes([0, 230, 0, 20, 0, 20])))
    assert zoo.near(zoo.pixel(zoo.squeeze(data, quality=95), (10, 10)), (255, 255, 255), 6)


def test_hidden_colours_do_not_bleed_when_shrunk() -> None:
    image = Image.new("RGBA", (200, 200), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (101, 0, 200, 200))
    result = zoo.squeeze(zoo.save(image, "PNG"), format="png", quality=100, max_width=50)
    seen = np.asarray(zoo.opened(result).convert("RGBA")).astype(int)
    assert (seen[seen[:, :, 3] > 20][:, 0] < 10).all()


def test_linear_png_is_brought_to_the_usual_gamma() -> None:
    data = zoo.png_with(zoo.png_chunk(b"gAMA", (100_000).to_bytes(4, "big")), plain((55, 55, 55)))
    assert abs(zoo.pixel(zoo.squeeze(data, quality=95), (5, 5))[0] - 127) <= 3


def test_bilevel_fax_tiff_is_read() -> None:
    result = zoo.squeeze(zoo.bilevel_tiff(), quality=95)
    assert zoo.pixel(result, (86, 54))[0] > 240
    assert zoo.pixel(result, (10, 54))[0] < 15
