"""Public names are made of the words of docs/glossary.md, each of which has one meaning."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "app"
PAGE = (ROOT / "docs" / "glossary.md").read_text()
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


def rows() -> list[tuple[str, str]]:
    """Each word of the two tables, with those that are not used for it."""
    found = re.findall(r"^\| ([a-z -]+) \| [^|]+ \| ?([^|]*?) ?\|$", PAGE, re.MULTILINE)
    return [(word, others) for word, others in found if word not in {"word", "---"}]


def words_of_programming() -> set[str]:
    return set(re.findall(r"\w+", PAGE.split("everywhere.\n")[1]))


def words(name: str) -> list[str]:
    """`ClaimedImage` and `claimed_image` -> claimed, image."""
    return [word.lower() for word in WORD.findall(name)]


def public_names() -> Iterator[tuple[str, str]]:
    """Rooms, modules and classes, each with the file that has it."""
    for path in sorted(APP.rglob("*.py")):
        here = path.relative_to(ROOT).as_posix()
        for part in path.relative_to(APP).with_suffix("").parts:
            if not part.startswith("_"):
                yield part, here
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, here


def all_names() -> Iterator[tuple[str, str]]:
    """Every name that is defined anywhere in `app/`, with its file."""
    for path in sorted(APP.rglob("*.py")):
        here = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield node.name, here
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id, here
            elif isinstance(node, ast.arg):
                yield node.arg, here


def is_known(word: str, roots: list[str], general: set[str]) -> bool:
    return word in general or any(word.startswith(root) for root in roots)


def roots() -> list[str]:
    """What the forms of a word have in common: `retries`, `retryable` and `retry`."""
    return [re.sub(r"[ey]$", "", part) for word, _ in rows() for part in WORD.findall(word)]


def test_public_names_are_made_of_the_glossary_s_words() -> None:
    begins, general = tuple(roots()), words_of_programming()
    unknown = [
        f"{name} ({here}): {word}"
        for name, here in public_names()
        for word in words(name)
        if word not in general and not word.startswith(begins)
    ]
    assert unknown == [], "use the glossary's word, or add a new one to docs/glossary.md"


def test_no_name_has_a_word_that_another_one_stands_for() -> None:
    instead = {other: word for word, others in rows() for other in others.split(", ") if other}
    found = [
        f"{name} ({here}): say {instead[word]}"
        for name, here in all_names()
        for word in words(name)
        if word in instead
    ]
    assert found == []


def test_each_word_of_the_glossary_is_used_in_a_name() -> None:
    used = {word for name, _ in (*all_names(), *public_names()) for word in words(name)}
    assert [root for root in roots() if not any(word.startswith(root) for word in used)] == []


def test_no_word_has_two_lines() -> None:
    named = [word for word, _ in rows()]
    assert len(named) == len(set(named)) > 50
    assert not set(named) & words_of_programming()
