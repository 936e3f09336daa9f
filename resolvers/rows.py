"""Resolvers for declared fields under Strawberry's own execution: one row at a time, one coordinate at a time.

A record is a `Row`: its type and its key, nothing more. Each field is first decided and, if a residual remains, checked for the
row's subject; only then is its column loaded, by a DataLoader that gathers the keys of one coordinate. That is the textbook
way, kept as plain as can be, because the plan's answers are checked against it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import GraphQLResolveInfo
from strawberry.dataloader import DataLoader

from auth.access import Access, Caller, Decision, Profile, Reason, SubjectKind, Verdict
from auth.pseudonyms import Pseudonym
from resolvers import errors
from resolvers.assemble import Where
from resolvers.execute import household_shape
from resolvers.inputs import InputError, check_size
from resolvers.operation import Limits
from resolvers.selection import EVERY, Path
from schema.build import order_values
from schema.catalogue import Catalogue, ColumnField, DerivedField, Field, IdField, LinkField, RecordType
from schema.declare import Arg, Hop, Today
from sources.coalescer import Coalescer
from sources.protocol import All, Call, Compare, Condition, Holds, Key, Operand, Order, Param, Shape, Some, SourceError

Ensured = tuple[frozenset[SubjectKind], ...]


@dataclass(frozen=True)
class Row:
    """A record: its type, its key, how it was reached, and the row that tells whom it is about, where it does not itself."""

    record: RecordType
    key: Key
    access: Access
    ensured: Ensured = ()
    above: Row | None = None

    def ensures(self, residual: frozenset[SubjectKind]) -> bool:
        """Whether nothing remains to be checked for this row."""
        teller = self.above.ensured if self.above else ()
        return not residual or any(e <= residual for e in (*self.ensured, *teller))


class Withheld(Exception):
    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.coordinate)
        self.decision = decision


@dataclass
class Context:
    """What resolvers of one operation share."""

    catalogue: Catalogue
    profile: Profile
    caller: Caller
    pseudonym: Pseudonym
    sources: Mapping[str, Coalescer]
    limits: Limits
    today: dt.date
    loaders: dict[Any, DataLoader[Key, Sequence[Any]]] = field(default_factory=dict)
    problems: dict[tuple[Path, str], tuple[Where, Exception]] = field(default_factory=dict)

    async def rows(self, source: str, shape: Shape, values: tuple[Any, ...], key: Key) -> Sequence[Any]:
        """The rows of one key, loaded together with others that ask the same."""
        name = (source, shape, values)
        if name not in self.loaders:

            async def batch(keys: list[Key]) -> list[Sequence[Any]]:
                groups = await self.sources[source].load(shape, keys, values)
                return [groups.get(k, ()) for k in keys]

            self.loaders[name] = DataLoader(load_fn=batch)
        return await self.loaders[name].load(key)

    async def value(self, row: Row, operand: Operand | Holds, values: tuple[Any, ...] = ()) -> Any:
        record = row.record
        rows = await self.rows(record.source, Shape(record.table, (operand,), record.key), values, row.key)
        return rows[0][1] if rows else None

    def note(self, info: GraphQLResolveInfo[Context], problem: Exception) -> None:
        """Remember the first place of a problem for each path pattern."""
        where = tuple(info.path.as_list())
        pattern = tuple(EVERY if isinstance(p, int) else p for p in where)
        key = pattern, type(problem).__name__
        if key not in self.problems or errors.comparable(where) < errors.comparable(self.problems[key][0]):
            self.problems[key] = where, problem

    def errors(self) -> list[errors.Error]:
        found: list[errors.Error] = []
        holders: dict[str, list[tuple[Path, Where]]] = {}
        for (pattern, _), (where, problem) in self.problems.items():
            if isinstance(problem, Withheld):
                found.append(errors.withheld(problem.decision, pattern, where))
            elif isinstance(problem, InputError):
                found.append(errors.unusable(problem, where))
            elif isinstance(problem, SourceError):
                holders.setdefault(self.catalogue.registers[problem.source].holder, []).append((pattern, where))
        found += [errors.unavailable(holder, places) for holder, places in holders.items()]
        return errors.in_order(found)

    # Decisions

    async def permit(self, row: Row, coordinate: str, *also: Decision) -> Decision:
        """Decide a coordinate for one row, together with the searches it implies; raises `Withheld`."""
        decision = self.profile.decide(coordinate, row.access, "read")
        for each in (decision, *also):
            if each.verdict is Verdict.DENY:
                raise Withheld(each)
        residuals = [d.residual for d in (decision, *also) if d.residual]
        residual = frozenset.intersection(*residuals) if residuals else frozenset()
        if residuals and not residual:
            denied = next(d for d in also if d.residual)
            raise Withheld(replace(denied, verdict=Verdict.DENY, reason=Reason.NO_PERMISSION))
        if not row.ensures(residual) and not await self.holds(row.above or row, residual):
            rules = tuple(dict.fromkeys(r for d in (decision, *also) for r in d.rules))
            raise Withheld(Decision(decision.coordinate, Verdict.PERMIT, residual, rules))
        return decision

    async def holds(self, row: Row, residual: frozenset[SubjectKind]) -> bool:
        condition, values = await self.condition(row.record, residual)
        return bool(await self.value(row, Holds(condition), values))

    async def condition(self, record: RecordType, residual: frozenset[SubjectKind]) -> tuple[Condition, tuple[Any, ...]]:
        assert record.subject is not None
        compares: list[Condition] = []
        values: list[Any] = []
        for kind in sorted(residual):
            if kind == "self" and record.subject.self is None:
                kind = "household"
            column = getattr(record.subject, kind)
            if column is not None:
                compares.append(Compare(column, "=", Param(len(values))))
                values.append(await self.of_caller(kind))
        return Some(tuple(compares)), tuple(values)

    async def of_caller(self, kind: SubjectKind) -> Any:
        if kind == "jurisdiction":
            return self.caller.jurisdiction
        if kind == "self" or self.caller.rrn is None:
            return self.caller.rrn
        shape, source = household_shape(self.catalogue)
        rows = await self.rows(source, shape, (), self.caller.rrn)
        return rows[0][1] if rows else None


def field_resolver(item: Field) -> Any:
    async def resolve(row: Row, context: Context, **arguments: Any) -> Any:
        if isinstance(item, LinkField):
            return await _link(row, context, item, arguments)
        await context.permit(row, item.coordinate)
        if isinstance(item, IdField):
            key = await context.value(row, item.column)
            return context.pseudonym.encode(row.record.name, key)
        operand, values = operand_of(item, context, arguments)
        return await context.value(row, operand, values)

    return resolve


def operand_of(item: Any, context: Context, arguments: Mapping[str, Any], start: int = 0) -> tuple[Operand, tuple[Any, ...]]:
    if not isinstance(item, DerivedField):
        return item.column, ()
    values = []
    for each in item.expression.args:
        values.append(context.today if isinstance(each, Today) else arguments[each.name] if isinstance(each, Arg) else each)
    params = tuple(Param(start + i) for i in range(len(values)))
    return Call(item.expression.function, item.expression.column, params), tuple(values)  # type: ignore[arg-type]


async def _link(row: Row, context: Context, item: LinkField, arguments: Mapping[str, Any]) -> Any:
    target = context.catalogue.records[item.target]
    searched = _sorts(row, context, target, arguments.get("orderBy"))
    decision = await context.permit(row, item.coordinate, *searched)
    limit = arguments.get("limit")
    if limit is not None:
        check_size("limit", limit, context.limits)
    above = None if target.subject else row
    residuals = [d.residual for d in (decision, *searched) if d.residual]
    ensured: Ensured = (frozenset.intersection(*residuals),) if above and residuals else row.ensured if above else ()
    order = _order(Row(target, 0, row.access, ensured, above), context, item, arguments.get("orderBy"))
    start = await context.value(row, item.start)
    keys = [] if start is None else [start]
    for hop in item.through:
        keys = await _hop(context, hop, keys)
    shape = Shape(target.table, (target.key, *(o.column for o in order)), item.end, order=() if item.through else order)
    found = [r for key in keys for r in await context.rows(target.source, shape, (), key)]
    if item.through:
        for place, by in reversed([*enumerate(order, start=2)]):
            found.sort(key=lambda r, p=place: (r[p] is not None, r[p]) if r[p] is not None else (False,), reverse=by.descending)  # type: ignore[misc]
            found.sort(key=lambda r, p=place: r[p] is None)  # type: ignore[misc]
    rows = [Row(target, r[1], row.access, ensured, above) for r in found]
    return rows[:limit] if item.many else rows[0] if rows else None


async def _hop(context: Context, hop: Hop, keys: Sequence[Key]) -> list[Key]:
    where = All(tuple(Compare(n, "=", Param(i)) for i, (n, _) in enumerate(hop.where)))
    shape = Shape(hop.table, (hop.value,), hop.key, where=where)
    values = tuple(v for _, v in hop.where)
    found = [r[1] for key in keys for r in await context.rows(hop.source, shape, values, key) if r[1] is not None]
    return list(dict.fromkeys(found))


def _sorts(row: Row, context: Context, target: RecordType, asked: str | None) -> list[Decision]:
    """The decision on the column by which the caller wants a child list sorted."""
    if asked is None:
        return []
    fields = (f for f in target.sortable() if f.column == order_values(target)[asked][0])
    decisions = [context.profile.decide(f.coordinate, row.access, "search") for f in fields]
    # An order tells of each sorted row, so it must be granted for all of them if they have subjects of their own.
    of_some = [d.verdict is Verdict.PERMIT and bool(d.residual) and target.subject is not None for d in decisions]
    return [
        replace(d, verdict=Verdict.DENY, reason=Reason.OUTSIDE_SUBJECT) if some else d
        for d, some in zip(decisions, of_some, strict=True)
    ]


def _order(row: Row, context: Context, item: LinkField, asked: str | None) -> tuple[Order, ...]:
    """The order of a child list of such rows: as asked, or else as declared if that may be read of all of them."""
    if not item.many:
        return ()
    key = Order(row.record.key)
    if asked is not None:
        return Order(*order_values(row.record)[asked]), key
    if item.order is None:
        return (key,)
    column, descending = item.order.lstrip("-"), item.order.startswith("-")
    fields = (f for f in row.record.fields.values() if isinstance(f, ColumnField) and f.column == column)
    decisions = [context.profile.decide(f.coordinate, row.access, "read") for f in fields]
    readable = decisions and all(d.verdict is Verdict.PERMIT and row.ensures(d.residual) for d in decisions)
    return (Order(column, descending), key) if readable else (key,)
