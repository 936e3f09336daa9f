"""What the regulations say, as nouns: parties, purposes, permissions, prohibitions and the tests that come with them.

Words keep the place where they stand in their file, so that whatever is said about one later can say where it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Any, Literal, TypeAlias

from auth.access import Duties, Limit, Mask, Since, Span
from auth.document import Mistakes, Word

Kind = Literal["int", "text", "date", "bool", "names", "id", "link", "count", "report"]


@dataclass(frozen=True, slots=True)
class Coordinate:
    """What a rule has to know of a coordinate: whose it is to share, and what its values are.

    `names` are those of an enumeration, `target` the record type that a link leads to. A derived field tells the coordinate of
    its input in `derived_from`, and in `probe` whether its answer turns on an argument that the caller chooses. `reaches` are the
    record types whose columns a condition on it may name, none for any; `personal` tells whether its rows are about a resident,
    `fed` whether they are the feed's, which is read under `access: events` alone.
    """

    holder: str
    kind: Kind = "text"
    names: tuple[str, ...] = ()
    derived_from: str | None = None
    target: str | None = None
    probe: bool = False
    reaches: frozenset[str] | None = None
    personal: bool = True
    fed: bool = False


@dataclass(frozen=True, slots=True)
class Title:
    """What people call it, in Korean and in English."""

    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class Agency:
    title: Title
    jurisdiction: str | None


@dataclass(frozen=True, slots=True)
class Group:
    title: Title
    agencies: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Parties:
    """Who may be named as a recipient, and in which roles."""

    agencies: Mapping[Word, Agency]
    groups: Mapping[Word, Group]
    roles: Mapping[Word, Title]

    def members(self, recipients: tuple[Word, ...]) -> frozenset[str]:
        """The agencies that the recipients, agencies and groups, come to."""
        groups = [self.groups[name].agencies if name in self.groups else (name,) for name in recipients]
        return frozenset(str(agency) for agencies in groups for agency in agencies)

    def names(self, agencies: Iterable[str]) -> tuple[str, ...]:
        """Agencies by as few names as a regulation would use: groups that they have all of, the largest first, and the rest."""
        left, found = set(agencies), []
        groups = ((str(name), self.members((name,))) for name in self.groups)
        for name, members in sorted(groups, key=lambda each: (-len(each[1]), each[0])):
            if len(members) > 1 and members <= left:
                found.append(name)
                left -= members
        return (*found, *sorted(left))


@dataclass(frozen=True, slots=True)
class Purpose:
    """A civil affair: what it is called, the law it rests on, what it is."""

    title: Title
    basis: str
    description: str


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both included; an end that is not given is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def encloses(self, other: Period) -> bool:
        begins = self.first is None or (other.first is not None and self.first <= other.first)
        return begins and (self.last is None or (other.last is not None and other.last <= self.last))


@dataclass(frozen=True, slots=True)
class Condition:
    """A column, and what it must be: one of these words, the caller's jurisdiction, or recent enough."""

    column: Word
    values: tuple[Word, ...] | Since | Literal["jurisdiction"]
    household: bool = False
    """That it holds for anyone in the household of the row's subject is enough."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The resident's consent is required; or, on a ground, it is not, and the resident is told later, `within` how long."""

    ground: Word | None = None
    within: Span | None = None

    @property
    def required(self) -> bool:
        return self.ground is None


@dataclass(frozen=True, slots=True)
class Permission:
    """`subject` holds the alternatives, empty for any; all of `rows` must hold; `case` is `none`, `required` or `verified`."""

    id: Word
    recipients: tuple[Word, ...]
    roles: tuple[Word, ...]
    purposes: tuple[Word, ...]
    items: tuple[Word, ...]
    search: tuple[Word, ...]
    access: tuple[Word, ...]
    basis: str
    subject: tuple[Word, ...]
    case: str
    valid: Period
    consent: Consent | None = None
    rows: tuple[Condition, ...] = ()
    masks: Mapping[Word, Mask] = field(default_factory=dict)
    limit: Limit | None = None
    duties: Duties | None = None


