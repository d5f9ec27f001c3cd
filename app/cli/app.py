"""The command line, put together: `python -m app`."""

import sys

import typer

from app.cli.commands import (
    demo,
    healthcheck,
    keys,
    manage,
    migrate,
    process,
    serve,
    status,
    store,
    submit,
    worker,
)
from app.cli.console.failures import explain

app = typer.Typer(
    name="python -m app",
    help="Image Processing Service: a CSV of image URLs in, the same CSV with compressed images "
    "out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# In the order of `--help`.
for module in (
    serve,
    worker,
    healthcheck,
    migrate,
    store,
    keys,
    process,
    demo,
    submit,
    status,
    manage,
):
    app.add_typer(module.commands)


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
