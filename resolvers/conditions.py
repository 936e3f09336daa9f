"""From a decision's constraints to what is checked of rows: conditions in the source that has the row, and facts from others.

Everything that is known before a row is read (who asks, whom the case is about) becomes a value, and the constraint a condition
that the source itself decides. What another register says of the row's subject is a fact: a step asks that register for the
subjects' keys, one batch for a register, table and place, however many constraints name it. Records of the same source need no
step of their own: `Exists` asks in the same statement.

What the feed of events asks of an event's resident was found out when the event arrived, and stands beside it
(`resolvers/recipients.py`); consents are in the same database, and are read anew.

A constraint that can hold for no row here, such as consent to a record that is about a household, leaves its alternative out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby

from auth import consent
from auth.access import Ban, Constraint, Decision, Grant, Mask, Matches, OfSubject, Since, WithCase, WithConsent
from resolvers.draft import Draft
from resolvers.places import Place
from resolvers.plan import Fact, Step
from resolvers.relations import Relation, by_household, household_of, relation
from resolvers.values import Argument, Before, Constant, CurrentDay, OfPurpose, OfRequest, Value, lost_need
from schema.catalogue import FACTS, ColumnField, DerivedField, Field, IdField, RecordType, column_type
from schema.declare import Arg, Today
from sources.protocol import All, Call, Compare, Condition, Exists, Holds, Not, Operand, Some


@dataclass
class Parts:
    """What must hold, apart by where it is decided: over the teller's row, over the row itself, elsewhere, over a link's rows."""

    constraints: frozenset[Constraint]
    teller: list[Condition] = field(default_factory=list)
    own: list[Condition] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    linked: list[Matches] = field(default_factory=list)
    needs: set[str] = field(default_factory=set)

    @property
    def free(self) -> bool:
        """Whether nothing has to be checked."""
        return not (self.teller or self.own or self.facts or self.linked)

    def asks(self) -> tuple[list[Condition], list[Condition], list[Fact], list[Matches]]:
        return self.teller, self.own, self.facts, self.linked

    def clause(self, teller: Place) -> tuple[int | Fact, ...]:
        """What a guard asks of the teller's row."""
        held = [] if not self.teller else [teller.step.place(Holds(together(self.teller)))]
        return (*held, *self.facts)


@dataclass
class Way:
    """All alternatives that grant the same, masked alike."""

    mask: Mask | None
    grants: tuple[Grant, ...]
    parts: list[Parts]

    @property
    def free(self) -> bool:
        """Whether it holds for every row."""
        return any(p.free for p in self.parts)


@dataclass
class Banned:
    """What a prohibition asks about, apart as above; it holds if all of it does."""

    ban: Ban
    parts: Parts


@dataclass
class Terms:
    """What a decision leaves to be checked of the rows of one place."""

    ways: list[Way]
    bans: list[Banned]

    @property
    def free(self) -> bool:
        return not self.bans and self.ways[0].free

    def parts(self) -> list[Parts]:
        return [*(p for way in self.ways for p in way.parts), *(b.parts for b in self.bans)]

    def facts(self) -> frozenset[int]:
        """The steps that have to be asked first."""
        return frozenset(fact.step for each in self.parts() for fact in each.facts)

    def depends(self) -> frozenset[int]:
        """Those steps, and what has to be found out before the plan is run."""
        return self.facts() | {lost_need(need) for each in self.parts() for need in each.needs}


