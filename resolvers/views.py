"""What of the graph a caller's requests are parsed against, and what introspection shows.

The graph is public law, so every caller's documents are validated against all of it but the coordinates that are hidden from
that caller: to them these do not exist, not even in a suggestion. Introspection shows less by default: what the caller's agency
could be granted for some purpose. Each member of the graph (a field, an argument, an input field, an enumeration's value) has
its needs, of which one must be granted:

    a record's field        to be read, under any access
    totalCount              to be read under list
    a lookup's argument     its field to be searched by under lookup
    a lookup                one of its arguments; without arguments, its record's id to be searched by under lookup
    node                    the id of a type with global ids to be searched by under lookup
    a filter's field        its field to be searched by under list
    a listing, in an order  its record's id, or a field to order by, to be searched by under list
    the feed                its number to be searched by under events; so is the subscription to it
    the feed's kinds        its kind to be searched by under events
    an order's value        its field to be searched by, under any access: child lists have orders too
    a child list's filter   its field to be searched by, under any access
    a report, what it tells to be read, under report; what became of one, any of them
    naming a resident       any report

A lookup by the caller's own number is for callers who have one. Both views are the full schema without the members whose needs
are not met, and without whatever became empty or unreachable. What tells of the regulations themselves needs nothing: everybody
is shown `sharing` and `services`.

Introspection also tells the law: the description of a coordinate that is shared with the caller's agency ends with the articles
under which it is. Views that say the same are one schema, whoever looks at it and whatever regulations they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import Any, get_args

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLScalarType,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    TypeNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    parse,
    print_schema,
)

from auth.access import Access, Article, Caller, Grantable, Use
from auth.words import article_in_words
from schema.build import order_values
from schema.catalogue import Catalogue, ColumnField, FeedRoot, LinkField, ListingRoot, LookupRoot, RecordType
from schema.reporting import Input

ANY: tuple[Access, ...] = get_args(Access)

Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode
Needs = dict[str, frozenset[Grantable]]
"""What a member needs one of, by its name: `Type.field`, `Type.field.argument`, `Input.field` or `Enumeration.VALUE`."""
Articles = Mapping[str, tuple[Article, ...]]
Notes = frozenset[tuple[str, str]]
"""What is added to the descriptions of fields, by their coordinates."""


class Views:
    """Schemas that lack some coordinates, made on demand and kept."""

    def __init__(self, schema: GraphQLSchema, catalogue: Catalogue) -> None:
        self.full = schema
        self._members = {**_fields(catalogue), **_inputs(catalogue)}
        self._roots = _roots(catalogue)
        self._for_holders = {r.coordinate: r.caller for r in catalogue.roots.values() if isinstance(r, LookupRoot) and r.caller}
        self._document = parse(print_schema(schema))
        # By what they show, so that neither many callers nor changing regulations make many of them.
        self._shown = lru_cache(maxsize=64)(self._build)
        self._cached_without = lru_cache(maxsize=64)(self._without)

    def without(self, hidden: frozenset[str]) -> GraphQLSchema:
        """The graph as a caller's documents are validated against it."""
        return self._cached_without(hidden) if hidden else self.full

    def whole(self, hidden: frozenset[str], articles: Articles) -> GraphQLSchema:
        """The graph as introspection shows it to a caller who wants to see all of it."""
        absent = self._absent(hidden)
        return self._shown(absent, _notes(articles, absent))

    def only(
        self, granted: frozenset[Grantable], caller: Caller, articles: Articles, hidden: frozenset[str] = frozenset()
    ) -> GraphQLSchema:
        """The graph as introspection shows it to a caller who could be granted so much, nothing of it hidden."""
        unmet = {member for member, needs in (self._members | self._roots).items() if needs.isdisjoint(granted)}
        lacking = {root for root, attribute in self._for_holders.items() if getattr(caller, attribute) is None}
        absent = frozenset(unmet | lacking) | self._absent(hidden)
        return self._shown(absent, _notes(articles, absent))

    def _without(self, hidden: frozenset[str]) -> GraphQLSchema:
        return self._build(self._absent(hidden), frozenset())

    def _absent(self, hidden: frozenset[str]) -> frozenset[str]:
        # Root fields stay: what they ask about is refused when it is asked.
        return frozenset(m for m, needs in self._members.items() if hidden.issuperset(n.coordinate for n in needs))

    def _build(self, absent: frozenset[str], notes: Notes) -> GraphQLSchema:
        definitions = {d.name.value: d for d in self._document.definitions if hasattr(d, "name")}
        said = dict(notes)
        kept = _without_empty_interfaces({name: self._trim(d, absent, said) for name, d in definitions.items()})
        while emptied := {name for name, d in kept.items() if _empty(d)}:
            kept = {name: _drop(d, emptied) for name, d in kept.items() if name not in emptied}
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

    def _trim(self, definition: DefinitionNode, absent: frozenset[str], notes: Mapping[str, str]) -> DefinitionNode:
        match definition:
            case ObjectTypeDefinitionNode():
                named = {_name(definition, f): f for f in definition.fields or ()}
                fields = [self._trim_arguments(name, f, absent) for name, f in named.items() if name not in absent]
                return _with(definition, fields=[_noted(f, notes.get(_name(definition, f))) for f in fields])
            case InputObjectTypeDefinitionNode():
                return _with(definition, fields=[f for f in definition.fields or () if _name(definition, f) not in absent])
            case EnumTypeDefinitionNode():
                return _with(definition, values=[v for v in definition.values or () if _name(definition, v) not in absent])
            case _:
                return definition

    def _trim_arguments(self, where: str, field: FieldDefinitionNode, absent: frozenset[str]) -> FieldDefinitionNode:
        arguments = [a for a in field.arguments or () if f"{where}.{a.name.value}" not in absent]
        return _with(field, arguments=arguments)  # type: ignore[return-value]


