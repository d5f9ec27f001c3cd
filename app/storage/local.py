"""Objects as files below one folder: the store of the embedded default."""

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from app.domain.errors import ObjectMissing, StoreError
from app.storage.disk import Disk
from app.storage.folders import Folders
from app.storage.keys import NOTE_BYTES_MAX, NOTE_NAME, checked_key, checked_prefix

# Up to this size a put runs on the event loop itself. Writing 90 KB into the page cache costs
# 0.1 ms there and 0.25 ms of CPU through a thread; larger ones would hold up their neighbours.
DIRECT_WRITE_BYTES = 1_000_000

_TEMPORARY_PREFIX = ".tmp-"
_COPY_CHUNK_BYTES = 1024 * 1024


class LocalStore:
    """A `Store` whose objects are files; what it publishes is served by the API under `/images/`.

    Args:
        root: the folder for all objects; made when it is missing.
        public_base_url: where clients reach the API, like `http://127.0.0.1:8000`.
        disk: which images leave room on; None: that of the folder above.
    """

    def __init__(self, root: Path, public_base_url: str, disk: Disk | None = None) -> None:
        self._root = root.absolute()
        self._disk = disk or Disk(self._root.parent)
        self._folders = Folders(self._root)
        self._public_base_url = public_base_url.rstrip("/")

    # Files have no content type of their own: whoever serves them reads it off the extension.
    async def put(self, key: str, data: bytes, *, content_type: str) -> None:  # noqa: ARG002
        """Write an image, small ones right on the event loop.

        Not forced to the disk: after a power loss the image may have to be made again.

        Raises:
            StoreError: see `Store`; also where the last room is for the database and for deletes.
        """
        path = self._path(key)
        with _as_store_error("write"):
            self._disk.check_work()
        if len(data) <= DIRECT_WRITE_BYTES:
            self._write(path, data)
        else:
            await asyncio.to_thread(self._write, path, data)

    def put_file(self, key: str, source: BinaryIO, *, content_type: str) -> None:  # noqa: ARG002
        """Write a large object and return when the disk has it: a 202 survives a power loss."""
        path = self._path(key)
        with _as_store_error("write"):
            with self._replacing(path) as file:
                shutil.copyfileobj(source, file, _COPY_CHUNK_BYTES)
                _sync(file)
            # The names must reach the disk as well: the file's in its folder, and every folder's
            # in the one above it.
            folder = path.parent
            while folder.is_relative_to(self._root):
                _sync_folder(folder)
                folder = folder.parent

    def open(self, key: str) -> BinaryIO:
        """Open an object; raises ObjectMissing when there is none."""
        with _as_store_error("read"):
            try:
                return self._path(key).open("rb")
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                raise ObjectMissing(key) from error

    async def size_of(self, key: str) -> int | None:
        """Bytes of the file; looked up right on the event loop, which takes microseconds."""
        with _as_store_error("find"):
            try:
                return self._path(key).stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                return None

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that start with `prefix`; half-written objects are not among them."""
        checked_prefix(prefix)
        for path, key in self._files(prefix):
            if not path.name.startswith(_TEMPORARY_PREFIX):
                yield key

    def folders(self, prefix: str) -> Iterator[str]:
        """Names of the folders right below `prefix`."""
        checked_prefix(prefix)
        with _as_store_error("list"), suppress(FileNotFoundError):
            for entry in os.scandir(self._root / prefix):
                if entry.is_dir(follow_symlinks=False):
                    yield entry.name

    def delete_prefix(self, prefix: str) -> int:
        """Delete what starts with `prefix`, and the folders that are empty then.

        Raises:
            ValueError: the prefix is empty, which would mean everything.
        """
        if not prefix:
            raise ValueError("an empty prefix would delete the whole store")
        checked_prefix(prefix)
        deleted = 0
        with _as_store_error("delete"):
            # Some file systems skip names when others go while a folder is read, hence the rounds.
            found = True
            while found:
                found = False
                for path, _ in self._files(prefix):
                    found = True
                    path.unlink(missing_ok=True)
                    # A dead writer's temporary file goes as well, but was never an object.
                    deleted += not path.name.startswith(_TEMPORARY_PREFIX)
            self._remove_empty_folders(prefix)
        return deleted

    def delete(self, keys: Collection[str]) -> None:
        """Delete these files, and the folders that are empty then."""
        paths = [self._path(key) for key in keys]
        with _as_store_error("delete"):
            for path in paths:
                with suppress(NotADirectoryError):
                    path.unlink(missing_ok=True)
        for folder in {path.parent for path in paths}:
            self._folders.remove_if_empty([folder, *self._folders.above(folder)])

    def public_url(self, key: str) -> str:
        """The API's address of this object."""
        return f"{self._public_base_url}/images/{quote(checked_key(key))}"

    def note(self) -> str | None:
        """Read the note beside the folders, or None when there is none."""
        with _as_store_error("read"):
            try:
                with (self._root / NOTE_NAME).open("rb") as file:
                    return file.read(NOTE_BYTES_MAX).decode(errors="replace")
            except FileNotFoundError:
                return None

    def put_note(self, text: str) -> None:
        """Write the note beside the folders and return when the disk has it."""
        with _as_store_error("write"):
            with self._replacing(self._root / NOTE_NAME) as file:
                file.write(text.encode())
                _sync(file)
            _sync_folder(self._root)

    def prepare(self) -> None:
        """Folders are made as they are needed; nothing is to be made before."""

    def check(self) -> None:
        """Write and remove a file."""
        with _as_store_error("write"):
            self._root.mkdir(parents=True, exist_ok=True)
            probe = self._root / f"{_TEMPORARY_PREFIX}{secrets.token_hex(8)}"
            try:
                probe.write_bytes(b"writable")
            finally:
                probe.unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Files need no connections; there is nothing to give back."""

    def __str__(self) -> str:
        return f"folder {self._root}"

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _write(self, path: Path, data: bytes) -> None:
        with _as_store_error("write"):
            try:
                with self._replacing(path) as file:
                    file.write(data)
            except FileNotFoundError:
                # A delete of the same request took the temporary file away.
                with self._replacing(path) as file:
                    file.write(data)

    def _files(self, prefix: str) -> Iterator[tuple[Path, str]]:
        """Every file that starts with this prefix, half-written ones too, with its key.

        One by one as the folder is read: a request may have a million in one (`os.walk` takes 140
        bytes for each). Links to folders are nobody's: neither followed nor files.
        """
        folders = [self._root / prefix.rpartition("/")[0]]
        with _as_store_error("list"):
            while folders:
                with (
                    suppress(FileNotFoundError, NotADirectoryError),
                    os.scandir(folders.pop()) as entries,
                ):
                    for entry in entries:
                        path = Path(entry.path)
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(path)
                        elif not entry.is_dir():
                            key = path.relative_to(self._root).as_posix()
                            if key.startswith(prefix) and key != NOTE_NAME:
                                yield path, key

    def _remove_empty_folders(self, prefix: str) -> None:
        top = self._root / prefix.rpartition("/")[0]
        folders = [Path(folder) for folder, _, _ in os.walk(top, topdown=False)]
        self._folders.remove_if_empty([*folders, *self._folders.above(top)])

    @contextmanager
    def _replacing(self, path: Path) -> Iterator[BinaryIO]:
        """A new file beside `path` that takes its place as a whole when the block ends well."""
        temporary = path.with_name(f"{_TEMPORARY_PREFIX}{secrets.token_hex(8)}")
        file = self._folders.new_file(temporary)
        try:
            with file:
                yield file
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def _as_store_error(verb: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # The path stays in the chained error: this sentence may be shown to a client.
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError("the disk of the local store is full") from error
        reason = error.strerror or type(error).__name__
        raise StoreError(f"the local store could not {verb} a file: {reason}") from error


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
