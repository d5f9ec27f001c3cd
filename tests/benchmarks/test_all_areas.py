"""`python -m benchmarks all`: the plan can be run, and a failure costs its own area only."""

import sys
from pathlib import Path

import pytest
import typer

from benchmarks.__main__ import app
from benchmarks.everything import areas, run_all

MEASURES = """
from benchmarks.goals import Measured, report
report([Measured("{}", "a test", [1.0])])
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def parsed(arguments: list[str]) -> dict[str, object]:
    """What the area's own command line makes of the arguments; nothing is run."""
    command = typer.main.get_command(app)
    area = command.commands[arguments[0]]  # type: ignore[attr-defined]
    return dict(area.make_context(arguments[0], arguments[1:]).params)


@pytest.mark.parametrize("quick", [False, True])
def test_every_area_takes_the_arguments_that_the_plan_gives_it(quick: bool) -> None:
    plan = areas(quick=quick, rounds=None, cache=Path("kept"))
    for arguments in plan:
        options = parsed(arguments)
        assert options.get("cache", Path("kept")) == Path("kept")
    assert {arguments[0] for arguments in plan} == {
        "service",
        "memory",
        "workers",
        "csv",
        "bookkeeping",
        "one-request",
        "pictures",
        "hosts",
    }


def test_the_sizes_are_those_that_the_goals_name() -> None:
    plan = [parsed(arguments) for arguments in areas(quick=False, rounds=None, cache=Path("kept"))]
    service, formats, memory, workers, csv, bookkeeping, *_ = plan
    assert (service["images"], service["delay_ms"], service["rounds"]) == (2_520, 200, 5)
    assert formats["formats"]
    assert (memory["images"], memory["rounds"]) == ([630, 4_200], 5)
    assert (workers["delay_ms"], workers["rounds"]) == (300, 5)
    assert csv["rows"] == [10_000, 1_000_000]
    assert bookkeeping["images"] == [1_000, 100_000, 1_000_000]


def test_rounds_are_handed_to_the_areas_but_csv_and_hosts_have_their_own_most() -> None:
    plan = [parsed(arguments) for arguments in areas(quick=True, rounds=7, cache=Path("kept"))]
    rounds = [options["rounds"] for options in plan if "rounds" in options]
    assert rounds == [7, 7, 7, 7, 3, 7, 1]


def test_a_failed_area_is_told_and_loses_no_other_figures(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code = run_all(
        {
            "memory --rounds=1": python(MEASURES.format("memory")),
            "service --rounds=1": python("raise SystemExit('no nginx here')"),
            "csv --rounds=1": python(MEASURES.format("status")),
        }
    )
    said = capfd.readouterr()
    joint = said.out.partition("## All goals")[2]
    assert code == 1
    assert "no nginx here" in said.err
    assert "- `service --rounds=1` failed with exit code 1." in joint
    assert [line.count(" 1.00 |") for line in joint.splitlines() if "a test" in line] == [1, 1]
    assert joint.count("not measured") > 10


def test_a_killed_area_is_told_too(capfd: pytest.CaptureFixture[str]) -> None:
    code = run_all({"csv": python("import os; os.kill(os.getpid(), 9)")})
    assert code == 1
    assert "`csv` failed with exit code -9" in capfd.readouterr().out


def test_the_exit_code_is_0_when_all_areas_ran(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_all({"memory": python(MEASURES.format("memory"))}) == 0
    assert "failed" not in capfd.readouterr().out
