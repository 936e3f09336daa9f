"""Employment insurance, kept by the Ministry of Employment and Labor."""

from __future__ import annotations

from datetime import date

from schema.declare import Register, column, extends, link, record
from schema.mois import Resident

MOEL = Register("moel", holder="moel", title="Employment insurance")


@record(MOEL, table="employment")
class Employment:
    """One spell of insured employment at one workplace. Holder: Ministry of Employment and Labor."""

    workplace: str | None = column()
    """Name of the workplace."""
    acquired_on: date | None = column(sortable=True)
    """The day on which the insurance at the workplace began."""
    lost_on: date | None = column()
    """The day after the last day of insured work; null while employed."""
    weekly_hours: int | None = column()
    """Contractual working hours a week."""


@extends(Resident, MOEL)
class EmploymentsOfResident:
    employments: list[Employment] | None = link("rrn", "rrn", order="-acquired_on")
    """All insured employments, the latest first."""
