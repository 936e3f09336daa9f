"""The arguments of a field: written once in a document, filled in with each request's variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_argument_values,
    get_nullable_type,
    value_from_ast,
)
from graphql.execution.values import VariableValues

from schema.catalogue import Filter


class Arguments:
    """The arguments of one field as written in the document; their values come with each request's variables."""

    def __init__(self, definition: GraphQLField, node: FieldNode) -> None:
        self._definition, self._node = definition, node
        given = {a.name.value: a.value for a in node.arguments or ()}
        self._required = {n for n, d in definition.args.items() if isinstance(d.type, GraphQLNonNull)}
        self._template = _template(definition, node)
        self._constant = None if any(_has_variable(v) for v in given.values()) else plain(get_argument_values(definition, node))

    def values(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """CoerceArgumentValues (section 6.4.1), enumerations as their names; raises `GraphQLError` at a forbidden null."""
        if self._constant is not None:
            return self._constant
        if self._template is not None:
            found = _filled(self._template, variables)
            if all(found.get(name) is not None for name in self._required):
                return found
        return plain(get_argument_values(self._definition, self._node, VariableValues({}, dict(variables))))


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str


def _template(definition: GraphQLField, node: FieldNode) -> dict[str, Any] | None:
    """The arguments with their variables left open; none where a default or a nested null could change more than a value.

    Validation has seen to it that each variable's type fits its place, so that filling in is all there is left to coerce.
    """
    if any(_has_default(d) for d in definition.args.values()):
        return None
    template = {}
    for argument in node.arguments or ():
        kind = get_nullable_type(definition.args[argument.name.value].type)
        value = _open(kind, argument.value)
        if value is Undefined:
            return None
        template[argument.name.value] = value
    return template


def _open(kind: Any, node: ValueNode) -> Any:
    if isinstance(node, VariableNode):
        return _Variable(node.name.value)
    if not _has_variable(node):
        return _plain(value_from_ast(node, kind))
    if not isinstance(node, ObjectValueNode) or not isinstance(kind, GraphQLInputObjectType):
        return Undefined
    fields = kind.fields
    if any(isinstance(f.type, GraphQLNonNull) or _has_default(f) for f in fields.values()):
        return Undefined
    opened = {f.name.value: _open(get_nullable_type(fields[f.name.value].type), f.value) for f in node.fields}
    return Undefined if any(v is Undefined for v in opened.values()) else opened


def _has_default(declared: GraphQLArgument | GraphQLInputField) -> bool:
    return declared.default is not None or declared.default_value is not Undefined


def _filled(template: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in template.items():
        if type(value) is _Variable:
            if value.name not in variables:
                continue
            found[name] = _plain(variables[value.name])
        else:
            found[name] = _filled(value, variables) if type(value) is dict else value
    return found


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with enumerations as their names, also inside a filter or a list."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return plain(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value


def filters_given(filters: Mapping[str, Filter], values: Mapping[str, Any]) -> list[Filter]:
    """The filters that a list is narrowed by, in the order of their names."""
    return [filters[name] for name in sorted(filters) if values.get(name) is not None]


def _has_variable(node: ValueNode) -> bool:
    if isinstance(node, VariableNode):
        return True
    inner = getattr(node, "values", None) or [f.value for f in getattr(node, "fields", None) or ()]
    return any(_has_variable(v) for v in inner) if not isinstance(node, NullValueNode) else False
