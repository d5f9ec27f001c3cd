"""`format=keep` makes no file larger; a JPEG that is larger than its drawing says so."""

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.imaging.files.bare import tiff
from tests.unit.imaging import zoo

KEPT_AS_THEY_ARE: dict[str, tuple[str, dict[str, Any]]] = {
    "tiff of a fax": ("TIFF", {"compression": "group4"}),
    "tiff by lzw": ("TIFF", {"compression": "tiff_lzw"}),
    "tiff by deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "tiff by jpeg": ("TIFF", {"compression": "jpeg", "quality": 10}),
    "avif": ("AVIF", {"quality": 15}),
}


def drawing(mode: str = "RGB") -> Image.Image:
    """A line drawing, as catalogues have of furniture and spare parts."""
    image = Image.new("RGB", (600, 400), "white")
    draw = ImageDraw.Draw(image)
    for at in range(0, 600, 40):
        draw.line((at, 0, 600 - at, 399), fill="black")
    return image.convert("L").point(lambda value: 255 * (value > 127)).convert(mode)


def source(name: str) -> tuple[Image.Image, str, dict[str, Any]]:
    kind, options = KEPT_AS_THEY_ARE[name]
    mode = "1" if options.get("compression") == "group4" else "RGB"
    image = zoo.photo(300, 200) if "quality" in options else drawing(mode)
    return image, kind, options


@pytest.mark.parametrize("quality", [50, 90, 100])
@pytest.mark.parametrize("secret", [False, True])
@pytest.mark.parametrize("name", KEPT_AS_THEY_ARE)
def test_keep_never_makes_a_file_larger(name: str, secret: bool, quality: int) -> None:
    image, kind, options = source(name)
    if secret and kind == "AVIF":
        options = options | {"exif": zoo.exif_block(1, zoo.SECRET), "xmp": zoo.xmp_packet(1)}
    elif secret:
        options = options | {"tiffinfo": {0x010E: zoo.SECRET.decode(), 0x013B: "Jane Doe"}}
    data = zoo.save(image, kind, **options)
    result = zoo.squeeze(data, format="keep", quality=quality)
    assert len(result.data) <= len(data)
    assert result.format == kind.lower()
    for trace in (b"Jane Doe", b"script", b"xmpmeta", b"Exif"):
        assert trace not in result.data
    seen, wanted = zoo.opened(result), zoo.opened(data)
    assert seen.size == wanted.size
    if result.kept:
        assert seen.convert("RGB").tobytes() == wanted.convert("RGB").tobytes()
        assert not {"exif", "xmp"} & seen.info.keys()
    if quality == 100 and "quality" in options:
        assert result.kept


def test_black_and_white_stays_that_where_a_new_file_is_needed() -> None:
    data = zoo.save(drawing("1"), "TIFF", compression="group4", tiffinfo={0x0112: 6})
    result = zoo.squeeze(data, format="keep")
    assert not result.kept  # It had to be turned.
    assert zoo.opened(result).mode == "1"
    assert len(result.data) <= len(data)
    upright = drawing("1").transpose(Image.Transpose.ROTATE_270)
    assert zoo.opened(result).tobytes() == upright.tobytes()


@pytest.mark.parametrize(
    "tags", [{}, {0x0112: 1}, {282: 300.0, 283: 300.0, 296: 2}], ids=["plain", "upright", "dots"]
)
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "packbits"])
def test_a_kept_tiff_has_the_same_pixels(mode: str, compression: str, tags: dict[int, Any]) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.tile(zoo.sixteen_bit_gray(), (9, 1)))
    else:
        image = zoo.photo(90, 70).convert(mode)
    data = zoo.save(image, "TIFF", compression=compression, tiffinfo=tags)
    bare = tiff.bare(data)
    assert bare is not None
    assert zoo.opened(bare).mode == zoo.opened(data).mode
    assert zoo.opened(bare).tobytes() == zoo.opened(data).tobytes()


def test_the_first_page_of_a_big_endian_tiff_is_taken_out() -> None:
    pages = zoo.multi_page_tiff()
    bare = tiff.bare(pages)
    assert bare is not None
    assert zoo.opened(bare).getpixel((0, 0)) == zoo.RED
    assert len(bare) < len(pages) * 0.6
    assert tiff.bare(zoo.save(zoo.quarters(), "TIFF", big_tiff=True)) is None
    assert tiff.bare(zoo.save(zoo.quarters(), "TIFF", tiffinfo={0x0112: 3})) is None
    for length in range(0, len(bare), 97):
        cut = tiff.bare(bare[:length])
        assert cut is None or zoo.opened(cut).tobytes() == zoo.opened(bare).tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_picture_that_had_to_change_takes_a_lower_quality_and_not_more_bytes(kind: str) -> None:
    image = zoo.photo(400, 300)
    for change in ({"exif": zoo.exif_block(6)}, {"icc_profile": zoo.rgb_profile(zoo.P3)}):
        data = zoo.save(image, kind, quality=30, **change)
        result = zoo.squeeze(data, format="keep", quality=95)
        assert not result.kept
        assert len(result.data) <= len(data)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF"])
def test_a_jpeg_that_is_larger_than_its_drawing_names_what_would_be_smaller(kind: str) -> None:
    options = {"compression": "group4"} if kind == "TIFF" else {}
    data = zoo.save(drawing("1"), kind, **options)
    result = zoo.squeeze(data)
    assert len(result.data) > len(data)
    assert any("format=keep" in note and "format=webp" in note for note in result.notes)
    for smaller in ("keep", "webp"):
        other = zoo.squeeze(data, format=smaller)
        assert len(other.data) < len(result.data)
        assert not any("larger" in note for note in other.notes)


def test_a_jpeg_that_is_smaller_than_its_source_says_nothing() -> None:
    assert zoo.squeeze(zoo.save(zoo.photo(), "PNG")).notes == ()
