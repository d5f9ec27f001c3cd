"""What came of a request, in a few lines."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from app.cli.console.terminal import ALL_DONE, SOME_FAILED, count, shown, size
from app.domain.options import Mode

FAILURES_SHOWN = 10

Document = Mapping[str, Any]


def print_accepted(console: Console, answer: Document) -> None:
    """What was found in the file, with its warnings."""
    console.print(shown(answer["message"], limit=500))
    if answer["bad_rows"]:
        left_out = count(answer["bad_rows"], "row")
        console.print(f"Warning: {left_out} with errors left out.", style="yellow")
    for warning in answer["warnings"]:
        console.print(f"Warning: {shown(warning, limit=500)}", style="yellow")


def print_summary(
    console: Console, status: Document, failures: Iterable[Document], *, seconds: float | None
) -> None:
    """How many images are done, what failed and why, and the bytes saved.

    Of a check: how many are fine.

    Args:
        failures: the first failed images, as the API describes them.
        seconds: what the user waited; None: nobody did.
    """
    images = status["images"]
    checks = status["options"].get("mode") == Mode.CHECK
    word = "fine" if checks else "done"
    line = f"{images['completed']:,} of {count(images['total'], 'image')} {word}"
    if images["failed"]:
        line += f", {images['failed']:,} failed"
    if status["status"] == "cancelled":
        line += ", then cancelled"
    console.print(f"{line}." if seconds is None else f"{line}, in {seconds:.1f} seconds.")
    for code, number in sorted(status["errors"].items(), key=lambda item: -item[1]):
        console.print(f"  {code}: {count(number, 'image')}")
    shown_failures = 0
    for image in failures:
        shown_failures += 1
        error = image["error"] or {}
        console.print(
            f"  row {image['row']}, image {image['position']}: "
            f"{shown(error.get('message') or '')} ({shown(image['input_url'])})"
        )
    if images["failed"] > shown_failures:
        console.print(f"  ... and {images['failed'] - shown_failures:,} more")
    sizes = status["bytes"]
    saved = sizes["input"] - sizes["output"]
    if sizes["input"] and not checks:
        console.print(
            f"Saved {size(max(saved, 0))} of {size(sizes['input'])} ({sizes['saved_percent']}%); "
            f"the compressed images have {size(sizes['output'])}."
        )


def exit_code(status: Document) -> int:
    """0 when every image is done, else 1."""
    all_done = status["status"] == "completed" and not status["images"]["failed"]
    return ALL_DONE if all_done else SOME_FAILED
