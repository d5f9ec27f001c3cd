"""`python -m app process`: one CSV through the whole pipeline, without a server."""

import time
from pathlib import Path

from app.catalog.layouts.mapping import parse_base_url, parse_mapping
from app.cli.adapters import command_settings
from app.cli.console.failures import UnusableInput
from app.cli.console.interrupts import Interrupted
from app.cli.console.summary import exit_code, print_accepted, print_summary
from app.cli.console.terminal import err, out, shown
from app.cli.files import STANDARD, check_folder, check_output, open_input, output_name
from app.cli.local.local_run import local_run
from app.domain.options import Mode, ProcessingOptions
from app.intake.check import Reading


def process(
    source: str,
    *,
    target: str | None,
    images: str | None,
    options: ProcessingOptions,
    encoding: str | None,
    sheet: str | None = None,
    columns: str | None = None,
    base_url: str | None = None,
    accept_valid_rows: bool,
    force: bool,
) -> int:
    """Process a CSV and write its output CSV, in a check its report; returns the exit code.

    The request is kept in the database as any other, so that the service on the same DATA_DIR shows
    it and answers its links.

    Args:
        source: path of the CSV, or `-` for standard input.
        target: path of the output, or `-`; None: `output_name`.
        images: folder for the pictures; the output CSV links to the files in it.
        sheet: name of a workbook's sheet; None: the first one with products.
        columns: JSON as in the form field `columns`.
        force: overwrite files that exist.
    Raises:
        UnusableInput, RequestError: the file, a path or an option; nothing was written.
        SettingsError, DatabaseUnavailable, StoreError: the service's parts.
    """
    checks = options.mode is Mode.CHECK
    if checks and images is not None:
        raise UnusableInput("--images: a check makes no pictures; leave one of both out.")
    target = output_name(source, target, checks=checks)
    mapping = parse_mapping(columns) if columns is not None else None
    base = parse_base_url(base_url) if base_url is not None else None
    reading = Reading(encoding, mapping, base, accept_valid_rows, sheet)
    # The summary must not be in the middle of a CSV.
    console = err if target == STANDARD else out
    settings = command_settings()
    started = time.monotonic()
    with open_input(source) as raw:
        check_output(source, target, force=force)
        if images is not None:
            check_folder(images, force=force)
        filename = "products.csv" if source == STANDARD else Path(source).name
        folder = Path(images) if images is not None else None
        try:
            with local_run(settings) as run:
                answer = run.submit(raw, filename, options, reading)
                print_accepted(err, answer)
                with run.worker():
                    status = run.wait()
                    run.write(target, folder, checks=checks)
                    run.wait_for_webhook()
                failures = run.failures()
        except Interrupted as stop:
            err.print("Stopped.")
            return stop.exit_code
    print_summary(console, status, failures, seconds=time.monotonic() - started)
    if target != STANDARD:
        console.print(
            f"{'Report' if checks else 'Output CSV'}: {shown(Path(target).absolute(), limit=1_000)}"
        )
    if folder is not None:
        console.print(f"Pictures: {shown(folder.absolute(), limit=1_000)}")
    console.print(f"Request: {status['request_id']}")
    return exit_code(status)
