"""One table of all errors: their status, what the caller can do, and an example of each."""

from dataclasses import dataclass

from app.domain.errors import (
    CellError,
    CsvInvalid,
    IdempotencyMismatch,
    NotACsv,
    OperatorOnly,
    OptionInvalid,
    RequestError,
    RequestNotFound,
    ServiceUnavailable,
    TooManyOpenImages,
    TooManyUploads,
    TooManyWrongKeys,
    Unauthorized,
    UploadMissing,
    UploadTooLarge,
    WrongState,
)

# Said by every door when a part of ours is away.
DATABASE_AWAY = "The database does not answer right now."
STORE_AWAY = "The file store does not answer right now."


@dataclass(frozen=True, slots=True)
class Kind:
    """What a class of errors is answered with, and what the caller can do about it.

    `example` is what the documentation shows; `waits`: the answer may have a Retry-After.
    """

    status: int
    remedy: str
    example: RequestError
    waits: bool = False


@dataclass(frozen=True, slots=True)
class HttpKind:
    """What has no error class of ours: the framework says it by status alone."""

    code: str
    title: str
    remedy: str


def upload_too_large(max_upload_bytes: int) -> UploadTooLarge:
    """The failure of a body above the limit, wherever that is noticed."""
    return UploadTooLarge(
        f"The upload has more than the {max_upload_bytes:,} bytes that are accepted; split the CSV."
    )


KINDS: dict[type[RequestError], Kind] = {
    UploadMissing: Kind(
        400,
        "Send the CSV as multipart/form-data in one file field with the name file.",
        UploadMissing("The form has no file field with the name file."),
    ),
    UploadTooLarge: Kind(
        413,
        "Split the CSV, or ask the operator to raise MAX_UPLOAD_BYTES.",
        upload_too_large(500_000_000),
    ),
    NotACsv: Kind(
        415,
        "Save the table as CSV (UTF-8) in your spreadsheet and upload that file.",
        NotACsv("The file is a PDF document, not a CSV: send the table of products as a CSV."),
    ),
    CsvInvalid: Kind(
        422,
        "Correct the cells that errors names (row 1 is the header) and upload again.",
        CsvInvalid(
            "The CSV has 1 error; nothing was started.",
            [
                CellError(
                    row=3,
                    column="Input Image Urls",
                    value="ftp://shop.example/shirt.jpg",
                    code="invalid_url",
                    message='Addresses with "ftp://" cannot be fetched. Write every address in '
                    "full, beginning with http:// or https://, separated by commas.",
                )
            ],
            1,
        ),
    ),
    OptionInvalid: Kind(
        422,
        "Use a value within the bounds that detail names.",
        OptionInvalid(
            "quality is '500', but must be a whole number from 1 to 100.", option="quality"
        ),
    ),
    RequestNotFound: Kind(
        404,
        "Look at the id; a deleted request and one of another API key are not found either.",
        RequestNotFound("There is no request with this id."),
    ),
    WrongState: Kind(
        409,
        "Look at the status; where a Retry-After is given, ask again then.",
        WrongState("The request is still processing; ask again later."),
        waits=True,
    ),
    IdempotencyMismatch: Kind(
        422,
        "Use a new Idempotency-Key for another file or other options.",
        IdempotencyMismatch("This Idempotency-Key came with another file or other options before."),
    ),
    Unauthorized: Kind(
        401,
        "Send Authorization: Bearer KEY or X-API-Key: KEY.",
        Unauthorized("Send your API key as Authorization: Bearer KEY or as X-API-Key: KEY."),
    ),
    OperatorOnly: Kind(
        403,
        "Set METRICS_TOKEN and send it in the key's place, or ask at METRICS_PORT.",
        OperatorOnly(
            "These figures are of all API keys together; the operator reads them with "
            "METRICS_TOKEN or at METRICS_PORT."
        ),
    ),
    TooManyWrongKeys: Kind(
        429,
        "Ask the operator for a key; wrong ones are looked at again after the Retry-After, a good "
        "one at once.",
        TooManyWrongKeys(
            "Too many API keys that are not known here; wait before you try another one.",
            retry_after_seconds=42,
        ),
        waits=True,
    ),
    TooManyUploads: Kind(
        429,
        "Ask again after the Retry-After.",
        TooManyUploads("This API key may upload 10 times a minute.", retry_after_seconds=42),
        waits=True,
    ),
    TooManyOpenImages: Kind(
        429,
        "Ask again after the Retry-After, when some of the key's images are done.",
        TooManyOpenImages(
            "This API key may have 100,000 images in work at once; ask again when some are done.",
            retry_after_seconds=15,
        ),
        waits=True,
    ),
    ServiceUnavailable: Kind(
        503,
        "Nothing was lost; ask again after the Retry-After.",
        ServiceUnavailable(DATABASE_AWAY),
        waits=True,
    ),
}

HTTP_KINDS: dict[int, HttpKind] = {
    400: HttpKind("bad_request", "The request cannot be read", "Look at the request's form."),
    403: HttpKind(
        "foreign_page",
        "A page of another site may not do this",
        "Call from the service's own page, or from a program, which sends neither Origin nor "
        "Sec-Fetch-Site.",
    ),
    404: HttpKind(
        "route_not_found", "There is nothing at this address", "All routes are listed at /docs."
    ),
    405: HttpKind("method_not_allowed", "Not with this method", "Use a method that Allow names."),
    408: HttpKind(
        "too_slow",
        "The request comes too slowly",
        "Send it again over a better connection; a CSV may be split.",
    ),
    421: HttpKind(
        "unknown_host",
        "The service does not answer under this name",
        "Call it under the name of PUBLIC_BASE_URL, or ask the operator to add this one to "
        "TRUSTED_HOSTS.",
    ),
    431: HttpKind(
        "headers_too_large",
        "The request's headers are too large",
        "Send less in the address and the headers; a browser may have to forget cookies.",
    ),
    500: HttpKind(
        "internal_error",
        "Something went wrong in the service",
        "Tell the operator the X-Request-ID of the answer; the log has it.",
    ),
}
