"""Attacks on refusals: whether something is there, told by how it is refused.

Twins differ in what is hidden; value, errors, extensions, size and statements must be the same, however refusals are answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache

import pytest

from auth.access import Grant, Matches, WithCase, WithConsent
from resolvers.operation import Refusals
from tests.redteam.attacker import MODES, Seen, ban, of, resident, seen, some, twins
from tests.resolvers.nation import CASE, CLERK, PURPOSE, TODAY, Nation, Table, household_id, make, rrn
from tests.resolvers.world import Key, Profile, World, world

WHO = rrn(5)
NOBODY = "9912319999999"
SEARCH: Key = ("Resident.rrn", "lookup", "search")
WHOLE = f"""{{ resident(rrn: "{WHO}") {{ id name address vehicles {{ model baseAddress }} household {{ size members {{ name }} }}
  birth {{ place father {{ name }} }} taxCertificates {{ income }} disability {{ kind }} }} }}"""


async def same(worlds: list[World], profile: Profile, query: str, mode: Refusals, case: str | None = None) -> Seen:
    """What all worlds answer alike."""
    found = [await seen(each.under(profile), query, refusals=mode, explain=True, case=case) for each in worlds]
    assert len(set(found)) == 1, found
    return found[0]


def away(nation: Nation) -> None:
    resident(nation, WHO)["district_code"] = "26350"


def gone(nation: Nation) -> None:
    table = nation["mois"]["resident"]
    table.remove(resident(nation, WHO))


@cache
def _away_or_gone() -> list[World]:
    return twins(away, gone)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "also", [(), (Matches("BirthRecord.sealed", (False,)),), (WithConsent("Resident.rrn"),)], ids=["near", "rows", "consent"]
)
async def test_outside_the_jurisdiction_or_no_such_number(mode: Refusals, also: tuple[Matches | WithConsent, ...]) -> None:
    """Does somebody with this number exist anywhere? Number by number, from outside the district."""
    profile = Profile(grants={SEARCH: some(of("jurisdiction"), *also)})
    found = await same(_away_or_gone(), profile, WHOLE, mode)
    assert WHO.encode() not in found.body
    # Whoever may not be found is not asked about elsewhere either, but for what has to decide.
    registers = {name for name, _ in found.statements}
    assert registers <= {"mois", "scourt", "gateway"}
    assert registers == {"mois"} or also


@pytest.mark.parametrize("mode", MODES)
async def test_another_agencys_case_or_no_case(mode: Refusals) -> None:
    """Is there a case about this resident at another office? Its number is guessed."""
    profile = Profile(grants={SEARCH: some(WithCase()), "Resident.address": some(WithCase())})
    (one,) = twins(lambda nation: resident(nation, rrn(1)).update(address="Road 1"))
    query = f'{{ resident(rrn: "{rrn(1)}") {{ name address }} }}'
    told = [
        await seen(one.under(profile), query, case=case, refusals=mode)
        for case in ("of-another-agency", "for-another-service", "closed", "opens-tomorrow", "of-the-citizen", "2026-99999")
    ]
    assert len(set(told)) == 1, told
    assert (await seen(one.under(profile), query, case=CASE, refusals=mode)).body != told[0].body


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("item", ["Resident.address", "Resident.vehicles", "TaxCertificate.income", "Resident.rrn"])
async def test_consent_missing_or_no_longer_holding(mode: Refusals, item: str) -> None:
    """Did this resident ever consent, to whom, and when was that taken back?"""
    worlds, granted = _consented(item)
    key: Key | str = SEARCH if item == "Resident.rrn" else item
    profile = Profile(grants={key: some(WithConsent(item))})
    refused = await same(worlds, profile, WHOLE, mode)
    assert (await seen(granted.under(profile), WHOLE, refusals=mode, explain=True)).body != refused.body


@cache
def _consented(item: str) -> tuple[list[World], World]:
    """Without a consent that holds, in every way; and with one."""
    held = {
        "rrn": WHO,
        "agency": CLERK.agency,
        "purpose": PURPOSE,
        "item": item,
        "since": TODAY,
        "until": TODAY,
        "revoked": False,
    }
    lacking: list[Table] = [
        [],
        [held | {"revoked": True}],
        [held | {"until": TODAY - dt.timedelta(1)}],
        [held | {"since": TODAY + dt.timedelta(1)}],
        [held | {"agency": "gangnam"}],
        [held | {"purpose": "own-records"}],
        [held | {"item": "Resident.name"}],
    ]
    nation = make(2, unique=True)
    return [world(nation, consented=each) for each in lacking], world(nation, consented=[held])


def sealed(nation: Nation) -> None:
    births = nation["scourt"]["birth"]
    births[:] = [row for row in births if row["rrn"] != WHO]
    births.append({**births[0], "rrn": WHO, "sealed": True, "father_rrn": rrn(2)})


def unrecorded(nation: Nation) -> None:
    sealed(nation)
    nation["scourt"]["birth"].pop()


@cache
def _sealed_or_unrecorded() -> list[World]:
    return twins(sealed, unrecorded)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("granted", [None, of("jurisdiction", "self"), Matches("Petition.agency", (CLERK.agency,))])
async def test_a_sealed_record_or_none(mode: Refusals, granted: object) -> None:
    """Has a court sealed this entry, or was there never one?"""
    grants: dict[Key | str, tuple[Grant, ...]] = {} if granted is None else {"Resident.birth": some(granted)}  # type: ignore[arg-type]
    profile = Profile(["BirthRecord.sealed"], grants=grants, bans={"Resident.birth": ban("BirthRecord.sealed", True)})
    await same(_sealed_or_unrecorded(), profile, WHOLE, mode)


def _address(nation: Nation, present: bool) -> None:
    resident(nation, WHO)["address"] = "Road 5" if present else None


def _household(nation: Nation, present: bool) -> None:
    resident(nation, WHO)["household_id"] = household_id(0) if present else None


def _base(nation: Nation, present: bool) -> None:
    for row in nation["molit_vehicles"]["vehicle"][:2]:
        row.update(owner_rrn=WHO, base_address="Road 5" if present else None)


def _taxes(nation: Nation, present: bool) -> None:
    for row in nation["nts"]["tax_certificate"][:2]:
        row["rrn"] = WHO if present else NOBODY


def _disability(nation: Nation, present: bool) -> None:
    nation["mohw_disability"]["disability"][0]["rrn"] = WHO if present else NOBODY


HIDDEN: dict[str, Callable[[Nation, bool], None]] = {
    "Resident.address": _address,
    "Resident.household": _household,
    "Vehicle.baseAddress": _base,
    "Resident.taxCertificates": _taxes,
    "Resident.disability": _disability,
}


@cache
def _there_or_not(coordinate: str) -> list[World]:
    change = HIDDEN[coordinate]
    return twins(lambda nation: change(nation, True), lambda nation: change(nation, False))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("coordinate", HIDDEN)
@pytest.mark.parametrize("why", ["always", "subject", "case", "consent", "rows"])
async def test_a_withheld_value_or_none(mode: Refusals, coordinate: str, why: str) -> None:
    """What is refused is refused alike, whether there is something or not: an address, a household, taxes, a disability."""
    profile = {
        "always": Profile([coordinate]),
        "subject": Profile(grants={coordinate: some(of("self"))}),
        "case": Profile(grants={coordinate: some(WithCase())}),
        "consent": Profile(grants={coordinate: some(WithConsent("nothing"))}),
        "rows": Profile(grants={coordinate: some(Matches("Resident.status", ("nothing",)))}),
    }[why]
    found = await same(_there_or_not(coordinate), profile, WHOLE, mode, case="2026-99999")
    assert b"Road 5" not in found.body


async def test_a_household_of_another_district_or_none() -> None:
    """The same of households, which tell their district themselves, and of which an id was seen in some list."""
    search: Key = ("Household.id", "lookup", "search")
    worlds = twins(lambda nation: None, lambda nation: nation["mois"]["household"].pop(1))  # type: ignore[arg-type]
    profile = Profile(grants={search: some(of("jurisdiction"))})
    id = worlds[0].id(CLERK, "Household", worlds[0].nation["mois"]["household"][1]["id"])
    assert worlds[0].nation["mois"]["household"][1]["district_code"] != CLERK.jurisdiction
    for mode in MODES:
        await same(worlds, profile, f'{{ household(id: "{id}") {{ size address members {{ name }} }} }}', mode)