@dataclass(frozen=True, slots=True)
class Exemption:
    """For whom a prohibition does not hold. Recipients, roles and purposes that are empty mean all of them."""

    recipients: tuple[Word, ...]
    roles: tuple[Word, ...]
    purposes: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Prohibition:
    """Recipients, roles and purposes that are empty mean all of them; all of `when` must hold."""

    id: Word
    recipients: tuple[Word, ...]
    roles: tuple[Word, ...]
    purposes: tuple[Word, ...]
    items: tuple[Word, ...]
    basis: str
    valid: Period
    when: tuple[Condition, ...] = ()
    exempt: tuple[Exemption, ...] = ()


AnyRule: TypeAlias = Permission | Prohibition


@dataclass(frozen=True, slots=True)
class Expectation:
    """A test that a regulation carries: what must be decided how for whom, as of a day."""

    agency: Word
    role: Word
    purpose: Word | None
    case: bool
    access: str
    use: str
    on: date | None
    permitted: tuple[Word, ...]
    denied: tuple[Word, ...]
    masked: tuple[Word, ...] = ()
    conditional: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Regulation:
    """One version of a holder's sharing regulation, as approved. `superseded`: kept among those that are no longer in force."""

    name: Word
    holder: Word
    version: int
    number: str
    approved_on: date | None
    hidden: tuple[Word, ...]
    permissions: tuple[Permission, ...]
    prohibitions: tuple[Prohibition, ...]
    tests: tuple[Expectation, ...]
    superseded: bool = False

    @property
    def rules(self) -> tuple[AnyRule, ...]:
        return (*self.permissions, *self.prohibitions)


@dataclass(frozen=True, slots=True)
class RegulationSet:
    """All that a directory says, and the mistakes found while reading it. Parties or purposes are none where unreadable.

    It may hold several versions of a regulation. In force on a day is, of each, the one approved last until then. `items` are the
    titles of coordinates, as many as have one.
    """

    parties: Parties | None
    purposes: Mapping[Word, Purpose] | None
    regulations: tuple[Regulation, ...]
    mistakes: Mistakes
    items: Mapping[Word, Title] = field(default_factory=dict)

    def as_of(self, day: date) -> RegulationSet:
        """The same with no version but those in force on a day, in the order of their names."""
        latest: dict[str, Regulation] = {}
        for regulation in sorted(self.regulations, key=lambda each: (each.name, each.approved_on or date.max)):
            if regulation.approved_on is not None and regulation.approved_on <= day:
                latest[regulation.name] = regulation
        return replace(self, regulations=tuple(latest.values()))

    def versions(self, name: str) -> tuple[Regulation, ...]:
        """All versions of a regulation, by the day of their approval."""
        found = [regulation for regulation in self.regulations if regulation.name == name]
        return tuple(sorted(found, key=lambda each: each.approved_on or date.max))

    def in_force(self, regulation: Regulation) -> Period:
        """From the day of a version's approval until the day before the next one's."""
        assert regulation.approved_on is not None, "a version without a day of approval has a mistake already"
        days = (each.approved_on for each in self.versions(regulation.name) if each.approved_on)
        following = next((day for day in days if day > regulation.approved_on), None)
        return Period(regulation.approved_on, following - timedelta(days=1) if following else None)

    @property
    def version(self) -> str:
        """The day of the latest approval and a digest of all that decides: no titles of items, comments, layout or file names."""
        said = (self.parties, self.purposes, sorted(self.regulations, key=lambda regulation: regulation.name))
        latest = max((regulation.approved_on for regulation in self.regulations if regulation.approved_on), default=None)
        return f"{latest or 'none'}.{_digest(said)}"

    @property
    def content(self) -> str:
        """The version and a digest of what decides nothing, the titles of items."""
        return f"{self.version}.{_digest(self.items)}"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(_canonical(value), ensure_ascii=False).encode()).hexdigest()[:16]


def _canonical(value: Any) -> Any:
    """The value as JSON has it, in one order."""
    if isinstance(value, Mapping):
        return [[str(key), _canonical(item)] for key, item in value.items()]
    if isinstance(value, tuple | list):
        return [_canonical(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "__dataclass_fields__"):
        return [[field.name, _canonical(getattr(value, field.name))] for field in fields(value)]
    return value
