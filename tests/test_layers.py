"""Who may import whom: rooms by the table of docs/architecture.md, libraries by the one below.

pyproject.toml, `[tool.importlinter]`, has the order within rooms, and that there are no circles.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "app"
# Side by side in one folder, `__init__.py` among them.
MOST_FILES = 14
MOST_LINES = 300
# Each library, and the rooms that may import it.
LIBRARIES = {
    "PIL": {"cli", "imaging"},
    "ada_url": {"catalog", "domain", "outbound"},
    "aiohttp": {"outbound"},
    "alembic": {"db"},
    "anyio": {"api", "main", "web"},
    "boto3": {"storage"},
    "botocore": {"storage"},
    "celery": {"broker", "cli", "tasks"},
    "certifi": {"outbound"},
    "create_test_data": {"cli"},
    "fastapi": {"api", "main", "web"},
    "httpx": {"cli"},
    "jinja2": {"web"},
    "multidict": {"outbound"},
    "mypy_boto3_s3": {"storage"},
    "numpy": {"catalog", "db", "imaging"},
    "obstore": {"storage"},
    "opentelemetry": {"api"},
    "pillow_heif": {"imaging"},
    "prometheus_client": {"metrics"},
    "psycopg": {"db"},
    "pydantic": {"api", "cli", "config", "domain", "setting_values"},
    "pydantic_settings": {"config"},
    "python_calamine": {"catalog"},
    "rich": {"cli"},
    "s3transfer": {"storage"},
    "simplejpeg": {"imaging"},
    "sqlalchemy": {"access", "cli", "db", "ending", "intake", "results", "worker"},
    "standardwebhooks": {"ending"},
    "starlette": {"api", "main", "web"},
    "structlog": {
        *("access", "api", "broker", "cli", "codecs", "ending", "intake"),
        *("logs", "main", "results", "storage", "upkeep", "worker"),
    },
    "typer": {"cli"},
    "uuid_utils": {"ending", "intake"},
    "uvicorn": {"cli"},
    "yarl": {"outbound"},
}


def rooms_may_import() -> dict[str, list[str]]:
    """The table of the architecture's page, in its order: a room, and the names it may import."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| `(\w+)(?:/|\.py)` \| .* \| ([^|]+) \|$", page, re.MULTILINE)
    assert rows, "docs/architecture.md has no table of rooms"
    return {room: re.findall(r"`([\w.]+)`", names) for room, names in rows}


def imports_of(path: Path) -> Iterator[str]:
    """What a file imports anywhere in it, as full dotted names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files_by_room() -> dict[str, list[Path]]:
    """The Python files of each room; a file beside the rooms is a room of its own."""
    files = defaultdict(list)
    for path in sorted(APP.rglob("*.py")):
        if path != APP / "__init__.py":
            files[path.relative_to(APP).with_suffix("").parts[0]].append(path)
    return files


def test_imports_within_rooms_follow_the_contracts() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_has_its_line_in_the_table() -> None:
    assert sorted(rooms_may_import()) == sorted(files_by_room())


def test_a_line_of_the_table_names_only_rooms_below_it() -> None:
    table = rooms_may_import()
    order = list(table)
    for place, (room, names) in enumerate(table.items()):
        below = set(order[place + 1 :])
        assert {name.split(".")[0] for name in names} <= below, room


def test_rooms_import_what_their_line_allows_and_nothing_else() -> None:
    table = rooms_may_import()
    refused = [
        f"{path.relative_to(ROOT)} imports {name}"
        for room, paths in files_by_room().items()
        for path in paths
        for name in imports_of(path)
        if name.startswith("app.")
        and not any(
            f"{name}.".startswith(f"app.{allowed}.") for allowed in (room, *table.get(room, ()))
        )
    ]
    assert refused == []


def test_each_library_is_used_in_its_rooms_and_in_no_other() -> None:
    found = defaultdict(set)
    for room, paths in files_by_room().items():
        for name in {name for path in paths for name in imports_of(path)}:
            library = name.split(".")[0]
            if library not in {"app", *sys.stdlib_module_names}:
                found[library].add(room)
    assert found == LIBRARIES


ROOMS = sorted(path.parent.name for path in APP.glob("*/__init__.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_small_and_says_what_it_does_and_may_import(room: str) -> None:
    folders = [path.parent for path in (APP / room).rglob("__init__.py")]
    assert APP / room in folders
    for folder in folders:
        files = sorted(folder.glob("*.py"))
        assert len(files) <= MOST_FILES, f"{folder}: {[path.name for path in files]}"
        for path in files:
            assert len(path.read_text().splitlines()) <= MOST_LINES, path
        said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
        assert said is not None, folder
        sentence = re.search(r"\bimports\s([^.]+)", said, re.IGNORECASE)
        assert sentence is not None, folder
        if folder == APP / room:
            # What a room says of its imports is what its line in the table says.
            named = re.findall(r"`(\w+)`", sentence[1])
            assert sorted(named) == sorted(
                {name.split(".")[0] for name in rooms_may_import()[room]}
            )
