"""What goes over the socket to a codec child comes out whole, in order and within bounds."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from app.imaging.channel import Channel

LARGER_THAN_ANY_BUFFER = 5_000_000


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    ours, theirs = Channel.pair()
    with closing(ours), closing(theirs):
        yield ours, theirs


def test_messages_sent_together_arrive_one_by_one(ends: tuple[Channel, Channel]) -> None:
    ours, theirs = ends
    ours.send(b"options", b"", b"picture")
    ours.send(b"next")
    assert [theirs.receive() for _ in range(4)] == [b"options", b"", b"picture", b"next"]


def test_a_message_larger_than_the_buffers_arrives_whole(ends: tuple[Channel, Channel]) -> None:
    ours, theirs = ends
    picture = bytes(range(250)) * (LARGER_THAN_ANY_BUFFER // 250)
    sender = threading.Thread(target=ours.send, args=(b"options", picture))
    sender.start()
    assert theirs.receive() == b"options"
    assert theirs.receive(len(picture)) == picture
    sender.join()


def test_a_message_longer_than_allowed_is_not_read(ends: tuple[Channel, Channel]) -> None:
    ours, theirs = ends
    ours.send(bytes(11))
    with pytest.raises(OSError, match="longer"):
        theirs.receive(10)


def test_a_closed_channel_ends_the_waiting(ends: tuple[Channel, Channel]) -> None:
    ours, theirs = ends
    ours.send(b"last")
    ours.close()
    assert theirs.receive() == b"last"
    with pytest.raises(EOFError):
        theirs.receive()
    with pytest.raises(BrokenPipeError):
        theirs.send(b"anybody there?")


def test_a_message_cut_short_is_no_message(ends: tuple[Channel, Channel]) -> None:
    ours, theirs = ends
    whole, unread = Channel.pair()
    with closing(whole), closing(unread):
        whole.send(b"picture")
        sent = unread._end.recv(100)
    ours._end.sendall(sent[:-1])
    ours.close()
    with pytest.raises(EOFError):
        theirs.receive()


def test_whoever_leaves_with_something_unread_is_told_apart(ends: tuple[Channel, Channel]) -> None:
    ours, theirs = ends
    ours.send(b"picture")
    theirs.close()
    with pytest.raises(ConnectionResetError):
        ours.receive()