class Conditions:
    """Makes them, for one draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def terms(self, place: Place, decision: Decision, target: RecordType | None = None, *, facts: bool = True) -> Terms:
        """What remains of a decision for the rows of a place; `target` is the record that a link leads to.

        Without `facts`, whatever needs another register counts as not held: for lists, which no register can narrow for another.
        """
        ways = []
        for mask, same in groupby(decision.grants, key=lambda grant: grant.mask):
            grants = tuple(same)
            if place.ensures((grant.constraints for grant in grants), target):
                ways.append(Way(mask, grants, [Parts(frozenset())]))
                break
            parts = [p for grant in grants if (p := self.parts(place, grant.constraints, target, facts)) is not None]
            ways.append(Way(mask, grants, parts))
        bans: list[Banned] = []
        for ban in decision.bans:
            for each in apart(ban):
                held = self.banned(place, each, target, facts)
                if not any(b.ban.rule == each.rule and b.parts.asks() == held.asks() for b in bans):
                    bans.append(Banned(each, held))
        return Terms(ways, bans)

    def parts(
        self, place: Place, constraints: frozenset[Constraint], target: RecordType | None = None, facts: bool = True
    ) -> Parts | None:
        """The constraints apart; None if they can hold for no row of the place."""
        parts, teller = Parts(constraints), place.teller
        matches = sorted((c for c in constraints if isinstance(c, Matches)), key=str)
        for constraint in sorted(constraints - frozenset(matches), key=str):
            if isinstance(constraint, WithConsent) and self.draft.catalogue.is_fed(teller.record):
                parts.teller.append(self.consented(teller, constraint.item))
            elif isinstance(constraint, WithConsent):
                fact = self.consent(teller, constraint.item) if facts else None
                if fact is None:
                    return None
                parts.facts.append(fact)
            else:
                parts.teller.append(self.about_subject(teller, constraint, parts.needs))
        for name, same in groupby(matches, key=lambda match: match.record):
            if not self.matched(place, parts, self.draft.catalogue.records[name], list(same), target, facts):
                return None
        return parts

    def banned(self, place: Place, ban: Ban, target: RecordType | None, facts: bool) -> Parts:
        """What a prohibition turns on. One that cannot be checked must be taken to hold."""
        when: frozenset[Constraint] = frozenset(ban.when)
        if self.was_found_out(place.teller, self.draft.catalogue.records[ban.when[0].record], target):
            return Parts(when, teller=[Not(self.arrived(place.teller, fact_of(ban.when), holds=False))])
        return self.parts(place, when, target, facts) or Parts(when, teller=[All(())])

    def was_found_out(self, teller: Place, record: RecordType, target: RecordType | None) -> bool:
        """Whether what is asked of a record was found out when the event of the teller's row arrived."""
        return self.draft.catalogue.is_fed(teller.record) and record not in (teller.record, target)

    def again(self, place: Place, parts: Parts) -> list[Condition]:
        """What the teller's own row decides, for another row of it."""
        joins = self.draft.capabilities[place.record.source].joins
        own = {
            c
            for c in parts.constraints
            if isinstance(c, OfSubject | WithCase)
            or (isinstance(c, Matches) and c.record == place.record.name and (joins or not c.household))
        }
        found = self.parts(place, frozenset(own))
        return found.teller if found is not None else [Some(())]

    def about_subject(self, teller: Place, constraint: Constraint, needs: set[str]) -> Condition:
        """That the row's subject is one of those whom the constraint names; adds to what has to be found out first."""
        subject = teller.record.subject
        assert subject is not None
        if isinstance(constraint, WithCase):
            near = self.of_case_household(teller, needs)
            household = (subject.household, OfRequest("case_household"), "=")
            pairs: list[tuple[str | None, OfRequest, str]] = [
                (subject.self, OfRequest("case_subject"), "="), *([] if near else [household]),
            ]  # fmt: skip
        else:
            near = []
            assert isinstance(constraint, OfSubject)
            of = {
                "self": (subject.self, OfRequest("rrn"), "="),
                "household": (subject.household, OfRequest("household"), "="),
                "child": (subject.self, OfRequest("children"), "in"),
                "jurisdiction": (subject.jurisdiction, OfRequest("jurisdiction"), "="),
            }
            # A record that is about a household, not a resident, is its members' own.
            kinds = ["household" if kind == "self" and subject.self is None else kind for kind in sorted(constraint.kinds)]
            pairs = [of[kind] for kind in kinds]
        compares: list[Condition] = []
        for column, value, operator in pairs:
            if column is not None:
                needs.update(filter(None, [value.need]))
                compares.append(Compare(teller.qualify(column), operator, teller.step.param(value)))  # type: ignore[arg-type]
        self.draft.needs |= needs
        return Some((*dict.fromkeys(compares), *near))

    def of_case_household(self, teller: Place, needs: set[str]) -> list[Condition]:
        """That the case's subject lives in the row's household, asked of the row's own source if that can tell."""
        way = household_of(self.draft.catalogue, teller.record)
        if way is None or not self.draft.capabilities[teller.record.source].joins:
            return []
        value = OfRequest("case_subject")
        needs.update(filter(None, [value.need]))
        assert way.record.subject is not None
        subject = Compare(way.record.subject.self or "", "=", teller.step.param(value))
        return [Exists(way.record.table, way.end, teller.qualify(way.start), subject)]

    # Columns

    def matched(
        self, place: Place, parts: Parts, record: RecordType, matches: list[Matches], target: RecordType | None, facts: bool
    ) -> bool:
        """Add that columns of one record match; false if that record cannot be reached from here."""
        teller = place.teller
        if self.was_found_out(teller, record, target):
            parts.teller.append(self.arrived(teller, fact_of(matches), holds=True))
            return True
        if matches[0].household:
            way = by_household(self.draft.catalogue, teller.record, record)
            return self.reached(teller, parts, way, matches, facts)
        if record is place.record:
            found = [self.match(place.step, m, place) for m in matches]
            (parts.own if place.above else parts.teller).extend(found)
            return True
        if record is teller.record:
            parts.teller.extend(self.match(teller.step, m, teller) for m in matches)
            return True
        if record is target:
            parts.linked.extend(matches)
            return True
        return self.reached(teller, parts, relation(self.draft.catalogue, teller.record, record), matches, facts)

    def reached(self, teller: Place, parts: Parts, way: Relation | None, matches: list[Matches], facts: bool) -> bool:
        """Add that columns match of a record that a way leads to; false if there is none."""
        if way is None:
            return False
        near = way.record.source == teller.record.source and not way.through
        if near and self.draft.capabilities[way.record.source].joins:
            inner = together([self.match(teller.step, m, None) for m in matches])
            parts.teller.append(Exists(way.record.table, way.end, teller.qualify(way.start), inner))
            return True
        if not facts:
            return False
        parts.facts.append(self.fact(teller, way, matches))
        return True

    def arrived(self, teller: Place, fact: str, *, holds: bool) -> Condition:
        """That something was found out about an event's resident when the event arrived, and turned out so."""
        step = teller.step
        values = (("fact", Constant(fact)), ("holds", Constant(holds)))
        asked = All(tuple(Compare(column, "=", step.param(value)) for column, value in values))
        return Exists(FACTS, "event", teller.qualify("event"), asked, by_row=True)

    def match(self, step: Step, match: Matches, place: Place | None) -> Condition:
        """That a column matches: of the rows of a place, or (without one) of the table whose columns the names are."""
        item = self.draft.catalogue.records[match.record].fields[match.name]
        assert isinstance(item, ColumnField | DerivedField)
        self.draft.guards[match.coordinate] = None
        operand = operand_of(item, step, None)
        if place is not None:
            operand = place.operand(operand)
        if match.values == "jurisdiction":
            return Compare(operand, "=", step.param(OfRequest("jurisdiction")))
        if isinstance(match.values, Since):
            year = column_type(item.annotation) is int
            return Compare(operand, ">=", step.param(Before(match.values.span, year)))
        if len(match.values) == 1:
            return Compare(operand, "=", step.param(Constant(match.values[0])))
        return Compare(operand, "in", step.param(Constant(match.values)))

    # Facts

    def fact(self, teller: Place, way: Relation, matches: list[Matches]) -> Fact:
        """What another register says of the subjects of a place."""
        start = teller.step.place(teller.qualify(way.start))
        name = (teller.step.index, start, way.through, way.record.source, way.record.table, way.end)
        step = self.draft.facts.get(name)
        if step is None:
            parent, column = teller.step, start
            hops: list[Step] = []
            for hop in way.through:
                parent = self.draft.hop(hop, parent, column)
                column = parent.place(hop.value)
                hops.append(parent)
            step = self.draft.facts[name] = self.draft.step(way.record.source, way.record.table, None, way.end)
            step.parent, step.parent_column, step.hops = parent.index, column, tuple(h.index for h in hops)
            # Whether the hops led anywhere is not to be told by whether the register fails.
            step.nobody = self.draft.nobody(step.source, step.table, way.end) if hops else None
            teller.step.has_children = True
        inner = together([self.match(step, m, None) for m in matches])
        return Fact(start, step.index, step.place(Holds(inner)))

    def consent(self, teller: Place, item: str) -> Fact | None:
        """Whether the subjects of a place consented to the caller's agency having an item for the purpose."""
        subject = teller.record.subject
        if subject is None or subject.self is None:
            return None
        start = teller.step.place(teller.qualify(subject.self))
        name = (teller.step.index, start, consent.SOURCE)
        step = self.draft.facts.get(name)
        if step is None:
            step = self.draft.facts[name] = self.draft.step(consent.SOURCE, consent.TABLE, None, "rrn")
            step.parent, step.parent_column, teller.step.has_children = teller.step.index, start, True
            step.where = self.consent_holds(step)
        return Fact(start, step.index, step.place(Holds(Compare("item", "=", step.param(Constant(item))))))

    def consented(self, teller: Place, item: str) -> Condition:
        """The same of an event's resident, asked of the database that has both."""
        subject, step = teller.record.subject, teller.step
        assert subject is not None
        asked = All((*self.consent_holds(step), Compare("item", "=", step.param(Constant(item)))))
        return Exists(consent.TABLE, "rrn", teller.qualify(subject.self or ""), asked, by_row=True)

    def consent_holds(self, step: Step) -> list[Condition]:
        """That a consent is the caller's agency's for the purpose, and holds today."""
        today, false = step.param(CurrentDay()), step.param(Constant(False))
        return [
            Compare("agency", "=", step.param(OfRequest("agency"))),
            Compare("purpose", "=", step.param(OfPurpose())),
            Compare("since", "<=", today),
            Compare("until", ">=", today),
            Compare("revoked", "=", false),
        ]


