"""The table of who may import whom stands in pyproject.toml, `[tool.importlinter]`."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Side by side in one folder, `__init__.py` among them.
MOST_FILES = 14
MOST_LINES = 300


def test_imports_follow_the_table() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_has_its_place_in_the_table() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(each for each in table["contracts"] if each["type"] == "layers")["layers"]
    placed = {room.strip() for layer in layers for room in layer.split("|")}
    rooms = {
        f"app.{path.stem}"
        for path in (ROOT / "app").iterdir()
        if (path.is_dir() and any(path.glob("*.py"))) or path.suffix == ".py"
    }
    # Settings and logs may be used by all above the adapters; a contract of their own says so.
    assert rooms - placed == {"app.__init__", "app.config", "app.logs"}


# Other rooms follow as they are put in order.
@pytest.mark.parametrize(
    "room",
    [
        "api",
        "cli",
        "codecs",
        "confined",
        "imaging",
        "web",
    ],
)
def test_a_room_is_small_and_says_what_it_does_and_may_import(room: str) -> None:
    folders = [path.parent for path in (ROOT / "app" / room).rglob("__init__.py")]
    assert folders
    for folder in folders:
        files = sorted(path.name for path in folder.glob("*.py"))
        assert len(files) <= MOST_FILES, f"{folder}: {files}"
        lines = {name: len((folder / name).read_text().splitlines()) for name in files}
        assert max(lines.values()) <= MOST_LINES, f"{folder}: {lines}"
        said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
        assert said is not None, folder
        assert "imports" in said.lower(), folder
