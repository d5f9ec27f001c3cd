import re
from pathlib import Path
from typing import Any

import pytest

from app.config import PROJECT_FOLDER, SettingsError, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches these tests."""
    from app.config import Settings

    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def load(**values: Any) -> Any:
    return load_settings(_env_file=None, **values)


def test_without_any_setting_the_service_is_embedded() -> None:
    settings = load()
    assert settings.sqlalchemy_url == f"sqlite:///{PROJECT_FOLDER / 'data' / 'service.db'}"
    assert (settings.redis_url, settings.s3_bucket, settings.api_keys) == (None, None, ())
    assert settings.base_url == "http://127.0.0.1:8000"


def test_lists_come_from_the_environment_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEYS", "1111222233334444, 5555666677778888,,")
    monkeypatch.setenv("FETCH_ALLOW_NETWORKS", "10.0.0.0/8, fd00::/8")
    settings = load()
    assert [key.get_secret_value() for key in settings.api_keys] == [
        "1111222233334444",
        "5555666677778888",
    ]
    assert [str(network) for network in settings.fetch_allow_networks] == ["10.0.0.0/8", "fd00::/8"]


def test_a_key_that_is_too_short_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"API_KEYS .* at least 8 characters"):
        load(api_keys="1111222233334444,1111222")


def test_a_token_that_is_too_short_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"METRICS_TOKEN .* at least 8 characters") as caught:
        load(metrics_token="hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("Pictures.example, *.SHOP.example.", ("pictures.example", "*.shop.example")),
        ("192.168.1.5,[FD00::5],fd00:0::6", ("192.168.1.5", "fd00::5", "fd00::6")),
        ("*", ("*",)),
        ("api,my_nas", ("api", "my_nas")),
        ("b\u00fccher.example", ("xn--bcher-kva.example",)),
    ],
)
def test_trusted_hosts_are_read_as_browsers_write_them(
    written: str, means: tuple[str, ...]
) -> None:
    assert load(trusted_hosts=written).trusted_hosts == means


@pytest.mark.parametrize(
    "written",
    ["http://a.example", "a.example:8000", "a.*", "*a.example", "a b", "192.168.1", "10.0.0.0/8"],
)
def test_what_is_no_name_is_no_trusted_host(written: str) -> None:
    with pytest.raises(SettingsError, match=r"TRUSTED_HOSTS .* must be names or addresses"):
        load(trusted_hosts=f"good.example,{written}")


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "PORT", "API_KEYS", "RETENTION_DAYS"):
        monkeypatch.setenv(name, "")
    settings = load()
    assert (settings.redis_url, settings.port, settings.retention_days) == (None, 8000, 0)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("FETCH_TIMEOUT_SECONDS", "0"),
        ("FETCH_MAX_ATTEMPTS", "many"),
        ("FETCH_ALLOW_NETWORKS", "10.0.0.0/33"),
        ("FETCH_ALLOW_NETWORKS", "10.0.0.1/8"),
        ("MAX_IMAGE_PIXELS", "-1"),
        ("CODEC_PROCESSES", "0"),
        ("LEASE_SECONDS", "0.5"),
        ("SWEEP_SECONDS", "soon"),
        ("RETENTION_DAYS", "-1"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("PUBLIC_BASE_URL", "images.example"),
        ("S3_ENDPOINT_URL", "minio:9000"),
    ],
)
def test_a_typo_is_one_sentence_that_names_the_variable_and_the_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load()
    message = str(caught.value)
    assert message.startswith(f"The setting {variable} ")
    assert value in message
    assert message.endswith(".")
    assert "\n" not in message
    assert "pydantic" not in message


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://user:hunter2@db/x"),
        ("REDIS_URL", "http://:hunter2@redis"),
        ("API_KEYS", "a-key-that-is-long-enough,hunter2"),
        ("WEBHOOK_SECRET", "hunter2"),
        ("WEBHOOK_URL", "hooks.test/hunter2"),
    ],
)
def test_a_typo_in_a_secret_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value).startswith(f"The setting {variable} ")
    assert "hunter2" not in str(caught.value)
    # Nor may the error behind it end up in a log.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_settings_that_are_printed_show_no_secret() -> None:
    settings = load(
        database_url="postgresql://user:hunter2@db/x",
        redis_url="redis://:hunter2@redis/0",
        aws_secret_access_key="hunter2",
        api_keys="hunter2-hunter2-hunter2",
        webhook_url="https://hooks.test/hunter2",
        webhook_secret="whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==",
    )
    assert not re.search("hunter2|aHVudGVy", f"{settings!r} {settings!s}")


@pytest.mark.parametrize("given", ["postgresql://u@h/d", "postgres://u@h/d"])
def test_a_postgres_address_gets_the_driver(given: str) -> None:
    assert load(database_url=given).sqlalchemy_url == "postgresql+psycopg://u@h/d"


def test_addresses_lose_their_slash_and_folders_become_absolute(tmp_path: Path) -> None:
    settings = load(public_base_url="https://images.example/", data_dir=tmp_path / "a" / ".." / "b")
    assert settings.base_url == "https://images.example"
    assert settings.data_dir == (tmp_path / "b").resolve()


@pytest.mark.parametrize(
    ("host", "base_url"),
    [("0.0.0.0", "http://localhost:8000"), ("::1", "http://[::1]:8000")],
)
def test_links_name_a_host_that_a_browser_can_open(host: str, base_url: str) -> None:
    assert load(host=host).base_url == base_url


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(Exception, match="frozen"):
        load().port = 1
