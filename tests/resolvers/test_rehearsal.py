"""Rejecting unless everything is granted: what decides is read, nothing that is withheld is, and a rejection tells nothing.

In the world of canaries every text, number and date that is no key is there once, so any value that leaves a source is known.
"""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from auth.access import AccessRequest, Ban, Caller, Grant, Mask, Matches, OfSubject, Rule, WithCase, WithConsent
from resolvers.answer import Answer
from resolvers.circumstances import Circumstances
from resolvers.values import NEEDS
from schema.catalogue import LinkField
from sources.protocol import Shape
from tests.resolvers.decisions import draw_profile
from tests.resolvers.nation import CALLERS, CASE, CATALOGUE, CITIZEN_RRN, CLERK, EVERYTHING, PURPOSE, RESIDENTS, Nation, make, rrn
from tests.resolvers.operations import Dice, Writer
from tests.resolvers.world import RULE, Profile, World, codes, world

EXAMPLES = 250
BAN = Rule("test-regulation", "test-prohibition", "Test Act, art. 3")
PROTECTED = Ban(BAN, (Matches("Resident.addressProtected", (True,)),), told=False)
OWN = OfSubject(frozenset({"self"}))
FOUND_FIRST = {question.shape for need in NEEDS for question in Circumstances(CATALOGUE, {}).questions(need)}
NOT_ALL = "nothing is shown, because not all that was asked for is shared with you"
ASK = "query ($r: String!) { resident(rrn: $r) { %s } }"


@cache
def key_columns() -> frozenset[tuple[str, str]]:
    """Columns (table, column) that tell rows apart or lead from one to another: they are read as keys."""
    found = set()
    for record in CATALOGUE.records.values():
        subject = record.subject
        names = {record.key, *((subject.self, subject.household, subject.jurisdiction) if subject else ())}
        found |= {(record.table, name) for name in names if name}
        for item in (each for each in record.fields.values() if isinstance(each, LinkField)):
            found |= {(record.table, item.start), (CATALOGUE.records[item.target].table, item.end)}
            found |= {(hop.table, name) for hop in item.through for name in (hop.key, hop.value)}
    return frozenset(found)


def canaries(nation: Nation) -> set[Any]:
    """Every value that is no key."""
    keys: set[Any] = set()
    others: set[Any] = set()
    for tables in nation.values():
        for table, rows in tables.items():
            for row in rows:
                for column, value in row.items():
                    (keys if (table, column) in key_columns() else others).add(value)
    return {value for value in others - keys if isinstance(value, str | int | dt.date) and not isinstance(value, bool)}


def left(here: World, text: str = "") -> set[Any]:
    """Every value that left a source for an operation, but for what is found out first, of the caller and the case."""
    seen = [each for witness in here.witnesses.values() for each in witness.seen if each[0].shape not in FOUND_FIRST]
    # Of a list behind hops that has a limit, its order decides which rows there are, and is not the source's to make. One of
    # pages always has one.
    chosen = choosing if "limit: " in text or "parcelsOfHead" in text else lambda _: set()
    return {value for batch, rows in seen for row in rows for place, value in enumerate(row) if place not in chosen(batch.shape)}


def choosing(shape: Shape) -> set[int]:
    """Where in a shape's rows stands by what they are put in order."""
    ordered = {order.column for order in shape.order}
    return {place for place, column in enumerate(shape.columns, start=int(shape.key is not None)) if column in ordered}


async def reject(here: World, text: str, caller: Caller, case: str | None = None, **variables: Any) -> Answer:
    return await here.answer(text, caller, variables, case=case, refusals="REJECT")


def has_static_denial(here: World, text: str, caller: Caller, case: str | None, variables: dict[str, Any]) -> bool:
    request = here.engine.read(text, variables, None, AccessRequest(caller, PURPOSE, case))
    return bool(here.engine.plan(request).withheld)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_operations_are_answered_whole_or_nothing_of_them_is_read(
    data: st.DataObject, unique: World, runner: asyncio.Runner
) -> None:
    dice = Dice(lambda low, high: data.draw(st.integers(low, high)))
    caller, other = dice.choose([(one, two) for one in CALLERS for two in CALLERS if one is not two])
    ids = {"own": caller, "foreign": other}
    operation = Writer(dice, lambda record, key, whose: unique.id(ids[whose], record, key), budget=12).operation()
    variables = {n: None if n in dict(operation.follows()) else v for n, v in operation.variables.items()}
    # Where everything is granted there is nothing to reject, so half of the time little is withheld.
    profile = draw_profile(dice, operation) if dice.chance(50) else _little_withheld(dice, operation.touched)
    case = dice.choose((None, CASE, "of-the-citizen"))
    note(f"{operation.text}\n{variables}\n{profile}\n{caller}\n{case}")
    runner.run(check(unique.under(profile), operation.text, variables, caller, case))


