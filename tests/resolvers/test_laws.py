"""The laws of the house (DESIGN.md), each with the tricks that someone would try against it."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from auth.access import Caller
from tests.resolvers.nation import (
    CALLERS,
    CATALOGUE,
    CITIZEN,
    CITIZEN_RRN,
    CLERK,
    EVERYTHING,
    NEITHER,
    REGISTERS,
    household_id,
    resident_id,
    rrn,
)
from tests.resolvers.world import Profile, World, codes, withheld, world

ME = f'resident(rrn: "{CITIZEN_RRN}")'

# 1. Never read


async def test_a_denied_link_asks_its_register_for_nothing(here: World) -> None:
    here.under(Profile(["Resident.taxCertificates"]))
    answer = await here.ask(f"{{ {ME} {{ name taxCertificates {{ year income }} }} }}", CLERK)
    assert answer["data"]["resident"]["taxCertificates"] is None
    assert withheld(answer) == [("Resident.taxCertificates", "resident.taxCertificates")]
    assert not here.witnesses["nts"].seen


async def test_nothing_below_a_denied_search_is_read(here: World) -> None:
    here.under(Profile([("Resident.rrn", "lookup", "search")]))
    answer = await here.ask(f"{{ {ME} {{ name }} }}", CLERK)
    assert answer["data"] == {"resident": None}
    assert here.fetches() == 0


# 2. Default deny


async def test_who_is_granted_nothing_gets_nothing_and_nothing_is_read(here: World) -> None:
    here.under(Profile(granted=()))
    answer = await here.ask(
        f"{{ {ME} {{ name }} me {{ name }} residents {{ totalCount edges {{ node {{ name }} }} }} }}", CITIZEN
    )
    assert answer["data"] == {"resident": None, "me": None, "residents": None}
    assert codes(answer) == ["WITHHELD"] * 3
    assert here.fetches() == 0


# 3. Asking is reading


@pytest.mark.parametrize("argument", ["filter: {ageAtLeast: 19}", "filter: {ageAtMost: 18, sex: MALE}"])
async def test_a_filter_needs_its_own_permission(here: World, argument: str) -> None:
    here.under(Profile([("Resident.age", "list", "search")]))
    answer = await here.ask(f"{{ residents({argument}) {{ edges {{ node {{ age }} }} }} }}", CLERK)
    assert answer["data"] == {"residents": None}
    assert withheld(answer) == [("Resident.age", "residents")]
    assert here.fetches() == 0


async def test_a_null_filter_asks_about_nothing(here: World) -> None:
    here.under(Profile([("Resident.age", "list", "search")]))
    answer = await here.ask("{ residents(filter: {ageAtLeast: null}, first: 2) { edges { node { age } } } }", CLERK)
    assert len(answer["data"]["residents"]["edges"]) == 2


async def test_a_filter_by_age_does_not_open_the_birth_date_nor_the_other_way_round(here: World) -> None:
    operation = "{ residents(filter: {ageAtLeast: 19}, first: 1) { edges { node { birthDate age isAdult } } } }"
    here.under(Profile(["Resident.birthDate"]))
    answer = await here.ask(operation, CLERK)
    (edge,) = answer["data"]["residents"]["edges"]
    assert edge["node"]["birthDate"] is None
    assert edge["node"]["age"] >= 19
    here.under(Profile(["Resident.age", "Resident.isAdult"]))
    assert (await here.ask(operation, CLERK))["data"] == {"residents": None}
    answer = await here.ask("{ me { birthDate age isAdult } }", CITIZEN)
    assert answer["data"]["me"]["birthDate"]
    assert [answer["data"]["me"][name] for name in ("age", "isAdult")] == [None, None]


async def test_a_list_in_an_order_that_may_not_be_asked_for_is_not_shown(here: World) -> None:
    here.under(Profile([("TaxCertificate.income", "lookup", "search"), ("Resident.birthDate", "list", "search")]))
    ordered = f"{{ {ME} {{ taxCertificates(orderBy: INCOME_ASC) {{ year }} plain: taxCertificates {{ year }} }} }}"
    answer = await here.ask(ordered, CLERK)
    assert answer["data"]["resident"]["taxCertificates"] is None
    assert isinstance(answer["data"]["resident"]["plain"], list)
    assert withheld(answer) == [("TaxCertificate.income", "resident.taxCertificates")]
    answer = await here.ask("{ residents(orderBy: BIRTH_DATE_ASC) { edges { cursor } } }", CLERK)
    assert withheld(answer) == [("Resident.birthDate", "residents")]


async def test_a_list_is_in_no_order_that_tells_what_may_not_be_read(here: World) -> None:
    """Members come eldest first, unless birth dates are withheld: then by key."""
    operation = "{ residents(first: 14) { edges { node { household { members { id } } } } } }"
    here.under(Profile(["Resident.birthDate"]))
    await here.ask(operation, CLERK)
    orders = {o.column for _, shape in here.shapes() for o in shape.order}
    assert orders == {"id"}


async def test_others_may_not_be_sorted_by_what_may_be_searched_for_oneself_alone(here: World) -> None:
    here.under(Profile(residuals={("Resident.birthDate", "lookup", "search"): ["self"]}))
    answer = await here.ask("{ me { household { members(orderBy: BIRTH_DATE_ASC) { name } } } }", CITIZEN)
    assert answer["data"]["me"]["household"]["members"] is None
    assert codes(answer) == ["WITHHELD"]


async def test_a_count_needs_its_own_permission_and_counts_only_whom_it_may(here: World) -> None:
    operation = "{ residents(first: 1) { totalCount edges { node { districtCode } } } }"
    here.under(Profile(["ResidentConnection.totalCount"]))
    answer = await here.ask(operation, CLERK)
    assert answer["data"]["residents"]["totalCount"] is None
    assert withheld(answer) == [("ResidentConnection.totalCount", "residents.totalCount")]
    assert len(here.shapes()) == 1
    here.under(Profile(residuals={"ResidentConnection.totalCount": ["jurisdiction"]}))
    answer = await here.ask(operation, CLERK)
    own = [r for r in here.nation["mois"]["resident"] if r["district_code"] == CLERK.jurisdiction]
    assert answer["data"]["residents"]["totalCount"] == len(own)


async def test_a_cursor_goes_on_only_in_its_own_list_for_its_own_caller(here: World) -> None:
    page = """query ($after: String, $order: ResidentOrder, $filter: ResidentFilter) {
      residents(after: $after, orderBy: $order, filter: $filter, first: 2) { pageInfo { endCursor } edges { node { name } } } }"""
    here.under(Profile())
    first = await here.ask(page, CITIZEN)
    cursor = first["data"]["residents"]["pageInfo"]["endCursor"]
    assert codes(await here.ask(page, CITIZEN, after=cursor)) == []
    neighbour = Caller("citizen-portal", "citizen", "citizen-9", rrn=rrn(5))
    tries: list[tuple[Caller, dict[str, Any]]] = [
        (CITIZEN, {"order": "NAME_ASC"}), (CITIZEN, {"filter": {"sex": "MALE"}}), (CLERK, {}), (neighbour, {}),
    ]  # fmt: skip
    for caller, variables in tries:
        answer = await here.ask(page, caller, after=cursor, **variables)
        assert codes(answer) == ["INVALID_CURSOR"], variables
        assert answer["data"] == {"residents": None}
    for forged in (cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), cursor + "A", cursor[1:], "", "null"):
        assert codes(await here.ask(page, CITIZEN, after=forged)) == ["INVALID_CURSOR"]


# 4. Decide on the coordinate of the concrete type


@pytest.mark.parametrize(
    "selection",
    [
        "name: address",
        "x: address",
        "... on Node { ... on Resident { address } }",
        "...F",
        "name ... @include(if: true) { address }",
        "address @skip(if: false)",
        "address address x: address",
    ],
)
async def test_no_alias_fragment_or_interface_opens_a_denied_field(here: World, selection: str) -> None:
    here.under(Profile(["Resident.address"]))
    fragment = "fragment F on Node { ...G } fragment G on Resident { address }" if "...F" in selection else ""
    answer = await here.answer(f"{{ {ME} {{ {selection} }} }} {fragment}", CLERK)
    assert b"mois.resident.address" not in answer.body
    assert {c for c, _ in withheld(json.loads(answer.body))} == {"Resident.address"}
    assert "address" not in str(here.shapes())


async def test_an_alias_that_is_another_types_permitted_field(here: World) -> None:
    """`address` means two coordinates under `node`; each type's own decision counts."""
    operation = (
        "query ($id: ID!) { node(id: $id) { ... on Resident { a: address } ... on Household { a: address } id __typename } }"
    )
    here.under(Profile(["Resident.address"]))
    answer = await here.ask(operation, CLERK, id=here.id(CLERK, "Resident", resident_id(0)))
    assert answer["data"]["node"]["a"] is None
    assert withheld(answer) == [("Resident.address", "node.a")]
    answer = await here.ask(operation, CLERK, id=here.id(CLERK, "Household", household_id(0)))
    assert answer["data"]["node"]["a"]
    assert "errors" not in answer


