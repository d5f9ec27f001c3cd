"""Messages over the socket between the service and a codec child.

`multiprocessing`'s Connection writes the size of a picture and the picture one after the other, and
a note before it by itself. Each write wakes the other side, which on busy cores costs more than the
bytes: here all that belongs together goes out in one.
"""

import socket
import struct

_SIZE = struct.Struct("!Q")


class Channel:
    """One end of a pair of connected sockets; for one thread at a time.

    When the other side has closed its end or is gone, `receive` raises EOFError, or
    ConnectionResetError where it left something unread, and `send` BrokenPipeError.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    @classmethod
    def pair(cls) -> "tuple[Channel, Channel]":
        """Both ends of a new channel; neither is inherited by child processes unasked."""
        ours, theirs = socket.socketpair()
        return cls(ours), cls(theirs)

    @classmethod
    def of_descriptor(cls, descriptor: int) -> "Channel":
        """The end that this process was started with."""
        return cls(socket.socket(fileno=descriptor))

    def send(self, *messages: bytes) -> None:
        """Send messages that the other side takes one by one, together."""
        parts = [part for each in messages for part in (_SIZE.pack(len(each)), each)]
        sent = self._end.sendmsg(parts)
        if sent < sum(map(len, parts)):
            # Only a signal ends a blocking call so early.
            self._end.sendall(b"".join(parts)[sent:])

    def receive(self, most_bytes: int | None = None) -> bytes:
        """Take one message.

        Raises:
            OSError: it is longer than `most_bytes`, so the other side cannot be trusted any more.
        """
        (size,) = _SIZE.unpack(self._exactly(_SIZE.size))
        if most_bytes is not None and size > most_bytes:
            raise OSError("the message is longer than allowed")
        return self._exactly(size)

    def fileno(self) -> int:
        """The descriptor, to hand over to a child."""
        return self._end.fileno()

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def _exactly(self, size: int) -> bytes:
        data = self._end.recv(size, socket.MSG_WAITALL) if size else b""
        while len(data) < size:
            more = self._end.recv(size - len(data), socket.MSG_WAITALL)
            if not more:
                raise EOFError
            data += more
        return data