def _little_withheld(dice: Dice, touched: Any) -> Profile:
    coordinates = sorted(touched)
    chosen = coordinates[dice.integer(0, len(coordinates) - 1)] if coordinates else ("Resident.name", "read")
    kinds: Any = dice.choose((frozenset({"self"}), frozenset({"jurisdiction"}), frozenset({"household"})))
    if dice.chance(50):
        return Profile(bans={(chosen[0], None, "read"): [PROTECTED]})
    return Profile(grants={(chosen[0], None, "read"): [Grant(RULE, frozenset({OfSubject(kinds)}))]})


async def check(here: World, text: str, variables: dict[str, Any], caller: Caller, case: str | None) -> None:
    plain = await here.answer(text, caller, variables, case=case)
    refused = "WITHHELD" in codes(json.loads(plain.body))
    here.fail(())
    answer = await reject(here, text, caller, case, **variables)
    static = has_static_denial(here, text, caller, case, variables)
    event("static denial" if static else "refused by rows" if refused else "granted")
    if static:
        assert answer.code == "REJECTED"
        assert here.fetches() == 0
    elif refused:
        assert answer.code == "REJECTED"
        assert not left(here, text) & canaries(here.nation)
    else:
        assert answer.body == plain.body
    if answer.code == "REJECTED":
        first, *others = json.loads(answer.body)["errors"]
        assert first == {"message": NOT_ALL, "extensions": {"code": "REJECTED"}}
        assert others
        assert {error["extensions"]["code"] for error in others} == {"WITHHELD"}
        assert not any("path" in error for error in others)


async def test_with_a_static_denial_nothing_is_read_and_each_is_told(unique: World) -> None:
    denied = ["Resident.address", "TaxCertificate.income", "Household.size"]
    # Guards that would have to be read stand beside.
    unique.under(Profile(denied, residuals={"Resident.name": ["self"], ("Resident.rrn", "lookup", "search"): ["jurisdiction"]}))
    text = ASK % "name address home: address taxCertificates { year income } household { size members { address } }"
    answer = await reject(unique, text, CLERK, r=rrn(1))
    assert (answer.kind, answer.code) == ("request_error", "REJECTED")
    assert unique.fetches() == 0
    _, *errors = json.loads(answer.body)["errors"]
    assert sorted((e["extensions"]["coordinate"], e["extensions"]["pattern"]) for e in errors) == [
        ("Household.size", "resident.household.size"),
        ("Resident.address", "resident.address"),
        ("Resident.address", "resident.home"),
        ("Resident.address", "resident.household.members[].address"),
        ("TaxCertificate.income", "resident.taxCertificates[].income"),
    ]


async def test_a_search_that_is_denied_is_rejected_before_anything_is_read(unique: World) -> None:
    unique.under(Profile([("Resident.age", "list", "search")]))
    text = "{ residents(filter: {ageAtLeast: 19}) { totalCount edges { cursor node { name } } } me { name } }"
    answer = await reject(unique, text, CLERK)
    assert answer.code == "REJECTED"
    assert unique.fetches() == 0


@pytest.mark.parametrize(
    "grants",
    [
        {"Resident.name": [Grant(RULE, frozenset({OWN}))]},
        {"Resident.name": [Grant(RULE, frozenset({WithConsent("Resident.name")}))]},
        {"Resident.name": [Grant(RULE, frozenset({WithCase()}), Mask("initial"))]},
        {"Resident.name": [Grant(RULE, frozenset({Matches("TaxCertificate.year", (1,))}))]},
        {"Resident.taxCertificates": [Grant(RULE, frozenset({OfSubject(frozenset({"household"}))}))]},
        {"TaxCertificate.income": [Grant(RULE, frozenset({OWN, WithConsent("TaxCertificate.income")}))]},
        {("Resident.rrn", "lookup", "search"): [Grant(RULE, frozenset({OWN}))]},
        {("Resident.rrn", "lookup", "search"): [Grant(RULE, frozenset({Matches("TaxCertificate.year", (1,))}))]},
    ],
    ids=["self", "consent", "case", "other register", "link", "of the linked", "search", "search by other register"],
)  # fmt: skip
async def test_only_guards_are_read_where_rows_decide(unique: World, grants: Any) -> None:
    unique.under(Profile(grants=grants))
    text = ASK % (
        "id rrn name birthDate age address household { id address members { name } moveIns { date toAddress } }"
        " taxCertificates { year income incomeAtMost(amount: 5) } passports { number kind } borderCrossings { port crossedOn }"
        " birth { place father { name } } healthInsurance { kind }"
    )
    found = [rrn(n) for n in range(1, RESIDENTS) if await is_refused(unique, text, rrn(n))]
    assert found
    for number in found:
        unique.fail(())
        answer = await reject(unique, text, CLERK, r=number)
        assert answer.code == "REJECTED"
        assert unique.fetches() > 0
        assert not left(unique) & canaries(unique.nation)
        assert not any(str(value).encode() in answer.body for value in canaries(unique.nation) if len(str(value)) > 6)


