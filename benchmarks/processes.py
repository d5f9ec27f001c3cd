"""What a tree of processes costs: CPU time and memory, read from /proc (Linux only).

CPU time is what makes runs comparable: it hardly moves with whatever else the machine is doing.
"""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any, Self

# What one run leaves to be done must not be done during the next. Less than this share of one core
# in this time is what sweeps and heartbeats take.
QUIET_SHARE, QUIET_SECONDS, QUIET_LIMIT_SECONDS = 0.1, 1.0, 120.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 0.5
# One look at the memory of ten processes takes 15 ms of a core, so that two a second were 1.5 % of
# two cores (`perf record -a`): too much where images/s are compared with what nobody looks at.
SELDOM_SECONDS = 2.0
# Where the names that people read end in /proc/PID/stat; the fields after it count from here.
PARENT, USER_TICKS, CHILDREN_SYSTEM_TICKS = 1, 11, 15


def tree(roots: Iterable[int]) -> list[int]:
    """The living processes of these trees, each once."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children[int(fields[PARENT])].append(int(entry.name))
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.append(pid)
            waiting += children[pid]
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of the children that it has waited for."""
    fields = _stat(pid)
    ticks = fields[USER_TICKS : CHILDREN_SYSTEM_TICKS - 1] if fields else []
    return sum(map(int, ticks)) / TICKS_PER_SECOND


def machine_cpu_seconds() -> float:
    """What all programs of the machine have used of all its cores since its start."""
    fields = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts = map(int, fields[:7])
    return (user + nice + system + interrupts + soft_interrupts) / TICKS_PER_SECOND


def free_memory_bytes() -> int:
    """What programs of the machine could take without pushing others out."""
    return _bytes_of("MemAvailable", Path("/proc/meminfo").read_text(encoding="ascii"))


def settle(roots: Iterable[int]) -> None:
    """Wait until the trees of `roots` have nothing more to do, but not for ever."""
    watched = list(roots)
    deadline = time.monotonic() + QUIET_LIMIT_SECONDS
    while time.monotonic() < deadline:
        with Meter(watched, memory=False) as meter:
            time.sleep(QUIET_SECONDS)
        if meter.cpu_seconds < QUIET_SHARE * QUIET_SECONDS:
            return


def pss_bytes(pids: Iterable[int]) -> int:
    """Proportional set size of the processes together: memory shared by several counts once."""
    return sum(_pss(pid) for pid in pids)


def peak_rss_bytes(pid: int) -> int:
    """The most memory that the process ever had resident."""
    return _bytes_of("VmHWM", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))


class Meter:
    """Use as a context: what the trees of `roots` cost between its start and its end.

    A process that ends within the block hands its time to its parent when that waits for it, so the
    sum over the living ones misses only orphans.

    Args:
        roots: process ids whose whole trees count.
        label: names a process by its command line, for `cpu_by_label`.
        alone: leave the children of the roots out.
        memory: sample it, too, which costs the processes that are looked at a little.
        sample_seconds: how often.
    """

    def __init__(
        self,
        roots: Iterable[int],
        *,
        label: Callable[[str], str] = lambda _: "all",
        alone: bool = False,
        memory: bool = True,
        sample_seconds: float = SAMPLE_SECONDS,
    ) -> None:
        self._roots = list(roots)
        self._label = label
        self._alone = alone
        self._memory = memory
        self._sample_seconds = sample_seconds
        self._stopping = threading.Event()
        self._sampler = threading.Thread(target=self._sample_memory, daemon=True)
        self._before: dict[int, tuple[str, float]] = {}
        self.cpu_by_label: dict[str, float] = {}
        self.cpu_seconds = 0.0
        self.wall_seconds = 0.0
        self.peak_pss_bytes = 0

    def __enter__(self) -> Self:
        self._before = {pid: (self._named(pid), cpu_seconds(pid)) for pid in self._pids()}
        self._started = time.perf_counter()
        if self._memory:
            self._sampler.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.wall_seconds = time.perf_counter() - self._started
        if self._memory:
            self._stopping.set()
            self._sampler.join()
        by_label: defaultdict[str, float] = defaultdict(float)
        for pid in self._pids():
            by_label[self._named(pid)] += cpu_seconds(pid)
        # Also of those that have ended: all of their time is with their parents now.
        for label, seconds in self._before.values():
            by_label[label] -= seconds
        self.cpu_by_label = dict(by_label)
        self.cpu_seconds = sum(by_label.values())

    def _pids(self) -> list[int]:
        return self._roots if self._alone else tree(self._roots)

    def _named(self, pid: int) -> str:
        return self._label(_command_line(pid))

    def _sample_memory(self) -> None:
        while True:
            self.peak_pss_bytes = max(self.peak_pss_bytes, pss_bytes(self._pids()))
            if self._stopping.wait(self._sample_seconds):
                return


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    # The command's name stands in parentheses and may hold spaces and parentheses itself.
    return text.rpartition(")")[2].split()


def _pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return _bytes_of("Pss", text)


def _bytes_of(name: str, text: str) -> int:
    # What /proc tells of memory are lines like `Pss:   1234 kB`.
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def _command_line(pid: int) -> str:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace")


def side_by_side(work: Callable[..., None], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Run `work` with each of these arguments in fresh processes; returns what each has put.

    Behind its arguments `work` gets a barrier, where all of them meet before they begin, and the
    queue for its one result.
    """
    context = get_context("spawn")
    barrier, results = context.Barrier(len(calls)), context.SimpleQueue()
    children = [context.Process(target=work, args=(*call, barrier, results)) for call in calls]
    for child in children:
        child.start()
    put = [results.get() for _ in children]
    for child in children:
        child.join()
    return put
