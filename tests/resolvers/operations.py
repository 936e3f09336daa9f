"""Random valid operations over the real graph.

`Writer` writes a document as a person with a cruel streak would: fields twice, under aliases that are other fields' names, in
fragments within fragments on interfaces, under `@skip` and `@include`, with every argument as a literal, a variable, a default,
null or not at all. It is driven by `Dice`, so that hypothesis can choose and shrink.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from auth.access import Access
from schema.build import order_values
from schema.catalogue import (
    ColumnField,
    DerivedField,
    FeedRoot,
    Field,
    Filter,
    LinkField,
    ListingRoot,
    LookupRoot,
    RecordType,
)
from schema.naming import strip_none
from schema.scalars import BigInt, DateTime
from tests.resolvers.nation import CATALOGUE, DISTRICTS, HOUSEHOLDS, RESIDENTS, household_id, resident_id, rrn

T = TypeVar("T")
COUNTS = (3, 0, 1, 2, 1000, 14, -1, 1001, 2**31 - 1)
LISTING = next(r for r in CATALOGUE.roots.values() if isinstance(r, ListingRoot))
TEXTS = ("", "x", "naïve 표", "' OR 1=1 --", "\x00", "9" * 13, "A" * 32)


class Dice:
    """Chance, from a function that draws an integer between two bounds; small is simple."""

    def __init__(self, integer: Callable[[int, int], int]) -> None:
        self.integer = integer

    def chance(self, percent: int) -> bool:
        return self.integer(0, 99) >= 100 - percent

    def choose(self, options: Sequence[T]) -> T:
        return options[self.integer(0, len(options) - 1)]


@dataclass(frozen=True)
class Follow:
    """Stands for a cursor that the graph itself gives: of a list with this filter and order, the one at this place."""

    filter: str
    order: str | None
    place: int


@dataclass
class Operation:
    text: str
    variables: dict[str, Any]
    touched: list[tuple[str, str]]
    """(coordinate, use), each once."""
    accesses: list[Access]

    def follows(self) -> Iterator[tuple[str, Follow]]:
        return ((n, v) for n, v in self.variables.items() if isinstance(v, Follow))


@dataclass
class Writer:
    dice: Dice
    ids: Callable[[str, int, str], str]
    """(record, key, whose: own or another agency's) → global id."""
    roots: Sequence[str] = ("resident", "residents", "node", "household", "me")
    budget: int = 14
    deepest: int = 5
    variables: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    fragments: list[tuple[str, str, str]] = field(default_factory=list)
    """(name, type, text)"""
    bound: dict[tuple[str, str], str] = field(default_factory=dict)
    """(type, response name) → field and arguments"""
    numbered: dict[str, int] = field(default_factory=dict)
    touched: dict[tuple[str, str], None] = field(default_factory=dict)
    accesses: dict[Access, None] = field(default_factory=dict)
    headers: list[tuple[str, str]] = field(default_factory=list)

    def operation(self) -> Operation:
        parts = [self.root() for _ in range(self.dice.integer(1, 3))]
        if self.dice.chance(10):
            parts.append("__typename")
        head = f"query Q({', '.join(self.declared)})" if self.declared else "query"
        fragments = "".join(f"\nfragment {n} on {t} {body}" for n, t, body in self.fragments)
        text = f"{head} {{ {' '.join(parts)} }}{fragments}"
        return Operation(text, self.variables, list(self.touched), list(self.accesses))

    # Roots

    def root(self) -> str:
        if self.headers and self.dice.chance(25):
            header, kind = self.dice.choose(self.headers)
        else:
            header, kind = self.header()
            self.headers.append((header, kind))
        text = f"{header}{self.directives()} {self.selections(kind, 1)}"
        return f"... on Query{self.directives()} {{ {text} }}" if self.dice.chance(10) else text

    def header(self) -> tuple[str, str]:
        name = self.dice.choose(self.roots)
        declared = CATALOGUE.roots.get(name)
        assert not isinstance(declared, FeedRoot)
        if isinstance(declared, ListingRoot):
            self.accesses["list"] = None
            arguments, kind = self.listing(declared), f"{declared.record.name}Connection"
        else:
            self.accesses["lookup"] = None
            arguments, kind = self.lookup(declared), declared.record.name if declared else "Node"
        alias = f"r{len(self.headers)}: " if self.headers or self.dice.chance(30) else ""
        return f"{alias}{name}{arguments}", kind

    def lookup(self, declared: LookupRoot | None) -> str:
        if declared is None:
            for record in (r for r in CATALOGUE.records.values() if r.node):
                self.touch(record.id.coordinate, "search")
            return f"(id: {self.value('ID!', self.some_id(self.dice.choose(['Resident', 'Household'])))})"
        if declared.caller:
            self.touch(declared.record.id.coordinate, "search")
            return ""
        if len(declared.keys) == 1:
            self.touch(declared.keys[0].coordinate, "search")
            return f"(id: {self.value('ID!', self.some_id(declared.record.name))})"
        keys = self.dice.choose([("rrn",), ("id",), ("rrn", "id"), ()])
        for key in keys:
            self.touch(declared.record.fields[key].coordinate, "search")
        options = {"rrn": ("String", self.some_rrn()), "id": ("ID", self.some_id(declared.record.name))}
        texts = [f"{n}: {self.value(t, v)}" for n, (t, v) in options.items() if n in keys]
        texts += [f"{n}: null" for n in options if n not in keys and self.dice.chance(30)]
        return f"({', '.join(texts)})" if texts else ""

    def listing(self, declared: ListingRoot) -> str:
        texts = []
        given, text = self.filter(declared) if self.dice.chance(60) else ({}, "")
        if text:
            texts.append(f"filter: {text}")
        order = None
        if self.dice.chance(50):
            order = self.dice.choose(list(order_values(declared.record)))
            text, order = self.seen_value(f"{declared.record.name}Order", order)
            texts.append(f"orderBy: {text}")
        by = order_values(declared.record)[order][0] if order else ""
        sort = next((f for f in declared.record.sortable() if f.column == by), declared.record.id)
        self.touch(sort.coordinate, "search")
        if self.dice.chance(70):
            texts.append(f"first: {self.value('Int', self.dice.choose(COUNTS))}")
        if self.dice.chance(30):
            texts.append(f"after: {self.cursor(given, order)}")
        return f"({', '.join(texts)})" if texts else ""

    def cursor(self, given: dict[str, Any], order: str | None) -> str:
        if self.dice.chance(20):
            return self.value("String", self.dice.choose(TEXTS))
        if self.dice.chance(15):
            order = None if order else "NAME_ASC"
        follow = Follow(json.dumps(given, sort_keys=True), order, self.dice.integer(0, 4))
        return self.variable("String", follow)

    def filter(self, declared: ListingRoot) -> tuple[dict[str, Any], str]:
        pools: dict[str, Sequence[Any]] = {
            "districtCode": [*DISTRICTS, "00000"], "ageAtLeast": [0, 19, 45, -5, 2**31 - 1], "ageAtMost": [200, 45, 18],
            "sex": ["FEMALE", "MALE"], "status": ["REGISTERED", "DECEASED", "EMIGRATED"],
        }  # fmt: skip
        given = {n: self.dice.choose(pool) for n, pool in pools.items() if self.dice.chance(35)}
        if self.dice.chance(20):
            given[self.dice.choose(list(pools))] = None
        for name, value in given.items():
            if value is not None:
                self.touch(declared.filters[name].target.coordinate, "search")
        if self.dice.chance(40):
            return given, self.variable(declared.filter_name, given)
        kinds = {"ageAtLeast": "Int", "ageAtMost": "Int", "sex": "Sex", "status": "ResidentStatus"}
        texts, seen = [], {}
        for name, value in given.items():
            text, seen[name] = self.seen_value(kinds.get(name, "String"), value)
            texts.append(f"{name}: {text}")
        return seen, f"{{{', '.join(texts)}}}"

    def some_rrn(self) -> str:
        known = rrn(self.dice.integer(0, RESIDENTS - 1))
        return known if not self.dice.chance(15) else self.dice.choose(TEXTS)

    def some_id(self, record: str) -> str:
        place = self.dice.integer(0, 99)
        keys = {"Resident": (resident_id, RESIDENTS), "Household": (household_id, HOUSEHOLDS)}
        make, many = keys[record]
        key = make(self.dice.integer(0, many))  # One more than there are.
        if place < 75:
            return self.ids(record, key, "own")
        if place < 82:
            return self.ids("Household" if record == "Resident" else "Resident", key, "own")
        return self.ids(record, key, "foreign") if place < 90 else self.dice.choose([*TEXTS, str(key)])

    # Selections

    def selections(self, kind: str, depth: int) -> str:
        return f"{{ {' '.join(self.part(kind, depth) for _ in range(self.dice.integer(1, 4)))} }}"

    def part(self, kind: str, depth: int) -> str:
        self.budget -= 1
        roll = self.dice.integer(0, 9) if self.budget > 0 and depth < self.deepest else 0
        if roll == 9:
            target = self.dice.choose(self.applicable(kind))
            condition = f" on {target}" if target != kind or self.dice.chance(50) else ""
            return f"...{condition}{self.directives()} {self.selections(target, depth + 1)}"
        if roll == 8:
            return self.spread(kind, depth)
        return self.field(kind, depth)

    def applicable(self, kind: str) -> list[str]:
        if kind == "Node":
            return ["Resident", "Household", "Node"]
        record = CATALOGUE.records.get(kind)
        return [kind, "Node"] if record and record.node else [kind]

    def spread(self, kind: str, depth: int) -> str:
        known = [name for name, target, _ in self.fragments if target in self.applicable(kind)]
        if known and self.dice.chance(50):
            return f"...{self.dice.choose(known)}{self.directives()}"
        target = self.dice.choose(self.applicable(kind))
        body = self.selections(target, depth + 1)
        name = f"F{len(self.fragments)}"
        self.fragments.append((name, target, body))
        return f"...{name}{self.directives()}"

    def field(self, kind: str, depth: int) -> str:
        if self.dice.chance(8):
            return self.dice.choose(["__typename", "type: __typename"])
        if kind == "Node":
            for record in (r for r in CATALOGUE.records.values() if r.node):
                self.touch(record.id.coordinate, "read")
            return f"{self.named(kind, 'id', '')}{self.directives()}"
        if kind in CATALOGUE.records:
            return self.of_record(CATALOGUE.records[kind], depth)
        return self.of_connection(kind, depth)

    def of_connection(self, kind: str, depth: int) -> str:
        record = LISTING.record.name
        if kind == "PageInfo":
            name = self.dice.choose(["hasNextPage", "endCursor", "hasPreviousPage", "startCursor"])
            return f"{self.named(kind, name, '')}{self.directives()}"
        if kind == f"{record}Edge":
            name, target = self.dice.choose([("node", record), ("node", record), ("cursor", "")])
        else:
            name, target = self.dice.choose(
                [("edges", f"{record}Edge"), ("edges", f"{record}Edge"), ("pageInfo", "PageInfo"), ("totalCount", "")]
            )
        if name == "totalCount":
            self.touch(LISTING.count_coordinate, "read")
        below = f" {self.selections(target, depth + 1)}" if target else ""
        return f"{self.named(kind, name, '')}{self.directives()}{below}"

    def of_record(self, record: RecordType, depth: int) -> str:
        fields = list(record.fields.values())
        leaves = [f for f in fields if not isinstance(f, LinkField)]
        links = [f for f in fields if isinstance(f, LinkField)] if self.budget > 0 and depth < self.deepest else []
        # Those with filters are few and take the most arguments, so they stand there twice.
        links = [*(f for f in links if f.filters), *links]
        chosen: Field = self.dice.choose(links) if links and self.dice.chance(45) else self.dice.choose(leaves or fields)
        self.touch(chosen.coordinate, "read")
        if not isinstance(chosen, LinkField):
            arguments = ""
            if isinstance(chosen, DerivedField) and chosen.name == "incomeAtMost":
                amounts = (1_700_000_001, "1700000002", 0, 2**63 - 1, -5)
                arguments = f"(amount: {self.value('BigInt!', self.dice.choose(amounts))})"
            return f"{self.named(record.name, chosen.name, arguments)}{self.directives()}"
        arguments = self.list_arguments(chosen) if chosen.many else ""
        below = self.selections(chosen.target, depth + 1)
        return f"{self.named(record.name, chosen.name, arguments)}{self.directives()} {below}"

    def list_arguments(self, item: LinkField) -> str:
        target = CATALOGUE.records[item.target]
        texts = [self.narrowed_by(each) for each in item.filters.values() if self.dice.chance(35)]
        orders = order_values(target)
        order = None
        if self.dice.chance(25) and orders and not item.paged:
            text, order = self.seen_value(f"{target.name}Order", self.dice.choose(list(orders)))
            texts.append(f"orderBy: {text}")
        by = orders[order][0] if order else (item.order or "").lstrip("-")
        for each in (f for f in target.fields.values() if isinstance(f, ColumnField) and f.column == by):
            self.touch(each.coordinate, "search" if order else "read")
        if self.dice.chance(25):
            texts.append(f"{'first' if item.paged else 'limit'}: {self.value('Int', self.dice.choose(COUNTS))}")
        return f"({', '.join(texts)})" if texts else ""

    def narrowed_by(self, item: Filter) -> str:
        """An argument that filters a child list."""
        pools: dict[Any, tuple[str, Sequence[Any]]] = {
            int: ("Int", (1_700_000_001, 1_700_000_000, 0, -(2**31))),
            BigInt: ("BigInt", (1_700_000_001, "1700000002", 2**63 - 1, -(2**63))),
            DateTime: ("DateTime", ("2026-02-01T09:00:00.000001+09:00", "2026-02-01T00:00:00.0000019Z", "0001-01-01T00:00:00Z")),
            dt.date: ("Date", ("1991-01-02", "1991-01-03", "0001-01-01")),
            bool: ("Boolean", (True, False)),
            str: ("String", (*(f"post.letter.office#{n:05d}" for n in range(3)), *TEXTS)),
        }
        inner = strip_none(item.annotation)
        kind, pool = pools.get(inner) or (inner.__name__, [member.name for member in inner])
        text, value = self.seen_value(kind, self.dice.choose(pool))
        if value is not None:
            self.touch(item.target.coordinate, "search")
        return f"{item.name}: {text}"

    def named(self, kind: str, name: str, arguments: str) -> str:
        """A field under a response name that means the same wherever it stands in this operation."""
        what = f"{name}{arguments}"
        options = [name, name, name, f"{name}_a"]
        record = CATALOGUE.records.get(kind)
        if record and not arguments and (texts := _texts(record)) and name in texts:
            options += ["same", self.dice.choose(texts)]
        for response in (self.dice.choose(options), f"{name}_{self.numbered.setdefault(what, len(self.numbered))}"):
            if self.bound.setdefault((kind, response), what) == what and (not arguments or "_" in response[len(name) :]):
                break
        return what if response == name else f"{response}: {what}"

    def directives(self) -> str:
        if not self.dice.chance(12):
            return ""
        first, second = self.dice.choose([("include", "skip"), ("skip", "include")])
        both = f" @{second}(if: {self.switch()})" if self.dice.chance(15) else ""
        return f" @{first}(if: {self.switch()}){both}"

    def switch(self) -> str:
        value = self.dice.choose([True, False])
        if self.dice.chance(40):
            return json.dumps(value)
        return self.variable("Boolean!", value, default=json.dumps(not value) if self.dice.chance(30) else None)

    # Values

    def touch(self, coordinate: str, use: str) -> None:
        self.touched[coordinate, use] = None

    def value(self, kind: str, value: Any) -> str:
        return self.seen_value(kind, value)[0]

    def seen_value(self, kind: str, value: Any) -> tuple[str, Any]:
        """An argument's text, and the value that the graph then sees."""
        nullable = not kind.endswith("!")
        way = self.dice.integer(0, 7 if nullable else 3)
        if way <= 1:
            return _literal(kind, value), value
        if way == 2:
            return self.variable(kind, value), value
        if way == 3:
            return self.variable(kind, value, default=_literal(kind, value), omit=self.dice.chance(70)), value
        if way == 4:
            return "null", None
        if way == 5:
            return self.variable(kind, None), None
        if way == 6:
            return self.variable(kind, None, omit=True), None
        return self.variable(kind, None, default=_literal(kind, value)), None

    def variable(self, kind: str, value: Any, *, default: str | None = None, omit: bool = False) -> str:
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {kind}{'' if default is None else f' = {default}'}")
        if not omit:
            self.variables[name] = value
        return f"${name}"


def _literal(kind: str, value: Any) -> str:
    is_enum = kind.rstrip("!") in ("Sex", "ResidentStatus", "ParcelKind") or kind.endswith("Order")
    return value if is_enum and value is not None else json.dumps(value)


def _texts(record: RecordType) -> list[str]:
    return [f.name for f in record.fields.values() if isinstance(f, ColumnField) and strip_none(f.annotation) is str]
