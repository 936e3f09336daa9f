"""The regulations compiled: (agency, role, purpose) → coordinate → decision.

Default deny: what no permission grants is denied. Prohibition wins: one that is in force denies reading and searching, whatever
permits it; one that is in force for some rows stands beside the decision as a ban. `items` grant reading and `search` grants
searching, neither the other, each only under the accesses that the permission names. A coordinate is decided by itself: a derived
field grants nothing about its inputs, nor they about it.

Several permissions on one coordinate are alternatives: the grants of all that hold on the day, and whose case is given if they
require one, without those that another makes needless (`auth/constraints.py`). Days are inclusive: from today applies today, from
tomorrow does not, until today still applies.

Where nothing permits, the reason is the first of these that is true: a prohibition is in force (PROHIBITED), a permission holds
but for its case (NO_CASE), a permission begins on a later day (NOT_YET_VALID), one has ended (NO_LONGER_VALID), nothing says
anything (NO_PERMISSION). The rules that say so stand with the decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import product
from typing import cast

from auth.access import (
    Access,
    Ban,
    Constraint,
    Decision,
    Duties,
    Grant,
    Grantable,
    Matches,
    OfSubject,
    Reason,
    Rule,
    SubjectKind,
    Use,
    Verdict,
    WithCase,
    WithConsent,
)
from auth.constraints import alternatives, follow, matches
from auth.document import Word
from auth.reach import Circumstance, Reach, Reaches, numbers
from auth.rules import AnyRule, Coordinate, Parties, Period, Permission, Prohibition, Regulation

CASES = ("none", "required", "verified")
"""What a permission asks of the request's case, from the least to the most."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one permission comes to for a coordinate and a use: the grant, and when there is one."""

    grant: Grant
    access: frozenset[str]
    case: str
    valid: Period

    def covers(self, other: Offer) -> bool:
        """Whether it holds whenever the other does, for every row for which the other does."""
        return (
            CASES.index(self.case) <= CASES.index(other.case)
            and self.valid.encloses(other.valid)
            and follow(self.grant.constraints, other.grant.constraints)
        )


@dataclass(frozen=True, slots=True)
class Bar:
    """What one prohibition comes to for a coordinate; without `when` it is in force for every row."""

    rule: Rule
    when: tuple[Matches, ...]
    valid: Period


