"""What the first bytes of a file say is what the codec finds in all of it."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import cache

import pytest
from PIL import Image

from app.domain.errors import ImageError
from app.imaging.files import png
from app.imaging.files.bare import jpeg as bare_jpeg
from app.imaging.files.sniff import FRONT_NOTE
from app.imaging.heads.look import NO_END_NOTE, NO_SIZE_NOTE, Head, look
from tests.unit.imaging import zoo

HEAD_BYTES = 65_536


def head_of(data: bytes, *, max_pixels: int = zoo.MAX_PIXELS) -> Head:
    return look(data[:HEAD_BYTES], whole=len(data) <= HEAD_BYTES, max_pixels=max_pixels)


def start_of(data: bytes, size: int = HEAD_BYTES) -> Head:
    """A look at the start of a file that goes on."""
    return look(data[:size], whole=False, max_pixels=zoo.MAX_PIXELS)


@cache
def sample(name: str) -> bytes:
    """One of the files below; the large ones take a while to make."""
    return {**SAMPLES, **LATER}[name]()


@cache
def large(kind: str, **options: object) -> bytes:
    data = zoo.save(zoo.photo(1300, 900), kind, **options)
    assert len(data) > HEAD_BYTES
    return data


SAMPLES: dict[str, Callable[[], bytes]] = {
    **{
        f"{carrier} {orientation}": lambda c=carrier, o=orientation: zoo.carrying(
            zoo.quarters(), o, c
        )
        for carrier in (*zoo.CARRIERS, *zoo.XMP_CARRIERS)
        for orientation in range(1, 9)
    },
    **{f"large {kind.lower()}": lambda k=kind: large(k) for kind in ("PNG", "GIF", "BMP", "TIFF")},
    "large jpeg": lambda: large("JPEG", quality=95),
    "large progressive jpeg": lambda: large("JPEG", quality=95, progressive=True),
    "large jpeg on its side": lambda: large("JPEG", quality=95, exif=zoo.exif_block(6)),
    "large webp": lambda: large("WEBP", quality=100),
    "large lossless webp": lambda: large("WEBP", lossless=True),
    "large avif": lambda: large("AVIF", quality=95),
    "large avif on its side": lambda: large("AVIF", quality=95, exif=zoo.exif_block(6)),
    "large png on its side": lambda: large("PNG", exif=zoo.exif_block(8)),
    "gray jpeg": lambda: zoo.save(zoo.quarters().convert("L"), "JPEG"),
    "cmyk jpeg": lambda: zoo.save(zoo.quarters().convert("CMYK"), "JPEG"),
    "jpeg with a profile": lambda: zoo.save(
        zoo.quarters(), "JPEG", icc_profile=zoo.rgb_profile(zoo.P3)
    ),
    "jpeg with a thumbnail": lambda: zoo.save(zoo.quarters(), "JPEG", exif=thumbnail()),
    "jpeg with more behind its end": lambda: zoo.save(zoo.quarters(), "JPEG") + b"\0" * 99,
    "jpeg of one pixel": lambda: zoo.save(zoo.quarters(1, 1), "JPEG"),
    "gif": lambda: zoo.save(zoo.quarters(), "GIF"),
    "animated gif": lambda: zoo.animation("GIF"),
    "animated webp": lambda: zoo.animation("WEBP"),
    "animated png": lambda: zoo.animation("PNG"),
    "animated avif": lambda: zoo.animation("AVIF"),
    "many frames": lambda: zoo.gif_bomb(900),
    "palette png": lambda: zoo.save(zoo.quarters().convert("P"), "PNG"),
    "16-bit png": lambda: zoo.save(Image.fromarray(zoo.sixteen_bit_gray()), "PNG"),
    "16-bit tiff": lambda: zoo.save(Image.fromarray(zoo.sixteen_bit_gray()), "TIFF"),
    "png of texts": lambda: zoo.text_bomb_png(),
    "png with code points": lambda: zoo.png_with_code_points(9, 16),
    "avif with code points": lambda: zoo.avif_with_code_points(9, 16),
    "pages": zoo.multi_page_tiff,
    "bilevel": zoo.bilevel_tiff,
    "big tiff": lambda: zoo.save(zoo.quarters(), "TIFF", big_tiff=True),
    "bmp": lambda: zoo.save(zoo.quarters(), "BMP"),
    "bmp upside down": lambda: upside_down_bmp(),
    "bmp of the first kind": lambda: old_bmp(),
    "icon": lambda: zoo.save(zoo.quarters(64, 64), "ICO"),
    "wide icon": lambda: zoo.save(zoo.quarters(256, 200), "ICO", sizes=[(256, 200), (32, 25)]),
    "icon of bitmaps": lambda: zoo.save(zoo.quarters(48, 48), "ICO", bitmap_format="bmp"),
}
REFUSED: dict[str, Callable[[], bytes]] = {
    "a page": lambda: b"<!doctype html><html><body>Not here</body></html>",
    "text": lambda: b"not here",
    "nothing that is known": lambda: bytes(range(256)),
    "psd": lambda: b"8BPS" + bytes(200),
    "video": lambda: b"\0\0\0\x18ftypmp42" + bytes(200),
    "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "too many pixels": zoo.huge_png,
    "too many frames": lambda: zoo.gif_bomb(1_100),
    "too many scans": lambda: zoo.scan_bomb(150, zoo.quarters()),
    "cut png": lambda: zoo.save(zoo.quarters(), "PNG")[:-20],
    "cut webp": lambda: zoo.save(zoo.quarters(), "WEBP")[:-20],
    "cut gif": lambda: zoo.save(zoo.quarters(), "GIF")[:-20],
    "cut jpeg": lambda: zoo.save(zoo.quarters(), "JPEG")[:-40],
    "cut jpeg with a thumbnail": lambda: zoo.save(zoo.quarters(), "JPEG", exif=thumbnail())[:-9],
    "cut gray jpeg": lambda: zoo.save(zoo.quarters().convert("L"), "JPEG")[:-9],
    "cut cmyk jpeg": lambda: zoo.save(zoo.quarters().convert("CMYK"), "JPEG")[:-9],
    "cut jpeg with restart marks": lambda: zoo.save(
        zoo.photo(), "JPEG", restart_marker_blocks=3, quality=20
    )[:-9],
    "cut jpeg padded with zeros": lambda: zoo.save(zoo.photo(90, 90), "JPEG")[:-99] + bytes(2_000),
    "cut png of many chunks": lambda: zoo.save(zoo.quarters(), "PNG")[:-40],
    "png without its last pixels": lambda: cut_pixels(),
    "cut header of a jpeg": lambda: zoo.save(zoo.quarters(), "JPEG")[:100],
    "endless jpeg of no components": lambda: of_no_components(),
    "endless jpeg of too many codes": lambda: of_too_many_codes(),
    "jpeg without a frame": lambda: b"\xff\xd8" + zoo.jpeg_segment(0xDA, b"\1" * 10),
    "float tiff": lambda: zoo.save(Image.new("F", (8, 8)), "TIFF"),
    "32-bit tiff": lambda: zoo.save(Image.new("I", (8, 8)), "TIFF"),
    "odd bmp": lambda: b"BM" + bytes(12) + struct.pack("<III", 13, 5, 5) + bytes(200),
    "bmp without pixels": lambda: zoo.save(zoo.quarters(), "BMP")[:18] + bytes(100),
}


ENDLESS: dict[str, tuple[Callable[[], bytes], str]] = {
    "jpeg": (
        lambda: zoo.save(zoo.quarters(), "JPEG", exif=thumbnail())[:-2],
        bare_jpeg.NO_END_NOTE,
    ),
    "gray jpeg": (
        lambda: zoo.save(zoo.photo(90, 70).convert("L"), "JPEG")[:-2],
        bare_jpeg.NO_END_NOTE,
    ),
    "cmyk jpeg": (
        lambda: zoo.save(zoo.quarters().convert("CMYK"), "JPEG")[:-1],
        bare_jpeg.NO_END_NOTE,
    ),
    "jpeg with restart marks": (
        lambda: zoo.save(zoo.photo(91, 77), "JPEG", restart_marker_blocks=3)[:-2],
        bare_jpeg.NO_END_NOTE,
    ),
    "progressive jpeg": (
        lambda: zoo.save(zoo.quarters(), "JPEG", progressive=True)[:-2],
        NO_END_NOTE,
    ),
    "png": (lambda: zoo.save(zoo.photo(50, 40), "PNG")[:-12], png.NO_END_NOTE),
}


def cut_pixels() -> bytes:
    """A PNG whose chunks are whole, but whose pixels end too early."""
    pixels = zlib.compress(bytes(20 * 31))
    header = struct.pack(">IIBBBBB", 30, 30, 8, 0, 0, 0, 0)
    return png.SIGNATURE + zoo.png_chunk(b"IHDR", header) + zoo.png_chunk(b"IDAT", pixels)


def thumbnail() -> bytes:
    """EXIF with a whole JPEG in it, as cameras write it."""
    return zoo.exif_block(secret=zoo.SECRET) + zoo.save(zoo.quarters(16, 16), "JPEG")


def upside_down_bmp() -> bytes:
    data = zoo.save(zoo.quarters(), "BMP")
    return data[:22] + struct.pack("<i", -64) + data[26:]


def old_bmp() -> bytes:
    """OS/2's header of twelve bytes, 5 by 3 pixels of 24 bits."""
    rows = bytes(16) * 3
    header = struct.pack("<IHHHH", 12, 5, 3, 1, 24)
    return b"BM" + struct.pack("<IHHI", 26 + len(rows), 0, 0, 26) + header + rows


