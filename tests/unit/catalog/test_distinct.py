"""Distinct texts are counted exactly, however they arrive."""

from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.tally.distinct import DistinctCounter


@given(st.lists(st.lists(st.text(max_size=3), max_size=150), max_size=8))
def test_the_count_is_that_of_a_set(batches: list[list[str]]) -> None:
    counter = DistinctCounter()
    for batch in batches:
        counter.add(batch)
    texts = [text for batch in batches for text in batch]
    assert (counter.total, counter.distinct()) == (len(texts), len(set(texts)))


@pytest.mark.parametrize("at_once", [1, 7, 5_000])
def test_many_runs_with_the_same_texts_count_them_once(at_once: int) -> None:
    counter = DistinctCounter()
    for number in range(600_000 // at_once):
        counter.add([f"{number % 5_000}-{place}" for place in range(at_once)])
    assert counter.total == 600_000 // at_once * at_once
    assert counter.distinct() == len(
        {
            (number % 5_000, place)
            for number in range(600_000 // at_once)
            for place in range(at_once)
        }
    )


def test_adding_goes_on_after_a_count() -> None:
    counter = DistinctCounter()
    counter.add(["a", "b"])
    assert counter.distinct() == 2
    counter.add(["b", "c"])
    assert (counter.total, counter.distinct()) == (4, 3)


def test_a_full_disk_costs_memory_and_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[BinaryIO] = []

    def full_disk(**_: object) -> BinaryIO:
        opened.append(Path("/dev/full").open("r+b", buffering=0))  # noqa: SIM115
        return opened[-1]

    monkeypatch.setattr("app.catalog.tally.distinct.tempfile.TemporaryFile", full_disk)
    counter = DistinctCounter()
    for number in range(12):
        counter.add([f"{number % 8}-{place}" for place in range(50_000)])
    assert (counter.total, counter.distinct()) == (600_000, 400_000)
    assert len(opened) == 1
    opened[0].close()


def test_nothing_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    counter = DistinctCounter()
    for number in range(12):
        counter.add([f"{number}-{place}" for place in range(50_000)])
    assert counter.distinct() == 600_000
    assert list(tmp_path.iterdir()) == []
