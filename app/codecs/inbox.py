"""The queue of pictures that all codec children share: a socket of tickets.

Each picture is a file in memory of its own. It goes with its ticket through one socket, and the
next free child takes both. A child finds its next picture without help from the service, however
busy that is. It has no other picture open than the one that it took.
"""

import os
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from app.codecs.memory_files import MemoryFile, picture_file

_TICKET = struct.Struct("!QIQ")
# `socket.recv_fds` imports a module at its call, which a child that is shut in cannot.
_DESCRIPTOR = struct.Struct("i")
TICKET_BYTES = _TICKET.size
# Messages that are read whole, each by one reader, and an end of file where the service is gone.
# Systems without such sockets keep apart what was sent with descriptors.
_KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM


class Ticket(NamedTuple):
    """What comes with a picture: its number, the sizes of its options and of its file."""

    number: int
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
NO_TICKET = Ticket(0, 0, 0)


class Inbox:
    """The service's side; for one thread.

    Args:
        places: the most pictures at once, those in the hands of children included.
    """

    def __init__(self, places: int) -> None:
        self._tickets, self.tickets_reader = socket.socketpair(socket.AF_UNIX, _KIND)
        # If the socket is full, the loop must not block.
        self._tickets.setblocking(False)
        self._places = places
        self._pictures: dict[int, MemoryFile] = {}

    @property
    def has_room(self) -> bool:
        """Whether a place is free."""
        return len(self._pictures) < self._places

    def put(self, number: int, options: bytes, data: bytes) -> Ticket:
        """Write a picture and send it with its ticket.

        Raises:
            OSError: there is no memory or no descriptor for it.
        """
        ticket = Ticket(number, len(options), len(data))
        self._pictures[number] = picture_file(options, data)
        try:
            self._send(ticket)
        except OSError:
            self.remove(ticket)
            raise
        return ticket

    def give(self, child: socket.socket, ticket: Ticket) -> None:
        """Send one child a picture of this inbox, or none, through the child's own socket.

        Raises:
            OSError: the child is gone.
        """
        picture = self._pictures.get(ticket.number)
        descriptors = [_DESCRIPTOR.pack(picture.reader)] if picture is not None else []
        child.sendmsg(
            [ticket.pack()],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptor) for descriptor in descriptors],
        )

    def remove(self, ticket: Ticket) -> None:
        """Free the place; its ticket is void if no child has read the picture yet."""
        picture = self._pictures.pop(ticket.number)
        picture.empty()
        picture.close()

    def close(self) -> None:
        """Close everything; children that wait for a ticket end."""
        self._tickets.close()
        self.tickets_reader.close()
        for picture in self._pictures.values():
            picture.close()
        self._pictures.clear()

    def _send(self, ticket: Ticket) -> None:
        try:
            self.give(self._tickets, ticket)
        except OSError:
            # The socket is full, or too many descriptors of our user are on their way.
            self._drop_void_tickets()
            self.give(self._tickets, ticket)

    def _drop_void_tickets(self) -> None:
        """Take all tickets back, and send those again that somebody still waits for."""
        tickets = []
        with suppress(BlockingIOError):
            while True:
                message = self.tickets_reader.recv(TICKET_BYTES, socket.MSG_DONTWAIT)
                tickets.append(Ticket.unpack(message))
        for ticket in tickets:
            if ticket.number in self._pictures:
                self.give(self._tickets, ticket)


class InboxReader:
    """A child's side.

    Args:
        tickets: the socket that all children share.
    """

    def __init__(self, tickets: socket.socket) -> None:
        self._tickets = tickets

    def next(self) -> "Taken | None":
        """Wait for a ticket and take it; None when the service has closed the inbox or is gone."""
        return take(self._tickets)


@dataclass(frozen=True, slots=True)
class Taken:
    """A ticket that a child has taken, and its picture's file, to be read once."""

    ticket: Ticket
    file: int | None

    def read(self) -> tuple[bytes, bytes] | None:
        """Options and file of the picture; None where the ticket is void."""
        if self.file is None:
            return None
        try:
            options = os.pread(self.file, self.ticket.options_bytes, 0)
            data = os.pread(self.file, self.ticket.data_bytes, len(options))
        finally:
            os.close(self.file)
        # A file that the service no longer needs is empty.
        whole = len(options) == self.ticket.options_bytes and len(data) == self.ticket.data_bytes
        return (options, data) if whole else None


def take(source: socket.socket) -> Taken | None:
    """Wait for what `Inbox` sends; None at its end."""
    message, sent, _, _ = source.recvmsg(TICKET_BYTES, socket.CMSG_LEN(_DESCRIPTOR.size))
    if not message:
        return None
    files = [_DESCRIPTOR.unpack(data)[0] for _, _, data in sent]
    return Taken(Ticket.unpack(message), files[0] if files else None)
