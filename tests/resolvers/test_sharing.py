"""The graph tells the law: what is told is what is decided, to everybody, and nothing of what is hidden."""

from __future__ import annotations

import datetime as dt
import json
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

from auth.access import Access, AccessRequest, Caller, Use
from auth.authorizer import RegulationAuthorizer
from madang.coordinates import coordinates
from resolvers.operation import Limits, RequestError
from tests.resolvers.nation import CASE, CATALOGUE, CITIZEN, CLERK, PURPOSE, SCHEMA, TODAY, make
from tests.resolvers.world import World, codes, world

LAW = Path(__file__).parent / "law"
KOREA = Path(__file__).parents[2] / "auth" / "regulations"
WELFARE = Caller("jongno", "welfare-officer", "officer-8", jurisdiction="11110")
ANALYST = Caller("kostat", "analyst", "analyst-1")
NOBODY = Caller("no-agency", "no-role", "nobody")
EVERYBODY = (
    CLERK,
    WELFARE,
    CITIZEN,
    ANALYST,
    NOBODY,
    Caller("mofa", "resident-clerk", "x"),
    Caller("gangnam", "welfare-officer", "x"),
)
ALL = frozenset(CATALOGUE.coordinates())
HIDDEN = "Resident.addressProtected"
WAY = "{ rule { regulation id basis } conditions mask case consent validFrom validUntil }"
SHARED = (
    f"{{ coordinate holder verdict ways {WAY} exceptions {{ rule {{ id }} conditions }} withCase {WAY} reason why remedy"
    " rules { regulation id basis } }"
)


@pytest.fixture(scope="module")
def told() -> World:
    authorizer = RegulationAuthorizer.load(LAW, coordinates(CATALOGUE), today=lambda: TODAY)
    return world(make(3), regulations=authorizer)


async def sharing(here: World, selection: str, caller: Caller, purpose: str | None = PURPOSE, **how: Any) -> Any:
    answer = await here.ask(f"query Q {{ sharing {{ {selection} }} }}", caller, purpose, **how)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]["sharing"]


# Mine


@pytest.mark.parametrize("purpose", [None, PURPOSE, "welfare", "own-records"])
@pytest.mark.parametrize("caller", EVERYBODY)
async def test_what_is_told_is_what_is_decided(told: World, caller: Caller, purpose: str | None) -> None:
    hidden = told.regulations.hidden_from(caller)
    for access, use, case in product(get_args(Access), get_args(Use), (None, CASE)):
        selection = f"mine(access: {access.upper()}, use: {use.upper()}) {SHARED}"
        found = {each["coordinate"]: each for each in (await sharing(told, selection, caller, purpose, case=case))["mine"]}
        assert set(found) == ALL - hidden
        assert list(found) == sorted(found)
        profile = told.regulations.profile(AccessRequest(caller, purpose, case))
        with_case = told.regulations.profile(AccessRequest(caller, purpose, "given"))
        for coordinate, shared in found.items():
            decision = profile.decide(coordinate, access, use)
            assert shared["verdict"] == decision.verdict.name
            assert [way["rule"]["id"] for way in shared["ways"]] == [grant.rule.id for grant in decision.grants]
            assert [way["mask"] is not None for way in shared["ways"]] == [grant.mask is not None for grant in decision.grants]
            assert [each["rule"]["id"] for each in shared["exceptions"]] == [ban.rule.id for ban in decision.bans]
            assert shared["reason"] == (decision.reason and decision.reason.value)
            assert (shared["why"] is None) == (not decision.denied)
            assert (shared["remedy"] is None) == (decision.remedy is None)
            assert [rule["id"] for rule in shared["rules"]] == [rule.id for rule in decision.rules]
            assert shared["holder"] == CATALOGUE.coordinates()[coordinate]
            more = {way["rule"]["id"] for way in shared["withCase"]}
            granted = {grant.rule.id for grant in with_case.decide(coordinate, access, use).grants}
            assert more == granted - {grant.rule.id for grant in decision.grants}
    assert told.fetches() == 0


