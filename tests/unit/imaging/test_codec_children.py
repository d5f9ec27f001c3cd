"""The pool of codec children: real processes, really killed."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.domain.errors import (
    DecoderCrashed,
    DecoderTimeout,
    ImageError,
    InternalError,
    NotAnImage,
    TooManyPixels,
)
from app.domain.options import ProcessingOptions
from app.imaging import wire
from app.imaging.lane import Lane
from app.imaging.result import CompressedImage
from app.imaging.sandbox import CodecLimits, CodecPool
from tests.unit.imaging import zoo

ROOT = Path(__file__).resolve().parents[3]
LIMITS = CodecLimits(
    max_pixels=zoo.MAX_PIXELS, memory_bytes=800_000_000, cpu_seconds=20, wall_seconds=30
)
OPTIONS = ProcessingOptions()  # type: ignore[call-arg]
SLOW = ProcessingOptions(format="avif", quality=90, max_bytes=1_000)  # type: ignore[call-arg, arg-type]
PICTURE = zoo.save(zoo.photo(), "JPEG", quality=95)
# A second or two of work: the search for so small a file takes many encodes.
HEAVY = zoo.save(zoo.photo(2_000, 1_500), "JPEG")


@contextmanager
def running(processes: int = 1, limits: CodecLimits = LIMITS) -> Iterator[CodecPool]:
    pool = CodecPool(processes, limits)
    pool.start()
    assert pool.ready(30)
    try:
        yield pool
    finally:
        pool.close()


# Children of services that other tests of this process keep running.
strangers: set[int] = set()


@pytest.fixture(autouse=True)
def know_the_strangers() -> None:
    strangers.clear()
    strangers.update(children())


def children() -> list[int]:
    """Codec children of this test that are alive."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if int(status[1]) == os.getpid() and b"app.imaging.child" in command and status[0] != "Z":
            found.append(int(entry.name))
    return [child for child in found if child not in strangers]


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def until_busy(pool: CodecPool) -> None:
    await asyncio.to_thread(wait_for, lambda: not pool.idle and not pool.waiting)
    await asyncio.sleep(0.1)


async def outcomes(*calls: Awaitable[CompressedImage]) -> list[CompressedImage | BaseException]:
    return list(await asyncio.gather(*calls, return_exceptions=True))


def test_pictures_come_back_each_to_its_caller() -> None:
    async def main(pool: CodecPool) -> None:
        pictures = [zoo.save(zoo.photo(40 + index, 30), "PNG") for index in range(40)]
        results = await asyncio.gather(*(pool.compress(data, OPTIONS) for data in pictures))
        assert [result.width for result in results] == [40 + index for index in range(40)]
        first = results[0]
        assert first == zoo.squeeze(pictures[0])
        assert zoo.opened(first).size == (40, 30)

    with running(2) as pool:
        assert pool.processes == len(children()) == 2
        asyncio.run(main(pool))
        wait_for(lambda: pool.idle == 2)
        assert pool.waiting == 0


def test_errors_of_a_picture_cross_the_pipe_and_the_child_lives_on() -> None:
    async def main(pool: CodecPool) -> None:
        before = children()
        page, bomb, good = await outcomes(
            pool.compress(b"<html>", OPTIONS),
            pool.compress(zoo.huge_png(), OPTIONS),
            pool.compress(PICTURE, OPTIONS),
        )
        assert isinstance(page, NotAnImage)
        assert "web page" in page.message
        assert isinstance(bomb, TooManyPixels)
        assert isinstance(good, CompressedImage)
        assert children() == before

    with running() as pool:
        asyncio.run(main(pool))