@pytest.mark.parametrize("name", SAMPLES)
def test_format_and_size_are_those_that_the_codec_finds(name: str) -> None:
    data = sample(name)
    found = zoo.squeeze(data)
    seen = head_of(data)
    assert seen == Head(found.source_format, (found.source_width, found.source_height))


@pytest.mark.parametrize("name", ["large avif", "gif", "bmp", "pages", "icon", "animated webp"])
def test_a_short_start_is_enough_where_it_has_the_header(name: str) -> None:
    data = sample(name)
    assert start_of(data, 1_000 if name == "large avif" else len(data) - 10) == head_of(data)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_seen_upright_as_the_codec_turns_it(orientation: int) -> None:
    for size in ((96, 64), (97, 65)):
        image = zoo.stored(zoo.quarters(*size), orientation)
        data = zoo.heic(image, exif=zoo.exif_block(orientation))
        found = zoo.squeeze(data)
        assert head_of(data) == Head("heic", (found.source_width, found.source_height))


@pytest.mark.parametrize("name", ENDLESS)
def test_a_missing_end_mark_is_noted_where_the_codec_takes_the_picture(name: str) -> None:
    make, note = ENDLESS[name]
    found = zoo.squeeze(make())
    size = (found.source_width, found.source_height)
    assert head_of(make()) == Head(found.source_format, size, (note,))


