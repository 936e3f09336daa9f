"""Basic livelihood benefits, kept by the Ministry of Health and Welfare."""

from __future__ import annotations

from datetime import date
from enum import Enum

from schema.declare import Hop, Register, column, extends, link, record
from schema.mois import Household

MOHW_LIVELIHOOD = Register("mohw_livelihood", holder="mohw", title="Livelihood benefits")


class BenefitKind(Enum):
    """Kind of a basic livelihood benefit (National Basic Living Security Act, art. 7)."""

    LIVELIHOOD = "LIVELIHOOD"
    MEDICAL = "MEDICAL"
    HOUSING = "HOUSING"
    EDUCATION = "EDUCATION"


@record(MOHW_LIVELIHOOD, table="livelihood_benefit")
class LivelihoodBenefit:
    """One benefit granted to a household. Holder: Ministry of Health and Welfare."""

    kind: BenefitKind | None = column()
    """What the benefit secures."""
    started_on: date | None = column(sortable=True)
    """The day from which it is granted."""
    near_poor: bool | None = column()
    """Whether the household is near-poor: above the benefit's line, at or below half of the median income."""


@extends(Household, MOHW_LIVELIHOOD)
class LivelihoodBenefitsOfHousehold:
    livelihood_benefits: list[LivelihoodBenefit] | None = link(
        "head_id", "head_rrn", through=(Hop("mois", "resident", key="id", value="rrn"),), order="-started_on"
    )
    """Benefits of the household, the latest first; they are kept under its head's resident number."""
