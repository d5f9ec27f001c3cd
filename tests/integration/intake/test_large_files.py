"""Memory and the first byte do not depend on how many rows a file has."""

import io
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.catalog.reader import validate
from app.domain.options import OutputMode, ProcessingOptions
from app.intake.ingest import ingest
from app.results import outputs
from tests.factories import make_csv
from tests.integration.bench import Bench, bench

# Each place costs the check 8 bytes, and growing them in place at most the same again.
BYTES_PER_PLACE = 16
NOISE_BYTES = 2_000_000
# Even the smaller file has several of the blocks in which files are read.
FEW, MANY = 10_000, 30_000


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Bench]:
    """Adapters without a worker."""
    with bench(working=False, data_dir=tmp_path) as made:
        yield made


def table(rows: int, urls: int = 1) -> bytes:
    cells = [
        [str(n), f"Product {n}", ",".join(f"https://a.example/{n}-{k}.jpg" for k in range(urls))]
        for n in range(rows)
    ]
    return make_csv(cells=cells)


def peak_of(work: Callable[[], None]) -> int:
    """The most memory that Python objects took during the work, beyond what was there."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("damaged", [False, True], ids=["good", "with bad rows"])
def test_the_check_of_a_large_file_takes_no_more_memory_than_its_hashes(damaged: bool) -> None:
    def peak(rows: int) -> int:
        data = table(rows, urls=2)
        if damaged:
            data = data.replace(b"0,Product", b"0,").replace(b"7-1.jpg", b"7 1.jpg x")
        stream = io.BytesIO(data)
        return peak_of(lambda: validate(stream, max_rows=rows, accept_valid_rows=True) and None)

    peak(100)  # What is made once, such as tables of encodings, is no part of it.
    assert peak(MANY) - peak(FEW) < 2 * (MANY - FEW) * BYTES_PER_PLACE + NOISE_BYTES


def test_the_output_of_a_large_file_begins_at_once_and_takes_no_more_memory(idle: Bench) -> None:
    def first_byte_and_peak(rows: int) -> tuple[float, int, int]:
        request_id = idle.upload(table(rows))
        ingest(idle.adapters, request_id, stopping=lambda: False)

        def chunks() -> Iterator[bytes]:
            return outputs.output_csv(
                idle.adapters, request_id, owner="", partial=True, raw=False
            ).chunks

        started = time.monotonic()
        stream = chunks()
        assert next(stream).startswith(b"S. No.,")
        next(stream)
        seconds = time.monotonic() - started
        lines = 0

        def read_all() -> None:
            nonlocal lines
            lines = sum(chunk.count(b"\r\n") for chunk in chunks())

        return seconds, peak_of(read_all), lines

    _, small_peak, _ = first_byte_and_peak(FEW)
    seconds, large_peak, lines = first_byte_and_peak(MANY)
    assert lines == MANY + 1
    assert seconds < 1
    assert large_peak - small_peak < NOISE_BYTES


@pytest.mark.parametrize("output", OutputMode)
def test_somebody_who_reads_slowly_keeps_less_than_a_megabyte(
    idle: Bench, output: OutputMode
) -> None:
    options = ProcessingOptions(output=output)
    request_id = idle.upload(table(3_000, urls=3), options=options)
    ingest(idle.adapters, request_id, stopping=lambda: False)
    waiting = []

    def read_some(readers: int) -> None:
        for _ in range(readers):
            stream = outputs.output_csv(
                idle.adapters, request_id, owner="", partial=True, raw=False
            ).chunks
            next(stream)
            next(stream)
            waiting.append(stream)

    read_some(1)
    assert peak_of(lambda: read_some(20)) < 20 * 1_000_000
