"""What comes out: format, size, bytes, what is kept, and no metadata."""

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from app.domain.formats import FORMATS, OutputFormat, content_type, extension
from app.imaging.steps.resize import shrink
from tests.unit.imaging import zoo

OUTPUTS = tuple(each.value for each in OutputFormat if each is not OutputFormat.KEEP)


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "ICO"])
@pytest.mark.parametrize("wanted", OUTPUTS)
def test_every_format_becomes_every_output(source: str, wanted: str) -> None:
    image = zoo.photo(200, 200)
    options = {"sizes": [(200, 200)]} if source == "ICO" else {}
    result = zoo.squeeze(zoo.save(image, source, **options), format=wanted, quality=80)
    seen = zoo.opened(result)
    assert result.format == wanted
    assert seen.format == FORMATS[wanted].pillow
    assert result.source_format == source.lower()
    assert (result.width, result.height) == seen.size == (200, 200)
    assert zoo.psnr(seen, image) > 27


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif"), ("AVIF", "avif"),
        ("TIFF", "tiff"), ("BMP", "png"), ("ICO", "png"),
    ],
)  # fmt: skip
def test_keep_means_the_format_of_the_source_where_the_web_has_it(source: str, wanted: str) -> None:
    result = zoo.squeeze(zoo.save(zoo.photo(64, 64), source), format="keep", scale=0.5)
    assert result.format == wanted
    assert zoo.opened(result).format == FORMATS[wanted].pillow
    assert zoo.opened(result).size == (32, 32)


def test_default_is_jpeg_of_quality_50_with_halved_colour() -> None:
    result = zoo.squeeze(zoo.save(zoo.photo(), "PNG"))
    seen = zoo.opened(result)
    assert seen.quantization == zoo.opened(zoo.save(zoo.photo(), "JPEG", quality=50)).quantization
    assert [layer[1:3] for layer in seen.layer] == [(2, 2), (1, 1), (1, 1)]


def test_sizes_only_shrink_and_keep_their_ratio() -> None:
    data = zoo.save(zoo.photo(400, 300), "JPEG")
    for options, size in (
        ({"scale": 0.5}, (200, 150)),
        ({"max_width": 100}, (100, 75)),
        ({"max_height": 30}, (40, 30)),
        ({"scale": 0.5, "max_width": 100, "max_height": 100}, (100, 75)),
        ({"max_width": 4_000, "max_height": 4_000}, (400, 300)),
        ({"scale": 0.001}, (1, 1)),
    ):
        result = zoo.squeeze(data, **options)
        assert zoo.opened(result).size == size == (result.width, result.height)
        assert (result.source_width, result.source_height) == (400, 300)


def test_shrunk_jpeg_looks_like_a_careful_resize() -> None:
    image = zoo.photo(1600, 1200)
    wanted = image.resize((200, 150), Image.Resampling.LANCZOS)
    result = zoo.squeeze(zoo.save(image, "JPEG", quality=95), max_width=200, quality=95)
    assert zoo.psnr(zoo.opened(result), wanted) > 35


def test_webp_has_its_longest_side_and_a_note_says_so() -> None:
    result = zoo.squeeze(zoo.save(Image.new("L", (20_000, 40), 9), "PNG"), format="webp")
    assert (result.width, result.height) == (16_383, 33)
    assert any("the most this format can have" in note for note in result.notes)


def test_avif_is_as_large_as_there_is_memory_for_and_a_note_says_so() -> None:
    data = zoo.save(Image.new("L", (8_000, 4_000), 9), "PNG")
    result = zoo.squeeze(data, format="avif")
    assert (result.width, result.height) == (5_657, 2_828)
    assert any("the most this format can have" in note for note in result.notes)


def test_avif_too_large_to_be_written_again_is_kept_as_it_is() -> None:
    data = zoo.save(Image.new("L", (8_000, 4_000), 9), "AVIF", speed=10)
    result = zoo.squeeze(data, format="keep")
    assert (result.width, result.height, result.kept, result.notes) == (8_000, 4_000, True, ())


