"""`python -m app adopt-store` and `remove-orphans`: nothing happens without --yes."""

import os
from pathlib import Path

from tests.integration.cli.conftest import WriteCsv
from tests.integration.cli.parts import run_app

# Of the year 2024.
OLD_ID = "018d0000-0000-7000-8000-000000000001"


def files_of(folder: Path) -> set[str]:
    root = folder / "data/files"
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and path.name != ".installation"
    }


def test_a_new_database_adopts_the_store_and_then_removes_what_it_does_not_know(
    tmp_path: Path, write_csv: WriteCsv
) -> None:
    assert run_app("process", str(write_csv(1)), folder=tmp_path).returncode == 0
    lost = tmp_path / "data/files" / OLD_ID / "2-1-mug.jpg"
    lost.parent.mkdir()
    lost.write_bytes(b"picture")
    before = files_of(tmp_path)
    new = {"DATABASE_URL": f"sqlite:///{tmp_path}/new.db"}

    looked = run_app("adopt-store", folder=tmp_path, **new)
    assert looked.returncode == 0
    assert "The store belongs to installation" in looked.stdout
    assert "1 folder, a day old or more, that it does not know" in looked.stdout
    assert "Nothing was changed" in looked.stdout

    for arguments in ((), ("--yes",)):
        refused = run_app("remove-orphans", *arguments, folder=tmp_path, **new)
        assert refused.returncode == 2
        assert "does not belong to this database" in refused.stderr
    assert files_of(tmp_path) == before

    assert (
        "belongs to this database now"
        in run_app("adopt-store", "--yes", folder=tmp_path, **new).stdout
    )
    asked = run_app("remove-orphans", folder=tmp_path, **new)
    assert "The store belongs to this database." in asked.stdout
    assert "Nothing was removed" in asked.stdout
    assert files_of(tmp_path) == before

    done = run_app("remove-orphans", "--yes", folder=tmp_path, **new)
    assert done.returncode == 0
    assert "Removed the files of 1 request." in done.stdout
    # The other request is younger than a day.
    assert before - files_of(tmp_path) == {f"{OLD_ID}{os.sep}2-1-mug.jpg"}
