"""`python -m app serve`."""

from typing import Annotated

import typer

from app.cli.arguments import RUN
from app.memory import loading

commands = typer.Typer()


@commands.command(rich_help_panel=RUN)
def serve(
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only API and page; workers run elsewhere.")
    ] = False,
) -> None:
    """Start the whole service: API, web page and worker."""
    with loading():
        from app.cli.service.serve import serve as run
        from app.config import settings

    raise typer.Exit(run(settings(), with_worker=not no_worker))
