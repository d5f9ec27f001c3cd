"""Awkward pictures, made by code; each maker says what is awkward about it."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin

from app.domain.options import ProcessingOptions
from app.imaging.compress import compress
from app.imaging.result import CompressedImage

MAX_PIXELS = 50_000_000
RED, GREEN, BLUE, WHITE = (230, 20, 20), (20, 180, 20), (20, 20, 230), (250, 250, 250)
SECRET = b"Jane Doe <script>alert(1)</script> 52.5200N 13.4050E"
# Which stored orientation turns an upright picture into the one in the file.
STORE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def squeeze(data: bytes, *, max_pixels: int = MAX_PIXELS, **options: Any) -> CompressedImage:
    """Compress with options by name."""
    return compress(data, ProcessingOptions(**options).pictures, max_pixels=max_pixels)


def opened(result: CompressedImage | bytes) -> Image.Image:
    """The decoded first frame, read by Pillow alone."""
    data = result if isinstance(result, bytes) else result.data
    image = Image.open(BytesIO(data))
    image.load()
    return image


def pixel(result: CompressedImage, at: tuple[int, int]) -> tuple[int, ...]:
    """One pixel as RGB or RGBA."""
    image = opened(result)
    value = image.convert("RGBA" if image.has_transparency_data else "RGB").getpixel(at)
    assert isinstance(value, tuple)
    return tuple(int(part) for part in value)


def near(seen: tuple[int, ...], wanted: tuple[int, ...], tolerance: int) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(seen, wanted, strict=True))


def psnr(first: Image.Image, second: Image.Image) -> float:
    """Likeness in decibels; above 35 they look the same."""
    a, b = (np.asarray(image.convert("RGB")).astype(float) for image in (first, second))
    error = float(((a - b) ** 2).mean())
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def save(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    """Red and green above, blue and white below: every turn and flip shows."""
    image = Image.new("RGB", (width, height), WHITE)
    half_width, half_height = width // 2, height // 2
    image.paste(RED, (0, 0, half_width, half_height))
    image.paste(GREEN, (half_width, 0, width, half_height))
    image.paste(BLUE, (0, half_height, half_width, height))
    return image


def photo(width: int = 400, height: int = 300, seed: int = 1) -> Image.Image:
    """Soft shapes with a little noise, as a camera makes them."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(50, 200, (9, 12, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(float)
    noisy = smooth + random.normal(0, 2, smooth.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def exif_block(orientation: int = 1, secret: bytes = b"") -> bytes:
    """An EXIF block with an orientation and, if asked, a personal description."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    if secret:
        exif[0x010E] = secret.decode("latin-1")
    return exif.tobytes()


def xmp_packet(orientation: int) -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmlns:tiff="t" '
        b'tiff:Orientation="%d"/>%s</x:xmpmeta>' % (orientation, SECRET)
    )


def stored(upright: Image.Image, orientation: int) -> Image.Image:
    """The pixels as a camera held that way would store them."""
    return upright if orientation == 1 else upright.transpose(STORE[orientation])


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_with(chunks: bytes, image: Image.Image | None = None) -> bytes:
    """A PNG with further chunks behind its header."""
    data = save(image or quarters(), "PNG")
    return data[:33] + chunks + data[33:]


def jpeg_with(segments: bytes, data: bytes | None = None) -> bytes:
    """A JPEG with further segments behind its start."""
    data = data or save(quarters(), "JPEG", quality=95, subsampling=0)
    return data[:2] + segments + data[2:]


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def carrying(upright: Image.Image, orientation: int, carrier: str) -> bytes:
    """A file stored on its side, with the word on it in the way that `carrier` names."""
    image, exif = stored(upright, orientation), exif_block(orientation)
    if carrier == "jpeg exif":
        return save(image, "JPEG", quality=95, exif=exif)
    if carrier == "jpeg xmp":
        body = b"http://ns.adobe.com/xap/1.0/\0" + xmp_packet(orientation)
        return jpeg_with(jpeg_segment(0xE1, body), save(image, "JPEG", quality=95))
    if carrier == "png exif":
        return save(image, "PNG", exif=exif)
    if carrier == "png xmp":
        body = b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_packet(orientation)
        return png_with(png_chunk(b"iTXt", body), image)
    if carrier == "png packed xmp":
        body = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp_packet(orientation))
        return png_with(png_chunk(b"iTXt", body), image)
    if carrier == "png raw profile":
        block = exif
        text = b"\nexif\n%8d\n%s\n" % (len(block), block.hex().encode())
        body = b"Raw profile type exif\0\0" + zlib.compress(text)
        return png_with(png_chunk(b"zTXt", body), image)
    if carrier == "webp exif":
        return save(image, "WEBP", lossless=True, exif=exif)
    if carrier == "webp xmp":
        return save(image, "WEBP", lossless=True, xmp=xmp_packet(orientation))
    if carrier == "tiff":
        return save(image, "TIFF", tiffinfo={0x0112: orientation})
    if carrier == "tiff deflate":
        return save(image, "TIFF", compression="tiff_deflate", tiffinfo={0x0112: orientation})
    assert carrier == "avif"
    return save(image, "AVIF", quality=95, exif=exif)


CARRIERS = (
    "jpeg exif", "png exif", "png raw profile", "webp exif", "tiff", "tiff deflate", "avif",
)  # fmt: skip
# Browsers do not listen to these.
XMP_CARRIERS = ("jpeg xmp", "png xmp", "png packed xmp", "webp xmp")


# Colorants of the profiles below, adapted to D50. Sources: SMPTE EG 432-1 and Adobe RGB (1998).
P3 = ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
D50 = (0.9642, 1.0, 0.8249)


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _profile(space: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    """An ICC profile of version 2. Source: ICC.1:2001-04."""
    text = b"desc\0\0\0\0" + struct.pack(">I", len(SECRET) + 1) + SECRET + b"\0" + b"\0" * 78
    tags = [(b"desc", text), (b"cprt", b"text\0\0\0\0none\0"), (b"wtpt", _xyz(D50)), *tags]
    position, table, bodies = 132 + 12 * len(tags), b"", b""
    for name, body in tags:
        padded = body + b"\0" * (-len(body) % 4)
        table += struct.pack(">4sII", name, position, len(body))
        bodies += padded
        position += len(padded)
    header = struct.pack(">I4sI4s4s4s", position, b"test", 0x02400000, b"mntr", space, b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28
    header += struct.pack(">3i", *(round(value * 65536) for value in D50))
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + bodies


def rgb_profile(colorants: tuple[tuple[float, float, float], ...], gamma: float = 2.2) -> bytes:
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    return _profile(
        b"RGB ",
        [
            (name, _xyz(value))
            for name, value in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True)
        ]
        + [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")],
    )


# Inks on white paper, as an offset press prints them; C, M and Y count as the bits 1, 2 and 4.
PRESS_INKS = (
    (100, 0, 0), (55, -37, -50), (48, 74, -3), (24, 22, -46),
    (89, -5, 93), (50, -68, 27), (47, 68, 48), (23, 0, 0),
)  # fmt: skip


def press_profile() -> bytes:
    """A CMYK profile with a table of two steps an ink; black covers all others."""
    straight = bytes(range(256))
    corners = bytearray()
    for index in range(16):  # the first ink changes slowest
        inks = sum(1 << n for n in range(3) if index & (8 >> n))
        light, a, b = (0, 0, 0) if index & 1 else PRESS_INKS[inks]
        corners += bytes([round(light * 2.55), a + 128, b + 128])
    identity = struct.pack(">9i", *(65536 if n % 4 == 0 else 0 for n in range(9)))
    table = b"mft1\0\0\0\0\4\3\2\0" + identity + straight * 4 + bytes(corners) + straight * 3
    profile = bytearray(_profile(b"CMYK", [(b"A2B0", table)]))
    profile[12:16], profile[20:24] = b"prtr", b"Lab "
    return bytes(profile)


def gray_profile(gamma: float) -> bytes:
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    return _profile(b"GRAY", [(b"kTRC", curve)])


def lab_in_srgb(lab: tuple[float, float, float]) -> tuple[int, ...]:
    """What a CIE L*a*b* colour is in sRGB, by the textbook. Source: ICC.1, 6.3; IEC 61966-2-1."""
    y = (lab[0] + 16) / 116
    parts = np.array([y + lab[1] / 500, y, y - lab[2] / 200])
    xyz = np.where(parts > 6 / 29, parts**3, (parts - 16 / 116) * 108 / 841) * np.array(D50)
    return _encoded(np.linalg.solve(np.array(SRGB).T, xyz))


def in_srgb(
    colour: tuple[int, int, int], colorants: tuple[tuple[float, float, float], ...], gamma: float
) -> tuple[int, ...]:
    """What a colour of that space is in sRGB, by the textbook. Source: IEC 61966-2-1."""
    linear = (np.array(colour) / 255) ** gamma
    return _encoded(np.linalg.solve(np.array(SRGB).T, np.array(colorants).T @ linear))


def _encoded(linear: np.ndarray) -> tuple[int, ...]:
    seen = linear.clip(0, 1)
    encoded = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    return tuple(int(value) for value in np.round(encoded * 255))


def without_adobe_marker(data: bytes) -> bytes:
    """Remove the APP14 segment of a JPEG."""
    start = data.index(b"\xff\xee")
    (length,) = struct.unpack_from(">H", data, start + 2)
    return data[:start] + data[start + 2 + length :]


def animation(kind: str, frames: int = 4, **options: Any) -> bytes:
    """Full frames of one colour each: red, green, blue, red ..., 100 to 400 ms."""
    colours = (RED, GREEN, BLUE)
    images = [Image.new("RGB", (48, 32), colours[index % 3]) for index in range(frames)]
    durations = [100 * (index + 1) for index in range(frames)]
    return save(
        images[0], kind, save_all=True, append_images=images[1:], duration=durations, **options
    )


def huge_png(side: int = 30_000) -> bytes:
    """A few kilobytes that claim 900 megapixels."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", body)
        + png_chunk(b"IEND", b"")
    )


