"""`python -m app migrate`."""

import typer

from app.cli.arguments import RUN
from app.cli.console.terminal import out

commands = typer.Typer()


@commands.command(rich_help_panel=RUN)
def migrate() -> None:
    """Bring the tables to the newest revision and make the bucket; `serve` does it, too."""
    from app.cli.adapters import command_settings, opened_adapters

    with opened_adapters(command_settings()) as adapters:
        # The address without its password.
        where = adapters.database.engine.url.render_as_string(hide_password=True)
        bucket = adapters.store if adapters.settings.s3_bucket is not None else None
    out.print(f"The tables are up to date: {where}")
    if bucket is not None:
        out.print(f"The bucket is there: {bucket}")
