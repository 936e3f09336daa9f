"""A look at the lists below a root field before anything is read for it, under Strawberry's own execution.

A mistake in the filters or the page of a child list costs the root field that it stands under. A resolver would meet it only once
rows above had been read, so the root's resolver goes through what is selected below it first.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    get_argument_values,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields

from resolvers.inputs import read_list
from resolvers.rows import Context
from schema.catalogue import LinkField


def check_lists_below(info: GraphQLResolveInfo[Context]) -> None:
    """Raise `InputError` for the first child list below a root field, of any type, whose arguments cannot be used."""
    _check(info, info.return_type, [FieldDetails(node, None) for node in info.field_nodes])


def _check(info: GraphQLResolveInfo[Context], kind: GraphQLOutputType, nodes: list[FieldDetails]) -> None:
    fragments = {name: FragmentDetails(definition) for name, definition in info.fragments.items()}
    for concrete in _concrete(info, kind):
        record = info.context.catalogue.records.get(concrete.name)
        below = collect_subfields(info.schema, fragments, info.variable_values, info.operation, concrete, nodes)
        for details in below.grouped_field_set.values():
            node = details[0].node
            if (definition := concrete.fields.get(node.name.value)) is None:
                continue  # `__typename`
            item = record.fields[node.name.value] if record else None
            if isinstance(item, LinkField) and (item.filters or item.paged):
                read_list(item, get_argument_values(definition, node, info.variable_values), info.context.limits)
            _check(info, definition.type, details)


def _concrete(info: GraphQLResolveInfo[Context], kind: GraphQLOutputType) -> Iterator[GraphQLObjectType]:
    """The object types that a field may lead to."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLObjectType):
        yield named
    elif isinstance(named, GraphQLInterfaceType):
        types = (info.schema.type_map[r.name] for r in info.context.catalogue.records.values() if r.node)
        yield from (each for each in types if isinstance(each, GraphQLObjectType))
