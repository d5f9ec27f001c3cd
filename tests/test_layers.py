"""The table of who may import whom stands in pyproject.toml, `[tool.importlinter]`."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


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
