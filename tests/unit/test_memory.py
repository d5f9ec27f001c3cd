"""Free heap goes back to the system after large files, and only then."""

import resource
from pathlib import Path

import pytest

from app import memory


def test_only_large_files_are_worth_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[int] = []
    monkeypatch.setattr(memory, "_trim", walks.append)
    memory.give_back(memory.LARGE_PLACES - 1)
    assert walks == []
    memory.give_back(memory.LARGE_PLACES)
    assert walks == [0]


def test_system_without_such_a_function_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_trim", None)
    memory.give_back(memory.LARGE_PLACES)


def test_memory_between_what_is_still_in_use_goes_back() -> None:
    # Blocks this small come from the heap, and every second one stays.
    blocks = [bytearray(100_000) for _ in range(1_000)]
    del blocks[::2]
    before = resident_bytes()
    memory.give_back(memory.LARGE_PLACES)
    assert before - resident_bytes() > 30_000_000
    assert len(blocks) == 500


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()
