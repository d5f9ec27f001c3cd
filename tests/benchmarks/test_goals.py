"""Figures are held to their bounds, and the table says so."""

from pathlib import Path

import pytest

from benchmarks.goals import (
    COLLECT_VARIABLE,
    GOALS,
    Goal,
    Measured,
    collected,
    print_goals,
    report,
    verdict,
)

HIGH = Goal("high", "a figure that is to be large", 0.85, at_least=True)
LOW = Goal("low", "a figure that is to be small", 1.10)


@pytest.mark.parametrize(
    ("goal", "values", "expected"),
    [
        (HIGH, [0.85], "yes"),
        (HIGH, [0.84], "no"),
        (HIGH, [0.80, 0.90, 0.95], "yes, by median"),
        (HIGH, [0.80, 0.82, 0.95], "no, by median"),
        (LOW, [1.10], "yes"),
        (LOW, [1.11, 1.2], "no"),
        (LOW, [1.0, 1.05, 1.2], "yes, by median"),
        (LOW, [-0.01], "yes"),
    ],
)
def test_a_goal_holds_by_the_median(goal: Goal, values: list[float], expected: str) -> None:
    assert verdict(goal, values) == expected


def test_every_goal_has_a_name_of_its_own() -> None:
    assert len({goal.key for goal in GOALS}) == len(GOALS)


def test_the_table_has_wanted_measured_and_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    print_goals(
        [
            Measured("status", "3,000,000 images", [1.0, 1.1, 1.3]),
            Measured("codec_cpu", "real stack", [0.70, 0.71, 0.76]),
        ]
    )
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(capsys)]
    assert lines[0] == ["goal", "wanted", "measured (min-max)", "holds?"]
    assert lines[2:] == [
        [
            "CPU of the codec alone / of the whole service: real stack",
            ">= 0.85",
            "0.71 (0.70-0.76)",
            "no",
        ],
        [
            "time of a status answer / at 300 images: 3,000,000 images",
            "<= 1.20",
            "1.10 (1.00-1.30)",
            "yes, by median",
        ],
    ]


def test_what_was_not_measured_is_named_in_the_table_of_all_goals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # No round of a bystander: the goal was meant and nothing came of it.
    print_goals([Measured("bystander", "60 behind 1,000 images", [])], unmeasured=True)
    rows = table(capsys)[2:]
    assert len(rows) == len(GOALS)
    assert all(row.rstrip(" |").endswith("not measured") for row in rows)


def test_an_unknown_goal_is_an_error() -> None:
    with pytest.raises(KeyError, match="codec_speed"):
        print_goals([Measured("codec_speed", "real stack", [1.0])])


def test_reported_figures_are_collected_over_several_areas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [Measured("memory", "4,200 / 630 images", [1.02, 1.04])]
    second = [Measured("formats", "webp", [1.0]), Measured("bystander", "60 behind 10", [])]
    monkeypatch.setenv(COLLECT_VARIABLE, str(tmp_path / "measured.jsonl"))
    report(first)
    report(second)
    assert collected(tmp_path / "measured.jsonl") == [*first, *second]


def table(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
