"""How the places for webhooks are shared out."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from app.db.receivers import DueReceiver, Receiver
from app.worker.places import (
    PLACES,
    PLACES_OF_HOST,
    PLACES_OF_OWNER,
    PLACES_OF_RECEIVER,
    SHARE_OF_DUE,
    Places,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def due(*receivers: tuple[str, str], silences: int = 0) -> list[DueReceiver]:
    """These (owner, host), in the order in which they have waited."""
    return [
        DueReceiver(Receiver(*each), silences, START + timedelta(seconds=number))
        for number, each in enumerate(receivers)
    ]


def by_owner(wanted: Counter[Receiver]) -> Counter[str]:
    counts = Counter[str]()
    for receiver, count in wanted.items():
        counts[receiver.owner] += count
    return counts


def test_one_receiver_gets_its_own_places_and_no_more() -> None:
    assert Places().share_out(due(("", "a"))) == {Receiver("", "a"): PLACES_OF_RECEIVER}


def test_a_receiver_that_does_not_answer_is_tried_by_one_message() -> None:
    wanted = Places().share_out(due(("", "a")) + due(("", "b"), silences=3))
    assert wanted == {Receiver("", "a"): PLACES_OF_RECEIVER, Receiver("", "b"): 1}


def test_an_owner_with_ten_thousand_receivers_leaves_places_for_others() -> None:
    many = due(*(("one", f"host-{n}") for n in range(10_000)), ("other", "a"), ("third", "b"))
    counts = by_owner(Places().share_out(many))
    assert counts == {
        "one": PLACES_OF_OWNER * SHARE_OF_DUE,
        "other": PLACES_OF_RECEIVER,
        "third": PLACES_OF_RECEIVER,
    }


def test_owners_take_turns_and_the_least_served_comes_first() -> None:
    places = Places()
    for _ in range(int(PLACES * SHARE_OF_DUE) - 1):
        places.take(Receiver(f"owner-{places.taken % 6}", f"host-{places.taken}"))
    wanted = places.share_out(due(("owner-1", "x"), ("new", "y")))
    assert wanted == {Receiver("new", "y"): 1}


def test_a_host_is_bounded_over_all_owners() -> None:
    wanted = Places().share_out(due(*((f"owner-{n}", "shared") for n in range(9))))
    assert sum(wanted.values()) == PLACES_OF_HOST
    assert max(wanted.values()) - min(wanted.values()) <= 1


def test_what_was_just_written_finds_a_place_beside_what_is_due() -> None:
    places = Places()
    wanted = places.share_out(due(*(("", f"host-{n}") for n in range(100))))
    for receiver, count in wanted.items():
        for _ in range(count):
            places.take(receiver)
    fresh = Receiver("", "fresh")
    assert not places.share_out(due(fresh))
    assert places.is_free(fresh)
    for _ in range(int(PLACES_OF_OWNER * (1 - SHARE_OF_DUE))):
        places.take(Receiver("", f"more-{places.taken}"))
    assert not places.is_free(fresh)
    assert places.is_free(Receiver("another", "fresh"))


def test_places_that_are_given_back_are_free_again() -> None:
    places, receiver = Places(), Receiver("", "a")
    for _ in range(PLACES_OF_RECEIVER):
        places.take(receiver)
    assert (places.taken, places.is_free(receiver)) == (PLACES_OF_RECEIVER, False)
    for _ in range(PLACES_OF_RECEIVER):
        places.give_back(receiver)
    assert (places.taken, places.is_free(receiver)) == (0, True)
