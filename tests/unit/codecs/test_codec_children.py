"""The pool of codec children: real processes, really killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

import pytest

from app.codecs import wire
from app.codecs.inbox import TICKET_BYTES, Ticket
from app.codecs.jobs import Job
from app.codecs.pool import CodecLimits, CodecPool
from app.codecs.process import Answer
from app.domain.errors import (
    DecoderCrashed,
    DecoderTimeout,
    ImageError,
    InternalError,
    NotAnImage,
    TooManyPixels,
)
from app.domain.options import ProcessingOptions
from app.imaging.result import CompressedImage
from tests.unit.imaging import zoo

ROOT = Path(__file__).resolve().parents[3]
LIMITS = CodecLimits(
    max_pixels=zoo.MAX_PIXELS, memory_bytes=800_000_000, cpu_seconds=20, wall_seconds=30
)
OPTIONS = ProcessingOptions().pictures  # type: ignore[call-arg]
SLOW = ProcessingOptions(format="avif", quality=90, max_bytes=1_000).pictures  # type: ignore[call-arg, arg-type]
PICTURE = zoo.save(zoo.photo(), "JPEG", quality=95)
# A second or two of work: the search for so small a file takes many encodes.
HEAVY = zoo.save(zoo.photo(2_000, 1_500), "JPEG")


def run(
    main: Callable[[CodecPool], Coroutine[None, None, None]],
    processes: int = 1,
    limits: CodecLimits = LIMITS,
    *,
    observe: Callable[[float], None] | None = None,
) -> None:
    """Give `main` a pool whose children have all been started."""

    async def with_pool() -> None:
        pool = CodecPool(processes, limits, observe=observe)
        pool.start()
        try:
            await until(lambda: pool.ready, seconds=30)
            await main(pool)
        finally:
            await pool.close()

    asyncio.run(with_pool())


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
        if int(status[1]) == os.getpid() and b"app.codecs.child" in command and status[0] != "Z":
            found.append(int(entry.name))
    return [child for child in found if child not in strangers]


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    await asyncio.to_thread(wait_for, condition, seconds)


async def until_busy(pool: CodecPool) -> None:
    await until(lambda: not pool.idle and not pool.waiting)
    await asyncio.sleep(0.1)


async def until_all_have_served(pool: CodecPool) -> None:
    """No child is fresh any more; one alone may take whatever lies there, hence the rounds."""
    async with asyncio.timeout(10):
        while not all(child.served for child in pool._children):
            await outcomes(*(pool.compress(PICTURE, OPTIONS) for _ in range(4)))


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def outcomes(*calls: Awaitable[CompressedImage]) -> list[CompressedImage | BaseException]:
    return list(await asyncio.gather(*calls, return_exceptions=True))


def test_pictures_come_back_each_to_its_caller() -> None:
    async def main(pool: CodecPool) -> None:
        assert pool.processes == len(children()) == 2
        pictures = [zoo.save(zoo.photo(40 + index, 30), "PNG") for index in range(40)]
        results = await asyncio.gather(*(pool.compress(data, OPTIONS) for data in pictures))
        assert [result.width for result in results] == [40 + index for index in range(40)]
        first = results[0]
        assert first == zoo.squeeze(pictures[0])
        assert zoo.opened(first).size == (40, 30)

        await until(lambda: pool.idle == 2)
        assert pool.waiting == 0
        assert pool.backlog_seconds == 0

    run(main, 2)


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

    run(main)


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

    run(main)


def test_the_pool_tells_how_long_each_picture_took_and_how_many_children_it_replaced() -> None:
    seconds: list[float] = []

    async def main(pool: CodecPool) -> None:
        await pool.compress(PICTURE, OPTIONS)
        assert pool.replaced == 0
        (child,) = children()
        os.kill(child, signal.SIGKILL)
        await pool.compress(PICTURE, OPTIONS)
        assert pool.replaced == 1

    run(main, observe=seconds.append)
    assert len(seconds) == 2
    assert all(0 < each < 30 for each in seconds)


def test_child_that_died_between_pictures_fails_none() -> None:
    async def main(pool: CodecPool) -> None:
        await pool.compress(PICTURE, OPTIONS)
        for child in children():
            os.kill(child, signal.SIGKILL)
        assert (await pool.compress(PICTURE, OPTIONS)).width == 400

    run(main)


def test_child_that_stands_still_is_ended_in_time_and_replaced() -> None:
    limits = CodecLimits(zoo.MAX_PIXELS, 800_000_000, cpu_seconds=20, wall_seconds=1.0)

    async def main(pool: CodecPool) -> None:
        (child,) = children()
        heavy = asyncio.create_task(pool.compress(HEAVY, SLOW))
        await until_busy(pool)
        os.kill(child, signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(DecoderTimeout, match="1 seconds"):
            await heavy
        assert 0.5 < time.monotonic() - started < 3
        assert (await pool.compress(PICTURE, OPTIONS)).width == 400
        assert child not in children()

    run(main, 1, limits)


def test_child_that_takes_no_picture_is_replaced_and_fails_none() -> None:
    limits = CodecLimits(zoo.MAX_PIXELS, 800_000_000, cpu_seconds=20, wall_seconds=1.0)

    async def main(pool: CodecPool) -> None:
        (child,) = children()
        os.kill(child, signal.SIGSTOP)
        results = await asyncio.gather(*(pool.compress(PICTURE, OPTIONS) for _ in range(9)))
        assert {result.width for result in results} == {400}
        assert child not in children()
        assert pool.replaced == 1

    run(main, 1, limits)


def test_child_that_dies_with_a_ticket_in_its_hands_fails_none() -> None:
    async def main(pool: CodecPool) -> None:
        (child,) = children()
        os.kill(child, signal.SIGSTOP)
        results = [asyncio.create_task(pool.compress(PICTURE, OPTIONS)) for _ in range(9)]
        await asyncio.sleep(0.1)
        # What the child would do next: it takes a ticket, and dies before it says so.
        assert Ticket.unpack(pool._inbox.tickets_reader.recv(TICKET_BYTES)).number
        os.kill(child, signal.SIGKILL)
        assert {result.width for result in await asyncio.gather(*results)} == {400}

    run(main)


def test_one_slow_picture_keeps_none_from_the_other_children() -> None:
    async def main(pool: CodecPool) -> None:
        heavy = asyncio.create_task(pool.compress(HEAVY, SLOW))
        await until(lambda: pool.idle == 1 and not pool.waiting)
        await asyncio.gather(*(pool.compress(PICTURE, OPTIONS) for _ in range(30)))
        assert not heavy.done()
        assert (await heavy).format == "avif"

    run(main, 2)


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

    run(main, 1, limits)


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

    run(main, 1, limits)


@pytest.mark.parametrize("wanted", ["jpeg", "png", "webp", "avif"])
def test_too_little_memory_at_any_step_is_neither_damage_nor_a_bug(wanted: str) -> None:
    picture = zoo.photo(1_400, 1_400)
    picture.putalpha(zoo.photo(1_400, 1_400, seed=2).getchannel("R"))
    data = zoo.save(picture, "PNG", compress_level=1)
    options = ProcessingOptions(format=wanted).pictures  # type: ignore[call-arg, arg-type]

    def outcome(memory_bytes: int) -> CompressedImage | BaseException:
        ended: list[CompressedImage | BaseException] = []

        async def main(pool: CodecPool) -> None:
            ended.extend(await outcomes(pool.compress(data, options)))

        run(main, 1, CodecLimits(zoo.MAX_PIXELS, memory_bytes, cpu_seconds=20, wall_seconds=30))
        return ended[0]

    ended = [outcome(megabytes * 1_000_000) for megabytes in (20, 28, 36, 44, 400)]
    assert all(isinstance(each, CompressedImage | DecoderCrashed) for each in ended)
    assert isinstance(ended[0], DecoderCrashed)
    assert "memory" in ended[0].message
    assert isinstance(ended[-1], CompressedImage)


def test_picture_without_memory_gets_a_fresh_child_and_its_neighbours_go_on() -> None:
    limits = CodecLimits(zoo.MAX_PIXELS, 60_000_000, cpu_seconds=20, wall_seconds=30)
    large = zoo.save(zoo.Image.new("RGB", (7_000, 7_000), zoo.RED), "PNG", compress_level=1)

    async def main(pool: CodecPool) -> None:
        await until_all_have_served(pool)
        before = set(children())
        fat, *others = await outcomes(
            pool.compress(large, OPTIONS), *(pool.compress(PICTURE, OPTIONS) for _ in range(20))
        )
        assert isinstance(fat, DecoderCrashed)
        assert "memory" in fat.message
        assert all(isinstance(other, CompressedImage) for other in others)
        await until(lambda: len(before & set(children())) == 1)
        assert pool.replaced == 1

    run(main, 2, limits)


def test_webp_that_there_is_no_memory_for_is_not_called_damaged() -> None:
    limits = CodecLimits(zoo.MAX_PIXELS, 60_000_000, cpu_seconds=20, wall_seconds=30)
    large = zoo.save(zoo.Image.new("RGB", (2_500, 2_500), zoo.RED), "WEBP", lossless=True)

    async def main(pool: CodecPool) -> None:
        with pytest.raises(DecoderCrashed, match="memory"):
            await pool.compress(large, OPTIONS)

    run(main, 1, limits)


def test_second_try_gets_what_is_left_of_the_time() -> None:
    limits = CodecLimits(zoo.MAX_PIXELS, 800_000_000, cpu_seconds=20, wall_seconds=2.0)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        pool = CodecPool(1, limits)
        (child,) = pool._children
        pool._jobs.add(Job(PICTURE, wire.pack_options(OPTIONS), loop.create_future()))
        child.served = 2
        out_of_memory = wire.pack_error(wire.MEMORY_CODE, "")
        again = pool._settle(child, Answer(1, 1.5, out_of_memory, b""))
        assert again is not None
        # The watch sees the fresh child at work on it.
        child.ready, child._in_hand.number = True, 1
        now = loop.time()
        pool._look_at(child, now)
        assert child.deadline is not None
        assert child.deadline - now == pytest.approx(0.5, abs=0.1)
        await pool.close()

    asyncio.run(main())


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
        # What has no place in the inbox yet would not keep the children busy by itself.
        waiting += [asyncio.create_task(pool.compress(PICTURE, OPTIONS)) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert pool.waiting == 23
        assert pool.backlog_seconds == pytest.approx(1.5 * two)
        await asyncio.gather(heavy, *waiting)
        assert pool.backlog_seconds == 0 < two

    run(main)


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

    run(main)


def test_close_leaves_no_child_and_ends_what_is_under_way_as_retryable() -> None:
    async def main() -> None:
        pool = CodecPool(2, LIMITS)
        pool.start()
        tasks = [asyncio.create_task(pool.compress(HEAVY, SLOW)) for _ in range(12)]
        await asyncio.sleep(0.5)
        started = time.monotonic()
        await pool.close()
        assert time.monotonic() - started < 3
        ended = await outcomes(*tasks)
        assert all(isinstance(error, InternalError) and error.retryable for error in ended)
        await pool.close()
        with pytest.raises(InternalError):
            await pool.compress(PICTURE, OPTIONS)

    asyncio.run(main())
    assert children() == []


def test_close_before_start_and_right_after_start() -> None:
    async def main() -> None:
        await CodecPool(1, LIMITS).close()
        pool = CodecPool(2, LIMITS)
        pool.start()
        await pool.close()
        pool = CodecPool(2, LIMITS)
        pool.start()
        await asyncio.sleep(0.05)
        await pool.close()

    before = open_descriptors()
    asyncio.run(main())
    assert children() == []
    assert open_descriptors() == before


def test_children_that_do_not_start_are_told_of_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        pool = CodecPool(2, LIMITS)
        monkeypatch.setattr(sys, "executable", "/bin/false")
        pool.start()
        try:
            for error in await outcomes(*(pool.compress(PICTURE, OPTIONS) for _ in range(20))):
                assert isinstance(error, InternalError)
                assert error.retryable
            monkeypatch.undo()
            await until(lambda: pool.ready)
            assert (await pool.compress(PICTURE, OPTIONS)).width == 400
        finally:
            await pool.close()

    asyncio.run(main())


def test_ctrl_c_and_sigterm_leave_the_children_to_the_parent() -> None:
    async def main(pool: CodecPool) -> None:
        (child,) = children()
        os.kill(child, signal.SIGINT)
        os.kill(child, signal.SIGTERM)
        assert (await pool.compress(PICTURE, OPTIONS)).width == 400
        assert children() == [child]

    run(main)


PARENT = """
import asyncio, os, sys, time
import structlog
from app.codecs.pool import CodecLimits, CodecPool
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
print("started", flush=True)
async def main():
    pool = CodecPool(2, CodecLimits(50_000_000, 800_000_000, 20, 30))
    pool.start()
    while not pool.ready:
        await asyncio.sleep(0.05)
    pids = [entry for entry in os.listdir("/proc") if entry.isdigit()]
    mine = []
    for pid in pids:
        try:
            stat = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat[1]) == os.getpid():
            mine.append(pid)
    try:
        environment = open(f"/proc/{mine[0]}/environ").read()
        found = ("AWS_SECRET" in environment, "MALLOC_ARENA_MAX=2" in environment)
    except PermissionError:
        found = ("closed", "closed")
    print(*mine, *found, flush=True)
    time.sleep(60)
if __name__ == "__main__":
    asyncio.run(main())
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
        # A child is not dumpable, so only root can look into it.
        expected = ("False", "True") if os.geteuid() == 0 else ("closed", "closed")
        assert (has_secret, has_setting) == expected
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
    with pytest.raises(wire.InvalidChildReply):
        wire.unpack_header(message)


def test_message_of_a_child_is_cut_and_cleaned() -> None:
    with pytest.raises(ImageError) as caught:
        wire.unpack_header(wire.pack_error("corrupt_image", "a\x1b[31m\nb" + "x" * 9_000))
    assert caught.value.message.startswith("a[31mbx")
    assert len(caught.value.message) <= wire.MAX_MESSAGE_CHARS


def test_options_cross_the_pipe_whole() -> None:
    options = ProcessingOptions(quality=7, format="avif", scale=0.25, max_bytes=5_000).pictures  # type: ignore[call-arg, arg-type]
    assert wire.unpack_options(wire.pack_options(options)) == options
