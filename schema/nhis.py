"""Health insurance, kept by the National Health Insurance Service, which knows people by member number."""

from __future__ import annotations

from datetime import date
from enum import Enum

from schema.declare import Hop, Register, column, extends, link, record
from schema.mois import Resident
from schema.scalars import BigInt

NHIS = Register("nhis", holder="nhis", title="Health insurance")


class InsuranceKind(Enum):
    """On what ground a resident is insured (National Health Insurance Act, art. 5 and 6; Medical Care Assistance Act, art. 3)."""

    EMPLOYEE = "EMPLOYEE"
    REGIONAL = "REGIONAL"
    DEPENDANT = "DEPENDANT"
    MEDICAL_AID = "MEDICAL_AID"


@record(NHIS, table="health_insurance", key="member_number")
class HealthInsurance:
    """A resident's present health insurance. Holder: National Health Insurance Service."""

    kind: InsuranceKind | None = column()
    """Ground of the insurance."""
    workplace: str | None = column()
    """Name of the workplace that insures; null for those not insured through one."""
    acquired_on: date | None = column(sortable=True)
    """The day on which the present insurance began."""
    monthly_premium: BigInt | None = column()
    """The member's own part of the monthly premium, in won; 0 for dependants and medical aid."""
    dependants: int | None = column()
    """Number of people insured as this member's dependants."""


@extends(Resident, NHIS)
class HealthInsuranceOfResident:
    health_insurance: HealthInsurance | None = link(
        "rrn", "member_number", through=(Hop("nhis", "member_crosswalk", key="rrn", value="member_number", unique=True),)
    )
    """The present health insurance, found by the member number; null for those who have none, for example the dead."""
