"""Progress: a bar for people, lines for files."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.integration.cli.conftest import WriteCsv
from tests.integration.cli.parts import clean_environment


def test_a_terminal_shows_a_bar_that_counts_images(tmp_path: Path, write_csv: WriteCsv) -> None:
    write_csv(2, missing=("1-1.jpg",))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "process", "products.csv"],
        cwd=tmp_path,
        env=clean_environment(tmp_path / "data", TERM="xterm", COLUMNS="100"),
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    with process, os.fdopen(ours, "rb", buffering=0) as terminal:
        seen = b""
        try:
            while chunk := terminal.read(65_536):
                seen += chunk
        except OSError:
            # How Linux says that the other side of a terminal is closed.
            pass
    assert process.returncode == 1
    text = seen.decode()
    assert "\u2501" in text
    assert "4/4" in text
    assert "1 failed" in text
