"""`python -m app status`."""

from typing import Annotated

import typer

from app.cli.arguments import REMOTE, ApiKey, Url
from app.domain.statuses import RequestStatus

commands = typer.Typer()


@commands.command(rich_help_panel=REMOTE)
def status(
    request_id: Annotated[
        str | None, typer.Argument(metavar="[REQUEST_ID]", help="Default: the newest requests.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Requests in the list.")] = 20,
    state: Annotated[
        RequestStatus | None, typer.Option(help="Only requests in this state in the list.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's JSON.")] = False,
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Show one request, or list the newest ones."""
    from app.cli.remote.client import open_client
    from app.cli.remote.status import list_requests, show_request

    with open_client(url, api_key) as client:
        if request_id is None:
            code = list_requests(client, limit=limit, state=state, as_json=as_json)
        else:
            code = show_request(client, request_id, as_json=as_json)
    raise typer.Exit(code)
