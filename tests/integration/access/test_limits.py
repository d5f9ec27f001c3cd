"""Limits hold among API processes that share nothing but the database, on both engines."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uuid_utils
from sqlalchemy import text

from app.access.limits import check_new_request
from app.config import Settings
from app.db import requests
from app.db.engine import Database
from app.db.requests import usage
from app.domain.errors import TooManyOpenImages, TooManyUploads
from tests.integration.db.parts import add_request, at

OWNER = "a" * 32


def settings_with(tmp_path: Path, **limits: int) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, **limits)


def upload(database: Database, settings: Settings, *, images: int = 1) -> bool:
    """Write a request as an upload does; False when a limit refused it."""
    moment = datetime.now(UTC)
    values: dict[str, Any] = {
        "id": str(uuid_utils.uuid7()),
        "owner": OWNER,
        "status": "pending",
        "filename": "products.csv",
        "options": {},
        "detected": {},
        "warnings": [],
        "created_at": moment,
        "updated_at": moment,
        "products": images,
        "places": images,
        "images_total": images,
    }
    try:
        with database.transaction() as connection:
            requests.add(connection, values)
            check_new_request(connection, settings, OWNER, images=images, moment=moment)
    except (TooManyUploads, TooManyOpenImages):
        return False
    return True


@pytest.mark.parametrize(
    ("limits", "images", "accepted"),
    [({"uploads_per_minute": 5}, 1, 5), ({"max_open_images": 10}, 3, 3)],
)
def test_exactly_so_many_of_simultaneous_uploads_are_accepted(
    database: Database, tmp_path: Path, limits: dict[str, int], images: int, accepted: int
) -> None:
    settings = settings_with(tmp_path, **limits)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: upload(database, settings, images=images), range(16)))
    assert sum(answers) == accepted


def test_only_the_owners_open_requests_have_open_images(database: Database) -> None:
    add_request(database, images=7, owner=OWNER)
    add_request(database, images=5, owner=OWNER, images_completed=2, images_failed=1)
    add_request(database, images=3, owner=OWNER, status="cancelled")
    add_request(database, images=3, owner=OWNER, deleted_at=at(0))
    add_request(database, images=3, owner="b" * 32)
    with database.read() as connection:
        assert usage.open_images(connection, OWNER) == 7 + 2
        assert usage.open_images(connection, "c" * 32) == 0


def test_uploads_are_counted_back_to_a_moment(database: Database) -> None:
    # Ids are made now, so the moments must be near.
    start = datetime.now(UTC).replace(microsecond=0)
    for seconds in (-61, -59, -30, -1):
        moment = start + timedelta(seconds=seconds)
        add_request(database, owner=OWNER, created_at=moment)
    add_request(database, owner="b" * 32, created_at=start)
    since = start - timedelta(seconds=60)
    with database.read() as connection:
        found = usage.uploads_since(connection, OWNER, since, limit=10)
        newest = usage.uploads_since(connection, OWNER, since, limit=2)
    assert [(moment - start).total_seconds() for moment in found] == [-1, -30, -59]
    assert newest == found[:2]


def test_counting_reads_an_index_and_not_the_whole_history(database: Database) -> None:
    if not database.is_sqlite:
        # Postgres reads a table of one page as a whole; make that the expensive way.
        with database.transaction() as connection:
            connection.execute(text("SET enable_seqscan = off"))
    plans: list[str] = []
    with database.read() as connection:
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        original = connection.execute

        def explained(query: Any) -> Any:
            compiled = query.compile(
                dialect=connection.dialect, compile_kwargs={"literal_binds": True}
            )
            plans.append(str(original(text(explain + str(compiled))).all()))
            return original(query)

        connection.execute = explained  # type: ignore[method-assign]
        usage.open_images(connection, OWNER)
        usage.uploads_since(connection, OWNER, at(0), limit=3)
    assert "ix_requests_open_owner" in plans[0]
    assert "ix_requests_owner_id" in plans[1]
