"""Binding root fields: lookups by key, `node`, and lists with their filter, order, page and count."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

from auth.access import Decision, OfSubject
from resolvers.arguments import filters_given
from resolvers.bind import Binder, certain
from resolvers.conditions import Terms, together
from resolvers.draft import Draft, Ensured
from resolvers.places import Place
from resolvers.plan import Bound, BoundRoot, Guard, Refusal, Step, Subjects
from resolvers.relations import by_household, people
from resolvers.selection import Connection, Edge, Selection
from resolvers.values import Argument, Constant, CursorValue, Follower, OfPurpose, OfRequest, PageSize, Value
from resolvers.ways import either
from schema.build import order_values
from schema.catalogue import ColumnField, FeedRoot, ListingRoot, LookupRoot, RecordType
from sources.protocol import All, Compare, Count, Not, Order, Some

RECIPIENT: tuple[tuple[str, Value], ...] = (
    ("agency", OfRequest("agency")), ("role", OfRequest("role")), ("purpose", OfPurpose()), ("follower", Follower()),
)  # fmt: skip
"""By which columns the feed's rows are the caller's."""

OWN: tuple[Ensured, ...] = tuple(frozenset({frozenset({OfSubject(frozenset({kind}))})}) for kind in ("self", "household"))
"""What is known of the record that the caller's own number finds."""


def own(record: RecordType, column: str) -> tuple[Ensured, ...]:
    """What is known of a record that an attribute of the caller's finds by a column."""
    return OWN if record.subject and record.subject.self == column else ()


def bind(draft: Draft) -> None:
    for root in draft.collected.roots:
        draft.roots.append(RootBinder(draft, root).run())


