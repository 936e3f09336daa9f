"""The pass that binds records to steps and columns; what is denied is bound to null and reaches no step.

Residuals. A decision may hold for some subjects only: the caller's own resident, household or jurisdiction. Whom a row is about
is told by columns of its own record, or else of the record it is linked from. In the first case the source itself decides, row
by row: the value comes as `Only(condition, column)` beside `Holds(condition)`, which tells a withheld null from a plain one. In
the second case the link's rows are asked only for keys whose parent row holds. A search with a residual narrows the search, and
whatever the search has ensured for every row is not checked again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from auth.access import Access, Decision, Verdict
from resolvers.draft import Draft, Residual
from resolvers.plan import (
    Argument,
    Bound,
    Constant,
    CurrentDay,
    OfCaller,
    Refusal,
    Step,
    Value,
)
from resolvers.selection import Asked, Root, Selection
from schema.build import order_values
from schema.catalogue import ColumnField, DerivedField, Field, IdField, LinkField, ListingRoot, RecordType
from schema.declare import Arg, Hop, Today
from sources.protocol import (
    Call,
    Compare,
    Condition,
    Holds,
    Join,
    Only,
    Operand,
    Order,
    Some,
)


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


class Binder:
    """Binds what is asked of records. Its methods mirror that: selection, field, link."""

    def __init__(self, draft: Draft, root: Root) -> None:
        self.draft, self.root = draft, root
        self.searches = draft.searches[id(root)]
        self.only: int | None = None

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
        joined = self.joinable_hop(item, target)
        steps: list[Step] = []
        for hop in hops[:-1] if joined else hops:
            steps.append(self.hop(hop, parent, column))
            parent, column = steps[-1], steps[-1].place(hop.value)
        step = self.step(target.source, target.table, target, item.end)
        step.parent, step.parent_column, step.hops = parent.index, column, tuple(s.index for s in steps)
        if joined:
            self.join_hop(step, joined, item.end)
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

    def joinable_hop(self, item: LinkField, target: RecordType) -> Hop | None:
        """The last hop, if it lies in the target's source and has one row at most for each of the target's."""
        last = item.through[-1] if item.through else None
        fits = last is not None and last.source == target.source and last.unique
        return last if fits and self.draft.capabilities[target.source].joins else None

    def join_hop(self, step: Step, hop: Hop, end: str) -> None:
        """Ask for the target's rows by the hop's key, in one statement."""
        alias = f"{hop.table}1"
        step.joins.append(Join(alias, hop.table, hop.value, end))
        step.key = f"{alias}.{hop.key}"
        for name, value in hop.where:
            step.where.append(Compare(f"{alias}.{name}", "=", step.param(Constant(value))))

    def hop(self, hop: Hop, parent: Step, column: int) -> Step:
        step = self.step(hop.source, hop.table, None, hop.key)
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

    def step(self, source: str, table: str, record: RecordType | None, key: str | None) -> Step:
        step = Step(len(self.draft.steps), source, table, record, key)
        self.draft.steps.append(step)
        return step


def _input(argument: Arg | Today | int, arguments: int | None) -> Value:
    if isinstance(argument, Today):
        return CurrentDay()
    if isinstance(argument, Arg):
        assert arguments is not None
        return Argument(arguments, argument.name)
    return Constant(argument)
