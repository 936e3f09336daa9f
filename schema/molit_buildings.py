"""Building register, kept by the Ministry of Land, Infrastructure and Transport."""

from __future__ import annotations

from datetime import date

from schema.declare import Register, column, extends, link, record
from schema.mois import Resident
from schema.scalars import BigInt

MOLIT_BUILDINGS = Register("molit_buildings", holder="molit", title="Buildings")


@record(MOLIT_BUILDINGS, table="building")
class Building:
    """One building, or unit of one, with its owner. Holder: Ministry of Land, Infrastructure and Transport."""

    pnu: str | None = column(sortable=True)
    """Parcel number unit of the land it stands on, 19 digits; the first five are the district's code."""
    use: str | None = column()
    """Main use as registered, in Korean."""
    area: int | None = column(sortable=True)
    """Floor area, in square metres."""
    approved_on: date | None = column(sortable=True)
    """The day on which its use was approved."""
    official_price: BigInt | None = column()
    """Officially assessed price, in won."""


@extends(Resident, MOLIT_BUILDINGS)
class BuildingsOfResident:
    buildings: list[Building] | None = link("rrn", "owner_rrn", order="pnu")
    """Buildings registered in the resident's name, by parcel."""
