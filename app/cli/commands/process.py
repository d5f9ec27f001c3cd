"""`python -m app process`."""

from typing import Annotated

import typer

from app.cli import arguments
from app.memory import loading

commands = typer.Typer()


@commands.command(rich_help_panel=arguments.LOCAL)
def process(
    source: arguments.Source,
    output: arguments.Target = None,
    images: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Put the pictures there and link to them as files."),
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
) -> None:
    """Process one CSV here and now, without a server.

    Ends with 0 when all images are done, 1 when some failed, 2 when the file cannot be used.
    Without --images the links are those of the service on the same DATA_DIR.
    """
    with loading():
        from app.cli.local.process import process as run

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
    )
    code = run(
        source,
        target=output,
        images=images,
        options=arguments.processing_options(options),
        encoding=encoding,
        sheet=sheet,
        columns=columns,
        base_url=base_url,
        accept_valid_rows=accept_valid_rows,
        force=force,
    )
    raise typer.Exit(code)
