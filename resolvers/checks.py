"""Checking constraints for one row under Strawberry's own execution: each by asking for just what it is about.

What a plan asks in one batch, and mostly in the statement that reads the value, is here asked for one by one. It must come to the
same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from auth import consent
from auth.access import (
    Access,
    Ban,
    Constraint,
    Decision,
    Grant,
    Matches,
    OfSubject,
    Reason,
    Since,
    Verdict,
    WithCase,
    WithConsent,
)
from resolvers.conditions import apart
from resolvers.draft import Ensured
from resolvers.places import beyond, ensures
from resolvers.relations import Relation, by_household, means_the_same, relation
from resolvers.values import Environment
from schema.catalogue import ColumnField, DerivedField, RecordType, column_type
from schema.declare import Today
from sources.protocol import All, Call, Compare, Condition, Holds, Key, Operand, Param, Shape

if TYPE_CHECKING:
    from resolvers.rows import Context


class _Absent:
    """What a prohibition withholds of which the caller may not know."""

    mask = None


ABSENT: Final = _Absent()


@dataclass(frozen=True)
class Row:
    """A record: its type, its key, how it was reached, and the row that tells whom it is about, where it does not itself."""

    record: RecordType
    key: Key
    access: Access
    ensured: tuple[Ensured, ...] = ()
    above: Row | None = None

    @property
    def teller(self) -> Row:
        return self.above or self

    def ensures(self, alternatives: Iterable[frozenset[Constraint]], target: RecordType | None = None) -> bool:
        """Whether one of the alternatives is known to hold for this row; `target` is what a link leads to."""
        known = (*self.ensured, *(beyond(self.above.ensured, self.record) if self.above else ()))
        if target is not None and target.name not in (self.record.name, self.teller.record.name):
            known = beyond(known, target)
        return ensures(known, alternatives)


class Withheld(Exception):
    def __init__(self, decision: Decision, *, searched: bool = False) -> None:
        super().__init__(decision.coordinate)
        self.decision, self.searched = decision, searched


class Checker:
    """Checks what a decision leaves open, for one operation's rows."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._environment: Environment | None = None

    async def grant(self, row: Row, decision: Decision) -> Grant | _Absent:
        """The first grant that holds for the row, or that a prohibition makes it look absent; raises `Withheld`."""
        if decision.denied:
            raise Withheld(decision)
        held = [grant for _, same in _by_mask(row, decision) for grant in same if await self.all(row, grant.constraints)]
        bans = [ban for ban in _bans(decision) if await self.banned(row, ban)]
        if not held:
            raise Withheld(decision)
        return self.unless(row, decision, bans) or held[0]

    async def link(self, row: Row, decision: Decision, target: RecordType) -> list[Grant] | _Absent:
        """The grants under which a link's rows may be had, as far as the row itself tells; raises `Withheld`."""
        of_row = [
            (grant, frozenset(c for c in grant.constraints if not self.about_linked(row, c, target)))
            for _, same in _by_mask(row, decision, target)
            for grant in same
        ]
        held = [grant for grant, constraints in of_row if await self.all(row, constraints)]
        of_link = [ban for ban in _bans(decision) if not self.about_linked(row, ban.when[0], target)]
        bans = [ban for ban in of_link if await self.banned(row, ban)]
        if not held:
            raise Withheld(decision)
        return self.unless(row, decision, bans) or held

    async def linked(
        self, row: Row, start: Row, granted: Sequence[Grant] | _Absent, decision: Decision, target: RecordType
    ) -> bool:
        """Whether a row that is linked from `start` is among those that may be had."""
        assert not isinstance(granted, _Absent)
        assert target.name == row.record.name
        for ban in _bans(decision):
            if all(self.about_linked(start, m, target) for m in ban.when) and await self.all(row, frozenset(ban.when)):
                return False
        wanted = [frozenset(c for c in g.constraints if isinstance(c, Matches) and c.record == target.name) for g in granted]
        return any([await self.all(row, constraints) for constraints in wanted])

    def about_linked(self, row: Row, constraint: Constraint, target: RecordType) -> bool:
        if not isinstance(constraint, Matches) or constraint.household:
            return False
        return constraint.record == target.name and not self.told_by(row, constraint)

    def ensured(self, row: Row, decision: Decision, target: RecordType) -> tuple[Ensured, ...]:
        """What is known of a link's rows that cannot tell their subject."""
        grants = [grant for _, same in _by_mask(row, decision, target) for grant in same]
        filters = {frozenset(c for c in g.constraints if self.about_linked(row, c, target)) for g in grants}
        known = frozenset(grant.constraints for grant in grants)
        return (known,) if len(filters) <= 1 and all(known) else ()

    def unless(self, row: Row, decision: Decision, bans: Sequence[Ban]) -> _Absent | None:
        """What prohibitions that hold make of a row; raises `Withheld` for the first of which the caller may know."""
        for ban in bans:
            if self.told(row, decision, ban):
                raise Withheld(replace(decision, verdict=Verdict.DENY, reason=Reason.PROHIBITED, rules=(ban.rule,)))
        return ABSENT if bans else None

    def told(self, row: Row, decision: Decision, ban: Ban) -> bool:
        """Whether the caller may know, of all rows that it may have, what the prohibition turns on."""
        for match in ban.when:
            flag = self.context.profile.decide(match.coordinate, row.access, "read")
            whole = [g.constraints for g in flag.grants if g.mask is None]
            whole = [w for w in whole if means_the_same(self.context.catalogue, row.teller.record, match, w)]
            if flag.denied or flag.bans or not all(any(w <= g.constraints for w in whole) for g in decision.grants):
                return False
        return ban.told

    async def banned(self, row: Row, ban: Ban, *, facts: bool = True) -> bool:
        """Whether a prohibition holds for a row; one that cannot be checked is taken to hold."""
        ways = [self.way(row, match) for match in ban.when if match.household or not self.told_by(row, match)]
        if any(way is None or not (facts or self.near(row.teller, way)) for way in ways):
            return True
        return await self.all(row, frozenset(ban.when))

    def told_by(self, row: Row, match: Matches) -> bool:
        """Whether a match is about the row itself, or about the one that tells its subject."""
        return match.record in (row.record.name, row.teller.record.name)

    def way(self, row: Row, match: Matches) -> Relation | None:
        """The way from whom a row is about to the record that a match is on."""
        found = by_household if match.household else relation
        return found(self.context.catalogue, row.teller.record, self.context.catalogue.records[match.record])

    # One constraint

    async def all(self, row: Row, constraints: frozenset[Constraint], *, facts: bool = True) -> bool:
        """Whether all constraints hold for a row; all are looked at, so that a register that fails is noticed by any."""
        matches = sorted((c for c in constraints if isinstance(c, Matches)), key=str)
        held = [await self.one(row.teller, c, facts) for c in sorted(constraints - frozenset(matches), key=str)]
        held += [await self.matches(row, list(same), facts) for _, same in groupby(matches, key=lambda match: match.record)]
        return all(held)

    async def one(self, teller: Row, constraint: Constraint, facts: bool) -> bool:
        subject = teller.record.subject
        assert subject is not None
        if isinstance(constraint, WithConsent):
            return facts and subject.self is not None and await self.consented(teller, subject.self, constraint.item)
        known = await self.environment(constraint, subject.self is None)
        caller = self.context.access.caller
        if isinstance(constraint, WithCase):
            pairs: list[tuple[str | None, Sequence[Any]]] = [
                (subject.self, [known.case_subject]), (subject.household, [known.case_household]),
            ]  # fmt: skip
        else:
            assert isinstance(constraint, OfSubject)
            of: dict[str, tuple[str | None, Sequence[Any]]] = {
                "self": (subject.self, [caller.rrn]), "household": (subject.household, [known.household]),
                "child": (subject.self, known.children), "jurisdiction": (subject.jurisdiction, [caller.jurisdiction]),
            }  # fmt: skip
            kinds = ["household" if k == "self" and subject.self is None else k for k in constraint.kinds]
            pairs = [of[k] for k in kinds]
        values = [(await self.context.value(teller, column), wanted) for column, wanted in pairs if column is not None]
        return any(value is not None and value in wanted for value, wanted in values)

    async def environment(self, constraint: Constraint, of_household: bool) -> Environment:
        """What is known of the caller and the case, as far as the constraint needs it."""
        context = self.context
        if self._environment is None:
            self._environment = Environment((), context.access.caller, context.today, {}, context.access.purpose)
        needs = {"case", "case_household"} if isinstance(constraint, WithCase) else set()
        if isinstance(constraint, OfSubject):
            kinds: dict[str, str] = {"household": "household", "child": "children"} | (
                {"self": "household"} if of_household else {}
            )
            needs = {kinds[kind] for kind in constraint.kinds if kind in kinds}
            needs -= {"children"} if of_household else set()
        failures: dict[int, Exception] = {}
        await context.circumstances.find(frozenset(needs), context.access, self._environment, failures)
        for failure in failures.values():
            raise failure
        return self._environment

    async def consented(self, teller: Row, column: str, item: str) -> bool:
        rrn, caller, today = await self.context.value(teller, column), self.context.access.caller, self.context.today
        if rrn is None:
            return False
        asked = ("agency", "purpose", "item", "since", "until", "revoked")
        rows = await self.context.rows(consent.SOURCE, Shape(consent.TABLE, asked, "rrn"), (), rrn)
        return any(
            row[1:4] == [caller.agency, self.context.access.purpose, item] and row[4] <= today <= row[5] and row[6] is False
            for row in map(list, rows)
        )

    async def matches(self, row: Row, matches: list[Matches], facts: bool) -> bool:
        """Whether columns of one record match: of the row, of the one that tells its subject, or of one linked to the subject."""
        for at in (row, row.teller):
            if matches[0].record == at.record.name and not matches[0].household:
                condition, values = self.condition(matches)
                return bool(await self.context.value(at, Holds(condition), values))
        way = self.way(row, matches[0])
        if way is None or not (facts or self.near(row.teller, way)):
            return False
        keys = [k for k in [await self.context.value(row.teller, way.start)] if k is not None]
        for hop in way.through:
            where = All(tuple(Compare(n, "=", Param(i)) for i, (n, _) in enumerate(hop.where)))
            shape, values = Shape(hop.table, (hop.value,), hop.key, where=where), tuple(v for _, v in hop.where)
            keys = [r[1] for k in keys for r in await self.context.rows(hop.source, shape, values, k) if r[1] is not None]
        condition, values = self.condition(matches)
        shape = Shape(way.record.table, (Holds(condition),), way.end)
        found = [await self.context.rows(way.record.source, shape, values, key) for key in keys]
        return any(row[1] for rows in found for row in rows)

    def near(self, teller: Row, way: Relation) -> bool:
        """Whether the teller's own source can tell."""
        same = way.record.source == teller.record.source and not way.through
        return same and self.context.sources[way.record.source].source.capabilities.joins

    def condition(self, matches: list[Matches]) -> tuple[Condition, tuple[Any, ...]]:
        values: list[Any] = []

        def param(value: Any) -> Param:
            values.append(value)
            return Param(len(values) - 1)

        found = []
        for match in matches:
            item = self.context.catalogue.records[match.record].fields[match.name]
            assert isinstance(item, ColumnField | DerivedField)
            operand: Operand = item.column if isinstance(item, ColumnField) else Call(
                item.expression.function, item.expression.column,  # type: ignore[arg-type]
                tuple(param(self.context.today if isinstance(a, Today) else a) for a in item.expression.args),
            )  # fmt: skip
            if isinstance(match.values, Since):
                day = match.values.span.before(self.context.today)
                found.append(Compare(operand, ">=", param(day.year if column_type(item.annotation) is int else day)))
            else:
                wanted = (self.context.access.caller.jurisdiction,) if match.values == "jurisdiction" else match.values
                found.append(Compare(operand, "in", param(tuple(wanted))))
        return All(tuple(found)), tuple(values)


def _by_mask(row: Row, decision: Decision, target: RecordType | None = None) -> Iterable[tuple[Any, list[Grant]]]:
    """The grants, alike masked together; what is known to hold of the row ends them."""
    for mask, same in groupby(decision.grants, key=lambda grant: grant.mask):
        grants = list(same)
        if row.ensures((grant.constraints for grant in grants), target):
            yield mask, [replace(grants[0], constraints=frozenset())]
            return
        yield mask, grants


def _bans(decision: Decision) -> list[Ban]:
    return [each for ban in decision.bans for each in apart(ban)]
