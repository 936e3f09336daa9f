"""The ledger: who looked at whose data, kept by the centre that links the registers, and read like a register.

Residents read what is about themselves, holders how what is theirs was used, and everybody the sums.
"""

from __future__ import annotations

import datetime as dt

from schema.declare import Caller, Listing, Lookup, Register, Subject, column, compares, extends, identifier, link, record
from schema.mois import Resident
from schema.scalars import BigInt, DateTime

LEDGER = Register("ledger", holder="mois", title="Ledger of disclosures")


@record(LEDGER, table="access_item")
class AccessItem:
    """One item of data that was shown. Holder: Ministry of the Interior and Safety."""

    coordinate: str | None = column()
    """The type and the field, `Resident.name`."""
    title_ko: str | None = column()
    """What it is called in Korean."""
    title_en: str | None = column()
    """What it is called in English."""
    mask: str | None = column()
    """What was left of it, if it was shown masked."""
    basis: str | None = column()
    """The article of law under which it was shown; several where any of them may have been the one."""
    rule: str | None = column()
    """The permission in the holder's regulation, in the same way."""
    consent: bool | None = column()
    """Whether it was shown because the resident had consented; null where that was one of several ways."""
    ground: str | None = column()
    """The article by which nobody asked for consent, and the resident is told instead; null where it was not so."""


@record(LEDGER, table="access", subject=Subject(self="subject"))
class Access:
    """One time that somebody looked at a resident's data. Holder: Ministry of the Interior and Safety."""

    number: BigInt | None = column()
    """The number of the entry in the ledger; a later one has a higher number."""
    at: DateTime | None = column()
    """When."""
    agency: str | None = column()
    """The agency's code."""
    agency_ko: str | None = column()
    """The agency in Korean."""
    agency_en: str | None = column()
    """The agency in English."""
    role: str | None = column()
    """The code of the role in which its officer asked."""
    role_ko: str | None = column()
    """The role in Korean."""
    role_en: str | None = column()
    """The role in English."""
    purpose: str | None = column()
    """The code of the purpose: the civil affair."""
    purpose_ko: str | None = column()
    """The purpose in Korean."""
    purpose_en: str | None = column()
    """The purpose in English."""
    case_number: str | None = column()
    """The number of the petition that it was for, if it was for one."""
    citizen: bool | None = column("by_citizen")
    """Whether a citizen looked: the resident, or who has parental authority."""
    items: list[AccessItem] | None = link("id", "access_id", order="coordinate")
    """What was shown."""


@record(LEDGER, table="notice", subject=Subject(self="subject"))
class Notice:
    """What a resident has to be told of: data shown without asking for consent. Holder: Ministry of the Interior and Safety."""

    number: BigInt | None = column()
    """The number of the entry in the ledger."""
    at: DateTime | None = column()
    """When."""
    agency: str | None = column()
    """The agency's code."""
    agency_ko: str | None = column()
    """The agency in Korean."""
    agency_en: str | None = column()
    """The agency in English."""
    purpose: str | None = column()
    """The code of the purpose."""
    purpose_ko: str | None = column()
    """The purpose in Korean."""
    purpose_en: str | None = column()
    """The purpose in English."""
    ground: str | None = column()
    """The article by which nobody asked for consent."""
    due: dt.date | None = column()
    """The last day on which the resident must be told; null where the regulation names none."""
    told_on: dt.date | None = column()
    """The day on which the resident, or who has parental authority, first saw the notice: today, if it was not before."""
    days: int | None = column()
    """How many days that took since the resident could be told."""
    items: list[AccessItem] | None = link("id", "notice_id", order="coordinate")
    """What was shown."""


class AccessArguments:
    """Which of the times somebody looked; every condition that is given must hold."""

    after: BigInt | None = compares("number", "<")
    """Only those before the one with this number, the last of the page before."""
    since: DateTime | None = compares("at", ">=")
    """Only those at this time or later."""
    agency: str | None = compares("agency", "=")
    """Only this agency's, by its code."""


@extends(Resident, LEDGER)
class LedgerOfResident:
    access_log: list[Access] | None = link("rrn", "subject", order="-number", filter=AccessArguments, paged=True)
    """Who looked at the resident's data, the latest first. What an investigation defers is there once it may be known."""
    notices: list[Notice] | None = link("rrn", "subject", order="-number")
    """What the resident has to be told of, because nobody asked for consent; the latest first."""


@record(LEDGER, table="use", subject=Subject())
class CoordinateUse:
    """How often an item was shown on one day to one agency for one purpose. Holder: Ministry of the Interior and Safety."""

    number: BigInt | None = column()
    """Tells the rows apart; of a later day it is higher."""
    day: dt.date | None = column()
    """The day."""
    agency: str | None = column()
    """The agency's code."""
    agency_ko: str | None = column()
    """The agency in Korean."""
    agency_en: str | None = column()
    """The agency in English."""
    purpose: str | None = column()
    """The code of the purpose."""
    purpose_ko: str | None = column()
    """The purpose in Korean."""
    purpose_en: str | None = column()
    """The purpose in English."""
    coordinate: str | None = column()
    """The type and the field."""
    title_ko: str | None = column()
    """What it is called in Korean."""
    title_en: str | None = column()
    """What it is called in English."""
    mask: str | None = column()
    """What was left of it, if it was shown masked."""
    operations: BigInt | None = column()
    """In how many operations."""
    residents: BigInt | None = column()
    """Of how many residents, each counted in every operation anew."""


