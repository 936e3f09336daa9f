"""From what is asked to a plan, in passes over a draft:

    authorize   one decision for each coordinate asked for, and for each coordinate searched by
    bind        records to steps and columns; what is denied is bound to null and reaches no step
    shorten     flat lists whose source can write JSON come as JSON
    seal        shapes fixed, steps sorted into levels

    passport officer, passport-renewal:
    level 0  mois     resident        key rrn               name, rrn, household.size
    level 1  mofa     passport        key rrn               number, status
    withheld Resident.taxCertificates: no permission

Residuals. A decision may hold for some subjects only: the caller's own resident, household or jurisdiction. Whom a row is about
is told by columns of its own record, or else of the record it is linked from. In the first case the source itself decides, row
by row: the value comes as `Only(condition, column)` beside `Holds(condition)`, which tells a withheld null from a plain one. In
the second case the link's rows are asked only for keys whose parent row holds. A search with a residual narrows the search, and
whatever the search has ensured for every row is not checked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from auth.access import Access, Decision, Profile, Reason, SubjectKind, Verdict
from resolvers.plan import (
    Argument,
    Bound,
    BoundRoot,
    Constant,
    CurrentDay,
    CursorValue,
    OfCaller,
    PageSize,
    Plan,
    Refusal,
    Step,
    Value,
)
from resolvers.selection import Asked, Collected, Connection, Edge, Root, Selection
from schema.build import order_values
from schema.catalogue import Catalogue, ColumnField, DerivedField, Field, IdField, LinkField, ListingRoot, LookupRoot, RecordType
from schema.declare import Arg, Hop, Today
from sources.protocol import (
    All,
    Call,
    Capabilities,
    Column,
    Compare,
    Condition,
    Count,
    Holds,
    Join,
    Json,
    Only,
    Operand,
    Order,
    Some,
)

Residual = frozenset[SubjectKind]
Arguments = Sequence[Mapping[str, Any]]


@dataclass
class Draft:
    """A plan in the making."""

    collected: Collected
    catalogue: Catalogue
    capabilities: Mapping[str, Capabilities]
    profile: Profile
    arguments: Arguments
    """This request's; they decide the form alone (which filters, which order), and no value of them stays."""
    decisions: dict[int, Decision] = field(default_factory=dict)
    """By the identity of what is asked."""
    searches: dict[int, list[Decision]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    roots: list[BoundRoot] = field(default_factory=list)
    withheld: list[Refusal] = field(default_factory=list)
    guarded: list[Refusal] = field(default_factory=list)
    needs_household: bool = False


def plan(
    collected: Collected, catalogue: Catalogue, capabilities: Mapping[str, Capabilities], profile: Profile, arguments: Arguments
) -> Plan:
    """Plan a collected operation under the decisions of one profile."""
    draft = Draft(collected, catalogue, capabilities, profile, arguments)
    for run in PASSES:
        run(draft)
    levels: dict[int, list[Step]] = {}
    for step in draft.steps:
        if not step.idle:
            levels.setdefault(step.level, []).append(step)
    decisions = list(dict.fromkeys(draft.decisions.values()))
    searches = list(dict.fromkeys(d for ds in draft.searches.values() for d in ds))
    ordered = [levels[level] for level in sorted(levels)]
    return Plan(draft.roots, draft.steps, ordered, draft.withheld, draft.guarded, decisions, searches, draft.needs_household)


# --- authorize ---------------------------------------------------------------------------------------------------------------


def authorize(draft: Draft) -> None:
    """Decide every coordinate on its concrete type. Below a denied link nothing is asked any more, so nothing is decided."""
    for root in draft.collected.roots:
        access: Access = "list" if isinstance(root.declared, ListingRoot) else "lookup"
        draft.searches[id(root)] = [draft.profile.decide(c, access, "search") for c in _searched(draft, root)]
        if any(d.verdict is Verdict.DENY for d in draft.searches[id(root)]) and root.declared is not None:
            continue
        if isinstance(root.declared, ListingRoot):
            draft.decisions[id(root.connection)] = draft.profile.decide(root.declared.count_coordinate, access, "read")
        for selection in root.selections:
            _authorize_selection(draft, selection, access)


def _authorize_selection(draft: Draft, selection: Selection, access: Access) -> None:
    for asked in selection.asked:
        if asked.field is None:
            continue
        decision = draft.profile.decide(asked.field.coordinate, access, "read")
        order = _asked_order(draft, asked)
        if decision.verdict is Verdict.PERMIT and order is not None:
            sort = draft.profile.decide(order.coordinate, access, "search")
            target = draft.catalogue.records[asked.field.target]  # type: ignore[attr-defined]
            decision = sort if sort.verdict is Verdict.DENY else _both(decision, sort, target)
        draft.decisions[id(asked)] = decision
        if asked.selection is not None and decision.verdict is Verdict.PERMIT:
            _authorize_selection(draft, asked.selection, access)


def _both(read: Decision, search: Decision, sorted_: RecordType) -> Decision:
    """A list that is sorted on request is shown where its link and its order are both granted."""
    if search.residual and sorted_.subject is not None:
        # The order would tell of each sorted row, and each has a subject of its own, for whom it may not be granted.
        return replace(search, verdict=Verdict.DENY, reason=Reason.OUTSIDE_SUBJECT)
    rules = tuple(dict.fromkeys((*read.rules, *search.rules)))
    if not read.residual or not search.residual:
        return replace(read, residual=read.residual or search.residual, rules=rules)
    # Of two sets of alternatives, those in both are enough for both; with none in both, no row is sure to be the caller's.
    common = read.residual & search.residual
    return (
        replace(read, residual=common, rules=rules)
        if common
        else replace(search, verdict=Verdict.DENY, reason=Reason.NO_PERMISSION)
    )


def _searched(draft: Draft, root: Root) -> list[str]:
    """The coordinates that a root field asks about: its key, or its filter and order."""
    values = draft.arguments[root.arguments]
    if root.declared is None:
        return [selection.record.id.coordinate for selection in root.selections]
    if isinstance(root.declared, LookupRoot):
        if root.declared.caller:
            return [root.declared.record.id.coordinate]
        return [k.coordinate for k in root.declared.keys if values.get(k.name) is not None]
    filters = [root.declared.filters[n].target.coordinate for n in _filters_given(values)]
    record = root.declared.record
    order = values.get("orderBy")
    by = record.id.coordinate if order is None else _sortable(record, order_values(record)[order][0]).coordinate
    return [*dict.fromkeys([*filters, by])]


def _asked_order(draft: Draft, asked: Asked) -> ColumnField | None:
    """The column by which a child list is sorted at the caller's wish."""
    if not (isinstance(asked.field, LinkField) and asked.field.many and asked.arguments is not None):
        return None
    record = draft.catalogue.records[asked.field.target]
    order = draft.arguments[asked.arguments].get("orderBy")
    return None if order is None else _sortable(record, order_values(record)[order][0])


def _sortable(record: RecordType, column: str) -> ColumnField:
    return next(f for f in record.sortable() if f.column == column)


def _filters_given(values: Mapping[str, Any]) -> list[str]:
    return sorted(name for name, value in (values.get("filter") or {}).items() if value is not None)


# --- bind --------------------------------------------------------------------------------------------------------------------


@dataclass
class Place:
    """Where a selection's rows are: a step, and within its rows a joined table's alias or the step's own table."""

    step: Step
    alias: str
    record: RecordType
    ensured: tuple[Residual, ...]
    """Residuals of which each holds for every row here, because the search or the link saw to it."""
    above: Place | None = None
    """The place that this record is linked from, where that one tells the subject."""

    def operand(self, operand: Operand) -> Operand:
        if isinstance(operand, Call):
            return replace(operand, column=self.qualify(operand.column))
        return self.qualify(operand)

    def ensures(self, residual: Residual) -> bool:
        """Whether nothing remains to be checked for any row here."""
        teller = self.above.ensured if self.above else ()
        return not residual or any(e <= residual for e in (*self.ensured, *teller))

    def qualify(self, column: str) -> str:
        return f"{self.alias}.{column}" if self.alias else column


def bind(draft: Draft) -> None:
    for root in draft.collected.roots:
        draft.roots.append(_Binder(draft, root).run())


class _Binder:
    """Binds one root field. Its methods mirror what is asked: root, selection, field, link."""

    def __init__(self, draft: Draft, root: Root) -> None:
        self.draft, self.root = draft, root
        self.searches = draft.searches[id(root)]
        self.only: int | None = None

    def run(self) -> BoundRoot:
        root = self.root
        if root.declared is None:
            return self.node()
        if denied := next((d for d in self.searches if d.verdict is Verdict.DENY), None):
            self.draft.withheld.append(Refusal((root.name,), denied))
            return BoundRoot(root.name, "refused", root.arguments)
        return self.lookup(root.declared) if isinstance(root.declared, LookupRoot) else self.listing(root.declared)

    # Roots

    def lookup(self, declared: LookupRoot) -> BoundRoot:
        bound = BoundRoot(self.root.name, "lookup", self.root.arguments, records=[declared.record.name])
        ensured: list[Residual] = []
        if declared.caller:
            key = declared.record.by_attribute(declared.caller)
            assert isinstance(key, ColumnField)
            assert declared.record.subject
            assert key.column == declared.record.subject.self
            column = key.column
            value: Value = OfCaller(declared.caller)  # type: ignore[arg-type]
            ensured = [frozenset({"self"}), frozenset({"household"})]
        else:
            given = self.draft.arguments[self.root.arguments]
            chosen = next((k for k in declared.keys if given.get(k.name) is not None), declared.keys[0])
            column = chosen.column
            value = Argument(self.root.arguments, chosen.name)
        self.find(bound, declared.record, self.root.selections[0], column, value, self.searches, ensured)
        return bound

    def node(self) -> BoundRoot:
        bound = BoundRoot(self.root.name, "node", self.root.arguments)
        for selection, search in zip(self.root.selections, self.searches, strict=True):
            if search.verdict is Verdict.DENY:
                continue
            bound.records.append(selection.record.name)
            value = Argument(self.root.arguments, "id")
            self.find(bound, selection.record, selection, selection.record.id.column, value, [search], [])
        if not bound.records:
            self.draft.withheld.append(Refusal((self.root.name,), self.searches[0]))
            bound.kind = "refused"
        return bound

    def find(
        self, bound: BoundRoot, record: RecordType, selection: Selection, key: str, value: Value, searches: list[Decision],
        ensured: list[Residual],
    ) -> None:  # fmt: skip
        """One record by a key, narrowed to the subjects for whom the search is allowed."""
        step = self.step(record.source, record.table, record, key, level=0)
        step.root_key, step.single = value, True
        place = Place(step, "", record, tuple(ensured))
        if narrowed := self.narrow(place, searches):
            bound.narrowed[step.index] = narrowed
        bound.steps.append(step.index)
        self.only = step.index if bound.kind == "node" else None
        bound.fields.append(self.selection(selection, place))

    def listing(self, declared: ListingRoot) -> BoundRoot:
        record, arguments = declared.record, self.root.arguments
        bound = BoundRoot(self.root.name, "listing", arguments, records=[record.name])
        step = self.step(record.source, record.table, record, None, level=0)
        place = Place(step, "", record, ())
        bound.steps.append(step.index)
        self.filter(declared, place)
        self.narrow(place, self.searches)
        if _asks_count(self.root.connection):
            self.count(bound, place)
        self.paginate(bound, place)
        self.connection(bound, place)
        step.idle = all(isinstance(part, Constant) or part == "totalCount" for _, part in bound.connection)
        return bound

    def filter(self, declared: ListingRoot, place: Place) -> None:
        for name in _filters_given(self.draft.arguments[self.root.arguments]):
            item = declared.filters[name]
            value = place.step.param(Argument(self.root.arguments, "filter", name))
            place.step.where.append(Compare(self.operand(item.target, place, None), item.operator, value))  # type: ignore[arg-type]

    def count(self, bound: BoundRoot, place: Place) -> None:
        decision = self.draft.decisions[id(self.root.connection)]
        if decision.verdict is Verdict.DENY:
            return
        listed = place.step
        step = self.step(listed.source, listed.table, place.record, None, level=0)
        step.where, step.values, step.columns = list(listed.where), list(listed.values), [Count()]
        if condition := self.condition(Place(step, "", place.record, place.ensured), decision.residual):
            # An aggregate over rows of which some are not the caller's to count is narrowed to those that are.
            step.where.append(condition)
        bound.count_step = step.index

    def paginate(self, bound: BoundRoot, place: Place) -> None:
        """Order, page size, and the rows after the cursor: a keyset, so a page costs the same wherever it lies."""
        step, record, arguments = place.step, place.record, self.root.arguments
        given = self.draft.arguments[arguments]
        order = [Order(record.key)]
        if given.get("orderBy") is not None:
            column, descending = order_values(record)[given["orderBy"]]
            order.insert(0, Order(column, descending))
        step.order, step.limit = order, PageSize(arguments)
        bound.cursor = tuple(step.place(o.column) for o in order)
        if given.get("after") is not None:
            values = [step.param(CursorValue(arguments, i)) for i in range(len(order))]
            later = [Compare(o.column, "<" if o.descending else ">", v) for o, v in zip(order, values, strict=True)]
            equal = [Compare(o.column, "=", v) for o, v in zip(order, values, strict=True)]
            step.where.append(Some(tuple(All((*equal[:i], later[i])) for i in range(len(order)))))

    def connection(self, bound: BoundRoot, place: Place) -> None:
        assert self.root.connection is not None
        record = place.record.name
        for name, part in self.root.connection.parts:
            if isinstance(part, Edge):
                inner: list[tuple[str, Any]] = []
                for item, what in part.parts:
                    if isinstance(what, Selection):
                        bound.fields.append(self.selection(what, place))
                        inner.append((item, len(bound.fields) - 1))
                    else:
                        inner.append((item, what if what == "cursor" else Constant(f"{record}Edge")))
                bound.connection.append((name, inner))
            elif isinstance(part, list):
                bound.connection.append((name, {n: f if f != "__typename" else Constant("PageInfo") for n, f in part}))
            elif part == "totalCount":
                bound.connection.append((name, "totalCount"))
                if bound.count_step is None:
                    decision = self.draft.decisions[id(self.root.connection)]
                    self.draft.withheld.append(Refusal((self.root.name, name), decision))
            else:
                bound.connection.append((name, Constant(f"{record}Connection")))

    # Records

    def selection(self, selection: Selection, place: Place) -> list[Bound]:
        return [self.asked(asked, place) for asked in selection.asked]

    def asked(self, asked: Asked, place: Place) -> Bound:
        if asked.field is None:
            return Bound(asked.name, asked.path, "constant", value=place.record.name)
        decision = self.draft.decisions[id(asked)]
        if decision.verdict is Verdict.DENY:
            self.draft.withheld.append(Refusal(asked.path, decision, self.only))
            return Bound(asked.name, asked.path, "constant")
        condition = None if place.ensures(decision.residual) else self.condition(place.above or place, decision.residual)
        if isinstance(asked.field, LinkField):
            assert asked.selection is not None
            bound = self.link(asked, asked.field, asked.selection, place, condition, decision)
        else:
            kind = "id" if isinstance(asked.field, IdField) else "column"
            operand = place.operand(self.operand(asked.field, place, asked.arguments))
            bound = Bound(asked.name, asked.path, kind, self.guarded(place, operand, condition), record=place.record.name)  # type: ignore[arg-type]
        if condition is not None:
            self.guard(bound, asked, place, condition, decision)
        return bound

    def guarded(self, place: Place, operand: Operand, condition: Condition | None) -> int:
        """The operand's place in the rows: there only where the condition holds."""
        if condition is None:
            return place.step.place(operand)
        if place.above is None:
            return place.step.place(Only(condition, operand))
        # Each use has a column of its own: another use of the same operand may be under no condition.
        at = place.step.add(operand)
        place.step.conditional[at] = place.above.step.place(Holds(condition))
        return at

    def guard(self, bound: Bound, asked: Asked, place: Place, condition: Condition, decision: Decision) -> None:
        teller = place.above or place
        bound.guard, bound.guard_above = teller.step.place(Holds(condition)), place.above is not None
        bound.refusal = len(self.draft.guarded)
        self.draft.guarded.append(Refusal(asked.path, decision, self.only))

    def operand(self, item: Field, place: Place, arguments: int | None) -> Operand:
        match item:
            case ColumnField(column=column) | IdField(column=column):
                return column
            case DerivedField(expression=expression):
                values = [_input(a, arguments) for a in expression.args]
                return Call(expression.function, expression.column, tuple(place.step.param(v) for v in values))  # type: ignore[arg-type]
            case _:
                raise AssertionError(item)

    # Links

    def link(
        self, asked: Asked, item: LinkField, selection: Selection, place: Place, condition: Condition | None, decision: Decision
    ) -> Bound:
        target = self.draft.catalogue.records[item.target]
        if self.joinable(item, target, place, condition):
            return self.join(asked, item, selection, target, place)
        start = self.guarded(place, place.qualify(item.start), condition)
        place.step.has_children = True
        parent, column, hops = place.step, start, item.through
        steps: list[Step] = []
        for hop in hops:
            steps.append(self.hop(hop, parent, column))
            parent, column = steps[-1], steps[-1].place(hop.value)
        step = self.step(target.source, target.table, target, item.end, parent.level + 1)
        step.parent, step.parent_column, step.hops, step.single = (
            parent.index,
            column,
            tuple(s.index for s in steps),
            not item.many,
        )
        above = None if target.subject else place
        ensured = (decision.residual,) if above and decision.residual else place.ensured if above else ()
        inner = Place(step, "", target, ensured, above)
        if item.many:
            self.order(asked, item, inner)
        bound = Bound(asked.name, asked.path, "many" if item.many else "one", start, step=step.index, record=target.name)
        bound.fields = self.selection(selection, inner)
        return bound

    def joinable(self, item: LinkField, target: RecordType, place: Place, condition: Condition | None) -> bool:
        """A record of the same source, at most one for each row, and for every row that is shown: one statement is cheaper."""
        same = target.source == place.record.source and item.end == target.key
        able = self.draft.capabilities[target.source].joins
        return same and able and not item.many and not item.through and condition is None and target.subject is not None

    def join(self, asked: Asked, item: LinkField, selection: Selection, target: RecordType, place: Place) -> Bound:
        alias = f"{target.table}{len(place.step.joins) + 1}"
        place.step.joins.append(Join(alias, target.table, item.end, place.qualify(item.start)))
        inner = Place(place.step, alias, target, ())
        bound = Bound(asked.name, asked.path, "joined", place.step.place(inner.qualify(target.key)), record=target.name)
        bound.fields = self.selection(selection, inner)
        return bound

    def hop(self, hop: Hop, parent: Step, column: int) -> Step:
        step = self.step(hop.source, hop.table, None, hop.key, parent.level + 1)
        step.parent, step.parent_column, step.has_children = parent.index, column, True
        parent.has_children = True
        for name, value in hop.where:
            step.where.append(Compare(name, "=", step.param(Constant(value))))
        return step

    def order(self, asked: Asked, item: LinkField, place: Place) -> None:
        """The asked order, or else the declared one if its column may be read, and then the key: a total order."""
        assert asked.arguments is not None
        given, record = self.draft.arguments[asked.arguments], place.record
        order: list[Order] = []
        if given.get("orderBy") is not None:
            order = [Order(*order_values(record)[given["orderBy"]])]
        elif item.order and self.readable(place, item.order.lstrip("-")):
            order = [Order(item.order.lstrip("-"), item.order.startswith("-"))]
        step = place.step
        step.order = [*order, *([] if order and order[0].column == record.key else [Order(record.key)])]
        if given.get("limit") is not None:
            step.limit = Argument(asked.arguments, "limit")
        if step.hops:
            step.merge = tuple((step.place(o.column), o.descending) for o in step.order)

    def readable(self, place: Place, column: str) -> bool:
        """Whether the column may be read of every row here."""
        access: Access = "list" if isinstance(self.root.declared, ListingRoot) else "lookup"
        fields = (f for f in place.record.fields.values() if isinstance(f, ColumnField) and f.column == column)
        decisions = [self.draft.profile.decide(f.coordinate, access, "read") for f in fields]
        return bool(decisions) and all(d.verdict is Verdict.PERMIT and place.ensures(d.residual) for d in decisions)

    # Conditions

    def condition(self, place: Place, residual: Residual) -> Condition | None:
        """What must hold for a row's subject; None where nothing remains to be checked."""
        if place.ensures(residual):
            return None
        subject = place.record.subject
        assert subject is not None
        columns = {"self": subject.self, "household": subject.household, "jurisdiction": subject.jurisdiction}
        compares = []
        for kind in sorted(residual):
            # A record that is about a household, not a resident, is its members' own.
            kind = "household" if kind == "self" and columns["self"] is None else kind
            if (column := columns[kind]) is not None:
                self.draft.needs_household |= kind == "household"
                value = OfCaller("rrn" if kind == "self" else kind)
                compares.append(Compare(place.qualify(column), "=", place.step.param(value)))
        return Some(tuple(dict.fromkeys(compares)))

    def narrow(self, place: Place, searches: list[Decision]) -> Decision | None:
        """Restrict a root's rows to the subjects for whom every search is allowed; the decision that did, if one did."""
        narrowed = None
        for search in searches:
            if condition := self.condition(place, search.residual):
                place.step.where.append(condition)
                place.ensured = (*place.ensured, search.residual)
                narrowed = search
        return narrowed

    def step(self, source: str, table: str, record: RecordType | None, key: str | None, level: int) -> Step:
        step = Step(len(self.draft.steps), source, table, record, key, level)
        self.draft.steps.append(step)
        return step


def _asks_count(connection: Connection | None) -> bool:
    return connection is not None and any(part == "totalCount" for _, part in connection.parts)


def _input(argument: Arg | Today | int, arguments: int | None) -> Value:
    if isinstance(argument, Today):
        return CurrentDay()
    if isinstance(argument, Arg):
        assert arguments is not None
        return Argument(arguments, argument.name)
    return Constant(argument)


# --- shorten -----------------------------------------------------------------------------------------------------------------


def shorten(draft: Draft) -> None:
    """Let the source write a listing's nodes as JSON where they are flat, granted whole, and named as in the schema."""
    for root in draft.roots:
        if root.kind != "listing" or len(root.fields) != 1 or not root.fields[0]:
            continue
        step = draft.steps[root.steps[0]]
        record = draft.catalogue.records[root.records[0]]
        if not all(b.kind == "column" and b.guard is None for b in root.fields[0]):
            continue
        columns = {b.name: step.columns[b.place] for b in root.fields[0]}
        named = all(_stands_for(record.fields.get(name), column) for name, column in columns.items())
        if named and draft.capabilities[step.source].json and not step.joins and not step.has_children:
            cursor = [step.columns[place] for place in root.cursor]
            step.columns = [Json(tuple(columns), tuple(columns.values())), *cursor]  # type: ignore[arg-type]
            root.cursor, root.json = tuple(range(1, len(cursor) + 1)), True


def _stands_for(item: Field | None, column: Column) -> bool:
    """Whether the response name is the field's own name: a caller's alias never enters a statement."""
    if isinstance(item, DerivedField):
        return isinstance(column, Call) and (column.function, column.column) == (item.expression.function, item.expression.column)
    return isinstance(item, ColumnField) and item.column == column


def seal(draft: Draft) -> None:
    for step in draft.steps:
        step.seal()


PASSES: tuple[Callable[[Draft], None], ...] = (authorize, bind, shorten, seal)
