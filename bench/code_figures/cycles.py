"""Import cycles between the modules of a package."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.code_figures.sources import Source

Graph = Mapping[str, set[str]]


@dataclass
class Imports:
    """Which module imports which: while it loads, and later (in functions, for types)."""

    loading: dict[str, set[str]] = field(default_factory=dict)
    later: dict[str, set[str]] = field(default_factory=dict)

    def all(self) -> Graph:
        """Return both kinds as one graph."""
        return {name: self.loading[name] | self.later[name] for name in self.loading}


def imports(sources: Iterable[Source], package: Path) -> Imports:
    """Return the imports among the package's modules; `package` is its folder."""
    modules = {_module(source.path, package): source for source in sources}
    graph = Imports()
    for name, source in modules.items():
        is_package = source.path.name == "__init__.py"
        edges: dict[bool, set[str]] = {False: set(), True: set()}
        for node, later in _statements(source.tree, later=False):
            edges[later] |= _known(_targets(node, name, is_package), modules) - {name}
        graph.loading[name], graph.later[name] = edges[False], edges[True] - edges[False]
    return graph


def cycles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that import each other, each sorted."""
    reach = {name: _reachable(graph, name) for name in graph}
    groups = {
        tuple(sorted(other for other in reach[name] if name in reach[other]))
        for name in graph
        if name in reach[name]
    }
    return [list(group) for group in sorted(groups)]


def _reachable(graph: Graph, start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += graph[name]
    return reached


def _module(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _statements(
    node: ast.AST, *, later: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Yield each import, and whether it runs after the module is loaded, or never."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, later
        else:
            deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or (
                isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            )
            yield from _statements(child, later=later or deferred)


def _known(targets: Iterable[str], modules: Mapping[str, Source]) -> set[str]:
    """Return the module of each target: the target itself, or the one that defines the name."""
    names = (target if target in modules else target.rpartition(".")[0] for target in targets)
    return {name for name in names if name in modules}


def _targets(node: ast.Import | ast.ImportFrom, module: str, is_package: bool) -> Iterator[str]:
    """Yield the full names of what is imported: modules, or names in modules."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        parts = module.split(".")
        parents = parts[: len(parts) - node.level + is_package]
        base = ".".join([*parents, *([node.module] if node.module else [])])
    yield from (f"{base}.{alias.name}" for alias in node.names)
