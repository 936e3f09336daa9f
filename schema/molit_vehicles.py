"""Motor vehicle register, kept by the Ministry of Land, Infrastructure and Transport."""

from __future__ import annotations

from schema.declare import Register, column, extends, link, record
from schema.mois import Resident

MOLIT_VEHICLES = Register("molit_vehicles", holder="molit", title="Motor vehicles")


@record(MOLIT_VEHICLES, table="vehicle")
class Vehicle:
    """One registered motor vehicle. Holder: Ministry of Land, Infrastructure and Transport."""

    plate: str | None = column(sortable=True)
    """Registration plate, as written on it."""
    vin: str | None = column()
    """Vehicle identification number, 17 characters."""
    model: str | None = column()
    """Maker's name of the model."""
    year: int | None = column(sortable=True)
    """Model year, as the maker gives it."""
    base_address: str | None = column()
    """Base of use: the address at which the vehicle is kept; null where none is registered."""
    liens: int | None = column()
    """Number of seizures and mortgages entered against the vehicle."""


@extends(Resident, MOLIT_VEHICLES)
class VehiclesOfResident:
    vehicles: list[Vehicle] | None = link("rrn", "owner_rrn", order="plate")
    """Vehicles registered in the resident's name, by plate."""
