"""What the worst pictures cost a codec child: memory at its highest, and time to give up."""

import asyncio
import os
import signal
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from app.bootstrap import build_adapters, build_worker_context
from app.codecs.pool import CodecPool
from app.config import load_settings
from app.domain.errors import ImageError
from app.domain.options import ProcessingOptions
from app.domain.picture_options import PictureOptions
from app.logs import configure_logs
from benchmarks.figures import MEGABYTE, print_table, progress
from benchmarks.processes import peak_rss_bytes
from tests.parts.process import own_children
from tests.unit.imaging import zoo

# The largest picture that the default MAX_IMAGE_PIXELS lets in.
SIDE = 7_000
SAMPLE_SECONDS = 0.02
START_SECONDS = 30


@dataclass(frozen=True)
class Case:
    """A picture and what is asked of it; `stopped`: of a child that stands still."""

    name: str
    make: Callable[[], bytes]
    options: PictureOptions
    stopped: bool = False


def measure_pictures(*, only: str) -> None:
    """Give each picture to a fresh child of the service's own pool and print what became of it.

    Args:
        only: a part of the names of the pictures to take; empty for all.
    """
    # Else the pool's own log would stand between the figures.
    configure_logs(load_settings())
    rows = []
    for case in _cases():
        if only.lower() in case.name.lower():
            progress(f"{case.name} ...")
            rows.append(asyncio.run(_run(case)))
    print_table(
        ["picture", "bytes in", "seconds", "child's peak RSS, MB", "of that before it, MB", "end"],
        rows,
    )


async def _run(case: Case) -> list[str]:
    data = case.make()
    async with _one_child() as pool:
        with _watched_child() as watched:
            return await _watched_run(case, data, pool, watched)


async def _watched_run(case: Case, data: bytes, pool: CodecPool, watched: "_Watched") -> list[str]:
    before = watched.peak
    started = time.perf_counter()
    picture = asyncio.create_task(pool.compress(data, case.options))
    if case.stopped:
        await _until(lambda: not pool.idle)
        for pid in own_children():
            os.kill(pid, signal.SIGSTOP)
    try:
        done = await picture
        end = f"{done.format}, {len(done.data):,} bytes" + (", kept" if done.kept else "")
    except ImageError as error:
        end = f"`{error.code}`"
    seconds = time.perf_counter() - started
    watched.look()
    peaks = [f"{value / MEGABYTE:,.0f}" for value in (watched.peak, before)]
    return [case.name, f"{len(data):,}", f"{seconds:.2f}", *peaks, end]


@asynccontextmanager
async def _one_child() -> AsyncIterator[CodecPool]:
    """A pool as the worker has it, of one child, ready for its first picture."""
    with tempfile.TemporaryDirectory(prefix="ips-benchmark-") as folder:
        settings = load_settings(data_dir=Path(folder), codec_processes=1)
        pool = build_worker_context(build_adapters(settings)).codecs
        pool.start()
        try:
            await _until(lambda: pool.ready)
            yield pool
        finally:
            await pool.close()


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(START_SECONDS):
        # What is waited for is other processes' doing, of which no event tells.
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(SAMPLE_SECONDS)


class _Watched:
    """The highest peak of this process's children; a child that dies takes its own word along."""

    def __init__(self) -> None:
        self.peak = 0
        self.look()

    def look(self) -> None:
        for pid in own_children():
            with suppress(FileNotFoundError, ProcessLookupError):
                self.peak = max(self.peak, peak_rss_bytes(pid))


@contextmanager
def _watched_child() -> Iterator[_Watched]:
    watched, ended = _Watched(), threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            watched.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield watched
    finally:
        ended.set()
        thread.join()


