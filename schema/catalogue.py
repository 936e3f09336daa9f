"""All that the registers' files declare, resolved: record types, their fields and coordinates, root fields, and the tables.

The catalogue is what the other layers know of the graph. It is plain data: `schema/build.py` makes the Strawberry schema from it,
the planner binds selections to it, the regulations are checked against its coordinates, and each source is told its tables.
"""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any

from schema.declare import (
    Caller,
    CaseRegister,
    ColumnSpec,
    Declared,
    DerivedSpec,
    Expression,
    Feed,
    FilterSpec,
    Guardianship,
    Hop,
    IdSpec,
    LinkSpec,
    Listing,
    Lookup,
    Register,
    Subject,
    attribute_docs,
)
from schema.naming import camel, strip_none
from schema.reporting import Input, ReportRoot, resolve

ColumnType = type | tuple[str, ...]


class DeclarationError(Exception):
    """A register's file declares something that cannot be; says where."""


@dataclass(frozen=True)
class Field:
    """What every field has: the attribute's and GraphQL's name, the coordinate and its holder."""

    attribute: str
    name: str
    coordinate: str
    holder: str
    description: str
    annotation: Any = field(compare=False)


@dataclass(frozen=True)
class ColumnField(Field):
    column: str
    sortable: bool


@dataclass(frozen=True)
class IdField(Field):
    column: str


@dataclass(frozen=True)
class DerivedField(Field):
    expression: Expression
    function: Callable[..., Any] = field(compare=False)


@dataclass(frozen=True)
class LinkField(Field):
    target: str
    many: bool
    start: str
    end: str
    through: tuple[Hop, ...]
    order: str | None
    filters: Mapping[str, Filter] = field(hash=False)
    """By GraphQL name: arguments of the list that leave out rows."""
    paged: bool
    """The list takes `first`, and has the declared order alone, whatever may be read."""


@dataclass(frozen=True)
class RecordType:
    """A schema type whose rows live in one table of one source."""

    name: str
    register: Register
    table: str
    key: str
    subject: Subject | None
    node: bool
    description: str
    fields: Mapping[str, Field]
    """By GraphQL name, in the order of declaration."""

    @property
    def source(self) -> str:
        return self.register.name

    @property
    def id(self) -> IdField:
        return next(f for f in self.fields.values() if isinstance(f, IdField))

    def by_attribute(self, attribute: str) -> Field:
        return next(f for f in self.fields.values() if f.attribute == attribute)

    def sortable(self) -> Iterator[ColumnField]:
        return (f for f in self.fields.values() if isinstance(f, ColumnField) and f.sortable)


@dataclass(frozen=True)
class Filter:
    """One field of a filter input, or one argument of a child list: the record's field that it compares, and how."""

    attribute: str
    name: str
    target: ColumnField | DerivedField
    operator: str
    description: str
    annotation: Any = field(compare=False)


@dataclass(frozen=True)
class LookupRoot:
    name: str
    record: RecordType
    keys: tuple[ColumnField | IdField, ...]
    """The fields by which it finds; none where the caller is the key."""
    caller: str | None
    description: str

    @property
    def coordinate(self) -> str:
        return f"Query.{self.name}"


@dataclass(frozen=True)
class ListingRoot:
    name: str
    record: RecordType
    filter_name: str
    filter_description: str
    filters: Mapping[str, Filter]
    description: str

    @property
    def count_coordinate(self) -> str:
        return f"{self.record.name}Connection.totalCount"


FACTS = "event_fact"
"""The table of what was found out of an event's resident when it arrived, beside the feed's own."""
FED: Mapping[str, type] = {"event": int, "agency": str, "role": str, "purpose": str, "follower": str}
"""The columns of the feed's table that say of which event a row is, and whose."""


@dataclass(frozen=True)
class FeedRoot:
    name: str
    record: RecordType
    number: ColumnField
    kind: ColumnField
    description: str

    @property
    def coordinate(self) -> str:
        return f"Query.{self.name}"

    @property
    def stream(self) -> str:
        """Where the same is as a subscription."""
        return f"Subscription.{self.name}"


