"""The facts of a result are said once: all that shows, keeps or takes them over has the same."""

import pytest

from app.api.contract.images import ImageState
from app.catalog.out.report import REPORT_COLUMNS
from app.domain.results import (
    FACTS,
    FILE_FACTS,
    SHOWN,
    FileRole,
    ImageResult,
    Source,
    StoredFile,
    facts_of,
    joined,
    result_of,
)

FILE = StoredFile("r/2-1-mug.jpg", 400, 80, 60, "jpeg")
ORIGINAL = StoredFile("originals/r/2-1-mug.png", 900, 160, 120, "png")
DONE = ImageResult(
    source=Source(900, 160, 120, "png"),
    file=FILE,
    kept=False,
    notes="One page of two.",
    etag='"1"',
    last_modified="Tue",
    final_url="http://b.test/",
)
CHECKED = ImageResult(source=Source(None, 160, 120, "png"))


@pytest.mark.parametrize("result", [DONE, CHECKED, ImageResult()])
def test_a_result_is_the_same_after_a_walk_through_its_facts(result: ImageResult) -> None:
    facts = dict.fromkeys(FACTS) | facts_of(result)
    assert result_of(facts) == result
    assert facts.keys() == FACTS.keys()


def test_files_beside_the_output_are_handed_in() -> None:
    result = result_of(facts_of(DONE), {FileRole.ORIGINAL: ORIGINAL})
    assert result == DONE._replace(original=ORIGINAL)
    assert result.files == {FileRole.ORIGINAL: ORIGINAL}
    assert result.all_files() == (FILE, ORIGINAL)
    assert CHECKED.all_files() == ()


def test_sizes_that_are_not_known_count_as_nothing() -> None:
    assert (DONE.input_bytes, DONE.output_bytes) == (900, 400)
    assert (CHECKED.input_bytes, CHECKED.output_bytes) == (0, 0)


def test_callers_are_told_the_same_facts_in_the_document_and_in_the_report() -> None:
    assert set(SHOWN) <= FACTS.keys()
    assert set(SHOWN) <= ImageState.model_fields.keys()
    assert set(SHOWN) <= set(REPORT_COLUMNS)


def test_facts_have_the_types_of_their_columns() -> None:
    assert {name: FACTS[name] for name in ("storage_key", "input_bytes", "kept")} == {
        "storage_key": str,
        "input_bytes": int,
        "kept": bool,
    }
    assert {"key": str, "bytes": int, "width": int, "height": int, "format": str} == FILE_FACTS


def test_notes_are_one_text() -> None:
    assert joined(("One page of two.", "No colour profile.")) == (
        "One page of two.; No colour profile."
    )
    assert joined(()) is None
