"""National tax, kept by the National Tax Service: certified income and tax, registered businesses."""

from __future__ import annotations

from datetime import date
from enum import Enum

from schema.declare import Arg, Expression, Register, column, derived, extends, link, record
from schema.mois import Resident
from schema.scalars import BigInt

NTS = Register("nts", holder="nts", title="National tax")


class BusinessStatus(Enum):
    """How a registered business stands today."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


@record(NTS, table="tax_certificate")
class TaxCertificate:
    """A year's certified income and tax of one resident. Holder: National Tax Service."""

    year: int | None = column(sortable=True)
    """Tax year, a calendar year."""
    income: BigInt | None = column(sortable=True)
    """Income of the year as assessed, in won."""
    tax_paid: BigInt | None = column()
    """National income tax paid for the year, in won."""
    arrears: BigInt | None = column()
    """National tax of the year still owed, in won; 0 if none is."""

    @derived(Expression("at_most", "income", (Arg("amount"),)))
    def income_at_most(self, amount: BigInt) -> bool | None:
        """Whether the income of the year is at most `amount` won: yes or no, without the figure."""


@record(NTS, table="business")
class Business:
    """One business registered for value added tax by a resident. Holder: National Tax Service."""

    number: str | None = column(sortable=True)
    """Business registration number, 10 digits."""
    kind: str | None = column()
    """Line of business as registered, in Korean."""
    opened_on: date | None = column(sortable=True)
    """The day on which the business opened."""
    closed_on: date | None = column()
    """The day on which it closed; null while it has not."""
    status: BusinessStatus | None = column()
    """Whether it is running."""


@extends(Resident, NTS)
class TaxOfResident:
    tax_certificates: list[TaxCertificate] | None = link("rrn", "rrn", order="-year")
    """Certificates of all years, newest first."""
    businesses: list[Business] | None = link("rrn", "rrn", order="-opened_on")
    """Businesses ever registered in the resident's name, the youngest first."""
