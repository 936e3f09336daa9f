"""The regulations compiled: (agency, role, purpose) → coordinate → decision.

Default deny: what no permission grants is denied. Prohibition wins: one that is in force denies reading and searching, whatever
permits it. `items` grant reading and `search` grants searching, neither the other, each only under the accesses that the
permission names. A coordinate is decided by itself: a derived field grants nothing about its inputs, nor they about it.

Several permissions on one coordinate are alternatives. Of those that hold on the day, and whose case is given if they require
one, the widest residual remains: none once one of them leaves none, otherwise all their kinds of subject, of which a row has to
meet one. Days are inclusive: from today applies today, from tomorrow does not, until today still applies.

Where nothing permits, the reason is the first of these that is true: a prohibition is in force (PROHIBITED), a permission holds
but for its case (NO_CASE), a permission applies on other days (NOT_VALID), nothing says anything (NO_PERMISSION). The rules that
say so stand with the decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import NamedTuple, cast

from auth.access import Access, Decision, Reason, Rule, SubjectKind, Use, Verdict
from auth.rules import Parties, Period, Permission, Prohibition, Regulation


class Circumstance(NamedTuple):
    """A row of the table: the purpose is none for requests without one."""

    agency: str
    role: str
    purpose: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """What one permission comes to for a coordinate."""

    rule: Rule
    access: frozenset[str]
    residual: frozenset[SubjectKind]
    case: bool
    valid: Period


@dataclass(frozen=True, slots=True)
class Ban:
    """What one prohibition comes to for a coordinate."""

    rule: Rule
    valid: Period


@dataclass(frozen=True, slots=True)
class Cell:
    """All that is said for one circumstance: grants by use and coordinate, bans by coordinate."""

    grants: dict[tuple[str, Use], tuple[Grant, ...]] = field(default_factory=dict)
    bans: dict[str, tuple[Ban, ...]] = field(default_factory=dict)

    def decide(self, coordinate: str, access: Access, use: Use, *, case: bool, day: date) -> Decision:
        """The decision for a coordinate, as of a day, with or without a case."""
        bans = [ban for ban in self.bans.get(coordinate, ()) if ban.valid.holds(day)]
        if bans:
            return _deny(coordinate, Reason.PROHIBITED, bans)
        named = [grant for grant in self.grants.get((coordinate, use), ()) if access in grant.access]
        valid = [grant for grant in named if grant.valid.holds(day)]
        grants = [grant for grant in valid if case or not grant.case]
        if grants:
            unconditional = [grant for grant in grants if not grant.residual]
            grants = unconditional or grants
            residual: frozenset[SubjectKind] = frozenset().union(*(grant.residual for grant in grants))
            return Decision(coordinate, Verdict.PERMIT, residual, tuple(grant.rule for grant in grants))
        if valid:
            return _deny(coordinate, Reason.NO_CASE, valid)
        return _deny(coordinate, Reason.NOT_VALID if named else Reason.NO_PERMISSION, named)

    def granted(self, day: date) -> frozenset[str]:
        """Coordinates that are granted for some use and access on the day, a case given."""
        return frozenset(
            coordinate
            for (coordinate, _), grants in self.grants.items()
            if any(grant.valid.holds(day) for grant in grants)
            and not any(ban.valid.holds(day) for ban in self.bans.get(coordinate, ()))
        )


def _deny(coordinate: str, reason: Reason, said: Iterable[Grant | Ban]) -> Decision:
    return Decision(coordinate, Verdict.DENY, rules=tuple(each.rule for each in said), reason=reason)


NOTHING = Cell()


class Table:
    """The compiled set. Circumstances of which nothing is said have the cell `NOTHING`, and so has whatever is not declared."""

    def __init__(self, parties: Parties, purposes: Iterable[str], regulations: Iterable[Regulation]) -> None:
        self.agencies = frozenset(str(name) for name in parties.agencies)
        self.roles = frozenset(str(name) for name in parties.roles)
        self.purposes = tuple(str(code) for code in purposes)
        self.hidden: frozenset[str] = frozenset()
        self.cells: dict[Circumstance, Cell] = {}
        self._parties = parties
        for regulation in sorted(regulations, key=lambda regulation: regulation.name):
            self.hidden |= {str(coordinate) for coordinate in regulation.hidden}
            for permission in regulation.permissions:
                self._permit(regulation, permission)
            for prohibition in regulation.prohibitions:
                self._prohibit(regulation, prohibition)

    def cell(self, agency: str, role: str, purpose: str | None) -> Cell:
        """All that is said for a circumstance."""
        return self.cells.get(Circumstance(agency, role, purpose), NOTHING)

    def permitted(self, permission: Permission) -> Iterator[Circumstance]:
        """The circumstances that a permission is for."""
        members = self._parties.members(permission.recipients)
        yield from _circumstances(members, permission.roles, permission.purposes)

    def _prohibited(self, prohibition: Prohibition) -> Iterator[Circumstance]:
        members = self._parties.members(prohibition.recipients) if prohibition.recipients else self.agencies
        yield from _circumstances(members, prohibition.roles or self.roles, prohibition.purposes or (*self.purposes, None))

    def _permit(self, regulation: Regulation, permission: Permission) -> None:
        grant = Grant(
            Rule(str(regulation.name), str(permission.id), str(permission.basis)),
            frozenset(str(access) for access in permission.access),
            frozenset(cast(SubjectKind, str(kind)) for kind in permission.subject),
            permission.case,
            permission.valid,
        )
        uses: tuple[tuple[Use, tuple[str, ...]], ...] = (("read", permission.items), ("search", permission.search))
        places: list[tuple[str, Use]] = [(str(coordinate), use) for use, coordinates in uses for coordinate in coordinates]
        for circumstance in self.permitted(permission):
            grants = self.cells.setdefault(circumstance, Cell()).grants
            for place in places:
                grants[place] = (*grants.get(place, ()), grant)

    def _prohibit(self, regulation: Regulation, prohibition: Prohibition) -> None:
        ban = Ban(Rule(str(regulation.name), str(prohibition.id), str(prohibition.basis)), prohibition.valid)
        for circumstance in self._prohibited(prohibition):
            bans = self.cells.setdefault(circumstance, Cell()).bans
            for coordinate in prohibition.items:
                bans[str(coordinate)] = (*bans.get(str(coordinate), ()), ban)


def _circumstances(agencies: Iterable[str], roles: Iterable[str], purposes: Iterable[str | None]) -> Iterator[Circumstance]:
    for agency, role, purpose in product(agencies, roles, purposes):
        yield Circumstance(str(agency), str(role), None if purpose is None else str(purpose))
