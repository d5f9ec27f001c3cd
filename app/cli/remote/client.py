"""The HTTP side of the commands that talk to a running service."""

import ipaddress
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import httpx

from app.cli.console.failures import Refused, Unreachable, UnusableInput
from app.cli.console.terminal import shown
from app.config import load_settings

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
# A very large CSV is checked as a whole before the answer comes.
UPLOAD_SECONDS = 900.0


@contextmanager
def open_client(url: str | None, api_key: str | None) -> "Iterator[ServiceClient]":
    """A client for the block; see `ServiceClient`."""
    client = ServiceClient(url, api_key)
    try:
        yield client
    finally:
        client.close()


class ServiceClient:
    """Calls one service; every method raises `Unreachable` or `Refused`.

    Args:
        url: where the service is; None: where this machine's settings put it, with the first of
            API_KEYS unless another key is given.
        api_key: sent as a bearer token.
    Raises:
        UnusableInput: `url` is no address.
        SettingsError: `url` is None, and a setting is impossible.
    """

    def __init__(self, url: str | None, api_key: str | None) -> None:
        if url is None:
            settings = load_settings()
            local = settings.model_copy(update={"public_base_url": None})
            url = local.base_url
            if api_key is None and settings.api_keys:
                api_key = settings.api_keys[0].get_secret_value()
        self.url = url.rstrip("/")
        try:
            host = httpx.URL(self.url).host
            self._http = httpx.Client(
                base_url=self.url,
                headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                # A proxy for the outside world knows nothing of this machine.
                trust_env=not _is_loopback(host),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise UnusableInput(f"{shown(url)} is no address: {error}.") from None
        if not self.url.startswith(("http://", "https://")) or not host:
            raise UnusableInput(f"--url {shown(url)}: it must start with http:// or https://.")

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def upload(
        self, content: BinaryIO, filename: str, options: dict[str, str], *, key: str | None
    ) -> dict[str, Any]:
        """Hand in a CSV; `key` is its Idempotency-Key."""
        return self._json(
            "POST",
            "/upload",
            expects="message",
            files={"file": (filename, content, "text/csv")},
            data=options,
            headers={"Idempotency-Key": key} if key else {},
            timeout=httpx.Timeout(UPLOAD_SECONDS, connect=CONNECT_SECONDS),
        )

    def status(self, request_id: str) -> dict[str, Any]:
        """The state of a request."""
        return self._json("GET", f"/status/{_segment(request_id)}", expects="images")

    def requests(self, *, limit: int, status: str | None) -> dict[str, Any]:
        """The newest requests."""
        return self._json(
            "GET",
            "/requests",
            expects="items",
            params={"limit": limit} | ({"status": status} if status else {}),
        )

    def failures(self, request_id: str, *, limit: int) -> list[dict[str, Any]]:
        """The first failed images of a request."""
        page = self._json(
            "GET",
            f"/requests/{_segment(request_id)}/images",
            expects="items",
            params={"status": "failed", "limit": limit},
        )
        items: list[dict[str, Any]] = page["items"]
        return items

    def retry(self, request_id: str) -> dict[str, Any]:
        """Try the failed images again."""
        return self._json("POST", f"/requests/{_segment(request_id)}/retry", expects="images")

    def cancel(self, request_id: str) -> dict[str, Any]:
        """Stop a request."""
        return self._json("POST", f"/requests/{_segment(request_id)}/cancel", expects="images")

    def delete(self, request_id: str) -> None:
        """Remove a request with its files."""
        with self._answer("DELETE", f"/requests/{_segment(request_id)}"):
            pass

    def output_csv(self, request_id: str) -> Iterator[bytes]:
        """The output CSV in chunks."""
        yield from self._download(f"/download-output-csv/{_segment(request_id)}")

    def report_csv(self, request_id: str) -> Iterator[bytes]:
        """The report in chunks."""
        yield from self._download(f"/requests/{_segment(request_id)}/report.csv")

    def _download(self, path: str) -> Iterator[bytes]:
        with self._answer("GET", path) as response:
            yield from response.iter_bytes()

    def _json(self, method: str, path: str, *, expects: str, **more: Any) -> dict[str, Any]:
        with self._answer(method, path, **more) as response:
            response.read()
            document = _document(response)
        if document is None or expects not in document:
            raise Unreachable(
                f"What answers at {self.url} is not this service; name its address with --url."
            )
        return document

    @contextmanager
    def _answer(self, method: str, path: str, **more: Any) -> Iterator[httpx.Response]:
        try:
            with self._http.stream(method, path, **more) as response:
                if not response.is_success:
                    response.read()
                    raise self._refusal(response)
                yield response
        except httpx.HTTPError as error:
            reason = shown(str(error) or type(error).__name__)
            raise Unreachable(
                f"No service answers at {self.url} ({reason}); start it with ./run.sh, or name "
                "another one with --url."
            ) from error

    def _refusal(self, response: httpx.Response) -> Exception:
        problem = _document(response)
        if problem is None or "title" not in problem:
            return Unreachable(
                f"{self.url} answered {response.status_code} without a reason; is it this service?"
            )
        if response.is_server_error:
            return Unreachable(f"The service at {self.url} cannot do this now: {problem['title']}.")
        return Refused(problem)


def _document(response: httpx.Response) -> dict[str, Any] | None:
    try:
        document = response.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _segment(request_id: str) -> str:
    # Typed by a person: `..` in it must not lead to another route.
    try:
        return str(uuid.UUID(request_id))
    except ValueError:
        raise UnusableInput(f"{shown(request_id)!r} is no id of a request.") from None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
