"""`python -m app cancel | retry | delete`: change a request of a running service."""

import typer

from app.cli.arguments import REMOTE, ApiKey, RequestId, Url
from app.cli.console.terminal import count, out, shown

commands = typer.Typer()


@commands.command(rich_help_panel=REMOTE)
def cancel(request_id: RequestId, url: Url = None, api_key: ApiKey = None) -> None:
    """Stop a request; what is done stays."""
    from app.cli.remote.client import open_client

    with open_client(url, api_key) as client:
        images = client.cancel(request_id)["images"]
    out.print(f"Cancelled; {count(images['completed'], 'image')} of {images['total']:,} done.")


@commands.command(rich_help_panel=REMOTE)
def retry(request_id: RequestId, url: Url = None, api_key: ApiKey = None) -> None:
    """Try the failed images of a request again."""
    from app.cli.remote.client import open_client

    with open_client(url, api_key) as client:
        images = client.retry(request_id)["images"]
    out.print(f"{count(images['pending'], 'image')} to do again; see: status {shown(request_id)}")


@commands.command(rich_help_panel=REMOTE)
def delete(request_id: RequestId, url: Url = None, api_key: ApiKey = None) -> None:
    """Remove a request with its rows and pictures."""
    from app.cli.remote.client import open_client

    with open_client(url, api_key) as client:
        client.delete(request_id)
    out.print(f"Deleted {shown(request_id)}.")
