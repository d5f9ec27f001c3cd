"""`python -m app demo`."""

from typing import Annotated

import typer

from app.cli.arguments import LOCAL
from app.memory import loading

commands = typer.Typer()


@commands.command(rich_help_panel=LOCAL)
def demo(
    products: Annotated[int, typer.Option(min=1, max=1_000, help="Rows of the CSV.")] = 10,
    images_per_product: Annotated[
        int, typer.Option(min=1, max=50, help="Pictures of each product.")
    ] = 2,
    broken: Annotated[
        bool, typer.Option("--broken", help="Add three pictures that cannot be done.")
    ] = False,
) -> None:
    """Make product pictures and a CSV, process them, and check the result."""
    with loading():
        from app.cli.local.demo import demo as run

    raise typer.Exit(run(products=products, images_per_product=images_per_product, broken=broken))