@dataclass(frozen=True, slots=True)
class Cell:
    """All that is said for one circumstance: offers by coordinate and use, bars by coordinate."""

    offers: dict[tuple[str, Use], tuple[Offer, ...]] = field(default_factory=dict)
    bars: dict[str, tuple[Bar, ...]] = field(default_factory=dict)

    def decide(self, coordinate: str, access: Access, use: Use, *, case: bool, day: date) -> Decision:
        """The decision for a coordinate, as of a day, with or without a case."""
        bars = [bar for bar in self.bars.get(coordinate, ()) if bar.valid.holds(day)]
        if always := [bar.rule for bar in bars if not bar.when]:
            return _deny(coordinate, Reason.PROHIBITED, always)
        named = [offer for offer in self.offers.get((coordinate, use), ()) if access in offer.access]
        valid = [offer for offer in named if offer.valid.holds(day)]
        if offers := [offer for offer in valid if case or offer.case == "none"]:
            grants = alternatives([offer.grant for offer in offers])
            verdict = Verdict.MASK if all(grant.mask for grant in grants) else Verdict.PERMIT
            bans = tuple(Ban(bar.rule, bar.when, self._told(bar, grants, access, case=case, day=day)) for bar in bars)
            return Decision(coordinate, verdict, grants, bans, tuple(dict.fromkeys(grant.rule for grant in grants)))
        if valid:
            return _deny(coordinate, Reason.NO_CASE, [offer.grant.rule for offer in valid])
        if later := [offer.grant.rule for offer in named if offer.valid.first and day < offer.valid.first]:
            return _deny(coordinate, Reason.NOT_YET_VALID, later)
        reason = Reason.NO_LONGER_VALID if named else Reason.NO_PERMISSION
        return _deny(coordinate, reason, [offer.grant.rule for offer in named])

    def grants(self, coordinate: str, access: Access, use: Use, *, case: bool, day: date) -> bool:
        """Whether the decision would grant anything, to whatever rows."""
        return any(
            access in offer.access and offer.valid.holds(day) and (case or offer.case == "none")
            for offer in self.offers.get((coordinate, use), ())
        ) and not any(bar.valid.holds(day) and not bar.when for bar in self.bars.get(coordinate, ()))

    def _told(self, bar: Bar, grants: Iterable[Grant], access: Access, *, case: bool, day: date) -> bool:
        """Whether, of every row that these grants show, the caller may read whole what the prohibition turns on.

        What turns on anyone in the household is never told: it would tell of all of them.
        """
        if any(match.household for match in bar.when):
            return False
        for match in bar.when:
            if any(other.valid.holds(day) for other in self.bars.get(match.coordinate, ())):
                return False
            known = [
                offer.grant
                for offer in self.offers.get((match.coordinate, "read"), ())
                if access in offer.access and offer.valid.holds(day) and (case or offer.case == "none") and not offer.grant.mask
            ]
            if not all(any(follow(each.constraints, grant.constraints) for each in known) for grant in grants):
                return False
        return True

    def granted(self, day: date) -> frozenset[Grantable]:
        """What is granted on the day, whole or masked, to some rows at least, a case given."""
        return frozenset(
            Grantable(coordinate, cast(Access, access), use)
            for (coordinate, use), offers in self.offers.items()
            if not any(bar.valid.holds(day) and not bar.when for bar in self.bars.get(coordinate, ()))
            for offer in offers
            if offer.valid.holds(day)
            for access in offer.access
        )


def _deny(coordinate: str, reason: Reason, rules: Iterable[Rule]) -> Decision:
    return Decision(coordinate, Verdict.DENY, rules=tuple(rules), reason=reason)


NOTHING = Cell()


