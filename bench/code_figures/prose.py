"""The prose inside Python files: docstrings, comments and messages."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bench.code_figures.sources import Source

_DIRECTIVE = re.compile(r"#\s*(noqa|type:|pragma:|!|ruff:|mypy:).*")
_WORD = re.compile(r"[A-Za-z][\w'-]*")
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Passage:
    """A docstring, a block of comment lines or a string literal, and the line it starts in."""

    kind: Literal["docstring", "comment", "message"]
    line: int
    text: str

    @property
    def words(self) -> int:
        """Return the number of words; a literal of fewer than three is a key and counts none."""
        number = len(_WORD.findall(self.text))
        return number if self.kind != "message" or number > 2 else 0  # noqa: PLR2004

    def line_of(self, offset: int) -> int:
        """Return the line of the character at `offset`; exact where the text keeps its lines."""
        return self.line + self.text.count("\n", 0, offset)


def passages(source: Source) -> list[Passage]:
    """Return all prose of the file; an f-string is one passage with `{}` for each value."""
    docstrings = {id(node): node for node in _docstrings(source.tree)}
    prose = [*_literals(source.tree, docstrings), *_comments(source.text)]
    return sorted(prose, key=lambda passage: passage.line)


def docstring(node: _Documented) -> ast.Constant | None:
    """Return the docstring's node."""
    match node.body[:1]:
        case [ast.Expr(value=ast.Constant(value=str()) as constant)]:
            return constant
    return None


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, _Documented) and (constant := docstring(node)):
            yield constant


def _literals(node: ast.AST, docstrings: dict[int, ast.Constant]) -> Iterator[Passage]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        kind: Literal["docstring", "message"] = "docstring" if id(node) in docstrings else "message"
        yield Passage(kind, node.lineno, node.value)
    elif isinstance(node, ast.JoinedStr):
        yield Passage("message", node.lineno, _joined(node))
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                yield from _literals(value.value, docstrings)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _literals(child, docstrings)


def _joined(node: ast.JoinedStr) -> str:
    return "".join(
        str(value.value) if isinstance(value, ast.Constant) else "{}" for value in node.values
    )


def _comments(text: str) -> Iterator[Passage]:
    """Yield the comments; lines that follow each other are one passage."""
    block: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or _DIRECTIVE.match(token.string):
            continue
        if block and token.start != (block[-1].start[0] + 1, block[-1].start[1]):
            yield _comment(block)
            block = []
        block.append(token)
    if block:
        yield _comment(block)


def _comment(block: list[tokenize.TokenInfo]) -> Passage:
    text = "\n".join(token.string.lstrip("#! ") for token in block)
    return Passage("comment", block[0].start[0], text)
