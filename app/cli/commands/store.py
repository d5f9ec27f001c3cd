"""`python -m app adopt-store` and `remove-orphans`."""

import typer

from app.cli.arguments import RUN, Yes

commands = typer.Typer()


@commands.command("adopt-store", rich_help_panel=RUN)
def adopt_store(yes: Yes = False) -> None:
    """Say whose the store is; with --yes, make it this database's own."""
    from app.cli.service.orphans import adopt_store as run

    raise typer.Exit(run(yes=yes))


@commands.command("remove-orphans", rich_help_panel=RUN)
def remove_orphans(yes: Yes = False) -> None:
    """Say what in the store this database does not know; with --yes, remove it."""
    from app.cli.service.orphans import remove_orphans as run

    raise typer.Exit(run(yes=yes))