class CoordinateUseArguments:
    """Which uses; every condition that is given must hold."""

    after: BigInt | None = compares("number", "<")
    """Only those before the one with this number, the last of the page before."""
    since: dt.date | None = compares("day", ">=")
    """Only those on this day or later."""
    until: dt.date | None = compares("day", "<=")
    """Only those on this day or before."""
    agency: str | None = compares("agency", "=")
    """Only this agency's, by its code."""
    purpose: str | None = compares("purpose", "=")
    """Only those for this purpose, by its code."""
    coordinate: str | None = compares("coordinate", "=")
    """Only those of this item."""


@record(LEDGER, table="holder_access", subject=Subject())
class HolderAccess:
    """One use of a holder's items, without the residents whose they were. Holder: Ministry of the Interior and Safety."""

    number: BigInt | None = column()
    """The number of the entry in the ledger; a later one has a higher number."""
    at: DateTime | None = column()
    """When."""
    agency: str | None = column()
    """The agency's code."""
    agency_ko: str | None = column()
    """The agency in Korean."""
    agency_en: str | None = column()
    """The agency in English."""
    role: str | None = column()
    """The code of the role in which its officer asked."""
    officer: str | None = column()
    """The officer, as the agency calls the officer; null where a citizen asked."""
    purpose: str | None = column()
    """The code of the purpose."""
    purpose_ko: str | None = column()
    """The purpose in Korean."""
    purpose_en: str | None = column()
    """The purpose in English."""
    case_number: str | None = column()
    """The number of the petition that it was for, if it was for one."""
    residents: int | None = column()
    """Of how many residents something of the holder's was shown."""
    items: list[AccessItem] | None = link("id", "holder_access_id", order="coordinate")
    """What of the holder's was shown."""


class HolderAccessArguments:
    """Which operations; every condition that is given must hold."""

    after: BigInt | None = compares("number", "<")
    """Only those before the one with this number, the last of the page before."""
    since: DateTime | None = compares("at", ">=")
    """Only those at this time or later."""
    agency: str | None = compares("agency", "=")
    """Only this agency's, by its code."""
    purpose: str | None = compares("purpose", "=")
    """Only those for this purpose, by its code."""


@record(LEDGER, table="holder", key="agency", subject=Subject())
class Holder:
    """An agency that keeps a register, and how what is its own was used. Holder: Ministry of the Interior and Safety."""

    id: str | None = identifier("id")
    """Global id."""
    agency: str | None = column()
    """The agency's code."""
    uses: list[CoordinateUse] | None = link("agency", "holder", order="-number", filter=CoordinateUseArguments, paged=True)
    """How often its items were shown, day by day, the latest first; counted within the minute."""
    accesses: list[HolderAccess] | None = link("agency", "holder", order="-number", filter=HolderAccessArguments, paged=True)
    """The single operations that were shown some of its items, the latest first."""


@record(LEDGER, table="statistic", subject=Subject())
class SharingStatistic:
    """How often an item was shown in one month for one purpose under one law. Holder: Ministry of the Interior and Safety."""

    id: str | None = identifier("id")
    """Global id."""
    month: dt.date | None = column(sortable=True)
    """The first day of the month."""
    purpose: str | None = column(sortable=True)
    """The code of the purpose."""
    purpose_ko: str | None = column()
    """The purpose in Korean."""
    purpose_en: str | None = column()
    """The purpose in English."""
    coordinate: str | None = column(sortable=True)
    """The type and the field."""
    title_ko: str | None = column()
    """What it is called in Korean."""
    title_en: str | None = column()
    """What it is called in English."""
    mask: str | None = column()
    """What was left of it, if it was shown masked."""
    basis: str | None = column()
    """The article of law; several where any of them may have been the one."""
    operations: BigInt | None = column()
    """In how many operations, in full tens; null if they are fewer than ten."""
    residents: BigInt | None = column()
    """Of how many residents, each counted in every operation anew; in full tens, and null if they are fewer than ten."""


class SharingStatisticFilter:
    """Which statistics; every condition that is given must hold."""

    since: dt.date | None = compares("month", ">=")
    """Months that begin on this day or later."""
    until: dt.date | None = compares("month", "<=")
    """Months that begin on this day or before."""
    purpose: str | None = compares("purpose", "=")
    """Only this purpose, by its code."""
    coordinate: str | None = compares("coordinate", "=")
    """Only this item."""


ROOTS = (
    Lookup("holder", Holder, keys=(Caller("agency"),), description="The caller's own agency, as a holder of registers."),
    Listing(
        "sharingStatistics",
        SharingStatistic,
        filter=SharingStatisticFilter,
        description="What was shown how often, month by month.",
    ),
)
