"""Military service, kept by the Military Manpower Administration."""

from __future__ import annotations

from datetime import date
from enum import Enum

from schema.declare import Register, column, extends, link, record
from schema.mois import Resident

MMA = Register("mma", holder="mma", title="Military service")


class MilitaryServiceKind(Enum):
    """How a resident's military duty stands (Military Service Act, art. 5)."""

    ACTIVE = "ACTIVE"
    SUPPLEMENTARY = "SUPPLEMENTARY"
    RESERVE = "RESERVE"
    EXEMPT = "EXEMPT"
    DEFERRED = "DEFERRED"


@record(MMA, table="military_service", key="rrn")
class MilitaryService:
    """A resident's military service. Holder: Military Manpower Administration."""

    kind: MilitaryServiceKind | None = column()
    """Serving, done, exempt or put off."""
    enlisted_on: date | None = column()
    """The day of enlistment; null for those who did not enlist."""
    discharged_on: date | None = column()
    """The day of discharge; null before it."""
    rank: str | None = column()
    """Present or last rank, in Korean; null for those who did not enlist."""


@extends(Resident, MMA)
class MilitaryServiceOfResident:
    military_service: MilitaryService | None = link("rrn", "rrn")
    """The entry in the military service register; null for those who have none, as most women and all children."""
