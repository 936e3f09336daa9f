"""Merging what many ask: when a load goes, with whom, and what one who fails or leaves costs the others."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.coalescer import LARGEST_BATCH, Coalescer
from sources.memory import MemorySource
from sources.protocol import (
    Batch,
    Compare,
    Count,
    Param,
    Row,
    Shape,
    SourceError,
    SourceNonsense,
    SourceOverloaded,
    SourceTimeout,
    SourceUnavailable,
)
from tests.sources.register import ROWS, TABLES

BY_ID = Shape("person", ("name",), "id")
BY_CODE = Shape("event", ("id",), "person_code", where=Compare("year", ">=", Param(0)))
COUNT = Shape("person", (Count(),))
NAMES = {row["id"]: row["name"] for row in ROWS["person"]}


class Gate(MemorySource):
    """The memory source behind a gate: a test sees each batch arrive, and lets it through or fails it."""

    def __init__(self) -> None:
        super().__init__("gated", TABLES, ROWS)
        self.batches: list[Batch] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None
        self.at_once = self.most_at_once = 0

    async def fetch(self, batch: Batch) -> list[Row]:
        self.batches.append(batch)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.open.wait()
            if self.error is not None:
                raise self.error
            return await super().fetch(batch)
        finally:
            self.at_once -= 1

    def asked(self) -> list[list[Any]]:
        return [list(batch.keys) for batch in self.batches]


@pytest.fixture
async def gate() -> Gate:
    return Gate()


@pytest.fixture
async def coalescer(gate: Gate) -> AsyncIterator[Coalescer]:
    coalescer = Coalescer(gate)
    yield coalescer
    await coalescer.aclose()


async def turns() -> None:
    """A few turns of the loop: enough for whatever can run to have run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_rows_are_grouped_by_key_and_keep_it(gate: Gate, coalescer: Coalescer) -> None:
    gate.open.set()
    found = await coalescer.load(BY_CODE, ["c1", "nobody", "c1"], (2000,))
    wanted = [("c1", row["id"]) for row in ROWS["event"] if row["person_code"] == "c1"]
    assert found == {"c1": wanted}
    assert gate.asked() == [["c1", "nobody"]]


async def test_a_shape_without_a_key_answers_under_none(gate: Gate, coalescer: Coalescer) -> None:
    gate.open.set()
    assert await coalescer.load(COUNT, (), ()) == {None: [(len(ROWS["person"]),)]}


async def test_no_keys_ask_nothing(gate: Gate, coalescer: Coalescer) -> None:
    assert await coalescer.load(BY_ID, [], ()) == {}
    assert gate.batches == []


async def test_with_one_in_flight_nothing_is_delayed_and_with_two_the_rest_goes_together(
    gate: Gate, coalescer: Coalescer
) -> None:
    loads = []
    for number in range(1, 8):
        loads.append(coalescer.load(BY_ID, [number, 1], ()))
        await turns()
    assert gate.asked() == [[1], [2, 1]]
    gate.open.set()
    answers = await asyncio.gather(*loads)
    assert gate.asked() == [[1], [2, 1], [3, 1, 4, 5, 6, 7]]
    assert gate.most_at_once == 2
    for number, answer in enumerate(answers, start=1):
        assert answer == {key: [(key, NAMES[key])] for key in (number, 1) if key in NAMES}


async def test_what_is_asked_in_one_turn_goes_together(gate: Gate, coalescer: Coalescer) -> None:
    loads = [coalescer.load(BY_ID, [number], ()) for number in (1, 2, 4)]
    await turns()
    assert gate.asked() == [[1, 2, 4]]
    gate.open.set()
    assert [list(answer) for answer in await asyncio.gather(*loads)] == [[1], [2], [4]]


async def test_nobody_is_given_the_rows_of_another(gate: Gate, coalescer: Coalescer) -> None:
    one, other = coalescer.load(BY_ID, [1, 2], ()), coalescer.load(BY_ID, [2, 4], ())
    gate.open.set()
    assert (await one).keys() == {1, 2}
    assert (await other).keys() == {2, 4}
    assert len(gate.batches) == 1


async def test_other_values_or_another_shape_never_share_a_batch(gate: Gate, coalescer: Coalescer) -> None:
    asked = [(BY_CODE, (2021,)), (BY_CODE, (2022,)), (Shape("event", ("year",), "person_code"), ()), (BY_CODE, (2021,))]
    loads = [coalescer.load(shape, ["c1"], values) for shape, values in asked]
    gate.open.set()
    await asyncio.gather(*loads)
    assert [(batch.shape, batch.values) for batch in gate.batches] == asked[:3]


