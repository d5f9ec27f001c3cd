"""Named keys in the table, on both engines."""

import pytest

from app.access import keys
from app.access.key_ring import KeyRing
from app.db.engine import Database
from app.domain.errors import OptionInvalid, RequestNotFound, Unauthorized, WrongState


def test_a_key_opens_until_it_is_revoked(database: Database) -> None:
    key = keys.create(database, "shop")
    ring = looked(database)
    assert ring.needed
    assert len(ring.owner_of(key)) == 32
    keys.revoke(database, "shop")
    # It may still be good for a moment: nobody looked since.
    assert ring.owner_of(key)
    with pytest.raises(Unauthorized):
        looked(database).owner_of(key)


def test_keys_of_the_settings_and_of_the_database_are_good_beside_each_other(
    database: Database,
) -> None:
    key = keys.create(database, "shop")
    ring = looked(database, "configured")
    assert ring.owner_of(key) != ring.owner_of("configured")


def test_a_service_whose_last_key_was_revoked_stays_closed_until_it_is_opened(
    database: Database,
) -> None:
    keys.create(database, "shop")
    with pytest.raises(WrongState):
        keys.forget_revoked(database)
    keys.revoke(database, "shop")
    assert looked(database).needed
    with pytest.raises(Unauthorized):
        looked(database).owner_of(None)
    assert keys.forget_revoked(database) == 1
    assert not looked(database).needed


def test_a_name_is_free_again_once_its_key_is_revoked(database: Database) -> None:
    first = keys.create(database, "shop")
    with pytest.raises(OptionInvalid):
        keys.create(database, "shop")
    keys.revoke(database, "shop")
    with pytest.raises(RequestNotFound):
        keys.revoke(database, "shop")
    second = keys.create(database, "shop")
    assert first != second
    listed = keys.list_keys(database)
    assert [(key.name, key.revoked_at is None) for key in listed] == [
        ("shop", False),
        ("shop", True),
    ]


@pytest.mark.parametrize("name", ["", " shop", "shop\n", "a\tb", "x" * 65, "a/b", "<b>", "-v"])
def test_a_name_that_would_confuse_a_list_is_refused(database: Database, name: str) -> None:
    with pytest.raises(OptionInvalid):
        keys.create(database, name)


@pytest.mark.parametrize("name", ["shop", "a", "Ärmel Söhne", "ci-2.deploy_x"])
def test_usual_names_can_be_used(database: Database, name: str) -> None:
    keys.create(database, name)
    assert keys.list_keys(database)[0].name == name


def looked(database: Database, *configured: str) -> KeyRing:
    """A ring that knows the database as it is now."""
    ring = KeyRing(configured)
    ring.refresh(database)
    return ring
