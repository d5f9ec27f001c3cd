"""Which series a PromQL expression asks for."""

from collections.abc import Iterator
from typing import Any

import promql_parser as promql


def selectors(expression: str) -> list[tuple[str, dict[str, str]]]:
    """The names and the labels that must be equal to something, as far as the expression goes.

    Raises:
        ValueError: it is no PromQL.
    """
    return [
        (
            node.name,
            {m.name: m.value for m in node.matchers.matchers if m.op == promql.MatchOp.Equal},
        )
        for node in _walk(promql.parse(expression))
    ]


def _walk(node: Any) -> Iterator[promql.VectorSelector]:
    match node:
        case promql.VectorSelector():
            yield node
        case promql.MatrixSelector():
            yield node.vector_selector
        case promql.BinaryExpr():
            yield from _walk(node.lhs)
            yield from _walk(node.rhs)
        case promql.Call():
            for argument in node.args:
                yield from _walk(argument)
        case promql.NumberLiteral() | promql.StringLiteral():
            return
        case _:
            yield from _walk(node.expr)
