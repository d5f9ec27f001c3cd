"""How many different texts there are among millions, in 8 bytes for each."""

from array import array
from collections.abc import Sequence
from threading import Thread

import numpy as np
from numpy.typing import NDArray

# Texts whose hashes are sorted at a time, while the file is read on.
_RUN = 2**18
# With fewer at a time, numpy costs more than it saves.
_FEW = 100
# Borders of what is looked at together: all hashes at once would be a copy of everything.
_EDGES = np.arange(-31, 32, dtype=np.int64) << 58


class DistinctCounter:
    """Counts texts by their 64-bit hashes, where a set of the texts would take 200 bytes for each.

    Two of 3,000,000 texts collide with a probability of 1 in 4 million, and nobody can provoke it,
    because Python keys the hash with a secret of the process.

    Sorting is most of the work, and numpy lets the interpreter go on meanwhile: each run of hashes
    is sorted by a thread of its own, on a second core where there is one.
    """

    def __init__(self) -> None:
        self.total = 0
        self._open = array("q")
        self._runs: list[NDArray[np.int64]] = []
        self._threads: list[Thread] = []

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
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        if not self._runs:
            return 0
        cuts = [[0, *np.searchsorted(run, _EDGES).tolist(), len(run)] for run in self._runs]
        count = 0
        for bucket in range(len(_EDGES) + 1):
            parts = (
                run[cut[bucket] : cut[bucket + 1]]
                for run, cut in zip(self._runs, cuts, strict=True)
            )
            values = np.concatenate(list(parts))
            values.sort(kind="stable")  # Quick on what consists of sorted runs.
            count += int(np.count_nonzero(values[1:] != values[:-1])) + bool(len(values))
        return count

    def _close_run(self) -> None:
        run = np.frombuffer(self._open, dtype=np.int64)
        self._open = array("q")
        self._runs.append(run)
        thread = Thread(target=run.sort, name="distinct")
        thread.start()
        self._threads.append(thread)