async def test_conditions_masks_and_articles_are_said_in_words(told: World) -> None:
    way = "{ rule { basis } conditions mask case consent }"
    one = f"%s: coordinate(name: %s) {{ verdict ways {way} withCase {{ rule {{ basis }} case }} }}"
    names = ("Resident.age", "Resident.birthDate", "Resident.name", "Resident.deathDate", "TaxCertificate.income")
    found = await sharing(told, " ".join(one % (f"c{n}", json.dumps(name)) for n, name in enumerate(names)), CLERK)
    age, birth_date, name, death_date, income = found.values()
    (way,) = age["ways"]
    assert way["rule"]["basis"] == "Registration Act, art. 8"
    assert way["conditions"] == ["for your household or your jurisdiction", "with the resident's consent"]
    assert way["consent"] is True
    assert (birth_date["verdict"], birth_date["ways"]) == ("DENY", [])
    assert birth_date["withCase"] == [{"rule": {"basis": "Registration Act, art. 4"}, "case": "VERIFIED"}]
    assert name["ways"][0]["conditions"] == []
    assert death_date["ways"][0]["conditions"] == ["for some records"]
    assert (income["verdict"], income["ways"][0]["mask"]) == ("MASK", "rounded down to a multiple of 10000000")
    assert income["ways"][0]["conditions"] == ["where TaxCertificate.year is of the last 2 years"]


async def test_the_purpose_is_the_requests_or_the_one_that_is_asked_about(told: World) -> None:
    one = 'coordinate(name: "Household.size"%s) { verdict }'
    assert (await sharing(told, one % "", CLERK, "welfare"))["coordinate"]["verdict"] == "PERMIT"
    assert (await sharing(told, one % "", CLERK, PURPOSE))["coordinate"]["verdict"] == "DENY"
    assert (await sharing(told, one % ', purpose: "welfare"', CLERK, PURPOSE))["coordinate"]["verdict"] == "PERMIT"
    for purpose in ("no-such-purpose", "", "\0", "\ud800", "x" * 10_000):
        answer = await told.ask(f"query ($p: String) {{ sharing {{ {one % ', purpose: $p'} }} }}", CLERK, p=purpose)
        assert answer["data"] == {"sharing": {"coordinate": None}}
        assert codes(answer) == ["BAD_USER_INPUT"]
        assert len(json.dumps(answer)) < 1_000


async def test_pages_go_on_from_a_coordinate(told: World) -> None:
    everything = [each["coordinate"] for each in (await sharing(told, "mine { coordinate }", CLERK))["mine"]]
    pages: list[str] = []
    while True:
        after = f', after: "{pages[-1]}"' if pages else ""
        page = (await sharing(told, f"mine(first: 7{after}) {{ coordinate }}", CLERK))["mine"]
        pages += [each["coordinate"] for each in page]
        if len(page) < 7:
            break
    assert pages == everything
    for first in (-1, 20_001):
        answer = await told.ask(f"{{ sharing {{ mine(first: {first}) {{ coordinate }} }} }}", CLERK)
        assert (answer["data"]["sharing"]["mine"], codes(answer)) == (None, ["BAD_USER_INPUT"])


# Who may


@pytest.mark.parametrize("directory", [LAW, KOREA], ids=["law", "korea"])
async def test_who_may_is_who_is_granted(directory: Path) -> None:
    """The table over all there is of agencies, roles and purposes, and what is told of it, are the same."""
    day = TODAY if directory is LAW else dt.date(2026, 11, 24)
    authorizer = RegulationAuthorizer.load(directory, coordinates(CATALOGUE), today=lambda: day)
    here = world(make(3), regulations=authorizer, today=lambda: day)
    parties, table = authorizer.parties, authorizer.table
    members = {str(name): [str(agency) for agency in group.agencies] for name, group in parties.groups.items()}
    asked = "recipients { code } role { code } purpose { code } ways { rule { id } } exceptions { rule { id } }"
    hidden = authorizer.hidden_from(CLERK)
    for access, use in product(get_args(Access), get_args(Use)):
        for coordinate in sorted(ALL - hidden):
            arguments = f'coordinate: "{coordinate}", access: {access.upper()}, use: {use.upper()}'
            found = (await sharing(here, f"whoMay({arguments}) {{ {asked} }}", CLERK, None))["whoMay"]
            listed = {}
            for each in found:
                terms = [way["rule"]["id"] for way in each["ways"]], [e["rule"]["id"] for e in each["exceptions"]]
                for code in (party["code"] for party in each["recipients"]):
                    for agency in members.get(code, [code]):
                        key = (agency, each["role"]["code"], each["purpose"]["code"])
                        assert key not in listed
                        listed[key] = terms
            granted = {}
            for key in product(sorted(table.agencies), table.roles, table.purposes):
                decision = table.cell(*key).decide(coordinate, access, use, case=True, day=day)
                if not decision.denied:
                    granted[key] = [grant.rule.id for grant in decision.grants], [ban.rule.id for ban in decision.bans]
            assert listed == granted, (coordinate, access, use)


