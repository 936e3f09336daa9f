"""Attacks by asking again and again: a bound on subjects that something gets around, and what it leaves to be found out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from auth.access import Caller, Limit, Rule, WithConsent
from auth.limits import SubjectUse
from tests.redteam.attacker import MODES, of, seen, some
from tests.resolvers.nation import CITIZEN_RRN, make, rrn
from tests.resolvers.world import Key, Profile, World, world

SEARCH: Key = ("Resident.rrn", "lookup", "search")
FIVE = Limit(officer=5)


@pytest.fixture(scope="module")
async def counted(gateway_dsn: str) -> AsyncIterator[World]:
    """A world in which subjects are counted in a real database."""
    use = SubjectUse(gateway_dsn, timeout=20)
    yield world(make(2, unique=True), use=use)
    await use.aclose()


@pytest.fixture
def officer(request: pytest.FixtureRequest) -> Caller:
    """An officer who has asked nothing yet."""
    return Caller("jongno", "resident-clerk", request.node.name, jurisdiction="11110")


def limited(request: str, **more: Any) -> tuple[Any, ...]:
    return some(limit=FIVE, rule=Rule("test-regulation", request, "Test Act, art. 1"), **more)


def numbers(count: int, *, known: bool, field: str = "name", start: int = 0) -> str:
    each = (rrn(n) if known else f"{9_912_310_000_000 + n}" for n in range(start, start + count))
    return "{" + " ".join(f'a{n}: resident(rrn: "{number}") {{ {field} }}' for n, number in enumerate(each)) + "}"


def code(answer: dict[str, Any]) -> str | None:
    return answer["errors"][0]["extensions"]["code"] if "data" not in answer else None


@pytest.mark.parametrize("known", [True, False])
async def test_many_aliases_in_one_request(counted: World, officer: Caller, known: bool) -> None:
    """Fifty numbers in one operation: found or not, each is one that was asked about."""
    counted.under(Profile(grants={SEARCH: limited(officer.officer)}))
    assert code((await seen(counted, numbers(6, known=known), officer)).answer) == "SUBJECT_LIMIT_REACHED"
    assert code((await seen(counted, numbers(5, known=known), officer)).answer) is None
    assert code((await seen(counted, numbers(1, known=known), officer)).answer) == "SUBJECT_LIMIT_REACHED"


async def test_one_resident_is_one_subject_however_often_it_is_named(counted: World, officer: Caller) -> None:
    """The other way round: who searches for one resident and reads two things of it under one permission has asked for one."""
    both = limited(officer.officer)
    counted.under(Profile(grants={SEARCH: both, "Resident.name": both, "Vehicle.plate": both, "Resident.vehicles": both}))
    query = f'{{ resident(rrn: "{rrn(1)}") {{ name vehicles {{ plate }} }} }}'
    for _ in range(5):
        assert code((await seen(counted, query, officer)).answer) is None
    assert code((await seen(counted, query, officer)).answer) == "SUBJECT_LIMIT_REACHED"


@pytest.mark.parametrize("mode", MODES)
async def test_asking_so_that_it_is_refused(counted: World, officer: Caller, mode: Any) -> None:
    """Ask beside the number for what nobody consented to: that it is refused tells that the number is somebody's."""
    consented = some(WithConsent("nothing"))
    counted.under(Profile(grants={SEARCH: limited(officer.officer), "Resident.address": consented}))
    for n in range(5):
        answer = await seen(counted, numbers(1, known=True, field="address", start=n), officer, refusals=mode)
        assert code(answer.answer) in (None, "REJECTED")
    answer = await seen(counted, numbers(1, known=True, field="address", start=5), officer, refusals=mode)
    assert code(answer.answer) == "SUBJECT_LIMIT_REACHED"


@pytest.mark.parametrize("mode", MODES)
async def test_asking_while_a_register_is_down(counted: World, officer: Caller, mode: Any) -> None:
    """The same while the register that decides is down."""
    counted.under(
        Profile(grants={SEARCH: limited(officer.officer), "Resident.address": some(WithConsent("nothing"))}), ["gateway"]
    )
    for n in range(5):
        await seen(counted, numbers(1, known=True, field="address", start=n), officer, refusals=mode)
    answer = await seen(counted, numbers(1, known=True, field="address", start=5), officer, refusals=mode)
    assert code(answer.answer) == "SUBJECT_LIMIT_REACHED"


async def test_a_list_instead_of_look_ups(counted: World, officer: Caller) -> None:
    """A page of a list has as many subjects as rows, the one beyond its end included."""
    key: Key = ("Resident.id", "list", "search")
    counted.under(Profile(grants={key: limited(officer.officer)}))
    query = "{ residents(first: %d) { edges { node { name } } } }"
    assert code((await seen(counted, query % 5, officer)).answer) == "SUBJECT_LIMIT_REACHED"
    assert code((await seen(counted, query % 4, officer)).answer) is None
    assert code((await seen(counted, "{ residents { totalCount } }", officer)).answer) == "SUBJECT_LIMIT_REACHED"