Root = LookupRoot | ListingRoot | FeedRoot


@dataclass(frozen=True)
class Catalogue:
    records: Mapping[str, RecordType]
    roots: Mapping[str, Root]
    registers: Mapping[str, Register]
    cases: CaseRegister | None = None
    guardianship: Guardianship | None = None
    reports: Mapping[str, ReportRoot] = field(default_factory=dict)

    @classmethod
    def load(cls, modules: Iterable[str]) -> Catalogue:
        """Import the registers' files and resolve what they declare; raises `DeclarationError`."""
        loaded = [importlib.import_module(name) for name in modules]
        declared = [d for module in loaded for d in _declared(module)]
        unfiltered = {d.cls.__name__: _record(d, declared) for d in declared if d.extends is None}
        records = {name: _filtered(record, declared, unfiltered) for name, record in unfiltered.items()}
        registers = {d.register.name: d.register for d in declared}
        roots = {r.name: _root(r, records) for module in loaded for r in getattr(module, "ROOTS", ())}
        reports = {r.name: resolve(r) for module in loaded for r in getattr(module, "REPORTS", ())}
        catalogue = cls(records, roots, registers, _only(loaded, "CASES"), _only(loaded, "GUARDIANSHIP"), reports)
        catalogue._check()
        return catalogue

    @cached_property
    def feed(self) -> FeedRoot | None:
        """The root field of what has happened, if there is one."""
        return next((root for root in self.roots.values() if isinstance(root, FeedRoot)), None)

    def is_fed(self, record: RecordType) -> bool:
        """Whether a record's rows are those of the feed."""
        return self.feed is not None and self.feed.record is record

    def holder(self, source: str) -> str:
        """Who keeps what a source has; the gateway's own database is no register, and is called by its own name."""
        return self.registers[source].holder if source in self.registers else source

    def coordinates(self) -> dict[str, str]:
        """Every coordinate that a regulation can share, with the holder whose it is to share."""
        found = {f.coordinate: f.holder for record in self.records.values() for f in record.fields.values()}
        for root in self.roots.values():
            if isinstance(root, ListingRoot):
                found[root.count_coordinate] = root.record.register.holder
        return found | {coordinate: report.holder for report in self.reports.values() for coordinate in report.coordinates()}

    def tables(self, source: str) -> dict[str, dict[str, ColumnType]]:
        """Table → column → type for one source: all columns that fields, links, hops, keys and subjects name."""
        found: dict[str, dict[str, ColumnType]] = {}
        for where, table, column, kind in self._columns():
            if where == source and (column not in found.setdefault(table, {}) or kind is not None):
                found[table][column] = kind or _key_type(column)
        return found

    def _columns(self) -> Iterator[tuple[str, str, str, ColumnType | None]]:
        for record in self.records.values():
            here = (record.source, record.table)
            yield (*here, record.key, None)
            if subject := record.subject:
                for column in filter(None, (subject.self, subject.household, subject.jurisdiction)):
                    yield (*here, column, None)
            for item in record.fields.values():
                yield from self._field_columns(record, item)
        if feed := self.feed:
            yield from ((feed.record.source, feed.record.table, column, kind) for column, kind in FED.items())
            facts = (("event", int), ("fact", str), ("holds", bool))
            yield from ((feed.record.source, FACTS, column, kind) for column, kind in facts)
        if cases := self.cases:
            record = self.records[cases.record.__name__]
            for column in (cases.number, cases.agency, cases.service, cases.resident):
                yield (record.source, record.table, column, str)
            for column in (cases.opened, cases.closed):
                yield (record.source, record.table, column, dt.date)
        if guardianship := self.guardianship:
            record = self.records[guardianship.child.__name__]
            yield (record.source, record.table, guardianship.birth_date, dt.date)
            yield from _hop_columns(guardianship.through)

    def _field_columns(self, record: RecordType, item: Field) -> Iterator[tuple[str, str, str, ColumnType | None]]:
        here = (record.source, record.table)
        match item:
            case ColumnField():
                yield (*here, item.column, column_type(item.annotation))
            case IdField():
                yield (*here, item.column, int)
            case DerivedField():
                yield (*here, item.expression.column, None)
            case LinkField():
                target = self.records[item.target]
                yield (*here, item.start, None)
                yield (target.source, target.table, item.end, None)
                for hop in item.through:
                    yield from _hop_columns(hop)
                if item.order:
                    yield (target.source, target.table, item.order.lstrip("-"), None)

    def _check(self) -> None:
        if len([root for root in self.roots.values() if isinstance(root, FeedRoot)]) > 1:
            raise DeclarationError("two root fields are feeds, but there is only one")
        for report in self.reports.values():
            if unknown := [name for name, _ in report.declared.takes if name not in self.registers]:
                raise DeclarationError(f"`{report.name}` is taken by `{unknown[0]}`, which no register's file declares")
            for name in named_by(report.input):
                subject = self.records[name].subject if name in self.records else None
                if subject is None or None in (subject.self, subject.household, subject.jurisdiction):
                    raise DeclarationError(f"`{report.name}` names a {name}, which is no resident of a household and a district")
        for record in self.records.values():
            for item in record.fields.values():
                if not isinstance(item, LinkField):
                    continue
                if item.target not in self.records:
                    raise DeclarationError(f"{item.coordinate} links to `{item.target}`, which no register declares")
                # Row conditions of a record without a subject are checked on the row it is linked from.
                if self.records[item.target].subject is None and record.subject is None:
                    raise DeclarationError(f"{item.coordinate} links two records that both lack a subject")
                if not item.many and (item.filters or item.paged):
                    raise DeclarationError(f"{item.coordinate} is no list, so it has nothing to filter and no pages")
                if taken := sorted({"first", "limit", "orderBy"} & {*item.filters}):
                    raise DeclarationError(f"{item.coordinate} has a filter `{taken[0]}`, which is how a list is cut or ordered")


