"""What the regulations are told of the graph is what the registers' files declare."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auth.rules import Coordinate
from madang.coordinates import coordinates
from schema.catalogue import Catalogue

REGISTERS = ("mois", "scourt", "nts")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(f"schema.{register}" for register in REGISTERS)


def test_every_coordinate_that_can_be_shared_is_told_with_its_holder(catalogue: Catalogue) -> None:
    told = coordinates(catalogue)
    assert {name: each.holder for name, each in told.items()} == catalogue.coordinates()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Resident.id", Coordinate("mois", "id")),
        ("Resident.name", Coordinate("mois", "text")),
        ("Resident.birthDate", Coordinate("mois", "date")),
        ("Resident.addressProtected", Coordinate("mois", "bool")),
        ("Resident.status", Coordinate("mois", "names", ("REGISTERED", "EMIGRATED", "DECEASED"))),
        ("Resident.household", Coordinate("mois", "link", target="Household")),
        ("Resident.taxCertificates", Coordinate("nts", "link", target="TaxCertificate")),
        ("Resident.age", Coordinate("mois", "int", derived_from="Resident.birthDate")),
        ("ResidentConnection.totalCount", Coordinate("mois", "count")),
        ("TaxCertificate.income", Coordinate("nts", "int")),
        ("TaxCertificate.incomeAtMost", Coordinate("nts", "bool", derived_from="TaxCertificate.income", probe=True)),
    ],
)
def test_what_is_told_of(name: str, expected: Coordinate, catalogue: Catalogue) -> None:
    assert replace(coordinates(catalogue)[name], reaches=None) == expected


def test_what_conditions_can_be_about(catalogue: Catalogue) -> None:
    """Of records that one way leads to from whom a row is about; of a resident's relatives there are several."""
    told = coordinates(catalogue)
    of_resident = {"Resident", "Household", "BirthRecord", "Marriage", "TaxCertificate", "Business"}
    assert told["Resident.name"].reaches == told["ResidentConnection.totalCount"].reaches == of_resident
    assert told["TaxCertificate.income"].reaches == of_resident  # By the resident it is linked from.
    assert told["Household.address"].reaches == of_resident | {"MoveIn"}  # By way of its members.
    assert told["Household.moveIns"].reaches == told["Household.address"].reaches
    assert told["Resident.name"].personal
    assert told["TaxCertificate.income"].personal
    assert not told["Household.address"].personal
    assert not told["MoveIn.date"].personal