async def test_list_values_are_told_apart_and_shared(gate: Gate, coalescer: Coalescer) -> None:
    shape = Shape("person", ("id",), "code", where=Compare("kind", "in", Param(0)))
    loads = [coalescer.load(shape, ["c1"], (kinds,)) for kinds in (["RED"], ["RED", "BLUE"], ["RED"])]
    gate.open.set()
    await asyncio.gather(*loads)
    assert [batch.values for batch in gate.batches] == [(["RED"],), (["RED", "BLUE"],)]


async def test_equal_batches_without_keys_that_wait_share_one_fetch(gate: Gate, coalescer: Coalescer) -> None:
    loads = []
    for _ in range(10):
        loads.append(coalescer.load(COUNT, (), ()))
        await turns()
    gate.open.set()
    assert all(answer == {None: [(len(ROWS["person"]),)]} for answer in await asyncio.gather(*loads))
    assert len(gate.batches) == 3


async def test_a_fetch_that_has_begun_takes_no_more_keys(gate: Gate, coalescer: Coalescer) -> None:
    first = coalescer.load(BY_ID, [1], ())
    await turns()
    second = coalescer.load(BY_ID, [1], ())
    gate.open.set()
    await asyncio.gather(first, second)
    assert gate.asked() == [[1], [1]]


async def test_merged_batches_have_a_largest_size_and_loads_are_not_split(gate: Gate, coalescer: Coalescer) -> None:
    for number in (-1, -2):
        coalescer.load(BY_ID, [number], ())
        await turns()
    half = LARGEST_BATCH // 2
    loads = [coalescer.load(BY_ID, range(part * half, (part + 1) * half), ()) for part in range(3)]
    loads.append(coalescer.load(BY_ID, range(LARGEST_BATCH * 2), ()))
    gate.open.set()
    await asyncio.gather(*loads)
    assert [len(keys) for keys in gate.asked()] == [1, 1, LARGEST_BATCH, half, LARGEST_BATCH * 2]


async def test_one_who_leaves_disturbs_nobody(gate: Gate, coalescer: Coalescer) -> None:
    loads = [coalescer.load(BY_ID, [number], ()) for number in (1, 2, 4)]
    loads[0].cancel()
    await turns()
    loads[1].cancel()
    gate.open.set()
    assert await loads[2] == {4: [(4, NAMES[4])]}


async def test_what_nobody_waits_for_any_more_is_not_fetched(gate: Gate, coalescer: Coalescer) -> None:
    for number in (1, 2):
        coalescer.load(BY_ID, [number], ())
        await turns()
    coalescer.load(BY_ID, [4], ()).cancel()
    await turns()
    gate.open.set()
    await turns()
    assert gate.asked() == [[1], [2]]
    assert (await coalescer.load(BY_ID, [5], ())).keys() == {5}


async def test_a_failed_batch_fails_those_who_waited_for_it_and_the_next_is_tried_afresh(
    gate: Gate, coalescer: Coalescer
) -> None:
    loads = [coalescer.load(BY_ID, [number], ()) for number in (1, 2, 4)]
    gate.error = SourceUnavailable("gated")
    gate.open.set()
    failures = await asyncio.gather(*loads, return_exceptions=True)
    assert all(isinstance(failure, SourceUnavailable) for failure in failures)
    assert len({id(failure) for failure in failures}) == 3
    gate.error = None
    assert (await coalescer.load(BY_ID, [1], ())).keys() == {1}


async def test_a_source_that_breaks_its_contract_fails_as_one_that_answers_nonsense(gate: Gate, coalescer: Coalescer) -> None:
    gate.error = ZeroDivisionError("a value that must not be shown")
    gate.open.set()
    with pytest.raises(SourceNonsense) as caught:
        await coalescer.load(BY_ID, [1], ())
    assert caught.value.__cause__ is gate.error
    assert str(caught.value) == "source `gated` gave an answer that makes no sense"


async def test_errors_that_nobody_looks_at_are_not_logged(gate: Gate, coalescer: Coalescer) -> None:
    logged: list[Any] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: logged.append(context))
    gate.error = SourceUnavailable("gated")
    gate.open.set()
    for number in (1, 2):
        coalescer.load(BY_ID, [number], ())
    await turns()
    gc.collect()
    loop.set_exception_handler(None)
    assert logged == []


