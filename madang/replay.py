"""What recorded operations would have been given under other regulations: nothing is read but the ledger's counts and forms.

A form (`auth/entries.py`) says what was asked: the coordinates, how they were reached, and which stands below which. That is
decided again, under the regulations in force and under a draft, by the authorizer that serves and by the planner's rules
(`resolvers/authorize.py`): below what is denied nothing is decided, a root field whose search is denied gives nothing, and a
child list that is sorted or filtered by what is denied is denied itself. Two more rules are about the whole of an operation: one
that names a field that does not exist for the caller is no valid operation, and one that was to be answered whole or not at all,
and was rejected, has nothing as long as anything of it is denied.

Per operation, what a coordinate is at some place of it is told once. What is not answered otherwise is not told: that another
rule grants it, or that it is denied for another reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Literal, NamedTuple, TypeAlias

import asyncpg

from auth.access import Access, AccessRequest, Authorizer, Caller, Decision, Use
from auth.diff import Change, How, how
from auth.reach import Circumstance
from auth.situations import Situations
from madang.witness import Witness
from resolvers.authorize import both
from resolvers.relations import is_about_the_same
from schema.catalogue import Catalogue, IdField, LinkField

Said: TypeAlias = How | Literal["gone"]
"""How it is changed; `gone`: there is no such coordinate any more."""

_FORMS = """
SELECT content, operations::bigint, last FROM ledger_form JOIN (
    SELECT form, sum(operations) AS operations, max(day) AS last FROM ledger_count WHERE item = -1 AND day >= $1 GROUP BY form
) AS counted ON counted.form = id ORDER BY id
"""
_UNCOUNTED = """
SELECT coalesce(sum(entries), 0)::bigint FROM ledger_block
WHERE number > (SELECT number FROM ledger_upkeep WHERE work = 'counts') AND at >= $1
"""
_BATCH = 500
"""Forms that are fetched at once."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Operations of one form: its content, how many they were, and the last day on which there was one."""

    content: Mapping[str, Any]
    operations: int
    last: date

    @property
    def caller(self) -> Caller:
        return Caller(self.content["agency"], self.content["role"] or "", "")

    @property
    def asked(self) -> Sequence[tuple[str, Access, Use, int]]:
        return self.content["asked"]  # type: ignore[no-any-return]

    @property
    def circumstance(self) -> Circumstance:
        return Circumstance(self.content["agency"], self.content["role"] or "", self.content["purpose"])


class Kind(NamedTuple):
    """What would change: a coordinate, for a use, in these ways; `because` of which other coordinate, if it is that."""

    coordinate: str
    use: Use
    how: tuple[Said, ...]
    because: str | None


@dataclass(frozen=True, slots=True)
class Effect:
    """One change in one place of an operation. Of what is gone there is no decision."""

    kind: Kind
    access: Access
    before: Decision | None
    after: Decision | None


@dataclass(frozen=True, slots=True)
class Shown:
    """An effect, the operations of one form that would have it, and an operation to see it by, where there is one."""

    effect: Effect
    by: Recorded
    witness: Witness | None


@dataclass
class Replay:
    """What came of it. `changes`: operations by agency, purpose and what would change; `groups`: by agency and purpose alone."""

    since: date
    at: date
    draft: str
    operations: int = 0
    forms: int = 0
    uncounted: int = 0
    """Operations that are in the ledger, and not yet in its counts."""
    losing: int = 0
    gaining: int = 0
    otherwise: int = 0
    changes: Counter[tuple[str, str | None, Kind]] = field(default_factory=Counter)
    groups: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    shown: Mapping[Kind, Shown] = field(default_factory=dict)


