"""Immigration, kept by the Ministry of Justice: departures and entries at the border."""

from __future__ import annotations

from datetime import date
from enum import Enum

from schema.declare import Hop, Register, column, extends, link, record
from schema.mois import Resident

MOJ = Register("moj", holder="moj", title="Immigration")


class CrossingDirection(Enum):
    """Into the country or out of it."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"


@record(MOJ, table="border_crossing")
class BorderCrossing:
    """One entry into the country, or exit from it, on a passport. Holder: Ministry of Justice."""

    direction: CrossingDirection | None = column()
    """Whether the resident came or went."""
    crossed_on: date | None = column(sortable=True)
    """The day of the immigration inspection."""
    port: str | None = column()
    """The airport or seaport of the inspection."""


@extends(Resident, MOJ)
class BorderCrossingsOfResident:
    border_crossings: list[BorderCrossing] | None = link(
        "rrn", "passport_number", through=(Hop("mofa", "passport", key="rrn", value="number"),), order="-crossed_on"
    )
    """Crossings on any of the resident's passports, the latest first; immigration knows travellers by passport number."""
