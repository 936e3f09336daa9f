"""Who is told of an event: decided when it arrives, by the regulations in force then.

An agency is told, in a role and for a purpose, where it may read the kind of the event in the feed, and what its permission
asks is so: the event concerns its district, it is of certain kinds, a record of the resident's matches (the relation that the
agency has to the resident), the resident consents. A prohibition wins. Where a permission is for one's own events, the resident
is told.

What a permission or a prohibition asks of the resident is a fact, found out once for all who turn on it, and kept beside the
event: the feed is read by those of the regulations in force then, but as things were when it happened.

Whatever cannot be found out, because a register is down, is left undecided, and decided when it can be: for those alone whom it
concerns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, product

from auth import consent
from auth.access import AccessRequest, Ban, Caller, Constraint, Decision, Grant, Matches, OfSubject, WithConsent
from auth.authorizer import RegulationAuthorizer
from auth.feed import Arrival, Recipient, Row
from resolvers.conditions import Conditions, fact_of, together
from resolvers.draft import Draft
from resolvers.plan import Step
from resolvers.relations import relation
from resolvers.selection import Collected
from resolvers.values import Environment
from schema.catalogue import Catalogue, FeedRoot
from sources.coalescer import Coalescer
from sources.protocol import Holds, Key, Shape, SourceError

Facts = Mapping[str, Mapping[str, bool]]
"""By fact, what it is of each resident; a fact that could not be found out is not there."""
Consents = Mapping[str, frozenset[tuple[str, str, str]]] | None
"""By resident, the agencies, purposes and items of the consents that hold; none if that could not be found out."""

_CONSENTS = Shape(consent.TABLE, ("agency", "purpose", "item", "since", "until", "revoked"), "rrn")


@dataclass(frozen=True)
class _Known:
    """What was found out of the residents of some rows."""

    event: str
    """What the record of events is called; of its columns a rule can name the kind alone."""
    facts: Facts
    consents: Consents


@dataclass(frozen=True)
class _Candidate:
    """Who may be told, the decision on an event's kind, and all that any decision on the feed asks of residents."""

    recipient: Recipient
    jurisdiction: str | None
    decision: Decision
    facts: Mapping[str, tuple[Matches, ...]]


class Recipients:
    """Decides it, over the sources."""

    def __init__(self, catalogue: Catalogue, sources: Mapping[str, Coalescer]) -> None:
        assert catalogue.feed is not None, "without a feed nobody is told anything"
        self._catalogue, self._sources, self._feed = catalogue, sources, catalogue.feed
        self._made: tuple[RegulationAuthorizer, str, list[_Candidate]] | None = None

    async def of(self, rows: Sequence[Row], law: RegulationAuthorizer) -> list[Arrival]:
        """Who is told of these rows of a register's outbox."""
        candidates = self._candidates(law)
        facts = {fact: matches for each in candidates for fact, matches in each.facts.items()}
        known = await self._find(facts, sorted({row.rrn for row in rows}), law)
        return [self._arrival(row, candidates, facts, known) for row in rows]

    def _candidates(self, law: RegulationAuthorizer) -> list[_Candidate]:
        name = f"{law.day} {law.version}"
        if self._made is None or self._made[0] is not law or self._made[1] != name:
            self._made = (law, name, list(_candidates(law, self._feed)))
        return self._made[2]

    def _arrival(
        self, row: Row, candidates: Sequence[_Candidate], facts: Mapping[str, tuple[Matches, ...]], known: _Known
    ) -> Arrival:
        told: dict[Recipient, str | None] = {}
        decided = all(fact in known.facts for fact in facts) and known.consents is not None
        for each in candidates:
            district = each.jurisdiction if each.jurisdiction in row.districts else None
            for recipient in _told(each, row, district, known):
                told[recipient] = district
        found = {fact: known.facts[fact][row.rrn] for fact in facts if fact in known.facts}
        return Arrival(row, told, found, decided)

    # What has to be found out

    async def _find(self, facts: Mapping[str, tuple[Matches, ...]], rrns: Sequence[str], law: RegulationAuthorizer) -> _Known:
        asked = asyncio.gather(*(self._fact(matches, rrns, law) for matches in facts.values()))
        consents, found = await asyncio.gather(self._consents(rrns, law), asked)
        said = {fact: each for fact, each in zip(facts, found, strict=True) if each is not None}
        return _Known(self._feed.record.name, said, consents)

    async def _consents(self, rrns: Sequence[str], law: RegulationAuthorizer) -> Consents:
        try:
            found = await self._sources[consent.SOURCE].load(_CONSENTS, rrns, ())
        except SourceError:
            return None
        return {
            rrn: frozenset(
                (agency, purpose, item)
                for _, agency, purpose, item, since, until, revoked in found.get(rrn, ())
                if since <= law.day <= until and not revoked
            )
            for rrn in rrns
        }

    async def _fact(
        self, matches: tuple[Matches, ...], rrns: Sequence[str], law: RegulationAuthorizer
    ) -> Mapping[str, bool] | None:
        """Of which residents some record matches; none if a register did not say."""
        record = self._catalogue.records[matches[0].record]
        way = relation(self._catalogue, self._feed.record, record)
        assert way is not None, "the checker sees to it that there is one way"
        draft = Draft(Collected([], {}, [], [], [], []), self._catalogue, {}, law.profile(_NOBODY), ())
        event = draft.step(self._feed.record.source, self._feed.record.table, self._feed.record, None)
        hops = [draft.hop(hop, event, 0) for hop in way.through]
        for step, hop in zip(hops, way.through, strict=True):
            step.place(hop.value)
        last = draft.step(record.source, record.table, None, way.end)
        last.place(Holds(together([Conditions(draft).match(last, match, None) for match in matches])))
        reached: dict[str, set[Key]] = {rrn: {rrn} for rrn in rrns}
        try:
            for step in hops:
                found = await self._ask(step, reached, law)
                reached = {rrn: {value for value in values if value is not None} for rrn, values in found.items()}
            return {rrn: any(values) for rrn, values in (await self._ask(last, reached, law)).items()}
        except SourceError:
            return None

    async def _ask(self, step: Step, keys: Mapping[str, set[Key]], law: RegulationAuthorizer) -> dict[str, list[Key]]:
        """What a step's rows hold in their one column, for the keys that each resident leads to."""
        step.seal()
        values = tuple(value.get(Environment((), _NOBODY.caller, law.day, {}, None)) for value in step.values)
        wanted = sorted({key for some in keys.values() for key in some}, key=str)
        found = await self._sources[step.source].load(step.shape, wanted, values)
        return {rrn: [row[1] for key in some for row in found.get(key, ())] for rrn, some in keys.items()}


