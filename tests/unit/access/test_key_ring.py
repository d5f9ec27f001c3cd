"""Which key of API_KEYS is whose; `integration/api/test_keys.py` has those of the database."""

from hashlib import sha256

import pytest

from app.access.key_ring import KeyRing
from app.domain.errors import Unauthorized

RING = KeyRing(["first-key", "second-key"])


def test_without_keys_the_service_is_open() -> None:
    ring = KeyRing([])
    assert not ring.needed
    assert ring.owner_of(None) == ""
    assert ring.owner_of("anything") == ""
    assert ring.admits("")


def test_each_key_is_an_owner_of_its_own_and_does_not_show() -> None:
    first, second = RING.owner_of("first-key"), RING.owner_of("second-key")
    assert first != second
    assert "first" not in first
    assert RING.admits(first)
    assert not RING.admits("")


def test_the_owner_is_what_requests_of_earlier_versions_are_kept_under() -> None:
    assert RING.owner_of("first-key") == sha256(b"first-key").hexdigest()[:32]


@pytest.mark.parametrize("key", [None, "", "third-key", "first-key ", "FIRST-KEY", "schlüssel"])
def test_any_other_key_is_refused(key: str | None) -> None:
    with pytest.raises(Unauthorized):
        RING.owner_of(key)
