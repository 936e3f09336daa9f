"""What a refusal tells: the same whether or not there is something to hide, and nothing of what is hidden."""

from __future__ import annotations

import json
from typing import Any

import pytest

from resolvers.operation import RequestError
from tests.resolvers.nation import (
    CITIZEN,
    CITIZEN_RRN,
    CLERK,
    rrn,
)
from tests.resolvers.world import Profile, World, access_of, codes

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
    here.under(Profile(hidden=["Resident.disability", "Resident.birthDate", "Resident.age", "Resident.rrn"]))
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
