"""The documents as their readers see them: headings, links and commands."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from docs.generate.blocks import slug

ROOT = Path(__file__).resolve().parents[2]
SHELLS = {"bash", "sh", "console"}
_HTML_ID = re.compile(r"\bid=\"([\w-]+)\"")
_MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Command:
    """One line of a shell, continued lines joined, and the heading that it stands under."""

    page: str
    heading: str
    text: str

    def words(self) -> list[str]:
        """The command's words without the comment behind it."""
        return shlex.split(self.text, comments=True)

    @property
    def comment(self) -> str:
        """What stands behind the command."""
        return self.text.rpartition(" # ")[2] if " # " in self.text else ""


def pages() -> list[str]:
    """Every document for people, by its path from the root."""
    found = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


@cache
def tokens(page: str) -> list[Token]:
    """The parsed page."""
    return _MARKDOWN.parse((ROOT / page).read_text(encoding="utf-8"))


def inline(page: str) -> Iterator[Token]:
    """Every piece of a page's running text: links, spans of code, words."""
    for token in tokens(page):
        yield from token.children or ()


def headings(page: str) -> list[str]:
    """The text of each heading, without back-quotes and the like."""
    parsed = tokens(page)
    return [
        "".join(child.content for child in parsed[number + 1].children or ())
        for number, token in enumerate(parsed)
        if token.type == "heading_open"
    ]


def anchors(page: str) -> set[str]:
    """What `#...` may be on a page; GitHub numbers headings of the same text."""
    found: set[str] = set()
    for heading in headings(page):
        anchor, number = slug(heading), 0
        while anchor in found:
            number += 1
            anchor = f"{slug(heading)}-{number}"
        found.add(anchor)
    return found | set(_HTML_ID.findall((ROOT / page).read_text(encoding="utf-8")))


def commands(page: str) -> list[Command]:
    """Every line of the page's shell blocks, in their order."""
    found = []
    heading = ""
    parsed = tokens(page)
    for number, token in enumerate(parsed):
        if token.type == "heading_open":
            heading = "".join(child.content for child in parsed[number + 1].children or ())
        if token.type == "fence" and token.info.strip() in SHELLS:
            text = token.content.replace("\\\n", " ")
            found += [
                Command(page, heading, line.strip())
                for line in text.splitlines()
                if line.strip() and not line.lstrip().startswith("#")
            ]
    return found
