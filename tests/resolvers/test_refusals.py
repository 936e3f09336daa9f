"""What a refusal tells: the same whether or not there is something to hide, and nothing of what is hidden."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from auth.access import AccessRequest, Caller, Grant, Mask, Matches, OfSubject, Since, Span, WithConsent
from auth.authorizer import RegulationAuthorizer
from madang.coordinates import coordinates
from resolvers.operation import RequestError
from tests.resolvers.nation import CASE, CATALOGUE, CITIZEN, CITIZEN_RRN, CLERK, PURPOSE, TODAY, Nation, Table, make, rrn
from tests.resolvers.world import RULE, Profile, World, access_of, codes, world

LAW = Path(__file__).parent / "law"

# Refusals tell nothing of what they hide


async def test_one_out_of_bounds_and_one_who_does_not_exist_are_refused_alike(here: World) -> None:
    here.under(Profile(residuals={("Resident.rrn", "lookup", "search"): ["jurisdiction"]}))
    foreign = next(r["rrn"] for r in here.nation["mois"]["resident"] if r["district_code"] != CLERK.jurisdiction)
    bodies, fetches = set(), set()
    for number in (foreign, "0000000000001", "x"):
        here.under(here.regulations.now)
        answer = await here.answer("query ($r: String!) { resident(rrn: $r) { name passports { kind } } }", CLERK, {"r": number})
        bodies.add(answer.body)
        fetches.add(tuple(name for name, w in here.witnesses.items() for _ in w.seen))
    assert len(bodies) == 1
    assert codes(json.loads(bodies.pop())) == ["WITHHELD"]
    assert fetches == {("mois",)}


@pytest.mark.parametrize("profile", [Profile(["Resident.disability"]), Profile(residuals={"Resident.disability": ["self"]})])
async def test_a_refusal_is_the_same_whether_or_not_there_is_something_to_hide(here: World, profile: Profile) -> None:
    with_one = {r["rrn"] for r in here.nation["mohw_disability"]["disability"]} - {CITIZEN_RRN}
    without = {rrn(n) for n in range(1, 14)} - with_one
    bodies = set()
    for number in (min(with_one), min(without)):
        here.under(profile)
        operation = "query ($r: String!) { resident(rrn: $r) { disability { severity kind } } }"
        bodies.add((await here.answer(operation, CITIZEN, {"r": number})).body)
        assert not here.witnesses["mohw_disability"].seen
    assert len(bodies) == 1


async def test_a_null_column_is_withheld_like_one_with_a_value(here: World) -> None:
    here.under(Profile(residuals={"Resident.deathDate": ["self"]}))
    rows = [r for r in here.nation["mois"]["resident"] if r["rrn"] != CITIZEN_RRN]
    dead, alive = (next(r["rrn"] for r in rows if (r["death_date"] is None) is null) for null in (False, True))
    operation = "query ($r: String!) { resident(rrn: $r) { deathDate } }"
    bodies = {(await here.answer(operation, CITIZEN, {"r": number})).body for number in (dead, alive)}
    assert len(bodies) == 1


# Hidden: what is not granted does not exist


@pytest.mark.parametrize(
    ("hidden", "operation", "variables"),
    [
        ("Resident.addressProtected", "{ me { addressProtected } }", {}),
        ("Resident.age", "{ residents(filter: {ageAtLeast: 3}) { totalCount } }", {}),
        ("Resident.age", "query ($f: ResidentFilter) { residents(filter: $f) { totalCount } }", {"f": {"ageAtLeast": 3}}),
        ("Resident.birthDate", "{ residents(orderBy: BIRTH_DATE_ASC) { totalCount } }", {}),
        ("Resident.birthDate", "query ($o: ResidentOrder) { residents(orderBy: $o) { totalCount } }", {"o": "BIRTH_DATE_ASC"}),
        ("Resident.rrn", '{ resident(rrn: "1") { name } }', {}),
        ("ResidentConnection.totalCount", "{ residents { totalCount } }", {}),
        ("TaxCertificate.income", "{ me { taxCertificates(orderBy: INCOME_ASC) { year } } }", {}),
        ("Resident.id", "{ me { id } }", {}),
        ("Resident.disability", "{ me { disability { kind } } }", {}),
    ],
)
async def test_a_hidden_coordinate_is_no_field_filter_order_or_argument(
    here: World, hidden: str, operation: str, variables: dict[str, Any]
) -> None:
    here.under(Profile(hidden=[hidden]))
    answer = await here.answer(operation, CITIZEN, variables)
    assert answer.kind == "request_error"
    assert answer.code in ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT")
    told = answer.body.decode()
    assert hidden not in told
    assert "withheld" not in told
    with pytest.raises(RequestError):
        here.engine.explain(operation, variables, None, access_of(CITIZEN))


@pytest.mark.parametrize("typo", ["adressProtected", "addressProtecte", "addressprotected"])
async def test_no_suggestion_names_what_is_hidden(here: World, typo: str) -> None:
    operation = f"{{ me {{ {typo} }} }}"
    here.under(Profile())
    assert b"addressProtected" in (await here.answer(operation, CITIZEN)).body
    here.under(Profile(hidden=["Resident.addressProtected"]))
    assert b"addressProtected" not in (await here.answer(operation, CITIZEN)).body


async def test_introspection_shows_nothing_hidden_not_even_in_the_whole_view(here: World) -> None:
    operation = "{ __schema { types { name fields { name args { name } } inputFields { name } enumValues { name } } } }"
    here.under(
        Profile(hidden=["Resident.disability", "Resident.birthDate", "Resident.age", "Resident.rrn", "RegisterBirthReported.rrn"])
    )
    for whole in (True, False):
        told = (await here.answer(operation, CITIZEN, whole_view=whole)).body.decode()
        assert "Resident" in told
        for name in ("disability", "Disability", "birthDate", "BIRTH_DATE", "ageAtLeast", '"rrn"'):
            assert f"{name}" not in told, name
    here.under(Profile())
    assert "disability" in (await here.answer(operation, CITIZEN)).body.decode()


async def test_no_refusal_names_what_is_hidden(here: World) -> None:
    """Roots that search by a hidden id: a list in its own order, `me`, `node`."""
    here.under(Profile(hidden=["Resident.id"]))
    answer = await here.answer('{ residents { edges { node { name } } } me { name } node(id: "x") { __typename } }', CITIZEN)
    assert b"Resident.id" not in answer.body


# Purposes


async def test_without_a_purpose_that_fits_nothing_is_read(here: World) -> None:
    here.under(Profile())
    for purpose, code in ((None, "PURPOSE_REQUIRED"), ("", "PURPOSE_NOT_ALLOWED"), ("tax-audit", "PURPOSE_NOT_ALLOWED")):
        operation = "{ residents { edges { node { movedInOn purpose: name } } } }"
        answer = await here.answer(operation, CLERK, purpose=purpose)
        assert (answer.kind, answer.code) == ("request_error", code)
    assert here.fetches() == 0


# Why, and what would change it: under regulations in which each coordinate can be refused for a reason of its own

RESIDENT = "query ($r: String!) { resident(rrn: $r) { %s } }"


def law(day: dt.date = TODAY, nation: Nation | None = None, consented: Table | None = None) -> World:
    authorizer = RegulationAuthorizer.load(LAW, coordinates(CATALOGUE), today=lambda: day)
    return world(nation or make(3), regulations=authorizer, today=lambda: day, consented=consented)


def elsewhere(here: World, **columns: Any) -> str:
    """The number of a resident of another district with these values, whose household's others are of that district as well."""
    rows = here.nation["mois"]["resident"]
    fitting = (r for r in rows if r["district_code"] != CLERK.jurisdiction and all(r[c] == v for c, v in columns.items()))
    return str(next(fitting)["rrn"])


