"""Never read, and asking is reading (laws 1 and 3), for random operations under random decisions.

Two proofs that share nothing.

**By statements.** Every shape that reached a source is written as the PostgreSQL statement that it would be, and parsed. No
column of a coordinate that is denied stands in any clause. Of columns that serve more than to be shown, this alone is permitted:

- keys: a record's own key; the columns that a permitted link, or a hop of it, starts from and ends at;
- subject columns: in a guard (a condition in the SELECT list, or in WHERE), never as a value, so never bare in the SELECT list;
- but a resident's own number, of records of which something is permitted, or that a permitted search finds: as a key, for the
  ledger, which has to have whose they were; and of a household that is asked for, its members';
- filters and orders: columns that `search` permits, in WHERE and ORDER BY, and in the SELECT list as part of a cursor or to put
  rows of several hops in order;
- a derived field's input: inside that field's call, never bare;
- what constraints and prohibitions name: in guards, never as a value; and key columns that lead from a row's subject to the
  record that another register has of it;
- a column of which all that is granted is masked: inside the mask's function, never bare;
- what is found out first, of the caller, the caller's children and the case, to compare others with.

**By canaries.** Every text, number and date is there once in the whole nation and every enumeration's value is an object of its
own, so a value that leaves a source tells its row and column. No value leaves a source, and none stands in a response, that a
naive oracle (`tests/resolvers/oracle.py`, which looks at rows and decisions alone) does not allow for that very row.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from sqlglot import expressions as sql

from auth import consent
from auth.access import Access, Caller, Constraint, Matches, Verdict, WithConsent
from resolvers.circumstances import Circumstances
from resolvers.relations import by_household, relation
from resolvers.values import NEEDS
from schema.catalogue import ColumnField, DerivedField, IdField, LinkField, RecordType
from sources.postgres import PostgresSource
from sources.protocol import Shape
from tests.resolvers.decisions import draw_profile
from tests.resolvers.nation import CALLERS, CASE, CATALOGUE, Nation, consents, links
from tests.resolvers.operations import Dice, Operation, Writer
from tests.resolvers.oracle import Cell, Oracle
from tests.resolvers.world import Profile, World

EXAMPLES = 300
ROOTS = {"lookup": ("resident", "node", "household", "me"), "list": ("residents",)}
POSTGRES = {name: PostgresSource(name, "", CATALOGUE.tables(name)) for name in CATALOGUE.registers}
FOUND_FIRST = {q.shape for need in NEEDS for q in Circumstances(CATALOGUE, {}).questions(need)}
ABOUT_HOUSEHOLDS = {r.name for r in CATALOGUE.records.values() if r.subject and not r.subject.self}
CASES = (None, CASE, "of-the-citizen")


def compose(dice: Dice, world: World) -> tuple[Operation, Profile, Caller, str | None, Access]:
    """An operation whose roots are all reached in one way, so that each coordinate has one decision to read and one to search."""
    access: Access = dice.choose(["list", "lookup"])
    caller, other = dice.choose([(one, two) for one in CALLERS for two in CALLERS if one is not two])
    ids = {"own": caller, "foreign": other}
    writer = Writer(dice, lambda record, key, whose: world.id(ids[whose], record, key), roots=ROOTS[access], budget=25)
    operation = writer.operation()
    variables = {n: None if n in dict(operation.follows()) else v for n, v in operation.variables.items()}
    operation = Operation(operation.text, variables, operation.touched, [access])
    return operation, draw_profile(dice, operation), caller, dice.choose(CASES), access


def dice_of(data: st.DataObject) -> Dice:
    return Dice(lambda low, high: data.draw(st.integers(low, high)))


# By statements


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_statement_names_a_denied_column(data: st.DataObject, unique: World, runner: asyncio.Runner) -> None:
    runner.run(check_statements(unique, *compose(dice_of(data), unique)))


async def check_statements(
    world: World, operation: Operation, profile: Profile, caller: Caller, case: str | None, access: Access
) -> None:
    note(f"{operation.text}\n{operation.variables}\n{profile}\n{caller}\n{case}")
    await world.under(profile).answer(operation.text, caller, operation.variables, case=case)
    law = _Law(profile, access, operation)
    for source, shape, _ in world.fetched():
        if shape in FOUND_FIRST or source == consent.SOURCE:
            continue
        for table, column, use in columns_of(source, shape):
            assert law.permits(source, table, column, use), f"{use} {source}.{table}.{column}\n{statement(source, shape)}"


def statement(source: str, shape: Shape) -> str:
    return POSTGRES[source].statement(shape)


@cache
def columns_of(source: str, shape: Shape) -> tuple[tuple[str, str, str], ...]:
    """Every column that a statement names, as (table, column, use).

    Uses are `bare`, `shown` (inside a mask), `key`, `guard`, `searched` and `call:<function>`.
    """
    parsed = sqlglot.parse_one(statement(source, shape), dialect="postgres")
    tables = {t.alias: t.name for t in parsed.find_all(sql.Table) if t.name}
    found = []
    for column in parsed.find_all(sql.Column):
        # Names within a subselect are its own, and may be another's as well.
        inner = column.find_ancestor(sql.Select)
        named = {t.alias: t.name for t in inner.find_all(sql.Table)} if inner is not None and inner.parent is not None else {}
        if column.table in tables:
            use = _use(column, shape)
            if use == "shown" and isinstance(column.parent, sql.Select | sql.Alias | sql.If):
                use = "bare"
            found.append((named.get(column.table, tables[column.table]), column.name, use))
    return tuple(found)


def _use(column: sql.Column, shape: Shape) -> str:
    calls = list(_calls(column))
    if calls:
        return f"call:{calls[0]}"
    if column.find_ancestor(sql.Join) and not column.find_ancestor(sql.Lateral):
        return "key"
    if shape.key == column.name and column.table == "t0":
        return "key"
    guard = column.find_ancestor(sql.Coalesce, sql.If)
    of_mask = isinstance(column.parent, sql.Is | sql.Mod)  # A mask looks at its own value; conditions compare with others.
    if guard is not None and not of_mask and (isinstance(guard, sql.Coalesce) or _within(column, guard.this)):
        return "guard"
    if (where := column.find_ancestor(sql.Where, sql.Order, sql.Select)) and not isinstance(where, sql.Select):
        return "searched"
    return "shown"


def _within(column: sql.Expression, inner: sql.Expression) -> bool:
    node: sql.Expression | None = column
    while node is not None and node is not inner:
        node = node.parent
    return node is inner


def _calls(column: sql.Column) -> Iterator[str]:
    """The derived field's call that a column is inside of: `age(…)` of dates, or an `at_most` outside every condition."""
    if column.find_ancestor(sql.Extract):
        compared = column.find_ancestor(sql.GTE)
        yield "reached_age" if compared is not None and isinstance(compared.parent, sql.Paren) else "years_since"
    elif isinstance(parent := column.parent, sql.LTE) and isinstance(parent.parent, sql.Paren):
        yield "at_most"


