"""What the areas are made of: hosts, meters, a worker, and the store in memory."""

import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from benchmarks import origins
from benchmarks.bookkeeping import order_of_rounds, pipe_images, requests_in_round
from benchmarks.bookkeeping_tables import Figures
from benchmarks.photos import tiny_photo
from benchmarks.processes import Meter, free_memory_bytes, settle, tree
from benchmarks.stacks import memory_disk
from tests.parts.s3_servers import start_rclone

BUSY = "import time; end = time.monotonic() + {}\nwhile time.monotonic() < end: pass"


def test_tiny_hosts_wait_and_answer_every_path_with_the_picture() -> None:
    with origins.tiny(delay_ms=80, hosts=2) as origin:
        assert len(origin.urls) == 2
        for url in origin.urls:
            started = time.perf_counter()
            with urlopen(f"{url}/any/path.jpg") as answer:
                assert answer.read() == tiny_photo()
            assert time.perf_counter() - started >= 0.08
        # Its keeper and the host itself: what a meter is to look at.
        assert any("quick_host" in line for line in map(command_line, tree(origin.roots)))


def test_settle_waits_until_the_work_is_done() -> None:
    process = subprocess.Popen([sys.executable, "-c", BUSY.format(1.5) + "\ntime.sleep(60)"])
    try:
        settle([process.pid])
        with Meter([process.pid], memory=False) as meter:
            time.sleep(0.2)
        assert meter.cpu_seconds == 0
    finally:
        process.kill()
        process.wait()


def test_the_base_of_a_round_of_bookkeeping_is_the_pipe_in_the_same_round() -> None:
    figures = Figures(pipe_ms=[0.80, 0.70], cpu_ms=[0.85, 0.95])
    assert [round(value, 6) for value in figures.beyond_pipe_ms] == [0.05, 0.25]


def test_the_pipe_takes_as_many_images_as_a_request_but_no_more_than_seconds_of_them() -> None:
    assert [pipe_images(size) for size in (1_000, 1_000_000)] == [1_000, 20_000]


def test_a_round_of_small_requests_is_many_of_them() -> None:
    assert [requests_in_round(size) for size in (200, 1_000, 5_000)] == [20, 20, 4]
    assert requests_in_round(100_000) == 1


def test_large_requests_stand_between_the_rounds_of_small_ones() -> None:
    small = [(1_000, turn) for turn in range(3)]
    assert order_of_rounds([1_000, 100_000, 1_000_000], 3) == [
        *small[:2],
        (100_000, 0),
        (1_000_000, 0),
        small[2],
    ]
    assert order_of_rounds([1_000], 1) == [(1_000, 0)]


def test_files_go_to_memory_only_where_they_have_room() -> None:
    folder = memory_disk(files=1, file_bytes=1)
    assert folder is not None
    assert "tmpfs" in subprocess.check_output(["stat", "-f", "-c", "%T", folder], text=True)
    assert memory_disk(files=1, file_bytes=free_memory_bytes()) is None
    assert memory_disk(files=10**12, file_bytes=0) is None


def test_the_store_in_memory_keeps_and_deletes_objects() -> None:
    server = start_rclone(in_memory=True)
    try:
        bucket, client = server.new_bucket(), server.client()
        client.put_object(Bucket=bucket, Key="a/b.jpg", Body=b"picture", ContentType="image/jpeg")
        assert client.get_object(Bucket=bucket, Key="a/b.jpg")["Body"].read() == b"picture"
        client.delete_object(Bucket=bucket, Key="a/b.jpg")
        assert "Contents" not in client.list_objects_v2(Bucket=bucket)
    finally:
        server.stop()


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