class RootBinder(Binder):
    """Binds one root field, and what is asked below it."""

    def run(self) -> BoundRoot:
        root = self.root
        if root.declared is None:
            return self.node()
        if denied := next((d for d in self.searches if d.denied), None):
            self.draft.withheld.append(Refusal((root.name,), denied, searched=True))
            return BoundRoot(root.name, "refused", root.arguments)
        match root.declared:
            case LookupRoot():
                return self.lookup(root.declared)
            case ListingRoot():
                return self.listing(root.declared)
            case FeedRoot():
                return self.feed(root.declared)

    def lookup(self, declared: LookupRoot) -> BoundRoot:
        bound = BoundRoot(self.root.name, "lookup", self.root.arguments, records=[declared.record.name])
        ensured: tuple[Ensured, ...] = ()
        if declared.caller:
            key = declared.record.by_attribute(declared.caller)
            assert isinstance(key, ColumnField)
            column = key.column
            ensured = own(declared.record, column)
        else:
            given = self.draft.arguments[self.root.arguments]
            chosen = next((k for k in declared.keys if given.get(k.name) is not None), declared.keys[0])
            column = chosen.column
        self.find(bound, declared.record, self.root.selections[0], column, self.searches, ensured)
        return bound

    def node(self) -> BoundRoot:
        bound = BoundRoot(self.root.name, "node", self.root.arguments)
        for selection, search in zip(self.root.selections, self.searches, strict=True):
            if search.denied:
                continue
            bound.records.append(selection.record.name)
            self.find(bound, selection.record, selection, selection.record.id.column, [search], ())
        if not bound.records:
            self.draft.withheld.append(Refusal((self.root.name,), self.searches[0], searched=True))
            bound.kind = "refused"
        return bound

    def find(
        self, bound: BoundRoot, record: RecordType, selection: Selection, key: str, searches: list[Decision],
        ensured: tuple[Ensured, ...],
    ) -> None:  # fmt: skip
        """One record by a key, narrowed to the subjects for whom the search is allowed."""
        step = self.step(record, key)
        step.lookup = step.index
        place = Place(step, "", record, ensured)
        narrowed, guard, depends, terms = self.narrow(place, searches)
        if narrowed is not None:
            bound.narrowed[step.index] = narrowed
        bound.depends[step.index] = depends
        bound.steps.append(step.index)
        self.only = step.index if bound.kind == "node" else None
        if guard is None:
            bound.fields.append(self.selection(selection, place))
            bound.subjects.append(self.subjects(bound, step, bound.fields[-1], place, searches))
            return
        # Other registers must be asked whether this one may be searched by this key: only then is it asked for more.
        via = Bound(self.root.name, (self.root.name,), "one", place.step.place(record.key), record=record.name)
        via.depends, step.has_children = guard.facts() | depends, True
        inner = self.step(record, record.key)
        inner.parent, inner.parent_column, inner.admits, via.step = step.index, via.place, guard, inner.index
        behind = Place(inner, "", record, place.ensured)
        inner.where += [condition for each in terms for condition in self.ways.still(place, behind, each)]
        via.fields = self.selection(selection, behind)
        bound.via[step.index] = via
        bound.fields.append([])
        bound.subjects.append(self.subjects(bound, step, via.fields, behind, searches))

    def subjects(
        self, bound: BoundRoot, found: Step, fields: list[Bound], place: Place, searches: list[Decision]
    ) -> Subjects | None:  # fmt: skip
        """Whom the rows of a root field are about. Of a household these are its members, who are looked up for the ledger.

        `found` is the step that all of the field depends on: what cannot be recorded is not shown. That a search has found
        somebody is a disclosure, too, under the rules that allow the search.
        """
        told, record, item = place.record.subject, place.record, None
        if told is None:
            return None
        grants = dict.fromkeys(grant for search in searches for grant in search.grants)
        if grants and not any(certain(each) for each in fields):
            item = self.draft.item(f"{record.name}.__typename", tuple(grants))
        if told.self is not None:
            return Subjects(place.step.place(place.qualify(told.self)), item=item)
        residents = people(self.draft.catalogue)
        way = by_household(self.draft.catalogue, record, residents[0]) if residents else None
        if way is None:
            return None
        assert way.record.subject is not None
        assert way.record.subject.self is not None
        members = self.draft.step(way.record.source, way.record.table, None, way.end)
        start = place.step.place(way.start)
        members.parent, members.parent_column, place.step.has_children = place.step.index, start, True
        members.place(way.record.subject.self)
        bound.depends[found.index] = bound.depends.get(found.index, frozenset()) | {members.index}
        return Subjects(start, members.index, item)

    def listing(self, declared: ListingRoot) -> BoundRoot:
        record, arguments = declared.record, self.root.arguments
        bound = BoundRoot(self.root.name, "listing", arguments, records=[record.name])
        step = self.step(record, None)
        place = Place(step, "", record, ())
        bound.steps.append(step.index)
        given = filters_given(declared.filters, self.draft.arguments[arguments].get("filter") or {})
        self.compare(place, given, partial(Argument, arguments, "filter"))
        bound.depends[step.index] = self.narrow(place, self.searches, facts=False)[2]
        if asks_count(self.root.connection):
            self.count(bound, place)
        self.paginate(bound, place)
        self.connection(bound, place)
        step.idle = all(isinstance(part, Constant) or part == "totalCount" for _, part in bound.connection)
        if not bound.fields and not step.idle:
            # Cursors and the page's place alone tell that somebody was found.
            bound.fields.append([])
            bound.subjects.append(self.subjects(bound, step, [], place, self.searches))
        return bound

    def feed(self, declared: FeedRoot) -> BoundRoot:
        """What the caller was told in this role for this purpose, in the order of its numbers."""
        record, arguments = declared.record, self.root.arguments
        bound = BoundRoot(self.root.name, "feed", arguments, records=[record.name])
        step = self.step(record, None)
        place = Place(step, "", record, ())
        bound.steps.append(step.index)
        step.where += [Compare(column, "=", step.param(value)) for column, value in RECIPIENT]
        given, number = self.draft.arguments[arguments], declared.number.column
        if given.get("kinds") is not None:
            step.where.append(Compare(declared.kind.column, "in", step.param(Argument(arguments, "kinds"))))
        if given.get("after") is not None:
            step.where.append(Compare(number, ">", step.param(Argument(arguments, "after"))))
        bound.depends[step.index] = self.narrow(place, self.searches, facts=False)[2]
        step.order, step.limit, bound.cursor = [Order(number)], Argument(arguments, "first"), (step.place(number),)
        bound.fields.append(self.selection(self.root.selections[0], place))
        bound.subjects.append(self.subjects(bound, step, bound.fields[-1], place, self.searches))
        return bound

    def count(self, bound: BoundRoot, place: Place) -> None:
        decision = self.draft.decisions[id(self.root.connection)]
        if decision.denied:
            return
        listed = place.step
        step = self.step(place.record, None)
        step.where, step.values, step.columns = list(listed.where), list(listed.values), [Count()]
        # An aggregate over rows of which some are not the caller's to count is narrowed to those that are.
        bound.depends[step.index] = self.narrow(Place(step, "", place.record, place.ensured), [decision], facts=False)[2]
        bound.count_step = step.index
        bound.item = self.draft.item(decision.coordinate, decision.grants)

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
                        bound.subjects.append(self.subjects(bound, place.step, bound.fields[-1], place, self.searches))
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

    def narrow(
        self, place: Place, searches: list[Decision], *, facts: bool = True
    ) -> tuple[Decision | None, Guard | None, frozenset[int], list[Terms]]:
        """Restrict a root's rows to those for which every search is allowed.

        The decision that did, if one did and may say so; what other registers have to say first, if something; what it all
        depends on; and the terms that it was done under.
        """
        narrowed, guards, depends, used = None, [], frozenset[int](), []
        for search in searches:
            self.count_found(place, search)
            terms = self.conditions.terms(place, search, facts=facts)
            depends |= terms.depends()
            used.append(terms)
            if guard := self.restrict(place, terms):
                guards.append(guard)
            if not terms.ways[0].free:
                place.ensured = (*place.ensured, frozenset(grant.constraints for grant in search.grants))
                narrowed = search
        return narrowed, _all(guards), depends, used

    def restrict(self, place: Place, terms: Terms) -> Guard | None:
        """Let the source leave out what it can tell is not to be found; the guard is about what others tell."""
        where, parts = place.step.where, [p for way in terms.ways for p in way.parts]
        where += [Not(together(b.parts.teller)) for b in terms.bans if b.parts.teller]
        none = tuple(fact for b in terms.bans for fact in b.parts.facts)
        if any(p.facts for p in parts) and not terms.ways[0].free:
            return Guard(tuple(p.clause(place) for p in parts), none)
        if not terms.ways[0].free:
            where.append(either([together(p.teller) for p in parts]))
        return Guard(((),), none) if none else None

    def count_found(self, place: Place, search: Decision) -> None:
        """What is searched by under a limit counts, found or not."""
        if place.step.columns != [Count()]:
            self.count_subjects(place, search)
            return
        for grant in search.grants:
            if grant.limit is not None:
                self.limited(str(grant.rule), grant.limit).add((place.step.index, 0))

    def step(self, record: RecordType, key: str | None) -> Step:
        return self.draft.step(record.source, record.table, record, key)


def _all(guards: list[Guard]) -> Guard | None:
    """The guards together."""
    if not guards:
        return None
    clauses = [tuple(atom for clause in chosen for atom in clause) for chosen in product(*(g.any for g in guards))]
    return Guard(tuple(clauses), tuple(fact for g in guards for fact in g.none))


def asks_count(connection: Connection | None) -> bool:
    return connection is not None and any(part == "totalCount" for _, part in connection.parts)
