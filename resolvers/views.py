"""What of the graph a caller's requests are parsed against, and what introspection shows.

The graph is public law, so every caller's documents are validated against all of it but the coordinates that are hidden from
that caller: to them these do not exist, not even in a suggestion. Introspection shows less by default: what the caller's agency
could be granted for some purpose. Both are the full schema with coordinates left out, and with whatever became empty or
unreachable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLScalarType,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    TypeNode,
    build_ast_schema,
    build_schema,
    parse,
    print_schema,
)

from schema.build import order_values
from schema.catalogue import Catalogue, ColumnField, ListingRoot, LookupRoot

NOTHING = """
type Query { "Any record that has a global id." node(id: ID!): Node }
"A record with a global id." interface Node { id: ID }
"""
"""What introspection shows to a caller who could be granted nothing: a schema must have a field."""

Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode


class Views:
    """Schemas that lack some coordinates, made on demand and kept."""

    def __init__(self, schema: GraphQLSchema, catalogue: Catalogue) -> None:
        self.full = schema
        self._coordinates = frozenset(catalogue.coordinates())
        self._inputs = _input_coordinates(catalogue)
        self._document = parse(print_schema(schema))
        self._cached = lru_cache(maxsize=64)(self._build)

    def without(self, hidden: frozenset[str]) -> GraphQLSchema:
        """The graph as a caller's documents are validated against it."""
        return self._cached(hidden) if hidden else self.full

    def only(self, granted: frozenset[str]) -> GraphQLSchema:
        """The graph as introspection shows it to a caller who could be granted these coordinates."""
        return self._cached(self._coordinates - granted)

    def _build(self, absent: frozenset[str]) -> GraphQLSchema:
        definitions = {d.name.value: d for d in self._document.definitions if hasattr(d, "name")}
        kept = _without_empty_interfaces({name: self._trim(d, absent) for name, d in definitions.items()})
        while emptied := {name for name, d in kept.items() if _empty(d)}:
            kept = {name: _drop(d, emptied) for name, d in kept.items() if name not in emptied}
        if "Query" not in kept:
            return build_schema(NOTHING)
        reachable = _reachable(kept)
        schema = build_ast_schema(DocumentNode(definitions=tuple(d for name, d in kept.items() if name in reachable)))
        for name, kind in schema.type_map.items():
            original = self.full.type_map[name] if isinstance(kind, GraphQLScalarType) else None
            if isinstance(kind, GraphQLScalarType) and isinstance(original, GraphQLScalarType):
                # Scalars read from a schema's text accept anything; these keep their own rules.
                kind.parse_value, kind.parse_literal = original.parse_value, original.parse_literal  # type: ignore[method-assign]
                kind.coerce_input_literal = original.coerce_input_literal
                kind.coerce_input_value = original.coerce_input_value
        return schema

    def _trim(self, definition: DefinitionNode, absent: frozenset[str]) -> DefinitionNode:
        match definition:
            case ObjectTypeDefinitionNode():
                fields = [f for f in definition.fields or () if _coordinate(definition, f) not in absent]
                return _with(definition, fields=[self._trim_arguments(_coordinate(definition, f), f, absent) for f in fields])
            case InputObjectTypeDefinitionNode():
                inputs = [f for f in definition.fields or () if self._inputs.get(_coordinate(definition, f)) not in absent]
                return _with(definition, fields=inputs)
            case EnumTypeDefinitionNode():
                values = [v for v in definition.values or () if self._inputs.get(_coordinate(definition, v)) not in absent]
                return _with(definition, values=values)
            case _:
                return definition

    def _trim_arguments(self, where: str, field: FieldDefinitionNode, absent: frozenset[str]) -> FieldDefinitionNode:
        arguments = [a for a in field.arguments or () if self._inputs.get(f"{where}.{a.name.value}") not in absent]
        return _with(field, arguments=arguments)  # type: ignore[return-value]


