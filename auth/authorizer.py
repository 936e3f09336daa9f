"""Decides under the regulations in force. How is said in `auth/table.py`; here decisions are kept ready.

A profile holds the decisions for one agency, role and purpose, with or without a case, on one day. Profiles and their decisions
are made once and asked for by every request in the same circumstances. Whoever or whatever is not declared is not told apart: an
unknown agency, role or purpose gets nothing, and costs no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from auth.access import Access, AccessRequest, Caller, Decision, Grantable, Reason, Use, Verdict
from auth.checker import check
from auth.document import Mistake
from auth.regulations import read
from auth.rules import RegulationSet
from auth.table import Cell, Table

_PROFILES = 4096


class BrokenRegulations(Exception):
    """A set of regulations with mistakes; it is not served. `str()` holds all of them, a line each."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class RegulationProfile:
    """The decisions for one set of circumstances, each made when first asked for."""

    __slots__ = ("_case", "_cell", "_day", "_decisions", "_hidden", "_known")

    def __init__(self, cell: Cell, known: frozenset[str], hidden: frozenset[str], *, case: bool, day: date) -> None:
        self._cell = cell
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
        return self._cell.decide(coordinate, access, use, case=self._case, day=self._day)


class RegulationAuthorizer:
    """The regulations in force."""

    def __init__(self, regulations: RegulationSet, coordinates: Mapping[str, str], *, today: Callable[[], date]) -> None:
        mistakes = check(regulations, coordinates)
        if mistakes or regulations.parties is None or regulations.purposes is None:
            raise BrokenRegulations(mistakes)
        self.version = regulations.version
        self.parties = regulations.parties
        self.declared_purposes = {str(code): purpose for code, purpose in regulations.purposes.items()}
        self.table = Table(regulations.parties, regulations.purposes, regulations.regulations)
        self._coordinates = frozenset(coordinates)
        self._today = today
        self._day = today()
        self._profiles: dict[tuple[str, str, str | None, bool], RegulationProfile] = {}
        self._granted: dict[tuple[str, str | None], frozenset[Grantable]] = {}
        self._hidden: dict[tuple[str, str], frozenset[str]] = {}

    @classmethod
    def load(cls, directory: Path, coordinates: Mapping[str, str], *, today: Callable[[], date]) -> RegulationAuthorizer:
        """Read, check and compile a directory. `coordinates`: coordinate → holder. `today`: the day where the law applies.

        Raises `BrokenRegulations` with every mistake there is.
        """
        return cls(read(directory), coordinates, today=today)

    def profile(self, request: AccessRequest) -> RegulationProfile:
        """The decisions for a request as of today; equal circumstances give the same object."""
        self._turn_day()
        caller = request.caller
        agency = caller.agency if caller.agency in self.table.agencies else ""
        role = caller.role if caller.role in self.table.roles else ""
        purpose = request.purpose if request.purpose in self.table.purposes else None
        case = bool(request.case and request.case.strip())
        circumstances = (agency, role, purpose, case)
        profile = self._profiles.get(circumstances)
        if profile is None:
            if len(self._profiles) >= _PROFILES:
                self._profiles.clear()
            cell = self.table.cell(agency, role, purpose)
            profile = RegulationProfile(cell, self._coordinates, self.hidden_from(caller), case=case, day=self._day)
            self._profiles[circumstances] = profile
        return profile

    def hidden_from(self, caller: Caller) -> frozenset[str]:
        """Coordinates that do not exist for this caller: declared hidden, and granted to its agency and role for no purpose."""
        granted = self._granted_to(caller.agency, caller.role)
        if not granted or not self.table.hidden:
            return self.table.hidden
        hidden = self._hidden.get((caller.agency, caller.role))
        if hidden is None:
            hidden = self.table.hidden - {each.coordinate for each in granted}
            self._hidden[caller.agency, caller.role] = hidden
        return hidden

    def grantable(self, caller: Caller) -> frozenset[Grantable]:
        """What the caller's agency could be granted for some purpose, case given, in whatever role; nothing hidden from it."""
        hidden = self.hidden_from(caller)
        return frozenset(each for each in self._granted_to(caller.agency, None) if each.coordinate not in hidden)

    def purposes(self, caller: Caller) -> tuple[str, ...]:
        """Purposes for which some permission in force names the caller's agency and role, in the order they are declared."""
        self._turn_day()
        cells = ((purpose, self.table.cell(caller.agency, caller.role, purpose)) for purpose in self.table.purposes)
        return tuple(
            purpose
            for purpose, cell in cells
            if any(grant.valid.holds(self._day) for grants in cell.grants.values() for grant in grants)
        )

    def _granted_to(self, agency: str, role: str | None) -> frozenset[Grantable]:
        """What is granted today to an agency in a role, or in any, for some purpose, a case given."""
        self._turn_day()
        if agency not in self.table.agencies or not (role is None or role in self.table.roles):
            return frozenset()
        granted = self._granted.get((agency, role))
        if granted is None:
            roles = self.table.roles if role is None else (role,)
            cells = (self.table.cell(agency, each, purpose) for each in roles for purpose in self.table.purposes)
            granted = self._granted[agency, role] = frozenset().union(*(cell.granted(self._day) for cell in cells))
        return granted

    def _turn_day(self) -> None:
        today = self._today()
        if today != self._day:
            self._profiles.clear()
            self._granted.clear()
            self._hidden.clear()
            self._day = today
