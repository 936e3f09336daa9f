"""The words that the authorizer and the planner share: who asks, why, and what was decided.

Default deny: a coordinate that no permission grants is withheld. A prohibition beats every permission. Several permissions that
grant one coordinate are alternatives, each with constraints of its own; for each row the least masked of those whose constraints
hold is the one that counts.
"""

from __future__ import annotations

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, Protocol, TypeAlias

Access = Literal["lookup", "list", "events", "report"]
"""How a coordinate is reached: under one record that was asked for by its key, under a list of records, or in the feed of what
has changed; or it is what somebody reports to a register, and is written."""

Use = Literal["read", "search"]
"""What is done with a coordinate: its value is returned, or it is a search key, a filter, a sort or part of a cursor."""

SubjectKind = Literal["self", "household", "child", "jurisdiction"]


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
    """`MASK`: granted, but only masked, to whatever rows."""

    PERMIT = "permit"
    MASK = "mask"
    DENY = "deny"


class Reason(Enum):
    """Why a coordinate is withheld; the value is the code shown to callers. The last four are about rows."""

    NO_PERMISSION = "NO_PERMISSION"
    PROHIBITED = "PROHIBITED"
    NO_CASE = "NO_CASE"
    NOT_YET_VALID = "NOT_YET_VALID"
    NO_LONGER_VALID = "NO_LONGER_VALID"
    OUTSIDE_SUBJECT = "OUTSIDE_SUBJECT"
    NO_CONSENT = "NO_CONSENT"
    OUTSIDE_ROWS = "OUTSIDE_ROWS"
    CONDITIONS = "CONDITIONS"


_SPAN = re.compile(r"P(?=[0-9])(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})D)?")


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time; `str()` writes it as ISO 8601 does: P5Y, P18M, P10D."""

    months: int = 0
    days: int = 0

    @classmethod
    def of(cls, text: str) -> Span | None:
        """The span that is written so; none if none is."""
        found = _SPAN.fullmatch(text)
        if found is None:
            return None
        years, months, days = (int(part or 0) for part in found.groups())
        return cls(years * 12 + months, days)

    def before(self, day: dt.date) -> dt.date:
        """The day that lies so long before; where its month is too short, the month's last day. Never before year 1."""
        moved = _moved(day, -self.months)
        return moved - dt.timedelta(days=min(self.days, (moved - dt.date.min).days))

    def after(self, day: dt.date) -> dt.date:
        """The day that lies so long after; where its month is too short, the month's last day. Never after year 9999."""
        moved = _moved(day, self.months)
        return moved + dt.timedelta(days=min(self.days, (dt.date.max - moved).days))

    def __str__(self) -> str:
        years, months = divmod(self.months, 12)
        parts = ((years, "Y"), (months, "M"), (self.days, "D"))
        return "P" + "".join(f"{number}{unit}" for number, unit in parts if number) if self.months or self.days else "P0D"


def _moved(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        return dt.date.min if months < 0 else dt.date.max
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# Constraints: what must be true of a row for a permission to hold.


@dataclass(frozen=True, slots=True)
class OfSubject:
    """The row's subject is one of these to the caller: the same person, of the household, a minor child, of the jurisdiction."""

    kinds: frozenset[SubjectKind]


@dataclass(frozen=True, slots=True)
class WithCase:
    """The request's case is open, of the caller's agency and for this purpose, and concerns the row's subject or household."""


@dataclass(frozen=True, slots=True)
class WithConsent:
    """The row's subject consented to the caller's agency having this coordinate for this purpose, and the consent holds."""

    item: str


@dataclass(frozen=True, slots=True)
class Since:
    """On the day that lies so long before today, or later. Of a column of years: in that day's year or later."""

    span: Span


@dataclass(frozen=True, slots=True)
class Matches:
    """A column is one of these values, the caller's jurisdiction, or recent enough.

    The column is of the row itself or, for a link, of the record that it leads to; or else of a record that is linked to the
    row's subject, of which one that matches is enough. Null matches nothing. With `household` it is also enough that it matches
    for anyone who lives with the row's subject.
    """

    coordinate: str
    values: tuple[str | int | bool | dt.date, ...] | Since | Literal["jurisdiction"]
    household: bool = False

    @property
    def record(self) -> str:
        """The record type that the column is of."""
        return self.coordinate.partition(".")[0]

    @property
    def name(self) -> str:
        """The column's, within it."""
        return self.coordinate.partition(".")[2]


Constraint: TypeAlias = OfSubject | WithCase | WithConsent | Matches

MaskKind = Literal["first", "last", "band", "year", "district", "initial", "threshold", "pseudonym"]
MASKS: tuple[MaskKind, ...] = ("first", "last", "band", "year", "district", "initial", "threshold", "pseudonym")
"""From the least masked to the most."""


@dataclass(frozen=True, slots=True)
class Mask:
    """How much of a value is left. `amount`: characters for `first` and `last`, a number for `band` and `threshold`, else 0."""

    kind: MaskKind
    amount: int = 0

    @property
    def strength(self) -> tuple[int, int]:
        """By which masks are told less from more: of two on one coordinate the smaller one leaves more."""
        return MASKS.index(self.kind), -self.amount if self.kind in ("first", "last") else self.amount

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}" if self.amount else self.kind