def fact_of(matches: Iterable[Matches]) -> str:
    """What matches of one record are called among the facts that are kept beside an event."""
    return " and ".join(sorted(_fact(match) for match in matches))


def _fact(match: Matches) -> str:
    values = str(match.values.span) if isinstance(match.values, Since) else " ".join(sorted(map(str, match.values)))
    of = "household's " if match.household else ""
    return f"{of}{match.coordinate} {'since' if isinstance(match.values, Since) else 'in'} {values}"


def apart(ban: Ban) -> list[Ban]:
    """A prohibition that turns on anyone in the household as two: on the subject, who may be in none, and on all in it."""
    if not any(match.household for match in ban.when):
        return [ban]
    return [replace(ban, when=tuple(replace(match, household=False) for match in ban.when)), ban]


def operand_of(item: Field, step: Step, arguments: int | None) -> Operand:
    """A field's value; `arguments` are the caller's, for a derived field that takes some."""
    if isinstance(item, DerivedField):
        values = [_input(each, arguments) for each in item.expression.args]
        return Call(item.expression.function, item.expression.column, tuple(step.param(v) for v in values))  # type: ignore[arg-type]
    assert isinstance(item, ColumnField | IdField)
    return item.column


def _input(argument: Arg | Today | int, arguments: int | None) -> Value:
    if isinstance(argument, Today):
        return CurrentDay()
    if isinstance(argument, Arg):
        assert arguments is not None, "a constraint cannot name a field that takes arguments"
        return Argument(arguments, argument.name)
    return Constant(argument)


def together(conditions: Iterable[Condition]) -> Condition:
    """All of them; one alone is itself."""
    found = tuple(conditions)
    return found[0] if len(found) == 1 else All(found)