def _notes(articles: Articles, absent: frozenset[str]) -> Notes:
    shown = ((coordinate, found) for coordinate, found in articles.items() if coordinate not in absent)
    return frozenset((coordinate, "\n".join(article_in_words(each) for each in found)) for coordinate, found in shown)


def _noted(field: FieldDefinitionNode, note: str | None) -> FieldDefinitionNode:
    if note is None:
        return field
    before = f"{field.description.value}\n\n" if field.description else ""
    kept = {key: getattr(field, key) for key in field.keys}
    return FieldDefinitionNode(**{**kept, "description": StringValueNode(value=before + note, block=True)})


def _one_of(coordinates: Iterable[str], accesses: Iterable[Access], use: Use) -> frozenset[Grantable]:
    return frozenset(Grantable(coordinate, access, use) for coordinate, access in product(coordinates, accesses))


def _fields(catalogue: Catalogue) -> Needs:
    """The needs of what is returned."""
    found = {f.coordinate: _one_of([f.coordinate], ANY, "read") for r in catalogue.records.values() for f in r.fields.values()}
    counts = [root.count_coordinate for root in catalogue.roots.values() if isinstance(root, ListingRoot)]
    reported = [coordinate for report in catalogue.reports.values() for coordinate in report.coordinates()]
    return (
        found
        | {count: _one_of([count], ["list"], "read") for count in counts}
        | {coordinate: _one_of([coordinate], ["report"], "read") for coordinate in reported}
    )


def _inputs(catalogue: Catalogue) -> Needs:
    """The needs of what is asked about: keys, filters and orders."""
    found = {}
    for root in catalogue.roots.values():
        if isinstance(root, LookupRoot):
            found.update({f"{root.coordinate}.{k.name}": _one_of([k.coordinate], ["lookup"], "search") for k in root.keys})
        elif isinstance(root, FeedRoot):
            kinds = _one_of([root.kind.coordinate], ["events"], "search")
            found.update({f"{where}.kinds": kinds for where in (root.coordinate, root.stream)})
        else:
            by_name = {f"{root.filter_name}.{f.name}": f.target.coordinate for f in root.filters.values()}
            found.update({name: _one_of([coordinate], ["list"], "search") for name, coordinate in by_name.items()})
            found[f"Query.{root.name}.orderBy"] = _one_of(_orders(root.record).values(), ["list"], "search")
    for record in catalogue.records.values():
        by_value = _orders(record).items()
        found.update({f"{record.name}Order.{value}": _one_of([coordinate], ANY, "search") for value, coordinate in by_value})
        for item in (f for f in record.fields.values() if isinstance(f, LinkField)):
            by_argument = {f"{item.coordinate}.{f.name}": f.target.coordinate for f in item.filters.values()}
            found.update({name: _one_of([coordinate], ANY, "search") for name, coordinate in by_argument.items()})
    for report in catalogue.reports.values():
        found.update(_naming(report.input))
    return found


def _naming(given: Input) -> Iterator[tuple[str, frozenset[Grantable]]]:
    """The needs of the fields by which a report names records."""
    for item in given.fields:
        if isinstance(item.kind, Input):
            yield from _naming(item.kind)
        if given.names is not None:
            coordinate = f"{given.names}.{item.name}"
            yield f"{given.cls.__name__}.{item.name}", _one_of([coordinate], ANY, "read") | _one_of([coordinate], ANY, "search")


def _roots(catalogue: Catalogue) -> Needs:
    """The needs of root fields, and of what goes with them."""
    found = {"Query.node": _one_of([r.id.coordinate for r in catalogue.records.values() if r.node], ["lookup"], "search")}
    if catalogue.reports:
        reports = [report.coordinate for report in catalogue.reports.values()]
        found["Query.report"] = _one_of(reports, ["report"], "read")
        # Whoever may report is shown how residents are named there, whatever may be read of them.
        named = (name for report in catalogue.reports.values() for name, _ in _naming(report.input))
        found.update(dict.fromkeys(named, found["Query.report"]))
    for root in catalogue.roots.values():
        if isinstance(root, LookupRoot):
            keys = root.keys or (root.record.id,)
            found[root.coordinate] = _one_of([k.coordinate for k in keys], ["lookup"], "search")
        elif isinstance(root, FeedRoot):
            numbers = _one_of([root.number.coordinate], ["events"], "search")
            found.update(dict.fromkeys((root.coordinate, root.stream), numbers))
        else:
            orders = [root.record.id.coordinate, *_orders(root.record).values()]
            found[f"Query.{root.name}"] = _one_of(orders, ["list"], "search")
    return found


def _orders(record: RecordType) -> dict[str, str]:
    """The coordinate that each value of an order enumeration asks about."""
    by_column = {f.column: f.coordinate for f in record.fields.values() if isinstance(f, ColumnField)}
    return {value: by_column[column] for value, (column, _) in order_values(record).items()}


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


def _name(owner: DefinitionNode, member: object) -> str:
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
    if isinstance(definition, InputObjectTypeDefinitionNode):
        return _with(definition, fields=[f for f in definition.fields or () if _named(f.type) not in absent])
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
    if isinstance(definition, UnionTypeDefinitionNode):
        yield from (t.name.value for t in definition.types or ())
    if isinstance(definition, DirectiveDefinitionNode):
        yield from (_named(a.type) for a in definition.arguments or ())


def _reachable(definitions: dict[str, DefinitionNode]) -> set[str]:
    found: set[str] = set()
    directives = [name for name, d in definitions.items() if isinstance(d, DirectiveDefinitionNode)]
    waiting = ["Query", "Mutation", "Subscription", *directives]
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
