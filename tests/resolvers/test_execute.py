"""Running a plan: levels, keys, deadlines, and what is fetched for whom."""

from __future__ import annotations

import asyncio
import time

import pytest

from auth.access import AccessRequest
from resolvers.engine import Engine
from tests.resolvers.nation import BOTH, CATALOGUE, CITIZEN, CITIZEN_RRN, CLERK, SCHEMA, TODAY, rrn
from tests.resolvers.world import PURPOSE, TRAIL, WIDE, Profile, World, world

ME = f'resident(rrn: "{CITIZEN_RRN}")'


async def test_each_key_is_asked_for_once_in_one_batch(here: World) -> None:
    here.under(Profile())
    await here.ask("{ residents(first: 14) { edges { node { household { members { vehicles { model } } } } } } }", CLERK)
    (batch, _), *others = here.witnesses["molit_vehicles"].seen
    assert not others
    assert len(batch.keys) == len(set(batch.keys)) > 5


async def test_no_key_is_no_fetch(here: World) -> None:
    here.under(Profile())
    answer = await here.ask('{ resident(rrn: "none") { name parents { name } household { members { name } } } }', CLERK)
    assert answer == {"data": {"resident": None}, "extensions": {"regulations": "1"}}
    assert here.fetches() == 2  # The resident, and beside it the relatives' numbers, by the same number.


async def test_what_waits_for_the_roots_rows_is_not_asked_beside_it(here: World) -> None:
    # The search is for residents of one's own jurisdiction alone, so nothing of the others may be read by their number.
    here.under(Profile(residuals={("Resident.rrn", None, "search"): {"jurisdiction"}}))
    await here.ask('{ resident(rrn: "none") { passports { kind } } }', CLERK)
    assert here.fetches() == 1


async def test_the_sources_of_a_level_work_side_by_side() -> None:
    slow = world()
    for name in ("mofa", "nts", "nps", "moel"):
        slow.witnesses[name].delay = 0.2
    began = time.monotonic()
    await slow.ask(
        f"{{ {ME} {{ passports {{ kind }} businesses {{ kind }} pension {{ kind }} employments {{ workplace }} }} }}", CLERK
    )
    assert time.monotonic() - began < 0.5


async def test_no_level_begins_after_the_deadline() -> None:
    late = world()
    engine = Engine(
        CATALOGUE, SCHEMA, late.regulations, late.engine.sources, late.pseudonyms, limits=WIDE, ledger=late.ledger,
        today=lambda: TODAY, deadline=0.05,
    )  # fmt: skip
    late.witnesses["mofa"].delay = 0.1
    text = f"{{ {ME} {{ name passports {{ kind }} borderCrossings {{ port }} }} }}"
    answer = await engine.answer(text, None, None, AccessRequest(CLERK, PURPOSE), trail=TRAIL)
    assert b'"name":"' in answer.body
    assert b'"borderCrossings":null' in answer.body
    assert not late.witnesses["moj"].seen


async def test_keys_whose_parent_does_not_pass_are_asked_without_the_withheld_columns(here: World) -> None:
    here.under(Profile(residuals={"Vehicle.model": ["jurisdiction"]}))
    await here.ask("{ residents(first: 14) { edges { node { vehicles { plate model } } } } }", CLERK)
    own = {r["rrn"] for r in here.nation["mois"]["resident"] if r["district_code"] == CLERK.jurisdiction}
    asked = {"model" in batch.shape.columns: set(batch.keys) for batch, _ in here.witnesses["molit_vehicles"].seen}
    assert asked[True] == own
    assert asked[False] == {rrn(n) for n in range(14)} - own


async def test_the_callers_household_is_looked_up_only_where_it_decides(here: World) -> None:
    text = f"{{ {ME} {{ address }} }}"
    for caller, residual, expected in ((BOTH, ["household"], 2), (BOTH, ["self"], 1), (CLERK, ["household"], 1)):
        here.under(Profile(residuals={"Resident.address": residual}))
        await here.ask(text, caller)
        assert here.fetches() == expected


async def test_one_household_one_family(here: World) -> None:
    """What is granted for the household is granted for the caller's own, in whatever record it shows."""
    here.under(Profile(residuals={"Household.address": ["self"], "MoveIn.reason": ["household"], "Resident.name": ["household"]}))
    answer = await here.ask(
        "{ me { household { address moveIns { reason } members { name } } } residents { edges { node { name } } } }", CITIZEN
    )
    home = answer["data"]["me"]["household"]
    assert home["address"]
    assert all(m["name"] for m in home["members"])
    names = [e["node"]["name"] for e in answer["data"]["residents"]["edges"]]
    assert len([n for n in names if n]) == len(home["members"])


@pytest.mark.parametrize("limit", [0, 1, 2])
async def test_limits_and_orders_hold_behind_hops(here: World, limit: int) -> None:
    text = "{ residents(first: 14) { edges { node { all: borderCrossings(orderBy: CROSSED_ON_ASC) { crossedOn port direction } "
    text += f"some: borderCrossings(orderBy: CROSSED_ON_ASC, limit: {limit}) {{ crossedOn port direction }} }} }} }} }}"
    answer = await here.under(Profile()).ask(text, CLERK)
    nodes = [e["node"] for e in answer["data"]["residents"]["edges"]]
    assert any(len(n["all"]) > 2 for n in nodes)
    for node in nodes:
        assert node["some"] == node["all"][:limit]
        days = [c["crossedOn"] for c in node["all"]]
        assert days == sorted(days)


async def test_pages_follow_one_another_to_the_end(here: World) -> None:
    here.under(Profile())
    text = """query ($after: String, $order: ResidentOrder) { residents(first: 3, after: $after, orderBy: $order) {
      totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { node { rrn name } } } }"""
    for order in (None, "NAME_ASC", "NAME_DESC", "BIRTH_DATE_DESC"):
        after, seen = None, []
        for _ in range(10):
            page = (await here.ask(text, CLERK, after=after, order=order))["data"]["residents"]
            assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
            assert page["totalCount"] == 14
            seen += [e["node"]["rrn"] for e in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert len(seen) == len(set(seen)) == 14


async def test_many_requests_share_a_batch_and_keep_their_rows_apart(here: World) -> None:
    here.under(Profile())
    text = "query ($r: String!) { resident(rrn: $r) { rrn vehicles { plate } } }"
    alone = [await here.ask(text, CLERK, r=rrn(n)) for n in range(14)]
    here.under(here.regulations.now)
    together = await asyncio.gather(*(here.ask(text, CLERK, r=rrn(n)) for n in range(14)))
    assert together == alone
    assert len(here.witnesses["mois"].seen) == 1
