"""Root fields under Strawberry's own execution, and the tying of all resolvers to the schema.

The searches follow the same law as the plan's: each key, filter and order is decided, and a search that is allowed for some
subjects only is narrowed to them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema

from auth.access import Access, Decision
from resolvers.ahead import check_lists_below
from resolvers.arguments import plain
from resolvers.bindroots import own
from resolvers.checks import Row, Withheld
from resolvers.conditions import apart
from resolvers.draft import Ensured
from resolvers.inputs import InputError, decode_id, lookup_key, read_page, refuse_unreadable
from resolvers.rows import Context, field_resolver, operand_of
from schema.build import order_values
from schema.catalogue import Catalogue, FeedRoot, ListingRoot, LookupRoot, RecordType
from sources.protocol import All, Compare, Condition, Key, Order, Param, Shape, Some, SourceError


def attach(schema: GraphQLSchema, catalogue: Catalogue) -> None:
    """Give the schema's declared fields their resolvers."""
    for record in catalogue.records.values():
        kind = schema.type_map[record.name]
        assert isinstance(kind, GraphQLObjectType)
        kind.is_type_of = None
        for name, item in record.fields.items():
            kind.fields[name].resolve = guarded(field_resolver(item))
    for root in catalogue.roots.values():
        assert schema.query_type is not None
        if isinstance(root, FeedRoot):
            continue  # The planner's alone.
        schema.query_type.fields[root.name].resolve = guarded(_root_resolver(root), ahead=True)
        if isinstance(root, ListingRoot):
            _attach_connection(schema, root)
    assert schema.query_type is not None
    schema.query_type.fields["node"].resolve = guarded(_node, ahead=True)
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    node.resolve_type = lambda row, *_: row.record.name


def _attach_connection(schema: GraphQLSchema, root: ListingRoot) -> None:
    for name in (f"{root.record.name}Connection", f"{root.record.name}Edge", "PageInfo"):
        kind = schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        kind.is_type_of = None
        for member, definition in kind.fields.items():
            definition.resolve = lambda parent, info, member=member: parent[member]
    connection = schema.type_map[f"{root.record.name}Connection"]
    assert isinstance(connection, GraphQLObjectType)
    connection.fields["totalCount"].resolve = guarded(_count_resolver(root))


