"""`python -m app status`: one request, or the newest ones."""

import json
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from app.cli.console.forecast import forecast_lines
from app.cli.console.summary import FAILURES_SHOWN, print_summary
from app.cli.console.terminal import ALL_DONE, out, shown
from app.cli.remote.client import ServiceClient

# Another program that reads the list wants whole lines.
UNBROKEN_WIDTH = 500


def show_request(client: ServiceClient, request_id: str, *, as_json: bool) -> int:
    """Print the state of a request; returns the exit code."""
    status = client.status(request_id)
    if as_json:
        print(json.dumps(status, indent=2))
        return ALL_DONE
    out.print(f"{shown(status['filename'])}: {status['status']}, {status['progress_percent']}%")
    if status["reason"]:
        out.print(shown(status["reason"]))
    for line in forecast_lines(status, now=datetime.now(UTC)):
        out.print(line)
    print_summary(out, status, client.failures(request_id, limit=FAILURES_SHOWN), seconds=None)
    for name in ("output_csv", "report_csv"):
        out.print(f"{name.replace('_', ' ').capitalize()}: {shown(status['links'][name])}")
    return ALL_DONE


def list_requests(client: ServiceClient, *, limit: int, state: str | None, as_json: bool) -> int:
    """Print the newest requests, one to a line; returns the exit code."""
    page = client.requests(limit=limit, status=state)
    if as_json:
        print(json.dumps(page, indent=2))
        return ALL_DONE
    if not page["items"]:
        out.print("There are no requests.")
        return ALL_DONE
    table = Table(box=None, pad_edge=False)
    for heading in ("Request", "Status", "Done", "Failed", "Of", "Created", "File"):
        right = heading in {"Done", "Failed", "Of"}
        table.add_column(heading, no_wrap=True, justify="right" if right else "left")
    for item in page["items"]:
        table.add_row(*_cells(item))
    console = out if out.is_terminal else Console(width=UNBROKEN_WIDTH, markup=False)
    console.print(table)
    if page["next_cursor"]:
        out.print(f"Older ones are not shown; see --limit (now {limit}).")
    return ALL_DONE


def _cells(item: dict[str, Any]) -> list[str]:
    images = item["images"]
    return [
        shown(item["request_id"]),
        item["status"],
        f"{images['completed']:,}",
        f"{images['failed']:,}",
        f"{images['total']:,}",
        item["created_at"][:19].replace("T", " "),
        shown(item["filename"], limit=60),
    ]
