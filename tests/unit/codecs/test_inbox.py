"""What lies in the inbox is taken once, whole, and by whoever comes first."""

import itertools
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.codecs.in_hand import InHand
from app.codecs.inbox import KEPT_BYTES, TICKET_BYTES, Inbox, InboxReader, Ticket, open_memory

LARGE = os.urandom(KEPT_BYTES + 1)


@pytest.fixture(params=["memory", "file"])
def inbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    if request.param == "file":
        monkeypatch.delattr(os, "memfd_create")
    opened = Inbox(places=3)
    yield opened
    opened.close()


def reader_of(inbox: Inbox) -> InboxReader:
    return InboxReader(inbox.tickets_reader, inbox.place_readers)


def taken(reader: InboxReader) -> Ticket:
    ticket = reader.next()
    assert ticket is not None
    return ticket


def test_pictures_come_out_in_order_and_whole(inbox: Inbox) -> None:
    pictures = [(b"{}", b"abc"), (b"", LARGE), (b"options", b"")]
    for number, (options, data) in enumerate(pictures, start=7):
        inbox.put(number, options, data)
    assert not inbox.has_room
    reader = reader_of(inbox)
    for number, picture in enumerate(pictures, start=7):
        ticket = taken(reader)
        assert ticket.number == number
        assert reader.read(ticket) == picture


def test_each_ticket_goes_to_one_of_many_readers() -> None:
    inbox = Inbox(places=60)
    numbers: list[list[int]] = [[], [], []]

    def take(mine: list[int]) -> None:
        reader = reader_of(inbox)
        for _ in range(20):
            ticket = taken(reader)
            assert reader.read(ticket) == (b"o", str(ticket.number).encode())
            mine.append(ticket.number)

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
    assert reader.read(taken(reader)) is None
    new = inbox.put(2, b"o", b"other")
    assert new.place == old.place
    assert reader.read(old) is None
    assert reader.read(taken(reader)) == (b"o", b"other")


def test_ticket_given_out_anew_replaces_the_old_one(inbox: Inbox) -> None:
    old = inbox.put(1, b"o", LARGE)
    new = inbox.put_again(old, 2)
    reader = reader_of(inbox)
    assert taken(reader) == old
    assert reader.read(old) is None
    assert taken(reader) == new
    assert reader.read(new) == (b"o", LARGE)


def test_place_of_a_large_picture_gives_its_memory_back(inbox: Inbox) -> None:
    large, small = inbox.put(1, b"o", LARGE), inbox.put(2, b"o", b"small")
    sizes = [os.fstat(reader).st_size for reader in inbox.place_readers]
    assert max(sizes) > len(LARGE)
    inbox.remove(large)
    inbox.remove(small)
    assert max(os.fstat(reader).st_size for reader in inbox.place_readers) <= KEPT_BYTES
    assert reader_of(inbox).read(large) is None


def test_readers_cannot_write(inbox: Inbox) -> None:
    for place in inbox.place_readers:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.pwrite(place, b"x", 0)


def test_closed_inbox_ends_its_readers() -> None:
    inbox = Inbox(places=1)
    reader = InboxReader(os.dup(inbox.tickets_reader), [])
    inbox.close()
    assert reader.next() is None


def test_nobody_waits_for_a_pipe_that_is_full() -> None:
    inbox = Inbox(places=1)

    def put_and_take_back_for_ever() -> None:
        for number in itertools.count(1):
            inbox.remove(inbox.put(number, b"", b"x"))

    with pytest.raises(BlockingIOError):
        put_and_take_back_for_ever()
    # The place of the one that found no room is free again.
    os.read(inbox.tickets_reader, TICKET_BYTES * 1_000)
    assert inbox.has_room
    inbox.put(5, b"", b"x")
    inbox.close()


def test_files_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = len(list(Path("/proc/self/fd").iterdir()))
    inbox = Inbox(places=2)
    inbox.put(1, b"o", b"data")
    assert list(tmp_path.iterdir()) == []
    inbox.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_picture_in_hand_is_seen_by_the_other_side_at_once() -> None:
    memory = open_memory()
    ours, theirs = InHand(memory), InHand(memory)
    assert ours.number == 0
    theirs.number = 2**63 + 5
    assert ours.number == 2**63 + 5
    ours.close()
    theirs.close()
    os.close(memory)