@dataclass(frozen=True, slots=True)
class Duties:
    """What comes with being granted: how long to keep what was read, whether to store it at all, who must be told, and when.

    `notice`: the residents are told later, and `within` how long, because on this `ground` nobody asked for their consent.
    `defer`: that it was read is shown to them only so long after, or only after that day.
    """

    retain: Span | None = None
    store: bool = True
    notice: bool = False
    ground: str | None = None
    within: Span | None = None
    defer: Span | dt.date | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """How many subjects' data may be had under a permission in one hour, by one officer and by one agency."""

    officer: int | None = None
    agency: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A permission or prohibition by name: its regulation, its id in there, and its legal basis."""

    regulation: str
    id: str
    basis: str

    def __str__(self) -> str:
        return f"{self.regulation}/{self.id}"


@dataclass(frozen=True, slots=True)
class Grant:
    """One way in which a coordinate is granted: to rows for which all constraints hold, whole or masked."""

    rule: Rule
    constraints: frozenset[Constraint] = frozenset()
    mask: Mask | None = None
    duties: Duties | None = None
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Ban:
    """A prohibition that is in force for the rows that match all of `when`.

    `told`: the caller may know of it. If not, what it withholds must look exactly as if it were absent.
    """

    rule: Rule
    when: tuple[Matches, ...]
    told: bool


@dataclass(frozen=True, slots=True)
class Remedy:
    """The smallest change under which a coordinate that is denied would be granted, whole or for some rows.

    `value` names the role, purpose or access, or the first or last day of validity.
    """

    change: Literal["case", "role", "purpose", "access", "from", "until"]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Permit, mask or deny for one coordinate, with the rules that decided, and what remains to be checked for each row.

    `grants` and `bans` are the residual. The grants go from the least masked to the most; one without constraints is the last.
    `reason`, and `remedy` if there is one, stand with a denial. `hidden`: to this caller the coordinate does not exist.
    """

    coordinate: str
    verdict: Verdict
    grants: tuple[Grant, ...] = ()
    bans: tuple[Ban, ...] = ()
    rules: tuple[Rule, ...] = ()
    reason: Reason | None = None
    hidden: bool = False
    remedy: Remedy | None = None

    @property
    def denied(self) -> bool:
        return self.verdict is Verdict.DENY

    @property
    def conditional(self) -> bool:
        """Whether it depends on the row whether anything is granted, or how much."""
        return bool(self.bans) or any(grant.constraints for grant in self.grants)


class Grantable(NamedTuple):
    """A coordinate, and one way in which a caller could be granted it."""

    coordinate: str
    access: Access
    use: Use


class Article(NamedTuple):
    """The legal basis under which a coordinate is shared, the purposes that it is shared for, and how it is masked."""

    basis: str
    purposes: tuple[str, ...]
    mask: Mask | None = None


class Profile(Protocol):
    """All decisions for one (agency, role, purpose, case or none, day), never for one officer: its plans serve many."""

    def decide(self, coordinate: str, access: Access, use: Use) -> Decision:
        """The decision; total, so an unknown coordinate is denied."""


class Authorizer(Protocol):
    """What the planner asks of the regulations in force."""

    @property
    def version(self) -> str:
        """Changes whenever the set in force does."""

    def knows(self, agency: str) -> bool:
        """Whether an agency is declared."""

    def profile(self, request: AccessRequest) -> Profile:
        """The decisions for a request as of today; equal circumstances give the same object."""

    def hidden_from(self, caller: Caller) -> frozenset[str]:
        """Coordinates that do not exist for this caller: declared hidden, and granted to its agency and role for no purpose."""

    def grantable(self, caller: Caller) -> frozenset[Grantable]:
        """What the caller's agency could be granted for some purpose, case given, in whatever role; nothing hidden from it."""

    def articles(self, caller: Caller) -> Mapping[str, tuple[Article, ...]]:
        """Under which articles coordinates are shared with the caller's agency for reading, in whatever role."""

    def purposes(self, caller: Caller) -> tuple[str, ...]:
        """Purposes for which some permission in force names the caller's agency and role, in the order they are declared."""

    def under_consent(self, agency: str, purpose: str) -> frozenset[str]:
        """Coordinates that are shared with an agency for a purpose, in whatever role, if the resident consents."""
