"""The columns that fill one response name under a decision's terms, and the gates by which one of them is chosen.

Near: all that decides stands in the row that has the value, so the source decides in the same statement. Far: it stands in the
row that this record is linked from, or in other registers, so each column is asked only for keys whose guard is met.

Each way in which a value is granted, whole or masked so or so, is a column of its own; the first whose gate is open is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from auth.access import Decision, Grant, Mask, Reason, Verdict
from resolvers.conditions import Banned, Conditions, Parts, Terms, Way, together
from resolvers.draft import Draft
from resolvers.places import Place
from resolvers.plan import Bound, Choice, Fact, Gate, Guard, Mark, Refusal, Step
from resolvers.selection import Path
from resolvers.values import Constant, MaskKey
from sources.protocol import Call, Column, Condition, Holds, Not, Only, Operand, Some


@dataclass
class Wanted:
    """What is to be filled: an operand (made for the step that it is asked in), under a decision, at a path."""

    operand: Callable[[Place], Operand]
    decision: Decision
    path: Path
    only: int | None
    """Under `node`, the root step of the type that this is about."""


class Ways:
    """Binds a value's ways; `told` says whether the caller may know of a prohibition."""

    def __init__(self, draft: Draft, conditions: Conditions, told: Callable[[Place, Decision, Banned], bool]) -> None:
        self.draft, self.conditions, self.told = draft, conditions, told

    def bind(self, bound: Bound, place: Place, terms: Terms, wanted: Wanted) -> None:
        """Fill in a bound's choices, gates and refusals."""
        bound.depends |= terms.depends()
        bound.above = place.above is not None
        if place.above is None and not terms.facts():
            bound.choices = tuple(self.near(place, terms, wanted))
        else:
            inner = place if place.above is not None else self.detail(bound, place)
            if terms.bans and inner is not place:
                inner.step.nobody = self.draft.nobody(inner.step.source, inner.step.table, place.record.key)
            bound.choices = tuple(self.far(place, inner, terms, wanted))
        self.refuse(bound, place, terms, wanted)

    def refuse(self, bound: Bound, place: Place, terms: Terms, wanted: Wanted) -> None:
        """What is said where no choice's gate holds, and where a prohibition does that the caller may know of."""
        if all(choice.gate != Gate() for choice in bound.choices):
            bound.refusal = self.refusal(wanted, wanted.decision)
        bans = []
        for banned in terms.bans:
            if self.told(place, wanted.decision, banned) and (gate := self.unless(place, banned)) is not None:
                said = replace(wanted.decision, verdict=Verdict.DENY, reason=Reason.PROHIBITED, rules=(banned.ban.rule,))
                bans.append((gate, self.refusal(wanted, said)))
        bound.bans = tuple(bans)

    def refusal(self, wanted: Wanted, decision: Decision) -> int:
        self.draft.guarded.append(Refusal(wanted.path, decision, wanted.only))
        return len(self.draft.guarded) - 1

    def unless(self, place: Place, banned: Banned) -> Gate | None:
        """That a prohibition does not hold; None where it is about the rows of a link, which it leaves out."""
        parts = banned.parts
        if parts.facts:
            return Gate(Guard(((),), tuple(parts.facts)))
        if parts.own:
            return Gate(own=place.step.place(Holds(Not(together(parts.own)))))
        if not parts.teller:
            return None
        return Gate(Guard(((place.teller.step.place(Holds(Not(together(parts.teller)))),),)))

    # Near

    def near(self, place: Place, terms: Terms, wanted: Wanted) -> Iterator[Choice]:
        nots: list[Condition] = [Not(together(b.parts.teller)) for b in terms.bans if b.parts.teller]
        for way in terms.ways:
            # What is asked of a link's rows is asked of them, not of the row that it starts from.
            held = None if any(not p.teller for p in way.parts) else either([together(p.teller) for p in way.parts])
            conditions = [*([] if held is None else [held]), *nots]
            column = only(conditions, self.masked(wanted.operand(place), way.mask, place.step))
            at = place.step.place(column)
            gate = Gate() if held is None else Gate(Guard(((place.step.place(Holds(held)),),)))
            yield self.choice(at, gate, Gate(), way, wanted)
            if held is None:
                return

    # Far

    def far(self, place: Place, inner: Place, terms: Terms, wanted: Wanted) -> Iterator[Choice]:
        """`inner` has the values; the teller of `place` has what guards are about."""
        teller = place.teller
        nots: list[Condition] = [Not(together(b.parts.own)) for b in terms.bans if b.parts.own]
        nots += self.still_unless(place, inner, terms)
        cells, none, silent = self.silences(teller, terms)
        for way in terms.ways:
            for own, parts in by_own(way):
                clauses = tuple(p.clause(teller) for p in parts)
                shown = None if () in clauses else Guard(clauses)
                asked = Guard(tuple((*clause, *cells) for clause in clauses), none) if shown or cells or none else None
                conditions = [*own, *nots, *self.again(place, inner, parts)]
                column = only(conditions, self.masked(wanted.operand(inner), way.mask, inner.step))
                at = self.ask(inner.step, column, asked)
                # What the row itself tells is asked under no prohibition: where one holds, the row must look as if it did not.
                told = self.ask(inner.step, Holds(together(own)), shown) if own else None
                yield self.choice(at, Gate(shown, told), silent, way, wanted)
            if way.free:
                return

    def bind_start(self, bound: Bound, place: Place, terms: Terms, wanted: Wanted) -> Guard:
        """Of a link whose rows wait for other registers: where its keys stand, and which rows may have theirs asked.

        The key column itself is read as a key, which permitted links may.
        """
        cells, none, silent = self.silences(place, terms)
        clauses = tuple(p.clause(place) for way in terms.ways for p in way.parts)
        shown = Gate() if () in clauses else Gate(Guard(clauses))
        bound.depends |= terms.depends()
        bound.place = place.step.place(wanted.operand(place))
        bound.choices = (self.choice(bound.place, shown, silent, Way(None, wanted.decision.grants, []), wanted),)
        self.refuse(bound, place, terms, wanted)
        return Guard(tuple((*clause, *cells) for clause in clauses), none)

    def silences(self, teller: Place, terms: Terms) -> tuple[tuple[int, ...], tuple[Fact, ...], Gate]:
        """That no prohibition holds: as booleans in the teller's row, as facts that must not be, and as the gate of both."""
        cells = tuple(teller.step.place(Holds(Not(together(b.parts.teller)))) for b in terms.bans if b.parts.teller)
        none = tuple(fact for b in terms.bans for fact in b.parts.facts)
        return cells, none, Gate(Guard((cells,), none)) if cells or none else Gate()

    def gate(self, place: Place, parts: Parts) -> Gate:
        """What one alternative asks of a row."""
        clause = parts.clause(place.teller)
        own = place.step.place(Holds(together(parts.own))) if parts.own else None
        return Gate(Guard((clause,)) if clause else None, own)

    def again(self, place: Place, inner: Place, parts: list[Parts]) -> list[Condition]:
        """What the first row told, once more in the statement that reads the value: the row may have changed in between."""
        if inner is place or any(not p.teller for p in parts):
            return []
        return [either([together(self.conditions.again(inner, p)) for p in parts])]

    def still(self, place: Place, inner: Place, terms: Terms) -> list[Condition]:
        """The same, for a row that all of the terms decide over."""
        return [*self.again(place, inner, [p for way in terms.ways for p in way.parts]), *self.still_unless(place, inner, terms)]

    def still_unless(self, place: Place, inner: Place, terms: Terms) -> list[Condition]:
        """That in another row no prohibition holds that the row itself tells."""
        if inner is place:
            return []
        found = [self.conditions.again(inner, banned.parts) for banned in terms.bans if banned.parts.teller]
        return [Not(together(conditions)) for conditions in found if conditions]

    def ask(self, step: Step, column: Column, guard: Guard | None) -> int:
        """The column's place in the rows; under a guard it is a column of its own: other uses may be under none."""
        if guard is None:
            return step.place(column)
        at = step.add(column)
        step.conditional[at] = guard
        return at

    def detail(self, bound: Bound, place: Place) -> Place:
        """Another row of the same record, asked for by its key once others have told what they know of its subject."""
        at = place.step.place(place.qualify(place.record.key))
        name = (place.step.index, at)
        step = self.draft.details.get(name)
        if step is None:
            step = self.draft.step(place.record.source, place.record.table, place.record, place.record.key)
            step.parent, step.parent_column, step.detail, place.step.has_children = place.step.index, at, True, True
            self.draft.details[name] = step
        bound.detail = (step.index, at)
        return Place(step, "", place.record, (), None)

    # Masks

    def masked(self, operand: Operand, mask: Mask | None, step: Step) -> Operand:
        if mask is None:
            return operand
        values = (MaskKey(0), MaskKey(1)) if mask.kind == "pseudonym" else (Constant(mask.amount),) if mask.amount else ()
        return Call(mask.kind, operand, tuple(step.param(v) for v in values))

    def choice(self, at: int, gate: Gate, silent: Gate, way: Way, wanted: Wanted) -> Choice:
        item = self.draft.item(wanted.decision.coordinate, way.grants)
        if way.mask is None and not any(grant.duties for grant in way.grants):
            return Choice(at, gate, silent, item=item)
        # After another way, even one that asks nothing of a row is taken for some rows only.
        first = way.mask == wanted.decision.grants[0].mask
        always = gate == Gate() and first and not any(ban.told for ban in wanted.decision.bans)
        return Choice(at, gate, silent, self.mark(wanted, way.grants, always=always), item)

    def mark(self, wanted: Wanted, grants: tuple[Grant, ...], *, always: bool) -> int | None:
        """Note what is to be said if the value is shown under these grants; the mark's number where each row tells."""
        decision = replace(wanted.decision, grants=grants, rules=tuple(grant.rule for grant in grants))
        self.draft.marks.append(Mark(wanted.path, decision, always, wanted.only))
        return None if always else len(self.draft.marks) - 1


def by_own(way: Way) -> Iterator[tuple[list[Condition], list[Parts]]]:
    """A way's alternatives by what they ask of the row itself."""
    if way.free:
        yield [], [p for p in way.parts if p.free]
        return
    found: dict[tuple[Condition, ...], list[Parts]] = {}
    for parts in way.parts:
        found.setdefault(tuple(parts.own), []).append(parts)
    for own, same in found.items():
        yield list(own), same
    if not found:
        # Nobody's row can be granted this: a guard that nothing meets says so.
        yield [], []


def only(conditions: list[Condition], operand: Operand) -> Only | Operand:
    return Only(together(conditions), operand) if conditions else operand


def either(conditions: list[Condition]) -> Condition:
    """At least one of them; one alone is itself."""
    return conditions[0] if len(conditions) == 1 else Some(tuple(conditions))