class _Law:
    """What may be done with a column under the decisions of one operation."""

    def __init__(self, profile: Profile, access: Access, operation: Operation) -> None:
        self.profile, self.access, self.touched = profile, access, set(operation.touched)

    def permits(self, source: str, table: str, column: str, use: str) -> bool:
        records = [r for r in CATALOGUE.records.values() if (r.source, r.table) == (source, table)]
        if self.is_key(source, table, column) or self.leads(source, table, column) or self.names(records, column):
            return True
        fields = [f for r in records for f in r.fields.values()]
        plain = [f.coordinate for f in fields if isinstance(f, ColumnField | IdField) and f.column == column]
        if use.startswith("call:"):
            inputs = [f for f in fields if isinstance(f, DerivedField) and f.expression.column == column]
            named = [f.coordinate for f in inputs if f.expression.function in (use.removeprefix("call:"), "years_since")]
            return any(self.may(c, "read") or self.may(c, "search") for c in named)
        if use in ("searched", "shown", "bare") and any(self.may(c, "search") for c in plain):
            return True
        if use in ("shown", "bare"):
            return any(self.may(c, "read", whole=use == "bare") for c in plain)
        if self.decides(plain):
            return True
        subjects = [s for r in records if (s := r.subject)]
        is_subject = any(column in (s.self, s.household, s.jurisdiction) for s in subjects)
        # An order that nobody asked for is kept only where its column may be read.
        return is_subject or (use == "searched" and any(self.may(c, "read") for c in plain))

    def may(self, coordinate: str, use: Any, *, whole: bool = False) -> bool:
        asked = (coordinate, use) in self.touched
        decision = self.profile.decide(coordinate, self.access, use)
        return asked and not decision.denied and not (whole and decision.verdict is Verdict.MASK)

    def constraints(self) -> Iterator[tuple[str, Constraint]]:
        """What the decisions on what was asked turn on, with the type of record that each is about."""
        for coordinate, use in self.touched:
            decision = self.profile.decide(coordinate, self.access, use)  # type: ignore[arg-type]
            owner = coordinate.partition(".")[0].removesuffix("Connection")
            yield from ((owner, c) for grant in decision.grants for c in grant.constraints)
            yield from ((owner, match) for ban in decision.bans for match in ban.when)

    def decides(self, coordinates: list[str]) -> bool:
        return any(isinstance(c, Matches) and c.coordinate in coordinates for _, c in self.constraints())

    def names(self, records: list[RecordType], column: str) -> bool:
        """Whether it tells the ledger whose a record is of which something is permitted, be it that it is found."""
        granted = {c.partition(".")[0] for c, use in self.touched if self.may(c, use)}
        without = {item.target for _, item in links() if CATALOGUE.records[item.target].subject is None}
        for record in records:
            told = record.subject
            of_household = bool(told and told.self and told.household) and not granted.isdisjoint(ABOUT_HOUSEHOLDS)
            if told and (column == told.self or (of_household and column == told.household)):
                below = {i.target for n, i in links() if n == record.name and i.target in without}
                return of_household or record.name in granted or not granted.isdisjoint(below)
        return False

    def leads(self, source: str, table: str, column: str) -> bool:
        """Whether it is a key column between a subject and what another record says of it."""
        for owner, constraint in self.constraints():
            record = CATALOGUE.records[owner]
            tellers = [record] if record.subject else [CATALOGUE.records[n] for n, i in links() if i.target == owner]
            for teller in tellers:
                assert teller.subject is not None
                if isinstance(constraint, WithConsent) and (source, table, column) == (
                    teller.source,
                    teller.table,
                    teller.subject.self,
                ):
                    return True
                name = constraint.coordinate.partition(".")[0] if isinstance(constraint, Matches) else teller.name
                ways = [relation(CATALOGUE, teller, CATALOGUE.records[name]) if name not in (teller.name, owner) else None]
                if isinstance(constraint, Matches) and constraint.household:
                    ways.append(by_household(CATALOGUE, teller, CATALOGUE.records[name]))
                for way in filter(None, ways):
                    ends = {(teller.source, teller.table, way.start), (way.record.source, way.record.table, way.end)}
                    for hop in way.through:
                        ends |= {(hop.source, hop.table, c) for c in (hop.key, hop.value, *(n for n, _ in hop.where))}
                    if (source, table, column) in ends:
                        return True
        return False

    def is_key(self, source: str, table: str, column: str) -> bool:
        for record in CATALOGUE.records.values():
            if (record.source, record.table, record.key) == (source, table, column):
                return True
            for item in record.fields.values():
                if isinstance(item, LinkField) and self.may(item.coordinate, "read"):
                    target = CATALOGUE.records[item.target]
                    ends = {(record.source, record.table, item.start), (target.source, target.table, item.end)}
                    if item.paged and item.order:
                        ends.add((target.source, target.table, item.order.lstrip("-")))
                    for hop in item.through:
                        ends |= {(hop.source, hop.table, c) for c in (hop.key, hop.value, *(n for n, _ in hop.where))}
                    if (source, table, column) in ends:
                        return True
        lookups = [f for r in CATALOGUE.roots.values() for f in getattr(r, "keys", ())]
        found_by = {f.coordinate for f in lookups if f.column == column and self.may(f.coordinate, "search")}
        own = (source, table, column) == ("mois", "resident", "rrn") and self.access == "lookup"  # `me`, and whose household.
        return (bool(found_by) and table == "resident") or (own and self.may("Resident.id", "search"))


