"""Who tries keys is told to wait; nobody else notices."""

import pytest

from app.access import wrong_keys
from app.access.wrong_keys import CALLS_IN_A_SECOND, DIFFERENT_KEYS, WINDOW_SECONDS, WrongKeys
from app.domain.errors import TooManyWrongKeys


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def refused(brake: WrongKeys, address: str, key: str) -> int | None:
    """The seconds to wait, where it is refused."""
    try:
        brake.note(address, key)
    except TooManyWrongKeys as error:
        return error.retry_after_seconds
    return None


def test_many_different_keys_are_guessing_until_the_minute_is_over() -> None:
    clock = Clock()
    brake = WrongKeys(clock)
    for number in range(DIFFERENT_KEYS):
        assert refused(brake, "192.0.2.1", f"key-{number}") is None
    clock.now += 20
    for number in range(300):
        assert refused(brake, "192.0.2.1", f"another-{number}") == WINDOW_SECONDS - 20
    assert refused(brake, "192.0.2.2", "key-0") is None
    clock.now += 40
    assert refused(brake, "192.0.2.1", "another") is None


def test_an_old_key_that_is_still_in_use_is_no_guess_unless_it_comes_in_a_flood() -> None:
    clock = Clock()
    brake = WrongKeys(clock)
    for _ in range(30):
        clock.now += 1
        for _ in range(CALLS_IN_A_SECOND):
            assert refused(brake, "192.0.2.1", "old-key") is None
    assert refused(brake, "192.0.2.1", "old-key") == 31


@pytest.mark.parametrize(
    ("other", "shared"),
    [("2001:db8:0:1::9", True), ("2001:db8:0:2::1", False), ("unix socket", False)],
)
def test_a_network_of_ipv6_is_one_client(other: str, shared: bool) -> None:
    brake = WrongKeys(Clock())
    for number in range(DIFFERENT_KEYS):
        refused(brake, "2001:db8:0:1::1", f"key-{number}")
    assert (refused(brake, other, "one more") is not None) is shared


def test_only_so_many_clients_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrong_keys, "CLIENTS_KEPT", 3)
    brake = WrongKeys(Clock())
    for number in range(50):
        refused(brake, f"192.0.2.{number}", "key")
    assert len(brake._clients) == 3
