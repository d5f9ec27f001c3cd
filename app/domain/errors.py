"""The tree of expected failures.

`ImageError` ends one attempt at one image and is written beside it; `RequestError` ends an API
call. The last three say that a part of ours failed. Everything else that is raised is a bug. The
`code` values are part of the API.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class ImageError(Exception):
    """One image could not be done; its neighbours go on.

    Args:
        message: a sentence for the owner of the CSV; no addresses, paths or library names of ours.
        http_status: what the image's host answered, where it answered.
        retry_after_seconds: how long that host asked us to wait, where it asked.
    """

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.http_status = http_status
        self.retry_after_seconds = retry_after_seconds


class InvalidUrl(ImageError):
    code = "invalid_url"


class AddressBlocked(ImageError):
    code = "address_blocked"


class DnsFailed(ImageError):
    code = "dns_failed"
    retryable = True


class ConnectFailed(ImageError):
    code = "connect_failed"
    retryable = True


class TlsFailed(ImageError):
    code = "tls_failed"


class FetchTimeout(ImageError):
    code = "timeout"
    retryable = True


class TooManyRedirects(ImageError):
    code = "too_many_redirects"


class HttpStatusError(ImageError):
    """The host answered with a status that will not change by asking again."""

    code = "http_status"


class HttpStatusRetryable(HttpStatusError):
    """408, 429 or 5xx: the host may answer better later."""

    retryable = True


class RateLimited(ImageError):
    """The host refused for longer than it is waited for; its waiting images may fail together."""

    code = "rate_limited"


class HostUnreachable(ImageError):
    """Nothing of the host succeeds any more; it was given up with all its waiting images."""

    code = "host_unreachable"


class ResponseTooLarge(ImageError):
    code = "response_too_large"


class NotAnImage(ImageError):
    code = "not_an_image"


class UnsupportedFormat(ImageError):
    code = "unsupported_format"


class CorruptImage(ImageError):
    code = "corrupt_image"


class TooManyPixels(ImageError):
    code = "too_many_pixels"


class DecoderCrashed(ImageError):
    code = "decoder_crashed"


class DecoderOutOfMemory(DecoderCrashed):
    """The picture needs more memory than one may have; trying again cannot change that."""


class DecoderTimeout(ImageError):
    code = "decoder_timeout"


class StorageFailed(ImageError):
    code = "storage_failed"
    retryable = True


class InternalError(ImageError):
    code = "internal"
    retryable = True


IMAGE_ERROR_CODES: tuple[str, ...] = tuple(
    dict.fromkeys(
        error.code
        for error in (
            *(InvalidUrl, AddressBlocked, DnsFailed, ConnectFailed, TlsFailed, FetchTimeout),
            *(TooManyRedirects, HttpStatusError, ResponseTooLarge, NotAnImage, UnsupportedFormat),
            *(CorruptImage, TooManyPixels, DecoderCrashed, DecoderTimeout, StorageFailed),
            *(InternalError, RateLimited, HostUnreachable),
        )
    )
)


class RequestError(Exception):
    """An API call could not be answered as asked; `api/errors.py` maps each class to a status."""

    code: ClassVar[str] = "request_error"
    title: ClassVar[str] = "The request could not be answered"

    def __init__(self, detail: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class UploadMissing(RequestError):
    code = "upload_missing"
    title = "No file was uploaded"


class UploadTooLarge(RequestError):
    code = "upload_too_large"
    title = "The file is too large"


class NotACsv(RequestError):
    """The bytes are a workbook, a picture ...: `detail` names it and how to save as CSV."""

    code = "not_a_csv"
    title = "The file is not a CSV"


@dataclass(frozen=True, slots=True)
class CellError:
    """One thing wrong in a CSV.

    `row` is the line in the file where the record starts (the header is line 1); `column` is the
    header's name as the file spells it, or None when the whole row is meant.
    """

    row: int
    column: str | None
    value: str | None
    code: str
    message: str


class CsvInvalid(RequestError):
    """The CSV cannot be used as it is; carries the first errors and their true count.

    Args:
        detected: what was seen of the file and what may be meant by it, where that helps; in the
            form in which the API tells what was recognised.
    """

    code = "csv_invalid"
    title = "The CSV has errors"

    def __init__(
        self,
        detail: str,
        errors: Sequence[CellError],
        error_count: int,
        *,
        detected: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.errors = list(errors)
        self.error_count = error_count
        self.detected = detected


class OptionInvalid(RequestError):
    """A form field, query parameter or header has an impossible value."""

    code = "option_invalid"
    title = "An option has an impossible value"

    def __init__(self, detail: str, *, option: str) -> None:
        super().__init__(detail)
        self.option = option


class RequestNotFound(RequestError):
    code = "not_found"
    title = "Not found"


class WrongState(RequestError):
    """The request exists, but not in a state in which this can be done."""

    code = "wrong_state"
    title = "Not possible in this state"


class IdempotencyMismatch(RequestError):
    code = "idempotency_mismatch"
    title = "This Idempotency-Key was used for another upload"


class Unauthorized(RequestError):
    code = "unauthorized"
    title = "An API key is needed"


class OperatorOnly(RequestError):
    code = "operator_only"
    title = "Only the operator may see this"


class TooManyWrongKeys(RequestError):
    """The client tried many API keys that are none."""

    code = "too_many_wrong_keys"
    title = "Too many wrong API keys"


class TooManyUploads(RequestError):
    """The key made as many uploads within the last minute as it may."""

    code = "too_many_uploads"
    title = "Too many uploads"


class TooManyOpenImages(RequestError):
    """The key has as many images waiting or in work as it may."""

    code = "too_many_open_images"
    title = "Too many images at once"


class ServiceUnavailable(RequestError):
    """The database or the store does not answer now."""

    code = "unavailable"
    title = "The service cannot do this right now"


class DatabaseUnavailable(Exception):
    """The database does not answer; what was asked may be asked again."""


class DatabaseOfAnotherVersion(Exception):
    """The tables in the database are none that this code can work with; one sentence says why."""


class StoreError(Exception):
    """The store did not answer or refused; the message names the cause for the operator's log."""


class ObjectMissing(Exception):
    """There is no object under this key."""
