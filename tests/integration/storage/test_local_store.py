"""What only files on a disk can do: half-written files, full disks, odd folders."""

import asyncio
import fcntl
import io
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.domain.errors import StoreError
from app.storage.local import DIRECT_WRITE_BYTES, LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "objects", "http://127.0.0.1:8000/")


def put(store: LocalStore, key: str, data: bytes) -> None:
    asyncio.run(store.put(key, data, content_type="image/jpeg"))


def files_below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@contextmanager
def files_limited_to(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to let files of this process grow beyond the limit, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_published_address_is_the_apis_with_the_key_quoted(store: LocalStore) -> None:
    assert store.public_url("id/2-1-a b.jpg") == "http://127.0.0.1:8000/images/id/2-1-a%20b.jpg"


@pytest.mark.parametrize("size", [200_000, DIRECT_WRITE_BYTES + 1])
def test_failed_write_is_a_store_error_and_keeps_the_old_object(
    store: LocalStore, tmp_path: Path, size: int
) -> None:
    put(store, "a/1.jpg", b"old")
    with files_limited_to(100_000):
        with pytest.raises(StoreError, match="could not write a file"):
            put(store, "a/1.jpg", b"x" * size)
        with pytest.raises(StoreError, match="could not write a file"):
            store.put_file("a/2.csv", io.BytesIO(b"x" * size), content_type="text/csv")
    with store.open("a/1.jpg") as file:
        assert file.read() == b"old"
    assert files_below(tmp_path) == ["objects/a/1.jpg"]


def test_full_disk_is_named_without_a_path(store: LocalStore) -> None:
    class FullDisk(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            # /dev/full answers every write as a full disk does.
            with Path("/dev/full").open("wb", buffering=0) as full:
                full.write(b"x")
            return 0

    with pytest.raises(StoreError) as caught:
        store.put_file("a/1.csv", FullDisk(), content_type="text/csv")  # type: ignore[arg-type]
    assert str(caught.value) == "the disk of the local store is full"


def test_reader_sees_the_old_or_the_new_object_never_a_part(store: LocalStore) -> None:
    versions = [bytes([letter]) * 400_000 for letter in b"AB"]
    put(store, "a/1.jpg", versions[0])
    seen: set[bytes] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            with store.open("a/1.jpg") as file:
                seen.add(file.read())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        put(store, "a/1.jpg", versions[number % 2])
    stop.set()
    reader.join()
    assert seen <= set(versions)


def test_writer_killed_in_the_middle_leaves_nothing_that_is_listed(tmp_path: Path) -> None:
    root = tmp_path / "objects"
    program = """
import io, os, sys
from pathlib import Path
from app.storage.local import LocalStore
class Dies(io.RawIOBase):
    def read(self, size=-1):
        if self.tell_once: self.tell_once = False; return b"x" * 2_000_000
        os.kill(os.getpid(), 9)
    tell_once = True
LocalStore(Path(sys.argv[1]), "").put_file("r1/1.csv", Dies(), content_type="text/csv")
"""
    subprocess.run([sys.executable, "-c", program, str(root)], check=False)
    store = LocalStore(root, "http://127.0.0.1:8000")
    leftovers = files_below(root)
    assert len(leftovers) == 1
    assert leftovers[0].startswith("r1/.tmp-")
    assert list(store.keys("")) == []
    assert store.delete_prefix("r1/") == 0
    assert list(root.iterdir()) == []


def test_delete_removes_empty_folders_but_not_the_root(store: LocalStore, tmp_path: Path) -> None:
    put(store, "r1/originals/1.jpg", b"x")
    put(store, "r2/1.jpg", b"x")
    store.delete_prefix("r1/")
    assert [p.name for p in (tmp_path / "objects").iterdir()] == ["r2"]
    store.delete_prefix("r2/")
    assert list((tmp_path / "objects").iterdir()) == []


def test_puts_survive_deletes_of_their_folder_at_the_same_time(store: LocalStore) -> None:
    stop = threading.Event()

    def delete() -> None:
        while not stop.is_set():
            store.delete_prefix("r1/other")

    deleter = threading.Thread(target=delete)
    deleter.start()
    try:
        for number in range(300):
            put(store, "r1/1.jpg", b"%d" % number)
            store.delete_prefix("r1/1.jpg")
    finally:
        stop.set()
        deleter.join()


def test_empty_folder_stays_while_a_writer_is_about_to_use_it(
    store: LocalStore, tmp_path: Path
) -> None:
    folder = tmp_path / "objects" / "r1"
    folder.mkdir(parents=True)
    deleter = threading.Thread(target=store.delete_prefix, args=("r1/",))
    # What a writer holds between its `mkdir` and its first file.
    writer = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(writer, fcntl.LOCK_SH)
        deleter.start()
        deleter.join(0.2)
        assert folder.exists()
    finally:
        os.close(writer)
        deleter.join()
    assert not folder.exists()


def test_folder_that_cannot_be_made_fails_the_check_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = LocalStore(tmp_path / "file" / "objects", "http://127.0.0.1:8000")
    with pytest.raises(StoreError) as caught:
        store.check()
    assert str(tmp_path) not in str(caught.value)
    assert "Not a directory" in str(caught.value)


def test_a_link_to_a_folder_is_neither_followed_nor_a_file(
    store: LocalStore, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.jpg").write_bytes(b"picture")
    link = tmp_path / "objects" / "r1" / "link"
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    assert list(store.keys("")) == []
    assert store.delete_prefix("r1/") == 0
    assert link.is_symlink()
    assert (elsewhere / "kept.jpg").exists()
