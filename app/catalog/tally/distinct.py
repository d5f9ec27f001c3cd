"""How many different texts there are among millions, in memory that does not grow with them."""

import os
import tempfile
from array import array
from collections.abc import Sequence
from threading import Lock, Thread
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

# Texts whose hashes are sorted at a time, while the file is read on.
_RUN = 2**18
# With fewer at a time, numpy costs more than it saves.
_FEW = 100
# Borders of what is looked at together: all hashes at once would be a copy of everything.
_EDGES = np.arange(-31, 32, dtype=np.int64) << 58
_HASH_BYTES = 8


class DistinctCounter:
    """Counts texts by their 64-bit hashes, where a set of the texts would take 200 bytes for each.

    Two of 3,000,000 texts collide with a probability of 1 in 4 million, and nobody can provoke it,
    because Python keys the hash with a secret of the process.

    Sorting is most of the work, and numpy lets the interpreter go on meanwhile: each run of hashes
    is sorted by a thread of its own, on a second core where there is one, and put aside on disk.
    """

    def __init__(self) -> None:
        self.total = 0
        self._open = array("q")
        self._runs: list[_Run] = []
        self._aside = _Aside()

    def add(self, texts: Sequence[str]) -> None:
        """Count these texts."""
        self.total += len(texts)
        if len(texts) < _FEW:
            self._open.extend(map(hash, texts))
        else:
            hashes = np.fromiter(map(hash, texts), dtype=np.int64, count=len(texts))
            self._open.frombytes(hashes.tobytes())
        if len(self._open) >= _RUN:
            self._close_run()

    def distinct(self) -> int:
        """How many different ones were added so far."""
        if self._open:
            self._close_run()
        for run in self._runs:
            run.join()
        count = 0
        for bucket in range(len(_EDGES) + 1):
            parts = [run.part(bucket) for run in self._runs]
            if not parts:
                break
            values = np.concatenate(parts)
            values.sort(kind="stable")  # Quick on what consists of sorted runs.
            count += int(np.count_nonzero(values[1:] != values[:-1])) + bool(len(values))
        return count

    def _close_run(self) -> None:
        # A short one is the last or the only one, and not worth a file.
        aside = self._aside if len(self._open) >= _RUN else None
        self._runs.append(_Run(np.frombuffer(self._open, dtype=np.int64), aside))
        self._open = array("q")


class _Run(Thread):
    """Hashes that are sorted and put aside by a thread; `part` may be asked when it has ended."""

    def __init__(self, hashes: NDArray[np.int64], aside: "_Aside | None") -> None:
        super().__init__(name="distinct")
        self._hashes: NDArray[np.int64] | None = hashes
        self._cuts: list[int] = []
        self._aside = aside
        self._offset = 0
        self.start()

    def run(self) -> None:
        hashes = self._hashes
        assert hashes is not None  # noqa: S101 - it runs once
        hashes.sort()
        self._cuts = [0, *np.searchsorted(hashes, _EDGES).tolist(), len(hashes)]
        offset = self._aside.put(hashes) if self._aside is not None else None
        if offset is not None:
            self._offset, self._hashes = offset, None

    def part(self, bucket: int) -> NDArray[np.int64]:
        """The hashes between two of the borders."""
        first, end = self._cuts[bucket : bucket + 2]
        if self._hashes is not None:
            return self._hashes[first:end]
        assert self._aside is not None  # noqa: S101 - nowhere else could they be
        return self._aside.get(self._offset + first * _HASH_BYTES, end - first)


class _Aside:
    """A nameless temporary file of hashes; made at the first need, gone with the last reference."""

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        self._size = 0
        self._lock = Lock()

    def put(self, hashes: NDArray[np.int64]) -> int | None:
        """Write them and return where they begin; None where the disk has no room for them."""
        data = hashes.data.cast("B")
        try:
            with self._lock:
                if self._file is None:
                    self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - see the class
                offset = self._size
                self._size += len(data)
            written = os.pwrite(self._file.fileno(), data, offset)
        except OSError:
            return None  # They stay in memory.
        return offset if written == len(data) else None

    def get(self, offset: int, count: int) -> NDArray[np.int64]:
        """This number of hashes from there on."""
        assert self._file is not None  # noqa: S101 - `put` has given the offset
        data = os.pread(self._file.fileno(), count * _HASH_BYTES, offset)
        return np.frombuffer(data, dtype=np.int64)
