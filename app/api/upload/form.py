"""The upload's form: one file, and options in form fields or query parameters."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO

from fastapi import Depends, Request
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from app.api.auth import OwnerDep
from app.api.contract.errors import upload_too_large
from app.api.dependencies import SettingsDep
from app.catalog.layouts.mapping import ColumnMapping, parse_base_url, parse_mapping
from app.config import Settings
from app.domain.errors import OptionInvalid, UploadMissing
from app.domain.options import ProcessingOptions
from app.intake.check import Reading

FILE_FIELD = "file"
TEXT_OPTIONS = {
    "webhook_url": "Address that gets a POST when the request ends; default: the operator's.",
    "encoding": "Encoding of the CSV, such as cp1250; default: recognised.",
    "sheet": "Name of the sheet of a workbook; default: the first one with products.",
    "columns": "Which columns are meant, where nothing is recognised, as JSON: "
    '{"product_name":"Title","serial_number":"SKU","images":["Photo 1","Photo 2"]}.',
    "base_url": "The address that relative image paths begin at, such as https://shop.example/media.",
}
SWITCHES = {
    "dry_run": "Only check the file: answer 200 with the findings and store nothing.",
    "accept_valid_rows": "Start with the good rows even though others have errors.",
}
PROCESSING_OPTIONS = tuple(ProcessingOptions.model_fields)
KNOWN_OPTIONS = (*PROCESSING_OPTIONS, *TEXT_OPTIONS, *SWITCHES)

IDEMPOTENCY_HEADER = "Idempotency-Key"
_IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BOOL: TypeAdapter[bool] = TypeAdapter(bool)


@dataclass(frozen=True, slots=True)
class Upload:
    """A checked upload; `content` is closed when the call has been answered."""

    content: BinaryIO
    filename: str
    options: ProcessingOptions
    webhook_url: str | None
    encoding: str | None
    sheet: str | None
    columns: ColumnMapping | None
    base_url: str | None
    dry_run: bool
    accept_valid_rows: bool
    idempotency_key: str | None

    @property
    def reading(self) -> Reading:
        """What is said about how the file is to be read."""
        return Reading(
            self.encoding, self.columns, self.base_url, self.accept_valid_rows, self.sheet
        )


async def read_upload(
    request: Request, settings: SettingsDep, _owner: OwnerDep
) -> AsyncIterator[Upload]:
    """Read the form of an upload, after the caller's key was checked.

    Raises:
        UploadMissing: there is no usable file part.
        UploadTooLarge: the file has more bytes than the settings allow.
        OptionInvalid: an option is unknown or its value impossible.
    """
    form = await _form(request, settings)
    try:
        file = _file_part(form, settings)
        given = _given_options(request, form)
        yield Upload(
            content=file.file,
            filename=file.filename or "",
            options=processing_options(given),
            webhook_url=given.get("webhook_url"),
            encoding=given.get("encoding"),
            sheet=given.get("sheet"),
            columns=_columns(given),
            base_url=_base_url(given),
            dry_run=_switch(given, "dry_run"),
            accept_valid_rows=_switch(given, "accept_valid_rows"),
            idempotency_key=_idempotency_key(request),
        )
    finally:
        await form.close()


UploadDep = Annotated[Upload, Depends(read_upload)]


def processing_options(given: dict[str, str]) -> ProcessingOptions:
    """Build the options from text values; others than `PROCESSING_OPTIONS` are left alone.

    Raises:
        OptionInvalid: names the option, its value and what is possible.
    """
    values = {name: given[name] for name in PROCESSING_OPTIONS if name in given}
    for name in ("mode", "format", "output"):
        if name in values:
            values[name] = values[name].lower()
    try:
        return ProcessingOptions.model_validate(values)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise _impossible(name, given[name], allowed_values(name)) from None


def plain_schema(name: str) -> dict[str, Any]:
    """JSON schema of a processing option without references and without null."""
    whole = ProcessingOptions.model_json_schema()
    schema = dict(whole["properties"][name])
    variants = schema.pop("anyOf", [])
    schema.update(next((one for one in variants if one.get("type") != "null"), {}))
    if "$ref" in schema:
        schema.update(whole["$defs"][schema.pop("$ref").rsplit("/", 1)[-1]])
    return {key: schema[key] for key in schema if key not in {"title", "default"}} | (
        {"default": schema["default"]} if schema.get("default") is not None else {}
    )


def allowed_values(name: str) -> str:
    """What a processing option may be, in words, from the same bounds that check it."""
    schema = plain_schema(name)
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if schema["type"] == "boolean":
        return "true or false"
    noun = "a whole number" if schema["type"] == "integer" else "a number"
    least, most = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        return f"{noun} above {schema['exclusiveMinimum']:g} and at most {most:g}"
    return f"{noun} from {least} to {most}" if most is not None else f"{noun} from {least}"


def _example(settings: Settings) -> str:
    return f"Example: curl -F file=@products.csv {settings.base_url}/upload"


async def _form(request: Request, settings: Settings) -> FormData:
    example = _example(settings)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        sent = f"as {kind[:100]}" if kind else "without a Content-Type"
        raise UploadMissing(f"The upload came {sent}, not as multipart/form-data. {example}")
    try:
        return await request.form(max_files=20, max_fields=100)
    except HTTPException as error:
        if error.status_code != 400:
            raise
        reason = str(error.detail).rstrip(".")
        raise UploadMissing(f"The form cannot be read: {reason}. {example}") from error


def _file_part(form: FormData, settings: Settings) -> UploadFile:
    example = _example(settings)
    parts = form.getlist(FILE_FIELD)
    files = [part for part in parts if isinstance(part, UploadFile)]
    if parts and not files:
        raise UploadMissing(
            f"The field file came as text instead of as a file; is the @ missing? {example}"
        )
    if not files:
        others = [name for name, part in form.multi_items() if isinstance(part, UploadFile)]
        found = f"; a file came as {others[0][:100]!r}" if others else ""
        raise UploadMissing(f"The form has no file field with the name file{found}. {example}")
    if len(parts) > 1:
        raise UploadMissing(f"The form has {len(parts)} fields named file; send one file a call.")
    if not files[0].filename:
        raise UploadMissing(f"No file was chosen. {example}")
    if files[0].size is not None and files[0].size > settings.max_upload_bytes:
        raise upload_too_large(settings.max_upload_bytes)
    return files[0]


def _given_options(request: Request, form: FormData) -> dict[str, str]:
    """The options that were given, a form field before a query parameter of the same name.

    An empty value counts as not given: forms in browsers send every field.
    """
    given: dict[str, str] = {}
    # A name in both places is no conflict: the place nearer to the file wins.
    for source in (request.query_params.multi_items(), form.multi_items()):
        here: dict[str, str] = {}
        for name, value in source:
            if name == FILE_FIELD and isinstance(value, UploadFile):
                continue
            if name not in KNOWN_OPTIONS:
                known = ", ".join(KNOWN_OPTIONS)
                raise OptionInvalid(
                    f"There is no option {name[:100]!r}; known are {known}.", option=name[:100]
                )
            if isinstance(value, UploadFile):
                raise OptionInvalid(f"{name} came as a file instead of as text.", option=name)
            text = value.strip()
            # JSON may be written over several lines; what it must not have, its parser refuses.
            if name != "columns" and _CONTROL.search(text):
                raise OptionInvalid(f"{name} has a control character in it.", option=name)
            if here.setdefault(name, text) != text:
                raise OptionInvalid(f"{name} was given twice with two values.", option=name)
        filled = {name: text for name, text in here.items() if text}
        # The value that loses is checked as well: it may be the one that was meant.
        processing_options(filled)
        _columns(filled)
        _base_url(filled)
        for name in SWITCHES:
            _switch(filled, name)
        given |= filled
    return given


def _columns(given: dict[str, str]) -> ColumnMapping | None:
    return parse_mapping(given["columns"]) if "columns" in given else None


def _base_url(given: dict[str, str]) -> str | None:
    return parse_base_url(given["base_url"]) if "base_url" in given else None


def _switch(given: dict[str, str], name: str) -> bool:
    try:
        return _BOOL.validate_python(given.get(name, "false"))
    except ValidationError:
        raise _impossible(name, given[name], "true or false") from None


def _impossible(name: str, value: str, allowed: str) -> OptionInvalid:
    shown = value if len(value) <= 100 else f"{value[:100]}..."
    return OptionInvalid(f"{name} is {shown!r}, but must be {allowed}.", option=name)


def _idempotency_key(request: Request) -> str | None:
    key = request.headers.get(IDEMPOTENCY_HEADER)
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise OptionInvalid(
            f"{IDEMPOTENCY_HEADER} must be 1 to 255 printable ASCII characters.",
            option=IDEMPOTENCY_HEADER,
        )
    return key
