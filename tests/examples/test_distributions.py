"""Districts, ages, household sizes and names follow the real tables."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from examples.korea.calendar import REFERENCE_DAY
from examples.korea.money import income_tax
from examples.korea.petitions import PENDING
from examples.korea.places import AGE_GROUPS, District, _census, _electors, districts, household_sizes
from tests.examples.population import Population, Row


def age(row: Row) -> int:
    born = date.fromisoformat(row["birth_date"])
    return REFERENCE_DAY.year - born.year - ((REFERENCE_DAY.month, REFERENCE_DAY.day) < (born.month, born.day))


@pytest.fixture(scope="module")
def registered(population: Population) -> list[Row]:
    return [row for row in population["mois.resident"] if row["status"] == "REGISTERED"]


def test_electors_are_joined_by_code_and_name() -> None:
    electors = _electors()
    assert len(electors) == 3512
    for code in ("112521", "411402"):
        two = [count for (elec, _), count in electors.items() if elec == code]
        assert len(two) == len(set(two)) == 2
    assert sum(district.electors for district in districts()) == sum(electors.values())
    assert sum(len(district.dongs) for district in districts()) == 3512


def test_every_district_has_ages_of_its_own() -> None:
    everywhere = {district.code: district for district in districts()}
    assert len(everywhere) == 250
    provinces = {ages for code, ages in _census().by_code.items() if len(code) == 2}
    assert not [district.name for district in everywhere.values() if district.ages in provinces]
    # Male and female, 85 and older, of Jongno-gu in the census table.
    assert (everywhere["11110"].ages[AGE_GROUPS - 1], everywhere["11110"].ages[-1]) == (445, 927)
    # Michuhol-gu was Nam-gu, and Sejong lies where Yeongi-gun was.
    assert everywhere["28177"].ages == _census().by_code["23030"]
    assert everywhere["36110"].ages == _census().by_code["34320"]
    shared = Counter(district.ages for district in everywhere.values())
    assert {district.name for district in everywhere.values() if shared[district.ages] > 1} == {"청주시서원구", "청주시흥덕구"}


def test_districts_have_residents_in_proportion_to_electors(population: Population, registered: list[Row]) -> None:
    counts = Counter(row["district_code"] for row in registered)
    electors = sum(district.electors for district in districts())
    for district in districts():
        expected = len(registered) * district.electors / electors
        # To within rounding, and the known residents of four districts.
        known = 21 if district.code in ("11110", "11140", "11680", "26350") else 0
        assert abs(counts[district.code] - expected) <= 2 + known
    assert counts["11110"] >= 60


def test_household_sizes_follow_the_table(population: Population) -> None:
    counts = Counter(min(len(members), 6) for members in population.households.values())
    table: Counter[int] = Counter()
    for members, households in household_sizes():
        table[min(members, 6)] += households
    for size in range(1, 7):
        assert counts[size] / counts.total() == pytest.approx(table[size] / table.total(), abs=0.02)


def groups(rows: list[Row]) -> Counter[int]:
    return Counter((row["sex"] == "FEMALE") * AGE_GROUPS + min(age(row) // 5, AGE_GROUPS - 1) for row in rows)


def expected_groups(places: list[District]) -> list[float]:
    """Shares of the age groups where each district counts by its electors."""
    shares = [0.0] * (2 * AGE_GROUPS)
    for district in places:
        for group, people in enumerate(district.ages):
            shares[group] += district.electors * people / sum(district.ages)
    return [share / sum(shares) for share in shares]


def test_ages_follow_the_pyramid(registered: list[Row]) -> None:
    counts = groups(registered)
    for group, share in enumerate(expected_groups(list(districts()))):
        assert counts[group] / counts.total() == pytest.approx(share, abs=0.0025)


def test_ages_follow_the_pyramid_of_each_province(registered: list[Row]) -> None:
    for province in ("11", "26", "41", "46"):
        counts = groups([row for row in registered if row["district_code"].startswith(province)])
        places = [district for district in districts() if district.code.startswith(province)]
        for group, share in enumerate(expected_groups(places)):
            assert counts[group] / counts.total() == pytest.approx(share, abs=0.012)


def test_old_districts_are_old_and_young_ones_young(registered: list[Row]) -> None:
    ages: dict[str, list[int]] = {}
    for row in registered:
        ages.setdefault(row["district_code"], []).append(age(row))
    old_share = {
        district.code: sum(district.ages[group] + district.ages[AGE_GROUPS + group] for group in range(13, AGE_GROUPS))
        / sum(district.ages)
        for district in districts()
    }
    by_share = sorted(ages, key=lambda code: old_share[code])
    young, old = (
        sum(sum(one >= 65 for one in ages[code]) for code in codes) / sum(len(ages[code]) for code in codes)
        for codes in (by_share[:50], by_share[-50:])
    )
    assert young < 0.09
    assert old > 0.22


def test_family_names_are_as_frequent_as_in_life(registered: list[Row]) -> None:
    counts = Counter(row["name"][0] for row in registered)
    for name, share in (("김", 0.228), ("이", 0.156), ("박", 0.089)):
        assert counts[name] / counts.total() == pytest.approx(share, abs=0.015)
    assert all(len(row["name"]) == 3 for row in registered)
    assert len({row["name"] for row in registered}) > 5_000


def test_there_are_hundreds_of_edge_cases(population: Population, registered: list[Row]) -> None:
    ages = {row["rrn"]: age(row) for row in population["mois.resident"]}
    passports = population["mofa.passport"]
    settled = [row for row in population["petitions.petition"] if row["service"] not in PENDING]
    cases = {
        "born on 29 February": sum(row["birth_date"].endswith("-02-29") for row in registered),
        "alone at home": sum(len(members) == 1 for members in population.households.values()),
        "a hundred years old": sum(ages[row["rrn"]] >= 100 for row in registered),
        "protected": sum(row["address_protected"] == "t" for row in registered),
        "of unknown residence": sum(row["address"] == "\\N" for row in registered),
        "vehicle without a base": sum(row["base_address"] == "\\N" for row in population["molit_vehicles.vehicle"]),
        "sealed birth": sum(row["sealed"] == "t" for row in population["scourt.birth"]),
        "open petition": sum(row["closed_on"] == "\\N" for row in settled),
        "revoked consent": sum(row["revoked"] == "t" for row in population["gateway.consent"]),
        "expired consent": sum(row["until"] < REFERENCE_DAY.isoformat() for row in population["gateway.consent"]),
        "dead": sum(row["status"] == "DECEASED" for row in population["mois.resident"]),
        "emigrated": sum(row["status"] == "EMIGRATED" for row in population["mois.resident"]),
        "passport of a minor": sum(ages[row["rrn"]] < 19 for row in passports),
        "lost passport": sum(row["status"] == "LOST" for row in passports),
        "closed business": sum(row["status"] == "CLOSED" for row in population["nts.business"]),
        "suspended business": sum(row["status"] == "SUSPENDED" for row in population["nts.business"]),
        "tax in arrears": sum(row["arrears"] != "0" for row in population["nts.tax_certificate"]),
        "revoked licence": sum(row["status"] == "REVOKED" for row in population["police.driving_licence"]),
        "no income and on benefits": len({row["head_rrn"] for row in population["mohw_livelihood.livelihood_benefit"]}),
        "newborn": sum(ages[row["rrn"]] == 0 for row in registered),
    }
    assert all(cases.values()), cases
    assert cases["dead"] == pytest.approx(700, abs=40)
    assert cases["emigrated"] == pytest.approx(240, abs=40)
    assert cases["protected"] == pytest.approx(80, abs=25)
    assert cases["of unknown residence"] == pytest.approx(100, abs=40)
    assert cases["sealed birth"] == pytest.approx(11, abs=8)
    assert cases["open petition"] < 0.1 * len(settled)


@pytest.mark.parametrize("service", PENDING)
def test_each_service_can_be_run_for_a_thousand_residents(population: Population, service: str) -> None:
    petitions = [row for row in population["petitions.petition"] if (row["service"], row["closed_on"]) == (service, "\\N")]
    ages = {row["rrn"]: age(row) for row in population["mois.resident"]}
    assert len({row["resident_rrn"] for row in petitions}) >= 1_000
    assert (sum(ages[row["resident_rrn"]] < 19 for row in petitions) >= 100) == (service == "passport-renewal")


def test_registers_tell_of_one_life(population: Population) -> None:
    income = {row["rrn"]: int(row["income"]) for row in population["nts.tax_certificate"] if row["year"] == "2025"}
    member = {row["member_number"]: row["rrn"] for row in population["nhis.member_crosswalk"]}
    job = {row["rrn"]: row for row in population["moel.employment"] if row["lost_on"] == "\\N"}
    employees = [row for row in population["nhis.health_insurance"] if row["kind"] == "EMPLOYEE"]
    for row in employees:
        rrn = member[row["member_number"]]
        assert row["workplace"] == job[rrn]["workplace"]
        assert int(row["monthly_premium"]) == pytest.approx(income[rrn] / 12 * 0.03545, abs=10)
    assert len(employees) > 5_000
    for row in population["nts.tax_certificate"]:
        assert int(row["tax_paid"]) + int(row["arrears"]) == income_tax(int(row["income"]))
    owners = {row["owner_rrn"] for row in population["molit_vehicles.vehicle"]}
    licensed = {row["rrn"] for row in population["police.driving_licence"]}
    assert owners <= licensed


def test_incomes_are_plausible(population: Population) -> None:
    incomes = sorted(int(row["income"]) for row in population["nts.tax_certificate"] if row["year"] == "2025")
    assert 0.35 < len(incomes) / len(population["mois.resident"]) < 0.6
    assert 22_000_000 < incomes[len(incomes) // 2] < 40_000_000
    assert incomes[len(incomes) * 9 // 10] / incomes[len(incomes) // 10] > 4


def test_passports_and_journeys_follow_each_other(population: Population) -> None:
    passports = {row["number"]: row for row in population["mofa.passport"]}
    journeys: dict[str, list[Row]] = {}
    for row in population["moj.border_crossing"]:
        journeys.setdefault(row["passport_number"], []).append(row)
    for number, rows in journeys.items():
        rows.sort(key=lambda row: int(row["id"]))
        days = [row["crossed_on"] for row in rows]
        assert days == sorted(days)
        assert [row["direction"] for row in rows] == [("EXIT", "ENTRY")[index % 2] for index in range(len(rows))]
        assert passports[number]["issued_on"] <= days[0] <= days[-1] <= passports[number]["expires_on"]
        stayed_away = len(rows) % 2 == 1
        assert not stayed_away or population.by_rrn[passports[number]["rrn"]]["status"] == "EMIGRATED"