def test_killed_child_fails_its_picture_alone() -> None:
    async def main(pool: CodecPool) -> None:
        (child,) = children()
        heavy = asyncio.create_task(pool.compress(HEAVY, SLOW))
        await until_busy(pool)
        after = [asyncio.create_task(pool.compress(PICTURE, OPTIONS)) for _ in range(3)]
        os.kill(child, signal.SIGKILL)
        with pytest.raises(DecoderCrashed):
            await heavy
        assert {result.width for result in await asyncio.gather(*after)} == {400}
        assert child not in children()

    with running() as pool:
        asyncio.run(main(pool))


def test_the_pool_tells_how_long_each_picture_took_and_how_many_children_it_replaced() -> None:
    seconds: list[float] = []

    async def main() -> None:
        await pool.compress(PICTURE, OPTIONS)
        assert pool.replaced == 0
        (child,) = children()
        os.kill(child, signal.SIGKILL)
        wait_for(lambda: child not in children())
        await pool.compress(PICTURE, OPTIONS)

    pool = CodecPool(1, LIMITS, observe=seconds.append)
    pool.start()
    try:
        asyncio.run(main())
    finally:
        pool.close()
    assert len(seconds) == 2
    assert all(0 < each < 30 for each in seconds)
    assert pool.replaced == 1


def test_child_that_died_between_pictures_fails_none() -> None:
    async def main(pool: CodecPool) -> None:
        await pool.compress(PICTURE, OPTIONS)
        for child in children():
            os.kill(child, signal.SIGKILL)
        assert (await pool.compress(PICTURE, OPTIONS)).width == 400

    with running() as pool:
        asyncio.run(main(pool))


def test_child_that_stands_still_is_ended_in_time_and_replaced() -> None:
    limits = CodecLimits(zoo.MAX_PIXELS, 800_000_000, cpu_seconds=20, wall_seconds=1.0)

    async def main(pool: CodecPool) -> None:
        (child,) = children()
        os.kill(child, signal.SIGSTOP)
        started = time.monotonic()
        # Larger than the pipe holds, so that the sender is stuck as well.
        with pytest.raises(DecoderTimeout, match="1 seconds"):
            await pool.compress(PICTURE + bytes(5_000_000), OPTIONS)
        assert 0.9 < time.monotonic() - started < 3
        assert (await pool.compress(PICTURE, OPTIONS)).width == 400
        assert child not in children()

    with running(1, limits) as pool:
        asyncio.run(main(pool))


def test_picture_that_takes_too_much_processor_time_is_ended() -> None:
    limits = CodecLimits(zoo.MAX_PIXELS, 800_000_000, cpu_seconds=0.3, wall_seconds=30)

    async def main(pool: CodecPool) -> None:
        heavy, *light = await outcomes(
            pool.compress(HEAVY, SLOW), *(pool.compress(PICTURE, OPTIONS) for _ in range(60))
        )
        assert isinstance(heavy, DecoderTimeout)
        assert "processor time" in heavy.message
        # The clock counts each picture alone: sixty together take longer than one may.
        assert all(isinstance(result, CompressedImage) for result in light)

    with running(1, limits) as pool:
        asyncio.run(main(pool))


def test_picture_that_needs_too_much_memory_fails_alone() -> None:
    limits = CodecLimits(zoo.MAX_PIXELS, 60_000_000, cpu_seconds=20, wall_seconds=30)
    large = zoo.save(zoo.Image.new("RGB", (7_000, 7_000), zoo.RED), "PNG", compress_level=1)

    async def main(pool: CodecPool) -> None:
        before, fat, after = await outcomes(
            pool.compress(PICTURE, OPTIONS),
            pool.compress(large, OPTIONS),
            pool.compress(PICTURE, OPTIONS),
        )
        assert isinstance(before, CompressedImage)
        assert isinstance(fat, DecoderCrashed)
        assert "memory" in fat.message
        assert isinstance(after, CompressedImage)

    with running(1, limits) as pool:
        asyncio.run(main(pool))


