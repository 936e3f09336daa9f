"""The Strawberry schema of a catalogue.

Declared classes are not decorated in place: a type such as `Resident` is put together from the files of several registers, so
its Strawberry type is made here, with the descriptions that the files carry. Fields get no resolver of their own; `resolvers`
answers.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any

import strawberry
from graphql import DirectiveLocation, GraphQLArgument, GraphQLDirective, GraphQLEnumType, GraphQLEnumValue, GraphQLNonNull
from strawberry.relay import PageInfo
from strawberry.schema.config import StrawberryConfig

from schema.catalogue import (
    Catalogue,
    DerivedField,
    FeedRoot,
    Field,
    Filter,
    IdField,
    LinkField,
    ListingRoot,
    LookupRoot,
    RecordType,
)
from schema.evidence import EvidenceQuery
from schema.mutation import mutation_type, stub
from schema.naming import strip_none
from schema.reporting import ReportQuery
from schema.scalars import SCALARS, BigInt
from schema.services import ServicesQuery
from schema.sharing import SharingQuery


def build(catalogue: Catalogue, extra: tuple[type, ...] = ()) -> strawberry.Schema:
    """The graph's schema. `extra`: further Strawberry classes whose hand-written fields join `Query`, as `sharing` does."""
    types_ = _Types(catalogue)
    query = types_.query((SharingQuery, ServicesQuery, EvidenceQuery, *((ReportQuery,) if catalogue.reports else ()), *extra))
    mutation = mutation_type(types_, catalogue.reports) if catalogue.reports else None
    schema = strawberry.Schema(
        query=query,
        mutation=mutation,
        subscription=types_.subscription(),
        types=list(types_.objects.values()),
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    # Strawberry's own directives are called when it executes; this one is read by the planner's callers alone.
    schema._schema.type_map["Refusals"] = _HOW
    schema._schema.directives = (*schema._schema.directives, _DIRECTIVE)
    return schema


REFUSALS = "refusals"
"""The directive by which a document says how to answer what is withheld."""

_HOW = GraphQLEnumType(
    "Refusals",
    {
        "ERRORS": GraphQLEnumValue("ERRORS", description="Null, with an error that says why."),
        "NULL": GraphQLEnumValue("NULL", description="Null, and nothing is said of it."),
        "REJECT": GraphQLEnumValue("REJECT", description="Nothing is read at all unless everything is granted."),
    },
    description="How what is withheld is answered.",
)
_DIRECTIVE = GraphQLDirective(
    REFUSALS,
    [DirectiveLocation.QUERY],
    {"as": GraphQLArgument(GraphQLNonNull(_HOW), description="It counts before the header `Madang-Refusals`.")},
    description="How what is withheld from the caller is answered.",
)


def order_values(record: RecordType) -> dict[str, tuple[str, bool]]:
    """The names of an order enumeration with what they stand for: (column, descending)."""
    return {
        f"{_upper(f.name)}_{word}": (f.column, descending)
        for f in record.sortable()
        for word, descending in (("ASC", False), ("DESC", True))
    }


@strawberry.interface(description="A record with a global id.")
class Node:
    id: strawberry.ID | None = strawberry.field(description="Global id, good for the asking agency alone.")


class _Types:
    """The Strawberry types under construction: classes exist before they have fields, so that they can name one another."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.enums: dict[type[Enum], Any] = {}
        self.orders: dict[str, Any] = {}
        bases = {record.name: (Node,) if record.node else () for record in catalogue.records.values()}
        self.objects: dict[str, type] = {name: types.new_class(name, base) for name, base in bases.items()}
        for record in catalogue.records.values():
            namespace = {f.attribute: self.field(f) for f in record.fields.values()}
            self.define(self.objects[record.name], record.description, namespace)

    def define(self, cls: type, description: str, fields: Mapping[str, tuple[Any, Any]]) -> type:
        cls.__annotations__ = {name: annotation for name, (annotation, _) in fields.items()}
        for name, (_, value) in fields.items():
            setattr(cls, name, value)
        return strawberry.type(cls, description=description)

    def field(self, item: Field) -> tuple[Any, Any]:
        """A field's annotation and its Strawberry field."""
        annotation = (strawberry.ID | None) if isinstance(item, IdField) else self.translate(item.annotation)
        describe: dict[str, Any] = {"name": item.name, "description": item.description}
        match item:
            case DerivedField():
                return annotation, strawberry.field(resolver=item.function, **describe)
            case LinkField(many=True):
                resolver = stub(annotation, self.list_arguments(item))
                return annotation, strawberry.field(resolver=resolver, **describe)
            case _:
                return annotation, strawberry.field(**describe)

    def translate(self, annotation: Any) -> Any:
        """A declared annotation with records and enumerations replaced by their Strawberry types."""
        args = typing.get_args(annotation)
        if typing.get_origin(annotation) is list:
            return list[self.translate(args[0])]  # type: ignore[misc]
        if args:
            return self.translate(next(a for a in args if a is not types.NoneType)) | None
        if isinstance(annotation, type) and issubclass(annotation, Enum):
            return self.enums.setdefault(annotation, strawberry.enum(annotation, description=annotation.__doc__))
        return self.objects.get(getattr(annotation, "__name__", ""), annotation)

    def list_arguments(self, item: LinkField) -> dict[str, Any]:
        record = self.catalogue.records[item.target]
        arguments: dict[str, Any] = {}
        if item.paged:
            arguments["first"] = Annotated[int | None, strawberry.argument(description="Size of the page.")]
        else:
            arguments["limit"] = Annotated[int | None, strawberry.argument(description="At most so many.")]
            if any(record.sortable()):
                arguments["order_by"] = self.order_argument(record)
        return arguments | {f.attribute: self.filter_argument(f) for f in item.filters.values()}

    def filter_argument(self, item: Filter) -> Any:
        argument = strawberry.argument(name=item.name, description=item.description)
        return Annotated[self.translate(item.annotation), argument]

    def order_argument(self, record: RecordType) -> Any:
        if record.name not in self.orders:
            members = {name: name for name in order_values(record)}
            enum = Enum(f"{record.name}Order", members)  # type: ignore[misc]
            self.orders[record.name] = strawberry.enum(enum, description=f"How to order a list of {record.name}.")
        argument = strawberry.argument(description="The order; by default the order that the field's description states.")
        return Annotated[self.orders[record.name] | None, argument]

    def query(self, extra: tuple[type, ...]) -> type:
        node_argument = {"id": Annotated[strawberry.ID, strawberry.argument(description="Global id.")]}
        node = strawberry.field(resolver=stub(Node | None, node_argument), description="Any record that has a global id.")
        fields: dict[str, tuple[Any, Any]] = {"node": (Node | None, node)}
        for root in self.catalogue.roots.values():
            annotation, arguments = self.root(root)
            value = strawberry.field(resolver=stub(annotation, arguments), name=root.name, description=root.description)
            fields[root.name] = (annotation, value)
        return self.define(types.new_class("Query", extra), "What can be asked.", fields)

    def subscription(self) -> type | None:
        """The feed as a subscription, which goes on of itself and so has no page."""
        if (root := self.catalogue.feed) is None:
            return None
        annotation, arguments = self.feed(root)
        del arguments["first"]
        said = f"{root.description} Each message has what is new since the one before."
        value = strawberry.field(resolver=stub(annotation, arguments), name=root.name, description=said)
        return self.define(types.new_class("Subscription"), "What is told as it happens.", {root.name: (annotation, value)})

    def root(self, root: LookupRoot | ListingRoot | FeedRoot) -> tuple[Any, dict[str, Any]]:
        """A root field's annotation and arguments."""
        match root:
            case LookupRoot():
                return self.lookup(root)
            case ListingRoot():
                return self.listing(root)
            case FeedRoot():
                return self.feed(root)

    def feed(self, root: FeedRoot) -> tuple[Any, dict[str, Any]]:
        kind, record = strip_none(self.translate(root.kind.annotation)), self.objects[root.record.name]
        kinds = strawberry.argument(description="Only of these kinds; by default of all.")
        arguments: dict[str, Any] = {
            "after": Annotated[BigInt | None, strawberry.argument(description="Those after the one with this number.")],
            "kinds": Annotated[list[kind] | None, kinds],  # type: ignore[valid-type]
            "first": Annotated[int | None, strawberry.argument(description="At most so many, the earliest first.")],
        }
        return list[record] | None, arguments  # type: ignore[valid-type]

    def lookup(self, root: LookupRoot) -> tuple[Any, dict[str, Any]]:
        def argument(key: Field) -> Any:
            kind = strawberry.ID if isinstance(key, IdField) else str
            optional = kind if len(root.keys) == 1 else (kind | None)
            return Annotated[optional, strawberry.argument(description=key.description)]

        return self.objects[root.record.name] | None, {key.name: argument(key) for key in root.keys}

    def listing(self, root: ListingRoot) -> tuple[Any, dict[str, Any]]:
        fields = {f.attribute: self.filter_field(f) for f in root.filters.values()}
        cls = types.new_class(root.filter_name)
        cls.__annotations__ = {name: annotation for name, (annotation, _) in fields.items()}
        for name, (_, value) in fields.items():
            setattr(cls, name, value)
        filter_type = strawberry.input(cls, description=root.filter_description)
        arguments = {
            "filter": Annotated[filter_type | None, strawberry.argument(description="All conditions must hold.")],
            "order_by": self.order_argument(root.record),
            "first": Annotated[int | None, strawberry.argument(description="Size of the page.")],
            "after": Annotated[str | None, strawberry.argument(description="Cursor of the edge that the page follows.")],
        }
        return self.connection(root.record) | None, arguments

    def filter_field(self, item: Filter) -> tuple[Any, Any]:
        return self.translate(item.annotation), strawberry.field(
            name=item.name, description=item.description, default=strawberry.UNSET
        )

    def connection(self, record: RecordType) -> type:
        edge = self.define(
            types.new_class(f"{record.name}Edge"),
            f"A {record.name} in a list, with the cursor to go on from.",
            {
                "node": (self.objects[record.name] | None, strawberry.field(description="The record.")),
                "cursor": (str, strawberry.field(description="Opaque; good for the same caller, filter and order.")),
            },
        )
        return self.define(
            types.new_class(f"{record.name}Connection"),
            f"One page of a list of {record.name}.",
            {
                "edges": (list[edge] | None, strawberry.field(description="The page's records.")),  # type: ignore[valid-type]
                "page_info": (PageInfo, strawberry.field(description="Where the page lies.")),
                "total_count": (int | None, strawberry.field(description="How many fit the filter, over all pages.")),
            },
        )


def _upper(name: str) -> str:
    return "".join(f"_{c}" if c.isupper() else c for c in name).upper()
