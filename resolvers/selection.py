"""The first pass: an operation's selection sets, collected into trees of what is asked of each record.

CollectFields and MergeSelectionSets (GraphQL specification, section 6.3.2): fragments are spread on the concrete type, `@skip`
and `@include` decided, and fields of one response name merged. What comes out is over declared fields and knows no fragment any
more:

    Root        a root field: a lookup, a listing, `node`
    Reporting   a root field of a mutation: a report
    Selection   what is asked of one record type in one place
    Asked       one response name in a selection: a column, a derived field, an id, a link, or `__typename`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)

from resolvers.arguments import Arguments, filters_given
from resolvers.cache import Cache
from resolvers.operation import Operation
from schema.catalogue import Catalogue, FeedRoot, Field, LinkField, ListingRoot, LookupRoot, RecordType
from schema.reporting import ReportRoot

Path = tuple[str, ...]
"""Response names from the root; `*` stands for every place in a list."""

EVERY = "*"


@dataclass
class Asked:
    """One response name. Without a `field` it is `__typename`."""

    name: str
    path: Path
    field: Field | None
    arguments: int | None = None
    """Index into `Collected.arguments`; none for a field that takes no arguments."""
    selection: Selection | None = None


@dataclass
class Selection:
    record: RecordType
    path: Path
    asked: list[Asked]


@dataclass
class Edge:
    """One response name for a connection's `edges`: in order, its response names with `node`, `cursor` or `__typename`."""

    path: Path
    parts: list[tuple[str, str | Selection]]


@dataclass
class Connection:
    """A listing's layout: response names, in order, with what stands there."""

    parts: list[tuple[str, str | Edge | list[tuple[str, str]]]] = field(default_factory=list)
    """`totalCount` or `__typename`, an `Edge`, or `pageInfo`'s response names with its fields."""


@dataclass
class Root:
    """One root field that the planner knows.

    `selections`: one for a lookup or the feed, one a type for `node`, one a node for a listing.
    """

    name: str
    declared: LookupRoot | ListingRoot | FeedRoot | None
    """None for `node`."""
    arguments: int
    selections: list[Selection]
    connection: Connection | None = None
    lists: list[tuple[int, LinkField]] = field(default_factory=list)
    """The child lists with filters or pages anywhere below, with the indices of their arguments."""


@dataclass
class Reporting:
    """A root field of a mutation. What is asked of its answer, by response name: where it was accepted, and where it was not."""

    name: str
    declared: ReportRoot
    arguments: int
    accepted: Mapping[str, str]
    refused: Mapping[str, str]
    wrong: Mapping[str, Mapping[str, str]]
    """For each of the response names in `refused`, what is asked of the mistakes."""


@dataclass
class Collected:
    """An operation with its switches decided."""

    roots: list[Root]
    others: dict[str, list[FieldNode]]
    """Root fields that only Strawberry's own execution answers: introspection and hand-written ones, by response name."""
    order: list[str]
    """Response names of all root fields, `__typename` included."""
    typenames: list[str]
    arguments: list[Arguments]
    structures: list[tuple[int, Callable[[Mapping[str, Any]], Any]]]
    """What of the arguments' values decides the plan's form, not only its parameters."""
    plans: Cache[Any, Any] = field(default_factory=lambda: Cache(32))
    reports: list[Reporting] = field(default_factory=list)
    """Of a mutation, its root fields in order."""


def collect(operation: Operation, catalogue: Catalogue, schema: GraphQLSchema, variables: Mapping[str, Any]) -> Collected:
    """Collect an operation. Only variables that its `@skip` and `@include` use have a say in the result."""
    return _Collector(operation, catalogue, schema, variables).run()


