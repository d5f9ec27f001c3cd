"""Every setting is in the README and in .env.example, with its default and its meaning."""

import re
from pathlib import Path

import pytest

from app.config import Settings

ROOT = Path(__file__).resolve().parents[1]
# Each file says the defaults that are no plain values in its own words.
SPECIAL = {"data_dir": "./data", "codec_processes": "cores"}


def default_of(name: str) -> str:
    """The default as a person would type it; empty for none."""
    if name in SPECIAL:
        return SPECIAL[name]
    value = Settings.model_fields[name].default
    if value is None or value == ():
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_readme_s_table_has_the_setting(name: str) -> None:
    row = re.search(
        rf"^\| `{name.upper()}` \| (.+?) \| (.+) \|$",
        (ROOT / "README.md").read_text(),
        re.MULTILINE,
    )
    assert row, f"README.md has no row for {name.upper()}"
    assert row[1].strip("`").replace("unset", "") == default_of(name)
    assert row[2] == Settings.model_fields[name].description


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_example_has_the_setting(name: str) -> None:
    example = (ROOT / ".env.example").read_text()
    line = re.search(rf"^((?:# .*\n)+)#{name.upper()}=(.*)$", example, re.MULTILINE)
    assert line, f".env.example has no line for {name.upper()}"
    assert line[2] == ("" if name == "codec_processes" else default_of(name))
    told = " ".join(text.removeprefix("# ") for text in line[1].splitlines())
    assert told.endswith(Settings.model_fields[name].description or "")


def test_the_documents_name_no_setting_that_does_not_exist() -> None:
    readme = re.findall(r"^\| `([A-Z0-9_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    example = re.findall(r"^#?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    known = {name.upper() for name in Settings.model_fields}
    assert set(readme) == set(example) == known
