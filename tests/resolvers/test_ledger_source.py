"""Who may read the ledger, and what it says: over a real one, under the sample's regulations.

The registers are those of the conformance cases, in memory; the ledger is PostgreSQL's, written by the engine's own answers.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.access import AccessRequest, Caller, Span
from auth.authorizer import RegulationAuthorizer
from auth.blocks import Signer
from auth.ledger import Ledger
from auth.limits import SubjectUse
from auth.pseudonyms import Pseudonyms
from auth.reader import Reader
from auth.upkeep import Upkeep
from madang.coordinates import coordinates
from resolvers.ledger import LedgerSource
from resolvers.operation import Limits
from sources.coalescer import Coalescer
from tests.conformance.nation import RRN, consents, make
from tests.resolvers.nation import CATALOGUE
from tests.resolvers.world import MASTER, TRAIL, World, world

ROOT = Path(__file__).parents[2]
SEOUL = ZoneInfo("Asia/Seoul")

PASSPORTS = Caller("mofa", "passport-officer", "mofa-0417")
DISTRICT = Caller("jongno", "welfare-officer", "jongno-2203", jurisdiction="11110")
POLICE = Caller("police", "investigator", "police-7714")
LICENCES = Caller("police", "licence-officer", "police-0962")
AUDITOR = Caller("nts", "auditor", "nts-0007")
CENTRE = Caller("mois", "auditor", "mois-0001")
ANALYST = Caller("kostat", "analyst", "kostat-0033")

PASSPORT = "query ($r: String!) { resident(rrn: $r) { name passports { number } } }"
LOG = """{ me { accessLog { number at agency agencyKo agencyEn role purpose purposeKo purposeEn caseNumber citizen
    items { coordinate titleKo titleEn mask basis rule consent ground } } } }"""


def citizen(who: str) -> Caller:
    return Caller("citizen-portal", "citizen", who, rrn=RRN[who])


class Nation:
    """The nation with its ledger; `later` days have passed since whatever is recorded now."""

    def __init__(self, dsn: str, regulations: RegulationAuthorizer) -> None:
        self.later = 0
        self.keys = Pseudonyms(MASTER).subjects()
        self.dsn, self.regulations = dsn, regulations
        self.world: World = world(
            make(CATALOGUE), regulations=regulations, limits=Limits(), today=self.today, consented=consents(),
            use=SubjectUse(dsn, timeout=20),
        )  # fmt: skip
        self.engine = self.world.engine
        self.engine._ledger = Ledger(dsn, Signer(Ed25519PrivateKey.generate()), self.keys, timeout=20)
        self.source = LedgerSource(Reader(dsn, self.keys, timeout=20), CATALOGUE, lambda: regulations, self.today, SEOUL)
        self.engine._executor._sources["ledger"] = Coalescer(self.source, timeout=20)  # type: ignore[index]

    def today(self) -> dt.date:
        return dt.datetime.now(SEOUL).date() + dt.timedelta(days=self.later)

    async def ask(
        self, query: str, caller: Caller, purpose: str, case: str | None = None, **variables: Any
    ) -> dict[str, Any]:  # fmt: skip
        answer = await self.engine.answer(query, variables, None, AccessRequest(caller, purpose, case), trail=TRAIL)
        return json.loads(answer.body)  # type: ignore[no-any-return]

    async def mine(self, who: str, selection: str) -> Any:
        found = await self.ask(selection, citizen(who), "own-records")
        assert "errors" not in found, found["errors"]
        return found["data"]["me"]

    async def log(self, who: str, arguments: str = "") -> list[dict[str, Any]]:
        """What a citizen sees of others' looks."""
        query = LOG.replace("accessLog", f"accessLog({arguments})") if arguments else LOG
        return [each for each in (await self.mine(who, query))["accessLog"] if not each["citizen"]]

    async def keep_up(self) -> None:
        upkeep = Upkeep(self.dsn, SEOUL)
        await upkeep.run()
        await upkeep.aclose()

    async def passport(self, who: str) -> None:
        assert (await self.ask(PASSPORT, PASSPORTS, "passport-renewal", r=RRN[who]))["data"]["resident"]


@pytest.fixture(scope="module")
def regulations() -> RegulationAuthorizer:
    today = lambda: dt.datetime.now(SEOUL).date()  # noqa: E731
    return RegulationAuthorizer.load(ROOT / "auth/regulations", coordinates(CATALOGUE), today=today)


