"""The files that a command reads and writes; paths are relative to the caller's folder."""

import io
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, cast

from app.cli.console.failures import UnusableInput
from app.cli.console.terminal import shown

# The name of standard input or output.
STANDARD = "-"


@contextmanager
def open_input(name: str) -> Iterator[io.RawIOBase]:
    """The file, or standard input, open for reading, seekable and unbuffered.

    Raises:
        UnusableInput: there is no such file, or it cannot be read.
    """
    if name == STANDARD:
        with tempfile.TemporaryFile(buffering=0) as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.seek(0)
            yield cast(io.RawIOBase, copy)
        return
    try:
        file = Path(name).open("rb", buffering=0)  # noqa: SIM115 - closed below
    except FileNotFoundError:
        raise UnusableInput(f"There is no file {shown(name)}.") from None
    except OSError as error:
        raise UnusableInput(f"{shown(name)} cannot be read: {error.strerror}.") from None
    with file:
        if not file.seekable():
            raise UnusableInput(f"{shown(name)} is no file; give {STANDARD} to read from a pipe.")
        yield file


def output_name(source: str, wanted: str | None, *, checks: bool) -> str:
    """Where the output goes: as wanted, else FILE-output.csv beside FILE; a check's has -report."""
    if wanted is not None:
        return wanted
    if source == STANDARD:
        return STANDARD
    path = Path(source)
    return str(path.parent / f"{path.stem}-{'report' if checks else 'output'}.csv")


def check_output(source: str, target: str, *, force: bool) -> None:
    """Find out before the work begins that its result can be written.

    Raises:
        UnusableInput: the target is the input, exists already or cannot be written.
    """
    if target == STANDARD:
        return
    path = Path(target)
    if _is_device(path):
        return
    if path.is_dir():
        raise UnusableInput(f"{shown(target)} is a folder; name a file for the output CSV.")
    if not path.parent.is_dir():
        raise UnusableInput(f"There is no folder {shown(path.parent)} for the output CSV.")
    if not os.access(path.parent, os.W_OK):
        raise UnusableInput(f"The folder {shown(path.parent)} cannot be written to.")
    if not path.exists():
        return
    if source != STANDARD and path.samefile(source):
        raise UnusableInput("The output would overwrite the input; name another file with -o.")
    # An empty file is one that a script made to have a name; nothing is lost with it.
    if not force and path.stat().st_size:
        raise UnusableInput(f"{shown(target)} exists already; --force overwrites it.")


def check_folder(name: str, *, force: bool) -> None:
    """Find out before the work begins that pictures can be written into this folder.

    Raises:
        UnusableInput: it is a file, has other things in it, or cannot be made.
    """
    path = Path(name)
    if path.exists() and not path.is_dir():
        raise UnusableInput(f"{shown(name)} is no folder.")
    if path.is_dir() and any(path.iterdir()) and not force:
        raise UnusableInput(
            f"The folder {shown(name)} is not empty; name a new one, or let --force overwrite "
            "files of the same names."
        )
    there = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise UnusableInput(f"The folder {shown(name)} cannot be made in {shown(there)}.")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` as a whole when the block ends well."""
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_output(target: str, chunks: Iterator[bytes]) -> None:
    """Write the output CSV, as a whole or not at all."""
    path = Path(target)
    opened: AbstractContextManager[BinaryIO]
    if target == STANDARD:
        opened = nullcontext(sys.stdout.buffer)
    elif _is_device(path):
        # /dev/null or a named pipe: nothing may take its place.
        opened = path.open("wb")
    else:
        opened = replacing(path.resolve())
    with opened as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()
