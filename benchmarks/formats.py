"""What the options cost beside a few lines of Pillow that do the same."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from app.domain.options import ProcessingOptions
from app.domain.picture_options import PictureOptions
from app.imaging.compress import compress
from benchmarks.codecs import MAX_PIXELS, QUALITY
from benchmarks.figures import print_table, progress, ratios, spread
from benchmarks.goals import Measured

MAX_BYTES = 40_000
LOWEST_QUALITY, QUALITY_TRIES = 20, 4

Pillow = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Case:
    """An option of the service, and the same by Pillow alone."""

    name: str
    options: PictureOptions
    pillow: Pillow
    cpu_ms: list[float] = field(default_factory=list)
    pillow_cpu_ms: list[float] = field(default_factory=list)
    bytes_ratio: list[float] = field(default_factory=list)


def compare_formats(photos: Sequence[Path], *, rounds: int) -> list[Measured]:
    """Run each option and Pillow in turn over the same photos, in this one process."""
    contents = [path.read_bytes() for path in photos]
    cases = _cases()
    for turn in range(rounds):
        for case in cases:
            progress(f"Round {turn + 1} of {rounds}: {case.name} ...")
            _run(case, contents)
    print_table(
        ["option", "CPU ms an image", "by Pillow", "ours / Pillow's", "bytes, ours / Pillow's"],
        [
            [
                case.name,
                spread(case.cpu_ms),
                spread(case.pillow_cpu_ms),
                spread(ratios(case.cpu_ms, case.pillow_cpu_ms)),
                spread(case.bytes_ratio),
            ]
            for case in cases
        ],
    )
    return [
        Measured("formats", case.name, ratios(case.cpu_ms, case.pillow_cpu_ms)) for case in cases
    ]


def _run(case: Case, contents: Sequence[bytes]) -> None:
    spent, spent_by_pillow, size, size_by_pillow = 0.0, 0.0, 0, 0
    for data in contents:
        start = time.process_time()
        size += len(compress(data, case.options, max_pixels=MAX_PIXELS).data)
        middle = time.process_time()
        size_by_pillow += len(case.pillow(data))
        spent += middle - start
        spent_by_pillow += time.process_time() - middle
    case.cpu_ms.append(1000 * spent / len(contents))
    case.pillow_cpu_ms.append(1000 * spent_by_pillow / len(contents))
    case.bytes_ratio.append(size / size_by_pillow)


def _cases() -> list[Case]:
    def case(name: str, pillow: Pillow, **options: Any) -> Case:
        return Case(name, ProcessingOptions(quality=QUALITY, **options).pictures, pillow)

    return [
        case("jpeg (default)", lambda data: _saved(_opened(data), "JPEG")),
        case("webp", lambda data: _saved(_opened(data), "WEBP"), format="webp"),
        case("avif", lambda data: _saved(_opened(data), "AVIF", max_threads=1), format="avif"),
        case("png, palette", _palette_png, format="png"),
        Case(
            "png, quality 100",
            ProcessingOptions(quality=100, format="png").pictures,
            lambda data: _saved(_opened(data), "PNG"),
        ),
        case("scale=0.5", _half, scale=0.5),
        case("max_width=300", _narrow, max_width=300),
        case("max_width=300, Pillow's decoder scales", _narrow_by_decoder, max_width=300),
        case(f"max_bytes={MAX_BYTES}", _searched, max_bytes=MAX_BYTES),
    ]


def _opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data)).convert("RGB")


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, quality=QUALITY, **options)
    return out.getvalue()


def _palette_png(data: bytes) -> bytes:
    return _saved(_opened(data).quantize(256), "PNG")


def _half(data: bytes) -> bytes:
    image = _opened(data)
    half = image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
    return _saved(half, "JPEG")


def _narrow_by_decoder(data: bytes) -> bytes:
    image = Image.open(BytesIO(data))
    # thumbnail() has the decoder halve sides as long as twice the wanted size is left.
    image.thumbnail((300, image.height), Image.Resampling.LANCZOS)
    return _saved(image, "JPEG")


def _narrow(data: bytes) -> bytes:
    image = _opened(data)
    height = round(image.height * 300 / image.width)
    return _saved(image.resize((300, height), Image.Resampling.LANCZOS), "JPEG")


def _searched(data: bytes) -> bytes:
    """The wanted quality, then the lowest, then halving between: the search that we do, too."""
    image = _opened(data)

    def encoded(quality: int) -> bytes:
        out = BytesIO()
        image.save(out, "JPEG", quality=quality)
        return out.getvalue()

    first = encoded(QUALITY)
    if len(first) <= MAX_BYTES:
        return first
    best, low, high = encoded(LOWEST_QUALITY), LOWEST_QUALITY, QUALITY
    for _ in range(QUALITY_TRIES):
        middle = (low + high) // 2
        tried = encoded(middle)
        if len(tried) <= MAX_BYTES:
            best, low = tried, middle
        else:
            high = middle
    return best