def named_by(given: Input) -> Iterator[str]:
    """The record types that an input names records of."""
    if given.names is not None:
        yield given.names
    for item in given.fields:
        if isinstance(item.kind, Input):
            yield from named_by(item.kind)


def _hop_columns(hop: Hop) -> Iterator[tuple[str, str, str, ColumnType | None]]:
    for column in (hop.key, hop.value):
        yield (hop.source, hop.table, column, None)
    for column, value in hop.where:
        yield (hop.source, hop.table, column, bool if isinstance(value, bool) else None)


def column_type(annotation: Any) -> ColumnType:
    """The type of a column from its field's annotation, `X | None`."""
    inner = strip_none(annotation)
    inner = getattr(inner, "__supertype__", inner)  # BigInt is a NewType over int, DateTime one over str
    if isinstance(inner, type) and issubclass(inner, Enum):
        return tuple(member.value for member in inner)
    assert inner in (str, int, bool, dt.date), annotation
    return typing.cast(type, inner)


def _key_type(column: str) -> ColumnType:
    # Key columns that are not fields themselves: internal keys are bigints and named so, all others are text.
    return int if column == "id" or column.endswith("_id") else str


def _declared(module: types.ModuleType) -> list[Declared]:
    found = (vars(value).get("__declared__") for value in vars(module).values() if isinstance(value, type))
    return [d for d in found if d is not None and d.cls.__module__ == module.__name__]


def _only(modules: Iterable[types.ModuleType], name: str) -> Any:
    """What one of the modules exports under a name, if any does."""
    found = [module for module in modules if hasattr(module, name)]
    if len(found) > 1:
        raise DeclarationError(f"`{name}` is exported by {' and '.join(f'`{m.__name__}`' for m in found)}, but there is only one")
    return getattr(found[0], name) if found else None


