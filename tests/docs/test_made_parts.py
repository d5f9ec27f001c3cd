"""The parts of the documents that are made from the code are those of the code as it is now."""

import re

import pytest

from app.config import Settings
from app.db.models import Base
from app.domain.statuses import ImageStatus, RequestStatus
from docs.generate.blocks import PageError, filled
from docs.generate.configuration import configuration_blocks
from docs.generate.files import made_files
from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return made_files()


@pytest.mark.parametrize(
    "name",
    [
        "docs/configuration.md",
        "docs/api.md",
        "docs/design.md",
        "image_processing.postman_collection.json",
    ],
)
def test_the_file_is_up_to_date(made: dict[str, str], name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == made[name], (
        f"{name} is not what the code says now: run `python -m docs.generate` in the project's "
        "folder and commit what it writes."
    )


def test_no_variable_of_the_environment_changes_what_is_made(
    made: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("API_KEYS", "one-for-these-tests"), ("PORT", "9999"), ("MAX_ROWS", "7")):
        monkeypatch.setenv(name, value)
    assert made_files() == made


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_page_of_settings_has_the_setting_once(made: dict[str, str], name: str) -> None:
    meaning = re.escape(Settings.model_fields[name].description or "")
    row = rf"^\| `{name.upper()}` \|(?: [^|]* \|){{4}} {meaning} \|$"
    assert len(re.findall(row, made["docs/configuration.md"], re.MULTILINE)) == 1


def test_bounds_units_and_defaults_are_those_of_the_settings(made: dict[str, str]) -> None:
    page = made["docs/configuration.md"]
    assert "| `FETCH_TIMEOUT_SECONDS` | number | `30` | seconds | above 0, at most 600 |" in page
    assert "| `PORT` | whole number | `8000` |  | 0 to 65,535 |" in page
    assert "| `LOG_FORMAT` | one of `console`, `json` | `console` |" in page
    assert "| `WEBHOOK_SECRET` | text, secret | unset |" in page


def test_a_setting_without_a_place_in_the_example_is_named() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8").replace("#LEASE_SECONDS=60\n", "")
    with pytest.raises(PageError, match="LEASE_SECONDS"):
        configuration_blocks(example)


def test_a_page_without_a_block_says_what_to_write() -> None:
    with pytest.raises(PageError, match="<!-- made: upload -->"):
        filled("# A page\n", {"upload": "text"}, page="docs/api.md")
    with pytest.raises(PageError, match="nobody makes"):
        filled("<!-- made: gone -->\n<!-- end -->\n", {}, page="docs/api.md")


def test_the_diagram_of_tables_has_every_column(made: dict[str, str]) -> None:
    page = made["docs/design.md"]
    for table in Base.metadata.tables.values():
        block = re.search(rf"^    {table.name} {{\n(.*?)^    }}$", page, re.MULTILINE | re.DOTALL)
        assert block, table.name
        assert [line.split()[1] for line in block[1].splitlines()] == [
            column.name for column in table.columns
        ]


def test_the_diagrams_of_states_have_every_state_and_no_other(made: dict[str, str]) -> None:
    diagrams = re.findall(
        r"^```mermaid\nstateDiagram-v2\n(.*?)^```$",
        made["docs/design.md"],
        re.MULTILINE | re.DOTALL,
    )
    assert len(diagrams) == 2
    for diagram, states in zip(diagrams, (RequestStatus, ImageStatus), strict=True):
        named = re.findall(r"^ *(\S+) --> (\S+?)(?: *:.*)?$", diagram, re.MULTILINE)
        found = {state for pair in named for state in pair} - {"[*]"}
        assert found == {state.value for state in states}