async def test_more_loads_than_the_queue_admits_fail_at_once_and_the_others_are_answered(gate: Gate) -> None:
    coalescer = Coalescer(gate, queue=3)
    loads = [coalescer.load(BY_ID, [number], ()) for number in (1, 2)] + [coalescer.load(BY_CODE, ["c1"], (2000,))]
    for shape in (BY_ID, COUNT):
        refused = coalescer.load(shape, [1], ())
        assert refused.done()
        with pytest.raises(SourceOverloaded):
            await refused
    gate.open.set()
    await asyncio.gather(*loads)
    await turns()
    assert (await coalescer.load(BY_ID, [4], ())).keys() == {4}
    await coalescer.aclose()


async def test_the_deadline_covers_waiting_and_fetching(gate: Gate) -> None:
    coalescer = Coalescer(gate, timeout=0.05)
    loop = asyncio.get_running_loop()
    began = loop.time()
    loads = []
    for number in range(1, 6):
        loads.append(coalescer.load(BY_ID, [number], ()))
        await turns()
    failures = await asyncio.gather(*loads, return_exceptions=True)
    assert all(isinstance(failure, SourceTimeout) for failure in failures)
    assert 0.04 < loop.time() - began < 2
    gate.open.set()
    assert (await coalescer.load(BY_ID, [1], ())).keys() == {1}
    await coalescer.aclose()


async def test_closing_fails_what_waits_and_what_comes_after(gate: Gate) -> None:
    coalescer = Coalescer(gate)
    loads = []
    for number in range(1, 6):
        loads.append(coalescer.load(BY_ID, [number], ()))
        await turns()
    loads.append(coalescer.load(COUNT, (), ()))
    await coalescer.aclose()
    loads.append(coalescer.load(BY_ID, [1], ()))
    failures = await asyncio.gather(*loads, return_exceptions=True)
    assert all(isinstance(failure, SourceUnavailable) for failure in failures)
    gate.open.set()
    with pytest.raises(SourceUnavailable):
        await gate.fetch(Batch(BY_ID, [1]))


class Jumbled(MemorySource):
    """The memory source, now slow, now quick, now failing, as drawn."""

    def __init__(self, turns_and_failures: list[tuple[int, bool]]) -> None:
        super().__init__("jumbled", TABLES, ROWS)
        self.drawn = turns_and_failures
        self.at_once: dict[Any, int] = {}

    async def fetch(self, batch: Batch) -> list[Row]:
        lane = (batch.shape, batch.values)
        self.at_once[lane] = self.at_once.get(lane, 0) + 1
        assert self.at_once[lane] <= 2
        count, fails = self.drawn.pop() if self.drawn else (0, False)
        for _ in range(count):
            await asyncio.sleep(0)
        self.at_once[lane] -= 1
        if fails:
            raise SourceUnavailable(self.name)
        return await super().fetch(batch)


@settings(max_examples=150, deadline=None)
@given(
    loads=st.lists(
        st.tuples(
            st.sampled_from([2020, 2022]), st.lists(st.sampled_from(["c1", "c2", "c5", "x"]), max_size=4), st.integers(0, 3)
        ),
        max_size=30,
    ),
    drawn=st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=20),
    leaving=st.sets(st.integers(0, 29)),
)
async def test_any_interleaving_answers_everybody_with_their_own_rows(
    loads: list[tuple[int, list[str], int]], drawn: list[tuple[int, bool]], leaving: set[int]
) -> None:
    coalescer = Coalescer(Jumbled(drawn))
    waiters = []
    for number, (year, keys, pause) in enumerate(loads):
        waiter = coalescer.load(BY_CODE, keys, (year,))
        waiters.append((waiter, year, keys))
        for _ in range(pause):
            await asyncio.sleep(0)
        if number in leaving:
            waiter.cancel()
    for waiter, year, keys in waiters:
        try:
            found = await asyncio.wait_for(waiter, 5)
        except (SourceError, asyncio.CancelledError):
            continue
        wanted = await MemorySource("plain", TABLES, ROWS).fetch(Batch(BY_CODE, keys, (year,)))
        assert {key: rows for key in dict.fromkeys(keys) if (rows := [row for row in wanted if row[0] == key])} == found
    await turns()
    assert not coalescer._lanes
    assert coalescer._unanswered == 0
    await coalescer.aclose()