@pytest.fixture
async def nation(gateway_dsn: str, regulations: RegulationAuthorizer, superuser_dsn: str) -> AsyncIterator[Nation]:
    connection = await asyncpg.connect(superuser_dsn)
    await connection.execute(
        "TRUNCATE ledger_block, ledger_entries, ledger_form, ledger_count; UPDATE ledger_upkeep SET number = 0"
    )
    await connection.close()
    here = Nation(gateway_dsn, regulations)
    yield here
    await here.engine.aclose()


@pytest.fixture(scope="module")
def superuser_dsn(gateway_dsn: str, postgres_server: Any) -> str:
    return str(postgres_server.get_uri("test_ledger_source"))


# Residents


async def test_a_resident_sees_who_looked_for_what_purpose_at_what_and_under_which_article(nation: Nation) -> None:
    await nation.passport("citizen")
    (found,) = await nation.log("citizen")
    items = {item.pop("coordinate"): item for item in found.pop("items")}
    number, at = found.pop("number"), found.pop("at")
    assert found == {
        "agency": "mofa", "agencyKo": "외교부", "agencyEn": "Ministry of Foreign Affairs", "role": "passport-officer",
        "purpose": "passport-renewal", "purposeKo": "여권 재발급", "purposeEn": "Passport renewal", "caseNumber": None,
        "citizen": False,
    }  # fmt: skip
    assert number >= 1024
    assert abs(dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(at)) < dt.timedelta(minutes=5)
    assert items.keys() == {"Resident.name", "Resident.passports", "Passport.number"}
    assert items["Resident.name"] == {
        "titleKo": "성명", "titleEn": "Name", "mask": None, "basis": "Passport Act, art. 10(1)1",
        "rule": "mois-resident-registration/passport-applicant", "consent": False, "ground": None,
    }  # fmt: skip


async def test_nobody_else_sees_it(nation: Nation) -> None:
    await nation.passport("citizen")
    assert await nation.log("haeundae") == []
    assert await nation.log("citizen-spouse") == []
    foreign = f'{{ resident(rrn: "{RRN["citizen"]}") {{ accessLog {{ number }} }} }}'
    found = await nation.ask(foreign, citizen("haeundae"), "own-records")
    assert found["data"]["resident"] is None
    for caller, purpose in ((PASSPORTS, "passport-renewal"), (AUDITOR, "information-sharing-audit")):
        found = await nation.ask("query ($r: String!) { resident(rrn: $r) { accessLog { number } } }", caller, purpose,
                                 r=RRN["citizen"])  # fmt: skip
        assert (found["data"]["resident"] or {}).get("accessLog") is None
        assert found["errors"][0]["extensions"]["code"] == "WITHHELD"


async def test_what_was_masked_or_consented_to_is_told(nation: Nation) -> None:
    query = "query ($r: String!) { resident(rrn: $r) { businesses { kind } taxCertificates { income } } }"
    await nation.ask(query, DISTRICT, "basic-livelihood-benefit", "2026-00017", r=RRN["citizen"])
    (found,) = await nation.log("citizen")
    assert found["caseNumber"] == "2026-00017"
    items = {item["coordinate"]: item for item in found["items"]}
    assert items["TaxCertificate.income"]["mask"] in (None, "band 10000000")
    assert {item["consent"] for item in items.values()} <= {True, False}
    if "Business.kind" in items:
        assert items["Business.kind"]["consent"] is True


async def test_of_a_household_each_member_sees_their_own(nation: Nation) -> None:
    query = "query ($r: String!) { resident(rrn: $r) { name household { size members { name } } parents { name } } }"
    await nation.ask(query, PASSPORTS, "passport-renewal", r=RRN["citizen"])
    (own,), (spouse,), (father,) = [await nation.log(who) for who in ("citizen", "citizen-spouse", "citizen-father")]
    told = [{item["coordinate"] for item in each["items"]} for each in (own, spouse, father)]
    assert told[0] >= {"Resident.name", "Household.size", "Household.members", "Resident.parents"}
    assert told[1] == told[2] == {"Resident.name"}
    assert own["number"] == spouse["number"] == father["number"]


