"""Petitions, kept by the municipalities in one system: what a resident asked of which office, and whether that is settled."""

from __future__ import annotations

from datetime import date

from schema.declare import CaseRegister, Register, column, extends, link, record
from schema.mois import Resident

PETITIONS = Register("petitions", holder="saeol", title="Petitions")


@record(PETITIONS, table="petition")
class Petition:
    """One petition of a resident to an office. Holder: Municipalities' administration system."""

    number: str | None = column()
    """Number of the case, which the office gave it on receipt."""
    agency: str | None = column()
    """Code of the agency that decides."""
    service: str | None = column()
    """Code of the civil affair, which is the purpose of requests that are made for it."""
    opened_on: date | None = column(sortable=True)
    """The day of receipt."""
    closed_on: date | None = column()
    """The day on which it was settled or withdrawn; null while it is open."""


@extends(Resident, PETITIONS)
class PetitionsOfResident:
    petitions: list[Petition] | None = link("rrn", "resident_rrn", order="-opened_on")
    """Petitions about the resident, the latest first."""


CASES = CaseRegister(
    Petition,
    number="number",
    agency="agency",
    service="service",
    resident="resident_rrn",
    opened="opened_on",
    closed="closed_on",
)
