"""Strawberry's own execution, for what the planner does not know: introspection, hand-written fields.

Declared fields are resolved here as well (`resolvers/rows.py`), so the same operation can be answered on both paths; random
operations are checked for equal answers. In serving, only the root fields that the planner does not know come this way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    execute,
    visit,
)

from resolvers.errors import Error
from resolvers.request import Request
from resolvers.rows import Context
from resolvers.views import Views

INTROSPECTION = ("__schema", "__type")


class Fallback:
    """Answers root fields by graphql-core's execution over the Strawberry schema, or over a caller's view of it."""

    def __init__(self, schema: strawberry.Schema, views: Views) -> None:
        self._schema, self._views = schema._schema, views

    async def run(self, request: Request, whole_view: bool, context: Context) -> tuple[dict[str, Any], list[Error]]:
        """Answer `request.collected.others`; introspection shows the caller's view, or all that is not hidden from it."""
        others = request.collected.others
        shown = {n: f for n, f in others.items() if f[0].name.value in INTROSPECTION}
        written = {n: f for n, f in others.items() if n not in shown}
        data: dict[str, Any] = {}
        found: list[Error] = []
        for fields, schema in ((shown, self._view(request, whole_view)), (written, self._schema)):
            if fields:
                result = await run(schema, request, fields, context)
                data.update(result.data or dict.fromkeys(fields))
                found += [{**e.formatted, "path": e.path or []} for e in result.errors or ()]
        return data, [*found, *context.errors()]

    def _view(self, request: Request, whole: bool) -> GraphQLSchema:
        caller, authorizer = request.access.caller, request.authorizer
        if whole:
            return self._views.whole(request.hidden, authorizer.articles(caller))
        return self._views.only(authorizer.grantable(caller), caller, authorizer.articles(caller), request.hidden)


async def run(
    schema: GraphQLSchema, request: Request, fields: Mapping[str, list[FieldNode]], context: Context
) -> ExecutionResult:
    """Execute some root fields of an operation on a schema."""
    document = _narrowed(request, [node for nodes in fields.values() for node in nodes])
    result = execute(schema, document, variable_values=dict(request.given), context_value=context)
    return result if isinstance(result, ExecutionResult) else await result


def _narrowed(request: Request, nodes: list[FieldNode]) -> DocumentNode:
    """The operation with these root fields alone, and the fragments and variables that they use."""
    names = _Names()
    definition = request.operation.definition
    waiting: list[Node] = list(nodes)
    fragments = []
    while waiting:
        visit(waiting.pop(), names)
        for name in names.new_fragments():
            fragments.append(request.operation.fragments[name])
            waiting.append(fragments[-1])
    variables = tuple(v for v in definition.variable_definitions or () if v.variable.name.value in names.variables)
    selected = SelectionSetNode(selections=tuple(nodes))
    operation = OperationDefinitionNode(
        operation=definition.operation,
        name=definition.name,
        variable_definitions=variables,
        directives=(),
        selection_set=selected,
    )
    return DocumentNode(definitions=(operation, *fragments))


class _Names(Visitor):
    """The variables and fragments that nodes use."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: set[str] = set()
        self._fragments: list[str] = []
        self._seen: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.variables.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        if node.name.value not in self._seen:
            self._seen.add(node.name.value)
            self._fragments.append(node.name.value)

    def new_fragments(self) -> Iterable[str]:
        found, self._fragments = self._fragments, []
        return found