def guarded(resolve: Any, *, ahead: bool = False) -> Any:
    """A problem makes the field null and is told once for its path pattern, with the response's other errors.

    With `ahead`, the resolver also takes what it calls before it reads anything, to look at the lists below.
    """

    async def resolver(parent: Any, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
        look = (partial(check_lists_below, info),) if ahead else ()
        try:
            return await resolve(parent, info.context, *look, **plain(arguments))
        except (Withheld, InputError, SourceError) as problem:
            info.context.note(info, problem)
            return None

    return resolver


def _root_resolver(root: LookupRoot | ListingRoot) -> Any:
    async def resolve(_: Any, context: Context, look_ahead: Callable[[], None], **arguments: Any) -> Any:
        if isinstance(root, ListingRoot):
            return await _list(context, root, look_ahead, arguments)
        if root.caller:
            key = root.record.by_attribute(root.caller)
            search = _search(context, "lookup", root.record.id.coordinate)
            look_ahead()
            value = lookup_key(root, arguments, context.access.caller, context.pseudonym)
            column = key.column  # type: ignore[attr-defined]
            return await _find(context, root.record, column, value, [search], own(root.record, column))
        given = [k for k in root.keys if arguments.get(k.name) is not None]
        searches = [_search(context, "lookup", k.coordinate) for k in given]
        look_ahead()
        refuse_unreadable(arguments)
        value = lookup_key(root, arguments, context.access.caller, context.pseudonym)
        return await _find(context, root.record, given[0].column, value, searches, ())

    return resolve


async def _node(_: Any, context: Context, look_ahead: Callable[[], None], *, id: str) -> Any:
    allowed = {}
    denied = []
    for record in (r for r in context.catalogue.records.values() if r.node):
        try:
            allowed[record.name] = _search(context, "lookup", record.id.coordinate)
        except Withheld as problem:
            denied.append(problem)
    if not allowed:
        raise denied[0]
    look_ahead()
    refuse_unreadable({"id": id})
    name, key = decode_id(context.pseudonym, id, list(allowed))
    record = context.catalogue.records[name]
    return await _find(context, record, record.id.column, key, [allowed[name]], ())


def _search(context: Context, access: Access, coordinate: str) -> Decision:
    decision = context.profile.decide(coordinate, access, "search")
    if decision.denied:
        raise Withheld(decision, searched=True)
    return decision


async def _found(context: Context, row: Row, searches: Sequence[Decision], *, facts: bool) -> tuple[Row | None, Decision | None]:
    """The row with what is then known of it if every search is allowed for it, and the search that is for some rows only."""
    allowed, narrowed = True, None
    for search in searches:
        conditional = not row.ensures(grant.constraints for grant in search.grants)
        held = [await context.checker.all(row, g.constraints, facts=facts) for g in search.grants] if conditional else [True]
        banned = [await context.checker.banned(row, ban, facts=facts) for each in search.bans for ban in apart(each)]
        allowed = allowed and any(held) and not any(banned)
        if conditional:
            known: Ensured = frozenset(grant.constraints for grant in search.grants)
            row, narrowed = Row(row.record, row.key, row.access, (*row.ensured, known)), search
    return (row if allowed else None), narrowed


async def _find(
    context: Context, record: RecordType, column: str, key: Key, searches: Sequence[Decision], ensured: tuple[Ensured, ...]
) -> Row | None:
    rows = await context.rows(record.source, Shape(record.table, (record.key,), column), (), key)
    row = Row(record, rows[0][1] if rows else 0, "lookup", ensured)
    found, narrowed = await _found(context, row, searches, facts=True)
    if rows and found is not None:
        return found
    if narrowed is not None:
        raise Withheld(narrowed, searched=True)
    return None


async def _list(
    context: Context, root: ListingRoot, look_ahead: Callable[[], None], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    record = root.record
    given = {n: v for n, v in sorted((arguments.get("filter") or {}).items()) if v is not None}
    asked = arguments.get("orderBy")
    by = [Order(*order_values(record)[asked])] if asked else []
    order = [*by, Order(record.key)]
    sorts = [f.coordinate for o in by for f in record.sortable() if f.column == o.column] or [record.id.coordinate]
    coordinates = dict.fromkeys([*(root.filters[n].target.coordinate for n in given), *sorts])
    searches = [_search(context, "list", c) for c in coordinates]
    look_ahead()
    refuse_unreadable(arguments)
    page = read_page(root, arguments, context.pseudonym, context.limits)
    conditions: list[Condition] = []
    values: list[Any] = []
    for name, value in given.items():
        item = root.filters[name]
        operand, more = operand_of(item.target, context, {}, len(values))
        values += [*more, value]
        conditions.append(Compare(operand, item.operator, Param(len(values) - 1)))  # type: ignore[arg-type]
    counted = (list(conditions), list(values), searches)
    if page.after:
        params = [Param(len(values) + i) for i in range(len(order))]
        values += page.after
        later = [Compare(o.column, "<" if o.descending else ">", p) for o, p in zip(order, params, strict=True)]
        equal = [Compare(o.column, "=", p) for o, p in zip(order, params, strict=True)]
        conditions.append(Some(tuple(All((*equal[:i], later[i])) for i in range(len(order)))))
    columns = (record.key, *(o.column for o in order))
    shape = Shape(record.table, columns, None, where=All(tuple(conditions)), order=tuple(order))
    groups = await context.sources[record.source].load(shape, (), tuple(values))
    found = [(r, await _found(context, Row(record, r[0], "list"), searches, facts=False)) for r in groups.get(None, [])]
    rows = [(r, row) for r, (row, _) in found if row is not None]
    cursors = [context.pseudonym.seal(page.context, tuple(r[1:])) for r, _ in rows[: page.first]]
    nodes = [row for _, row in rows[: page.first]]
    return {
        "edges": [{"node": n, "cursor": c} for n, c in zip(nodes, cursors, strict=True)],
        "pageInfo": {
            "hasNextPage": len(rows) > page.first,
            "hasPreviousPage": bool(page.after),
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
        "counted": counted,
    }


def _count_resolver(root: ListingRoot) -> Any:
    async def resolve(connection: Mapping[str, Any], context: Context) -> int:
        decision = _count_decision(context, root)
        conditions, values, searches = connection["counted"]
        record = root.record
        shape = Shape(record.table, (record.key,), None, where=All(tuple(conditions)))
        groups = await context.sources[record.source].load(shape, (), tuple(values))
        rows = [Row(record, r[0], "list") for r in groups.get(None, [])]
        return sum([(await _found(context, row, [*searches, decision], facts=False))[0] is not None for row in rows])

    return resolve


def _count_decision(context: Context, root: ListingRoot) -> Decision:
    decision = context.profile.decide(root.count_coordinate, "list", "read")
    if decision.denied:
        raise Withheld(decision)
    return decision
