"""`python -m app worker`."""

import typer

from app.cli.arguments import RUN
from app.memory import loading

commands = typer.Typer()


@commands.command(rich_help_panel=RUN)
def worker() -> None:
    """Start one more worker process; needs REDIS_URL."""
    with loading():
        from app.cli.service.worker import worker as run

    raise typer.Exit(run())
