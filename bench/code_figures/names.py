"""Parameter and variable names that stand in for the noun of the thing itself."""

import ast
from collections.abc import Iterable, Iterator

from bench.code_figures.sources import Source

BANNED = {
    "found": "the thing that was found: `row`, `match`, `version`",
    "it": "the thing itself: `service`, `request`",
    "said": "the text: `answer`, `message`, `output`",
    "told": "the text or the instruction: `options`, `message`, `request`",
    "of": "the relation: `owner`, `source`, `parent`",
    "given": "the value: `argument`, `answers`, `value`",
}

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def parameters(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each banned parameter."""
    for function in _functions(source.tree):
        for argument in _arguments(function):
            if argument.arg in BANNED:
                yield argument.lineno, argument.arg


def variables(source: Source) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each banned local variable, once for each function."""
    for function in _functions(source.tree):
        assigned: dict[str, int] = {}
        for node in _inside(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                assigned.setdefault(node.id, node.lineno)
        yield from ((line, name) for name, line in assigned.items() if name in BANNED)


def uses(source: Source) -> int:
    """Return how often the banned names are read, assigned or declared."""
    return sum(
        1
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.Name) and node.id in BANNED)
        or (isinstance(node, ast.arg) and node.arg in BANNED)
    )


def _functions(tree: ast.AST) -> Iterator[_Function]:
    return (node for node in ast.walk(tree) if isinstance(node, _Function))


def _arguments(function: _Function) -> Iterable[ast.arg]:
    own = function.args
    rest = (one for one in (own.vararg, own.kwarg) if one is not None)
    return [*own.posonlyargs, *own.args, *own.kwonlyargs, *rest]


def _inside(function: _Function) -> Iterator[ast.AST]:
    """Yield the nodes of the function's body, without those of functions inside it."""
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, _Function):
            waiting += ast.iter_child_nodes(node)