def _input_coordinates(catalogue: Catalogue) -> dict[str, str]:
    """The coordinates that keys, filter inputs and order enumerations ask about, by the coordinate of the input."""
    found = {}
    for root in catalogue.roots.values():
        if isinstance(root, LookupRoot):
            found.update({f"Query.{root.name}.{k.name}": k.coordinate for k in root.keys})
        if isinstance(root, ListingRoot):
            found.update({f"{root.filter_name}.{f.name}": f.target.coordinate for f in root.filters.values()})
    for record in catalogue.records.values():
        by_column = {f.column: f.coordinate for f in record.fields.values() if isinstance(f, ColumnField)}
        found.update({f"{record.name}Order.{name}": by_column[column] for name, (column, _) in order_values(record).items()})
    return found


def _without_empty_interfaces(definitions: dict[str, DefinitionNode]) -> dict[str, DefinitionNode]:
    """A type that lost a field of its interface no longer implements it; an interface that nothing implements goes."""
    members = {name: {f.name.value for f in d.fields or ()} for name, d in definitions.items() if isinstance(d, Composite)}

    def implemented(definition: ObjectTypeDefinitionNode) -> list[NamedTypeNode]:
        own = members[definition.name.value]
        return [i for i in definition.interfaces or () if members[i.name.value] <= own]

    kept = dict(definitions)
    alive = set()
    for name, definition in definitions.items():
        if isinstance(definition, ObjectTypeDefinitionNode):
            kept[name] = _with(definition, interfaces=implemented(definition))
            alive |= {i.name.value for i in implemented(definition)}
    for name, definition in definitions.items():
        if isinstance(definition, InterfaceTypeDefinitionNode) and name not in alive:
            kept[name] = _with(definition, fields=())
    return kept


def _with(definition: DefinitionNode, **changes: Iterable[Any]) -> DefinitionNode:
    kept = {key: getattr(definition, key) for key in definition.keys}
    return type(definition)(**{**kept, **{key: tuple(value) for key, value in changes.items()}})


def _coordinate(owner: DefinitionNode, member: object) -> str:
    return f"{owner.name.value}.{member.name.value}"  # type: ignore[attr-defined]


def _empty(definition: DefinitionNode) -> bool:
    if isinstance(definition, EnumTypeDefinitionNode):
        return not definition.values
    return isinstance(definition, Composite | InputObjectTypeDefinitionNode) and not definition.fields


def _drop(definition: DefinitionNode, absent: set[str]) -> DefinitionNode:
    """The definition without fields and arguments of absent types."""
    if isinstance(definition, Composite):
        kept = (f for f in definition.fields or () if _named(f.type) not in absent)
        return _with(definition, fields=[_drop_arguments(f, absent) for f in kept])
    return definition


def _drop_arguments(field: FieldDefinitionNode, absent: set[str]) -> FieldDefinitionNode:
    arguments = [a for a in field.arguments or () if _named(a.type) not in absent]
    return _with(field, arguments=arguments)  # type: ignore[return-value]


def _named(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]
    return node.name.value


def _references(definition: DefinitionNode) -> Iterator[str]:
    if isinstance(definition, Composite):
        yield from (i.name.value for i in definition.interfaces or ())
        for field in definition.fields or ():
            yield _named(field.type)
            yield from (_named(a.type) for a in field.arguments or ())
    if isinstance(definition, InputObjectTypeDefinitionNode):
        yield from (_named(f.type) for f in definition.fields or ())


def _reachable(definitions: dict[str, DefinitionNode]) -> set[str]:
    found: set[str] = set()
    waiting = ["Query", "Mutation", "Subscription"]
    while waiting:
        name = waiting.pop()
        if name in definitions and name not in found:
            found.add(name)
            waiting.extend(_references(definitions[name]))
            # An object type is reached through its interfaces as well.
            waiting.extend(
                other
                for other, d in definitions.items()
                if isinstance(d, ObjectTypeDefinitionNode) and name in set(_implements(d))
            )
    return found


def _implements(definition: ObjectTypeDefinitionNode) -> Iterator[str]:
    return (i.name.value for i in definition.interfaces or ())
