"""How the slots for webhooks are shared out."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from app.db.receivers import DueReceiver, Receiver
from app.worker.delivery_slots import (
    DELIVERIES_MAX,
    DELIVERIES_PER_HOST,
    DELIVERIES_PER_OWNER,
    DELIVERIES_PER_RECEIVER,
    SHARE_OF_DUE,
    DeliverySlots,
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


def test_one_receiver_gets_its_own_slots_and_no_more() -> None:
    assert DeliverySlots().share_out(due(("", "a"))) == {Receiver("", "a"): DELIVERIES_PER_RECEIVER}


def test_a_receiver_that_does_not_answer_is_tried_by_one_message() -> None:
    wanted = DeliverySlots().share_out(due(("", "a")) + due(("", "b"), silences=3))
    assert wanted == {Receiver("", "a"): DELIVERIES_PER_RECEIVER, Receiver("", "b"): 1}


def test_an_owner_with_ten_thousand_receivers_leaves_slots_for_others() -> None:
    many = due(*(("one", f"host-{n}") for n in range(10_000)), ("other", "a"), ("third", "b"))
    counts = by_owner(DeliverySlots().share_out(many))
    assert counts == {
        "one": DELIVERIES_PER_OWNER * SHARE_OF_DUE,
        "other": DELIVERIES_PER_RECEIVER,
        "third": DELIVERIES_PER_RECEIVER,
    }


def test_owners_take_turns_and_the_least_served_comes_first() -> None:
    slots = DeliverySlots()
    for _ in range(int(DELIVERIES_MAX * SHARE_OF_DUE) - 1):
        slots.take(Receiver(f"owner-{slots.taken % 6}", f"host-{slots.taken}"))
    wanted = slots.share_out(due(("owner-1", "x"), ("new", "y")))
    assert wanted == {Receiver("new", "y"): 1}


def test_a_host_is_bounded_over_all_owners() -> None:
    wanted = DeliverySlots().share_out(due(*((f"owner-{n}", "shared") for n in range(9))))
    assert sum(wanted.values()) == DELIVERIES_PER_HOST
    assert max(wanted.values()) - min(wanted.values()) <= 1


def test_what_was_just_written_finds_a_slot_beside_what_is_due() -> None:
    slots = DeliverySlots()
    wanted = slots.share_out(due(*(("", f"host-{n}") for n in range(100))))
    for receiver, count in wanted.items():
        for _ in range(count):
            slots.take(receiver)
    fresh = Receiver("", "fresh")
    assert not slots.share_out(due(fresh))
    assert slots.is_free(fresh)
    for _ in range(int(DELIVERIES_PER_OWNER * (1 - SHARE_OF_DUE))):
        slots.take(Receiver("", f"more-{slots.taken}"))
    assert not slots.is_free(fresh)
    assert slots.is_free(Receiver("another", "fresh"))


def test_slots_that_are_given_back_are_free_again() -> None:
    slots, receiver = DeliverySlots(), Receiver("", "a")
    for _ in range(DELIVERIES_PER_RECEIVER):
        slots.take(receiver)
    assert (slots.taken, slots.is_free(receiver)) == (DELIVERIES_PER_RECEIVER, False)
    for _ in range(DELIVERIES_PER_RECEIVER):
        slots.give_back(receiver)
    assert (slots.taken, slots.is_free(receiver)) == (0, True)