def test_a_line_break_before_a_picture_is_skipped_with_a_note() -> None:
    data = b"\r\n" + zoo.save(zoo.quarters(), "JPEG")
    assert head_of(data) == Head("jpeg", (96, 64), (FRONT_NOTE,)) == start_of(data, 2_000)


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_codec_refuses_is_refused_with_the_same_code(name: str) -> None:
    data = REFUSED[name]()
    with pytest.raises(ImageError) as codec_says:
        zoo.squeeze(data)
    with pytest.raises(ImageError) as head_says:
        head_of(data)
    assert head_says.value.code == codec_says.value.code


def of_no_components() -> bytes:
    frame = zoo.jpeg_segment(0xC0, b"\x08" + struct.pack(">HH", 8, 8) + b"\0")
    return b"\xff\xd8" + frame + zoo.jpeg_segment(0xDA, b"\0\0\x3f\0") + bytes(50)


def of_too_many_codes() -> bytes:
    """Tables whose codes fill their 16 bits 128 times over, 200 times, and no end mark."""
    table = b"\0\xff" + bytes(15) + bytes(range(255))
    tables = b"".join(zoo.jpeg_segment(0xC4, table) for _ in range(200))
    return b"\xff\xd8" + tables + zoo.save(zoo.quarters(), "JPEG")[2:-40]


LATER: dict[str, Callable[[], bytes]] = {
    "jpeg behind a huge profile": lambda: zoo.jpeg_with(
        zoo.jpeg_segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(65_500)), large("JPEG", quality=95)
    ),
    "tiff with its directory behind": lambda: large("TIFF", compression="tiff_lzw"),
    "webp that exif may turn": lambda: large("WEBP", quality=100, exif=zoo.exif_block(6)),
    "gif behind a long comment": lambda: gif_behind_a_comment(),
    "png behind a chunk of its own": lambda: (
        b"\x89PNG\r\n\x1a\n" + zoo.png_chunk(b"prVt", bytes(70_000)) + large("PNG")[8:]
    ),
    "avif with its boxes behind": lambda: meta_behind(large("AVIF", quality=95)),
}


def gif_behind_a_comment() -> bytes:
    data = zoo.save(zoo.quarters(), "GIF")
    start = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    return data[:start] + b"\x21\xfe" + (b"\xff" + bytes(255)) * 300 + b"\0" + data[start:]


def meta_behind(data: bytes) -> bytes:
    start = data.index(b"meta") - 4
    end = start + int.from_bytes(data[start : start + 4], "big")
    return data[:start] + data[end:] + data[start:end]


@pytest.mark.parametrize("name", LATER)
def test_a_size_that_comes_later_is_left_open_with_a_note(name: str) -> None:
    data = sample(name)
    assert len(data) > HEAD_BYTES
    seen = head_of(data)
    assert (seen.size, seen.notes) == (None, (NO_SIZE_NOTE,))
    assert seen.format == name.split()[0]


def test_too_many_pixels_are_seen_even_where_the_way_up_is_not() -> None:
    data = sample("webp that exif may turn")
    with pytest.raises(ImageError) as caught:
        head_of(data, max_pixels=1_000_000)
    assert caught.value.code == "too_many_pixels"


@pytest.mark.parametrize("name", [*SAMPLES, *LATER])
def test_any_start_of_a_file_is_read_or_refused(name: str) -> None:
    data = sample(name)[:HEAD_BYTES]
    sizes = {*range(1, min(len(data), 200)), *range(200, len(data), 1_997)}
    assert {code_of(data[:size], whole=True) for size in sizes} <= {
        None, "not_an_image", "unsupported_format", "corrupt_image"
    }  # fmt: skip
    # Where more is to come, its absence is nobody's fault.
    assert {code_of(data[:size], whole=False) for size in sizes} <= {
        None, "not_an_image", "unsupported_format"
    }  # fmt: skip


def code_of(data: bytes, *, whole: bool) -> str | None:
    try:
        look(data, whole=whole, max_pixels=zoo.MAX_PIXELS)
    except ImageError as error:
        return error.code
    return None


def test_looking_loads_no_decoder() -> None:
    code = (
        "import sys, app.imaging.heads.look;"
        "print({'PIL', 'numpy', 'simplejpeg', 'pillow_heif'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
