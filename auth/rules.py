"""What the regulations say, as nouns: parties, purposes, permissions, prohibitions and the tests that come with them.

Words keep the place where they stand in their file, so that whatever is said about one later can say where it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeAlias

from auth.document import Mistakes, Word


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
class Permission:
    """`subject` holds the alternatives, empty for any; `case` tells whether one is required."""

    id: Word
    recipients: tuple[Word, ...]
    roles: tuple[Word, ...]
    purposes: tuple[Word, ...]
    items: tuple[Word, ...]
    search: tuple[Word, ...]
    access: tuple[Word, ...]
    basis: str
    subject: tuple[Word, ...]
    case: bool
    valid: Period


@dataclass(frozen=True, slots=True)
class Prohibition:
    """Recipients, roles and purposes that are empty mean all of them."""

    id: Word
    recipients: tuple[Word, ...]
    roles: tuple[Word, ...]
    purposes: tuple[Word, ...]
    items: tuple[Word, ...]
    basis: str
    valid: Period


AnyRule: TypeAlias = Permission | Prohibition


@dataclass(frozen=True, slots=True)
class Expectation:
    """A test that a regulation carries: what must be permitted and denied to whom, as of a day."""

    agency: Word
    role: Word
    purpose: Word | None
    case: bool
    access: str
    use: str
    on: date | None
    permitted: tuple[Word, ...]
    denied: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Regulation:
    """One holder's sharing regulation, as approved."""

    name: Word
    holder: Word
    version: int
    number: str
    approved_on: date | None
    hidden: tuple[Word, ...]
    permissions: tuple[Permission, ...]
    prohibitions: tuple[Prohibition, ...]
    tests: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class RegulationSet:
    """All that a directory says, and the mistakes found while reading it. Parties or purposes are none where unreadable."""

    parties: Parties | None
    purposes: Mapping[Word, Purpose] | None
    regulations: tuple[Regulation, ...]
    mistakes: Mistakes

    @property
    def version(self) -> str:
        """The day of the latest approval and a digest of all that is said; comments, layout and file names do not count."""
        content = (self.parties, self.purposes, sorted(self.regulations, key=lambda regulation: regulation.name))
        digest = hashlib.sha256(json.dumps(_canonical(content), ensure_ascii=False).encode()).hexdigest()
        latest = max((regulation.approved_on for regulation in self.regulations if regulation.approved_on), default=None)
        return f"{latest or 'none'}.{digest[:16]}"


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
