"""A migration is applied while the code before it goes on."""

from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text

from alembic import command
from app.db import requests
from app.db.engine import Database
from app.db.migrate import ALEMBIC_FOLDER, migrate
from app.db.models import Image, ProcessingRequest
from app.db.requests import totals
from app.domain.errors import DatabaseOfAnotherVersion
from tests.integration.db.previous_code import CODE, run

BEFORE, DURING, AFTER = (f"01890000-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(ALEMBIC_FOLDER))
    return made


def revisions() -> list[str]:
    return sorted(each.revision for each in ScriptDirectory.from_config(config()).walk_revisions())


def upgrade(database: Database, revision: str) -> None:
    made = config()
    with database.transaction() as connection:
        made.attributes["connection"] = connection
        command.upgrade(made, revision)


@pytest.mark.parametrize("revision", revisions())
def test_the_code_of_a_revision_goes_on_beside_all_later_ones(
    empty_url: str, revision: str
) -> None:
    assert revision in CODE, f"write into previous_code.py what the code of {revision} says"
    code = CODE[revision]
    database = Database(empty_url)
    try:
        upgrade(database, revision)
        with database.transaction() as connection:
            run(connection, code.life, BEFORE)
        # One that is half done when the tables change under it.
        with database.transaction() as connection:
            run(connection, code.life[:3], DURING)
        upgrade(database, "head")
        with database.transaction() as connection:
            run(connection, code.life[3:], DURING)
            run(connection, code.life, AFTER)
            run(connection, code.removal, BEFORE)
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


def test_code_goes_on_with_the_tables_of_newer_code(empty_url: str) -> None:
    database = Database(empty_url)
    try:
        migrate(database)
        at_revision(database, "r999")
        migrate(database)
        with database.read() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [
                ("r999",)
            ]
    finally:
        database.close()


def test_tables_from_before_the_first_release_are_refused_in_one_sentence(empty_url: str) -> None:
    database = Database(empty_url)
    try:
        migrate(database)
        at_revision(database, "0010")
        with pytest.raises(DatabaseOfAnotherVersion, match=r"revision 0010.*new database"):
            migrate(database)
    finally:
        database.close()


def at_revision(database: Database, revision: str) -> None:
    with database.transaction() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
