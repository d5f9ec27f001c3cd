"""Arguments that several commands share, and the processing options made from them."""

from typing import Annotated, Any

import typer
from pydantic import ValidationError

from app.cli.console.failures import UnusableInput
from app.cli.console.terminal import shown
from app.domain.formats import OutputFormat
from app.domain.options import Mode, OutputMode, ProcessingOptions

# Panels of `--help`: of commands, and of a command's options.
RUN = "Run the service"
LOCAL = "Work without a service"
REMOTE = "Talk to a running service"
PICTURE = "The pictures"
SERVICE = "The service"


def _help(name: str) -> str:
    return ProcessingOptions.model_fields[name].description or ""


Source = Annotated[str, typer.Argument(metavar="FILE.csv", help="The CSV; - reads standard input.")]
Target = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT.csv",
        help="The output CSV; default: FILE-output.csv, in a check the report: FILE-report.csv.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without, only look.")]
Encoding = Annotated[
    str | None, typer.Option(help="Encoding of the CSV, such as cp1250; default: recognised.")
]
Sheet = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Sheet of an XLSX workbook; default: the first one with products."
    ),
]
AcceptValidRows = Annotated[
    bool,
    typer.Option("--accept-valid-rows", help="Do the good rows even though others have errors."),
]

What = Annotated[
    Mode | None,
    typer.Option(
        "--mode",
        case_sensitive=False,
        help=f"{_help('mode')} The output is then the report.",
        rich_help_panel=PICTURE,
    ),
]
Quality = Annotated[int | None, typer.Option(help=_help("quality"), rich_help_panel=PICTURE)]
Format = Annotated[
    OutputFormat | None,
    typer.Option("--format", case_sensitive=False, help=_help("format"), rich_help_panel=PICTURE),
]
Scale = Annotated[float | None, typer.Option(help=_help("scale"), rich_help_panel=PICTURE)]
MaxWidth = Annotated[int | None, typer.Option(help=_help("max_width"), rich_help_panel=PICTURE)]
MaxHeight = Annotated[int | None, typer.Option(help=_help("max_height"), rich_help_panel=PICTURE)]
MaxBytes = Annotated[int | None, typer.Option(help=_help("max_bytes"), rich_help_panel=PICTURE)]
KeepOriginals = Annotated[
    bool,
    typer.Option("--keep-originals", help=_help("keep_originals"), rich_help_panel=PICTURE),
]

Columns = Annotated[
    str | None,
    typer.Option(
        metavar="JSON",
        help="Which columns are meant, where nothing is recognised, such as "
        '{"product_name":"Title","images":["Photo 1","Photo 2"]}.',
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="The address that relative image paths begin at, such as https://shop.example/media.",
    ),
]
Replace = Annotated[
    bool,
    typer.Option(
        "--replace",
        help="The output is the same file with its image URLs replaced, instead of one with "
        "a further column.",
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help=_help("fresh"), rich_help_panel=PICTURE)]

RequestId = Annotated[str, typer.Argument(metavar="REQUEST_ID", help="The id of a request.")]
Url = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Where the service is; default: HOST and PORT of the settings (127.0.0.1:8000).",
        rich_help_panel=SERVICE,
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        envvar="API_KEY",
        metavar="KEY",
        help="Key for a service that wants one.",
        rich_help_panel=SERVICE,
    ),
]


def output_mode(replace: bool) -> str | None:
    """The value of the option `output` that `--replace` asks for."""
    return OutputMode.REPLACE.value if replace else None


def given(**values: Any) -> dict[str, Any]:
    """What was given on the command line, without what was left out."""
    return {
        name: value for name, value in values.items() if value is not None and value is not False
    }


def processing_options(values: dict[str, Any]) -> ProcessingOptions:
    """Check the picture options of the command line.

    Raises:
        UnusableInput: names the option, its value and what is possible.
    """
    try:
        return ProcessingOptions.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = "--" + str(first["loc"][0]).replace("_", "-")
        raise UnusableInput(
            f"{name} {shown(first['input'])}: it {first['msg'].removeprefix('Input ')}."
        ) from None


def form_fields(values: dict[str, Any]) -> dict[str, str]:
    """The same values as fields of the upload's form; the service checks them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }
