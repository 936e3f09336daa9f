"""Decides under the regulations in force. How is said in `auth/table.py`; here decisions are kept ready.

A profile holds the decisions for one agency, role and purpose, with or without a case, on one day. Profiles and their decisions
are made once and asked for by every request in the same circumstances. Whoever or whatever is not declared is not told apart: an
unknown agency, role or purpose gets nothing, and costs no memory.

What is in force turns by itself at midnight: a version that was approved for the new day supersedes the one before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

from auth.access import Access, AccessRequest, Article, Caller, Decision, Grantable, Reason, Use, Verdict, WithConsent
from auth.checker import check
from auth.document import Mistake
from auth.reach import Circumstance
from auth.regulations import read
from auth.remedy import remedy
from auth.rules import AnyRule, Coordinate, Parties, Period, Regulation, RegulationSet, Title
from auth.sharing import ByConsent, SharedWith, articles, by_consent, who_may
from auth.table import Table

_PROFILES = 4096


class BrokenRegulations(Exception):
    """A set of regulations with mistakes; it is not served. `str()` holds all of them, a line each."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class RegulationProfile:
    """The decisions for one set of circumstances, each made when first asked for."""

    __slots__ = ("_case", "_circumstance", "_day", "_decisions", "_hidden", "_known", "_table")

    def __init__(
        self, table: Table, circumstance: Circumstance, known: frozenset[str], hidden: frozenset[str], *, case: bool, day: date
    ) -> None:
        self._table = table
        self._circumstance = circumstance
        self._known = known
        self._hidden = hidden
        self._case = case
        self._day = day
        self._decisions: dict[tuple[str, Access, Use], Decision] = {}

    def decide(self, coordinate: str, access: Access, use: Use) -> Decision:
        """The decision; total, so an unknown coordinate is denied."""
        asked = (coordinate, access, use)
        decision = self._decisions.get(asked)
        if decision is None:
            decision = self._decide(coordinate, access, use)
            # Only so much is kept: what is not a coordinate could be anything.
            if coordinate in self._known:
                self._decisions[asked] = decision
        return decision

    def _decide(self, coordinate: str, access: Access, use: Use) -> Decision:
        if coordinate in self._hidden:
            return Decision(coordinate, Verdict.DENY, reason=Reason.NO_PERMISSION, hidden=True)
        case, day = self._case, self._day
        decision = self._table.cell(*self._circumstance).decide(coordinate, access, use, case=case, day=day)
        if not decision.denied:
            return decision
        change = remedy(self._table, self._circumstance, decision, access, use, case=case, day=day)
        return replace(decision, remedy=change) if change else decision


class InForce:
    """What is in force at one time, compiled."""

    def __init__(self, regulations: RegulationSet, coordinates: Mapping[str, Coordinate]) -> None:
        assert regulations.parties is not None, "a set without parties has a mistake"
        assert regulations.purposes is not None, "a set without purposes has a mistake"
        self.regulations = regulations.regulations
        self.version = regulations.version
        self.table = Table(regulations.parties, regulations.purposes, regulations.regulations, coordinates)
        self.rules: Mapping[tuple[str, str], AnyRule] = {
            (str(regulation.name), str(rule.id)): rule for regulation in self.regulations for rule in regulation.rules
        }


