"""A register of the tests' own, for what no register of the sample declares: child lists with filters, with pages, with both."""

from __future__ import annotations

from datetime import date
from enum import Enum

from schema.declare import Hop, Register, Subject, column, compares, extends, link, record
from schema.mois import Household, Resident
from schema.scalars import BigInt, DateTime

POST = Register("post", holder="post", title="Registered mail")


class ParcelKind(Enum):
    """How a parcel is carried."""

    AIR = "AIR"
    SURFACE = "SURFACE"


@record(POST, table="letter")
class Letter:
    """One registered letter. Holder: Post."""

    number: BigInt | None = column(sortable=True)
    """Its number, in the order in which letters are handed in."""
    handed_in_at: DateTime | None = column(sortable=True)
    """When it was handed in."""
    office: str | None = column()
    """The office that took it."""
    returned: bool | None = column()
    """Whether it was returned."""


@record(POST, table="parcel", subject=Subject(self="recipient_rrn"))
class Parcel:
    """One parcel. Holder: Post."""

    kind: ParcelKind | None = column()
    """How it is carried."""
    weight: int | None = column(sortable=True)
    """Grams."""
    sent_on: date | None = column(sortable=True)
    """The day of sending."""
    office: str | None = column()
    """The office that took it."""


class LettersArguments:
    """Which letters; every condition that is given must hold."""

    after: BigInt | None = compares("number", "<")
    """Only those before the one of this number."""
    since: DateTime | None = compares("handed_in_at", ">=")
    """Only those of this time or later."""
    office: str | None = compares("office", "=")
    """Only those of this office."""
    returned: bool | None = compares("returned", "=")
    """Only those that were returned, or were not."""


class ParcelsArguments:
    """Which parcels."""

    kind: ParcelKind | None = compares("kind", "=")
    """Only those that are carried so."""
    at_least: int | None = compares("weight", ">=")
    """Only those of so many grams."""
    sent_before: date | None = compares("sent_on", "<")
    """Only those sent before this day."""


@extends(Resident, POST)
class PostOfResident:
    letters: list[Letter] | None = link("rrn", "rrn", order="-number", filter=LettersArguments, paged=True)
    """All letters, the latest first."""
    parcels: list[Parcel] | None = link("rrn", "recipient_rrn", order="-sent_on", filter=ParcelsArguments)
    """All parcels, the latest first."""


@extends(Household, POST)
class PostOfHousehold:
    parcels_of_head: list[Parcel] | None = link(
        "head_id", "recipient_rrn", through=(Hop("mois", "resident", key="id", value="rrn"),), order="weight",
        filter=ParcelsArguments, paged=True,
    )  # fmt: skip
    """The parcels of the head, the lightest first."""
