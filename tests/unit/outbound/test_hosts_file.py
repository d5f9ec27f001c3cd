"""HOSTS_FILE: read once, from where the settings say, or refused in one sentence."""

from pathlib import Path

import pytest

from app.bootstrap import build_adapters
from app.config import PROJECT_FOLDER, SettingsError, load_settings

SECRET = "geheim-4711"


def load(path: Path, folder: Path) -> object:
    return build_adapters(load_settings(_env_file=None, hosts_file=path, data_dir=folder))


def test_the_rules_are_among_the_adapters(tmp_path: Path) -> None:
    path = tmp_path / "hosts.toml"
    path.write_text(f'["bücher.example"]\nheaders = {{ X-Key = "{SECRET}" }}\n', encoding="utf-8")
    adapters = build_adapters(load_settings(_env_file=None, hosts_file=path, data_dir=tmp_path))
    rule = adapters.host_rules.of("xn--bcher-kva.example:443")
    assert rule is not None
    assert rule.headers == {"X-Key": SECRET}
    assert SECRET not in repr(adapters)


def test_without_a_file_no_host_has_a_rule(tmp_path: Path) -> None:
    adapters = build_adapters(load_settings(_env_file=None, data_dir=tmp_path))
    assert adapters.host_rules.of("cdn.example:443") is None


def test_a_relative_path_starts_at_the_project_s_folder() -> None:
    settings = load_settings(_env_file=None, hosts_file="conf/hosts.toml")
    assert settings.hosts_file == PROJECT_FOLDER / "conf" / "hosts.toml"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "no text in UTF-8"),
        (f'["cdn.example"]\nheaders = {{ X = "{SECRET}'.encode(), "not valid TOML at "),
        (f'["cdn.example"]\nuser_agent = {SECRET}\n'.encode(), "not valid TOML at line 2"),
        (f'["a.b"]\nreferer = "{SECRET}"\nreferer = "x"\n'.encode(), "not valid TOML at line 3"),
        (b'["cdn example"]\n', '["cdn example"] is no host name'),
        (f'["a.b"]\nheaders = {{X = "{SECRET}\\n"}}'.encode(), '["a.b"] headers.X must be one'),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start_with_one_sentence(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "hosts.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError) as refusal:
        load(path, tmp_path)
    message = str(refusal.value)
    assert message.startswith(f"The setting HOSTS_FILE cannot be used: {path}: ")
    assert words in message
    assert "\n" not in message
    assert SECRET not in message
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="directory"):
        load(tmp_path, tmp_path)