class RegulationAuthorizer:
    """The regulations of a directory as of today."""

    def __init__(self, regulations: RegulationSet, coordinates: Mapping[str, Coordinate], *, today: Callable[[], date]) -> None:
        mistakes = check(regulations, coordinates, today())
        if mistakes or regulations.parties is None or regulations.purposes is None:
            raise BrokenRegulations(mistakes)
        self.parties: Parties = regulations.parties
        self.declared_purposes = {str(code): purpose for code, purpose in regulations.purposes.items()}
        self.titles: Mapping[str, Title] = {str(coordinate): title for coordinate, title in regulations.items.items()}
        """What coordinates are called, those that have a title."""
        self.content = regulations.content
        """Names all that the directory says, versions past and to come included; it stays when the day turns."""
        self._all = regulations
        self._coordinates = coordinates
        self._known = frozenset(coordinates)
        self._compiled: dict[tuple[tuple[str, int], ...], InForce] = {}
        self._start(today)

    @classmethod
    def load(cls, directory: Path, coordinates: Mapping[str, Coordinate], *, today: Callable[[], date]) -> RegulationAuthorizer:
        """Read, check and compile a directory. `today`: the day where the law applies.

        Raises `BrokenRegulations` with every mistake there is.
        """
        return cls(read(directory), coordinates, today=today)

    def at(self, day: date) -> RegulationAuthorizer:
        """The same regulations as of a day, past or future, which never turns."""
        other = object.__new__(RegulationAuthorizer)
        other.__dict__.update(self.__dict__)
        other._start(lambda: day)
        return other

    @property
    def version(self) -> str:
        """Names the set that is in force today."""
        return self._now().version

    @property
    def day(self) -> date:
        """The day as of which it decides."""
        self._now()
        return self._day

    @property
    def table(self) -> Table:
        """What is in force today, by circumstance."""
        return self._now().table

    @property
    def regulations(self) -> tuple[Regulation, ...]:
        """Those in force today, by name."""
        return self._now().regulations

    @property
    def everything(self) -> RegulationSet:
        """All that was read, every version of every regulation."""
        return self._all

    def history(self, regulation: str) -> tuple[Regulation, ...]:
        """All versions of a regulation, past and future, by the day of their approval."""
        return self._all.versions(regulation)

    def regulations_on(self, day: date) -> tuple[Regulation, ...]:
        """Those in force on a day, past or future, by name."""
        return self._all.as_of(day).regulations

    def in_force(self, regulation: Regulation) -> Period:
        """From the day of a version's approval until the day before the next one's."""
        return self._all.in_force(regulation)

    def rule(self, regulation: str, id: str) -> AnyRule:
        """The permission or prohibition of that name in force today; `KeyError` if there is none."""
        return self._now().rules[regulation, id]

    def knows(self, agency: str) -> bool:
        """Whether an agency is declared."""
        return agency in self._now().table.agencies

    def profile(self, request: AccessRequest) -> RegulationProfile:
        """The decisions for a request as of today; equal circumstances give the same object."""
        table = self._now().table
        caller = request.caller
        agency = caller.agency if caller.agency in table.agencies else ""
        role = caller.role if caller.role in table.roles else ""
        purpose = request.purpose if request.purpose in table.purposes else None
        case = bool(request.case and request.case.strip())
        circumstance = Circumstance(agency, role, purpose)
        profile = self._profiles.get((circumstance, case))
        if profile is None:
            if len(self._profiles) >= _PROFILES:
                self._profiles.clear()
            hidden = self._hidden_from(table, agency, role)
            profile = RegulationProfile(table, circumstance, self._known, hidden, case=case, day=self._day)
            self._profiles[circumstance, case] = profile
        return profile

    def hidden_from(self, caller: Caller) -> frozenset[str]:
        """Coordinates that do not exist for this caller: declared hidden, and granted to its agency and role for no purpose."""
        return self._hidden_from(self._now().table, caller.agency, caller.role)

    def grantable(self, caller: Caller) -> frozenset[Grantable]:
        """What the caller's agency could be granted for some purpose, case given, in whatever role; nothing hidden from it."""
        table = self._now().table
        hidden = self._hidden_from(table, caller.agency, caller.role)
        return frozenset(each for each in self._granted_to(table, caller.agency, None) if each.coordinate not in hidden)

    def articles(self, caller: Caller) -> Mapping[str, tuple[Article, ...]]:
        """Under which articles coordinates are shared with the caller's agency for reading, in whatever role."""
        table = self._now().table
        if caller.agency not in table.agencies:
            return {}
        found = self._articles.get(caller.agency)
        if found is None:
            found = self._articles[caller.agency] = articles(table, caller.agency, self._day)
        return found

    def who_may(self, coordinate: str, access: Access, use: Use) -> tuple[SharedWith, ...]:
        """Who may have a coordinate as of today, a case given; nobody where it does not exist."""
        force, asked = self._now(), (coordinate, access, use)
        found = self._shared_with.get(asked)
        if found is None:
            permissions = [each for regulation in force.regulations for each in regulation.permissions]
            found = who_may(force.table, self.parties, permissions, coordinate, access, use, self._day)
            if coordinate in self._known:
                self._shared_with[asked] = found
        return found

    def by_consent(self) -> tuple[ByConsent, ...]:
        """What agencies may have as of today of residents who consent."""
        force = self._now()
        return by_consent(force.table, [each for regulation in force.regulations for each in regulation.permissions], self._day)

    def purposes(self, caller: Caller) -> tuple[str, ...]:
        """Purposes for which some permission in force names the caller's agency and role, in the order they are declared."""
        table = self._now().table
        cells = ((purpose, table.cell(caller.agency, caller.role, purpose)) for purpose in table.purposes)
        return tuple(
            purpose
            for purpose, cell in cells
            if any(offer.valid.holds(self._day) for offers in cell.offers.values() for offer in offers)
        )

    def under_consent(self, agency: str, purpose: str) -> frozenset[str]:
        """Coordinates that are shared with an agency for a purpose, in whatever role, if the resident consents."""
        table = self._now().table
        cells = [table.cell(agency, role, purpose) for role in table.roles] if agency in table.agencies else []
        return frozenset(
            coordinate
            for cell in cells
            for (coordinate, _), offers in cell.offers.items()
            for offer in offers
            if offer.valid.holds(self._day) and any(isinstance(each, WithConsent) for each in offer.grant.constraints)
        )

    def _hidden_from(self, table: Table, agency: str, role: str) -> frozenset[str]:
        granted = self._granted_to(table, agency, role)
        if not granted or not table.hidden:
            return table.hidden
        hidden = self._hidden.get((agency, role))
        if hidden is None:
            hidden = self._hidden[agency, role] = table.hidden - {each.coordinate for each in granted}
        return hidden

    def _granted_to(self, table: Table, agency: str, role: str | None) -> frozenset[Grantable]:
        """What is granted today to an agency in a role, or in any, for some purpose, a case given."""
        if agency not in table.agencies or not (role is None or role in table.roles):
            return frozenset()
        granted = self._granted.get((agency, role))
        if granted is None:
            everything = product(table.roles if role is None else (role,), table.purposes)
            cells = {id(cell): cell for each, purpose in everything for cell in [table.cell(agency, each, purpose)]}
            granted = frozenset().union(*(cell.granted(self._day) for cell in cells.values()))
            self._granted[agency, role] = granted
        return granted

    def _start(self, today: Callable[[], date]) -> None:
        self._today = today
        self._day = today()
        self._force = self._as_of(self._day)
        self._profiles: dict[tuple[Circumstance, bool], RegulationProfile] = {}
        self._granted: dict[tuple[str, str | None], frozenset[Grantable]] = {}
        self._hidden: dict[tuple[str, str], frozenset[str]] = {}
        self._articles: dict[str, Mapping[str, tuple[Article, ...]]] = {}
        self._shared_with: dict[tuple[str, Access, Use], tuple[SharedWith, ...]] = {}

    def _now(self) -> InForce:
        if self._today() != self._day:
            self._start(self._today)
        return self._force

    def _as_of(self, day: date) -> InForce:
        in_force = self._all.as_of(day)
        key = tuple((str(each.name), each.version) for each in in_force.regulations)
        if key not in self._compiled:
            self._compiled[key] = InForce(in_force, self._coordinates)
        return self._compiled[key]
