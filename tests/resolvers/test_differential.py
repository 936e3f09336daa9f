"""The same operation through the plan and through Strawberry's own execution: the same data in the same order, the same errors.

Strawberry's path (`resolvers/rows.py`) decides and loads every field of every row by itself and knows nothing of plans, so it
stands for what an answer means. Operations, decisions, callers, what the sources can do and which of them are down are random.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from auth import consent
from auth.access import AccessRequest, Caller
from resolvers.plan import Step
from tests.resolvers.decisions import draw_profile
from tests.resolvers.follow import resolve
from tests.resolvers.nation import CALLERS, CASE, REGISTERS, make
from tests.resolvers.operations import Dice, Operation, Writer
from tests.resolvers.world import PURPOSE, WIDE, Profile, World, world

EXAMPLES = 400
CASES = (None, CASE, "closed", "of-the-citizen", "of-another-agency")
CAPABILITIES = list(product((True, False), repeat=2))


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    """One for each combination of what the sources can do: joins, JSON. A page holds fewer rows than many lists have."""
    nation, limits = make(), replace(WIDE, default_page=2)
    return [world(nation, joins=joins, json=json, limits=limits) for joins, json in CAPABILITIES]


def drawn(data: st.DataObject, world: World) -> tuple[Dice, Operation, Caller]:
    dice = Dice(lambda low, high: data.draw(st.integers(low, high)))
    caller, other = data.draw(st.permutations(CALLERS))[:2]
    ids = {"own": caller, "foreign": other}
    budget, deepest = data.draw(st.sampled_from([(5, 3), (14, 5), (30, 7)]))
    writer = Writer(dice, lambda record, key, whose: world.id(ids[whose], record, key), budget=budget, deepest=deepest)
    return dice, writer.operation(), caller


async def check(
    world: World, operation: Operation, caller: Caller, profile: Profile, down: list[str], case: str | None = None
) -> None:
    variables = await resolve(world, operation, caller)
    world.under(profile, down)
    if down:
        # Of a list of which only its type is asked the plan fetches nothing, so no failure shows; Strawberry's path fetches.
        assume(not any(step.idle for step in planned_steps(world, operation, caller, variables)))
    note(f"{operation.text}\n{variables}\n{profile}\n{caller}\n{case}\ndown: {down}")
    planned = await world.answer(operation.text, caller, variables, case=case)
    assert planned.kind == "data", planned.body
    expected = await world.by_strawberry(operation.text, caller, variables, case)
    answer = json.loads(planned.body)
    assert json.dumps(answer["data"]) == json.dumps(expected["data"])
    assert told(answer, expected) == told(expected, answer)
    # A plan is made once and serves again: with what was kept, the answer is the same.
    assert (await world.answer(operation.text, caller, variables, case=case)).body == planned.body


def told(answer: dict[str, Any], other: dict[str, Any]) -> list[Any]:
    """The errors of an answer, but for places of which either says that a register does not answer.

    A plan asks in one batch what the other path asks row by row and only where it has to, so it notices more.
    """
    both = [*answer.get("errors", []), *other.get("errors", [])]
    lost = {pattern for e in both if e["extensions"]["code"] == "SOURCE_UNAVAILABLE" for pattern in e["extensions"]["patterns"]}
    kept = (e for e in answer.get("errors", []) if "patterns" not in e["extensions"])
    return [e for e in kept if e["extensions"].get("pattern", pattern_of(e)) not in lost]


def pattern_of(error: dict[str, Any]) -> str:
    return "".join("[]" if isinstance(p, int) else f".{p}" for p in error["path"]).lstrip(".")


def planned_steps(world: World, operation: Operation, caller: Caller, variables: dict[str, Any]) -> list[Step]:
    engine = world.engine
    request = engine.read(operation.text, variables, None, AccessRequest(caller, PURPOSE))
    return engine.plan(request).steps if request.collected.roots else []


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_operation_under_any_decisions(data: st.DataObject, worlds: list[World], runner: asyncio.Runner) -> None:
    world = data.draw(st.sampled_from(worlds))
    dice, operation, caller = drawn(data, world)
    case = data.draw(st.sampled_from(CASES))
    runner.run(check(world, operation, caller, draw_profile(dice, operation), [], case))


@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), down=st.lists(st.sampled_from([*REGISTERS, consent.SOURCE]), max_size=4, unique=True))
def test_any_operation_while_sources_are_down(
    data: st.DataObject, down: list[str], worlds: list[World], runner: asyncio.Runner
) -> None:
    world = data.draw(st.sampled_from(worlds))
    dice, operation, caller = drawn(data, world)
    case = data.draw(st.sampled_from(CASES))
    runner.run(check(world, operation, caller, draw_profile(dice, operation), down, case))
