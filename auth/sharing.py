"""What the regulations say of themselves: under which articles an agency may have a coordinate, and who else may.

Both are read off the compiled table, so they are what is decided and not another reading of the law.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from auth.access import Access, Article, Ban, Decision, Use, WithConsent
from auth.reach import Circumstance
from auth.rules import Parties, Permission
from auth.table import Cell, Offer, Table


@dataclass(frozen=True, slots=True)
class SharedWith:
    """Those who may have a coordinate in one role for one purpose on the same terms: the alternatives, and what is excepted.

    `recipients` are names of agencies, and of groups all of whose agencies may.
    """

    recipients: tuple[str, ...]
    role: str
    purpose: str
    offers: tuple[Offer, ...]
    bans: tuple[Ban, ...]


def articles(table: Table, agency: str, day: date) -> Mapping[str, tuple[Article, ...]]:
    """Under which articles coordinates are shared for reading with an agency, in whatever role, by coordinate."""
    found: dict[str, dict[tuple[str, object], Article]] = {}
    for purpose in table.purposes:
        for cell in {id(cell): cell for role in table.roles for cell in [table.cell(agency, role, purpose)]}.values():
            for coordinate, offer in _readable(cell, day):
                known = found.setdefault(coordinate, {})
                key = (offer.grant.rule.basis, offer.grant.mask)
                before = known[key].purposes if key in known else ()
                known[key] = Article(offer.grant.rule.basis, tuple(dict.fromkeys((*before, purpose))), offer.grant.mask)
    return {coordinate: tuple(known.values()) for coordinate, known in found.items()}


def _readable(cell: Cell, day: date) -> Iterator[tuple[str, Offer]]:
    for (coordinate, use), offers in cell.offers.items():
        if use == "read":
            for offer in offers:
                if any(offer in terms(cell, coordinate, access, use, day)[1] for access in sorted(offer.access)):
                    yield coordinate, offer


def terms(cell: Cell, coordinate: str, access: Access | str, use: Use, day: date) -> tuple[Decision, tuple[Offer, ...]]:
    """The decision where a case is given, and the offers that its grants come from, in their order."""
    decision = cell.decide(coordinate, access, use, case=True, day=day)  # type: ignore[arg-type]
    return decision, offers_of(cell, decision, access, use, day)


def offers_of(cell: Cell, decision: Decision, access: Access | str, use: Use, day: date) -> tuple[Offer, ...]:
    """The offers from which a decision has its grants; of equal grants the one that asks less of the case."""
    named = cell.offers.get((decision.coordinate, use), ())
    valid = sorted((o for o in named if access in o.access and o.valid.holds(day)), key=lambda o: o.case != "none")
    # A decision of yesterday may have grants that are no longer valid.
    found = (next((o for o in valid if o.grant == grant), None) for grant in decision.grants)
    return tuple(offer for offer in found if offer is not None)


def who_may(
    table: Table, parties: Parties, permissions: Iterable[Permission], coordinate: str, access: Access, use: Use, day: date
) -> tuple[SharedWith, ...]:
    """Who may have a coordinate on a day, a case given, in the order in which purposes and roles are declared."""
    found: dict[tuple[str, str, tuple[Offer, ...], tuple[Ban, ...]], list[str]] = {}
    for agency, role, purpose in _circumstances(table, permissions, coordinate, use):
        decision, offers = terms(table.cell(agency, role, purpose), coordinate, access, use, day)
        if purpose is not None and not decision.denied:
            found.setdefault((purpose, role, offers, decision.bans), []).append(agency)
    return tuple(
        SharedWith(parties.names(agencies), role, purpose, offers, bans)
        for (purpose, role, offers, bans), agencies in found.items()
    )


@dataclass(frozen=True, slots=True)
class ByConsent:
    """What one agency may have for one purpose of whoever consents: the coordinates, and under which articles."""

    agency: str
    purpose: str
    items: tuple[str, ...]
    bases: tuple[str, ...]


def by_consent(table: Table, permissions: Iterable[Permission], day: date) -> tuple[ByConsent, ...]:
    """All that turns on consent on a day, in the order in which purposes are declared, agencies by name."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    naming = [each for each in permissions if each.consent is not None and each.consent.required]
    for item in dict.fromkeys(str(item) for each in naming for item in each.items):
        for agency, role, purpose in _circumstances(table, naming, item, "read"):
            cell = table.cell(agency, role, purpose)
            for offer in cell.offers.get((item, "read"), ()):
                with_consent = any(isinstance(each, WithConsent) for each in offer.grant.constraints)
                if purpose and with_consent and any(offer in terms(cell, item, a, "read", day)[1] for a in sorted(offer.access)):
                    found.setdefault((purpose, agency), {}).setdefault(item, []).append(offer.grant.rule.basis)
    places = {purpose: place for place, purpose in enumerate(table.purposes)}
    return tuple(
        ByConsent(agency, purpose, tuple(items), tuple(dict.fromkeys(basis for bases in items.values() for basis in bases)))
        for (purpose, agency), items in sorted(found.items(), key=lambda each: (places[each[0][0]], each[0][1]))
    )


def _circumstances(table: Table, permissions: Iterable[Permission], coordinate: str, use: Use) -> Sequence[Circumstance]:
    """Those of the permissions that name a coordinate: to others nothing is shared."""
    naming = [each for each in permissions if coordinate in (each.items if use == "read" else each.search)]
    reaches = [table.reach(each) for each in naming]
    named = {
        Circumstance(agency, role, purpose)
        for reach in reaches
        for agency in reach.agencies
        for role in reach.roles
        for purpose in reach.purposes
    }
    purposes = {purpose: place for place, purpose in enumerate(table.purposes)}
    roles = {role: place for place, role in enumerate(table.roles)}
    return sorted(named, key=lambda each: (purposes.get(each.purpose or "", -1), roles[each.role], each.agency))
