"""What lies in the inbox is taken once, whole, and by whoever comes first."""

import itertools
import mmap
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.codecs.in_hand import SIZE, InHand
from app.codecs.inbox import NO_TICKET, Inbox, InboxReader, Taken, take
from app.codecs.memory_files import shared_memory

LARGE = os.urandom(1_000_001)


@pytest.fixture(params=["memory", "file"])
def inbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    if request.param == "file":
        monkeypatch.delattr(os, "memfd_create")
    opened = Inbox(places=3)
    yield opened
    opened.close()


def reader_of(inbox: Inbox) -> InboxReader:
    return InboxReader(inbox.tickets_reader)


def taken(reader: InboxReader) -> Taken:
    found = reader.next()
    assert found is not None
    return found


def test_pictures_come_out_in_order_and_whole(inbox: Inbox) -> None:
    pictures = [(b"{}", b"abc"), (b"", LARGE), (b"options", b"")]
    for number, (options, data) in enumerate(pictures, start=7):
        inbox.put(number, options, data)
    assert not inbox.has_room
    reader = reader_of(inbox)
    for number, picture in enumerate(pictures, start=7):
        found = taken(reader)
        assert found.ticket.number == number
        assert found.read() == picture


def test_each_ticket_goes_to_one_of_many_readers() -> None:
    inbox = Inbox(places=60)
    numbers: list[list[int]] = [[], [], []]

    def take(mine: list[int]) -> None:
        reader = reader_of(inbox)
        for _ in range(20):
            found = taken(reader)
            assert found.read() == (b"o", str(found.ticket.number).encode())
            mine.append(found.ticket.number)

    threads = [threading.Thread(target=take, args=(mine,)) for mine in numbers]
    for thread in threads:
        thread.start()
    for number in range(1, 61):
        inbox.put(number, b"o", str(number).encode())
    for thread in threads:
        thread.join(10)
    assert sorted(itertools.chain.from_iterable(numbers)) == list(range(1, 61))
    inbox.close()


def test_ticket_of_a_picture_that_was_taken_back_is_void(inbox: Inbox) -> None:
    old = inbox.put(1, b"o", b"first")
    inbox.remove(old)
    reader = reader_of(inbox)
    assert taken(reader).read() is None
    inbox.put(2, b"o", b"other")
    assert taken(reader).read() == (b"o", b"other")


def test_picture_that_is_taken_back_gives_its_memory_back_also_where_it_was_taken(
    inbox: Inbox,
) -> None:
    ticket = inbox.put(1, b"o", LARGE)
    found = taken(reader_of(inbox))
    assert found.file is not None
    assert os.fstat(found.file).st_size > len(LARGE)
    inbox.remove(ticket)
    assert os.fstat(found.file).st_size == 0
    assert found.read() is None


def test_picture_is_given_to_one_child_by_its_own_socket(inbox: Inbox) -> None:
    ticket = inbox.put(1, b"o", b"data")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        inbox.give(ours, ticket)
        given = take(theirs)
        assert given is not None
        assert given.read() == (b"o", b"data")
        inbox.give(ours, NO_TICKET)
        assert take(theirs) == Taken(NO_TICKET, None)
        # Its caller has gone: there is nothing to give.
        inbox.remove(ticket)
        inbox.give(ours, ticket)
        void = take(theirs)
        assert void is not None
        assert void.read() is None


def test_readers_cannot_write(inbox: Inbox) -> None:
    inbox.put(1, b"o", b"data")
    found = taken(reader_of(inbox))
    assert found.file is not None
    with pytest.raises(OSError, match=r"Bad file descriptor|Operation not permitted"):
        os.pwrite(found.file, b"x", 0)
    with pytest.raises(PermissionError):
        mmap.mmap(found.file, 4, access=mmap.ACCESS_WRITE)
    assert found.read() == (b"o", b"data")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has seals")
def test_picture_cannot_be_written_by_opening_it_again() -> None:
    inbox = Inbox(places=1)
    inbox.put(1, b"o", b"data")
    found = taken(reader_of(inbox))
    again = os.open(f"/proc/self/fd/{found.file}", os.O_RDWR)
    with pytest.raises(PermissionError):
        os.pwrite(again, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(again, 100)
    os.close(again)
    inbox.close()


def test_reader_has_one_picture_open_and_no_other(inbox: Inbox) -> None:
    for number in (1, 2, 3):
        inbox.put(number, b"o", b"data")
    before = open_files()
    found = taken(reader_of(inbox))
    assert open_files() == before + 1
    found.read()
    assert open_files() == before


def test_closed_inbox_ends_its_readers() -> None:
    inbox = Inbox(places=1)
    reader = InboxReader(inbox.tickets_reader.dup())
    inbox.close()
    assert reader.next() is None


def test_tickets_that_nobody_takes_never_fill_the_inbox() -> None:
    inbox = Inbox(places=3)
    first = inbox.put(1, b"o", b"first")
    for number in range(2, 3_000):
        inbox.remove(inbox.put(number, b"", b"x"))
    inbox.put(3_000, b"o", b"last")
    reader = reader_of(inbox)
    found = taken(reader)
    assert (found.ticket, found.read()) == (first, (b"o", b"first"))
    while (found := taken(reader)).read() is None:
        pass
    assert found.ticket.number == 3_000
    inbox.close()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_files_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = open_files()
    inbox = Inbox(places=2)
    inbox.put(1, b"o", b"data")
    assert list(tmp_path.iterdir()) == []
    inbox.close()
    assert open_files() == before


def test_picture_in_hand_is_seen_by_the_other_side_at_once() -> None:
    memory = shared_memory(SIZE)
    ours, theirs = InHand(memory), InHand(memory)
    assert ours.number == 0
    theirs.number = 2**63 + 5
    assert ours.number == 2**63 + 5
    ours.close()
    theirs.close()
    os.close(memory)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has seals")
def test_child_cannot_end_the_service_by_making_the_board_smaller() -> None:
    memory = shared_memory(SIZE)
    ours = InHand(memory)
    with pytest.raises(PermissionError):
        os.ftruncate(memory, 0)
    assert ours.number == 0
    ours.close()
    os.close(memory)