_NOBODY = AccessRequest(Caller("", "", ""))
"""What is found out of residents when an event arrives depends on nobody who is told."""


def _candidates(law: RegulationAuthorizer, feed: FeedRoot) -> Iterator[_Candidate]:
    """Everybody whom some permission lets know of some event."""
    seen: set[Recipient] = set()
    for permission in (each for regulation in law.regulations for each in regulation.permissions):
        if "events" not in permission.access or feed.kind.coordinate not in permission.items:
            continue
        reach = law.table.reach(permission)
        for agency, role, purpose in product(reach.agencies, reach.roles, reach.purposes):
            recipient = Recipient(agency, role, purpose or "")
            if recipient in seen:
                continue
            seen.add(recipient)
            profile = law.profile(AccessRequest(Caller(agency, role, ""), purpose))
            decision = profile.decide(feed.kind.coordinate, "events", "read")
            if decision.denied:
                continue
            all_of_it = [
                profile.decide(item.coordinate, "events", use)
                for item in feed.record.fields.values()
                for use in (("read", "search") if item in (feed.kind, feed.number) else ("read",))
            ]
            facts = {fact_of(found): found for each in all_of_it for found in _asked(each, feed)}
            named = next(each for name, each in law.parties.agencies.items() if name == agency)
            yield _Candidate(recipient, named.jurisdiction, decision, facts)


def _asked(decision: Decision, feed: FeedRoot) -> Iterator[tuple[Matches, ...]]:
    """What a decision asks of other records than the event, apart by record."""
    for constraints in (*(grant.constraints for grant in decision.grants), *(ban.when for ban in decision.bans)):
        for matches in _by_record(constraints):
            if matches[0].record != feed.record.name and not any(match.household for match in matches):
                yield matches


def _by_record(constraints: Iterable[Constraint]) -> Iterator[tuple[Matches, ...]]:
    found = sorted((each for each in constraints if isinstance(each, Matches)), key=str)
    return (tuple(same) for _, same in groupby(found, key=lambda match: match.record))


def _told(candidate: _Candidate, row: Row, district: str | None, known: _Known) -> Iterator[Recipient]:
    """Who is told of a row, as far as that is known."""
    decision = candidate.decision
    if any(_banned(ban, row, known) for ban in decision.bans):
        return
    for grant in decision.grants:
        if _granted(grant, candidate.recipient, row, known):
            kinds = next((each.kinds for each in grant.constraints if isinstance(each, OfSubject)), None)
            if kinds is None or ("jurisdiction" in kinds and district is not None):
                yield candidate.recipient
            if kinds is not None and "self" in kinds:
                yield candidate.recipient._replace(follower=row.rrn)


def _granted(grant: Grant, recipient: Recipient, row: Row, known: _Known) -> bool:
    """Whether all that a grant asks is known to be so, but for whom the event has to be about."""
    for each in grant.constraints:
        if isinstance(each, WithConsent):
            wanted = (recipient.agency, recipient.purpose, each.item)
            if known.consents is None or wanted not in known.consents[row.rrn]:
                return False
        elif not isinstance(each, OfSubject | Matches):
            return False  # Nobody has a case for what is told when it happens.
    return all(_match(matches, row, known) is True for matches in _by_record(grant.constraints))


def _banned(ban: Ban, row: Row, known: _Known) -> bool:
    """Whether a prohibition holds, for all that is known."""
    return all(_match(matches, row, known) is not False for matches in _by_record(ban.when))


def _match(matches: tuple[Matches, ...], row: Row, known: _Known) -> bool | None:
    """Whether the event is of certain kinds, or a record of the resident's matches; none if that is not known."""
    if matches[0].record == known.event:
        return all(isinstance(match.values, tuple) and row.kind in match.values for match in matches)
    found = known.facts.get(fact_of(matches))
    return None if found is None else found[row.rrn]
