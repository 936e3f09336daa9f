"""The same size and seed give the same population, and the known residents are in all of them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest

from examples.korea.calendar import REFERENCE_DAY
from examples.korea.known import known
from examples.korea.load import pack, registers
from examples.korea.nation import FEWEST, Part, parts
from examples.korea.places import DATA
from madang.words import CASE
from tests.examples.population import Population, columns, population_of

ROOT = Path(__file__).parents[2]
DIGEST = "import sys; from tests.examples.test_nation import digest; print(digest(int(sys.argv[1]), int(sys.argv[2])))"


def digest(residents: int, seed: int) -> str:
    """A digest of all rows of all registers, in order."""
    sha = hashlib.sha256()
    for part in parts(residents, seed):
        sha.update(repr(sorted(pack(part).items())).encode())
    return sha.hexdigest()


def digest_elsewhere(residents: int, seed: int, hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "TZ": "Asia/Seoul"}
    command = [sys.executable, "-c", DIGEST, str(residents), str(seed)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def test_rows_depend_on_size_and_seed_alone() -> None:
    here = digest(1_000, 5)
    assert digest_elsewhere(1_000, 5, "1") == digest_elsewhere(1_000, 5, "2") == here
    assert digest(1_000, 6) != here


def test_a_part_is_the_same_wherever_and_whenever_it_is_made() -> None:
    made = parts(1_000, 1)
    alone = pack(made[9])
    assert [pack(part) for part in reversed(made)][len(made) - 1 - 9] == alone


def test_residents_are_as_many_as_asked_for(population: Population) -> None:
    assert sorted(int(row["id"]) for row in population["mois.resident"]) == list(range(1, 20_001))
    assert len(population_of(1_003, 2)["mois.resident"]) == 1_003


@pytest.mark.parametrize("residents", [0, FEWEST - 1, 10**9])
def test_a_size_that_cannot_be_is_refused(residents: int) -> None:
    with pytest.raises(ValueError, match=f"`{residents}` residents"):
        parts(residents, 1)


def test_rows_fit_the_tables_of_sixteen_registers_and_the_gateway(population: Population) -> None:
    assert len(registers()) == 16
    assert set(population.tables) == set(columns())
    empty = {table for table, rows in population.tables.items() if not rows}
    assert {table for table in empty if not table.startswith("gateway.ledger_")} == {
        "gateway.subject_use",
        "gateway.joint_report",
    }
    assert all(None not in row.values() for rows in population.tables.values() for row in rows)


UNIQUE = {
    "mois.household": ("id",),
    "mois.move_in": ("id",),
    "scourt.family_relation": ("id",),
    "mofa.passport": ("id", "number"),
    "moj.border_crossing": ("id",),
    "nts.tax_certificate": ("id",),
    "nts.business": ("id", "number"),
    "localtax.local_tax": ("id",),
    "nhis.member_crosswalk": ("rrn", "member_number"),
    "nhis.health_insurance": ("member_number",),
    "moel.employment": ("id",),
    "molit_vehicles.vehicle": ("id", "plate", "vin"),
    "molit_buildings.building": ("id",),
    "mohw_livelihood.livelihood_benefit": ("id",),
    "police.driving_licence": ("rrn", "number"),
    "petitions.petition": ("id", "number"),
    "gateway.consent": ("id",),
}


@pytest.mark.parametrize(("table", "column"), [(table, column) for table, names in UNIQUE.items() for column in names])
def test_keys_and_numbers_are_given_once(population: Population, table: str, column: str) -> None:
    values = [row[column] for row in population[table]]
    assert len(set(values)) == len(values)


def facts(population: Population, rrns: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Every row in which one of the resident numbers occurs, with its table."""
    wanted = set(rrns)
    return [
        (table, tuple(row.values())) for table, rows in population.tables.items() for row in rows if wanted & set(row.values())
    ]


def test_known_residents_are_the_same_in_every_nation(population: Population) -> None:
    numbers = json.loads((DATA / "known_residents.json").read_text(encoding="utf-8"))
    other = population_of(1_000, 99)
    assert set(numbers) == set(known().by_name)
    assert facts(population, numbers.values()) == facts(other, numbers.values())


def test_the_citizen_has_records_in_nearly_every_register(population: Population) -> None:
    numbers = json.loads((DATA / "known_residents.json").read_text(encoding="utf-8"))
    citizen = population.by_rrn[numbers["citizen"]]
    assert (citizen["sex"], citizen["district_code"], citizen["address_protected"]) == ("MALE", "11110", "f")
    assert {row["relation_to_head"] for row in population.households[citizen["household_id"]]} == {"HEAD", "SPOUSE", "CHILD"}
    assert all(population.by_rrn[parent]["status"] == "REGISTERED" for parent in population.parents[citizen["rrn"]])
    assert len(population.parents[citizen["rrn"]]) == 2
    has = {table.partition(".")[0] for table, _ in facts(population, [citizen["rrn"]])}
    assert has >= set(registers()) - {"moj", "mohw_disability", "mohw_livelihood"}
    passports = [row for row in population["mofa.passport"] if row["rrn"] == citizen["rrn"]]
    assert sorted(row["status"] for row in passports) == ["EXPIRED", "VALID"]
    assert {row["passport_number"] for row in population["moj.border_crossing"]} >= {row["number"] for row in passports}
    service = next(row for row in population["mma.military_service"] if row["rrn"] == citizen["rrn"])
    assert (service["kind"], service["discharged_on"] != "\\N") == ("ACTIVE", True)


