"""Attacks on what is kept between requests: a plan made for one caller and served to another."""

from __future__ import annotations

import asyncio
import gc
import weakref
from itertools import permutations
from pathlib import Path

import pytest

from auth.access import AccessRequest, Caller
from auth.authorizer import RegulationAuthorizer
from madang.coordinates import coordinates
from tests.redteam.attacker import Seen, seen
from tests.resolvers.nation import CASE, CATALOGUE, TODAY, make, rrn
from tests.resolvers.world import TRAIL, World, world

QUERY = f"""{{ resident(rrn: "{rrn(1)}") {{ name address taxCertificates {{ income }} }}
  residents(first: 3) {{ totalCount edges {{ node {{ name }} }} }} }}"""

LAW = """
regulation: mois-test
holder: mois
version: 1
approval: {number: 2026-1, on: 2026-01-01}
permissions:
  - id: clerks
    recipients: jongno
    roles: resident-clerk
    purpose: change-of-address
    items: [Resident.name, Resident.address]
    search: [Resident.rrn]
    basis: Test Act, art. 1
    subject: any
    case: none
  - id: cases
    recipients: jongno
    roles: resident-clerk
    purpose: basic-livelihood-benefit
    items: [Resident.name, Resident.address]
    search: [Resident.rrn]
    basis: Test Act, art. 2
    subject: any
    case: verified
  - id: names
    recipients: mofa
    roles: passport-officer
    purpose: [passport-renewal, change-of-address]
    items: [Resident.name]
    search: [Resident.rrn]
    basis: Test Act, art. 3
    subject: any
    case: none
"""
PARTIES = """
agencies:
  mois: {title: {ko: 행정안전부, en: Holder}}
  jongno: {title: {ko: 서울특별시 종로구, en: Jongno-gu}, jurisdiction: 11110}
  mofa: {title: {ko: 외교부, en: Ministry of Foreign Affairs}}
roles:
  resident-clerk: {title: {ko: 주민등록 담당 공무원, en: Resident clerk}}
  passport-officer: {title: {ko: 여권 담당 공무원, en: Passport officer}}
"""
PURPOSES = """
purposes:
  change-of-address: {title: {ko: 전입신고, en: Change of address}, basis: "Test Act, art. 4", description: A move is reported.}
  basic-livelihood-benefit: {title: {ko: 급여, en: Benefit}, basis: "Test Act, art. 5", description: A benefit is given.}
  passport-renewal: {title: {ko: 여권 재발급, en: Passport}, basis: "Test Act, art. 6", description: A passport is issued.}
"""


@pytest.fixture
def law(tmp_path: Path) -> Path:
    for name, text in (("parties", PARTIES), ("purposes", PURPOSES), ("mois", LAW)):
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    return tmp_path


def read(law: Path) -> RegulationAuthorizer:
    return RegulationAuthorizer.load(law, coordinates(CATALOGUE), today=lambda: TODAY)


def fresh(law: Path) -> World:
    nation = make(2, unique=True)
    nation["mois"]["resident"][1]["address"] = "Road 1"
    case = nation["petitions"]["petition"][0]
    case.update(agency="jongno", service="basic-livelihood-benefit")
    return world(nation, regulations=read(law))


CLERK = Caller("jongno", "resident-clerk", "o1", jurisdiction="11110")
OFFICER = Caller("mofa", "passport-officer", "o2")
ASKED: list[tuple[Caller, str, str | None]] = [
    (CLERK, "change-of-address", None),
    (CLERK, "change-of-address", CASE),
    (CLERK, "basic-livelihood-benefit", None),
    (CLERK, "basic-livelihood-benefit", CASE),
    (CLERK, "basic-livelihood-benefit", "closed"),
    (OFFICER, "passport-renewal", None),
    (OFFICER, "change-of-address", None),
    (Caller("nts", "tax-officer", "o3"), "income-tax-assessment", None),
    (Caller("jongno", "welfare-officer", "o4"), "change-of-address", None),
]


async def ask(here: World, asked: tuple[Caller, str, str | None]) -> Seen:
    caller, purpose, case = asked
    return await seen(here, QUERY, caller, purpose=purpose, case=case, explain=True)


async def test_plans_are_nobody_elses(law: Path) -> None:
    """One after the other, in every order of two: agencies, roles, purposes, with a case, without, with a false one."""
    alone = {asked: await ask(fresh(law), asked) for asked in ASKED}
    assert len({found.body for found in alone.values()}) >= 6
    together = fresh(law)
    for pair in permutations(ASKED, 2):
        for asked in pair:
            assert await ask(together, asked) == alone[asked], asked


async def test_plans_made_at_once_are_nobody_elses(law: Path) -> None:
    """The same, all at the same time, so that sources answer for several callers in one batch."""
    alone = {asked: (await ask(fresh(law), asked)).body for asked in ASKED}
    here = fresh(law)
    some = [asked for _ in range(8) for asked in ASKED]
    answers = await asyncio.gather(
        *(here.engine.answer(QUERY, {}, None, AccessRequest(*asked), trail=TRAIL, explain=True) for asked in some)
    )
    assert [answer.body for answer in answers] == [alone[asked] for asked in some]


async def test_plans_of_a_version_that_is_no_longer_in_force(law: Path) -> None:
    """A plan is made, the law takes the address away; then it gives it back, and something else away."""
    here = fresh(law)
    first = await ask(here, ASKED[0])
    assert b"Road 1" in first.body
    (law / "mois.yaml").write_text(
        LAW.replace("[Resident.name, Resident.address]", "[Resident.name]").replace("version: 1", "version: 2")
    )
    narrow = read(law)
    here.engine.adopt(narrow)
    second = await ask(here, ASKED[0])
    assert b"Road 1" not in second.body
    assert not any("address" in str(batch.shape.columns) for _, batch in here.order)
    assert second.answer["extensions"]["regulations"] == narrow.version != first.answer["extensions"]["regulations"]
    here.engine.adopt(read(_back(law)))
    assert (await ask(here, ASKED[0])) == first


def _back(law: Path) -> Path:
    (law / "mois.yaml").write_text(LAW)
    return law


async def test_a_request_under_way_ends_under_the_version_that_it_began_with(law: Path) -> None:
    """The law changes between a request's first statement and its last: no half of one version and half of another."""
    here = fresh(law)
    alone = await ask(fresh(law), ASKED[3])
    here.witnesses["petitions"].delay = 0.2
    asking = asyncio.ensure_future(ask(here, ASKED[3]))
    await asyncio.sleep(0.05)
    (law / "mois.yaml").write_text(LAW.replace("[Resident.name, Resident.address]", "[Resident.name]"))
    here.engine.adopt(read(law))
    assert (await asking).body == alone.body
    assert b"Road 1" not in (await ask(here, ASKED[3])).body


async def test_no_plan_of_the_old_law_is_left_anywhere(law: Path) -> None:
    """What is not there cannot be served by mistake: plans of a version end with it."""
    here = fresh(law)
    request = here.engine.read(QUERY, {}, None, AccessRequest(*ASKED[0]))
    plan = weakref.ref(here.engine.plan(request))
    assert plan() is here.engine.plan(request)
    here.engine.adopt(read(law))
    del request
    gc.collect()
    assert plan() is None
