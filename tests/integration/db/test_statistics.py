"""A request that Postgres knows of costs what is asked for, not what it holds."""

from itertools import pairwise

import pytest

from app.db import images
from app.db.engine import Database
from app.db.rows import statistics
from tests.integration.db.parts import add_request, freeze_statistics, rows_read, write_urls


# SQLite keeps no statistics unless it is asked to.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_pages_and_places_read_their_own_rows_once_statistics_are_fresh(
    database: Database,
) -> None:
    for _ in range(3):
        add_request(database, images=30)
    freeze_statistics(database)
    request_id = add_request(database, images=20_000)
    with database.transaction() as connection:
        statistics.refresh(connection)

    with database.read() as connection:
        page = images.page(connection, request_id, after=2_000, limit=50)
        assert [row.seq for row in page] == list(range(2_001, 2_051))
        assert rows_read(connection) < 500
    with database.read() as connection:
        found = images.places(connection, request_id, images.LINK, a_part(3_000))
        assert len(found) == 50
        assert rows_read(connection) < 500
    with database.read() as connection:
        assert images.at_place(connection, request_id, row=4_000, position=1) is not None
        assert rows_read(connection) < 500


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_places_of_shared_images_read_their_own_rows_once_statistics_are_fresh(
    database: Database,
) -> None:
    for _ in range(3):
        add_request(database, images=30)
    freeze_statistics(database)
    request_id = add_request(database)
    urls = [f"http://a.test/{n}" for n in range(20_000)]
    write_urls(database, request_id, urls)
    write_urls(database, request_id, urls, places_before=20_000)
    with database.transaction() as connection:
        statistics.refresh(connection)

    with database.read() as connection:
        # What this connection read for the second batch may be counted here still.
        before = rows_read(connection)
        found = images.places(connection, request_id, images.LINK, a_part(23_000))
        assert len(found) == 50
        assert images.at_place(connection, request_id, row=24_000, position=1) is not None
        assert rows_read(connection) - before < 500


def a_part(after_row: int) -> images.Part:
    """Fifty rows of one place each, behind this one."""
    before = after_row - 1
    return images.Part(after_row, after_row + 50, before, before + 50)


def test_a_growing_request_is_looked_at_each_time_it_is_ten_times_as_large() -> None:
    sizes = range(0, 3_000_000, 500)
    looks = [after for before, after in pairwise(sizes) if statistics.due(before, after)]
    assert looks == [2_000, 20_000, 200_000, 2_000_000]
    assert not statistics.due(0, 1_999)
    assert statistics.due(0, 500_000)
    assert not statistics.due(2_000, 19_999)


def test_a_refresh_changes_nothing_else(database: Database) -> None:
    request_id = add_request(database, images=3)
    with database.transaction() as connection:
        statistics.refresh(connection)
    with database.read() as connection:
        assert len(images.page(connection, request_id, after=0, limit=10)) == 3