async def refusal(here: World, selection: str, number: str, caller: Caller = CLERK, purpose: str = PURPOSE, **how: Any) -> Any:
    answer = await here.ask(RESIDENT % selection, caller, purpose, r=number, **how)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "WITHHELD"
    return error


@pytest.mark.parametrize(
    ("selection", "reason", "why", "rules", "remedy"),
    [
        ("household { id }", "NO_PERMISSION", "no permission in force shares it with you for this purpose", [], None),
        ("household { address }", "NO_PERMISSION",
         "no permission in force shares it with you for this purpose; with role `welfare-officer`, it could be shared with you",
         [], "with role `welfare-officer`"),
        ("household { size }", "NO_PERMISSION",
         "no permission in force shares it with you for this purpose; for purpose `welfare`, it could be shared with you",
         [], "for purpose `welfare`"),
        ("household { districtCode }", "NO_PERMISSION",
         "no permission in force shares it with you for this purpose; in a list of records, it could be shared with you",
         [], "in a list of records"),
        ("address", "PROHIBITED", "a prohibition is in force; with role `welfare-officer`, it could be shared with you",
         ["registration/no-address-for-clerks"], "with role `welfare-officer`"),
        ("household { moveIns { reason } }", "NO_CASE",
         "it is shared with you only for a case; name the case in the `Madang-Case` header", ["registration/by-case"],
         "with a case"),
        ("isAdult", "NOT_YET_VALID",
         "the permission that shares it with you is not in force yet; from 2026-06-01 on, it could be shared with you",
         ["registration/not-yet"], "from 2026-06-01 on"),
        ("districtCode", "NO_LONGER_VALID",
         "the permission that shared it with you is no longer in force; until 2026-02-15, it was shared with you",
         ["registration/no-longer"], "until 2026-02-15"),
        ("household { members(orderBy: BIRTH_DATE_ASC) { name } }", "OUTSIDE_SUBJECT",
         "you may search or sort by it only for some residents, and this order would tell of all of the list",
         ["registration/by-jurisdiction"], "in the default order"),
        ("household { members(orderBy: MOVED_IN_ON_ASC) { name } }", "NO_CASE",
         "you may search or sort by it only for a case; name the case in the `Madang-Case` header", ["registration/by-case"],
         "with a case"),
        ("household { members(orderBy: NAME_ASC) { name } }", "NO_PERMISSION",
         "no permission in force lets you search or sort by it for this purpose", [], None),
    ],
)  # fmt: skip
async def test_a_denial_says_why_by_which_rule_and_what_would_change_it(
    selection: str, reason: str, why: str, rules: list[str], remedy: str | None
) -> None:
    here = law()
    number = elsewhere(here, address_protected=False)
    error = await refusal(here, selection, number)
    told = error["extensions"]
    assert error["message"] == f"`{told['coordinate']}` is withheld: {why}"
    assert (told["reason"], told["remedy"]) == (reason, remedy)
    assert [f"{rule['regulation']}/{rule['id']}" for rule in told["rules"]] == rules
    assert all(rule["basis"].startswith("Registration Act, art. ") for rule in told["rules"])
    # What was advised is found to help.
    changed: dict[str, Any] = {}
    match remedy and remedy.split():
        case ["with", "role", role]:
            changed = {"caller": Caller("jongno", role.strip("`"), "x", jurisdiction="11110")}
        case ["for", "purpose", purpose]:
            changed = {"purpose": purpose.strip("`")}
        case ["with", "a", "case"]:
            changed = {"case": CASE}
        case ["from", day, "on"] | ["until", day]:
            here = law(dt.date.fromisoformat(day))
        case _:
            return
    request = AccessRequest(**{"caller": CLERK, "purpose": PURPOSE, **changed})
    profile = here.regulations.profile(request)
    use = "search" if "orderBy" in selection else "read"
    assert not profile.decide(told["coordinate"], "lookup", use).denied


