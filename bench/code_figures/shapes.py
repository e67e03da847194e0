"""Sizes of files and functions, and how docstrings are written."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.code_figures.sources import Source

# English does not tell a verb by its form, so the verbs are a list
_VERBS = frozenset(Path(__file__).with_name("verbs.txt").read_text(encoding="utf-8").split())
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Sizes:
    """Lines: the number of things measured, their median, 90th percentile and the too long ones."""

    number: int
    median: int
    p90: int
    over: list[str]


def file_sizes(sources: Iterable[Source]) -> Sizes:
    """Measure the lines of each file."""
    return _sizes([(len(one.text.splitlines()), one.name) for one in sources], LONGEST_FILE)


def function_sizes(sources: Iterable[Source]) -> Sizes:
    """Measure each function from `def` to its last line, docstring included."""
    lengths = [
        (1 + (node.end_lineno or node.lineno) - node.lineno, f"{one.name}:{node.lineno}")
        for one in sources
        for node in _functions(one)
    ]
    return _sizes(lengths, LONGEST_FUNCTION)


@dataclass(frozen=True)
class DocstringStyles:
    """Docstrings of functions (tests aside) by their first word; all markup by its backticks."""

    functions: int
    imperative: int
    single_backticks: int
    double_backticks: int


def docstring_styles(sources: Iterable[Source]) -> DocstringStyles:
    """Count the styles; an imperative docstring begins with a verb of `verbs.txt`."""
    first: list[str] = []
    single = double = 0
    for source in sources:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Module | ast.ClassDef | _Function):
                continue
            text = ast.get_docstring(node) or ""
            double += len(re.findall(r"(?<!`)``[^`]+``(?!`)", text))
            single += len(re.findall(r"(?<!`)`[^`]+`(?!`)", text))
            if text and isinstance(node, _Function) and not node.name.startswith("test_"):
                first.append(re.split(r"\W", text, maxsplit=1)[0].lower())
    imperative = sum(1 for word in first if word in _VERBS)
    return DocstringStyles(len(first), imperative, single, double)


def _functions(source: Source) -> Iterator[_Function]:
    return (node for node in ast.walk(source.tree) if isinstance(node, _Function))


def _sizes(lengths: Sequence[tuple[int, str]], limit: int) -> Sizes:
    ordered = sorted(lines for lines, _ in lengths) or [0]
    over = sorted((pair for pair in lengths if pair[0] > limit), reverse=True)
    return Sizes(
        number=len(lengths),
        median=ordered[len(ordered) // 2],
        p90=ordered[len(ordered) * 9 // 10],
        over=[f"{name} ({lines})" for lines, name in over],
    )
