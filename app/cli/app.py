"""The commands of `python -m app`, each one a thin door to the function that does the work."""

import sys
from typing import Annotated

import typer

from app.cli import arguments
from app.cli.commands.keys import keys_app
from app.cli.console.failures import explain
from app.domain.statuses import RequestStatus

app = typer.Typer(
    name="python -m app",
    help="Image Processing Service: a CSV of image URLs in, the same CSV with compressed images "
    "out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

RUN = "Run the service"
LOCAL = "Work without a service"
REMOTE = "Talk to a running service"

app.add_typer(keys_app, name="keys", rich_help_panel=RUN)


def main() -> None:
    """Run the command line and exit: 0 done, 1 some images failed, 2 unusable input,
    3 a service that is needed does not answer, 130 and 143 stopped by a signal."""
    try:
        app(prog_name="python -m app")
    except Exception as error:
        code = explain(error)
        if code is None:
            raise
        sys.exit(code)


@app.command(rich_help_panel=RUN)
def serve(
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only API and page; workers run elsewhere.")
    ] = False,
) -> None:
    """Start the whole service: API, web page and worker."""
    from app.cli.service.serve import serve as run
    from app.config import settings

    raise typer.Exit(run(settings(), with_worker=not no_worker))


@app.command(rich_help_panel=RUN)
def worker() -> None:
    """Start one more worker process; needs REDIS_URL."""
    from app.cli.service.worker import worker as run

    raise typer.Exit(run())


@app.command(rich_help_panel=RUN)
def healthcheck(
    worker: Annotated[
        bool, typer.Option("--worker", help="Ask for a worker on this machine, not for the API.")
    ] = False,
) -> None:
    """Tell by the exit code whether the process in this container is alive."""
    from app.cli.healthcheck import healthcheck as run

    raise typer.Exit(run(worker=worker))


@app.command(rich_help_panel=RUN)
def migrate() -> None:
    """Bring the tables to the newest revision and make the bucket; `serve` does it, too."""
    from app.cli.service.migrate import migrate as run

    raise typer.Exit(run())


@app.command("adopt-store", rich_help_panel=RUN)
def adopt_store(yes: arguments.Yes = False) -> None:
    """Say whose the store is; with --yes, make it this database's own."""
    from app.cli.service.orphans import adopt_store as run

    raise typer.Exit(run(yes=yes))


@app.command("remove-orphans", rich_help_panel=RUN)
def remove_orphans(yes: arguments.Yes = False) -> None:
    """Say what in the store this database does not know; with --yes, remove it."""
    from app.cli.service.orphans import remove_orphans as run

    raise typer.Exit(run(yes=yes))


@app.command(rich_help_panel=LOCAL)
def process(
    source: arguments.Source,
    output: arguments.Target = None,
    images: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Put the pictures there and link to them as files."),
    ] = None,
    encoding: arguments.Encoding = None,
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
        columns=columns,
        base_url=base_url,
        accept_valid_rows=accept_valid_rows,
        force=force,
    )
    raise typer.Exit(code)


@app.command(rich_help_panel=LOCAL)
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
    from app.cli.local.demo import demo as run

    raise typer.Exit(run(products=products, images_per_product=images_per_product, broken=broken))


@app.command(rich_help_panel=REMOTE)
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

    --output waits, too. Ends as `process` does, or with 3 when no service answers.
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


@app.command(rich_help_panel=REMOTE)
def status(
    request_id: Annotated[
        str | None, typer.Argument(metavar="[REQUEST_ID]", help="Default: the newest requests.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Requests in the list.")] = 20,
    state: Annotated[
        RequestStatus | None, typer.Option(help="Only requests in this state in the list.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the API's JSON.")] = False,
    url: arguments.Url = None,
    api_key: arguments.ApiKey = None,
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


@app.command(rich_help_panel=REMOTE)
def cancel(
    request_id: arguments.RequestId,
    url: arguments.Url = None,
    api_key: arguments.ApiKey = None,
) -> None:
    """Stop a request; what is done stays."""
    from app.cli.remote.client import open_client
    from app.cli.remote.manage import cancel as run

    with open_client(url, api_key) as client:
        raise typer.Exit(run(client, request_id))


@app.command(rich_help_panel=REMOTE)
def retry(
    request_id: arguments.RequestId,
    url: arguments.Url = None,
    api_key: arguments.ApiKey = None,
) -> None:
    """Try the failed images of a request again."""
    from app.cli.remote.client import open_client
    from app.cli.remote.manage import retry as run

    with open_client(url, api_key) as client:
        raise typer.Exit(run(client, request_id))


@app.command(rich_help_panel=REMOTE)
def delete(
    request_id: arguments.RequestId,
    url: arguments.Url = None,
    api_key: arguments.ApiKey = None,
) -> None:
    """Remove a request with its rows and pictures."""
    from app.cli.remote.client import open_client
    from app.cli.remote.manage import delete as run

    with open_client(url, api_key) as client:
        raise typer.Exit(run(client, request_id))
