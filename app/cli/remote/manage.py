"""`python -m app cancel | retry | delete`: change a request of a running service."""

from app.cli.console.terminal import ALL_DONE, count, out, shown
from app.cli.remote.client import ServiceClient


def cancel(client: ServiceClient, request_id: str) -> int:
    """Stop a request; what is done stays. Returns the exit code."""
    images = client.cancel(request_id)["images"]
    out.print(f"Cancelled; {count(images['completed'], 'image')} of {images['total']:,} done.")
    return ALL_DONE


def retry(client: ServiceClient, request_id: str) -> int:
    """Try the failed images again under the same id. Returns the exit code."""
    images = client.retry(request_id)["images"]
    out.print(f"{count(images['pending'], 'image')} to do again; see: status {shown(request_id)}")
    return ALL_DONE


def delete(client: ServiceClient, request_id: str) -> int:
    """Remove a request with its rows and files. Returns the exit code."""
    client.delete(request_id)
    out.print(f"Deleted {shown(request_id)}.")
    return ALL_DONE