def _cases() -> list[Case]:
    def case(name: str, make: Callable[[], bytes], **options: Any) -> Case:
        return Case(name, make, ProcessingOptions(**options).pictures)

    return [
        case("1 MP photo, JPEG", lambda: zoo.save(_large(1_000), "JPEG", quality=90)),
        case("49 MP JPEG", lambda: zoo.save(_large(), "JPEG", quality=90)),
        case("49 MP JPEG, Display-P3", _wide_gamut),
        case("49 MP JPEG, on its side", _on_its_side),
        case("49 MP JPEG, CMYK", lambda: zoo.save(_large().convert("CMYK"), "JPEG", quality=90)),
        case("49 MP JPEG to WebP", _plain_jpeg, format="webp"),
        case("49 MP JPEG to AVIF", lambda: zoo.save(_large(), "JPEG"), format="avif"),
        case("49 MP JPEG to PNG", lambda: zoo.save(_large(), "JPEG"), format="png"),
        case("49 MP JPEG, max_bytes=100000", lambda: zoo.save(_large(), "JPEG"), max_bytes=100_000),
        case("49 MP JPEG, scale=0.25", lambda: zoo.save(_large(), "JPEG"), scale=0.25),
        case("49 MP JPEG to AVIF, max_bytes=1000", _plain_jpeg, format="avif", max_bytes=1_000),
        case("49 MP PNG with alpha", _alpha_png),
        case("49 MP PNG with alpha to WebP", _alpha_png, format="webp"),
        case("49 MP PNG with alpha to AVIF", _alpha_png, format="avif"),
        case("49 MP PNG with alpha to PNG", _alpha_png, format="png"),
        case("49 MP PNG with alpha, Display-P3, on its side", _alpha_png_to_be_turned),
        case("24 MP cut-out PNG to WebP", _cut_out_png, format="webp"),
        case("24 MP cut-out PNG to AVIF", _cut_out_png, format="avif"),
        case("24 MP cut-out PNG to PNG", _cut_out_png, format="png"),
        case("24 MP JPEG to AVIF", lambda: zoo.save(_large(4_000, 6_000), "JPEG"), format="avif"),
        case("49 MP PNG, 16-bit gray", _deep_png),
        case("49 MP PNG, one colour", lambda: zoo.save(Image.new("RGB", (SIDE, SIDE)), "PNG")),
        case("49 MP WebP", lambda: zoo.save(_large(), "WEBP", quality=60, method=0)),
        case("36 MP WebP with alpha", lambda: zoo.save(_cut_out(6_000, 6_000), "WEBP", method=0)),
        case("49 MP AVIF", lambda: zoo.save(_large(), "AVIF", speed=10)),
        case("49 MP HEIC, Display-P3", _heic),
        case("49 MP TIFF", lambda: zoo.save(_large(), "TIFF", compression="tiff_adobe_deflate")),
        case("49 MP progressive JPEG of 95 scans", _many_scans),
        case("zoo: 900 MP PNG of a few KB", zoo.huge_png),
        case("zoo: progressive JPEG of 2,000 scans", zoo.scan_bomb),
        case("zoo: GIF of 100,000 frames", lambda: zoo.gif_bomb(100_000)),
        case("zoo: GIF of 100,000 frames, kept", lambda: zoo.gif_bomb(100_000), format="keep"),
        case("zoo: PNG with 100 MB of packed text", zoo.text_bomb_png),
        case("zoo: animated WebP, 900 frames", lambda: _animation(900), format="webp"),
        case("zoo: cut-off JPEG", lambda: zoo.save(_large(), "JPEG")[:-200_000]),
        case("not a picture", lambda: os.urandom(20_000_000)),
        # One that it would work on for seconds, so that it is still busy when it is stopped.
        Case(
            "a decoder that stands still",
            _plain_jpeg,
            ProcessingOptions(format="webp").pictures,
            True,
        ),
    ]


def _large(height: int = SIDE, width: int | None = None) -> Image.Image:
    """A photo's texture all over; made from one tile, as drawing so many pixels takes long."""
    tile = np.asarray(zoo.photo(1_000, 1_000))
    return Image.fromarray(np.tile(tile, (height // 1_000, (width or height) // 1_000, 1)))


def _cut_out(height: int, width: int) -> Image.Image:
    """A product on nothing, with a soft edge, as shops have them."""
    mask = Image.new("L", (width // 10, height // 10))
    ImageDraw.Draw(mask).ellipse((width // 50, height // 50, width // 12, height // 12), fill=255)
    picture = _large(height, width)
    picture.putalpha(mask.resize(picture.size, Image.Resampling.BILINEAR))
    return picture


def _cut_out_png() -> bytes:
    return zoo.save(_cut_out(4_000, 6_000), "PNG", compress_level=1)


def _plain_jpeg() -> bytes:
    return zoo.save(_large(), "JPEG")


def _heic() -> bytes:
    return zoo.heic(_large(), quality=50, chroma=420, icc_profile=zoo.rgb_profile(zoo.P3))


def _wide_gamut() -> bytes:
    return zoo.save(_large(), "JPEG", quality=90, icc_profile=zoo.rgb_profile(zoo.P3))


def _on_its_side() -> bytes:
    return zoo.save(_large(), "JPEG", quality=90, exif=zoo.exif_block(6))


def _alpha_png() -> bytes:
    picture = _large()
    picture.putalpha(picture.getchannel("G"))
    return zoo.save(picture, "PNG", compress_level=1)


def _alpha_png_to_be_turned() -> bytes:
    picture = _large()
    picture.putalpha(picture.getchannel("G"))
    profile, exif = zoo.rgb_profile(zoo.P3), zoo.exif_block(6)
    return zoo.save(picture, "PNG", compress_level=1, icc_profile=profile, exif=exif)


def _deep_png() -> bytes:
    ramp = np.tile(np.arange(SIDE, dtype=np.uint16) * 9, (SIDE, 1))
    return zoo.save(Image.fromarray(ramp), "PNG", compress_level=1)


def _many_scans() -> bytes:
    data = zoo.save(_large(), "JPEG", quality=90, progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    scans = data.count(b"\xff\xda")
    return data[:-2] + last * (95 - scans) + b"\xff\xd9"


def _animation(frames: int) -> bytes:
    pictures = [Image.fromarray(np.full((200, 250, 3), n % 256, np.uint8)) for n in range(frames)]
    out = BytesIO()
    pictures[0].save(out, "WEBP", save_all=True, append_images=pictures[1:], duration=40, method=0)
    return out.getvalue()
