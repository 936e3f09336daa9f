"""The pass that binds records to steps and columns; what is denied is bound to null and reaches no step.

Constraints. A decision may hold for some rows only. Where the row itself tells (whom it is about, what a column of it holds), its
source decides: the value comes as `Only(condition, column)` beside `Holds(condition)`, which tells a withheld null from a plain
one. Where the row that this record is linked from tells, or another register, what is conditional is asked only for keys whose
guard is met; a record that tells of itself, but not all, is asked twice: first for what decides, then for the rest. A search with
constraints narrows the search, and whatever the search has ensured for every row is not checked again.

Prohibitions on rows. If the caller may not know of one, what it withholds is simply null, as if it were absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from auth.access import Access, Decision, Limit, Matches
from resolvers.arguments import filters_given
from resolvers.authorize import access_of
from resolvers.conditions import Banned, Conditions, Terms, operand_of, together
from resolvers.draft import Draft, Ensured
from resolvers.places import Place
from resolvers.plan import Bound, Gate, Guard, Refusal, Step
from resolvers.relations import means_the_same
from resolvers.selection import Asked, Root, Selection
from resolvers.values import Argument, Constant
from resolvers.ways import Wanted, Ways
from schema.build import order_values
from schema.catalogue import ColumnField, DerivedField, Filter, IdField, LinkField, RecordType
from schema.declare import Arg, Hop
from sources.protocol import Compare, Condition, Holds, Join, Not, Order, Some


class Binder:
    """Binds what is asked of records. Its methods mirror that: selection, field, link."""

    def __init__(self, draft: Draft, root: Root) -> None:
        self.draft, self.root = draft, root
        self.searches = draft.searches[id(root)]
        self.only: int | None = None
        self.access: Access = access_of(root)
        self.conditions = Conditions(draft)
        self.ways = Ways(draft, self.conditions, self.told)

    def selection(self, selection: Selection, place: Place) -> list[Bound]:
        return [self.asked(asked, place) for asked in selection.asked]

    def asked(self, asked: Asked, place: Place) -> Bound:
        if asked.field is None:
            return Bound(asked.name, asked.path, "constant", value=place.record.name)
        decision = self.draft.decisions[id(asked)]
        if decision.denied:
            of_order = decision.coordinate != asked.field.coordinate
            self.draft.withheld.append(Refusal(asked.path, decision, self.only, searched=of_order))
            return Bound(asked.name, asked.path, "constant")
        self.count_subjects(place, decision, asked)
        for search in self.draft.list_searches.get(id(asked), ()):
            self.count_subjects(place, search)
        if isinstance(asked.field, LinkField):
            assert asked.selection is not None
            return self.link(asked, asked.field, asked.selection, place, decision)
        item = asked.field
        bound = Bound(asked.name, asked.path, "id" if isinstance(item, IdField) else "column", record=place.record.name)
        wanted = Wanted(
            lambda at: at.operand(operand_of(item, at.step, asked.arguments)), decision, asked.path, self.only
        )  # fmt: skip
        self.ways.bind(bound, place, self.conditions.terms(place, decision), wanted)
        return bound

    def count_subjects(self, place: Place, decision: Decision, asked: Asked | None = None) -> None:
        """Where the subjects stand that count for a permission's limit, and whether a question is asked about each.

        A field that answers a question of the caller's, such as whether an income is at most so much, finds out as much as it is
        asked, in one request or in many.
        """
        item = None if asked is None else asked.field
        question = isinstance(item, DerivedField) and any(isinstance(each, Arg) for each in item.expression.args)
        for grant in decision.grants:
            if grant.limit is not None:
                subject = place.teller.record.subject
                assert subject is not None
                at = place.teller.step.place(place.teller.qualify(subject.self or subject.household or ""))
                self.limited(str(grant.rule), grant.limit).add((place.teller.step.index, at))
                if asked is not None and question:
                    self.draft.questions.setdefault((str(grant.rule), grant.limit), set()).add(asked.path)

    def limited(self, rule: str, limit: Limit) -> set[tuple[int, int]]:
        return self.draft.limited.setdefault((rule, limit), set())

    def told(self, place: Place, decision: Decision, banned: Banned) -> bool:
        """Whether the caller may know, of every row that it may have, what a prohibition turns on."""
        if not banned.ban.told:
            return False
        for match in banned.ban.when:
            known = self.draft.profile.decide(match.coordinate, self.access, "read")
            whole = [grant.constraints for grant in known.grants if grant.mask is None]
            whole = [w for w in whole if means_the_same(self.draft.catalogue, place.teller.record, match, w)]
            if known.denied or known.bans or not all(any(w <= g.constraints for w in whole) for g in decision.grants):
                return False
        return True

    # Links

    def link(self, asked: Asked, item: LinkField, selection: Selection, place: Place, decision: Decision) -> Bound:
        target = self.draft.catalogue.records[item.target]
        terms = self.conditions.terms(place, decision, target)
        if terms.free and self.joinable(item, target, place):
            return self.join(asked, item, selection, target, place)
        bound = Bound(asked.name, asked.path, "many" if item.many else "one", record=target.name)
        admits = self.start(bound, asked, item, place, terms, decision)
        step = self.follow(item, target, place.step, bound.place)
        first = self.draft.steps[step.hops[0]] if step.hops else step
        first.admits = admits
        if any(b.parts.teller or b.parts.own or b.parts.facts for b in terms.bans):
            hop = item.through[0] if step.hops else None
            first.nobody = self.draft.nobody(first.source, first.table, hop.key if hop else item.end)
        inner = Place(step, "", target, (), None if target.subject else place)
        inner.ensured = self.narrow_link(bound, place, inner, terms)
        if item.many:
            assert asked.arguments is not None
            given = filters_given(item.filters, self.draft.arguments[asked.arguments])
            self.compare(inner, given, partial(Argument, asked.arguments))
            self.order(asked, item, inner)
        if bound.filters:
            # Which of the rows are shown is decided once they are there, and only then how many.
            bound.limit, step.limit = step.limit, None
        bound.step = step.index
        bound.fields = self.selection(selection, inner)
        bound.subject = self.subject(bound.fields, inner)
        return bound

    def subject(self, fields: list[Bound], place: Place) -> int | None:
        """Where the number stands of the resident whom a row is about, if it tells that and something of it may be shown.

        It is read as a key, for the ledger alone: nothing may be shown of somebody who is not named there.
        """
        told = place.record.subject
        if told is None or told.self is None or not any(discloses(bound) for bound in fields):
            return None
        return place.step.place(place.qualify(told.self))

    def start(self, bound: Bound, asked: Asked, item: LinkField, place: Place, terms: Terms, decision: Decision) -> Guard | None:
        """Bind where the link's keys stand; where the source cannot tell, what a row must meet to be followed."""
        place.step.has_children = True
        wanted = Wanted(lambda at: at.qualify(item.start), decision, asked.path, self.only)
        if place.above is not None or not terms.facts():
            # Of a record that cannot tell its subject the row has one start for all alternatives that ask the same of it; the
            # others, were there any, would need another.
            self.ways.bind(bound, place, terms, wanted)
            bound.choices = bound.choices[:1]
            bound.place = bound.choices[0].place
            return None
        return self.ways.bind_start(bound, place, terms, wanted)

    def follow(self, item: LinkField, target: RecordType, parent: Step, column: int) -> Step:
        """The steps from a link's start to its target's rows."""
        joined = self.joinable_hop(item, target)
        steps: list[Step] = []
        for hop in item.through[:-1] if joined else item.through:
            steps.append(self.draft.hop(hop, parent, column))
            parent, column = steps[-1], steps[-1].place(hop.value)
        step = self.draft.step(target.source, target.table, target, item.end)
        step.parent, step.parent_column, step.hops = parent.index, column, tuple(s.index for s in steps)
        if joined:
            self.join_hop(step, joined, item.end)
        return step

    def joinable(self, item: LinkField, target: RecordType, place: Place) -> bool:
        """A record of the same source, at most one for each row, and for every row that is shown: one statement is cheaper."""
        same = target.source == place.record.source and item.end == target.key
        able = self.draft.capabilities[target.source].joins
        return same and able and not item.many and not item.through and target.subject is not None

    def join(self, asked: Asked, item: LinkField, selection: Selection, target: RecordType, place: Place) -> Bound:
        alias = f"{target.table}{len(place.step.joins) + 1}"
        place.step.joins.append(Join(alias, target.table, item.end, place.qualify(item.start)))
        inner = Place(place.step, alias, target, ())
        bound = Bound(asked.name, asked.path, "joined", place.step.place(inner.qualify(target.key)), record=target.name)
        decision = self.draft.decisions[id(asked)]
        if any(grant.duties for grant in decision.grants):
            self.ways.mark(
                Wanted(lambda at: at.qualify(item.start), decision, asked.path, self.only), decision.grants, always=True
            )
        bound.item = self.draft.item(decision.coordinate, decision.grants)
        bound.fields = self.selection(selection, inner)
        bound.subject = self.subject(bound.fields, inner)
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

    def narrow_link(self, bound: Bound, place: Place, inner: Place, terms: Terms) -> tuple[Ensured, ...]:
        """Leave out the rows of a link for which its constraints on them do not hold; what then is known of those that remain."""
        for banned in terms.bans:
            if banned.parts.linked:
                inner.step.where.append(Not(self.linked(inner, banned.parts.linked)))
        alternatives = [p for way in terms.ways for p in way.parts]
        if len({tuple(p.linked) for p in alternatives}) <= 1:
            if alternatives and alternatives[0].linked:
                inner.step.where.append(self.linked(inner, alternatives[0].linked))
            known = frozenset(p.constraints for p in alternatives)
            return (known,) if inner.above and all(known) else ()
        filters = [None if not p.linked else self.linked(inner, p.linked) for p in alternatives]
        gates = [self.ways.gate(place, p) for p in alternatives]
        bound.filters = tuple(
            (gate, None if held is None else inner.step.place(Holds(held))) for gate, held in zip(gates, filters, strict=True)
        )
        if all(held is not None for held in filters):
            inner.step.where.append(Some(tuple(held for held in filters if held is not None)))
        return ()

    def linked(self, inner: Place, matches: list[Matches]) -> Condition:
        return together([self.conditions.match(inner.step, m, inner) for m in matches])

    def compare(self, place: Place, filters: Iterable[Filter], value: Callable[[str], Argument]) -> None:
        """Leave out the rows that do not fit the caller's filters; `value` says where that of a name is."""
        for item in filters:
            parameter = place.step.param(value(item.name))
            operand = place.operand(operand_of(item.target, place.step, None))
            place.step.where.append(Compare(operand, item.operator, parameter))  # type: ignore[arg-type]

    def order(self, asked: Asked, item: LinkField, place: Place) -> None:
        """The asked order, or else the declared one if its column may be read, and then the key: a total order.

        Of a list of pages the declared order is part of what its link says, so it holds whatever may be read.
        """
        assert asked.arguments is not None
        given, record = self.draft.arguments[asked.arguments], place.record
        order: list[Order] = []
        if given.get("orderBy") is not None:
            order = [Order(*order_values(record)[given["orderBy"]])]
        elif item.order and (item.paged or self.readable(place, item.order.lstrip("-"))):
            order = [Order(item.order.lstrip("-"), item.order.startswith("-"))]
        step = place.step
        step.order = [*order, *([] if order and order[0].column == record.key else [Order(record.key)])]
        if item.paged:
            step.limit = Argument(asked.arguments, "first")
        elif given.get("limit") is not None:
            step.limit = step.bounded = Argument(asked.arguments, "limit")
        if step.hops:
            step.merge = tuple((step.place(o.column), o.descending) for o in step.order)

    def readable(self, place: Place, column: str) -> bool:
        """Whether the column may be read, whole, of every row here."""
        fields = (f for f in place.record.fields.values() if isinstance(f, ColumnField) and f.column == column)
        decisions = [self.draft.profile.decide(f.coordinate, self.access, "read") for f in fields]
        return bool(decisions) and all(self.sure(place, d) for d in decisions)

    def sure(self, place: Place, decision: Decision) -> bool:
        whole = [grant.constraints for grant in decision.grants if grant.mask is None]
        return not decision.denied and not decision.bans and bool(whole) and place.ensures(whole)


def discloses(bound: Bound) -> bool:
    """Whether a value can disclose something."""
    return bound.item is not None or bool(bound.choices)


def certain(bound: Bound) -> bool:
    """Whether a value discloses something of every row there is."""
    plain = len(bound.choices) == 1 and bound.choices[0].gate == bound.choices[0].silent == Gate()
    return bound.kind in ("column", "id") and plain and not bound.bans and bound.detail is None and not bound.depends
