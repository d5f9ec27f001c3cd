"""`python -m app worker`."""

import typer

from app.cli.arguments import RUN

commands = typer.Typer()


@commands.command(rich_help_panel=RUN)
def worker() -> None:
    """Start one more worker process; needs REDIS_URL."""
    from app.cli.service.worker import worker as run

    raise typer.Exit(run())