async def test_groups_titles_terms_and_days_are_told(told: World) -> None:
    party, purpose = "{ code title { ko en } }", "{ code title { ko en } basis mine }"
    asked = f"recipients {party} role {party} purpose {purpose} ways {WAY}"
    found = (await sharing(told, f'whoMay(coordinate: "TaxCertificate.income") {{ {asked} }}', CLERK))["whoMay"]
    passports = [each for each in found if each["purpose"]["code"] == PURPOSE and each["role"]["code"] == "resident-clerk"]
    assert [party["code"] for party in passports[0]["recipients"]] == ["districts", "mofa"]
    assert passports[0]["recipients"][0]["title"] == {"ko": "자치구", "en": "Districts"}
    welfare = [each for each in found if each["purpose"]["code"] == "welfare" and each["role"]["code"] == "resident-clerk"]
    # Of the districts one is excepted for this purpose, so the group is not told as a whole.
    assert [party["code"] for party in welfare[0]["recipients"]] == ["jongno", "mofa"]
    assert welfare[0]["role"] == {"code": "resident-clerk", "title": {"ko": "주민등록 담당", "en": "Resident clerk"}}
    assert welfare[0]["purpose"] == {
        "code": "welfare",
        "title": {"ko": "복지", "en": "Welfare"},
        "basis": "Welfare Act, art. 1",
        "mine": True,
    }
    (way,) = welfare[0]["ways"]
    assert (way["validFrom"], way["validUntil"]) == ("2026-01-15", "2027-12-31")
    assert way["rule"] == {"regulation": "taxes", "id": "taxes-of-the-poor", "basis": "Tax Act, art. 1"}


async def test_it_is_told_of_a_coordinate_that_nobody_may_have(told: World) -> None:
    assert (await sharing(told, 'whoMay(coordinate: "Passport.number") { role { code } }', CLERK))["whoMay"] == []


async def test_what_turns_on_consent_is_told_by_agency_and_purpose(told: World) -> None:
    asked = "byConsent { agency { code } purpose { code } items { coordinate title { ko en } } bases }"
    found = (await sharing(told, asked, CITIZEN))["byConsent"]
    named = {(each["agency"]["code"], each["purpose"]["code"], item["coordinate"]) for each in found for item in each["items"]}
    for coordinate in ALL:
        ways = "recipients { code } purpose { code } ways { consent }"
        whoever = (await sharing(told, f'whoMay(coordinate: "{coordinate}") {{ {ways} }}', CITIZEN))["whoMay"] or []
        turning = [each for each in whoever if any(way["consent"] for way in each["ways"])]
        agencies = {
            (agency, each["purpose"]["code"], coordinate)
            for each in turning
            for party in each["recipients"]
            for agency in told.regulations.parties.members((party["code"],))
        }
        assert agencies == {each for each in named if each[2] == coordinate}, coordinate
    assert named
    assert all(each["bases"] for each in found)


# Purposes and regulations


async def test_purposes_are_told_with_those_of_ones_own(told: World) -> None:
    asked = "purposes { code title { ko en } basis description mine }"
    for caller in EVERYBODY:
        found = (await sharing(told, asked, caller, None))["purposes"]
        assert [each["code"] for each in found] == list(told.regulations.declared_purposes)
        assert [each["code"] for each in found if each["mine"]] == list(told.regulations.purposes(caller))
    assert found[0]["title"] == {"ko": "여권", "en": "Passports"}
    assert (found[0]["basis"], found[0]["description"]) == ("Passport Act, art. 1", "Renewal of passports.")


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (None, [("registration", 2, "2026-2", "2026-02-01", None), ("taxes", 1, "2026-1", "2026-01-15", None)]),
        ("2026-01-31", [("registration", 1, "2024-9", "2024-05-01", "2026-01-31"), ("taxes", 1, "2026-1", "2026-01-15", None)]),
        ("2026-01-14", [("registration", 1, "2024-9", "2024-05-01", "2026-01-31")]),
        ("2024-04-30", []),
    ],
)
async def test_which_regulation_was_in_force_when(told: World, on: str | None, expected: list[Any]) -> None:
    version = "{ name version approvalNumber approvedOn inForceUntil holder { code } }"
    text = f"query ($on: Date) {{ sharing {{ regulations(on: $on) {version} }} }}"
    for caller in EVERYBODY:
        answer = await told.ask(text, caller, None, on=on)
        found = answer["data"]["sharing"]["regulations"]
        assert [(r["name"], r["version"], r["approvalNumber"], r["approvedOn"], r["inForceUntil"]) for r in found] == expected
    assert {r["holder"]["code"] for r in found} <= {"mois", "nts"}