async def is_refused(here: World, text: str, number: str) -> bool:
    return "WITHHELD" in codes(json.loads((await here.answer(text, CLERK, {"r": number})).body))


async def test_a_list_is_rejected_without_reading_names_cursors_or_a_count(unique: World) -> None:
    unique.under(Profile(residuals={"Resident.address": ["jurisdiction"]}))
    text = (
        "{ residents(orderBy: NAME_ASC, first: 14) { totalCount pageInfo { endCursor } edges { cursor node { name address } } } }"
    )
    answer = await reject(unique, text, CLERK)
    assert answer.code == "REJECTED"
    assert not left(unique) & canaries(unique.nation)
    assert len(unique.shapes()) == 1


async def test_what_is_wholly_granted_is_answered_as_ever(unique: World) -> None:
    for profile in (
        Profile(),
        Profile(residuals={"Resident.name": ["jurisdiction", "self", "household"], "Resident.address": ["self"]}),
        Profile(grants={"Resident.name": [Grant(RULE, mask=Mask("initial"))]}),
    ):
        text = ASK % "id name address household { id }"
        for caller in CALLERS:
            plain = await unique.under(profile).answer(text, caller, {"r": CITIZEN_RRN})
            answer = await reject(unique, text, caller, r=CITIZEN_RRN)
            if codes(json.loads(plain.body)):
                assert answer.code == "REJECTED"
            else:
                assert answer.body == plain.body
    unique.under(Profile())
    assert (await reject(unique, EVERYTHING, CLERK)).body == (await unique.answer(EVERYTHING, CLERK)).body


async def test_introspection_and_what_tells_of_regulations_are_no_cause_for_rejection(here: World) -> None:
    here.under(Profile(granted=()))
    answer = await reject(here, "{ __typename __schema { queryType { name } } }", CLERK)
    assert answer.kind == "data"
    answer = await reject(here, "{ __schema { queryType { name } } me { name } }", CLERK)
    assert (answer.kind, answer.code) == ("request_error", "REJECTED")


# What is rejected tells nothing


def changed(nation: Nation, number: str, **columns: Any) -> Nation:
    """The same nation, but for one resident's row."""
    other = copy.deepcopy(nation)
    row = next(row for row in other["mois"]["resident"] if row["rrn"] == number)
    row.update(columns)
    return other


def without(source: str, table: str, key: str) -> Callable[[Nation, str], Nation]:
    def change(nation: Nation, number: str) -> Nation:
        other = copy.deepcopy(nation)
        other[source][table] = [row for row in other[source][table] if row[key] != number]
        return other

    return change


async def test_a_silently_protected_address_is_no_cause_for_rejection() -> None:
    """To who may not know of the mark, a protected address is an absent one, and all else is as it was."""
    nation, number = make(3), rrn(2)
    text = ASK % "name address household { members { name address } }"
    bodies = {}
    for protected, address in ((True, "somewhere"), (True, "elsewhere"), (False, None)):
        mine = changed(nation, number, address_protected=protected, address=address)
        for row in mine["mois"]["resident"]:
            row["address"], row["address_protected"] = (row["address"] if row["rrn"] == number else None), protected
        here = world(mine).under(Profile(bans={"Resident.address": [PROTECTED]}))
        answer = await reject(here, text, CLERK, r=number)
        assert answer.kind == "data"
        assert json.loads(answer.body)["data"]["resident"]["address"] is None
        bodies[protected, address] = answer.body
    assert len(set(bodies.values())) == 1


