"""What has happened in the registers that take reports, told once to each whom a regulation lets know of it.

An event says what kind of thing happened, when, and to whom. Everything else is read from the registers, through the resident.
"""

from __future__ import annotations

from enum import Enum

from schema.declare import Feed, Register, Subject, column, link, record
from schema.mois import Resident
from schema.scalars import BigInt, DateTime

EVENTS = Register("events", holder="mois", title="Events")


class EventKind(Enum):
    """What happened."""

    MOVED_IN = "MOVED_IN"
    HEAD_CHANGED = "HEAD_CHANGED"
    RESIDENT_BORN = "RESIDENT_BORN"
    BIRTH_REGISTERED = "BIRTH_REGISTERED"
    CONSENT_GIVEN = "CONSENT_GIVEN"
    CONSENT_REVOKED = "CONSENT_REVOKED"


@record(EVENTS, table="event", subject=Subject(self="rrn", jurisdiction="district"))
class Event:
    """Something that a register was told, as it was told to the caller. Holder: Ministry of the Interior and Safety."""

    sequence: BigInt | None = column()
    """Its number among all that the caller was told in this role for this purpose; a later one has a higher number."""
    kind: EventKind | None = column()
    """What happened."""
    at: DateTime | None = column()
    """When the register was told."""
    register: str | None = column()
    """The code of the register."""
    resident: Resident | None = link("rrn", "rrn")
    """To whom it happened."""


ROOTS = (
    Feed(
        "events",
        Event,
        number="sequence",
        kind="kind",
        description="What happened to residents, as far as the caller may know of it, in order.",
    ),
)
