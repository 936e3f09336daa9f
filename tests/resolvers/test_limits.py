"""Requests that ask too much, make no sense, or hold texts that break things: clear codes, nothing read, nothing told."""

from __future__ import annotations

import json
import time

import pytest

from resolvers.operation import Limits
from tests.resolvers.nation import (
    CITIZEN,
    CITIZEN_RRN,
    CLERK,
)
from tests.resolvers.world import Profile, World, codes, world

ME = f'resident(rrn: "{CITIZEN_RRN}")'

# Limits


def bomb(levels: int) -> str:
    """Fragments that each spread the next one twice."""
    spreads = [f"fragment F{n} on Resident {{ a: spouse {{ ...F{n + 1} }} b: spouse {{ ...F{n + 1} }} }}" for n in range(levels)]
    return f"{{ me {{ ...F0 }} }} {' '.join(spreads)} fragment F{levels} on Resident {{ name }}"


@pytest.mark.parametrize(
    ("operation", "code", "what"),
    [
        ("{ me " + "{ spouse " * 20 + "{ name }" + " }" * 21, "LIMIT_EXCEEDED", "deeper than 15"),
        ("{ me { " + "name " * 600 + "} }", "LIMIT_EXCEEDED", "500 fields"),
        ("{ me { " + " ".join(f"a{n}: name" for n in range(60)) + " } }", "LIMIT_EXCEEDED", "50 aliases"),
        ("{ me { name } }" + " #\n" * 3 + "{ name }" * 4_000, "LIMIT_EXCEEDED", "4000 tokens"),
        ("{ a" * 5_000, "LIMIT_EXCEEDED", ""),
        ("{ me" * 900, "LIMIT_EXCEEDED", ""),
        ("{ residents(filter: " + "[" * 1_500, "LIMIT_EXCEEDED", ""),
        (bomb(14), "LIMIT_EXCEEDED", ""),
        ("{ me { ...A } } fragment A on Node { ...B } fragment B on Node { ...A }", "GRAPHQL_VALIDATION_FAILED", "itself"),
        ("{ me { ...A } } fragment A on Resident { ...A name }", "GRAPHQL_VALIDATION_FAILED", "itself"),
        ("{ residents { totalCount } ", "GRAPHQL_PARSE_FAILED", ""),
        ("", "GRAPHQL_PARSE_FAILED", ""),
        ("fragment F on Resident { name }", "OPERATION_RESOLUTION_FAILURE", "no operation"),
        ("query A { me { name } } query B { me { name } }", "OPERATION_RESOLUTION_FAILURE", "operationName"),
        ("mutation { me { name } }", "GRAPHQL_VALIDATION_FAILED", ""),
        ("subscription { me { name } }", "GRAPHQL_VALIDATION_FAILED", ""),
    ],
)
async def test_a_request_that_asks_too_much_or_makes_no_sense(here: World, operation: str, code: str, what: str) -> None:
    bounded = world(here.nation, limits=Limits())
    began = time.monotonic()
    answer = await bounded.answer(operation, CITIZEN)
    assert time.monotonic() - began < 1
    if code == "OPERATION_RESOLUTION_FAILURE" and "fragment" in operation:
        assert answer.code in (code, "GRAPHQL_VALIDATION_FAILED")  # An unused fragment is invalid before that.
    else:
        assert answer.code == code, answer.body
        assert what in answer.body.decode()
    assert bounded.fetches() == 0


@pytest.mark.parametrize(
    "operation", ["{ me { name } } fragment A on Resident { " + "name " * 1_900 + "}", "{ me { " + "x " * 490 + "} }"]
)
async def test_validation_of_what_is_wrong_many_times_over_takes_no_time(here: World, operation: str) -> None:
    began = time.monotonic()
    answer = await world(here.nation, limits=Limits()).answer(operation, CITIZEN)
    assert time.monotonic() - began < 2
    assert answer.code == "GRAPHQL_VALIDATION_FAILED"
    assert len(answer.body) < 20_000


@pytest.mark.parametrize("first", [-1, 1_001, 2**31 - 1])
async def test_lists_have_a_largest_size(here: World, first: int) -> None:
    here.under(Profile())
    operation = f"{{ residents(first: {first}) {{ totalCount }} {ME} {{ name vehicles(limit: {first}) {{ model }} }} }}"
    answer = await here.ask(operation, CLERK)
    assert answer["data"]["residents"] is None
    assert answer["data"]["resident"]["vehicles"] is None
    assert answer["data"]["resident"]["name"]
    assert codes(answer) == ["BAD_USER_INPUT", "BAD_USER_INPUT"]


# Texts that break things


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "😀" * 10, "A" * 10**6, "' OR 1=1 --", "\u202e", "{}", "null", ""])
@pytest.mark.parametrize(
    "operation",
    [
        "query ($t: String!) { resident(rrn: $t) { name } }",
        "query ($t: ID!) { resident(id: $t) { name } }",
        "query ($t: ID!) { node(id: $t) { id } }",
        "query ($t: String!) { residents(after: $t) { totalCount } }",
        "query ($t: String!) { residents(filter: {districtCode: $t}) { totalCount edges { cursor } } }",
        "query ($t: BigInt!) { me { taxCertificates { incomeAtMost(amount: $t) } } }",
        "query ($t: ResidentOrder) { residents(orderBy: $t) { totalCount } }",
        "query ($t: ResidentFilter) { residents(filter: $t) { totalCount } }",
        "query ($t: Int) { residents(first: $t) { totalCount } }",
    ],
)
async def test_no_text_breaks_an_answer(here: World, operation: str, text: str) -> None:
    here.under(Profile())
    answer = await here.answer(operation, CITIZEN, {"t": text})
    told = json.loads(answer.body)
    assert "data" in told or "errors" in told
    for word in ("select", "traceback", "asyncpg", "expected str", "nonetype"):
        assert word not in answer.body.decode().lower()
    if answer.kind == "data":
        assert set(codes(told)) <= {"BAD_USER_INPUT", "INVALID_ID", "INVALID_CURSOR"}
