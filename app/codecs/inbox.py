"""Pictures that lie ready for whichever codec child is free next.

A pipe carries tickets, each of which one child takes; the pictures themselves lie in places: files
in memory that the children have open for reading. A child that is done finds its next picture
there without anybody's help, however busy the service is, and nothing of a picture has to be
pushed through a socket piece by piece.
"""

import os
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

# A place begins with the number of the picture that it holds: a ticket whose picture was taken back
# or has been given out anew finds another number there.
_NUMBER = struct.Struct("!Q")
_TICKET = struct.Struct("!QIIQ")
TICKET_BYTES = _TICKET.size
# What a place may keep of its memory between two pictures; nearly all of a shop's photos fit.
KEPT_BYTES = 1_000_000


class Ticket(NamedTuple):
    """Where a picture lies: its number, its place, and the sizes of its options and of itself."""

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
        places: how many pictures may lie there, those under way included.
    """

    def __init__(self, places: int) -> None:
        self.tickets_reader, self._tickets = os.pipe()
        # It takes thousands of tickets; should it be full all the same, nobody may wait for it.
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
        """Lay a picture into a free place and give its ticket out.

        Raises:
            OSError: there is no memory for it, or BlockingIOError where no more tickets fit in.
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
        """Give a picture's ticket out anew, under a new number; the old ticket is void."""
        again = ticket._replace(number=number)
        os.pwrite(self._places[ticket.place].writer, _NUMBER.pack(number), 0)
        os.write(self._tickets, again.pack())
        return again

    def remove(self, ticket: Ticket) -> None:
        """Free the place; where nobody has taken the ticket, it is void."""
        writer = self._places[ticket.place].writer
        if ticket.data_bytes > KEPT_BYTES:
            os.ftruncate(writer, 0)
        else:
            os.pwrite(writer, _NUMBER.pack(0), 0)
        self._free.append(ticket.place)

    def close(self) -> None:
        """Close everything; children that look for a ticket end."""
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
        # It became void in this very moment.
        if len(data) < ticket.data_bytes:
            return None
        return head[_NUMBER.size :], data


def _write(writer: int, *parts: bytes) -> None:
    end = 0
    for part in parts:
        if os.pwrite(writer, part, end) < len(part):
            raise OSError("a picture found no room in memory")
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
