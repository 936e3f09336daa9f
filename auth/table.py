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

from auth.access import Access, Decision, Grantable, Reason, Rule, SubjectKind, Use, Verdict
from auth.rules import AnyRule, Parties, Period, Prohibition, Regulation


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

    def granted(self, day: date) -> frozenset[Grantable]:
        """What is granted on the day, a case given."""
        return frozenset(
            Grantable(coordinate, cast(Access, access), use)
            for (coordinate, use), grants in self.grants.items()
            if not any(ban.valid.holds(day) for ban in self.bans.get(coordinate, ()))
            for grant in grants
            if grant.valid.holds(day)
            for access in grant.access
        )


def _deny(coordinate: str, reason: Reason, said: Iterable[Grant | Ban]) -> Decision:
    return Decision(coordinate, Verdict.DENY, rules=tuple(each.rule for each in said), reason=reason)


NOTHING = Cell()


class Table:
    """The compiled set. Circumstances of which nothing is said have the cell `NOTHING`, and so has whatever is not declared."""

    def __init__(self, parties: Parties, purposes: Iterable[str], regulations: Iterable[Regulation]) -> None:
        ordered = sorted(regulations, key=lambda regulation: regulation.name)
        self.agencies = frozenset(str(name) for name in parties.agencies)
        self.roles = frozenset(str(name) for name in parties.roles)
        self.purposes = tuple(str(code) for code in purposes)
        self.hidden = frozenset(str(coordinate) for regulation in ordered for coordinate in regulation.hidden)
        self._parties = parties
        said: list[tuple[Regulation, AnyRule]] = []
        for regulation in ordered:
            said += [(regulation, rule) for rule in regulation.permissions]
            said += [(regulation, rule) for rule in regulation.prohibitions]
        about: dict[Circumstance, list[int]] = {}
        for index, (_, rule) in enumerate(said):
            for circumstance in self.circumstances(rule):
                about.setdefault(circumstance, []).append(index)
        # Hundreds of municipalities are under the same rules, and so share their cells.
        shared = {indices: _cell([said[index] for index in indices]) for indices in {tuple(each) for each in about.values()}}
        self.cells = {circumstance: shared[tuple(indices)] for circumstance, indices in about.items()}

    def cell(self, agency: str, role: str, purpose: str | None) -> Cell:
        """All that is said for a circumstance."""
        return self.cells.get(Circumstance(agency, role, purpose), NOTHING)

    def circumstances(self, rule: AnyRule) -> Iterator[Circumstance]:
        """The circumstances that a rule is for; a prohibition that leaves them open is for all there are."""
        agencies: Iterable[str] = self._parties.members(rule.recipients) if rule.recipients else self.agencies
        roles: Iterable[str] = rule.roles or self.roles
        purposes: Iterable[str | None] = rule.purposes or (*self.purposes, None)
        for agency, role, purpose in product(agencies, roles, purposes):
            yield Circumstance(str(agency), str(role), None if purpose is None else str(purpose))


def _cell(said: Iterable[tuple[Regulation, AnyRule]]) -> Cell:
    """The cell that these rules make, in their order."""
    cell = Cell()
    for regulation, rule in said:
        name = Rule(str(regulation.name), str(rule.id), str(rule.basis))
        if isinstance(rule, Prohibition):
            for banned in map(str, rule.items):
                cell.bans[banned] = (*cell.bans.get(banned, ()), Ban(name, rule.valid))
            continue
        access = frozenset(str(word) for word in rule.access)
        residual = frozenset(cast(SubjectKind, str(word)) for word in rule.subject)
        grant = Grant(name, access, residual, rule.case, rule.valid)
        uses: tuple[tuple[Use, tuple[str, ...]], ...] = (("read", rule.items), ("search", rule.search))
        for use, coordinates in uses:
            for coordinate in map(str, coordinates):
                cell.grants[coordinate, use] = (*cell.grants.get((coordinate, use), ()), grant)
    return cell
