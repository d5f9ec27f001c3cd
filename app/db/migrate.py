"""Bringing the tables to the newest revision, by Alembic, from the process itself."""

from pathlib import Path

from alembic.config import Config

from alembic import command
from app.db.dialect import lock_name
from app.db.engine import Database

ALEMBIC_FOLDER = Path(__file__).resolve().parents[2] / "alembic"
# Any number: all that migrate the same database have to agree on it.
MIGRATION_LOCK = 7_340_612


def migrate(database: Database) -> None:
    """Run all missing migrations; does nothing where there are none.

    Several processes may start at once: the first one migrates, the others wait for it.
    """
    config = Config()
    config.set_main_option("script_location", str(ALEMBIC_FOLDER).replace("%", "%%"))
    with database.transaction() as connection:
        lock_name(connection, MIGRATION_LOCK)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
