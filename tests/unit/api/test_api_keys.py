"""Which key is whose."""

from pathlib import Path

import pytest

from app.api.auth import owner_of
from app.config import Settings
from app.domain.errors import Unauthorized


def settings_with(tmp_path: Path, keys: str) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, api_keys=keys)


def test_without_keys_the_service_is_open(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, "")
    assert owner_of(None, settings) == ""
    assert owner_of("anything", settings) == ""


def test_each_key_is_an_owner_of_its_own_and_does_not_show(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, "first-key, second-key")
    first, second = owner_of("first-key", settings), owner_of("second-key", settings)
    assert first != second
    assert len(first) == 32
    assert "first" not in first


@pytest.mark.parametrize("key", [None, "", "third-key", "first-key ", "FIRST-KEY", "schlüssel"])
def test_any_other_key_is_refused(tmp_path: Path, key: str | None) -> None:
    with pytest.raises(Unauthorized):
        owner_of(key, settings_with(tmp_path, "first-key,second-key"))