def _record(declared: Declared, everything: list[Declared]) -> RecordType:
    parts = [declared, *(d for d in everything if d.extends is declared.cls)]
    fields = {}
    for part in parts:
        for item in _fields(declared.cls.__name__, part):
            if item.name in fields:
                raise DeclarationError(f"{item.coordinate} is declared twice, by {part.cls.__name__} and before")
            fields[item.name] = item
    return RecordType(
        declared.cls.__name__, declared.register, declared.table, declared.key, declared.subject, declared.node,
        inspect.getdoc(declared.cls) or "", fields,
    )  # fmt: skip


def _fields(owner: str, declared: Declared) -> Iterator[Field]:
    hints = typing.get_type_hints(declared.cls)
    for attribute, value in vars(declared.cls).items():
        derived_spec = getattr(value, "__derived__", None)
        if derived_spec is None and not isinstance(value, ColumnSpec | IdSpec | LinkSpec):
            continue
        name = camel(attribute)
        hint = typing.get_type_hints(value)["return"] if derived_spec else hints[attribute]
        description = (inspect.getdoc(value) if derived_spec else declared.descriptions.get(attribute)) or ""
        common = (attribute, name, f"{owner}.{name}", declared.register.holder, description, hint)
        match derived_spec or value:
            case ColumnSpec() as spec:
                yield ColumnField(*common, spec.name or attribute, spec.sortable)
            case IdSpec(column):
                yield IdField(*common, column)
            case DerivedSpec(expression):
                yield DerivedField(*common, expression, value)
            case LinkSpec() as spec:
                inner = strip_none(hint)
                many = typing.get_origin(inner) is list
                target = typing.get_args(inner)[0] if many else inner
                yield LinkField(
                    *common, target.__name__, many, spec.start, spec.end, spec.through, spec.order, filters={}, paged=spec.paged
                )


def _filtered(record: RecordType, declared: Iterable[Declared], records: Mapping[str, RecordType]) -> RecordType:
    """The record with the filters of its links, which compare fields of the records that these lead to."""
    parts = (d for d in declared if record.name == (d.extends or d.cls).__name__)
    specs = {camel(name): spec for part in parts for name, spec in vars(part.cls).items() if isinstance(spec, LinkSpec)}
    fields = dict(record.fields)
    for name, item in record.fields.items():
        if isinstance(item, LinkField) and item.target in records and (cls := specs[name].filter) is not None:
            fields[name] = replace(item, filters={f.name: f for f in _filters(cls, records[item.target])})
    return replace(record, fields=fields)


def _root(declared: Lookup | Listing | Feed, records: Mapping[str, RecordType]) -> Root:
    record = records[declared.record.__name__]
    if isinstance(declared, Feed):
        number, kind = (typing.cast(ColumnField, record.by_attribute(each)) for each in (declared.number, declared.kind))
        return FeedRoot(declared.name, record, number, kind, declared.description)
    if isinstance(declared, Lookup):
        caller = next((k.attribute for k in declared.keys if isinstance(k, Caller)), None)
        keys = tuple(record.by_attribute(k) for k in declared.keys if isinstance(k, str))
        return LookupRoot(declared.name, record, typing.cast(Any, keys), caller, declared.description)
    return ListingRoot(
        declared.name, record, declared.filter.__name__, inspect.getdoc(declared.filter) or "",
        {f.name: f for f in _filters(declared.filter, record)}, declared.description,
    )  # fmt: skip


def _filters(cls: type, record: RecordType) -> Iterator[Filter]:
    from_docs = attribute_docs(cls)
    hints = typing.get_type_hints(cls)
    for attribute, value in vars(cls).items():
        if isinstance(value, FilterSpec):
            target = next((f for f in record.fields.values() if f.attribute == value.operand), None)
            if not isinstance(target, ColumnField | DerivedField):
                raise DeclarationError(
                    f"`{cls.__name__}` compares `{value.operand}`, which is no column and no derived field of {record.name}"
                )
            yield Filter(attribute, camel(attribute), target, value.operator, from_docs.get(attribute, ""), hints[attribute])
