"""The words that the authorizer and the planner share: who asks, why, and what was decided.

Default deny: a coordinate that no permission grants is withheld. A prohibition beats every permission. Several permissions that
grant one coordinate are alternatives: the widest residual of them remains, and no residual at all once one of them has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, Protocol

Access = Literal["lookup", "list"]
"""How a coordinate is reached: under one record that was asked for by its key, or under a list of records."""

Use = Literal["read", "search"]
"""What is done with a coordinate: its value is returned, or it is a search key, a filter, a sort or part of a cursor."""

SubjectKind = Literal["self", "household", "jurisdiction"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `jurisdiction` is a five-digit district code, `rrn` a citizen's own number; both come from the signed token."""

    agency: str
    role: str
    officer: str
    jurisdiction: str | None = None
    rrn: str | None = None


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One caller, one purpose, and the case that the request is for. Without a purpose no coordinate is granted."""

    caller: Caller
    purpose: str | None = None
    case: str | None = None


class Verdict(Enum):
    PERMIT = "permit"
    DENY = "deny"


class Reason(Enum):
    """Why a coordinate is withheld; the value is the code shown to callers."""

    NO_PERMISSION = "NO_PERMISSION"
    PROHIBITED = "PROHIBITED"
    NO_CASE = "NO_CASE"
    NOT_VALID = "NOT_VALID"
    OUTSIDE_SUBJECT = "OUTSIDE_SUBJECT"


@dataclass(frozen=True, slots=True)
class Rule:
    """A permission or prohibition by name: its regulation, its id in there, and its legal basis."""

    regulation: str
    id: str
    basis: str

    def __str__(self) -> str:
        return f"{self.regulation}/{self.id}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Permit or deny for one coordinate, with the rules that decided, and what remains to be checked for each row.

    `residual`: the kinds of subject of which at least one must hold for a row's subject; empty when nothing remains.
    `reason` stands with a denial. `hidden`: to this caller the coordinate does not exist.
    """

    coordinate: str
    verdict: Verdict
    residual: frozenset[SubjectKind] = frozenset()
    rules: tuple[Rule, ...] = ()
    reason: Reason | None = None
    hidden: bool = False


class Grantable(NamedTuple):
    """A coordinate, and one way in which a caller could be granted it."""

    coordinate: str
    access: Access
    use: Use


class Profile(Protocol):
    """All decisions for one (agency, role, purpose, case or none, day), never for one officer: its plans serve many."""

    def decide(self, coordinate: str, access: Access, use: Use) -> Decision:
        """The decision; total, so an unknown coordinate is denied."""


class Authorizer(Protocol):
    """What the planner asks of the regulations in force."""

    version: str
    """Changes whenever the set in force does."""

    def profile(self, request: AccessRequest) -> Profile:
        """The decisions for a request as of today; equal circumstances give the same object."""

    def hidden_from(self, caller: Caller) -> frozenset[str]:
        """Coordinates that do not exist for this caller: declared hidden, and granted to its agency and role for no purpose."""

    def grantable(self, caller: Caller) -> frozenset[Grantable]:
        """What the caller's agency could be granted for some purpose, case given, in whatever role; nothing hidden from it."""

    def purposes(self, caller: Caller) -> tuple[str, ...]:
        """Purposes for which some permission in force names the caller's agency and role, in the order they are declared."""
