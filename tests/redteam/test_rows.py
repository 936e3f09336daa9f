"""Attacks on conditions on rows: what was checked of one row taken for granted of another."""

from __future__ import annotations

import pytest

from auth.access import Mask, Matches, WithCase
from tests.redteam.attacker import of, resident, rows, seen, some, twins
from tests.resolvers.nation import CASE, CITIZEN, CITIZEN_RRN, CLERK, NEITHER, Nation, rrn
from tests.resolvers.world import Profile, World

TAXPAYER = rrn(3)
QUERY = f'{{ resident(rrn: "{TAXPAYER}") {{ taxCertificates {{ year income }} }} }}'


def three_years(nation: Nation) -> None:
    """The taxpayer has a certificate of each of three years, and nobody else has one."""
    table = nation["nts"]["tax_certificate"]
    del table[3:]
    for number, row in enumerate(table):
        row.update(rrn=TAXPAYER, year=2023 + number, income=10_000_001 + number)


@pytest.fixture(scope="module")
def taxpayer() -> World:
    (made,) = twins(three_years)
    return made


@pytest.mark.parametrize("item", ["Resident.taxCertificates", "TaxCertificate.income"])
async def test_who_is_found_by_one_row_is_not_shown_all_rows(taxpayer: World, item: str) -> None:
    """Who may search for taxpayers of this year wants, of the taxpayer found, the income of all years."""
    this_year = some(Matches("TaxCertificate.year", (2025,)))
    taxpayer.under(Profile(grants={("Resident.rrn", "lookup", "search"): this_year, item: this_year}))
    answer = (await seen(taxpayer, QUERY, NEITHER)).answer
    shown = [each["income"] for each in answer["data"]["resident"]["taxCertificates"]]
    assert [income for income in shown if income is not None] == [10_000_003]


async def test_a_list_of_those_with_one_such_row_does_not_show_all_rows(taxpayer: World) -> None:
    """The same by a link: to a resident's certificates if one is of this year; then the income of every year."""
    this_year = some(Matches("TaxCertificate.year", (2025,)), of("jurisdiction"))
    taxpayer.under(
        Profile(grants={("Resident.id", "list", "search"): some(of("jurisdiction")), "TaxCertificate.income": this_year})
    )
    query = "{ residents(first: 14) { edges { node { taxCertificates { year income } } } } }"
    answer = (await seen(taxpayer, query, CLERK)).answer
    nodes = [edge["node"]["taxCertificates"] for edge in answer["data"]["residents"]["edges"]]
    assert [c["income"] for node in nodes for c in node if c["income"] is not None] == [10_000_003]


async def test_ones_own_search_opens_nobody_elses_record(here: World) -> None:
    """A citizen, whose own record is known to be the citizen's own, wants as much of the members of the household."""
    here.under(Profile(residuals={"Resident.name": ["self"], "Vehicle.plate": ["self"]}))
    query = "{ me { name household { members { rrn name vehicles { plate } } } } }"
    answer = (await seen(here, query, CITIZEN)).answer
    members = answer["data"]["me"]["household"]["members"]
    assert len(members) > 1
    for member in members:
        own = member["rrn"] == CITIZEN.rrn
        assert (member["name"] is not None) == own
        plates = [v["plate"] for v in rows(here.nation, "molit_vehicles", "vehicle", owner_rrn=member["rrn"])]
        assert [v["plate"] for v in member["vehicles"]] == (plates if own else [None] * len(plates))


async def test_of_two_alternatives_no_third_is_made(taxpayer: World) -> None:
    """Half of one permission and half of another: the year of the first, the jurisdiction of the second."""
    first = some(Matches("TaxCertificate.year", (2025,)), of("jurisdiction"))
    second = some(Matches("TaxCertificate.year", (2023,)), of("self"))
    taxpayer.under(Profile(grants={"TaxCertificate.income": (*first, *second)}))
    where = next(r["district_code"] for r in taxpayer.nation["mois"]["resident"] if r["rrn"] == TAXPAYER)
    assert where == CLERK.jurisdiction
    answer = (await seen(taxpayer, QUERY, CLERK)).answer
    shown = {each["year"]: each["income"] for each in answer["data"]["resident"]["taxCertificates"]}
    assert shown == {2023: None, 2024: None, 2025: 10_000_003}


async def test_who_is_found_under_one_permission_is_not_shown_what_another_gives(here: World) -> None:
    """Found by a case, or in the district: a resident of the case in another district has no name for the district's clerk."""
    here.under(Profile(grants={
        ("Resident.rrn", "lookup", "search"): (*some(of("jurisdiction")), *some(WithCase())),
        "Resident.name": some(of("jurisdiction")), "Resident.sex": some(WithCase()),
    }))  # fmt: skip
    applicant, neighbour = rrn(1), CITIZEN_RRN
    shown = {}
    for number in (applicant, neighbour):
        found = await seen(here, f'{{ resident(rrn: "{number}") {{ rrn name sex }} }}', case=CASE)
        shown[number] = found.answer["data"]["resident"]
        assert shown[number]["rrn"] == number
    assert resident(here.nation, applicant)["district_code"] != CLERK.jurisdiction
    assert [shown[applicant][name] is not None for name in ("name", "sex")] == [False, True]
    assert [shown[neighbour][name] is not None for name in ("name", "sex")] == [True, False]


async def test_a_row_is_shown_by_its_own_alternative(taxpayer: World) -> None:
    """Whole for this year, in bands for others: neither is the whole taken for another year, nor a band kept from it."""
    this_year, bands = some(Matches("TaxCertificate.year", (2025,))), some(mask=Mask("band", 1_000_000))
    taxpayer.under(Profile(grants={"TaxCertificate.income": (*this_year, *bands)}))
    answer = (await seen(taxpayer, QUERY, NEITHER)).answer
    shown = {each["year"]: each["income"] for each in answer["data"]["resident"]["taxCertificates"]}
    assert shown == {2023: 10_000_000, 2024: 10_000_000, 2025: 10_000_003}
    assert [m["mask"] for m in answer["extensions"]["masked"]] == ["band 1000000"]


async def test_a_links_rows_are_those_of_the_alternative_that_holds(taxpayer: World) -> None:
    """This year's certificates for the district, an old one for its owner: the district's clerk wants both."""
    first = some(Matches("TaxCertificate.year", (2025,)), of("jurisdiction"))
    second = some(Matches("TaxCertificate.year", (2023, 2024)), of("self"))
    taxpayer.under(Profile(grants={"Resident.taxCertificates": (*first, *second)}))
    for limit in ("", "(limit: 3)", "(limit: 1)", "(orderBy: INCOME_ASC)"):
        query = f'{{ resident(rrn: "{TAXPAYER}") {{ taxCertificates{limit} {{ year income }} }} }}'
        answer = (await seen(taxpayer, query, CLERK)).answer
        assert answer["data"]["resident"]["taxCertificates"] == [{"year": 2025, "income": 10_000_003}]
