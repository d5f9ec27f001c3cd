"""`python -m app migrate`."""

import typer

from app.cli.arguments import RUN
from app.cli.console.terminal import out

commands = typer.Typer()


@commands.command(rich_help_panel=RUN)
def migrate() -> None:
    """Bring the tables to the newest revision and make the bucket; `serve` does the same."""
    from app.cli.adapters import command_settings, opened_adapters

    with opened_adapters(command_settings()) as adapters:
        # The address without its password.
        where = adapters.database.engine.url.render_as_string(hide_password=True)
        out.print(f"The tables are up to date: {where}")
        out.print(f"The store is ready: {adapters.store}")