@pytest.mark.parametrize("wanted", ["jpeg", "png", "webp", "avif"])
def test_too_little_memory_at_any_step_is_neither_damage_nor_a_bug(wanted: str) -> None:
    picture = zoo.photo(1_400, 1_400)
    picture.putalpha(zoo.photo(1_400, 1_400, seed=2).getchannel("R"))
    data = zoo.save(picture, "PNG", compress_level=1)
    options = ProcessingOptions(format=wanted)  # type: ignore[call-arg, arg-type]

    def outcome(memory_bytes: int) -> CompressedImage | ImageError:
        lane = Lane(CodecLimits(zoo.MAX_PIXELS, memory_bytes, cpu_seconds=20, wall_seconds=30))
        try:
            return lane.compress(data, options)
        except ImageError as error:
            return error
        finally:
            lane.end_child()

    ended = [outcome(megabytes * 1_000_000) for megabytes in (20, 28, 36, 44, 400)]
    assert all(isinstance(each, CompressedImage | DecoderCrashed) for each in ended)
    assert isinstance(ended[0], DecoderCrashed)
    assert "memory" in ended[0].message
    assert isinstance(ended[-1], CompressedImage)


def test_webp_that_there_is_no_memory_for_is_not_called_damaged() -> None:
    limits = CodecLimits(zoo.MAX_PIXELS, 60_000_000, cpu_seconds=20, wall_seconds=30)
    large = zoo.save(zoo.Image.new("RGB", (2_500, 2_500), zoo.RED), "WEBP", lossless=True)

    async def main(pool: CodecPool) -> None:
        with pytest.raises(DecoderCrashed, match="memory"):
            await pool.compress(large, OPTIONS)

    with running(1, limits) as pool:
        asyncio.run(main(pool))


def test_second_try_gets_what_is_left_of_the_time() -> None:
    lane = Lane(CodecLimits(zoo.MAX_PIXELS, 800_000_000, cpu_seconds=20, wall_seconds=2.0))
    try:
        lane.compress(PICTURE, OPTIONS)
        (child,) = children()
        # It takes the header, then no more of the picture, and dies: that calls for a second try.
        os.kill(child, signal.SIGSTOP)
        threading.Timer(1.0, os.kill, (child, signal.SIGKILL)).start()
        assert lane.compress(PICTURE + bytes(5_000_000), OPTIONS).width == 400
        assert lane._deadline is None
        assert child not in children()
    finally:
        lane.close()
        lane.end_child()


def test_backlog_is_the_time_that_waiting_pictures_will_take() -> None:
    async def main(pool: CodecPool) -> None:
        await pool.compress(PICTURE, OPTIONS)
        assert pool.backlog_seconds == 0
        heavy = asyncio.create_task(pool.compress(HEAVY, SLOW))
        await until_busy(pool)
        waiting = [asyncio.create_task(pool.compress(PICTURE, OPTIONS)) for _ in range(2)]
        await asyncio.sleep(0.05)
        two = pool.backlog_seconds
        waiting.append(asyncio.create_task(pool.compress(PICTURE, OPTIONS)))
        await asyncio.sleep(0.05)
        assert pool.backlog_seconds == pytest.approx(1.5 * two)
        await asyncio.gather(heavy, *waiting)
        assert pool.backlog_seconds == 0 < two

    with running() as pool:
        asyncio.run(main(pool))