# Nothing hidden, to anybody, in any form


@pytest.mark.parametrize("caller", [CLERK, CITIZEN, ANALYST, NOBODY])
async def test_what_is_hidden_is_told_like_what_does_not_exist(told: World, caller: Caller) -> None:
    assert told.regulations.hidden_from(caller) == {HIDDEN}
    answers = set()
    for name in (HIDDEN, "Resident.addressProtectex", "Nothing.here.at.all..", ""):
        text = (
            "query ($n: String!) { sharing { coordinate(name: $n) { verdict } one: coordinate(name: $n, use: SEARCH) { why }"
            " whoMay(coordinate: $n) { role { code } }"
            " two: whoMay(coordinate: $n, access: LIST, use: SEARCH) { role { code } } } }"
        )
        answers.add((await told.answer(text, caller, {"n": name})).body)
    (body,) = answers
    assert json.loads(body)["data"]["sharing"] == {"coordinate": None, "one": None, "whoMay": None, "two": None}


@pytest.mark.parametrize("directory", [LAW, KOREA], ids=["law", "korea"])
async def test_no_answer_names_what_is_hidden(directory: Path) -> None:
    day = TODAY if directory is LAW else dt.date(2026, 11, 24)
    authorizer = RegulationAuthorizer.load(directory, coordinates(CATALOGUE), today=lambda: day)
    here = world(make(3), regulations=authorizer, today=lambda: day)
    callers = [
        Caller(agency, role, "x") for agency, role in product(("jongno", "mofa", "citizen-portal", "nts"), authorizer.table.roles)
    ]
    who = f"recipients {{ code }} ways {WAY} exceptions {{ rule {{ id }} conditions }}"
    seen_by_some = set()
    for caller in callers:
        hidden = authorizer.hidden_from(caller)
        seen_by_some |= {c for c in ALL if c in authorizer.table.hidden and c not in hidden}
        answer = ""
        for purpose, use in product(authorizer.table.purposes, ("READ", "SEARCH")):
            text = f'{{ sharing {{ mine(purpose: "{purpose}", use: {use}) {SHARED} }} }}'
            answer += (await here.answer(text, caller, purpose=None)).body.decode()
        for n, coordinate in enumerate(sorted(ALL - hidden)):
            if n % 7 == 0 or coordinate in ("Resident.name", "Resident.address", "Resident.deathDate", "Resident.birth"):
                arguments = {"c": coordinate}
                text = f"query ($c: String!) {{ sharing {{ whoMay(coordinate: $c) {{ {who} }} }} }}"
                answer += (await here.answer(text, caller, arguments, purpose=None)).body.decode()
        assert ("for some records" in answer) is bool(hidden)
        for coordinate in hidden:
            assert coordinate not in answer, (caller, coordinate)
    assert seen_by_some, "somebody is told of each"


async def test_to_whom_it_is_not_hidden_it_is_told(told: World) -> None:
    assert HIDDEN not in told.regulations.hidden_from(WELFARE)
    text = f'coordinate(name: "{HIDDEN}", purpose: "welfare") {{ verdict }} whoMay(coordinate: "{HIDDEN}") {{ role {{ code }} }}'
    found = await sharing(told, text, WELFARE)
    assert found == {"coordinate": {"verdict": "PERMIT"}, "whoMay": [{"role": {"code": "welfare-officer"}}]}
    exceptions = await sharing(told, 'coordinate(name: "Resident.movedInOn") { exceptions { conditions } }', CLERK)
    assert exceptions["coordinate"]["exceptions"] == [{"conditions": ["where Resident.sex is MALE"]}]
    silent = 'whoMay(coordinate: "Resident.name") { exceptions { rule { id } conditions } }'
    conditions = {
        caller.role: [e for each in (await sharing(told, silent, caller))["whoMay"] for e in each["exceptions"]]
        for caller in (CLERK, WELFARE)
    }
    assert conditions["resident-clerk"][0] == {"rule": {"id": "silent"}, "conditions": ["for some records"]}
    assert conditions["welfare-officer"][0]["conditions"] == ["where Resident.addressProtected is true"]


# Beside the registers


