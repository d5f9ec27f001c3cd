"""What pages list is all that there is: tasks, rooms, decisions."""

import re

from app.domain.tasks import Task
from tests.docs.pages import ROOT


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def test_the_page_of_workers_has_a_row_for_every_task() -> None:
    rows = re.findall(
        r"^\| `(\w+\.\w+)` \| .+ \| .+ \| .+ \|$", text_of("docs/workers.md"), re.MULTILINE
    )
    assert sorted(rows) == sorted(Task)


def test_the_design_gives_every_decision_a_row() -> None:
    decisions = {path.name for path in (ROOT / "docs" / "decisions").glob("*.md")}
    linked = set(re.findall(r"\(decisions/([\w-]+\.md)\)", text_of("docs/design.md")))
    assert linked == decisions
