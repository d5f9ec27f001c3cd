"""A migration is applied while the code before it goes on."""

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text

from alembic import command
from app.db import requests
from app.db.engine import Database
from app.db.images import files
from app.db.migrate import ALEMBIC_FOLDER
from app.db.models import Image, ProcessingRequest
from app.db.requests import totals
from app.domain.results import FileRole, StoredFile
from tests.integration.db.previous_code import PREVIOUS, run

# Longer than all revisions take on empty tables.
UPGRADE_SECONDS = 2.0
BEFORE, DURING, AFTER = (f"01890000-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(ALEMBIC_FOLDER))
    return made


def revisions() -> list[tuple[str, str]]:
    """Each revision that has one before it, with that one."""
    scripts = ScriptDirectory.from_config(config()).walk_revisions()
    return sorted(
        (each.revision, str(each.down_revision)) for each in scripts if each.down_revision
    )


def upgrade(database: Database, revision: str) -> None:
    made = config()
    with database.transaction() as connection:
        made.attributes["connection"] = connection
        command.upgrade(made, revision)


@pytest.mark.parametrize(("revision", "before"), revisions())
def test_the_code_before_a_revision_goes_on_beside_it(
    empty_url: str, revision: str, before: str
) -> None:
    assert before in PREVIOUS, f"write into previous_code.py what the code of {before} says"
    code = PREVIOUS[before]
    database = Database(empty_url)
    try:
        upgrade(database, before)
        with database.transaction() as connection:
            run(connection, code.life, BEFORE)
        # One that is half done when the tables change under it.
        with database.transaction() as connection:
            run(connection, code.life[:3], DURING)
        upgrade(database, revision)
        with database.transaction() as connection:
            run(connection, code.life[3:], DURING)
            run(connection, code.life, AFTER)
            run(connection, code.removal, BEFORE)
        upgrade(database, "head")
        assert_today_s_code_reads_it(database)
    finally:
        database.close()


def assert_today_s_code_reads_it(database: Database) -> None:
    with database.read() as connection:
        assert requests.get(connection, BEFORE) is None
        for request_id in (DURING, AFTER):
            row: Any = requests.get(connection, request_id)
            assert (row.status, row.images_completed, row.images_failed) == ("completed", 1, 1)
            errors = requests.error_counts(connection, [request_id])
            assert errors[request_id] == {"http_status": 1}
        query = select(Image.status, func.count()).group_by(Image.status).order_by(Image.status)
        assert connection.execute(query).all() == [("completed", 2), ("failed", 2)]
        assert totals.counts_by_status(connection) == {"completed": 2}
        assert connection.execute(select(func.count(ProcessingRequest.id))).scalar_one() == 2


def test_originals_noted_before_and_beside_revision_0010_are_files_of_their_images(
    empty_url: str,
) -> None:
    code, expected = PREVIOUS["0009"], StoredFile("originals/k", 10, 8, 6, "png")
    database = Database(empty_url)
    try:
        upgrade(database, "0009")
        with database.transaction() as connection:
            run(connection, code.life, BEFORE)
        upgrade(database, "0010")
        with database.transaction() as connection:
            run(connection, code.life, AFTER)
        with database.read() as connection:
            found = files.of_images(connection, [(BEFORE, 1), (BEFORE, 2), (AFTER, 1)])
        assert found == {(each, 1): {FileRole.ORIGINAL: expected} for each in (BEFORE, AFTER)}
        made = config()
        with database.transaction() as connection:
            made.attributes["connection"] = connection
            command.downgrade(made, "0009")
            keys = select(text("original_key")).select_from(text("images")).where(text("seq = 1"))
            assert set(connection.execute(keys).scalars()) == {"originals/k"}
    finally:
        database.close()


def test_an_open_transaction_is_neither_in_the_way_of_later_revisions_nor_missed_by_them(
    empty_url: str,
) -> None:
    life = PREVIOUS["0008"].life
    end = next(n for n, each in enumerate(life) if "INTO webhook_deliveries" in each)
    original = tuple(each for each in life if "original_key" in each)
    database = Database(empty_url)
    try:
        upgrade(database, "0008")
        with ThreadPoolExecutor(1) as threads:
            with database.transaction() as connection:
                run(connection, life[:end] + original, BEFORE)
                coming = threads.submit(upgrade, database, "head")
                # It waits for what is written here.
                wait([coming], timeout=UPGRADE_SECONDS)
                assert not coming.done()
                run(connection, life[end : end + 1], BEFORE)
            coming.result()
        with database.read() as connection:
            found = files.of_images(connection, [(BEFORE, 1)])
        assert found[BEFORE, 1][FileRole.ORIGINAL].key == "originals/k"
    finally:
        database.close()
