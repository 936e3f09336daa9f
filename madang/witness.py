"""An operation that shows a change of the regulations: under one set it is planned, and answered, otherwise than under another.

It goes from a root field over links to the coordinate. All that it asks on the way is granted under both sets where there is such
a way; otherwise under the one that grants the coordinate, for then the other set withholds something on the way as well.
"""

from __future__ import annotations

import datetime as dt
import inspect
import typing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from auth.access import Access, Caller, Profile, Use
from auth.authorizer import RegulationAuthorizer
from auth.diff import Change
from auth.reach import Circumstance
from auth.situations import Situations, profile
from schema.build import order_values
from schema.catalogue import (
    Catalogue,
    DerivedField,
    FeedRoot,
    Field,
    LinkField,
    ListingRoot,
    LookupRoot,
    RecordType,
    Root,
    column_type,
)
from schema.naming import strip_none
from schema.scalars import DateTime

NUMBER = "0000000000000"
"""What stands in a witness where an operation would have an id or a number: whose record it is does not matter for a plan."""
_VALUES: dict[Any, str] = {
    int: "1", str: f'"{NUMBER}"', bool: "true", dt.date: '"2000-01-01"', DateTime: '"2000-01-01T00:00:00Z"',
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Witness:
    """Who asks what: a circumstance, whether with a case, and the document."""

    circumstance: Circumstance
    case: bool
    document: str


class Witnesses:
    """Finds them for the changes between two sets of regulations."""

    def __init__(self, catalogue: Catalogue, before: RegulationAuthorizer, after: RegulationAuthorizer) -> None:
        self._catalogue, self._laws = catalogue, (before, after)
        self._purposes: dict[tuple[str, str], frozenset[str]] = {}

    def of(self, change: Change) -> Witness | None:
        """An operation that shows the change; none if no operation that could be asked reaches the coordinate."""
        denied = (change.before.denied, change.after.denied)
        for where in change.where:
            for circumstance in self._asking(where):
                for case, access, use in product(where.cases, where.accesses, where.uses):
                    laws = [profile(law, circumstance, case) for law in self._laws]
                    granting = [law for law, nothing in zip(laws, denied, strict=True) if not nothing]
                    for under in (laws, *([law] for law in granting or laws)):
                        document = operation(self._catalogue, under, change.coordinate, access, use)
                        if document is not None:
                            return Witness(circumstance, case, document)
        return None

    def _asking(self, where: Situations) -> Iterator[Circumstance]:
        """The circumstances in which anything may be asked, one of those that are under the same rules."""
        seen = set()
        for agency, role in product(where.agencies, where.roles):
            allowed = self._purposes.get((agency, role))
            if allowed is None:
                caller = Caller(agency, role, "")
                allowed = frozenset(purpose for law in self._laws for purpose in law.purposes(caller))
                self._purposes[agency, role] = allowed
            for purpose in where.purposes:
                cells = tuple(id(law.table.cell(agency, role, purpose)) for law in self._laws)
                if purpose in allowed and cells not in seen:
                    seen.add(cells)
                    yield Circumstance(agency, role, purpose)


def operation(catalogue: Catalogue, under: Sequence[Profile], coordinate: str, access: Access, use: Use) -> str | None:
    """A document that asks for a coordinate, or by it, all of whose other steps are granted; none if no operation reaches it."""
    return _Writer(catalogue, under, access).document(coordinate, use)


class _Writer:
    """Writes an operation all of whose steps are granted under some laws."""

    def __init__(self, catalogue: Catalogue, under: Sequence[Profile], access: Access) -> None:
        self.catalogue, self.under, self.access = catalogue, under, access

    def grants(self, coordinate: str, access: Access, use: Use) -> bool:
        return all(not law.decide(coordinate, access, use).denied for law in self.under)

    def document(self, coordinate: str, use: Use) -> str | None:
        """The first that asks for a coordinate, or by it."""
        found = self.reading(coordinate) if use == "read" else self.searching(coordinate)
        text = next(found, None)
        return None if text is None else f"{{ {text} }}"

    def reading(self, coordinate: str) -> Iterator[str]:
        record, _, name = coordinate.partition(".")
        for root in self.catalogue.roots.values():
            if isinstance(root, ListingRoot) and root.count_coordinate == coordinate:
                yield from (f"{entrance} {{ totalCount }}" for entrance in self.entrances(root))
        if record in self.catalogue.records:
            field = _field(self.catalogue.records[record].fields[name])
            yield from (around(field) for around in self.ways(record))

    def searching(self, coordinate: str) -> Iterator[str]:
        record, _, name = coordinate.partition(".")
        if record not in self.catalogue.records:
            return
        kind = self.catalogue.records[record]
        for root in self.catalogue.roots.values():
            if isinstance(root, LookupRoot) and self.access == "lookup":
                keys = (key for key in root.keys if key.coordinate == coordinate)
                yield from (f"{root.name}({key.name}: {_VALUES[str]}) {{ __typename }}" for key in keys)
                if root.caller and root.record is kind and kind.id.coordinate == coordinate:
                    yield f"{root.name} {{ __typename }}"
            elif isinstance(root, ListingRoot) and self.access == "list" and root.record is kind:
                yield from self.narrowing(root, coordinate)
            elif isinstance(root, FeedRoot) and self.access == "events":
                if coordinate == root.number.coordinate:
                    yield f"{root.name} {{ __typename }}"
                elif coordinate == root.kind.coordinate and self.grants(root.number.coordinate, "events", "search"):
                    yield f"{root.name}(kinds: [{_value(root.kind.annotation)}]) {{ __typename }}"
        for owner in self.catalogue.records.values():
            links = (each for each in owner.fields.values() if isinstance(each, LinkField) and each.target == record)
            for link in links:
                if link.many and self.grants(link.coordinate, self.access, "read"):
                    for argument in _asking(link, kind.fields[name], kind):
                        text = f"{link.name}({argument}) {{ __typename }}"
                        yield from (around(text) for around in self.ways(owner.name))

    def narrowing(self, root: ListingRoot, coordinate: str) -> Iterator[str]:
        """A list that is filtered or sorted by a coordinate."""
        page = "edges { cursor }"
        if root.record.id.coordinate == coordinate:
            yield f"{root.name} {{ {page} }}"
        for order, field in _orders(root.record):
            if field.coordinate == coordinate:
                yield f"{root.name}(orderBy: {order}) {{ {page} }}"
        for item in root.filters.values():
            if item.target.coordinate == coordinate:
                for entrance in self.entrances(root):
                    name, _, arguments = entrance.rstrip(")").partition("(")
                    found = ", ".join(filter(None, [arguments, f"filter: {{ {item.name}: {_value(item.annotation)} }}"]))
                    yield f"{name}({found}) {{ {page} }}"

    def entrances(self, root: Root) -> Iterator[str]:
        """A root field with arguments that may be searched by."""
        if isinstance(root, FeedRoot):
            if self.access == "events" and self.grants(root.number.coordinate, "events", "search"):
                yield root.name
        elif isinstance(root, ListingRoot):
            if self.access == "list":
                if self.grants(root.record.id.coordinate, "list", "search"):
                    yield root.name
                for order, field in _orders(root.record):
                    if self.grants(field.coordinate, "list", "search"):
                        yield f"{root.name}(orderBy: {order})"
        elif self.access == "lookup":
            for key in root.keys:
                if self.grants(key.coordinate, "lookup", "search"):
                    yield f"{root.name}({key.name}: {_VALUES[str]})"
            if root.caller and self.grants(root.record.id.coordinate, "lookup", "search"):
                yield root.name

    def ways(self, record: str) -> Iterator[Callable[[str], str]]:
        """Ways to a record's rows, short ones first: functions that put the rest of an operation around a selection."""
        for root in self.catalogue.roots.values():
            entrance = next(self.entrances(root), None)
            path = self.path(root.record, record) if entrance is not None else None
            if path is None:
                continue
            opened = "{ edges { node" if isinstance(root, ListingRoot) else ""
            closed = " } }" if opened else ""
            start = f"{entrance} {opened} {{ " if opened else f"{entrance} {{ "

            def around(selection: str, start: str = start, path: list[str] = path, closed: str = closed) -> str:
                return f"{start}{''.join(f'{name} {{ ' for name in path)}{selection}{' }' * len(path)} }}{closed}"

            yield around

    def path(self, start: RecordType, record: str) -> list[str] | None:
        """The fewest links from one record to another that may be followed."""
        reached: dict[str, list[str]] = {start.name: []}
        queue = [start]
        for here in queue:
            for item in here.fields.values():
                if not isinstance(item, LinkField) or item.target in reached:
                    continue
                if self.grants(item.coordinate, self.access, "read"):
                    reached[item.target] = [*reached[here.name], item.name]
                    queue.append(self.catalogue.records[item.target])
        return reached.get(record)


def _field(item: Field) -> str:
    """How a field is selected, with the arguments that it must have."""
    if isinstance(item, LinkField):
        return f"{item.name} {{ __typename }}"
    if isinstance(item, DerivedField):
        hints = typing.get_type_hints(item.function)
        names = [name for name in inspect.signature(item.function).parameters if name != "self"]
        if names:
            return f"{item.name}({', '.join(f'{name}: {_value(hints[name])}' for name in names)})"
    return item.name


def _asking(link: LinkField, by: Field, target: RecordType) -> Iterator[str]:
    """The arguments by which a child list is sorted or filtered by a field."""
    if not link.paged:
        yield from (f"orderBy: {order}" for order, field in _orders(target) if field.name == by.name)
    yield from (f"{f.name}: {_value(f.annotation)}" for f in link.filters.values() if f.target.coordinate == by.coordinate)


def _value(annotation: Any) -> str:
    if (inner := strip_none(annotation)) in _VALUES:
        return _VALUES[inner]
    found = column_type(annotation)
    return found[0] if isinstance(found, tuple) else _VALUES[found]


def _orders(record: RecordType) -> Iterator[tuple[str, Field]]:
    """The names of a record's orders, and the fields by which they sort."""
    by_column = {field.column: field for field in record.sortable()}
    return ((name, by_column[column]) for name, (column, descending) in order_values(record).items() if not descending)
