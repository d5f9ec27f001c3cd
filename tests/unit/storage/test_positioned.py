"""The reader of a file whose position belongs to others."""

import io
import os
from pathlib import Path

import pytest

from app.storage.positioned import PositionedReader


@pytest.mark.parametrize("size", [1, 5_000_000, -1])
def test_whole_file_comes_out_whatever_is_asked_for_at_once(tmp_path: Path, size: int) -> None:
    data = os.urandom(1_000_000 if size != 1 else 1_000)
    path = tmp_path / "upload.csv"
    path.write_bytes(data)
    with path.open("rb", buffering=0) as file:
        reader = PositionedReader(file.fileno())
        assert b"".join(iter(lambda: reader.read(size), b"")) == data
        assert reader.tell() == len(data)
        reader.seek(-10, io.SEEK_END)
        assert reader.read(size)[:1] == data[-10:-9]
        assert file.tell() == 0


def test_little_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "upload.csv"
    path.write_bytes(bytes(1_000_000))
    with path.open("rb", buffering=0) as file:
        assert len(PositionedReader(file.fileno()).read(5_000_000)) <= 2**18


def test_stopped_reader_reads_no_further(tmp_path: Path) -> None:
    path = tmp_path / "upload.csv"
    path.write_bytes(bytes(1_000_000))
    with path.open("rb", buffering=0) as file:
        reader = PositionedReader(file.fileno())
        assert reader.read(10)
        reader.stop()
        for read in (lambda: reader.read(10), lambda: reader.readinto(bytearray(10))):
            with pytest.raises(OSError, match="stopped"):
                read()
