"""Resident registration, kept by the Ministry of the Interior and Safety: residents, households and their moves."""

from __future__ import annotations

import datetime as dt
from enum import Enum

from schema.declare import (
    Caller,
    Expression,
    Listing,
    Lookup,
    Register,
    Report,
    Subject,
    Today,
    column,
    compares,
    derived,
    identifier,
    link,
    names,
    record,
)

MOIS = Register("mois", holder="mois", title="Resident registration")


class Sex(Enum):
    """Sex as registered."""

    FEMALE = "FEMALE"
    MALE = "MALE"


class ResidentStatus(Enum):
    """Where a resident registration stands."""

    REGISTERED = "REGISTERED"
    EMIGRATED = "EMIGRATED"
    DECEASED = "DECEASED"


class RelationToHead(Enum):
    """A household member's relation to the head of the household."""

    HEAD = "HEAD"
    SPOUSE = "SPOUSE"
    CHILD = "CHILD"
    PARENT = "PARENT"
    SIBLING = "SIBLING"
    GRANDCHILD = "GRANDCHILD"
    OTHER = "OTHER"


class MoveReason(Enum):
    """Why a household moved in, as reported."""

    JOB = "JOB"
    FAMILY = "FAMILY"
    HOUSING = "HOUSING"
    EDUCATION = "EDUCATION"
    ENVIRONMENT = "ENVIRONMENT"
    OTHER = "OTHER"


@record(MOIS, table="resident", subject=Subject(self="rrn", household="household_id", jurisdiction="district_code"), node=True)
class Resident:
    """A person with a resident registration. Holder: Ministry of the Interior and Safety."""

    id: str | None = identifier("id")
    """Global id, good for the asking agency alone: another agency's id for the same person differs."""
    rrn: str | None = column()
    """Resident registration number, 13 digits; never changed and never given to anyone else."""
    name: str | None = column(sortable=True)
    """Full name in Korean, family name first."""
    sex: Sex | None = column()
    """Sex as registered."""
    birth_date: dt.date | None = column(sortable=True)
    """Date of birth."""
    death_date: dt.date | None = column()
    """Date of death; null while alive."""
    status: ResidentStatus | None = column()
    """Where the registration stands."""
    relation_to_head: RelationToHead | None = column()
    """Relation to the head of the household."""
    address: str | None = column()
    """Registered address: province, district, neighbourhood, street and number; null where the residence is unknown."""
    address_protected: bool | None = column()
    """Whether the resident has had the address withheld from others, for example because of domestic violence."""
    district_code: str | None = column(sortable=True)
    """Five-digit code of the district of the registered address, or of the last one."""
    moved_in_on: dt.date | None = column(sortable=True)
    """The day on which the resident moved to the registered address."""
    household: Household | None = link("household_id", "id")
    """The household that the resident belongs to; null after death or emigration."""

    @derived(Expression("years_since", "birth_date", (Today(),)))
    def age(self) -> int | None:
        """Age in whole years today; a person born on 29 February turns a year older on 1 March."""

    @derived(Expression("reached_age", "birth_date", (19, Today())))
    def is_adult(self) -> bool | None:
        """Whether the resident has turned 19, the age of majority (Civil Act, art. 4)."""


@record(MOIS, table="household", subject=Subject(household="id", jurisdiction="district_code"), node=True)
class Household:
    """Residents registered as living together, with one head. Holder: Ministry of the Interior and Safety."""

    id: str | None = identifier("id")
    """Global id, good for the asking agency alone."""
    head: Resident | None = link("head_id", "id")
    """The resident who heads the household."""
    members: list[Resident] | None = link("id", "household_id", order="birth_date")
    """All members, the head among them, eldest first."""
    size: int | None = column()
    """Number of members."""
    address: str | None = column()
    """Registered address of the household; null where its residence is unknown."""
    district_code: str | None = column()
    """Five-digit code of the district of the address."""
    move_ins: list[MoveIn] | None = link("id", "household_id", order="-date")
    """Reported moves of the household, the latest first."""


@record(MOIS, table="move_in")
class MoveIn:
    """One reported move of a household. Holder: Ministry of the Interior and Safety."""

    date: dt.date | None = column(sortable=True)
    """The day of the move."""
    from_address: str | None = column()
    """Address before the move; null for a first registration, and where the residence has since been found to be unknown."""
    to_address: str | None = column()
    """Address after the move; null where the residence has since been found to be unknown."""
    reason: MoveReason | None = column()
    """Reason as reported."""


class ResidentFilter:
    """Which residents to list; every condition that is given must hold."""

    district_code: str | None = compares("district_code", "=")
    """Five-digit code of the district."""
    age_at_least: int | None = compares("age", ">=")
    """Lowest age in whole years."""
    age_at_most: int | None = compares("age", "<=")
    """Highest age in whole years."""
    sex: Sex | None = compares("sex", "=")
    """Sex as registered."""
    status: ResidentStatus | None = compares("status", "=")
    """Where the registration stands."""


ROOTS = (
    Lookup("resident", Resident, keys=("id", "rrn"), description="One resident, by global id or by number; give exactly one."),
    Listing("residents", Resident, filter=ResidentFilter, description="Residents that fit a filter, page by page."),
    Lookup("household", Household, keys=("id",), description="One household, by global id."),
    Lookup("me", Resident, keys=(Caller("rrn"),), description="The citizen's own record, by the number in the caller's token."),
)


@names(Resident)
class ResidentRef:
    """A resident, named by exactly one of these."""

    id: str | None
    """Global id, as you were given it."""
    rrn: str | None
    """Resident registration number, 13 digits."""


class Destination:
    """Where somebody moves to."""

    address: str
    """Province, district, neighbourhood, street and number."""
    district_code: str
    """Five-digit code of its district."""


class RelationInput:
    """What a resident is to the head of the household."""

    resident: ResidentRef
    """Who."""
    relation: RelationToHead
    """Any but HEAD, for heads are named by themselves."""


class ReportMoveInInput:
    """A household, or some of its members, has moved to another address."""

    residents: list[ResidentRef]
    """All who move: of one household, and with an adult unless they join one."""
    to: Destination
    """Where they live now."""
    moved_on: dt.date
    """The day of the move: not after today, nor before the last one."""
    reason: MoveReason
    """Why."""
    new_head: ResidentRef | None
    """Who of them heads their household now; needed where the head is not among them and they are several."""
    head_of_rest: ResidentRef | None
    """Who heads those that stay; needed where the head leaves and they are several."""
    joins: ResidentRef | None
    """A resident who lives there, whose household they join; without it they have one of their own."""
    relations: list[RelationInput] | None
    """What those who move are to the head of the household that they join. Where a head changes it is told from what they were to
    the one before, unless it is given here."""


REPORTS = (
    Report(
        "reportMoveIn",
        MOIS,
        ReportMoveInInput,
        takes=(("mois", "report_move_in"),),
        description="Report that residents have moved in, within 14 days (Resident Registration Act, art. 16).",
        district=("to.district_code",),
    ),
)