async def test_sorting_by_what_is_limited(counted: World, officer: Caller) -> None:
    """A limit on sorting by incomes, and none or a wider one on the list that is sorted."""
    key: Key = ("TaxCertificate.income", "lookup", "search")
    wide = some(limit=Limit(officer=1000), rule=Rule("test-regulation", f"{officer.officer} list", "Test Act, art. 1"))
    grants = {key: limited(officer.officer), ("Resident.taxCertificates", "lookup", "read"): wide}
    counted.under(Profile(grants=grants))  # type: ignore[arg-type]
    query = f'{{ resident(rrn: "{CITIZEN_RRN}") {{ taxCertificates(orderBy: INCOME_ASC) {{ year }} }} }}'
    for _ in range(5):
        assert code((await seen(counted, query, officer)).answer) is None
    assert code((await seen(counted, query, officer)).answer) == "SUBJECT_LIMIT_REACHED"


async def test_a_threshold_is_bisected_only_so_far(counted: World, officer: Caller) -> None:
    """Halving and halving again: the limit stops it before the income is known."""
    counted.under(Profile(grants={"TaxCertificate.incomeAtMost": limited(officer.officer)}))
    (certificate, *_) = counted.nation["nts"]["tax_certificate"]
    query = "query ($r: String!, $a: BigInt!) { resident(rrn: $r) { taxCertificates(limit: 1) { incomeAtMost(amount: $a) } } }"
    low, high, asked = 0, 4_000_000_000, 0
    while low < high and asked < 40:
        middle = (low + high) // 2
        answer = (await seen(counted, query, officer, r=certificate["rrn"], a=middle)).answer
        if code(answer) == "SUBJECT_LIMIT_REACHED":
            break
        asked += 1
        below = answer["data"]["resident"]["taxCertificates"][0]["incomeAtMost"]
        low, high = (low, middle) if below else (middle + 1, high)
    assert asked == 5
    assert high - low > 100_000_000


async def test_another_purpose_case_or_spelling_is_the_same_officer(counted: World, officer: Caller) -> None:
    """The count is the rule's and the officer's, whatever else the request says."""
    counted.under(Profile(grants={SEARCH: limited(officer.officer)}))
    ways: list[dict[str, Any]] = [{}, {"case": "2026-1"}, {"refusals": "NULL"}, {"explain": True}, {"purpose": "own-records"}]
    for n, way in enumerate(ways):
        assert code((await seen(counted, numbers(1, known=True, start=n), officer, **way)).answer) is None
    for way in ways:
        assert code((await seen(counted, numbers(1, known=True), officer, **way)).answer) == "SUBJECT_LIMIT_REACHED"


async def test_many_requests_at_once(counted: World, officer: Caller) -> None:
    """Twenty at the same time, before any of them is counted."""
    counted.under(Profile(grants={SEARCH: limited(officer.officer)}))
    found = await asyncio.gather(*(seen(counted, numbers(1, known=True, start=n % 10), officer) for n in range(20)))
    assert sum(code(each.answer) is None for each in found) == 5


async def test_what_a_refused_request_would_have_shown_is_nowhere_in_it(counted: World, officer: Caller) -> None:
    """The rows were read before they were counted: none of it is in the refusal."""
    counted.under(Profile(grants={SEARCH: limited(officer.officer)}, residuals={"Resident.address": of("self").kinds}))
    found = await seen(counted, numbers(9, known=True, field="name rrn address"), officer)
    assert code(found.answer) == "SUBJECT_LIMIT_REACHED"
    for row in counted.nation["mois"]["resident"]:
        assert row["name"].encode() not in found.body
    assert set(found.answer) == {"errors"}


async def test_a_threshold_is_bisected_no_further_in_one_request(counted: World, officer: Caller) -> None:
    """Each alias is a question of its own, however many of them stand in one document about one resident."""
    counted.under(Profile(grants={"TaxCertificate.incomeAtMost": limited("in-one-request")}))
    asked = " ".join(f"q{n}: incomeAtMost(amount: {n})" for n in range(6))
    query = f'{{ resident(rrn: "{rrn(1)}") {{ taxCertificates {{ year {asked} }} }} }}'
    assert (await counted.answer(query, officer)).code == "SUBJECT_LIMIT_REACHED"
    assert (await counted.answer(query.replace("q5: incomeAtMost(amount: 5)", ""), officer)).code is None
    assert (await counted.answer(query, officer)).code == "SUBJECT_LIMIT_REACHED"
