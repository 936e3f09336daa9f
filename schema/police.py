"""Driving licences, kept by the National Police Agency."""

from __future__ import annotations

from datetime import date
from enum import Enum

from schema.declare import Register, column, extends, link, record
from schema.mois import Resident

POLICE = Register("police", holder="police", title="Driving licences")


class LicenceClass(Enum):
    """Class of a driving licence (Road Traffic Act, art. 80)."""

    CLASS1_LARGE = "CLASS1_LARGE"
    CLASS1_ORDINARY = "CLASS1_ORDINARY"
    CLASS2_ORDINARY = "CLASS2_ORDINARY"
    CLASS2_SMALL = "CLASS2_SMALL"


class LicenceStatus(Enum):
    """How a driving licence stands today."""

    VALID = "VALID"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


@record(POLICE, table="driving_licence", key="rrn")
class DrivingLicence:
    """A resident's driving licence. Holder: National Police Agency."""

    number: str | None = column(sortable=True)
    """Licence number, 12 digits in four groups."""
    class_: LicenceClass | None = column("licence_class")
    """Highest class that the licence covers."""
    issued_on: date | None = column(sortable=True)
    """The day on which the present licence card was issued."""
    renew_by: date | None = column(sortable=True)
    """Last day for its renewal."""
    status: LicenceStatus | None = column()
    """Whether it is valid, or why it is not."""


@extends(Resident, POLICE)
class DrivingLicenceOfResident:
    driving_licence: DrivingLicence | None = link("rrn", "rrn")
    """The driving licence; null for those who hold none."""
