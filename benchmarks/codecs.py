"""The codec alone: processes that only decode and encode, from memory. Nothing can be faster."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simplejpeg

from app.domain.options import ProcessingOptions
from app.imaging.compress import compress
from benchmarks.processes import side_by_side

QUALITY = 50
MAX_PIXELS = 50_000_000
WARM_UP = 4


@dataclass(frozen=True)
class CodecRun:
    """CPU time of all processes together; wall time from the first start to the last end."""

    cpu_seconds: float
    wall_seconds: float


def plain_jpeg(data: bytes) -> None:
    """Decode and encode a JPEG of quality 50 with libjpeg-turbo: the bare work."""
    pixels = simplejpeg.decode_jpeg(data, "RGB")
    simplejpeg.encode_jpeg(pixels, QUALITY, "RGB", "420", fastdct=False)


def our_ladder(data: bytes) -> None:
    """The same through `app.imaging`, with its looks at headers, profiles and limits."""
    compress(data, ProcessingOptions(quality=QUALITY).pictures, max_pixels=MAX_PIXELS)


def run_codec(
    codec: Callable[[bytes], None], files: Sequence[Path], *, processes: int = 2
) -> CodecRun:
    """Put every file through the codec, the files shared out evenly over the processes."""
    measured = side_by_side(
        _work, [(codec, list(files[number::processes])) for number in range(processes)]
    )
    return CodecRun(
        cpu_seconds=sum(cpu for cpu, _, _ in measured),
        wall_seconds=max(end for _, _, end in measured) - min(start for _, start, _ in measured),
    )


def _work(codec: Callable[[bytes], None], files: list[Path], barrier: Any, results: Any) -> None:
    contents = {path: path.read_bytes() for path in set(files)}
    for path in files[:WARM_UP]:
        codec(contents[path])
    barrier.wait()
    # perf_counter is one clock for all processes of a Linux machine.
    cpu, start = time.process_time(), time.perf_counter()
    for path in files:
        codec(contents[path])
    results.put((time.process_time() - cpu, start, time.perf_counter()))
