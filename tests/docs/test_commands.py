"""The commands that the documents show exist as they stand there: programs, options, routes."""

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence

import pytest
import typer
import yaml
from fastapi.routing import iter_route_contexts

from app.cli.app import app as product
from app.config import Settings
from app.main import create_app
from benchmarks.__main__ import app as benchmarks
from tests.docs.pages import ROOT, commands, inline, pages

# api.md has its own test, which runs everything.
PAGES = [page for page in pages() if page != "docs/api.md"]
SHOWN_INSIDE_TEXT = re.compile(
    r"(\./run\.sh|\./test\.sh|(\.venv/bin/)?python -m |python \w+\.py|docker compose )"
)
ASSIGNMENT = re.compile(r"[A-Z_]+=.*")
ADDRESS = re.compile(r"https?://(?:127\.0\.0\.1|localhost):8000(?P<path>/[^?\s]*)?(?:\?.*)?")
TAKES_SERVICES = {"up", "logs", "restart", "stop", "start", "build", "ps"}
RUNS_INSIDE = {"exec", "run"}
ROUTES = [
    re.compile(re.sub(r"{\w+}", "[^/]+", route.path_format or ""))
    for route in iter_route_contexts(create_app(Settings(_env_file=None)).routes)
]


def shown() -> list[tuple[str, str]]:
    """(page, command) of every line of a shell block, and of commands inside the text."""
    found = [(page, command.text) for page in PAGES for command in commands(page)]
    for page in PAGES:
        spans = [token.content for token in inline(page) if token.type == "code_inline"]
        found += [(page, span) for span in spans if SHOWN_INSIDE_TEXT.match(span)]
    # An ellipsis stands for what the reader puts there.
    return [(page, text) for page, text in found if not re.search(r"…|\.\.\.", text)]


def simple_commands(text: str) -> list[list[str]]:
    """The words of each command of a line, without variables in front, pipes and redirections."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("|&;<>"):
            found.append(["(redirected)"] if set(word) <= set("<>") else [])
        elif found[-1] or not ASSIGNMENT.fullmatch(word):
            found[-1].append(word)
    return [words for words in found if words and words[0] != "(redirected)"]


@pytest.mark.parametrize(("page", "text"), shown())
def test_the_command_exists(page: str, text: str) -> None:
    for words in simple_commands(text):
        check(words)


def check(words: Sequence[str]) -> None:
    """Hold one command to the program that it names; other people's programs are left alone."""
    program, arguments = words[0], list(words[1:])
    if program.endswith("python") and arguments[:1] == ["-m"]:
        check_module(arguments[1], arguments[2:])
    elif program == "python" and arguments and arguments[0].endswith(".py"):
        check_help([sys.executable, str(ROOT / arguments[0])], arguments[1:])
    elif program == "./run.sh":
        parse(product, arguments)
    elif program == "docker" and arguments[:1] == ["compose"]:
        check_compose(arguments[1:])
    elif program == "curl":
        addresses = [found for word in arguments if (found := ADDRESS.fullmatch(word))]
        for address in addresses:
            path = (address["path"] or "/").rstrip("/") or "/"
            assert any(route.fullmatch(path) for route in ROUTES), path
    elif program.startswith("./"):
        assert (ROOT / program).exists(), program


def check_module(module: str, arguments: list[str]) -> None:
    if module == "app":
        parse(product, arguments)
    elif module == "benchmarks":
        parse(benchmarks, arguments)
    elif module.split(".")[0] in {"app", "docs", "tests"}:
        assert importlib.util.find_spec(module) is not None, module
        if (ROOT / module.replace(".", "/") / "__main__.py").exists() and arguments:
            check_help([sys.executable, "-m", module], arguments)


def parse(application: typer.Typer, arguments: list[str]) -> None:
    """Let the command line's own parser read the arguments; nothing is run."""
    command = typer.main.get_command(application)
    while hasattr(command, "commands") and arguments and arguments[0] != "--help":
        assert arguments[0] in command.commands, arguments[0]
        command, arguments = command.commands[arguments[0]], arguments[1:]
    # A command that is only named, without what it works on, is told of and not shown.
    if not hasattr(command, "commands") and arguments and "--help" not in arguments:
        command.make_context("documented", arguments)


def check_help(command: list[str], arguments: list[str]) -> None:
    """Every option stands in what the program says of itself."""
    told = subprocess.run(
        [*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for option in re.findall(r"--[\w-]+", " ".join(arguments)):
        assert re.search(rf"{option}\b", told), option


def check_compose(words: list[str]) -> None:
    """The services that the command names are in the compose file."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    profiles = {name for each in services.values() for name in each.get("profiles", [])}
    assert set(re.findall(r"--profile[ =](\w+)", " ".join(words))) <= profiles
    verbs = [word for word in words if word in TAKES_SERVICES | RUNS_INSIDE | {"cp"}]
    if not verbs:
        return
    rest = words[words.index(verbs[0]) + 1 :]
    plain = [word for word in rest if not word.startswith("-") and not word.isdigit()]
    if verbs[0] in TAKES_SERVICES:
        named = [word.partition("=")[0] for word in plain]
    elif verbs[0] in RUNS_INSIDE:
        named = plain[:1]
        inside = rest[rest.index(plain[0]) + 1 :] if plain else []
        if inside[:1] == ["python"]:
            check(inside)
    else:
        named = [word.partition(":")[0] for word in plain if re.match(r"\w+:", word)]
    assert set(named) <= set(services), named