def test_the_other_known_residents_are_what_the_readme_says(population: Population) -> None:
    numbers = json.loads((DATA / "known_residents.json").read_text(encoding="utf-8"))
    who = {name: population.by_rrn[rrn] for name, rrn in numbers.items()}
    assert who["leapling"]["birth_date"].endswith("-02-29")
    assert who["centenarian"]["birth_date"] < "1926"
    assert (who["emigrant"]["status"], who["deceased"]["status"]) == ("EMIGRATED", "DECEASED")
    assert (who["protected"]["address_protected"], who["protected-child"]["address_protected"]) == ("t", "t")
    assert who["divorced"]["household_id"] != who["protected"]["household_id"]
    assert who["haeundae"]["district_code"] == "26350"
    assert any(row["head_rrn"] == numbers["poor"] for row in population["mohw_livelihood.livelihood_benefit"])
    assert any(row["rrn"] == numbers["poor"] for row in population["mohw_disability.disability"])
    lost = [row["status"] for row in population["mofa.passport"] if row["rrn"] == numbers["lost-passport"]]
    assert "LOST" in lost
    assert any(row["rrn"] == numbers["citizen-daughter"] for row in population["mofa.passport"])
    births = {row["rrn"]: row for row in population["scourt.birth"]}
    assert births[numbers["sealed-birth"]]["sealed"] == "t"
    assert numbers["unrecorded-birth"] not in births


def test_a_protected_resident_and_one_of_unknown_residence_differ_in_nothing_but_addresses(population: Population) -> None:
    """What is withheld of the one must look like what the other lacks, so there is as much of either."""
    numbers = json.loads((DATA / "known_residents.json").read_text(encoding="utf-8"))
    shapes = []
    for name in ("protected", "unknown-residence"):
        resident = population.by_rrn[numbers[name]]
        home = next(row for row in population["mois.household"] if row["id"] == resident["household_id"])
        moves = [row for row in population["mois.move_in"] if row["household_id"] == home["id"]]
        vehicles = [row for row in population["molit_vehicles.vehicle"] if row["owner_rrn"] == resident["rrn"]]
        addresses = [resident["address"], home["address"], *(row["to_address"] for row in moves)]
        addresses += [row["base_address"] for row in vehicles]
        assert {address == "\\N" for address in addresses} == {name == "unknown-residence"}
        shapes.append((resident["district_code"], home["size"], len(moves), len(vehicles)))
    assert shapes == [("11110", "2", 2, 1)] * 2


def test_a_child_in_another_household_is_in_the_care_of_one_divorced_parent(population: Population) -> None:
    numbers = json.loads((DATA / "known_residents.json").read_text(encoding="utf-8"))
    who = {name: population.by_rrn[numbers[name]] for name in ("guardian", "guardian-divorced", "ward")}
    assert len({row["household_id"] for row in who.values()}) == 3
    custody = {
        row["rrn"]: row["custody"] for row in population["scourt.family_relation"] if row["relative_rrn"] == numbers["ward"]
    }
    assert (custody[numbers["guardian"]], custody[numbers["guardian-divorced"]]) == ("t", "f")


def test_the_known_petitions_and_consents_are_there(population: Population) -> None:
    numbers = json.loads((DATA / "known_residents.json").read_text(encoding="utf-8"))
    petitions = {row["number"]: row for row in population["petitions.petition"]}
    for told in json.loads((DATA / "known_petitions.json").read_text(encoding="utf-8")):
        row = petitions[told["number"]]
        assert (row["agency"], row["service"]) == (told["agency"], told["service"])
        assert row["resident_rrn"] == numbers[told["resident"]]
    assert petitions["2026-00017"]["closed_on"] == "\\N"
    consents = [
        row for row in population["gateway.consent"] if row["item"] == "TaxCertificate.income" and row["agency"] == "jongno"
    ]
    found = {row["rrn"]: (row["until"] > REFERENCE_DAY.isoformat(), row["revoked"]) for row in consents}
    assert found[numbers["citizen"]] == (True, "f")
    assert found[numbers["lost-passport"]] == (True, "t")
    assert found[numbers["leapling"]] == (False, "f")
    assert numbers["poor"] not in found


def test_a_petition_is_of_the_office_that_decides_it(population: Population) -> None:
    """A municipality's own residents petition it, or whoever moves or has a child there; who renews a passport has one."""
    district = {"jongno": "11110", "gangnam": "11680", "haeundae": "26350"}
    passports = {row["rrn"] for row in population["mofa.passport"]}
    licences = {row["rrn"] for row in population["police.driving_licence"]}
    known = {row["number"] for row in json.loads((DATA / "known_petitions.json").read_text(encoding="utf-8"))}
    for row in population["petitions.petition"]:
        assert CASE.fits(row["number"])
        assert row["opened_on"] <= REFERENCE_DAY.isoformat()
        anywhere = row["service"] in ("birth-registration", "change-of-address") and row["closed_on"] == "\\N"
        if row["number"] not in known and row["agency"] in district and not anywhere:
            assert population.by_rrn[row["resident_rrn"]]["district_code"] == district[row["agency"]]
        assert row["service"] != "passport-renewal" or row["resident_rrn"] in passports
        assert row["service"] != "driving-licence-renewal" or row["resident_rrn"] in licences


def test_parts_are_of_about_one_size_and_cover_every_district() -> None:
    made: list[Part] = parts(20_000, 1)
    codes = [district.code for part in made[1:] for district, _ in part.districts]
    assert len(set(codes)) == len(codes) == 250
    sizes = [part.residents for part in made[1:]]
    assert max(sizes) < 1.4 * min(sizes)
