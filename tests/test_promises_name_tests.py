"""docs/security.md promises nothing without a test, and names none that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def promises() -> list[str]:
    """The rows of the tables of promises."""
    chapter = DOCUMENT.partition("## What is promised")[2].partition("\n## ")[0]
    rows = [line for line in chapter.splitlines() if line.startswith("| ")]
    return [row for row in rows if not row.startswith(("| promise", "| ---"))]


def test_every_named_test_exists() -> None:
    named = NAMED.findall(DOCUMENT)
    assert len(named) > 50
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists()
        or not re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_every_promise_names_a_test() -> None:
    assert len(promises()) > 30
    assert [row for row in promises() if not NAMED.search(row)] == []


def test_what_looks_like_a_test_is_one() -> None:
    assert len(re.findall(r"tests/[\w/]+\.py::", DOCUMENT)) == len(NAMED.findall(DOCUMENT))
