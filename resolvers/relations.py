"""How a constraint on one record is checked for rows of another: through the subject that both are about.

A constraint may name a column of the row itself, of the record that tells the row's subject (which is the row itself, or the one
it is linked from), or of a record that is linked to that subject. Which records those are follows from the declared links: there
must be exactly one way. From a household it leads by way of its members, of whom one is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auth.access import Constraint, Matches, OfSubject, WithCase
from schema.catalogue import Catalogue, LinkField, RecordType
from schema.declare import Hop


@dataclass(frozen=True)
class Relation:
    """From a column of the teller's row, over hops, to a column of the other record's rows."""

    record: RecordType
    start: str
    through: tuple[Hop, ...]
    end: str


def relation(catalogue: Catalogue, teller: RecordType, target: RecordType) -> Relation | None:
    """The way from a record that tells its own subject to another record; None if there is none, or more than one."""
    subject, other = teller.subject, target.subject
    assert subject is not None, "only a record with a subject tells one"
    if catalogue.is_fed(teller):
        return _by_resident(catalogue, teller, target)
    if subject.self is None and other is not None and other.self is not None:
        return by_household(catalogue, teller, target)
    found = list(_links(teller, target))
    if len(found) == 1:
        return Relation(target, found[0].start, found[0].through, found[0].end)
    return by_household(catalogue, teller, target) if not found and subject.self is None else None


def by_household(catalogue: Catalogue, teller: RecordType, target: RecordType) -> Relation | None:
    """The way to another record of anyone in the household that a row's subject belongs to, or is."""
    subject, other = teller.subject, target.subject
    assert subject is not None, "only a record with a subject tells one"
    if subject.household is None:
        return None
    if other is not None and other.self is not None and other.household is not None:
        return Relation(target, subject.household, (), other.household)
    return _by_members(catalogue, teller, target)


def household_of(catalogue: Catalogue, teller: RecordType) -> Relation | None:
    """The way to all who live in the household of a row's subject, if the same source has them."""
    residents = people(catalogue)
    way = by_household(catalogue, teller, residents[0]) if len(residents) == 1 else None
    return way if way is not None and way.record.source == teller.source else None


def people(catalogue: Catalogue) -> list[RecordType]:
    """The record types that tell of each resident in which household."""
    return [r for r in catalogue.records.values() if r.subject and r.subject.self and r.subject.household]


def related(catalogue: Catalogue) -> dict[str, frozenset[str]]:
    """By record type: the types whose columns a constraint on its coordinates may name."""
    return {name: frozenset(_related(catalogue, record)) for name, record in catalogue.records.items()}


def _related(catalogue: Catalogue, record: RecordType) -> Iterator[str]:
    yield record.name
    told = tellers(catalogue, record)
    for target in catalogue.records.values():
        if told and all(t.name == target.name or relation(catalogue, t, target) for t in told):
            yield target.name


def is_about_the_same(item: LinkField, record: RecordType, target: RecordType) -> bool:
    """Whether the rows that a link leads to are about the very resident whom the row that it starts from is about."""
    if target.subject is None:
        return True
    subject = None if record.subject is None else record.subject.self
    return subject is not None and not item.through and (item.start, item.end) == (subject, target.subject.self)


def means_the_same(catalogue: Catalogue, teller: RecordType, match: Matches, constraints: Iterable[Constraint]) -> bool:
    """Whether constraints on what a match is about ask the same of its subject as they would of a row's that `teller` tells.

    A household is its members' own, and a member is not; but whose household it is, and where, is the same of both.
    """
    if tellers(catalogue, catalogue.records[match.record]) == [teller]:
        return True
    return all(
        isinstance(c, WithCase) or (isinstance(c, OfSubject) and c.kinds <= {"household", "jurisdiction"}) for c in constraints
    )


def tellers(catalogue: Catalogue, record: RecordType) -> list[RecordType]:
    """The records that tell whom a record's rows are about: itself, or those that it is linked from."""
    return [record] if record.subject else [r for r in catalogue.records.values() if any(_links(r, record))]


def _links(record: RecordType, target: RecordType) -> Iterator[LinkField]:
    return (f for f in record.fields.values() if isinstance(f, LinkField) and f.target == target.name)


def _by_resident(catalogue: Catalogue, teller: RecordType, target: RecordType) -> Relation | None:
    """From an event to the resident to whom it happened, and on from there."""
    resident = people(catalogue)[0]
    assert teller.subject is not None
    assert resident.subject is not None
    if target is resident:
        return Relation(target, teller.subject.self or "", (), resident.subject.self or "")
    way = relation(catalogue, resident, target)
    fits = way is not None and way.start == resident.subject.self
    return Relation(target, teller.subject.self or "", way.through, way.end) if way is not None and fits else None


def _by_members(catalogue: Catalogue, teller: RecordType, target: RecordType) -> Relation | None:
    """From a household to its members and on from them."""
    ways = [(member, relation(catalogue, member, target)) for member in people(catalogue)]
    found = [(member, way) for member, way in ways if way is not None]
    if len(found) != 1:
        return None
    member, way = found[0]
    assert member.subject is not None
    assert member.subject.household is not None
    assert teller.subject is not None
    if way.start == member.subject.household:
        return Relation(target, teller.subject.household or "", way.through, way.end)
    hop = Hop(member.source, member.table, key=member.subject.household, value=way.start)
    return Relation(target, teller.subject.household or "", (hop, *way.through), way.end)
