"""What every store can do."""

from collections.abc import Collection, Iterator
from typing import BinaryIO, Protocol


class Store(Protocol):
    """One place for objects, addressed by keys like `{request_id}/2-1-blue-shirt.jpg`.

    Keys are relative POSIX paths of safe characters (`domain/naming.py` makes them). Writing a key
    again replaces the object as a whole: a reader sees the old or the new one, never a part.
    Every method raises StoreError when the store fails.
    """

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Write a small object (an image) from the worker's event loop."""

    def put_file(self, key: str, source: BinaryIO, *, content_type: str) -> None:
        """Write a large private object from an open binary file, from its current position."""

    def open(self, key: str) -> BinaryIO:
        """Open an object for reading: seekable, with a file descriptor. The caller closes it.

        Raises:
            ObjectMissing: the store has no such key.
        """

    async def size_of(self, key: str) -> int | None:
        """Bytes of an object, asked from the worker's event loop; None when there is none."""

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that start with `prefix`, in no promised order."""

    def folders(self, prefix: str) -> Iterator[str]:
        """Names of the folders right below `prefix`, which is empty or ends with a slash."""

    def delete_prefix(self, prefix: str) -> int:
        """Delete every object whose key starts with `prefix`; returns how many went."""

    def delete(self, keys: Collection[str]) -> None:
        """Delete these objects; one that is not there is as it should be."""

    def public_url(self, key: str) -> str:
        """The address under which anybody can GET this object."""

    def note(self) -> str | None:
        """What `put_note` wrote last, or None. `upkeep/store_owner.py` says what it means."""

    def put_note(self, text: str) -> None:
        """Write the note; no key leads to it, so it is never listed, published or deleted."""

    def prepare(self) -> None:
        """Make what the store needs before its first object, such as a bucket; may be repeated."""

    def check(self) -> None:
        """Prove that the store answers and is writable; used at start and by /readyz."""

    async def aclose(self) -> None:
        """Give back connections."""
