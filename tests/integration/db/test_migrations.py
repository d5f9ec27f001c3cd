import subprocess
import sys
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from alembic import command
from app.db.engine import Database
from app.db.migrate import ALEMBIC_FOLDER, migrate
from app.db.models import Base


def test_migrations_make_what_the_models_say(database: Database) -> None:
    assert differences(database) == []


def test_downgrade_removes_everything_and_upgrade_brings_it_back(database: Database) -> None:
    run(database, command.downgrade, "base")
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    run(database, command.upgrade, "head")
    assert differences(database) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database)
    assert differences(database) == []


def test_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    program = (
        "import sys; from app.db.engine import Database; from app.db.migrate import migrate;"
        "migrate(Database(sys.argv[1]))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_url], stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    outcomes = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert [code for _, code in outcomes] == [0, 0, 0], outcomes
    database = Database(empty_url)
    assert differences(database) == []
    database.close()


def differences(database: Database) -> list[Any]:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def run(database: Database, step: Any, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(ALEMBIC_FOLDER))
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        step(config, revision)