async def test_an_interface_field_is_decided_on_its_type(here: World) -> None:
    here.under(Profile([("Resident.id", "lookup", "read")]))
    operation = "query ($id: ID!) { node(id: $id) { id } }"
    answer = await here.ask(operation, CLERK, id=here.id(CLERK, "Resident", resident_id(0)))
    assert withheld(answer) == [("Resident.id", "node.id")]
    answer = await here.ask(operation, CLERK, id=here.id(CLERK, "Household", household_id(0)))
    assert "errors" not in answer


# 6. Ids are pairwise


async def test_an_id_is_useless_to_another_agency_and_to_another_citizen(here: World) -> None:
    here.under(Profile())
    seen = {c: (await here.ask(f"{{ {ME} {{ id }} }}", c))["data"]["resident"]["id"] for c in CALLERS}
    assert len(set(seen.values())) == len(CALLERS)
    for whose in CALLERS:
        for caller in CALLERS:
            answer = await here.ask("query ($id: ID!) { node(id: $id) { id } resident(id: $id) { id } }", caller, id=seen[whose])
            expected = [] if whose is caller else ["INVALID_ID", "INVALID_ID"]
            assert codes(answer) == expected, (whose, caller)


async def test_a_residents_id_is_no_households(here: World) -> None:
    here.under(Profile())
    answer = await here.ask(
        "query ($id: ID!) { household(id: $id) { id } }", CLERK, id=here.id(CLERK, "Resident", resident_id(1))
    )
    assert codes(answer) == ["INVALID_ID"]


