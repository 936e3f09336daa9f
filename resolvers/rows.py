"""Resolvers for declared fields under Strawberry's own execution: one row at a time, one coordinate at a time.

A record is a `Row`: its type and its key, nothing more. Each field is first decided and, if something remains, checked for the
row (`resolvers/checks.py`); only then is its column loaded, by a DataLoader that gathers the keys of one coordinate. That is the
textbook way, kept as plain as can be, because the plan's answers are checked against it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import GraphQLResolveInfo
from strawberry.dataloader import DataLoader

from auth.access import AccessRequest, Authorizer, Decision, Mask, Profile
from auth.pseudonyms import Pseudonym, Pseudonyms
from resolvers import errors
from resolvers.assemble import Where
from resolvers.authorize import both
from resolvers.checks import ABSENT, Checker, Row, Withheld
from resolvers.circumstances import Circumstances
from resolvers.inputs import InputError, check_size
from resolvers.operation import Limits
from resolvers.relations import is_about_the_same
from resolvers.selection import EVERY, Path
from schema.build import order_values
from schema.catalogue import Catalogue, ColumnField, DerivedField, Field, IdField, LinkField
from schema.declare import Arg, Hop, Today
from schema.evidence import Evidence
from sources.coalescer import Coalescer
from sources.evaluate import hmac_blocks
from sources.protocol import All, Call, Compare, Condition, Holds, Key, Operand, Order, Param, Shape, SourceError


@dataclass
class Context:
    """What resolvers of one operation share."""

    catalogue: Catalogue
    authorizer: Authorizer
    access: AccessRequest
    pseudonyms: Pseudonyms
    sources: Mapping[str, Coalescer]
    circumstances: Circumstances
    limits: Limits
    today: dt.date
    issue: Callable[[str, str | None], Awaitable[Evidence]] | None = None
    """Makes evidence of a service, for a case."""
    loaders: dict[Any, DataLoader[Key, Sequence[Any]]] = field(default_factory=dict)
    problems: dict[tuple[Path, str], tuple[Where, Exception]] = field(default_factory=dict)
    told: int = 0
    """Decisions of the regulations that were told in answer."""

    @cached_property
    def profile(self) -> Profile:
        return self.authorizer.profile(self.access)

    @cached_property
    def pseudonym(self) -> Pseudonym:
        return self.pseudonyms.for_caller(self.access.caller)

    @cached_property
    def checker(self) -> Checker:
        return Checker(self)

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
        if key in self.problems:
            known, before = self.problems[key]
            where = min(known, where, key=errors.comparable)
            # Of several reasons at one path, that constraints are not met is told before a prohibition.
            problem = problem if isinstance(before, Withheld) and before.decision.denied else before
        self.problems[key] = where, problem

    def errors(self) -> list[errors.Error]:
        found: list[errors.Error] = []
        holders: dict[str, list[tuple[Path, Where]]] = {}
        for (pattern, _), (where, problem) in self.problems.items():
            if isinstance(problem, Withheld):
                hidden = self.authorizer.hidden_from(self.access.caller)
                found.append(errors.withheld(problem.decision, pattern, where, hidden, searched=problem.searched))
            elif isinstance(problem, InputError):
                found.append(errors.unusable(problem, where))
            elif isinstance(problem, SourceError):
                holders.setdefault(self.catalogue.holder(problem.source), []).append((pattern, where))
        found += [errors.unavailable(holder, places) for holder, places in holders.items()]
        return errors.in_order(found)

    async def masked(self, operand: Operand, values: tuple[Any, ...], mask: Mask | None) -> tuple[Operand, tuple[Any, ...]]:
        """What is loaded where a value is granted masked."""
        if mask is None:
            return operand, values
        amounts: tuple[Any, ...] = (mask.amount,) if mask.amount else ()
        if mask.kind == "pseudonym":
            amounts = hmac_blocks(self.pseudonyms.mask_key(self.access.caller.agency, self.access.purpose or ""))
        params = tuple(Param(len(values) + i) for i in range(len(amounts)))
        return Call(mask.kind, operand, params), (*values, *amounts)


def field_resolver(item: Field) -> Any:
    async def resolve(row: Row, context: Context, **arguments: Any) -> Any:
        if isinstance(item, LinkField):
            return await _link(row, context, item, arguments)
        decision = context.profile.decide(item.coordinate, row.access, "read")
        grant = await context.checker.grant(row, decision)
        if grant is ABSENT:
            return None
        if isinstance(item, IdField):
            key = await context.value(row, item.column)
            return None if key is None else context.pseudonym.encode(row.record.name, key)
        operand, values = await context.masked(*operand_of(item, context, arguments), grant.mask)
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
    decision = context.profile.decide(item.coordinate, row.access, "read")
    if decision.denied:
        raise Withheld(decision)
    for search in _searches(row, context, item, arguments):
        decision = both(decision, search, same=is_about_the_same(item, row.record, target))
        if decision.denied:
            raise Withheld(decision, searched=True)
    granted = await context.checker.link(row, decision, target)
    limit = arguments.get("limit")
    if limit is not None:
        check_size("limit", limit, context.limits)
    if granted is ABSENT:
        return [] if item.many else None
    above = None if target.subject else row
    ensured = context.checker.ensured(row, decision, target) if above else ()
    order = _order(Row(target, 0, row.access, ensured, above), context, item, arguments.get("orderBy"))
    start = await context.value(row, item.start)
    keys = [] if start is None else [start]
    for hop in item.through:
        keys = await _hop(context, hop, keys)
    where, values = _fits(context, item, arguments)
    columns = (target.key, *(o.column for o in order))
    shape = Shape(target.table, columns, item.end, where=where, order=() if item.through else order)
    found = [r for key in keys for r in await context.rows(target.source, shape, values, key)]
    if item.through:
        for place, by in reversed([*enumerate(order, start=2)]):
            found.sort(key=lambda r, p=place: (r[p] is not None, r[p]) if r[p] is not None else (False,), reverse=by.descending)  # type: ignore[misc]
            found.sort(key=lambda r, p=place: r[p] is None)  # type: ignore[misc]
    rows = [Row(target, r[1], row.access, ensured, above) for r in found]
    rows = [each for each in rows if await context.checker.linked(each, row, granted, decision, target)]
    if not item.many:
        return rows[0] if rows else None
    first = arguments.get("first")
    return rows[: (context.limits.default_page if first is None else first) if item.paged else limit]


async def _hop(context: Context, hop: Hop, keys: Sequence[Key]) -> list[Key]:
    where = All(tuple(Compare(n, "=", Param(i)) for i, (n, _) in enumerate(hop.where)))
    shape = Shape(hop.table, (hop.value,), hop.key, where=where)
    values = tuple(v for _, v in hop.where)
    found = [r[1] for key in keys for r in await context.rows(hop.source, shape, values, key) if r[1] is not None]
    return list(dict.fromkeys(found))


def _searches(row: Row, context: Context, item: LinkField, arguments: Mapping[str, Any]) -> list[Decision]:
    """The decisions on what the caller wants a child list filtered and sorted by."""
    target, asked = context.catalogue.records[item.target], arguments.get("orderBy")
    compared = [f.target for name, f in sorted(item.filters.items()) if arguments.get(name) is not None]
    sorts = [f for f in target.sortable() if asked is not None and f.column == order_values(target)[asked][0]]
    coordinates = dict.fromkeys(f.coordinate for f in (*compared, *sorts))
    return [context.profile.decide(coordinate, row.access, "search") for coordinate in coordinates]


def _fits(context: Context, item: LinkField, arguments: Mapping[str, Any]) -> tuple[Condition, tuple[Any, ...]]:
    """That a linked row fits all that the caller filters by."""
    conditions: list[Condition] = []
    values: tuple[Any, ...] = ()
    for name, compared in sorted(item.filters.items()):
        if (value := arguments.get(name)) is not None:
            operand, more = operand_of(compared.target, context, {}, len(values))
            values = (*values, *more, value)
            conditions.append(Compare(operand, compared.operator, Param(len(values) - 1)))  # type: ignore[arg-type]
    return All(tuple(conditions)), values


def _order(row: Row, context: Context, item: LinkField, asked: str | None) -> tuple[Order, ...]:
    """The order of a child list of such rows: as asked, or else as declared where that is for pages or may be read of all."""
    if not item.many:
        return ()
    key = Order(row.record.key)
    if asked is not None:
        return Order(*order_values(row.record)[asked]), key
    if item.order is None:
        return (key,)
    column, descending = item.order.lstrip("-"), item.order.startswith("-")
    if item.paged:
        return Order(column, descending), key
    fields = (f for f in row.record.fields.values() if isinstance(f, ColumnField) and f.column == column)
    decisions = [context.profile.decide(f.coordinate, row.access, "read") for f in fields]
    readable = decisions and all(_sure(row, d) for d in decisions)
    return (Order(column, descending), key) if readable else (key,)


def _sure(row: Row, decision: Decision) -> bool:
    whole = [grant.constraints for grant in decision.grants if grant.mask is None]
    return not decision.denied and not decision.bans and bool(whole) and row.ensures(whole)
