"""Passports, kept by the Ministry of Foreign Affairs."""

from __future__ import annotations

from datetime import date
from enum import Enum

from schema.declare import Register, column, extends, link, record
from schema.mois import Resident

MOFA = Register("mofa", holder="mofa", title="Passports")


class PassportKind(Enum):
    """Kind of a passport (Passport Act, art. 4)."""

    ORDINARY = "ORDINARY"
    OFFICIAL = "OFFICIAL"
    DIPLOMATIC = "DIPLOMATIC"


class PassportStatus(Enum):
    """How a passport stands today."""

    VALID = "VALID"
    EXPIRED = "EXPIRED"
    LOST = "LOST"
    RETURNED = "RETURNED"


@record(MOFA, table="passport")
class Passport:
    """One passport booklet issued to a resident. Holder: Ministry of Foreign Affairs."""

    number: str | None = column(sortable=True)
    """Passport number: a letter and eight digits, never given to another booklet."""
    kind: PassportKind | None = column()
    """Ordinary, official or diplomatic."""
    issued_on: date | None = column(sortable=True)
    """Day of issue."""
    expires_on: date | None = column(sortable=True)
    """Last day of validity."""
    romanized_name: str | None = column()
    """The holder's name in Latin letters as printed, surname first."""
    status: PassportStatus | None = column()
    """Whether it is valid, or why it is not."""


@extends(Resident, MOFA)
class PassportsOfResident:
    passports: list[Passport] | None = link("rrn", "rrn", order="-issued_on")
    """All passports ever issued to the resident, the latest first."""