async def test_it_is_asked_beside_registers_and_needs_no_purpose_of_its_own(told: World) -> None:
    text = """query ($r: String!) { __typename law: sharing { purposes { code } } resident(rrn: $r) { name }
      again: sharing { __typename } }"""
    answer = await told.ask(text, CLERK, r="8103149970008")
    assert list(answer["data"]) == ["__typename", "law", "resident", "again"]
    assert answer["data"]["again"] == {"__typename": "Sharing"}
    alone = await told.answer("{ sharing { purposes { code } } }", CLERK, purpose=None)
    assert alone.kind == "data"
    both = await told.answer(text, CLERK, {"r": "1"}, purpose=None)
    assert both.code == "PURPOSE_REQUIRED"


async def test_fragments_switches_and_variables_are_as_everywhere(told: World) -> None:
    text = """query Q($on: Boolean!, $c: String = "Resident.name", $u: SharingUse!) { sharing { ...F } }
      fragment F on Sharing { a: coordinate(name: $c, use: $u) { ...C why @skip(if: $on) }
      whoMay(coordinate: $c) @include(if: $on) { role { code } } } fragment C on SharedCoordinate { verdict }"""
    answer = await told.ask(text, CLERK, on=True, u="SEARCH")
    assert list(answer["data"]["sharing"]) == ["a", "whoMay"]
    assert answer["data"]["sharing"]["a"] == {"verdict": "DENY"}
    assert codes(await told.ask(text, CLERK, on=True, u="READS")) == ["BAD_USER_INPUT"]


async def test_limits_hold_for_it_too(told: World) -> None:
    bounded = world(told.nation, regulations=told.regulations, limits=Limits(depth=4, fields=40, aliases=5))
    for text in (
        "{ sharing { mine { ways { rule { id } } } } }",
        "{ sharing { " + " ".join(f"a{n}: purposes {{ code }}" for n in range(6)) + " } }",
        "{ sharing { purposes { " + "code " * 50 + "} } }",
    ):
        assert (await bounded.answer(text, CLERK)).code == "LIMIT_EXCEEDED"
    assert (await bounded.answer("{ sharing { mine { ways { mask } } } }", CLERK)).kind == "data"


async def test_all_of_the_law_is_not_told_many_times_over(told: World) -> None:
    names = [f"a{n}" for n in range(12)]
    answer = await told.ask("{ sharing { " + " ".join(f"{name}: mine {{ coordinate }}" for name in names) + " } }", CLERK)
    lists = [answer["data"]["sharing"][name] for name in names]
    assert 0 < sum(len(each) for each in lists if each is not None) <= Limits().page
    assert codes(answer) == ["LIMIT_EXCEEDED"] * lists.count(None)
    assert lists.count(None) > 1
    bounded = world(told.nation, regulations=told.regulations, limits=Limits(page=10))
    for text, exceeded in (
        ("mine(first: 10) { coordinate }", []),
        ('mine(first: 10) { coordinate } whoMay(coordinate: "Resident.name") { role { code } }', ["LIMIT_EXCEEDED"]),
        ("mine { coordinate }", ["LIMIT_EXCEEDED"]),
    ):
        assert codes(await bounded.ask(f"{{ sharing {{ {text} }} }}", CLERK)) == exceeded


async def test_it_has_no_plan_and_is_no_coordinate(told: World) -> None:
    with pytest.raises(RequestError, match="asks no register"):
        told.engine.explain("{ sharing { purposes { code } } }", {}, None, AccessRequest(CLERK, PURPOSE))
    law = {name for name in SCHEMA._schema.type_map if name.startswith(("Sharing", "Shared")) and name not in CATALOGUE.records}
    assert "SharedCoordinate" in law
    assert not [
        coordinate for coordinate in ALL if coordinate.partition(".")[0] in {*law, "Query"} - {"SharingStatisticConnection"}
    ]


async def test_it_turns_with_the_regulations(told: World) -> None:
    here = world(told.nation, regulations=told.regulations)
    asked = 'coordinate(name: "Resident.isAdult") { verdict reason } whoMay(coordinate: "Resident.isAdult") { role { code } }'
    before = await sharing(here, asked, CLERK)
    assert before == {"coordinate": {"verdict": "DENY", "reason": "NOT_YET_VALID"}, "whoMay": []}
    here.engine.adopt(told.regulations.at(dt.date(2026, 6, 1)))
    after = await sharing(here, asked, CLERK)
    assert after == {"coordinate": {"verdict": "PERMIT", "reason": None}, "whoMay": [{"role": {"code": "resident-clerk"}}]}
