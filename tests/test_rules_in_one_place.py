"""What is a rule is written once: waiting and trying again in `domain/retry.py`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).resolve().parents[1] / "app"
RULES = APP / "domain" / "retry.py"
# Names of constants that would be a rule of their own.
RULE = re.compile(r"RETR(Y|IES)|BACK_?OFF|ATTEMPTS|AGAIN|RESTART|RECONNECT|PATIENCE|PAUSE")


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(APP.rglob("*.py")):
        if path != RULES:
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def numbers(node: ast.AST) -> list[ast.Constant]:
    return [
        each
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and type(each.value) in (int, float)
    ]


def test_no_other_module_has_a_rule_for_trying_again() -> None:
    found = [
        f"{path.relative_to(APP)}:{node.lineno} {name}"
        for path, module in modules()
        for node in module.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and numbers(node.value)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for name in (each.id for each in ast.walk(target) if isinstance(each, ast.Name))
        if RULE.search(name)
    ]
    assert found == []


def test_nothing_sleeps_for_a_number_of_its_own() -> None:
    found = [
        f"{path.relative_to(APP)}:{node.lineno}"
        for path, module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "sleep"
        and any(isinstance(each, ast.Constant) for each in node.args)
    ]
    assert found == []
