"""`python -m app submit`."""

from typing import Annotated

import typer

from app.cli import arguments

commands = typer.Typer()


@commands.command(rich_help_panel=arguments.REMOTE)
def submit(
    source: arguments.Source,
    wait: Annotated[
        bool, typer.Option("--wait", help="Show the progress and download the output CSV.")
    ] = False,
    output: arguments.Target = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check the file; nothing is stored.")
    ] = False,
    webhook_url: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Gets a POST when the request ends.")
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="A repeat with the same key gets the first answer."),
    ] = None,
    encoding: arguments.Encoding = None,
    sheet: arguments.Sheet = None,
    columns: arguments.Columns = None,
    base_url: arguments.BaseUrl = None,
    replace: arguments.Replace = False,
    accept_valid_rows: arguments.AcceptValidRows = False,
    force: arguments.Force = False,
    mode: arguments.What = None,
    quality: arguments.Quality = None,
    format: arguments.Format = None,  # noqa: A002 - the name that the API has
    scale: arguments.Scale = None,
    max_width: arguments.MaxWidth = None,
    max_height: arguments.MaxHeight = None,
    max_bytes: arguments.MaxBytes = None,
    keep_originals: arguments.KeepOriginals = False,
    fresh: arguments.Fresh = False,
    url: arguments.Url = None,
    api_key: arguments.ApiKey = None,
) -> None:
    """Upload a CSV to a running service.

    --output also waits. Ends as `process` does, or with 3 when no service answers.
    """
    from app.cli.remote.client import open_client
    from app.cli.remote.submit import submit as run

    options = arguments.given(
        mode=mode,
        quality=quality,
        format=format,
        scale=scale,
        max_width=max_width,
        max_height=max_height,
        max_bytes=max_bytes,
        keep_originals=keep_originals,
        output=arguments.output_mode(replace),
        fresh=fresh,
        encoding=encoding,
        sheet=sheet,
        columns=columns,
        base_url=base_url,
        accept_valid_rows=accept_valid_rows,
        webhook_url=webhook_url,
        dry_run=dry_run,
    )
    with open_client(url, api_key) as client:
        code = run(
            client,
            source,
            options=arguments.form_fields(options),
            idempotency_key=idempotency_key,
            wait=wait or output is not None,
            target=output,
            force=force,
        )
    raise typer.Exit(code)
