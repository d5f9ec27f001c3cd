"""What every store does alike; the same class runs on files, rclone's S3 server and moto's."""

import asyncio
import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.domain.errors import ObjectMissing, StoreError
from app.storage.base import Store
from app.storage.keys import NOTE_NAME
from app.storage.local import LocalStore
from app.storage.s3 import S3Store
from tests.parts.s3_servers import S3Server

REQUEST_ID = "01900000-0000-7000-8000-000000000001"
BAD_KEYS = [
    "",
    "/etc/passwd",
    "../outside.jpg",
    "a/../../outside.jpg",
    "a//b.jpg",
    "a/./b.jpg",
    "a\\..\\b.jpg",
    "a/\x00b.jpg",
    "a/.tmp-1",
    "a/",
]


@pytest.fixture(params=["local", "rclone", "moto"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "local":
        made = LocalStore(tmp_path / "objects", "http://127.0.0.1:8000")
    else:
        fixture = "s3_server" if request.param == "rclone" else "moto_server"
        server: S3Server = request.getfixturevalue(fixture)
        made = S3Store(
            server.new_bucket(),
            server.endpoint_url,
            server.region,
            server.access_key,
            server.secret_key,
            None,
        )
    yield made
    asyncio.run(made.aclose())


def put(store: Store, key: str, data: bytes = b"image") -> None:
    asyncio.run(store.put(key, data, content_type="image/jpeg"))


def content(store: Store, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


class TestEveryStore:
    def test_image_comes_back_as_it_was_put(self, store: Store) -> None:
        data = os.urandom(100_000)
        put(store, f"{REQUEST_ID}/2-1-blue-shirt.jpg", data)
        assert content(store, f"{REQUEST_ID}/2-1-blue-shirt.jpg") == data

    def test_empty_and_large_objects_come_back(self, store: Store) -> None:
        large = os.urandom(3_000_000)
        put(store, "a/empty.jpg", b"")
        put(store, "a/large.png", large)
        assert content(store, "a/empty.jpg") == b""
        assert content(store, "a/large.png") == large

    def test_second_put_replaces_the_whole_object(self, store: Store) -> None:
        put(store, "a/1.jpg", b"a long first version")
        put(store, "a/1.jpg", b"second")
        assert content(store, "a/1.jpg") == b"second"
        assert list(store.keys("a/")) == ["a/1.jpg"]

    def test_many_puts_at_once_all_arrive(self, store: Store) -> None:
        async def put_all() -> None:
            await asyncio.gather(
                *(store.put(f"r/{n}.jpg", b"%d" % n, content_type="image/jpeg") for n in range(64))
            )

        asyncio.run(put_all())
        assert sorted(store.keys("r/")) == sorted(f"r/{n}.jpg" for n in range(64))
        assert content(store, "r/63.jpg") == b"63"

    def test_threads_with_their_own_loops_share_a_store(self, store: Store) -> None:
        failures: list[BaseException] = []

        def work(name: str) -> None:
            try:
                for number in range(5):
                    put(store, f"{name}/{number}.jpg", name.encode())
                    assert content(store, f"{name}/{number}.jpg") == name.encode()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(f"thread-{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(list(store.keys("thread-"))) == 20

    def test_file_is_stored_from_its_current_position_and_stays_open(self, store: Store) -> None:
        source = io.BytesIO(b"sniffed,rest of the file")
        source.seek(8)
        store.put_file("uploads/1.csv", source, content_type="text/csv")
        assert content(store, "uploads/1.csv") == b"rest of the file"
        assert not source.closed

    def test_file_of_several_parts_comes_back(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "large.csv"
        path.write_bytes(os.urandom(1_000_000) * 18)
        with path.open("rb") as source:
            store.put_file("uploads/large.csv", source, content_type="text/csv")
        assert content(store, "uploads/large.csv") == path.read_bytes()

    def test_opened_object_is_seekable(self, store: Store) -> None:
        put(store, "a/1.jpg", b"0123456789")
        with store.open("a/1.jpg") as file:
            assert file.seekable()
            assert file.read(4) == b"0123"
            file.seek(-2, io.SEEK_END)
            assert file.read() == b"89"

    @pytest.mark.parametrize("key", ["nothing/here.jpg", "a", "a/1.jpg/below-a-file.jpg"])
    def test_missing_object_is_named_as_missing(self, store: Store, key: str) -> None:
        put(store, "a/1.jpg")
        with pytest.raises(ObjectMissing):
            store.open(key)

    def test_keys_are_found_by_prefix_even_within_a_name(self, store: Store) -> None:
        for key in ("r1/1-1.jpg", "r1/1-2.jpg", "r1/2-1.jpg", "r12/1-1.jpg", "uploads/r1.csv"):
            put(store, key)
        assert sorted(store.keys("r1/")) == ["r1/1-1.jpg", "r1/1-2.jpg", "r1/2-1.jpg"]
        assert sorted(store.keys("r1/1-")) == ["r1/1-1.jpg", "r1/1-2.jpg"]
        assert len(list(store.keys("r1"))) == 4
        assert len(list(store.keys(""))) == 5
        assert list(store.keys("r3/")) == []

    def test_delete_removes_the_prefix_and_nothing_else(self, store: Store) -> None:
        for key in ("r1/1-1.jpg", "r1/deep/2-1.jpg", "r12/1-1.jpg"):
            put(store, key)
        assert store.delete_prefix("r1/") == 2
        assert list(store.keys("")) == ["r12/1-1.jpg"]
        assert store.delete_prefix("r1/") == 0

    def test_delete_of_more_than_one_page_removes_all(self, store: Store) -> None:
        async def put_all() -> None:
            await asyncio.gather(
                *(store.put(f"r/{n}.jpg", b"x", content_type="image/jpeg") for n in range(1_050))
            )

        asyncio.run(put_all())
        assert store.delete_prefix("r/") == 1_050
        assert list(store.keys("")) == []

    def test_delete_of_some_leaves_all_others(self, store: Store) -> None:
        for key in ("r1/1.jpg", "r1/2.jpg", "r2/1.jpg", "originals/r1/1.png"):
            put(store, key)
        store.delete(["r1/1.jpg", "r2/1.jpg", "originals/r1/1.png", "r9/missing.jpg"])
        store.delete([])
        assert list(store.keys("")) == ["r1/2.jpg"]
        assert list(store.folders("")) == ["r1"]

    def test_size_of_an_object_is_that_of_its_last_version(self, store: Store) -> None:
        async def sizes() -> list[int | None]:
            return [await store.size_of(key) for key in ("a/1.jpg", "a/2.jpg", "a/1.jpg/x", "b/1")]

        put(store, "a/1.jpg", b"first version")
        put(store, "a/1.jpg", b"second")
        assert asyncio.run(sizes()) == [6, None, None, None]

    def test_delete_of_everything_by_an_empty_prefix_is_refused(self, store: Store) -> None:
        put(store, "a/1.jpg")
        with pytest.raises(ValueError, match="empty prefix"):
            store.delete_prefix("")
        assert list(store.keys("")) == ["a/1.jpg"]

    def test_key_that_is_no_plain_path_is_refused_everywhere(self, store: Store) -> None:
        uses: list[Callable[[str], object]] = [
            lambda key: put(store, key),
            lambda key: store.put_file(key, io.BytesIO(b"x"), content_type="text/csv"),
            lambda key: store.open(key),
            lambda key: store.public_url(key),
            lambda key: store.delete([key]),
            lambda key: asyncio.run(store.size_of(key)),
        ]
        for key in BAD_KEYS:
            for use in uses:
                with pytest.raises(ValueError, match="not a storage key"):
                    use(key)

    def test_prefix_that_leaves_the_store_is_refused(self, store: Store) -> None:
        for prefix in ("../", "a/../b", "/etc/", "..\\/"):
            with pytest.raises(ValueError, match="not a storage key"):
                list(store.keys(prefix))
            with pytest.raises(ValueError, match="not a storage key"):
                store.delete_prefix(prefix)

    def test_odd_but_allowed_characters_survive(self, store: Store) -> None:
        key = f"{REQUEST_ID}/2-1-50%25 größe+é#1?.jpg"
        put(store, key, b"odd")
        assert content(store, key) == b"odd"
        assert list(store.keys(f"{REQUEST_ID}/")) == [key]
        assert store.public_url(key).endswith("2-1-50%2525%20gr%C3%B6%C3%9Fe%2B%C3%A9%231%3F.jpg")

    def test_working_store_passes_its_check_and_keeps_no_probe(self, store: Store) -> None:
        store.check()
        store.check()
        assert list(store.keys("")) == []


def test_the_note_is_read_as_written_and_is_no_object(store: Store) -> None:
    assert store.note() is None
    put(store, "a/1.jpg")
    store.put_note("first")
    store.put_note("second, größer")
    assert store.note() == "second, größer"
    assert list(store.keys("")) == ["a/1.jpg"]
    assert list(store.keys(".")) == []
    assert list(store.folders("")) == ["a"]
    store.delete_prefix("a/")
    store.delete_prefix(".inst")
    assert store.note() == "second, größer"
    for use in (store.open, store.public_url):
        with pytest.raises(ValueError, match="not a storage key"):
            use(NOTE_NAME)


def test_a_store_that_cannot_be_read_is_not_one_without_a_note(
    s3_server: S3Server, moto_server: S3Server
) -> None:
    for server in (s3_server, moto_server):
        store = S3Store(
            server.unused_bucket_name(),
            server.endpoint_url,
            server.region,
            server.access_key,
            server.secret_key,
            None,
        )
        with pytest.raises(StoreError, match="could not read the note"):
            store.note()
        asyncio.run(store.aclose())


def test_folders_are_named_without_what_is_in_them(store: Store) -> None:
    put(store, f"{REQUEST_ID}/2-1-mug.jpg")
    put(store, f"{REQUEST_ID}/2-2-mug.jpg")
    put(store, f"originals/{REQUEST_ID}/2-1-mug.jpg")
    assert sorted(store.folders("")) == [REQUEST_ID, "originals"]
    assert list(store.folders("originals/")) == [REQUEST_ID]
    assert list(store.folders("uploads/")) == []
