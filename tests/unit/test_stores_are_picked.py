"""A store is added in three files: its own, the settings, and the one that picks it."""

from pathlib import Path

from app.bootstrap import build_store
from app.config import STORE_ADVICE, STORE_SETTINGS, Settings
from app.storage.local import LocalStore
from app.storage.s3 import S3Store

S3 = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}


def settings(folder: Path, **more: str) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **S3, **more)  # type: ignore[arg-type, call-arg]


def test_without_any_of_the_settings_files_are_the_store(tmp_path: Path) -> None:
    unset = dict.fromkeys(name.lower() for name in STORE_SETTINGS)
    assert unset.keys() <= Settings.model_fields.keys()
    assert isinstance(build_store(settings(tmp_path, **unset)), LocalStore)  # type: ignore[arg-type]


def test_each_of_the_settings_picks_a_store_of_its_own(tmp_path: Path) -> None:
    stores = [build_store(settings(tmp_path, **{each.lower(): "x"})) for each in STORE_SETTINGS]
    assert [type(store) for store in stores] == [S3Store]
    assert all(name in STORE_ADVICE for name in (*STORE_SETTINGS, "DATA_DIR"))


def test_no_module_but_those_three_knows_which_stores_there_are() -> None:
    app = Path(__file__).resolve().parents[2] / "app"
    names = ("S3Store", "s3_", "S3_", *STORE_SETTINGS)
    found = {
        path.relative_to(app).as_posix()
        for path in app.rglob("*.py")
        if any(name in path.read_text(encoding="utf-8") for name in names)
    }
    assert {each for each in found if not each.startswith("storage/")} == {
        "bootstrap.py",
        "config.py",
    }