async def test_below_a_silently_absent_link_nothing_is_rejected() -> None:
    nation, number = make(3), rrn(2)
    text = ASK % "name household { address members { name } }"
    bodies = set()
    for columns in ({"address_protected": True}, {"address_protected": False, "household_id": None}):
        profile = Profile(bans={"Resident.household": [PROTECTED]}, residuals={"Household.address": ["self"]})
        here = world(changed(nation, number, **columns)).under(profile)
        bodies.add((await reject(here, text, CLERK, r=number)).body)
    assert [json.loads(body)["data"]["resident"]["household"] for body in bodies] == [None]


@pytest.mark.parametrize("told", [True, False])
async def test_a_prohibition_that_may_be_known_of_rejects(told: bool) -> None:
    nation, number = make(3), rrn(2)
    profile = Profile(bans={"Resident.address": [Ban(BAN, PROTECTED.when, told=told)]})
    here = world(changed(nation, number, address_protected=True, address="somewhere")).under(profile)
    answer = await reject(here, ASK % "name address", CLERK, r=number)
    assert (answer.kind == "request_error") is told
    assert b"somewhere" not in answer.body
    if told:
        _, error = json.loads(answer.body)["errors"]
        assert error["extensions"]["reason"] == "PROHIBITED"
        assert error["extensions"]["rules"] == [{"regulation": BAN.regulation, "id": BAN.id, "basis": BAN.basis}]


@pytest.mark.parametrize(
    ("selection", "profile", "changes"),
    [
        ("deathDate", Profile(residuals={"Resident.deathDate": ["self"]}),
         (lambda n, r: changed(n, r, death_date=None), lambda n, r: changed(n, r, death_date=dt.date(2001, 1, 1)))),
        ("disability { kind }", Profile(residuals={"Resident.disability": ["self"]}),
         (lambda n, r: n, without("mohw_disability", "disability", "rrn"))),
        ("taxCertificates { year }", Profile(residuals={"Resident.taxCertificates": ["self"]}),
         (lambda n, r: n, without("nts", "tax_certificate", "rrn"))),
        ("name vehicles { plate }", Profile(["Vehicle.plate"]),
         (lambda n, r: n, without("molit_vehicles", "vehicle", "owner_rrn"), without("mois", "resident", "rrn"))),
        ("name", Profile(residuals={("Resident.rrn", "lookup", "search"): ["jurisdiction"]}),
         (lambda n, r: changed(n, r, district_code="99999"), without("mois", "resident", "rrn"))),
    ],
    ids=["column", "link", "list", "static", "search"],
)  # fmt: skip
async def test_a_rejection_is_the_same_whatever_it_hides(selection: str, profile: Profile, changes: Any) -> None:
    found = set()
    for change in changes:
        here = world(change(make(3), rrn(2))).under(profile)
        answer = await reject(here, ASK % selection, CLERK, r=rrn(2))
        assert answer.code == "REJECTED"
        found.add((answer.body, tuple(name for name, _ in here.shapes())))
    assert len(found) == 1


# Sources that fail


async def test_what_cannot_be_decided_is_not_shown(unique: World) -> None:
    guarded = Profile(grants={"Resident.name": [Grant(RULE, frozenset({Matches("TaxCertificate.year", (1,))}))]})
    unique.under(guarded, ["nts"])
    answer = await reject(unique, ASK % "name address", CLERK, r=rrn(2))
    assert (answer.kind, answer.code) == ("request_error", "SOURCE_UNAVAILABLE")
    assert not left(unique) & canaries(unique.nation)


async def test_what_is_granted_but_lost_costs_its_own_fields(unique: World) -> None:
    unique.under(Profile(residuals={"Resident.address": ["jurisdiction", "self", "household"]}), ["nts"])
    text = ASK % "name taxCertificates { year }"
    answer = json.loads((await reject(unique, text, CLERK, r=rrn(2))).body)
    assert answer["data"]["resident"]["name"]
    assert codes(answer) == ["SOURCE_UNAVAILABLE"]


async def test_the_document_has_the_last_word(unique: World) -> None:
    unique.under(Profile(["Resident.address"]))
    text = "query ($r: String!, $how: Refusals!) @refusals(as: $how) { resident(rrn: $r) { name address } }"
    kinds = {}
    for how in ("ERRORS", "NULL", "REJECT"):
        answer = await unique.answer(text, CLERK, {"r": rrn(2), "how": how}, refusals="REJECT" if how != "REJECT" else "NULL")
        kinds[how] = answer.kind, len(json.loads(answer.body).get("errors", ()))
    assert kinds == {"ERRORS": ("data", 1), "NULL": ("data", 0), "REJECT": ("request_error", 2)}