# By canaries


class Canaries:
    """Which cell a value is from."""

    def __init__(self, nation: Nation) -> None:
        self.by_identity: dict[int, Cell] = {}
        self.by_value: dict[Any, list[Cell]] = {}
        for source, tables in nation.items():
            for table, rows in tables.items():
                for number, row in enumerate(rows):
                    for column, value in row.items():
                        self._plant((source, table, number, column), value)

    def _plant(self, cell: Cell, value: Any) -> None:
        kind = CATALOGUE.tables(cell[0])[cell[1]][cell[3]]
        if value is None or kind is bool:
            return
        self.by_identity[id(value)] = cell
        if not isinstance(kind, tuple) and cell[3] != "relation":  # Enumerations' values are there many times.
            told = value.isoformat() if isinstance(value, dt.date) else value
            self.by_value.setdefault(told, []).append(cell)

    def left(self, value: Any) -> list[list[Cell]]:
        """The cells, one of which a value in a fetched row must be from."""
        if isinstance(value, str) and value.startswith("{"):
            return [cells for inner in json.loads(value).values() if (cells := self.by_value.get(inner))]
        cell = self.by_identity.get(id(value))
        return [[cell]] if cell is not None else []


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    elif not isinstance(value, bool) and value is not None:
        yield value


@pytest.fixture(scope="module")
def canaries(unique: World) -> Canaries:
    return Canaries(unique.nation)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_withheld_value_leaves_its_source(
    data: st.DataObject, unique: World, canaries: Canaries, runner: asyncio.Runner
) -> None:
    runner.run(check_canaries(unique, canaries, *compose(dice_of(data), unique)))


async def check_canaries(
    world: World, canaries: Canaries, operation: Operation, profile: Profile, caller: Caller, case: str | None, access: Access
) -> None:
    note(f"{operation.text}\n{operation.variables}\n{profile}\n{caller}\n{case}")
    answer = json.loads((await world.under(profile).answer(operation.text, caller, operation.variables, case=case)).body)
    oracle = Oracle(world.nation, caller, case, consents())
    visible = oracle.visible(profile, access)
    for value in leaves(answer["data"]):
        if cells := canaries.by_value.get(value):
            assert visible & set(cells), f"{value} of {cells} is in the response"
    may_leave = visible | oracle.needed(profile, access, operation.touched)
    for name, witness in world.witnesses.items():
        for batch, rows in witness.seen:
            for value in (v for row in rows for v in (row if batch.shape.key is None else row[1:])):
                for cells in canaries.left(value):
                    assert may_leave & set(cells), f"{value} of {cells} left `{name}`: {batch.shape}"
