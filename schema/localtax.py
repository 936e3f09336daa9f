"""Local taxes, kept for the local governments in one register."""

from __future__ import annotations

from enum import Enum

from schema.declare import Register, column, extends, link, record
from schema.mois import Resident
from schema.scalars import BigInt

LOCALTAX = Register("localtax", holder="localtax", title="Local tax")


class LocalTaxItem(Enum):
    """What a local tax is levied on (Local Tax Act)."""

    PROPERTY = "PROPERTY"
    AUTOMOBILE = "AUTOMOBILE"
    RESIDENT = "RESIDENT"
    INCOME = "INCOME"


@record(LOCALTAX, table="local_tax")
class LocalTax:
    """A year's levy of one local tax on a resident. Holder: the local governments, through their common local tax system."""

    item: LocalTaxItem | None = column()
    """The tax levied."""
    year: int | None = column(sortable=True)
    """Tax year, a calendar year."""
    amount: BigInt | None = column(sortable=True)
    """Amount levied, in won."""
    arrears: BigInt | None = column()
    """Part of the amount still owed, in won; 0 if none is."""


@extends(Resident, LOCALTAX)
class LocalTaxOfResident:
    local_taxes: list[LocalTax] | None = link("rrn", "rrn", order="-year")
    """Levies of all years, newest first."""