@pytest.mark.parametrize(
    ("selection", "reason", "why"),
    [
        ("movedInOn", "OUTSIDE_SUBJECT", "for your jurisdiction"),
        ("relationToHead", "NO_CONSENT", "with the resident's consent"),
        ("status", "OUTSIDE_ROWS", "where Resident.sex is FEMALE"),
        ("deathDate", "OUTSIDE_ROWS", "for some records"),
        ("age", "CONDITIONS", "for your household or your jurisdiction and with the resident's consent"),
    ],
)
async def test_what_is_not_granted_for_a_row_says_for_which_it_is(selection: str, reason: str, why: str) -> None:
    here = law(consented=[])
    number = elsewhere(here, sex="MALE", address_protected=True)
    error = await refusal(here, selection, number)
    assert error["message"].endswith(f" is withheld: it is shared with you only {why}")
    assert (error["extensions"]["reason"], error["extensions"]["remedy"]) == (reason, why)
    assert "Protected" not in json.dumps(error)
    assert len(error["extensions"]["rules"]) == 1


async def test_a_case_that_is_not_good_is_told_like_one_that_is_not_there(here: World) -> None:
    korea = law()
    errors = []
    for case in ("closed", "no-such-case", "of-another-agency", "for-another-service"):
        errors.append(await refusal(korea, "birthDate", elsewhere(korea), case=case))
    assert all(error == errors[0] for error in errors)
    case = "with an open case of your agency for this purpose that concerns the resident or the household"
    assert errors[0]["message"] == f"`Resident.birthDate` is withheld: it is shared with you only {case}"
    assert (errors[0]["extensions"]["reason"], errors[0]["extensions"]["remedy"]) == ("NO_CASE", case)


