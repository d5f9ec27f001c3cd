"""`python -m app migrate`: bring the tables to the newest revision, and make the bucket."""

from app.bootstrap import build_adapters, prepare
from app.cli.console.terminal import ALL_DONE, out
from app.cli.local.local_run import command_settings
from app.logs import configure_logs


def migrate() -> int:
    """Run what is missing; the service does the same at each start. Returns the exit code.

    Raises:
        SettingsError: a setting is impossible.
        DatabaseUnavailable, StoreError: one of them does not answer.
    """
    settings = command_settings()
    configure_logs(settings)
    adapters = build_adapters(settings)
    try:
        prepare(adapters)
        # The address without its password.
        where = adapters.database.engine.url.render_as_string(hide_password=True)
    finally:
        adapters.database.close()
    out.print(f"The tables are up to date: {where}")
    if settings.s3_bucket is not None:
        out.print(f"The bucket is there: {adapters.store}")
    return ALL_DONE