def test_large_transparent_picture_is_shrunk_as_a_small_one_is() -> None:
    image = zoo.photo(4_000, 3_000)
    image.putalpha(zoo.photo(4_000, 3_000, seed=2).getchannel("R"))
    seen, wanted = (
        np.asarray(picture.convert("RGBa")).astype(int)
        for picture in (
            shrink(image, (901, 676)),
            image.resize((901, 676), Image.Resampling.LANCZOS),
        )
    )
    assert np.abs(seen - wanted).max() <= 2


@pytest.mark.parametrize("wanted", [*OUTPUTS, "keep"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
@pytest.mark.parametrize("max_bytes", [1_000, 4_000, 12_000])
def test_largest_file_size_is_always_met(source: str, wanted: str, max_bytes: int) -> None:
    data = zoo.save(zoo.photo(240, 180), source)
    result = zoo.squeeze(data, format=wanted, quality=90, max_bytes=max_bytes)
    seen = zoo.opened(result)
    assert len(result.data) <= max_bytes
    assert seen.size == (result.width, result.height)
    if seen.size != (240, 180):
        assert any("to fit" in note for note in result.notes)


def test_quality_goes_down_before_size() -> None:
    data = zoo.save(zoo.photo(400, 300), "PNG")
    free = len(zoo.squeeze(data, quality=95).data)
    result = zoo.squeeze(data, quality=95, max_bytes=free // 2)
    assert (result.width, result.height) == (400, 300)
    assert free // 4 < len(result.data) <= free // 2


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "GIF"])
def test_smaller_original_is_kept_to_the_pixel_without_its_metadata(source: str) -> None:
    image = zoo.photo(200, 150)
    options = {"quality": 10} if source in ("JPEG", "WEBP") else {}
    if source in ("JPEG", "WEBP", "PNG"):
        options["exif"] = zoo.exif_block(1, zoo.SECRET)
    if source in ("PNG", "GIF"):
        image = image.quantize(6)
    data = zoo.save(image, source, **options)
    if source == "PNG":
        small = zoo.squeeze(data, format="png", quality=100).data
        data = small[:33] + zoo.png_chunk(b"tEXt", b"Comment\0" + zoo.SECRET) + small[33:]
    result = zoo.squeeze(data, format="keep", quality=100)
    assert result.kept
    assert len(result.data) <= len(data)
    assert zoo.SECRET not in result.data
    assert zoo.opened(result).convert("RGB").tobytes() == zoo.opened(data).convert("RGB").tobytes()


def test_kept_needs_the_asked_format_and_size() -> None:
    data = zoo.save(zoo.photo(200, 150), "JPEG", quality=10)
    assert zoo.squeeze(data, quality=90).kept
    assert not zoo.squeeze(data, quality=90, scale=0.9).kept
    assert not zoo.squeeze(data, quality=90, format="png").kept
    turned = zoo.save(zoo.photo(200, 150), "JPEG", quality=10, exif=zoo.exif_block(6))
    assert not zoo.squeeze(turned, quality=90).kept


def test_progressive_jpeg_is_read_and_kept_whole() -> None:
    data = zoo.save(zoo.photo(), "JPEG", quality=20, progressive=True, comment=zoo.SECRET)
    result = zoo.squeeze(data, quality=90)
    assert result.kept
    assert zoo.SECRET not in result.data
    assert zoo.opened(result).tobytes() == zoo.opened(data).tobytes()


def test_jpeg_within_a_jpeg_does_not_survive() -> None:
    """A thumbnail in JFIF, a second picture behind the first, text in Adobe's segment."""
    image = zoo.photo(300, 200)
    base = zoo.save(image, "JPEG", quality=10)
    data = base[:2] + zoo.jpeg_segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01" + zoo.SECRET) + base[2:]
    at = data.index(b"JFIF\0")
    thumbnail = (zoo.SECRET * 2)[:75]
    jfif = zoo.jpeg_segment(0xE0, data[at : at + 12] + b"\x05\x05" + thumbnail)
    data = data[:2] + jfif + data[2:] + zoo.save(image, "JPEG", comment=zoo.SECRET)
    result = zoo.squeeze(data, quality=100)
    assert result.kept
    assert zoo.SECRET[:20] not in result.data
    assert zoo.opened(result).tobytes() == zoo.opened(base).tobytes()


def planted(source: str) -> bytes:
    """A picture with a secret in every place that the format has for one."""
    exif = zoo.exif_block(1, zoo.SECRET)
    xmp = zoo.xmp_packet(1)
    profile = zoo.rgb_profile(zoo.ADOBE_RGB)
    image = zoo.photo(96, 64)
    if source == "JPEG":
        data = zoo.save(image, source, exif=exif, comment=zoo.SECRET, icc_profile=profile, xmp=xmp)
        return data + zoo.SECRET
    if source == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", zoo.SECRET.decode())
        texts.add_text("Packed", zoo.SECRET.decode(), zip=True)
        texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
        return zoo.save(image, source, exif=exif, pnginfo=texts, icc_profile=profile) + zoo.SECRET
    if source == "WEBP":
        return zoo.save(image, source, exif=exif, xmp=xmp, icc_profile=profile) + zoo.SECRET
    if source == "GIF":
        return zoo.save(image, source, comment=zoo.SECRET) + zoo.SECRET
    if source == "TIFF":
        tags = {0x010E: zoo.SECRET.decode(), 700: xmp, 0x013B: "Jane Doe"}
        return zoo.save(image, source, tiffinfo=tags, icc_profile=profile)
    return zoo.save(image, source, exif=exif, xmp=xmp, icc_profile=profile)


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
@pytest.mark.parametrize("wanted", [*OUTPUTS, "keep"])
@pytest.mark.parametrize("quality", [50, 100])
def test_no_metadata_reaches_an_output(source: str, wanted: str, quality: int) -> None:
    data = planted(source)
    assert b"Jane Doe" in data
    result = zoo.squeeze(data, format=wanted, quality=quality)
    for trace in (b"Jane Doe", b"script", b"xmpmeta", b"Exif", b"acsp", b"ICC_PROFILE"):
        assert trace not in result.data
    seen = zoo.opened(result)
    assert not {"exif", "xmp", "icc_profile", "comment"} & seen.info.keys()


def test_png_of_quality_100_loses_nothing_and_below_takes_a_palette() -> None:
    image = zoo.photo(200, 150)
    data = zoo.save(image, "PNG")
    assert zoo.opened(zoo.squeeze(data, format="png", quality=100)).tobytes() == image.tobytes()
    fewer = zoo.squeeze(data, format="png", quality=50)
    assert zoo.opened(fewer).mode == "P"
    assert len(fewer.data) < len(data) * 0.7
    assert zoo.psnr(zoo.opened(fewer), image) > 27


def test_few_colours_become_a_palette_without_loss() -> None:
    image = zoo.quarters().convert("RGBA")
    image.putpixel((5, 5), (1, 2, 3, 0))
    image.putpixel((6, 5), (200, 2, 3, 77))
    result = zoo.squeeze(zoo.save(image, "PNG"), format="png", quality=100, scale=1)
    assert zoo.opened(result).convert("RGBA").tobytes() == image.tobytes()
    bitmap = zoo.squeeze(zoo.save(zoo.quarters(), "BMP"), format="keep")
    assert zoo.opened(bitmap).mode == "P"
    assert zoo.opened(bitmap).convert("RGB").tobytes() == zoo.quarters().tobytes()


def test_registry_names_types_and_endings() -> None:
    assert content_type("jpeg") == "image/jpeg"
    assert extension("jpeg") == "jpg"
    assert {content_type(name) for name in OUTPUTS} == {f"image/{name}" for name in OUTPUTS}