async def test_each_alternative_is_said() -> None:
    grants = [
        Grant(RULE, frozenset({OfSubject(frozenset({"household", "self"}))})),
        Grant(RULE, frozenset({WithConsent("Resident.name"), Matches("Resident.addressProtected", (False,))}), Mask("initial")),
        Grant(RULE, frozenset({WithConsent("Resident.name"), Matches("Resident.addressProtected", (True,))}), Mask("first", 2)),
        Grant(RULE, frozenset({Matches("Passport.issuedOn", Since(Span(months=18)))}), Mask("first", 1)),
    ]
    here = world(make(3)).under(Profile(grants={"Resident.name": grants}, hidden=["Resident.addressProtected"]))
    refused = [r["rrn"] for r in here.nation["mois"]["resident"] if await is_refused(here, r["rrn"])]
    error = await refusal(here, "name", refused[-1])
    assert error["message"] == (
        "`Resident.name` is withheld: it is shared with you only for your household or your own record, or with the resident's"
        " consent and for some records, or where Passport.issuedOn is of the last 1 year and 6 months"
    )
    assert error["extensions"]["remedy"] == "for your household or your own record"
    assert error["extensions"]["reason"] == "CONDITIONS"


async def is_refused(here: World, number: str) -> bool:
    return "WITHHELD" in codes(await here.ask(RESIDENT % "name", CLERK, r=number))


async def test_a_search_that_finds_nobody_of_ones_own_says_for_whom_it_may_be(here: World) -> None:
    here.under(Profile(residuals={("Resident.rrn", "lookup", "search"): ["jurisdiction"]}))
    error = await refusal(here, "name", "0000000000001")
    only = "you may search or sort by it only for your jurisdiction"
    assert error["message"] == f"`Resident.rrn` is withheld: {only}"


async def test_a_prohibition_on_rows_that_may_be_known_of_is_said_and_a_silent_one_is_not() -> None:
    nation = make(3)
    for row in nation["mois"]["resident"]:
        row.update(sex="MALE", address_protected=True, district_code=CLERK.jurisdiction)
    here = law(nation=nation)
    answer = await here.ask(RESIDENT % "movedInOn name", CLERK, r=rrn(2))
    assert answer["data"]["resident"] == {"movedInOn": None, "name": None}
    (error,) = answer["errors"]
    assert error["message"] == "`Resident.movedInOn` is withheld: a prohibition is in force"
    assert [rule["id"] for rule in error["extensions"]["rules"]] == ["told"]
    assert (error["extensions"]["reason"], error["extensions"]["remedy"]) == ("PROHIBITED", None)


async def test_plain_null_says_nothing_and_is_the_same_data(here: World) -> None:
    korea = law()
    number = elsewhere(korea, sex="MALE")
    text = RESIDENT % "name sex address movedInOn age household { size members { name isAdult } }"
    told, silent = [json.loads((await korea.answer(text, CLERK, {"r": number}, refusals=how)).body) for how in ("ERRORS", "NULL")]
    assert codes(told) == ["WITHHELD"] * 5
    assert "errors" not in silent
    assert silent["data"] == told["data"]


async def test_limits_that_cannot_be_counted_show_nothing() -> None:
    here = law()
    answer = await here.answer(RESIDENT % "household { size }", CLERK, {"r": rrn(2)}, purpose="welfare")
    assert (answer.kind, answer.code) == ("request_error", "LIMITS_UNAVAILABLE")
