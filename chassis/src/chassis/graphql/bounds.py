"""Limits of one query, checked before it runs.

An object costs one, and so does a value that a function resolves; a plain attribute costs nothing.
The selection inside a list is multiplied by the list's greatest length: its argument `limit`, or
that of the field around it (a page), else `LIST_LENGTH`.

Strawberry's own limiters follow every path through fragments, and a short query can have 2^60 of
them; here each fragment is measured once.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    InlineFragmentNode,
    NamedTypeNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Undefined,
    ValidationRule,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    value_from_ast,
    value_from_ast_untyped,
)

from chassis.problems import ProblemError

LARGEST_COST = 1_000
LARGEST_DEPTH = 10
MOST_ALIASES = 15
MOST_TOKENS = 1_000
LIST_LENGTH = 10
"""How long a list without a `limit` is taken for."""

_LIMIT = "limit"


class _Size(NamedTuple):
    cost: int
    depth: int


_NOTHING = _Size(0, 0)


class Bounds(ValidationRule):
    """Refuses an operation that costs too much, is too deep or has too many aliases.

    A subclass carries the `variables` of one request.
    """

    variables: Mapping[str, Any]

    def __init__(self, context: Any) -> None:
        """Begin with one document."""
        super().__init__(context)
        self._aliases = 0
        self._known: dict[tuple[str, int | None], _Size] = {}
        self._values: dict[str, Any] = {}

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Measure one operation."""
        self._known.clear()
        self._values = {
            item.variable.name.value: value_from_ast_untyped(item.default_value)
            for item in node.variable_definitions or ()
            if item.default_value
        }
        self._values.update(self.variables)
        root = self.context.schema.get_root_type(node.operation)
        size = self._sum(node.selection_set, root, None)
        self._refuse(node, "cost", size.cost, LARGEST_COST)
        self._refuse(node, "depth", size.depth, LARGEST_DEPTH)

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Count its alias; the same one in a fragment counts once, as it is answered once."""
        self._aliases += bool(node.alias)

    def leave_document(self, node: DocumentNode, *_: Any) -> None:
        """Refuse too many of them."""
        self._refuse(node, "aliases", self._aliases, MOST_ALIASES)

    def _refuse(self, node: Node, bound: str, size: int, maximum: int) -> None:
        if size > maximum:
            detail = f"The query has {bound} {size}, of {maximum} at most: ask for less at once."
            problem = ProblemError(
                400, "query-too-large", detail, bound=bound, found=size, maximum=maximum
            )
            self.report_error(GraphQLError(detail, [node], original_error=problem))

    def _sum(
        self, selections: SelectionSetNode, parent: GraphQLNamedType | None, length: int | None
    ) -> _Size:
        sizes = [self._size(node, parent, length) for node in selections.selections]
        return _Size(sum(size.cost for size in sizes), max(size.depth for size in sizes))

    def _size(
        self, node: SelectionNode, parent: GraphQLNamedType | None, length: int | None
    ) -> _Size:
        match node:
            case FieldNode():
                return self._field(node, parent, length)
            case FragmentSpreadNode():
                return self._fragment(node.name.value, length)
            case InlineFragmentNode(type_condition=NamedTypeNode() as condition):
                named = self.context.schema.get_type(condition.name.value)
                return self._sum(node.selection_set, named, length)
            case InlineFragmentNode():
                return self._sum(node.selection_set, parent, length)
            case _:
                return _NOTHING

    def _fragment(self, name: str, length: int | None) -> _Size:
        key = (name, length)
        fragment = self.context.get_fragment(name)
        if key not in self._known and fragment:
            self._known[key] = _NOTHING  # a fragment that contains itself: another rule refuses it
            named = self.context.schema.get_type(fragment.type_condition.name.value)
            self._known[key] = self._sum(fragment.selection_set, named, length)
        return self._known.get(key, _NOTHING)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, length: int | None) -> _Size:
        name = node.name.value
        # graphql-core limits introspection itself
        if name.startswith("__") or not is_composite_type(parent):
            return _NOTHING
        definition = self.context.schema.get_field(parent, name)
        if definition is None:
            return _NOTHING
        if node.selection_set is None:
            return _Size(_has_resolver(definition), 0)
        limit = self._limit(node, definition)
        named = get_named_type(definition.type)
        if not isinstance(get_nullable_type(definition.type), GraphQLList):
            inside = self._sum(node.selection_set, named, limit)
            return _Size(1 + inside.cost, 1 + inside.depth)
        inside = self._sum(node.selection_set, named, None)
        times = next(n for n in (limit, length, LIST_LENGTH) if n is not None)
        return _Size(max(times, 1) * (1 + inside.cost), 1 + inside.depth)

    def _limit(self, node: FieldNode, definition: GraphQLField) -> int | None:
        argument = definition.args.get(_LIMIT)
        if argument is None:
            return None
        node_value = next(
            (item.value for item in node.arguments or () if item.name.value == _LIMIT), None
        )
        value = value_from_ast(node_value, argument.type, self._values) if node_value else Undefined
        if value is Undefined:
            value = argument.default_value
        return value if isinstance(value, int) else None


def _has_resolver(definition: GraphQLField) -> bool:
    """Return whether a function resolves the value, not an attribute."""
    declared = definition.extensions.get("strawberry-definition")
    return declared is None or not declared.is_basic_field


def bounds(variables: Mapping[str, Any] | None) -> type[Bounds]:
    """Return the validation rule for one request with `variables`."""
    return type("RequestBounds", (Bounds,), {"variables": variables or {}})
