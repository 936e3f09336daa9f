"""National pension, kept by the National Pension Service."""

from __future__ import annotations

from enum import Enum

from schema.declare import Register, column, extends, link, record
from schema.mois import Resident
from schema.scalars import BigInt

NPS = Register("nps", holder="nps", title="National pension")


class PensionKind(Enum):
    """How a resident takes part in the national pension (National Pension Act, art. 7)."""

    WORKPLACE = "WORKPLACE"
    REGIONAL = "REGIONAL"
    VOLUNTARY = "VOLUNTARY"
    BENEFICIARY = "BENEFICIARY"


@record(NPS, table="pension", key="rrn")
class Pension:
    """A resident's account with the national pension. Holder: National Pension Service."""

    kind: PensionKind | None = column()
    """Insured at work, as a resident or by choice, or drawing a pension."""
    months_paid: int | None = column()
    """Months for which contributions were paid."""
    monthly_income: BigInt | None = column()
    """Standard monthly income on which contributions are, or last were, reckoned, in won."""
    benefit: BigInt | None = column()
    """Monthly pension drawn, in won; null for those who draw none."""


@extends(Resident, NPS)
class PensionOfResident:
    pension: Pension | None = link("rrn", "rrn")
    """The account with the national pension; null for those who never joined."""
