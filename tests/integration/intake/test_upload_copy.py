"""A large upload goes into the store while it is checked; a refused one leaves nothing there."""

import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from app.domain.errors import StoreError
from app.intake.upload_copy import BESIDE_FROM_BYTES, stored_beside
from app.storage.base import Store
from app.storage.local import LocalStore
from app.storage.s3 import S3Store
from tests.parts.s3_servers import S3Server

KEY = "uploads/01900000-0000-7000-8000-000000000001/input.csv"
LARGE = os.urandom(2 * BESIDE_FROM_BYTES + 7)
SMALL = b"a,b\r\n"


class Refused(Exception):
    """What a check says that does not like the file."""


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return LocalStore(tmp_path / "objects", "http://127.0.0.1:8000")
    server: S3Server = request.getfixturevalue("s3_server")
    bucket = server.unused_bucket_name()
    made = S3Store(bucket, server.endpoint_url, None, server.access_key, server.secret_key, None)
    made.prepare()
    return made


@pytest.fixture(params=[SMALL, LARGE], ids=["small", "large"])
def content(request: pytest.FixtureRequest) -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        file.write(request.param)
        yield cast(BinaryIO, file)


def read_all(file: BinaryIO) -> bytes:
    file.seek(0)
    return b"".join(iter(lambda: file.read(100_000), b""))


def refuse(_: object) -> None:
    raise Refused


def test_both_readers_get_the_whole_file(store: Store, content: BinaryIO) -> None:
    with stored_beside(store, KEY, content) as stored:
        checked = read_all(content)
        stored()
    with store.open(KEY) as kept:
        assert kept.read() == checked
    assert checked in (SMALL, LARGE)


def test_a_refused_file_leaves_nothing(store: Store, content: BinaryIO) -> None:
    with pytest.raises(Refused), stored_beside(store, KEY, content):
        refuse(content)
    assert list(store.keys("uploads/")) == []


def test_a_file_that_was_refused_when_it_lay_there_is_gone(store: Store) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(LARGE)
        large = cast(BinaryIO, file)
        with pytest.raises(Refused), stored_beside(store, KEY, large) as stored:
            refuse(stored())
    assert list(store.keys("uploads/")) == []


def test_a_store_that_cannot_keep_it_is_heard_of(tmp_path: Path, content: BinaryIO) -> None:
    in_the_way = tmp_path / "objects"
    in_the_way.write_bytes(b"a file where the folder should be")
    store = LocalStore(in_the_way, "http://127.0.0.1:8000")
    with (
        pytest.raises(StoreError),
        stored_beside(store, KEY, content) as stored,
    ):
        stored()


def test_a_check_that_refuses_is_heard_before_a_store_that_fails(tmp_path: Path) -> None:
    in_the_way = tmp_path / "objects"
    in_the_way.write_bytes(b"a file where the folder should be")
    store = LocalStore(in_the_way, "http://127.0.0.1:8000")
    with tempfile.TemporaryFile() as file:
        file.write(LARGE)
        with pytest.raises(Refused), stored_beside(store, KEY, cast(BinaryIO, file)):
            refuse(file)


def test_a_small_file_needs_no_descriptor(store: Store) -> None:
    with stored_beside(store, KEY, io.BytesIO(SMALL)) as stored:
        stored()
    with store.open(KEY) as kept:
        assert kept.read() == SMALL
