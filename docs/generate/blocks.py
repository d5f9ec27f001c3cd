"""Pages with made blocks in them, and the Markdown that blocks are written in."""

import re
from collections.abc import Iterable, Mapping, Sequence

BLOCK = re.compile(r"^<!-- made: (?P<name>[\w-]+) -->\n.*?^<!-- end -->$", re.MULTILINE | re.DOTALL)


class PageError(Exception):
    """A page and the blocks made for it do not fit; the message says what to write where."""


def filled(text: str, blocks: Mapping[str, str], *, page: str) -> str:
    """The page with each of its blocks made anew.

    Raises:
        PageError: a block stands there twice, not at all, or is none that is made.
    """
    names = [match["name"] for match in BLOCK.finditer(text)]
    for name in blocks:
        if names.count(name) != 1:
            raise PageError(
                f"{page} must have one block {name!r}, but has {names.count(name)}: write the "
                f"lines <!-- made: {name} --> and <!-- end --> where it belongs."
            )
    for name in names:
        if name not in blocks:
            raise PageError(f"{page} has a block {name!r}, which nobody makes: remove it.")
    return BLOCK.sub(
        lambda match: f"<!-- made: {match['name']} -->\n{blocks[match['name']]}\n<!-- end -->", text
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell is kept as a character."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading of this text, back-quotes left out."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def code(text: object) -> str:
    """The text as a span of code."""
    return f"`{text}`"
