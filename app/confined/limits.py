"""What a child takes from itself before it reads anything: memory, processor, files, core dumps."""

import resource
from pathlib import Path

# A child inherits its descriptors open; it opens a module that is imported late.
OPEN_FILES = 16
STATM = Path("/proc/self/statm")


def limit_resources(
    memory_bytes: int, *, file_bytes: int = 0, cpu_seconds: int | None = None
) -> None:
    """Limit this process for the rest of its life; called once everything is imported.

    Args:
        memory_bytes: address space on top of what the process has now: what libraries reserve
            differs between systems. More is a `MemoryError`.
        file_bytes: the largest file that it may write; more is an `OSError` with EFBIG.
        cpu_seconds: processor time of the whole process, after which SIGXCPU ends it.
    """
    if STATM.exists():
        pages = int(STATM.read_text(encoding="ascii").split()[0])
        memory_bytes += pages * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    if cpu_seconds is not None:
        limits[resource.RLIMIT_CPU] = cpu_seconds
    for limit, value in limits.items():
        _, hard = resource.getrlimit(limit)
        bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (bounded, bounded))
