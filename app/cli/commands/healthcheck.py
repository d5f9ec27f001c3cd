"""`python -m app healthcheck`."""

from typing import Annotated

import typer

from app.cli.arguments import RUN

commands = typer.Typer()


@commands.command(rich_help_panel=RUN)
def healthcheck(
    worker: Annotated[
        bool, typer.Option("--worker", help="Ask for a worker on this machine, not for the API.")
    ] = False,
) -> None:
    """Tell by the exit code whether the process in this container is alive."""
    from app.cli.healthcheck import healthcheck as run

    raise typer.Exit(run(worker=worker))
