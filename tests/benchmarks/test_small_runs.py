"""Areas that are quick enough, really run: what they print is whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.process import REPOSITORY


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"CODEC_PROCESSES": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def cells(printed: str, first: str) -> list[str]:
    """The cells of the row that begins with these words."""
    for line in printed.splitlines():
        row = [cell.strip() for cell in line.split("|")[1:-1]]
        if row and row[0].startswith(first):
            return row
    raise AssertionError(f"no row {first!r} in:\n{printed}")


def test_csv_measures_every_step_and_its_goals(tmp_path: Path) -> None:
    printed = run("csv", "--rows=200", f"--cache={tmp_path}")
    for step in ("csv.reader alone", "validate()", "POST /upload", "ingest", "output CSV"):
        assert cells(printed, f"200 rows: {step}")
    assert cells(printed, "images of the request")[1:] == ["600"]
    status = cells(printed, "time of a status answer / at 300 images: 600 images")
    assert status[1] == "<= 1.20"
    assert float(status[2].split()[0]) > 0


def test_options_are_held_against_pillow(tmp_path: Path) -> None:
    printed = run(
        "service", "--formats", "--images=1", "--distinct=1", "--rounds=1", f"--cache={tmp_path}"
    )
    goal = cells(printed, "CPU of an option / of Pillow used directly: webp")
    assert goal[1] == "<= 1.10"
    assert 0 < float(goal[2]) < 10


def test_a_host_that_limits_its_callers_is_measured() -> None:
    printed = run("hosts", "--only=20-429", "--quick", "--workers=1")
    row = cells(printed, "20/s, 429 with `Retry-After: 1`")
    done, refused, wall = (float(cell) for cell in row[2:5])
    assert row[1] == "1"
    assert 0 < done <= 100
    assert 0 <= refused < 100
    assert wall > 0
    goal = cells(printed, "share of a host's images that are done: 20-429, workers: 1")
    assert goal[1] == ">= 1.00"


# Two services with their servers, and four times a worker: slow where others use the cores, too.
@pytest.mark.timeout(300)
def test_a_far_store_and_another_checkout_are_compared_with_what_is_here() -> None:
    rows = ("--only=far-store", "--only=no-limit")
    printed = run("hosts", *rows, "--quick", "--workers=1", f"--baseline={REPOSITORY}")
    store, local = cells(printed, "1"), cells(printed, "no limit, local")
    assert store[1] == local[2] == "100.0"
    assert all(0 < float(ratio) < 10 for ratio in (store[4], *local[5:]))
    assert cells(printed, "images/s into a far store / into a near one: store 300 ms away")
    assert cells(printed, "CPU of an image / that of the code before: no limit, local")


def test_a_row_that_is_none_is_told_with_those_that_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "hosts", "--only=50-249"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert done.returncode == 2
    assert "no row '50-249'; rows: 20-429, 50-429," in done.stderr


def test_processes_claim_and_record_images_of_one_request(tmp_path: Path) -> None:
    printed = run(
        "one-request", "--processes=2", "--images=9000", "--seconds=0.1", f"--cache={tmp_path}"
    )
    row = cells(printed, "2")
    assert int(row[1].replace(",", "")) > 0
    held, whole = row[4].split()[0], row[3].split()[0]
    assert 0 < float(held) <= float(whole)


def test_silent_receivers_are_measured_on_both_stacks() -> None:
    printed = run("silent-receivers", "--dead=40", "--receivers=4", "--requests=2")
    for stack in ("SQLite", "Postgres"):
        row = cells(printed, stack)
        assert row[1] == "none"
        assert 0 < float(row[2]) < float(row[5])
    assert printed.count("40 to 4 receivers") == 2