def scan_bomb(scans: int = 2_000, image: Image.Image | None = None) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    data = save(image or photo(), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    last = data[start:-2]
    return data[:-2] + last * scans + b"\xff\xd9"


def gif_bomb(frames: int) -> bytes:
    """A GIF with that many frames of one pixel."""
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\x02\x02\x44\x01\x00"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b";"


def text_bomb_png(chunks: int = 100) -> bytes:
    """A PNG with compressed texts of a megabyte each."""
    packed = zlib.compress(bytes(1_000_000), 9)
    texts = b"".join(
        png_chunk(b"zTXt", b"Comment%d\0\0" % index + packed) for index in range(chunks)
    )
    return png_with(texts)


def sixteen_bit_gray() -> np.ndarray:
    """A ramp over all of 16 bits, 256 wide and 8 high."""
    return np.tile(np.linspace(0, 65_535, 256).astype(np.uint16), (8, 1))


def heic(image: Image.Image, **options: Any) -> bytes:
    """A photo as phones save it; by pillow-heif."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    return save(image, "HEIF", **({"quality": 90, "chroma": 444} | options))


def png_with_code_points(primaries: int, transfer: int) -> bytes:
    return png_with(png_chunk(b"cICP", bytes([primaries, transfer, 0, 1])))


def avif_with_code_points(primaries: int, transfer: int) -> bytes:
    """An AVIF whose `colr` box names other colours than those that it was made in."""
    data = save(quarters(), "AVIF", quality=95)
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def multi_page_tiff() -> bytes:
    pages = [Image.new("RGB", (40, 30), colour) for colour in (RED, GREEN)]
    return save(pages[0], "TIFF", save_all=True, append_images=pages[1:])


def bilevel_tiff() -> bytes:
    image = quarters().convert("L").point(lambda value: 255 * (value > 100)).convert("1")
    info = TiffImagePlugin.ImageFileDirectory_v2()
    return save(image, "TIFF", compression="group4", tiffinfo=info)