class _Collector:
    def __init__(self, operation: Operation, catalogue: Catalogue, schema: GraphQLSchema, variables: Mapping[str, Any]) -> None:
        self.operation, self.catalogue, self.schema, self.variables = operation, catalogue, schema, variables
        self.result = Collected([], {}, [], [], [], [])
        self.lists: list[tuple[int, LinkField]] = []
        """Of the root field that is being collected."""

    def run(self) -> Collected:
        if self.operation.kind is OperationType.MUTATION:
            return self.mutation()
        streams = self.operation.kind is OperationType.SUBSCRIPTION
        query = self.schema.subscription_type if streams else self.schema.query_type
        assert query is not None
        for name, nodes in self.fields([self.operation.definition.selection_set], query.name).items():
            self.result.order.append(name)
            field_name = nodes[0].name.value
            if field_name == "__typename":
                self.result.typenames.append(name)
            elif field_name == "node" or field_name in self.catalogue.roots:
                self.result.roots.append(self.root(name, nodes, query.fields[field_name]))
            else:
                self.result.others[name] = nodes
        return self.result

    def mutation(self) -> Collected:
        mutation = self.schema.mutation_type
        assert mutation is not None, "a document that is valid has a root type"
        for name, nodes in self.fields([self.operation.definition.selection_set], mutation.name).items():
            self.result.order.append(name)
            field_name = nodes[0].name.value
            if field_name == "__typename":
                self.result.typenames.append(name)
                continue
            report = self.catalogue.reports[field_name]
            accepted = {n: inner[0].name.value for n, inner in self.fields(_sets(nodes), report.reported).items()}
            refused = self.fields(_sets(nodes), "NotReported")
            wrong = {n: self.leaves(inner, "FieldError") for n, inner in refused.items()}
            arguments = self.argue(mutation.fields[field_name], nodes[0])
            kinds = {n: inner[0].name.value for n, inner in refused.items()}
            self.result.reports.append(Reporting(name, report, arguments, accepted, kinds, wrong))
        return self.result

    def leaves(self, nodes: list[FieldNode], type_name: str) -> dict[str, str]:
        """Of a type without links, the field behind each response name."""
        return {name: inner[0].name.value for name, inner in self.fields(_sets(nodes), type_name).items()}

    def root(self, name: str, nodes: list[FieldNode], definition: GraphQLField) -> Root:
        declared = self.catalogue.roots.get(nodes[0].name.value)
        path = (name,)
        arguments = self.argue(definition, nodes[0])
        self.lists = []
        if declared is None:
            records = [r for r in self.catalogue.records.values() if r.node]
            return Root(name, None, arguments, [self.selection(r, nodes, path) for r in records], lists=self.lists)
        if isinstance(declared, LookupRoot):
            keys = tuple(k.name for k in declared.keys)
            self.structure(arguments, lambda values: tuple(values.get(k) is not None for k in keys))
            return Root(name, declared, arguments, [self.selection(declared.record, nodes, path)], lists=self.lists)
        if isinstance(declared, FeedRoot):
            self.structure(arguments, lambda values: (values.get("after") is not None, values.get("kinds") is not None))
            return Root(name, declared, arguments, [self.selection(declared.record, nodes, (name, EVERY))], lists=self.lists)
        self.structure(arguments, _listing_structure)
        root = Root(name, declared, arguments, [], Connection(), self.lists)
        self.connection(root, declared.record, nodes, path)
        return root

    def connection(self, root: Root, record: RecordType, nodes: list[FieldNode], path: Path) -> None:
        assert root.connection is not None
        for name, inner in self.fields(_sets(nodes), f"{record.name}Connection").items():
            kind = inner[0].name.value
            if kind == "edges":
                edge = Edge((*path, name, EVERY), [])
                for part, leaves in self.fields(_sets(inner), f"{record.name}Edge").items():
                    if leaves[0].name.value == "node":
                        selection = self.selection(record, leaves, (*path, name, EVERY, part))
                        root.selections.append(selection)
                        edge.parts.append((part, selection))
                    else:
                        edge.parts.append((part, leaves[0].name.value))
                root.connection.parts.append((name, edge))
            elif kind == "pageInfo":
                infos = self.fields(_sets(inner), "PageInfo")
                root.connection.parts.append((name, [(n, leaves[0].name.value) for n, leaves in infos.items()]))
            else:
                root.connection.parts.append((name, kind))

    def selection(self, record: RecordType, nodes: list[FieldNode], path: Path) -> Selection:
        asked = []
        kind = self.schema.type_map[record.name]
        assert isinstance(kind, GraphQLObjectType)
        for name, inner in self.fields(_sets(nodes), record.name).items():
            field_name = inner[0].name.value
            if field_name == "__typename":
                asked.append(Asked(name, (*path, name), None))
                continue
            declared = record.fields[field_name]
            item = Asked(name, (*path, name), declared)
            if kind.fields[field_name].args:
                item.arguments = self.argue(kind.fields[field_name], inner[0])
            if isinstance(declared, LinkField):
                if declared.many:
                    assert item.arguments is not None
                    if declared.filters or declared.paged:
                        self.lists.append((item.arguments, declared))
                    self.structure(item.arguments, _list_structure(declared))
                below = (*path, name, EVERY) if declared.many else (*path, name)
                item.selection = self.selection(self.catalogue.records[declared.target], inner, below)
            asked.append(item)
        return Selection(record, path, asked)

    def argue(self, definition: GraphQLField, node: FieldNode) -> int:
        self.result.arguments.append(Arguments(definition, node))
        return len(self.result.arguments) - 1

    def structure(self, arguments: int, take: Callable[[Mapping[str, Any]], Any]) -> None:
        self.result.structures.append((arguments, take))

    def fields(self, sets: Iterable[SelectionSetNode], type_name: str) -> dict[str, list[FieldNode]]:
        """CollectFields for one concrete type."""
        grouped: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for selection_set in sets:
            self.gather(selection_set, type_name, grouped, spread)
        return grouped

    def gather(
        self, selection_set: SelectionSetNode, type_name: str, grouped: dict[str, list[FieldNode]], spread: set[str]
    ) -> None:
        for node in selection_set.selections:
            if not self.included(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self.applies(node.type_condition.name.value, type_name):
                    self.gather(node.selection_set, type_name, grouped, spread)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
                spread.add(node.name.value)
                fragment = self.operation.fragments[node.name.value]
                if self.applies(fragment.type_condition.name.value, type_name):
                    self.gather(fragment.selection_set, type_name, grouped, spread)

    def applies(self, condition: str, type_name: str) -> bool:
        """DoesFragmentTypeApply."""
        if condition == type_name:
            return True
        abstract, concrete = self.schema.type_map[condition], self.schema.type_map[type_name]
        if not isinstance(concrete, GraphQLObjectType):
            return False
        if isinstance(abstract, GraphQLUnionType):
            return concrete in abstract.types
        return isinstance(abstract, GraphQLInterfaceType) and abstract in concrete.interfaces

    def included(self, directives: Iterable[DirectiveNode]) -> bool:
        for directive in directives:
            if directive.name.value in ("skip", "include"):
                (argument,) = directive.arguments or ()
                value = argument.value
                is_on = bool(self.variables[value.name.value]) if isinstance(value, VariableNode) else value.value is True  # type: ignore[attr-defined]
                if is_on == (directive.name.value == "skip"):
                    return False
        return True


def _list_structure(item: LinkField) -> Callable[[Mapping[str, Any]], Any]:
    def take(values: Mapping[str, Any]) -> Any:
        given = tuple([f.name for f in filters_given(item.filters, values)]) if item.filters else ()
        return given, values.get("orderBy"), values.get("limit") is not None

    return take


def _listing_structure(values: Mapping[str, Any]) -> Any:
    filters = values.get("filter") or {}
    return tuple(sorted(k for k, v in filters.items() if v is not None)), values.get("orderBy"), values.get("after") is not None


def _sets(nodes: Iterable[FieldNode]) -> Iterable[SelectionSetNode]:
    return (node.selection_set for node in nodes if node.selection_set is not None)
