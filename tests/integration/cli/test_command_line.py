"""What all commands have in common: help, and one sentence for what cannot work."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.arguments import processing_options
from app.cli.console.failures import UnusableInput
from app.cli.console.terminal import shown, size
from app.cli.local.process import process
from app.cli.service.worker_process import COMMAND
from app.domain.options import ProcessingOptions
from tests.integration.cli.parts import clean_environment, run_app

RUN = ("serve", "worker", "migrate")
LOCAL = ("process", "demo")
REMOTE = ("submit", "status", "cancel", "retry", "delete")


def test_help_names_every_command(tmp_path: Path) -> None:
    done = run_app("--help", folder=tmp_path)
    assert done.returncode == 0
    for command in (*RUN, *LOCAL, *REMOTE):
        assert f" {command} " in done.stdout


@pytest.mark.parametrize("arguments", [("proces",), ("process",), ("demo", "--products", "0")])
def test_a_mistyped_command_line_ends_with_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run_app(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert "Usage: python -m app" in done.stderr


@pytest.mark.parametrize("command", ["serve", "worker", "process x.csv"])
def test_a_typo_in_a_setting_ends_with_2_and_names_it(tmp_path: Path, command: str) -> None:
    done = run_app(*command.split(), folder=tmp_path, LEASE_SECONDS="soon")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: The setting LEASE_SECONDS is 'soon', but")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "process products.csv", "demo"])
def test_a_mistake_in_the_hosts_file_ends_with_2_and_names_file_host_and_key(
    tmp_path: Path, command: str
) -> None:
    (tmp_path / "products.csv").write_text("x")
    path = tmp_path / "hosts.toml"
    path.write_text('["cdn.example"]\nheaders = { X-Key = "geheim\\n" }\n')
    done = run_app(
        *command.split(),
        folder=tmp_path,
        PORT="0",
        HOSTS_FILE=str(path),
        # A worker needs a broker; this one is not asked before the file is.
        **({"REDIS_URL": "redis://127.0.0.1:1/0"} if command == "worker" else {}),
    )
    assert done.returncode == 2, done.stderr
    sentence = f'The setting HOSTS_FILE cannot be used: {path}: ["cdn.example"] headers.X-Key '
    assert done.stderr.startswith(f"Error: {sentence}")
    assert done.stderr.count("\n") == 1
    assert "geheim" not in done.stdout + done.stderr
    assert not list((tmp_path / "data").glob("demo/*"))


@pytest.mark.parametrize("command", ["serve", "migrate", "process products.csv"])
def test_an_unreachable_database_ends_with_3_and_one_sentence(tmp_path: Path, command: str) -> None:
    (tmp_path / "products.csv").write_text("x")
    done = run_app(
        *command.split(),
        folder=tmp_path,
        PORT="0",
        LOG_LEVEL="error",
        DATABASE_URL="postgresql://somebody:secret@127.0.0.1:1/none",
    )
    assert done.returncode == 3
    assert done.stderr.startswith("Error: The database does not answer: ")
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_a_worker_that_serve_starts_says_one_sentence_as_well(tmp_path: Path) -> None:
    away = "postgresql://somebody:secret@127.0.0.1:1/none"
    settings = {"DATABASE_URL": away, "REDIS_URL": "redis://127.0.0.1:1/0", "LOG_LEVEL": "error"}
    done = subprocess.run(
        [sys.executable, "-c", COMMAND],
        env=clean_environment(tmp_path, **settings),
        stdin=subprocess.PIPE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("Error: The database does not answer: ")
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_an_unreachable_store_ends_with_3_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("x")
    done = run_app(
        *("process", "products.csv"),
        folder=tmp_path,
        S3_BUCKET="pictures",
        S3_ENDPOINT_URL="http://127.0.0.1:1",
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY="secret",
    )
    assert done.returncode == 3
    assert done.stderr.startswith("Error: The store for images does not answer: ")
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_no_database_is_named_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/service.db").write_bytes(b"something else entirely" * 100)
    done = run_app("migrate", folder=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("Error: The database ")
    assert done.stderr.count("\n") == 1


def test_migrate_says_which_database_is_up_to_date(tmp_path: Path) -> None:
    for _ in range(2):
        done = run_app("migrate", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"sqlite:///{tmp_path}/data/service.db" in done.stdout


@pytest.mark.parametrize(
    ("source", "target", "images", "reason"),
    [
        (".", None, None, "cannot be read: Is a directory."),
        ("x.csv", "nowhere/o.csv", None, "There is no folder nowhere"),
        ("x.csv", ".", None, "is a folder"),
        ("x.csv", "x.csv", None, "would overwrite the input"),
        ("x.csv", None, "x.csv", "is no folder"),
        ("x.csv", None, "x.csv/in", "cannot be made"),
    ],
)
def test_a_path_that_cannot_be_used_is_refused_before_the_work_begins(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    target: str | None,
    images: str | None,
    reason: str,
) -> None:
    (tmp_path / "x.csv").write_text("x")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnusableInput, match=reason):
        process(
            source,
            target=target,
            images=images,
            options=ProcessingOptions(),
            encoding=None,
            accept_valid_rows=False,
            force=True,
        )


def test_an_impossible_option_names_its_bounds() -> None:
    with pytest.raises(UnusableInput, match=r"^--quality 0: it should be greater than or equal to"):
        processing_options({"quality": 0})
    with pytest.raises(UnusableInput, match=r"^--max-width 0: it should be greater than or equal"):
        processing_options({"max_width": 0})


def test_a_missing_file_ends_with_2_and_one_sentence(tmp_path: Path) -> None:
    done = run_app("process", "missing.csv", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "Error: There is no file missing.csv.\n"


def test_foreign_text_cannot_steer_the_terminal() -> None:
    assert shown("a\x1b[31m\nb") == "a\\x1b[31m\\nb"
    assert shown("x" * 300) == "x" * 197 + "..."


@pytest.mark.parametrize(
    ("number_of_bytes", "text"),
    [
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (999_960, "1 MB"),
        (3_256_000, "3.26 MB"),
        (5 * 10**15, "5,000.0 TB"),
    ],
)
def test_sizes_are_written_for_people(number_of_bytes: int, text: str) -> None:
    assert size(number_of_bytes) == text