async def test_no_internal_key_is_anywhere_in_an_answer(here: World) -> None:
    """Not in the clear, and not within what is base64: every id, cursor, error and explanation is looked through."""
    for profile, down in ((Profile(), ()), (Profile(["Resident.name", "Resident.taxCertificates"]), ("nts", "mma"))):
        here.under(profile, down)
        answer = await here.answer(EVERYTHING, CLERK, explain=True)
        texts = [answer.body, *_decoded(json.loads(answer.body))]
        assert len(texts) > 20
        for key in internal_keys(here):
            assert not any(form in text for text in texts for form in _forms(key)), key


def internal_keys(here: World) -> set[str | int]:
    found: set[str | int] = set()
    for tables in here.nation.values():
        for rows in tables.values():
            for row in rows:
                names = [n for n in row if n in ("id", "rrn", "member_number") or n.endswith(("_id", "_rrn"))]
                found |= {row[n] for n in names if row[n] is not None}
    assert len(found) > 100
    return found


def _forms(key: str | int) -> list[bytes]:
    forms = [str(key).encode()]
    return forms if isinstance(key, str) else [*forms, key.to_bytes(8, "big"), key.to_bytes(8, "little")]


def _decoded(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _decoded(inner)
    elif isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{16,}", value):
        yield base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


# 7. A source fails alone


@pytest.mark.parametrize("register", [r for r in REGISTERS if r not in ("mois", "events")])
@pytest.mark.parametrize("how", ["down", "nonsense"])
async def test_a_source_that_fails_costs_its_own_fields(here: World, register: str, how: str) -> None:
    whole = (await here.under(Profile()).ask(EVERYTHING, CLERK))["data"]
    here.under(Profile(), [register] if how == "down" else [])
    if how == "nonsense":
        here.witnesses[register].nonsense = [()]
    answer = await here.ask(EVERYTHING, CLERK)
    assert set(codes(answer)) == {"SOURCE_UNAVAILABLE"}
    holders = {e["extensions"]["holder"] for e in answer["errors"]}
    assert holders == {CATALOGUE.registers[register].holder}
    lost = {p.split(".")[-1] for e in answer["errors"] for p in e["extensions"]["patterns"]}
    assert _without(answer["data"], lost) == _without(whole, lost)
    for edge in answer["data"]["residents"]["edges"]:
        assert all(edge["node"][name] is None for name in lost & edge["node"].keys())


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {n: _without(v, names) for n, v in value.items() if n not in names}
    return [_without(v, names) for v in value] if isinstance(value, list) else value


async def test_a_hop_that_fails_is_told_of_the_holder_that_failed(here: World) -> None:
    here.under(Profile(), ["mofa"])
    answer = await here.ask(f"{{ {ME} {{ name borderCrossings {{ port }} }} }}", CLERK)
    assert answer["data"]["resident"]["name"]
    assert answer["errors"][0]["extensions"] == {
        "code": "SOURCE_UNAVAILABLE",
        "holder": "mofa",
        "patterns": ["resident.borderCrossings"],
    }


async def test_a_slow_source_costs_its_own_time_and_fields() -> None:
    slow = world(timeout=0.2)
    slow.witnesses["nts"].delay = 30.0
    began = time.monotonic()
    answer = await slow.ask(f"{{ {ME} {{ name taxCertificates {{ year }} passports {{ kind }} }} }}", CLERK)
    assert time.monotonic() - began < 2
    assert answer["data"]["resident"]["taxCertificates"] is None
    assert answer["data"]["resident"]["passports"] is not None
    assert [e["extensions"]["holder"] for e in answer["errors"]] == ["nts"]
    await slow.engine.aclose()


async def test_withheld_and_lost_at_one_path_are_both_told(here: World) -> None:
    here.under(Profile(residuals={"Resident.taxCertificates": ["jurisdiction"]}), ["nts"])
    answer = await here.ask("{ residents { edges { node { taxCertificates { year } } } } }", CLERK)
    assert sorted(codes(answer)) == ["SOURCE_UNAVAILABLE", "WITHHELD"]


async def test_a_source_that_is_back_is_asked_again(here: World) -> None:
    operation = f"{{ {ME} {{ pension {{ kind }} }} }}"
    assert codes(await here.under(Profile(), ["nps"]).ask(operation, CLERK)) == ["SOURCE_UNAVAILABLE"]
    assert codes(await here.under(Profile()).ask(operation, CLERK)) == []


async def test_requests_at_once_do_not_mix(here: World) -> None:
    """Keys of many requests travel in one batch; everybody gets their own alone."""
    here.under(Profile(residuals={"Resident.address": ["self"]}))
    operation = (
        "query ($r: String!) { resident(rrn: $r) { rrn passports { number } vehicles { plate } taxCertificates { year } } }"
    )
    alone = [await here.ask(operation, NEITHER, r=rrn(n)) for n in range(14)]
    together = await asyncio.gather(*(here.ask(operation, NEITHER, r=rrn(n % 14)) for n in range(140)))
    assert together == alone * 10
