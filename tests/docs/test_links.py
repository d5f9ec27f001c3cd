"""Every link of the documents leads to a file, and to a heading of it, that is there."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import ROOT, anchors, inline, pages

# Names of files and folders as the documents write them, in spans of code.
_OURS = re.compile(r"(?:app|tests|docs|deploy|benchmarks|alembic|\.ci)/[\w./-]*")


def links(page: str) -> list[str]:
    """Where the links and pictures of a page lead."""
    found = [token.attrGet("href") or token.attrGet("src") for token in inline(page)]
    return [str(link) for link in found if link]


@pytest.mark.parametrize("page", pages())
def test_links_inside_the_project_lead_somewhere(page: str) -> None:
    missing = []
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (ROOT / page).parent / unquote(parts.path) if parts.path else ROOT / page
        if not target.exists() or not target.resolve().is_relative_to(ROOT):
            missing.append(link)
        elif parts.fragment:
            name = str(target.resolve().relative_to(ROOT))
            if Path(name).suffix != ".md" or parts.fragment not in anchors(name):
                missing.append(link)
    assert missing == []


@pytest.mark.parametrize("page", pages())
def test_links_to_the_web_are_whole_addresses(page: str) -> None:
    outside = [urlsplit(link) for link in links(page) if urlsplit(link).scheme]
    assert [each for each in outside if each.scheme != "https" or not each.hostname] == []


@pytest.mark.parametrize("page", pages())
def test_files_that_a_page_names_are_there(page: str) -> None:
    named = {token.content for token in inline(page) if token.type == "code_inline"}
    paths = {name.partition("::")[0] for name in named if _OURS.fullmatch(name.partition("::")[0])}
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, new = set[str](), {"README.md"}
    while new:
        reached |= new
        targets = {
            (ROOT / page).parent / unquote(urlsplit(link).path)
            for page in new
            for link in links(page)
            if not urlsplit(link).scheme and urlsplit(link).path
        }
        # A link to a folder shows what is in it.
        files = {file for target in targets for file in (target, *target.glob("*.md"))}
        named = {str(file.resolve().relative_to(ROOT)) for file in files if file.suffix == ".md"}
        new = named - reached
    assert set(pages()) - reached == set()
