"""Register of persons with disabilities, kept by the Ministry of Health and Welfare."""

from __future__ import annotations

from datetime import date
from enum import Enum

from schema.declare import Register, column, extends, link, record
from schema.mois import Resident

MOHW_DISABILITY = Register("mohw_disability", holder="mohw", title="Disability")


class DisabilitySeverity(Enum):
    """Degree of a registered disability; the six grades were replaced by these two in July 2019."""

    SEVERE = "SEVERE"
    MILD = "MILD"


@record(MOHW_DISABILITY, table="disability", key="rrn")
class Disability:
    """A resident's registered disability. Holder: Ministry of Health and Welfare."""

    severity: DisabilitySeverity | None = column()
    """Degree of the disability."""
    kind: str | None = column()
    """Type of the disability as registered, in Korean."""
    registered_on: date | None = column(sortable=True)
    """The day of registration."""
    reassess_on: date | None = column()
    """The day by which it must be assessed anew; null if it is permanent."""


@extends(Resident, MOHW_DISABILITY)
class DisabilityOfResident:
    disability: Disability | None = link("rrn", "rrn")
    """The registered disability; null for those who have none registered."""
