"""The tables and goals of large CSV files."""

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

from benchmarks.figures import megabytes, print_table, ratios, spread
from benchmarks.goals import Measured
from benchmarks.questions import QUESTIONS, STATUS
from benchmarks.tables import URLS_PER_ROW

READER, VALIDATE, UPLOAD = "csv.reader alone", "validate()", "POST /upload"
INGEST, OUTPUT = "ingest", "output CSV"
# The small request that a large one's status is held against: 300 images.
SMALL_ROWS = 100


@dataclass
class Figures:
    """One step's figures at one size, a value for each round."""

    wall_seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    server_cpu_seconds: list[float] = field(default_factory=list)
    peak_pss: list[int] = field(default_factory=list)
    first_byte_seconds: list[float] = field(default_factory=list)
    bytes_out: int = 0


@dataclass
class Answers:
    """What was asked when all rows of one size lay in the database."""

    asked_ms: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    # The status of the small request beside it, asked in turn.
    small_status_ms: list[float] = field(default_factory=list)
    delete_seconds: list[float] = field(default_factory=list)


def print_tables(
    figures: dict[int, defaultdict[str, Figures]], answers: dict[int, Answers]
) -> None:
    """Print what each step cost, and what was asked afterwards."""
    _print_steps(figures)
    _print_answers(answers)


def _print_steps(figures: dict[int, defaultdict[str, Figures]]) -> None:
    rows = []
    for size, steps in figures.items():
        reader = median(steps[READER].wall_seconds)
        reader_cpu = median(steps[READER].cpu_seconds) or 0.01
        rows += [
            [
                f"{size:,} rows: {name}",
                spread(one.wall_seconds),
                spread([seconds / reader for seconds in one.wall_seconds]),
                spread(one.first_byte_seconds, 3),
                spread(one.cpu_seconds),
                spread([seconds / reader_cpu for seconds in one.cpu_seconds]),
                spread(one.server_cpu_seconds),
                megabytes(one.peak_pss),
                f"{one.bytes_out / 1_000_000:,.1f}" if one.bytes_out else "-",
            ]
            for name, one in steps.items()
        ]
    print_table(
        [
            "step",
            "seconds",
            "of csv.reader's",
            "first byte, s",
            "CPU s",
            "of csv.reader's",
            "Postgres CPU s",
            "peak PSS, MB",
            "MB sent",
        ],
        rows,
    )


def _print_answers(answers: dict[int, Answers]) -> None:
    small = SMALL_ROWS * URLS_PER_ROW
    names = [name for name in QUESTIONS if name != STATUS]
    print_table(
        ["images of the request", *(f"{size * URLS_PER_ROW:,}" for size in answers)],
        [
            [f"{STATUS}, ms", *(spread(one.asked_ms[STATUS], 1) for one in answers.values())],
            [
                f"{STATUS} at {small} images beside it, ms",
                *(spread(one.small_status_ms, 1) for one in answers.values()),
            ],
            [
                "the one / the other",
                *(
                    spread(ratios(one.asked_ms[STATUS], one.small_status_ms))
                    for one in answers.values()
                ),
            ],
            *(
                [f"{name}, ms", *(spread(one.asked_ms[name], 1) for one in answers.values())]
                for name in names
            ),
            ["DELETE answered, s", *(spread(one.delete_seconds) for one in answers.values())],
        ],
    )


def goals(
    figures: dict[int, defaultdict[str, Figures]], answers: dict[int, Answers]
) -> list[Measured]:
    """Of the largest file, and of its growth over the smallest."""
    smallest, largest = min(figures), max(figures)
    steps, of = figures[largest], f"{largest:,} rows"
    reader = median(steps[READER].wall_seconds)
    status = ratios(answers[largest].asked_ms[STATUS], answers[largest].small_status_ms)
    found = [
        Measured("accepted", of, [one / reader for one in steps[UPLOAD].wall_seconds]),
        Measured("ingested", of, [one / reader for one in steps[INGEST].wall_seconds]),
        Measured("first_byte", of, steps[OUTPUT].first_byte_seconds),
        Measured("status", f"{largest * URLS_PER_ROW:,} images", status),
    ]
    if smallest != largest:
        found += [
            Measured(
                "api_memory",
                f"{step}, {largest:,} / {smallest:,} rows",
                ratios(steps[step].peak_pss, figures[smallest][step].peak_pss),
            )
            for step in (UPLOAD, OUTPUT)
        ]
    return found
