"""Binding root fields: lookups by key, `node`, and lists with their filter, order, page and count."""

from __future__ import annotations

from typing import Any

from auth.access import Decision, Verdict
from resolvers.authorize import filters_given
from resolvers.bind import Binder, Place
from resolvers.draft import Draft, Residual
from resolvers.plan import (
    Argument,
    BoundRoot,
    Constant,
    CursorValue,
    PageSize,
    Refusal,
)
from resolvers.selection import Connection, Edge, Selection
from schema.build import order_values
from schema.catalogue import ColumnField, ListingRoot, LookupRoot, RecordType
from sources.protocol import (
    All,
    Compare,
    Count,
    Order,
    Some,
)


def bind(draft: Draft) -> None:
    for root in draft.collected.roots:
        draft.roots.append(RootBinder(draft, root).run())


class RootBinder(Binder):
    """Binds one root field, and what is asked below it."""

    def run(self) -> BoundRoot:
        root = self.root
        if root.declared is None:
            return self.node()
        if denied := next((d for d in self.searches if d.verdict is Verdict.DENY), None):
            self.draft.withheld.append(Refusal((root.name,), denied))
            return BoundRoot(root.name, "refused", root.arguments)
        return self.lookup(root.declared) if isinstance(root.declared, LookupRoot) else self.listing(root.declared)

    def lookup(self, declared: LookupRoot) -> BoundRoot:
        bound = BoundRoot(self.root.name, "lookup", self.root.arguments, records=[declared.record.name])
        ensured: list[Residual] = []
        if declared.caller:
            key = declared.record.by_attribute(declared.caller)
            assert isinstance(key, ColumnField)
            assert declared.record.subject
            assert key.column == declared.record.subject.self
            column = key.column
            ensured = [frozenset({"self"}), frozenset({"household"})]
        else:
            given = self.draft.arguments[self.root.arguments]
            chosen = next((k for k in declared.keys if given.get(k.name) is not None), declared.keys[0])
            column = chosen.column
        self.find(bound, declared.record, self.root.selections[0], column, self.searches, ensured)
        return bound

    def node(self) -> BoundRoot:
        bound = BoundRoot(self.root.name, "node", self.root.arguments)
        for selection, search in zip(self.root.selections, self.searches, strict=True):
            if search.verdict is Verdict.DENY:
                continue
            bound.records.append(selection.record.name)
            self.find(bound, selection.record, selection, selection.record.id.column, [search], [])
        if not bound.records:
            self.draft.withheld.append(Refusal((self.root.name,), self.searches[0]))
            bound.kind = "refused"
        return bound

    def find(
        self, bound: BoundRoot, record: RecordType, selection: Selection, key: str, searches: list[Decision],
        ensured: list[Residual],
    ) -> None:  # fmt: skip
        """One record by a key, narrowed to the subjects for whom the search is allowed."""
        step = self.step(record.source, record.table, record, key)
        step.lookup = step.index
        place = Place(step, "", record, tuple(ensured))
        if narrowed := self.narrow(place, searches):
            bound.narrowed[step.index] = narrowed
        bound.steps.append(step.index)
        self.only = step.index if bound.kind == "node" else None
        bound.fields.append(self.selection(selection, place))

    def listing(self, declared: ListingRoot) -> BoundRoot:
        record, arguments = declared.record, self.root.arguments
        bound = BoundRoot(self.root.name, "listing", arguments, records=[record.name])
        step = self.step(record.source, record.table, record, None)
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
        for name in filters_given(self.draft.arguments[self.root.arguments]):
            item = declared.filters[name]
            value = place.step.param(Argument(self.root.arguments, "filter", name))
            place.step.where.append(Compare(self.operand(item.target, place, None), item.operator, value))  # type: ignore[arg-type]

    def count(self, bound: BoundRoot, place: Place) -> None:
        decision = self.draft.decisions[id(self.root.connection)]
        if decision.verdict is Verdict.DENY:
            return
        listed = place.step
        step = self.step(listed.source, listed.table, place.record, None)
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

    def narrow(self, place: Place, searches: list[Decision]) -> Decision | None:
        """Restrict a root's rows to the subjects for whom every search is allowed; the decision that did, if one did."""
        narrowed = None
        for search in searches:
            if condition := self.condition(place, search.residual):
                place.step.where.append(condition)
                place.ensured = (*place.ensured, search.residual)
                narrowed = search
        return narrowed


def _asks_count(connection: Connection | None) -> bool:
    return connection is not None and any(part == "totalCount" for _, part in connection.parts)
