"""`python -m app migrate`: bring the tables to the newest revision."""

from app.cli.local_run import command_settings
from app.cli.terminal import ALL_DONE, out
from app.db.engine import Database
from app.db.migrate import migrate as run_migrations
from app.logs import configure_logs


def migrate() -> int:
    """Run what is missing; the service does the same at each start. Returns the exit code.

    Raises:
        SettingsError: a setting is impossible.
        DatabaseUnavailable: the database does not answer.
    """
    settings = command_settings()
    configure_logs(settings)
    database = Database(settings.sqlalchemy_url)
    try:
        run_migrations(database)
        # The address without its password.
        where = database.engine.url.render_as_string(hide_password=True)
    finally:
        database.close()
    out.print(f"The tables are up to date: {where}")
    return ALL_DONE
