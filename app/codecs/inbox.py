"""The queue of pictures that all codec children share: shared memory, and a pipe of tickets.

Each picture is in a place, a file in memory that every child has open for reading. A pipe carries
one ticket for each picture, and the next free child takes it. A child finds its next picture
without help from the service, however busy that is, and no picture goes through a socket.
"""

import os
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

# A place begins with the number of its picture. A ticket is void where it finds another number:
# its picture was removed, or has a new ticket.
_NUMBER = struct.Struct("!Q")
_TICKET = struct.Struct("!QIIQ")
TICKET_BYTES = _TICKET.size
# A place keeps its memory for the next picture up to this size; nearly all photos of shops fit.
KEPT_BYTES = 1_000_000


class Ticket(NamedTuple):
    """Where to find a picture: its number, its place, the sizes of its options and of its file."""

    number: int
    place: int
    options_bytes: int
    data_bytes: int

    @classmethod
    def unpack(cls, message: bytes) -> "Ticket":
        """The ticket of `pack`."""
        return cls(*_TICKET.unpack(message))

    def pack(self) -> bytes:
        """TICKET_BYTES bytes."""
        return _TICKET.pack(*self)


# Number 0 is no picture's.
NO_TICKET = Ticket(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Place:
    writer: int
    reader: int


class Inbox:
    """The service's side; for one thread.

    Args:
        places: the most pictures at once, those in the hands of children included.
    """

    def __init__(self, places: int) -> None:
        self.tickets_reader, self._tickets = os.pipe()
        # The pipe takes thousands of tickets. If it is full all the same, the loop must not block.
        os.set_blocking(self._tickets, False)
        self._places = [_open_place() for _ in range(places)]
        self._free = list(range(places))

    @property
    def has_room(self) -> bool:
        """Whether a place is free."""
        return bool(self._free)

    @property
    def place_readers(self) -> list[int]:
        """The descriptors of the places, for children to inherit."""
        return [place.reader for place in self._places]

    def put(self, number: int, options: bytes, data: bytes) -> Ticket:
        """Write a picture into a free place and send its ticket.

        Raises:
            OSError: there is no memory for it, or BlockingIOError where the pipe is full.
        """
        place = self._free.pop()
        ticket = Ticket(number, place, len(options), len(data))
        try:
            _write(self._places[place].writer, _NUMBER.pack(number) + options, data)
            os.write(self._tickets, ticket.pack())
        except OSError:
            self.remove(ticket)
            raise
        return ticket

    def put_again(self, ticket: Ticket, number: int) -> Ticket:
        """Send a new ticket for a picture, under a new number; the old ticket is void."""
        again = ticket._replace(number=number)
        os.pwrite(self._places[ticket.place].writer, _NUMBER.pack(number), 0)
        os.write(self._tickets, again.pack())
        return again

    def remove(self, ticket: Ticket) -> None:
        """Free the place; its ticket is void if no child has taken it yet."""
        writer = self._places[ticket.place].writer
        if ticket.data_bytes > KEPT_BYTES:
            os.ftruncate(writer, 0)
        else:
            os.pwrite(writer, _NUMBER.pack(0), 0)
        self._free.append(ticket.place)

    def close(self) -> None:
        """Close everything; children that wait for a ticket end."""
        for descriptor in (self._tickets, self.tickets_reader):
            os.close(descriptor)
        for place in self._places:
            os.close(place.writer)
            os.close(place.reader)


class InboxReader:
    """A child's side.

    Args:
        tickets: descriptor of the pipe.
        places: descriptors of the places, in their order.
    """

    def __init__(self, tickets: int, places: Sequence[int]) -> None:
        self._tickets = tickets
        self._places = places

    def next(self) -> Ticket | None:
        """Wait for a ticket and take it; None when the service has closed the pipe or is gone."""
        # Tickets are written whole and all have this size, so no child ever reads half of one.
        message = os.read(self._tickets, TICKET_BYTES)
        return Ticket.unpack(message) if message else None

    def read(self, ticket: Ticket) -> tuple[bytes, bytes] | None:
        """Options and file of the ticket's picture; None where the ticket is void."""
        place = self._places[ticket.place]
        head = os.pread(place, _NUMBER.size + ticket.options_bytes, 0)
        if head[: _NUMBER.size] != _NUMBER.pack(ticket.number):
            return None
        data = os.pread(place, ticket.data_bytes, len(head))
        # The place was emptied between the two reads.
        if len(data) < ticket.data_bytes:
            return None
        return head[_NUMBER.size :], data


def _write(writer: int, *parts: bytes) -> None:
    end = 0
    for part in parts:
        if os.pwrite(writer, part, end) < len(part):
            raise OSError("no memory for a picture")
        end += len(part)


def open_memory() -> int:
    """A file without a name, in memory where the system has such files."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("codec")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _open_place() -> _Place:
    if hasattr(os, "memfd_create"):
        writer = os.memfd_create("picture")
        return _Place(writer, os.open(f"/proc/self/fd/{writer}", os.O_RDONLY))
    with tempfile.NamedTemporaryFile() as file:
        return _Place(os.dup(file.fileno()), os.open(file.name, os.O_RDONLY))
