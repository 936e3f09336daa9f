"""Family register, kept by the Supreme Court: births, parents and children, marriages."""

from __future__ import annotations

from datetime import date
from enum import Enum

from schema.declare import Guardianship, Hop, Register, Report, column, extends, link, record
from schema.mois import Resident, ResidentRef, Sex

SCOURT = Register("scourt", holder="scourt", title="Family register")


class MarriageStatus(Enum):
    """How a marriage stands today."""

    MARRIED = "MARRIED"
    DIVORCED = "DIVORCED"
    WIDOWED = "WIDOWED"


IN_CARE = (("relation", "CHILD"), ("custody", True))
"""Which relations are parental authority: from a parent to a child."""


def relatives(relation: str) -> tuple[Hop, ...]:
    """From a resident's number to the numbers of the relatives who are that person's `relation`."""
    return (Hop("scourt", "family_relation", key="rrn", value="relative_rrn", where=(("relation", relation),)),)


@record(SCOURT, table="birth", key="rrn")
class BirthRecord:
    """The entry of one person's birth in the family register. Holder: Supreme Court of Korea."""

    registered_on: date | None = column(sortable=True)
    """The day on which the birth was registered; the law gives a month from the birth for it."""
    place: str | None = column()
    """Place of birth, down to the district."""
    sealed: bool | None = column()
    """Whether a court has sealed the entry."""
    father: Resident | None = link("father_rrn", "rrn")
    """The father; null if none is registered or he was never a resident."""
    mother: Resident | None = link("mother_rrn", "rrn")
    """The mother; null if none is registered or she was never a resident."""


@record(SCOURT, table="marriage")
class Marriage:
    """A person's present or latest marriage, as entered in the family register. Holder: Supreme Court of Korea."""

    married_on: date | None = column(sortable=True)
    """The day on which the marriage was registered, which is the day it took effect (Civil Act, art. 812)."""
    status: MarriageStatus | None = column()
    """Whether it lasts, or how it ended."""
    spouse: Resident | None = link("spouse_rrn", "rrn")
    """The other of the couple, also after the marriage ended."""


@extends(Resident, SCOURT)
class FamilyOfResident:
    birth: BirthRecord | None = link("rrn", "rrn")
    """The entry of the resident's birth; null for a birth that the family register never recorded."""
    parents: list[Resident] | None = link("rrn", "rrn", through=relatives("PARENT"), order="birth_date")
    """Parents in the family register, the elder first, the dead among them."""
    guardians: list[Resident] | None = link(
        "rrn",
        "rrn",
        through=(Hop("scourt", "family_relation", key="relative_rrn", value="rrn", where=IN_CARE),),
        order="birth_date",
    )
    """Those with parental authority over the resident, the elder first; nobody has it over an adult."""
    children: list[Resident] | None = link("rrn", "rrn", through=relatives("CHILD"), order="birth_date")
    """Children in the family register, the eldest first, wherever they live."""
    spouse: Resident | None = link("rrn", "rrn", through=relatives("SPOUSE"))
    """The present spouse; null for the unmarried, the divorced and the widowed."""
    marriage: Marriage | None = link("rrn", "rrn")
    """The present or latest marriage; null for those who never married."""


GUARDIANSHIP = Guardianship(
    # Of parents who live together both have parental authority, of divorced ones the one whom they or the court named (Civil Act,
    # art. 909).
    Hop("scourt", "family_relation", key="rrn", value="relative_rrn", where=IN_CARE),
    Resident,
    birth_date="birth_date",
    majority=19,
)


class ParentHousehold(Enum):
    """Which parent's household a newborn enters."""

    MOTHER = "MOTHER"
    FATHER = "FATHER"


class RegisterBirthInput:
    """A child was born."""

    name: str
    """Full name in Korean, family name first."""
    sex: Sex
    """The child's sex."""
    born_on: date
    """Date of birth."""
    place: str
    """Place of birth, down to the district."""
    mother: ResidentRef
    """The mother."""
    father: ResidentRef | None
    """The father; of a married mother her husband, unless a court decides otherwise (Civil Act, art. 844)."""
    household: ParentHousehold
    """The household that the child enters."""


class BirthTold:
    rrn: str | None
    """The child's resident registration number."""


REPORTS = (
    # The Ministry's register gives the number, with which the birth is entered in the family register.
    Report(
        "registerBirth",
        SCOURT,
        RegisterBirthInput,
        takes=(("mois", "register_birth"), ("scourt", "register_birth")),
        description="Register a birth, within a month (Act on Registration of Family Relations, art. 44).",
        tells=BirthTold,
        district=("mother", "father"),
    ),
)
