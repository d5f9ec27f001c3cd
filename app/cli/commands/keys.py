"""`python -m app keys create | list | revoke | open`: the operator's named API keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.arguments import RUN
from app.cli.console.terminal import ALL_DONE, err, out, shown

if TYPE_CHECKING:
    from app.db.engine import Database

commands = typer.Typer()
keys_app = typer.Typer(
    help="Named API keys, kept in the database beside API_KEYS.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
commands.add_typer(keys_app, name="keys", rich_help_panel=RUN)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is, such as shop-import.")]


@keys_app.command()
def create(name: Name) -> None:
    """Make a key and print it, this once; from then on the service asks for keys."""
    from app.access import keys

    with _database() as database:
        key = keys.create(database, name)
    err.print(f"The key {shown(name)!r}, shown this once; send it as Authorization: Bearer KEY:")
    # Alone on standard output, for scripts that keep it.
    print(key)
    raise typer.Exit(ALL_DONE)


@keys_app.command("list")
def list_keys() -> None:
    """List the keys of the database, revoked ones included."""
    from rich.console import Console
    from rich.table import Table

    from app.access import keys
    from app.cli.remote.status import UNBROKEN_WIDTH

    with _database() as database:
        found = keys.list_keys(database)
    if not found:
        out.print("There are no keys in the database.")
        raise typer.Exit(ALL_DONE)
    table = Table(box=None, pad_edge=False)
    for heading in ("Name", "Created (UTC)", "Revoked (UTC)"):
        table.add_column(heading, no_wrap=True)
    for key in found:
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M:%S}" if key.revoked_at else ""
        table.add_row(shown(key.name), f"{key.created_at:%Y-%m-%d %H:%M:%S}", revoked)
    console = out if out.is_terminal else Console(width=UNBROKEN_WIDTH, markup=False)
    console.print(table)
    raise typer.Exit(ALL_DONE)


@keys_app.command()
def revoke(name: Name) -> None:
    """End a key: within a few seconds it opens nothing; its requests stay."""
    from app.access import keys

    with _database() as database:
        keys.revoke(database, name)
        none_left = not any(key.revoked_at is None for key in keys.list_keys(database))
    out.print(f"Revoked {shown(name)!r}.")
    if none_left:
        err.print(
            "No key of the database is active now. The service still asks for keys: make one "
            "(keys create), or let everybody in (keys open)."
        )
    raise typer.Exit(ALL_DONE)


@keys_app.command("open")
def open_service() -> None:
    """Forget all revoked keys, so that the service is open to everybody again.

    Refused while a key is active. Where API_KEYS is set, the service keeps asking for those.
    """
    from app.access import keys

    with _database() as database:
        keys.forget_revoked(database)
    out.print("The database has no keys now; unless API_KEYS is set, everybody may call.")
    raise typer.Exit(ALL_DONE)


@contextmanager
def _database() -> "Iterator[Database]":
    """The database of the settings, with its tables: it may be that no service ever ran."""
    from app.cli.adapters import command_settings
    from app.db.engine import Database
    from app.db.migrate import migrate
    from app.logs import configure_logs

    settings = command_settings()
    configure_logs(settings)
    database = Database(settings.sqlalchemy_url)
    try:
        migrate(database)
        yield database
    finally:
        database.close()
