"""`python -m app submit`: hand a CSV to a running service."""

import io
import time
from pathlib import Path
from typing import Any, BinaryIO, cast

from app.cli.console.failures import Unreachable
from app.cli.console.interrupts import Interrupted, Interrupts
from app.cli.console.progress import follow
from app.cli.console.summary import FAILURES_SHOWN, exit_code, print_accepted, print_summary
from app.cli.console.terminal import ALL_DONE, err, out, shown
from app.cli.files import STANDARD, check_output, open_input, output_name, write_output
from app.cli.remote.client import ServiceClient
from app.domain.options import Mode

# Each look is a request to the service.
POLL_SECONDS = 0.5


def submit(
    client: ServiceClient,
    source: str,
    *,
    options: dict[str, str],
    idempotency_key: str | None,
    wait: bool,
    target: str | None,
    force: bool,
) -> int:
    """Upload a CSV, and wait for its output CSV, in a check its report, if asked to.

    Returns the exit code.

    Args:
        source: path of the CSV, or `-` for standard input.
        options: form fields of `POST /upload`, as text.
        target: path of the output, or `-`; None: `output_name`, only when waiting.
    Raises:
        UnusableInput, Refused: the file, a path or an option.
        Unreachable: there is no service, or it went away for longer than a minute.
    """
    checks = options.get("mode") == Mode.CHECK
    target = output_name(source, target, checks=checks)
    console = err if wait and target == STANDARD else out
    started = time.monotonic()
    with open_input(source) as raw:
        if wait:
            check_output(source, target, force=force)
        filename = "products.csv" if source == STANDARD else Path(source).name
        content = cast(BinaryIO, io.BufferedReader(raw))
        answer = client.upload(content, filename, options, key=idempotency_key)
    print_accepted(console, answer)
    if answer.get("dry_run"):
        return ALL_DONE
    request_id = str(answer["request_id"])
    console.print(f"Request: {shown(request_id)}")
    if not wait:
        _print_links(answer["links"])
        return ALL_DONE
    interrupts = Interrupts()
    try:
        with interrupts.caught():
            status = follow(
                lambda: client.status(request_id),
                interrupts=interrupts,
                away=Unreachable,
                poll_seconds=POLL_SECONDS,
            )
    except Interrupted as stop:
        err.print(
            f"Stopped waiting; the service goes on. See: python -m app status {shown(request_id)}"
        )
        return stop.exit_code
    write_output(target, (client.report_csv if checks else client.output_csv)(request_id))
    failures = client.failures(request_id, limit=FAILURES_SHOWN)
    print_summary(console, status, failures, seconds=time.monotonic() - started)
    if target != STANDARD:
        console.print(
            f"{'Report' if checks else 'Output CSV'}: {shown(Path(target).absolute(), limit=1_000)}"
        )
    return exit_code(status)


def _print_links(links: dict[str, Any]) -> None:
    for name in ("status", "output_csv", "report_csv"):
        out.print(f"  {name.replace('_', ' ')}: {shown(links[name])}")