def test_cancelled_caller_costs_nothing_while_it_waits() -> None:
    async def main(pool: CodecPool) -> None:
        heavy = asyncio.create_task(pool.compress(HEAVY, SLOW))
        await until_busy(pool)
        waiting = [asyncio.create_task(pool.compress(HEAVY, SLOW)) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert pool.waiting == 20
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        started = time.monotonic()
        assert (await pool.compress(PICTURE, OPTIONS)).width == 400
        assert (await heavy).format == "avif"
        assert time.monotonic() - started < 15

    with running() as pool:
        asyncio.run(main(pool))


def test_close_leaves_no_child_and_ends_what_is_under_way_as_retryable() -> None:
    async def main(pool: CodecPool) -> list[CompressedImage | BaseException]:
        tasks = [asyncio.create_task(pool.compress(HEAVY, SLOW)) for _ in range(5)]
        await asyncio.sleep(0.5)
        started = time.monotonic()
        await asyncio.to_thread(pool.close)
        assert time.monotonic() - started < 3
        return await outcomes(*tasks)

    pool = CodecPool(2, LIMITS)
    pool.start()
    ended = asyncio.run(main(pool))
    assert children() == []
    assert all(isinstance(error, InternalError) and error.retryable for error in ended)
    pool.close()
    with pytest.raises(InternalError):
        asyncio.run(pool.compress(PICTURE, OPTIONS))


def test_close_before_start_and_right_after_start() -> None:
    CodecPool(1, LIMITS).close()
    pool = CodecPool(2, LIMITS)
    pool.start()
    pool.close()
    assert children() == []


def test_ctrl_c_and_sigterm_leave_the_children_to_the_parent() -> None:
    with running() as pool:
        (child,) = children()
        os.kill(child, signal.SIGINT)
        os.kill(child, signal.SIGTERM)
        assert asyncio.run(pool.compress(PICTURE, OPTIONS)).width == 400
        assert children() == [child]


PARENT = """
import os, sys, time
from app.imaging.sandbox import CodecLimits, CodecPool
print("started", flush=True)
if __name__ == "__main__":
    pool = CodecPool(2, CodecLimits(50_000_000, 800_000_000, 20, 30))
    pool.start()
    assert pool.ready(30)
    pids = [entry for entry in os.listdir("/proc") if entry.isdigit()]
    mine = []
    for pid in pids:
        try:
            stat = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat[1]) == os.getpid():
            mine.append(pid)
    environment = open(f"/proc/{mine[0]}/environ").read()
    print(*mine, "AWS_SECRET" in environment, "MALLOC_ARENA_MAX=2" in environment, flush=True)
    time.sleep(60)
"""


def test_killed_parent_leaves_no_child_and_gives_no_secret(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "AWS_SECRET_ACCESS_KEY": "s3cr3t"}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        # The children do not run the parent's main module again.
        assert parent.stdout.readline() == "started\n"
        *pids, has_secret, has_setting = parent.stdout.readline().split()
        assert (has_secret, has_setting) == ("False", "True")
        assert len(pids) == 2
        parent.kill()
        parent.wait()
    wait_for(lambda: not any(_alive(pid) for pid in pids))


def _alive(pid: str) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return status[0] != "Z"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x80\x04\x95.",
        b"[]",
        b"[" * 16_000,
        b'{"error": "address_blocked", "message": "x"}',
        b'{"error": "corrupt_image", "message": 3}',
        b'{"format": "exe", "width": 1, "height": 1, "notes": []}',
        b'{"format": "png", "width": 1, "height": -1, "source_format": "png", "notes": []}',
        b'{"format": "png", "width": true, "height": 1, "source_format": "png", "notes": []}',
        b'{"format": "png", "width": 1, "height": 1, "source_format": "png", "notes": "abc"}',
        b'{"format": "png"}',
    ],
)
def test_answer_of_a_child_is_data_to_be_checked(message: bytes) -> None:
    with pytest.raises(wire.ChildTalksNonsense):
        wire.unpack_header(message)


def test_message_of_a_child_is_cut_and_cleaned() -> None:
    with pytest.raises(ImageError) as caught:
        wire.unpack_header(wire.pack_error("corrupt_image", "a\x1b[31m\nb" + "x" * 9_000))
    assert caught.value.message.startswith("a[31mbx")
    assert len(caught.value.message) <= wire.MAX_MESSAGE_CHARS


def test_options_cross_the_pipe_whole() -> None:
    options = ProcessingOptions(quality=7, format="avif", scale=0.25, max_bytes=5_000)  # type: ignore[call-arg, arg-type]
    assert wire.unpack_options(wire.pack_options(options)) == options