async def test_a_guardian_sees_a_minor_childs(nation: Nation) -> None:
    await nation.passport("citizen-daughter")
    query = "{ me { children { accessLog { agency citizen } } } }"
    found = (await nation.mine("citizen", query))["children"]
    assert {"agency": "mofa", "citizen": False} in [each for child in found for each in child["accessLog"]]
    assert [each["agency"] for each in await nation.log("citizen")] == []


async def test_pages_and_filters(nation: Nation) -> None:
    for _ in range(3):
        await nation.passport("citizen")
    await nation.ask("query ($r: String!) { resident(rrn: $r) { name } }", LICENCES, "driving-licence-renewal", r=RRN["citizen"])
    every = await nation.log("citizen")
    assert [each["agency"] for each in every] == ["police", "mofa", "mofa", "mofa"]
    numbers = [each["number"] for each in every]
    assert numbers == sorted(numbers, reverse=True)
    assert [each["number"] for each in await nation.log("citizen", f"after: {numbers[1]}, first: 1")] == numbers[2:3]
    assert [each["number"] for each in await nation.log("citizen", 'agency: "mofa"')] == numbers[1:]
    assert [each["number"] for each in await nation.log("citizen", 'agency: "mofa", first: 2')] == numbers[1:3]
    assert [each["number"] for each in await nation.log("citizen", f'since: "{every[1]["at"]}"')][:2] == numbers[:2]
    assert await nation.log("citizen", 'since: "2126-01-01T00:00:00Z"') == []
    found = await nation.ask("{ me { accessLog(first: 1001) { number } } }", citizen("citizen"), "own-records")
    assert found["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_reading_the_ledger_is_recorded(nation: Nation) -> None:
    await nation.passport("citizen")
    query = "query ($r: String!) { resident(rrn: $r) { accessLog { number agency } } }"
    found = await nation.ask(query, CENTRE, "information-sharing-audit", "2026-complaint-7", r=RRN["citizen"])
    assert [each["agency"] for each in found["data"]["resident"]["accessLog"]] == ["mofa"]
    latest, _ = await nation.log("citizen")
    assert (latest["agency"], latest["caseNumber"]) == ("mois", "2026-complaint-7")
    assert {item["coordinate"] for item in latest["items"]} == {"Resident.accessLog", "Access.number", "Access.agency"}
    own = (await nation.mine("citizen", LOG))["accessLog"]
    assert own[0]["citizen"] is True


# Investigations and notices


INVESTIGATED = "query ($r: String!) { resident(rrn: $r) { name } }"
NOTICES = "{ me { notices { number agency purpose ground due toldOn days items { coordinate ground } } } }"


async def test_an_investigation_shows_only_after_the_date_that_its_duty_names(nation: Nation) -> None:
    await nation.ask(INVESTIGATED, POLICE, "criminal-investigation", "2026-hyeong-1", r=RRN["citizen"])
    day = nation.today()
    assert await nation.log("citizen") == []
    assert (await nation.mine("citizen", NOTICES))["notices"] == []
    nation.later = 150
    assert await nation.log("citizen") == []
    nation.later = 190
    (found,) = await nation.log("citizen")
    assert (found["agency"], found["caseNumber"]) == ("police", "2026-hyeong-1")
    (notice,) = (await nation.mine("citizen", NOTICES))["notices"]
    from_ = Span(months=6).after(day)
    assert notice["due"] == (from_ + dt.timedelta(days=10)).isoformat()
    assert notice["toldOn"] == nation.today().isoformat()
    assert notice["days"] == (nation.today() - from_).days


async def test_a_notice_says_how_many_days_it_took(nation: Nation) -> None:
    query = "query ($r: String!) { resident(rrn: $r) { name disability { grade } } }"
    query = query.replace("grade", next(f for f in CATALOGUE.records["Disability"].fields if f != "id"))
    await nation.ask(query, LICENCES, "driving-licence-renewal", "2026-licence-000077", r=RRN["citizen"])
    before = await nation.mine("citizen", "{ me { name } }")
    assert before == {"name": "resident.name of citizen"}
    nation.later = 4
    (notice,) = (await nation.mine("citizen", NOTICES))["notices"]
    assert (notice["agency"], notice["days"], notice["ground"]) == ("police", 4, "Road Traffic Act, art. 89(1)")
    assert notice["due"] == (nation.today() + dt.timedelta(days=6)).isoformat()
    assert {item["ground"] for item in notice["items"]} == {"Road Traffic Act, art. 89(1)"}
    # What was recorded of that look counts: it was today, whatever the nation's day was made to be.
    nation.later = 9
    (notice,) = (await nation.mine("citizen", NOTICES))["notices"]
    assert (notice["days"], notice["toldOn"]) == (0, dt.datetime.now(SEOUL).date().isoformat())


# Holders and everybody

OWN = "{ holder { agency accesses { number agency role officer purpose caseNumber residents items { coordinate } } } }"
USES = "{ holder { uses { day agency purpose coordinate operations residents } } }"


async def test_a_holder_sees_the_use_of_its_own_and_no_resident(nation: Nation) -> None:
    query = "query ($r: String!) { resident(rrn: $r) { name taxCertificates { year } pension { kind } } }"
    await nation.ask(query, DISTRICT, "basic-livelihood-benefit", "2026-00017", r=RRN["citizen"])
    await nation.passport("citizen")
    found = (await nation.ask(OWN, AUDITOR, "information-sharing-audit"))["data"]["holder"]
    assert found["agency"] == "nts"
    (access,) = found["accesses"]
    assert (access["agency"], access["officer"], access["residents"]) == ("jongno", "jongno-2203", 1)
    assert {item["coordinate"].partition(".")[0] for item in access["items"]} <= {"TaxCertificate", "Resident"}
    assert {item["coordinate"] for item in access["items"]} <= {"TaxCertificate.year", "Resident.taxCertificates"}
    assert RRN["citizen"] not in json.dumps(found)
    await nation.keep_up()
    uses = (await nation.ask(USES, AUDITOR, "information-sharing-audit"))["data"]["holder"]["uses"]
    assert {(use["agency"], use["coordinate"], use["operations"], use["residents"]) for use in uses} == {
        ("jongno", item["coordinate"], 1, 1) for item in access["items"]
    }
    assert {use["day"] for use in uses} == {dt.datetime.now(SEOUL).date().isoformat()}


async def test_a_holder_is_not_told_which_citizen_asked(nation: Nation) -> None:
    await nation.mine("citizen", "{ me { taxCertificates { year } } }")
    (access,) = (await nation.ask(OWN, AUDITOR, "information-sharing-audit"))["data"]["holder"]["accesses"]
    assert (access["agency"], access["officer"], access["residents"]) == ("citizen-portal", None, 1)


async def test_statistics_suppress_small_counts_and_are_in_tens(nation: Nation) -> None:
    for _ in range(23):
        await nation.passport("citizen")
    for _ in range(9):
        await nation.ask("query ($r: String!) { resident(rrn: $r) { name } }", LICENCES, "driving-licence-renewal",
                         r=RRN["citizen"])  # fmt: skip
    await nation.keep_up()
    query = (
        "{ sharingStatistics(first: 100) { totalCount edges { node { month purpose coordinate basis operations residents } } } }"
    )
    found = (await nation.ask(query, ANALYST, "statistics"))["data"]["sharingStatistics"]
    rows = {(n["purpose"], n["coordinate"]): n for edge in found["edges"] for n in [edge["node"]]}
    assert found["totalCount"] == len(rows)
    assert rows["passport-renewal", "Passport.number"]["operations"] == 20
    assert rows["passport-renewal", "Passport.number"]["residents"] == 20
    assert not [purpose for purpose, _ in rows if purpose == "driving-licence-renewal"]
    everybody = await nation.ask(query, citizen("citizen"), "own-records")
    assert everybody["data"]["sharingStatistics"]["totalCount"] == found["totalCount"]


async def test_a_ledger_that_cannot_be_read_costs_its_own_fields(nation: Nation) -> None:
    await nation.passport("citizen")
    await nation.source.reader.aclose()
    nation.source.reader = Reader("postgresql://nobody@127.0.0.1:9/nowhere", nation.keys, timeout=1)
    found = await nation.ask("{ me { name accessLog { number } } }", citizen("citizen"), "own-records")
    assert found["data"]["me"] == {"name": "resident.name of citizen", "accessLog": None}
    assert [each["extensions"]["code"] for each in found["errors"]] == ["SOURCE_UNAVAILABLE"]
