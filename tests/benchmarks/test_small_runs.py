"""Areas that are quick enough, really run: what they print is whole."""

import io
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import typer

from benchmarks import catalog
from benchmarks.__main__ import app
from benchmarks.hosts import far_store, limited, stand, unlimited
from tests.parts.process import REPOSITORY

Run = Callable[[str], str]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Runs one command in this process; gives what it has printed."""
    command = typer.main.get_command(app)

    def one(arguments: str) -> str:
        with redirect_stdout(io.StringIO()) as printed:
            command.main(shlex.split(arguments), prog_name="benchmarks", standalone_mode=False)
        return printed.getvalue()

    before = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODEC_PROCESSES", "1")
        # What is printed does not depend on the sizes.
        patch.setattr(catalog, "QUICK_REPEATS", 1)
        patch.setattr(stand, "WARM_UP_IMAGES", 20)
        patch.setattr(limited, "QUICK_IDEAL_SECONDS", 3)
        patch.setattr(far_store, "QUICK_IMAGES", 60)
        patch.setattr(unlimited, "QUICK_SHARE", 100)
        yield one
    signal.signal(signal.SIGTERM, before)


def cells(printed: str, first: str) -> list[str]:
    """The cells of the row that begins with these words."""
    for line in printed.splitlines():
        row = [cell.strip() for cell in line.split("|")[1:-1]]
        if row and row[0].startswith(first):
            return row
    raise AssertionError(f"no row {first!r} in:\n{printed}")


def test_csv_measures_every_step_and_its_goals(run: Run, tmp_path: Path) -> None:
    printed = run(f"csv --rows=200 --cache={tmp_path}")
    for step in ("csv.reader alone", "validate()", "POST /upload", "ingest", "output CSV"):
        assert cells(printed, f"200 rows: {step}")
    assert cells(printed, "images of the request")[1:] == ["600"]
    status = cells(printed, "time of a status answer / at 300 images: 600 images")
    assert status[1] == "<= 1.20"
    assert float(status[2].split()[0]) > 0


def test_options_are_held_against_pillow(run: Run, tmp_path: Path) -> None:
    printed = run(f"service --formats --images=1 --distinct=1 --rounds=1 --cache={tmp_path}")
    goal = cells(printed, "CPU of an option / of Pillow used directly: webp")
    assert goal[1] == "<= 1.10"
    assert 0 < float(goal[2]) < 10


# A service with its servers, and three times a worker: slow where others use the cores as well.
hosts_in_time = pytest.mark.timeout(300)


@hosts_in_time
def test_hosts_that_limit_and_a_far_store_are_measured(run: Run) -> None:
    # Rows of each kind but the silent host.
    rows = "--only=20-429 --only=no-limit --only=far-store"
    hosts = run(f"hosts {rows} --quick --workers=1")
    row = cells(hosts, "20/s, 429 with `Retry-After: 1`")
    done, refused, wall = (float(cell) for cell in row[2:5])
    assert row[1] == "1"
    assert 0 < done <= 100
    assert 0 <= refused < 100
    assert wall > 0
    goal = cells(hosts, "share of a host's images that are done: 20-429, workers: 1")
    assert goal[1] == ">= 1.00"
    store, local = cells(hosts, "1"), cells(hosts, "no limit, local")
    assert store[1] == local[2] == "100.0"
    assert 0 < float(store[4]) < 10
    assert cells(hosts, "images/s into a far store / into a near one: store 300 ms away")


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


def test_processes_claim_and_record_images_of_one_request(run: Run, tmp_path: Path) -> None:
    printed = run(f"one-request --processes=2 --images=9000 --seconds=0.1 --cache={tmp_path}")
    row = cells(printed, "2")
    assert int(row[1].replace(",", "")) > 0
    held, whole = row[4].split()[0], row[3].split()[0]
    assert 0 < float(held) <= float(whole)


def test_silent_receivers_are_measured_on_both_stacks(run: Run) -> None:
    printed = run("silent-receivers --dead=40 --receivers=4 --requests=2")
    for stack in ("SQLite", "Postgres"):
        row = cells(printed, stack)
        assert row[1] == "none"
        assert 0 < float(row[2]) < float(row[5])
    assert printed.count("40 to 4 receivers") == 2
