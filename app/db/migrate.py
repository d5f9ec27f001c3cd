"""Bringing the tables to the newest revision, by Alembic, from the process itself."""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from alembic import command
from app.db.dialect import lock_name
from app.db.engine import Database
from app.domain.errors import DatabaseOfAnotherVersion

ALEMBIC_FOLDER = Path(__file__).resolve().parents[2] / "alembic"
# Any number: all that migrate the same database have to agree on it.
MIGRATION_LOCK = 7_340_612


def migrate(database: Database) -> None:
    """Run all missing migrations; does nothing where there are none.

    Several processes may start at once: the first one migrates, the others wait for it. Tables of
    newer code stay as they are, so that going back to this code needs no step.

    Raises:
        DatabaseOfAnotherVersion: the tables are none that this code can make its own.
    """
    config = Config()
    config.set_main_option("script_location", str(ALEMBIC_FOLDER).replace("%", "%%"))
    with database.transaction() as connection:
        lock_name(connection, MIGRATION_LOCK)
        if _is_newer(connection, ScriptDirectory.from_config(config)):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _is_newer(connection: Connection, scripts: ScriptDirectory) -> bool:
    """Whether the tables are at a later revision than the newest that this code knows."""
    current = MigrationContext.configure(connection).get_current_revision()
    known = [each.revision for each in scripts.walk_revisions()]
    if current is None or current in known:
        return False
    # Revisions are numbered: r001, r002 ...
    if len(current) == len(known[0]) and current > known[0]:
        return True
    raise DatabaseOfAnotherVersion(
        f"The tables in this database are of a development version (revision {current}) that this "
        "version cannot take over. Start with a new database, or with an empty DATA_DIR."
    )