class Table:
    """The compiled set. Circumstances of which nothing is said have the cell `NOTHING`, and so has whatever is not declared.

    `roles` and `purposes` are in the order of their declaration.
    """

    def __init__(
        self,
        parties: Parties,
        purposes: Iterable[str],
        regulations: Iterable[Regulation],
        coordinates: Mapping[str, Coordinate],
    ) -> None:
        ordered = sorted(regulations, key=lambda regulation: regulation.name)
        self.agencies = frozenset(str(name) for name in parties.agencies)
        self.roles = tuple(str(name) for name in parties.roles)
        self.purposes = tuple(str(code) for code in purposes)
        self.hidden = frozenset(str(coordinate) for regulation in ordered for coordinate in regulation.hidden)
        self._parties = parties
        self._coordinates = coordinates
        said = [(rule, name_of(regulation, rule)) for regulation in ordered for rule in regulation.rules]
        self._offered = [list(self.offers(rule, name)) if isinstance(rule, Permission) else [] for rule, name in said]
        self._barred = [list(self.bars(rule, name)) if isinstance(rule, Prohibition) else [] for rule, name in said]
        self._reaches = Reaches([self.reach(rule) for rule, _ in said])
        self._shared: dict[int, Cell] = {0: NOTHING}

    def cell(self, agency: str, role: str, purpose: str | None) -> Cell:
        """All that is said for a circumstance. Hundreds of municipalities are under the same rules, and so share their cells."""
        bits = self._reaches.at(Circumstance(agency, role, purpose))
        cell = self._shared.get(bits)
        if cell is None:
            cell = self._shared[bits] = self._cell(numbers(bits))
        return cell

    @cached_property
    def cells(self) -> Mapping[Circumstance, Cell]:
        """Every circumstance of which something is said, with what is said."""
        everything = product(sorted(self.agencies), self.roles, (*self.purposes, None))
        found = ((Circumstance(*each), self.cell(*each)) for each in everything)
        return {circumstance: cell for circumstance, cell in found if cell is not NOTHING}

    def reach(self, rule: AnyRule) -> Reach:
        """The circumstances that a rule is for; a prohibition that leaves them open is for all there are."""
        exempt = rule.exempt if isinstance(rule, Prohibition) else ()
        without = tuple(self._named(each.recipients, each.roles, each.purposes) for each in exempt)
        return self._named(rule.recipients, rule.roles, rule.purposes, without)

    def samples(self, rule: AnyRule) -> Iterator[Circumstance]:
        """Circumstances of a rule, one of each sort."""
        return self._reaches.samples(self.reach(rule))

    def offers(self, rule: Permission, name: Rule) -> Iterator[tuple[str, Use, Offer]]:
        """What a permission comes to: nothing if it turns on a column that there is no more."""
        rows = [matches(condition, self._coordinates) for condition in rule.rows]
        if None in rows:
            return
        constraints: frozenset[Constraint] = frozenset(row for row in rows if row is not None)
        if rule.subject:
            constraints |= {OfSubject(frozenset(cast(SubjectKind, str(word)) for word in rule.subject))}
        if rule.case == "verified":
            constraints |= {WithCase()}
        access = frozenset(str(word) for word in rule.access)
        masks = {str(word): mask for word, mask in rule.masks.items()}
        duties = _duties(rule)
        # That somebody was searched for is told no sooner than what was read of them.
        deferral = Duties(defer=duties.defer) if duties and duties.defer else None
        uses: tuple[tuple[Use, Sequence[str]], ...] = (("read", rule.items), ("search", rule.search))
        for use, coordinates in uses:
            for coordinate in map(str, coordinates):
                consent = {WithConsent(coordinate)} if rule.consent and rule.consent.required else set()
                must: frozenset[Constraint] = constraints | consent
                reading = use == "read"
                grant = Grant(name, must, masks.get(coordinate) if reading else None, duties if reading else deferral, rule.limit)
                yield coordinate, use, Offer(grant, access, rule.case, rule.valid)

    def bars(self, rule: Prohibition, name: Rule) -> Iterator[tuple[str, Bar]]:
        """What a prohibition comes to: it is for every row if it turns on a column that there is no more."""
        when = [matches(condition, self._coordinates) for condition in rule.when]
        known = tuple(match for match in when if match is not None)
        bar = Bar(name, known if len(known) == len(when) else (), rule.valid)
        for coordinate in rule.items:
            yield str(coordinate), bar

    def _named(
        self, recipients: tuple[Word, ...], roles: tuple[Word, ...], purposes: tuple[Word, ...], exempt: tuple[Reach, ...] = ()
    ) -> Reach:
        agencies = self._parties.members(recipients) if recipients else self.agencies
        return Reach(
            agencies,
            frozenset(str(role) for role in roles or self.roles),
            frozenset(str(purpose) for purpose in purposes) if purposes else frozenset({*self.purposes, None}),
            exempt,
        )

    def _cell(self, rules: Iterable[int]) -> Cell:
        offers: dict[tuple[str, Use], list[Offer]] = {}
        bars: dict[str, list[Bar]] = {}
        for number in rules:
            for coordinate, use, offer in self._offered[number]:
                offers.setdefault((coordinate, use), []).append(offer)
            for coordinate, bar in self._barred[number]:
                bars.setdefault(coordinate, []).append(bar)
        return Cell({asked: tuple(each) for asked, each in offers.items()}, {name: tuple(each) for name, each in bars.items()})


def name_of(regulation: Regulation, rule: AnyRule) -> Rule:
    """By what decisions name a rule."""
    return Rule(str(regulation.name), str(rule.id), str(rule.basis))


def _duties(rule: Permission) -> Duties | None:
    """The permission's duties, and that of telling the residents later for whose data no consent was asked."""
    if rule.consent is None or rule.consent.required:
        return rule.duties
    said = rule.duties or Duties()
    return replace(said, notice=True, ground=str(rule.consent.ground), within=rule.consent.within)