class Replayer:
    """Takes recorded operations again, under the regulations in force and under a draft."""

    def __init__(self, catalogue: Catalogue, now: Authorizer, draft: Authorizer) -> None:
        self._catalogue, self._laws = catalogue, (now, draft)
        self._known = frozenset(catalogue.coordinates())
        items = (item for record in catalogue.records.values() for item in record.fields.values())
        self._ids = frozenset(item.coordinate for item in items if isinstance(item, IdField))

    def effects(self, recorded: Recorded) -> list[Effect]:
        """All that would change for an operation, place by place."""
        if gone := [place for place in range(len(recorded.asked)) if not self._is_there(recorded, place)]:
            # Nobody can ask it any more, under whatever regulations.
            places = (recorded.asked[place] for place in gone)
            return [Effect(Kind(name, use, ("gone",), None), access, None, None) for name, access, use, _ in places]
        found = []
        now, draft = (self.answers(law, recorded) for law in self._laws)
        for (name, access, use, _), before, after in zip(recorded.asked, now, draft, strict=True):
            if ways := _ways(before, after):
                cause = (before if before.denied else after).coordinate
                kind = Kind(name, use, ways, cause if cause != name and (before.denied or after.denied) else None)
                found.append(Effect(kind, access, before, after))
        return found

    def _is_there(self, recorded: Recorded, place: int) -> bool:
        """Whether the graph has what was asked for in a place, there."""
        name, _, _, above = recorded.asked[place]
        if name not in self._known or above < 0:
            return name in self._known
        parent, _, use, _ = recorded.asked[above]
        return use == "search" or self._leads_to(parent) == name.partition(".")[0]

    def answers(self, law: Authorizer, recorded: Recorded) -> list[Decision]:
        """What is decided in each place of an operation: its own decision or, where that of another denies it with it, that."""
        case = "any" if recorded.content["case"] else None
        profile, asked = law.profile(AccessRequest(recorded.caller, recorded.content["purpose"], case)), recorded.asked
        lists: dict[int, list[str]] = {}
        for name, _, use, above in asked:
            if use == "search" and above >= 0 and asked[above][2] == "read":
                lists.setdefault(above, []).append(name)
        found: list[Decision] = []
        for place, (name, access, use, above) in enumerate(asked):
            if above >= 0 and found[above].denied:
                found.append(found[above])
                continue
            decision = profile.decide(name, access, use)
            for by in lists.get(place, ()):
                if not decision.denied:
                    decision = both(decision, profile.decide(by, access, "search"), same=self._keeps_subject(name))
            found.append(decision)
        # Who searches by an id need not name it, so that it does not exist is no mistake of the operation.
        named = (profile.decide(name, access, use) for name, access, use, _ in asked if use == "read" or name not in self._ids)
        fatal = next((decision for decision in named if decision.hidden), None)
        if fatal is None and recorded.content["refused"] == "REJECTED":
            fatal = next((decision for decision in found if decision.denied), None)
        return found if fatal is None else [decision if decision.denied else fatal for decision in found]

    def _keeps_subject(self, coordinate: str) -> bool:
        """Whether a child list's rows are all about whom the row is about that it is a field of."""
        owner, _, name = coordinate.partition(".")
        record = self._catalogue.records[owner]
        item = record.fields[name]
        assert isinstance(item, LinkField), "a search below a coordinate is a child list's"
        return is_about_the_same(item, record, self._catalogue.records[item.target])

    def _leads_to(self, coordinate: str) -> str | None:
        """The record that a link leads to."""
        record, _, name = coordinate.partition(".")
        item = self._catalogue.records[record].fields.get(name) if record in self._catalogue.records else None
        return item.target if isinstance(item, LinkField) else None


def _ways(before: Decision, after: Decision) -> tuple[How, ...]:
    """In which ways an answer would be another."""
    if before == after or (before.denied and after.denied):
        return ()
    found = how(before, after)
    return () if found == ("rules",) else found


async def recorded_since(dsn: str, since: date, take: Callable[[Recorded], None]) -> int:
    """Hand on all forms of which there were operations since a day; returns how many operations are not counted yet."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "madang"})
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            async for content, operations, last in connection.cursor(_FORMS, since, prefetch=_BATCH):
                take(Recorded(json.loads(content), operations, last))
            begun = datetime.combine(since, time(), UTC)
            return int(await connection.fetchval(_UNCOUNTED, int(begun.timestamp() * 1000)))
    finally:
        await connection.close()


class Tally:
    """Counts the effects on operations, form after form."""

    def __init__(self, replayer: Replayer, since: date, at: date, draft: str) -> None:
        self._replayer, self._replay = replayer, Replay(since, at, draft)
        self._most: dict[Kind, tuple[Effect, Recorded]] = {}

    def take(self, recorded: Recorded) -> None:
        replay, many = self._replay, recorded.operations
        replay.operations += many
        replay.forms += 1
        by_kind = {effect.kind: effect for effect in reversed(self._replayer.effects(recorded))}
        if not by_kind:
            return
        agency, _, purpose = recorded.circumstance
        replay.otherwise += many
        replay.losing += many * any(loses(kind) for kind in by_kind)
        replay.gaining += many * any("granted" in kind.how for kind in by_kind)
        replay.groups[agency, purpose] += many
        for kind, effect in by_kind.items():
            replay.changes[agency, purpose, kind] += many
            if kind not in self._most or many > self._most[kind][1].operations:
                self._most[kind] = effect, recorded

    def done(self, uncounted: int, witness: Callable[[Change], Witness | None]) -> Replay:
        """All of it, each kind of change with those operations that were most."""
        shown = {}
        for kind, (effect, by) in self._most.items():
            change = _change(effect, by)
            shown[kind] = Shown(effect, by, witness(change) if change else None)
        self._replay.uncounted, self._replay.shown = uncounted, shown
        return self._replay


def loses(kind: Kind) -> bool:
    """Whether something is not given any more."""
    return not {"withheld", "gone"}.isdisjoint(kind.how)


def _change(effect: Effect, by: Recorded) -> Change | None:
    """The change of the regulations that an effect is of; none where it only comes with another."""
    kind, before, after = effect.kind, effect.before, effect.after
    if kind.because is not None or before is None or after is None:
        return None
    agency, role, purpose = by.circumstance
    where = Situations((agency,), (role,), (purpose,), (by.content["case"],), (effect.access,), (kind.use,))
    return Change(kind.coordinate, "", how(before, after), before, after, (where,))
