"""What every source must do alike: one suite, three sources, the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.evaluate import hmac_blocks
from sources.protocol import (
    All,
    Batch,
    Call,
    Compare,
    Count,
    Exists,
    Holds,
    Join,
    Json,
    Not,
    Nothing,
    Only,
    Order,
    Param,
    Shape,
    Some,
    Source,
    SourceNonsense,
)
from tests.sources.model import answered, expected
from tests.sources.register import LARGEST, NAMES, ROWS, SMALLEST, TABLES

PERSON = Join("p", "person", "code", "person_code")
TODAYS = st.dates(date(2023, 2, 26), date(2024, 3, 2))
FUNCTIONS: dict[Any, tuple[type, type]] = {
    "years_since": (date, int),
    "reached_age": (date, bool),
    "at_most": (int, bool),
    "band": (int, int),
    "threshold": (int, int),
    "year": (date, date),
    "first": (str, str),
    "last": (str, str),
    "initial": (str, str),
    "district": (str, str),
    "pseudonym": (str, str),
}
"""function → of what, to what."""
BLOCKS = hmac_blocks(b"a key of the contract")
NUMBERS = [SMALLEST, -1, 0, 7, 10, 60, 2**53, LARGEST]


async def check(source: Source, batch: Batch) -> dict[Any, list[tuple[Any, ...]]]:
    """The source's answer is the model's: in the shape's order if it has one, otherwise in any."""
    found, wanted = answered(batch, await source.fetch(batch)), expected(batch)
    if batch.shape.order:
        assert found == wanted
    else:
        assert {key: sorted(rows, key=repr) for key, rows in found.items()} == {
            key: sorted(rows, key=repr) for key, rows in wanted.items()
        }
    return found


# Random shapes.


class Shapes:
    """Draws a shape with its keys and values."""

    def __init__(self, draw: st.DrawFn, *, able: bool, outer: Shapes | None = None) -> None:
        self.draw = draw
        self.able = able
        self.values: list[Any] = outer.values if outer else []
        self.table = draw(st.sampled_from(["person", "event"]))
        self.joins = (PERSON,) if able and not outer and self.table == "event" and draw(st.booleans()) else ()
        self.columns = list(TABLES[self.table])
        if self.joins:
            self.columns += [f"p.{column}" for column in TABLES["person"]]

    def batch(self) -> Batch:
        draw = self.draw
        where = draw(st.none() | st.builds(lambda: self.condition(2)))
        if self.able and draw(st.integers(0, 9)) == 0:
            return Batch(Shape(self.table, (Count(),), joins=self.joins, where=where), (), tuple(self.values))
        key = None if self.able and draw(st.booleans()) else draw(st.sampled_from(self.columns_of(int, str)))
        columns = tuple(self.column() for _ in range(draw(st.integers(1, 4))))
        order = [Order(draw(st.sampled_from(self.columns)), draw(st.booleans())) for _ in range(draw(st.integers(0, 2)))]
        limit = self.param(draw(st.integers(0, 5))) if draw(st.booleans()) else None
        if order or limit is not None:
            order.append(Order("id"))
        shape = Shape(self.table, columns, key, self.joins, where, tuple(order), limit)
        keys = () if key is None else draw(st.lists(self.value(key), max_size=8))
        return Batch(shape, keys, tuple(self.values))

    def columns_of(self, *types: Any) -> list[str]:
        return [column for column in self.columns if self.type(column) in types]

    def type(self, column: str) -> Any:
        join, _, name = column.rpartition(".")
        kind = TABLES["person" if join else self.table][name]
        return str if isinstance(kind, tuple) else kind

    def value(self, column: str) -> st.SearchStrategy[Any]:
        """Values that the column has, and one that it has not."""
        name = column.rpartition(".")[2]
        table = self.table if column == name else "person"
        there = sorted({row[name] for row in ROWS[table]} - {None})
        strange = {str: "없음", int: 12345, bool: True, date: date(1999, 12, 31)}
        return st.sampled_from([*there, strange.get(TABLES[table][name], "RED")])

    def param(self, value: Any) -> Param:
        self.values.append(value)
        return Param(len(self.values) - 1)

    def condition(self, depth: int) -> Any:
        kind = self.draw(st.integers(0, 7)) if depth else 0
        if kind > 4:
            parts = tuple(self.condition(depth - 1) for _ in range(self.draw(st.integers(0, 3))))
            return self.draw(st.sampled_from([All, Some]))(parts)
        if kind == 3:
            return Not(self.condition(depth - 1))
        if kind == 2 and self.able:
            return self.exists(depth - 1)
        operator = self.draw(st.sampled_from(["=", "<", "<=", ">", ">=", "in"]))
        operand: Any = self.draw(st.sampled_from(self.columns))
        values = self.value(operand)
        if self.draw(st.integers(0, 3)) == 0:
            operand = self.call()
            values = self.result(operand)
        return Compare(operand, operator, self.param(self.draw(st.lists(values, max_size=4) if operator == "in" else values)))

    def exists(self, depth: int) -> Exists:
        other = Shapes(self.draw, able=self.able, outer=self)
        on = self.draw(st.sampled_from(self.columns))
        column = self.draw(st.sampled_from(other.columns_of(self.type(on)) or ["id"]))
        if self.type(on) is not other.type(column):
            on = "id"
        return Exists(other.table, column, on, other.condition(depth) if self.draw(st.booleans()) else None)

    def call(self, result: Any = None, depth: int = 1) -> Call:
        """A call on a column or on another call, by default of any type."""
        possible = [name for name, (of, to) in FUNCTIONS.items() if self.columns_of(of) and result in (None, to)]
        function = self.draw(st.sampled_from(possible))
        of = FUNCTIONS[function][0]
        nested = depth and self.draw(st.booleans())
        operand = self.call(of, depth - 1) if nested else self.draw(st.sampled_from(self.columns_of(of)))
        return Call(function, operand, tuple(map(self.param, self.arguments(function, operand))))

    def arguments(self, function: str, operand: Any) -> list[Any]:
        draw = self.draw
        if function in ("years_since", "reached_age"):
            while isinstance(operand, Call):
                operand = operand.column
            today = draw(TODAYS) + timedelta(days=366 if operand == "held" else 0)
            return [today] if function == "years_since" else [draw(st.integers(0, 60)), today]
        if function == "at_most":
            return [draw(st.sampled_from(NUMBERS))]
        if function in ("band", "threshold"):
            return [draw(st.sampled_from([1, 2, 7, 10, 10_000_000, 2**62 + 1, LARGEST]))]
        if function in ("first", "last"):
            return [draw(st.sampled_from([1, 2, 3, 30, 2**31, LARGEST]))]
        return list(BLOCKS) if function == "pseudonym" else []

    def result(self, call: Call) -> st.SearchStrategy[Any]:
        """Values to compare a call's with."""
        masked = ["", "김**", "**수", "서울특별시 종로구", "😀"]
        days = [date(1996, 1, 1), date(2024, 1, 1)]
        values: dict[type, list[Any]] = {int: NUMBERS, bool: [False, True], date: days, str: masked}
        return st.sampled_from(values[FUNCTIONS[call.function][1]])

    def column(self, *, inside: bool = False) -> Any:
        kind = self.draw(st.integers(0, 9))
        if kind < 4:
            return self.draw(st.sampled_from(self.columns))
        if kind < 6:
            return self.call()
        if kind == 6:
            return Holds(self.condition(1))
        if kind == 7:
            return Only(self.condition(1), self.call() if self.draw(st.booleans()) else self.draw(st.sampled_from(self.columns)))
        if kind == 8 or inside or not self.able:
            return Nothing()
        parts = tuple(self.column(inside=True) for _ in range(self.draw(st.integers(1, 4))))
        return Json(tuple(f"name{number}" for number in range(len(parts))), parts)


@st.composite
def batches(draw: st.DrawFn, *, able: bool) -> Batch:
    return Shapes(draw, able=able).batch()


@settings(max_examples=400, deadline=None)
@given(batch=batches(able=True))
async def test_random_shapes_mean_the_same_in_postgres_and_memory(every_source: Mapping[str, Source], batch: Batch) -> None:
    for name in ("postgres", "memory"):
        await check(every_source[name], batch)


@settings(max_examples=200, deadline=None)
@given(batch=batches(able=False))
async def test_random_shapes_mean_the_same_in_all_three(every_source: Mapping[str, Source], batch: Batch) -> None:
    for source in every_source.values():
        await check(source, batch)


# Keys.


async def test_no_keys_no_rows(source: Source) -> None:
    assert list(await source.fetch(Batch(Shape("person", ("name",), "code"), ()))) == []


async def test_absent_keys_are_absent_and_repeated_ones_count_once(source: Source) -> None:
    for limit in (None, Param(0)):
        shape = Shape("event", ("id",), "person_code", order=(Order("id"),), limit=limit)
        found = await check(source, Batch(shape, ["c1", "nobody", "c2", "c1", "c1"], (99,)))
        assert found.keys() == {"c1", "c2"}


async def test_a_row_is_the_key_and_the_columns(source: Source) -> None:
    rows = await source.fetch(Batch(Shape("person", ("id", "name", "id"), "id"), [LARGEST]))
    assert [tuple(row) for row in rows] == [(LARGEST, LARGEST, ROWS["person"][2]["name"], LARGEST)]


async def test_null_is_no_key(source: Source) -> None:
    found = await check(source, Batch(Shape("event", ("id",), "person_code"), ["", "None", "null", "c3"]))
    assert found.keys() <= {"c3"}


async def test_keys_that_no_column_can_hold_find_nothing_and_cost_the_others_nothing(source: Source) -> None:
    by_text = Shape("person", ("id",), "code")
    assert answered(Batch(by_text), await source.fetch(Batch(by_text, ["a\0b", "c2", "\ud800", "\udfff"]))).keys() == {"c2"}
    by_number = Shape("person", ("code",), "id")
    assert answered(Batch(by_number), await source.fetch(Batch(by_number, [2**63, 2, -(2**63) - 1, 2**80]))).keys() == {2}
    assert list(await source.fetch(Batch(by_text, ["\0"]))) == []


INJECTIONS = ["'; DROP TABLE person; --", '"', "\\", "$1", "%", "{}", '"}],"fields":["name"]', "' OR '1'='1", "c1' --", "/*"]


@pytest.mark.parametrize("text", [*INJECTIONS, *NAMES])
async def test_keys_and_values_are_only_ever_values(source: Source, text: str) -> None:
    shape = Shape("person", ("id",), "name", where=Compare("name", "=", Param(0)))
    await check(source, Batch(shape, [text], (text,)))
    shape = Shape("person", ("id",), "id", where=Compare("name", "in", Param(0)))
    await check(source, Batch(shape, [1, 2, 4], ([text],)))
    await check(source, Batch(Shape("person", ("name",), "code"), ["c1", text]))


async def test_a_value_that_no_text_column_can_hold_equals_none(source: Source) -> None:
    for value in ("a\0b", "\ud800"):
        shape = Shape("person", ("id",), "code", where=Some((Compare("name", "=", Param(0)), Compare("name", "in", Param(1)))))
        assert list(await source.fetch(Batch(shape, ["c1", "c2"], (value, [value])))) == []


# Values.


async def test_values_come_back_as_their_columns_types(source: Source) -> None:
    shape = Shape("person", tuple(TABLES["person"]), "id")
    rows = await source.fetch(Batch(shape, [row["id"] for row in ROWS["person"]]))
    assert len(rows) == len(ROWS["person"])
    for row in rows:
        for value, kind in zip(row[1:], TABLES["person"].values(), strict=True):
            assert value is None or type(value) is (str if isinstance(kind, tuple) else kind)


async def test_integers_of_64_bits_are_exact(source: Source) -> None:
    for number in (SMALLEST, 2**53 + 1, LARGEST):
        shape = Shape("person", ("score", Call("at_most", "score", (Param(1),))), "score", where=Compare("score", "=", Param(0)))
        found = await check(source, Batch(shape, [number], (number, number - 1 if number > 0 else number)))
        assert found[number][0] == (number, number < 0)


async def test_years_since_turn_on_the_birthday_and_on_1_march_for_29_february(every_source: Mapping[str, Source]) -> None:
    shape = Shape("person", ("born", Call("years_since", "born", (Param(0),))), "id", where=Compare("born", "<=", Param(0)))
    keys = [row["id"] for row in ROWS["person"]]
    assert {(row["born"].month, row["born"].day) for row in ROWS["person"] if row["born"]} >= {(2, 28), (2, 29), (3, 1)}
    for year in range(2022, 2027):
        for days in range(10):
            for source in every_source.values():
                await check(source, Batch(shape, keys, (date(year, 2, 24) + timedelta(days=days),)))


async def test_years_to_a_day_to_come_are_negative_and_whole(every_source: Mapping[str, Source]) -> None:
    shape = Shape("person", (Call("years_since", "born", (Param(0),)),), "id", order=(Order("id"),))
    keys = [row["id"] for row in ROWS["person"]]
    for days in range(0, 366 * 5, 7):
        batch = Batch(shape, keys, (date(1984, 2, 20) + timedelta(days=days),))
        answers = [answered(batch, await source.fetch(batch)) for source in every_source.values()]
        assert answers[0] == answers[1] == answers[2]


# Order and limit.


async def test_limit_is_for_each_key(source: Source) -> None:
    shape = Shape("event", ("year", "id"), "person_code", order=(Order("year", True), Order("id")), limit=Param(0))
    keys = [f"c{number}" for number in range(1, 36)]
    for limit in (0, 1, 2, 100):
        found = await check(source, Batch(shape, keys, (limit,)))
        assert max((len(rows) for rows in found.values()), default=0) <= limit


async def test_a_limit_among_ties_gives_as_many_of_them(source: Source) -> None:
    shape = Shape("event", ("year", "id"), "year", order=(Order("year"),), limit=Param(0))
    found = answered(Batch(shape), await source.fetch(Batch(shape, [2020, 2021], (3,))))
    for year, rows in found.items():
        assert len(set(rows)) == 3
        assert set(rows) <= {(row["year"], row["id"]) for row in ROWS["event"] if row["year"] == year}


@pytest.mark.parametrize("descending", [False, True])
async def test_nulls_come_last_and_text_is_by_code_point(source: Source, descending: bool) -> None:
    shape = Shape("event", ("note", "id"), "year", order=(Order("note", descending), Order("id")))
    found = await check(source, Batch(shape, [2020, 2021, 2022, 2023]))
    for rows in found.values():
        notes = [note for note, _ in rows]
        assert None in notes
        present = [note for note in notes if note is not None]
        assert notes == sorted(present, reverse=descending) + [None] * (len(notes) - len(present))


async def test_text_is_compared_by_code_point(source: Source) -> None:
    shape = Shape("event", ("note",), "year", where=Compare("note", ">", Param(0)))
    found = await check(source, Batch(shape, [2020, 2021, 2022, 2023], ("a",)))
    assert {note for rows in found.values() for (note,) in rows} == {name for name in NAMES if name > "a"} - {None}


# Masks and guards.


async def test_masks_and_guards(source: Source) -> None:
    red = Compare("kind", "=", Param(0))
    shape = Shape("person", (Only(red, "name"), Holds(red), Nothing(), Only(Some(()), "id"), Only(All(()), "id")), "id")
    found = await check(source, Batch(shape, [row["id"] for row in ROWS["person"]], ("RED",)))
    for row in ROWS["person"]:
        is_red = row["kind"] == "RED"
        assert found[row["id"]] == [(row["name"] if is_red else None, is_red, None, None, row["id"])]


async def test_null_compares_false_even_with_null(source: Source) -> None:
    for operator in ("=", "<", "<=", ">", ">="):
        shape = Shape("person", (Holds(Compare("name", operator, Param(0))),), "id")
        found = await check(source, Batch(shape, [row["id"] for row in ROWS["person"]], (None,)))
        assert {rows[0] for rows in found.values()} == {(False,)}


async def test_what_does_not_hold_of_null_is_not(source: Source) -> None:
    red = Compare("kind", "=", Param(0))
    shape = Shape("person", ("kind", Only(Not(red), "id"), Holds(Not(Not(red)))), "id", where=Some((red, Not(red))))
    found = await check(source, Batch(shape, [row["id"] for row in ROWS["person"]], ("RED",)))
    assert len(found) == len(ROWS["person"])
    assert {rows[0][0] for rows in found.values()} >= {None, "RED"}
    assert all(shown == (None if kind == "RED" else number) for number, [(kind, shown, _)] in found.items())
    shape = Shape("person", (Holds(Not(All(()))), Holds(Not(Some(()))), Holds(Not(Compare("id", "=", Param(0))))), "id")
    assert await check(source, Batch(shape, [1], (None,))) == {1: [(False, True, True)]}


async def masked(source: Source, call: Call, column: str, values: Sequence[Any]) -> dict[Any, Any]:
    """What a call leaves of each of the column's values."""
    found = await check(
        source, Batch(Shape("person", (column, call), "id"), [row["id"] for row in ROWS["person"]], tuple(values))
    )
    left = dict(rows[0] for rows in found.values())
    assert left.pop(None) is None
    return left


async def test_bands_go_down_and_no_further_than_64_bits(source: Source) -> None:
    tens = await masked(source, Call("band", "score", (Param(0),)), "score", [10])
    assert tens == {SMALLEST: SMALLEST, -1: -10, 0: 0, 1: 0, 2: 0, 2**53 + 1: 2**53 - 2, LARGEST: LARGEST - 7}
    assert (await masked(source, Call("band", "score", (Param(0),)), "score", [2**62]))[SMALLEST] == SMALLEST
    for n in (1, 2, 3, 2**62 + 1, LARGEST - 1, LARGEST):
        for number, lower in (await masked(source, Call("band", "score", (Param(0),)), "score", [n])).items():
            assert lower == SMALLEST or (lower % n == 0 and number - n < lower <= number)


async def test_a_threshold_tells_whether_it_is_reached(source: Source) -> None:
    for n in (1, 2, LARGEST):
        left = await masked(source, Call("threshold", "score", (Param(0),)), "score", [n])
        assert left == {number: n if number >= n else 0 for number in left}


async def test_a_year_is_its_first_day(source: Source) -> None:
    left = await masked(source, Call("year", "born", ()), "born", [])
    assert left == {born: date(born.year, 1, 1) for born in left}


TEXTS = {
    "김철수": ("김**", "김철*", "*철수", "김철수"),
    "😀": ("😀", "😀", "😀", "😀"),
    "": ("", "", "", ""),
    "new\nline": ("n*******", "ne******", "******ne", "new\nline"),
    "서울특별시 종로구 사직로 8": ("서**************", "서울*************", "************* 8", "서울특별시 종로구"),
    "부산광역시 중구": ("부*******", "부산******", "******중구", "부산광역시 중구"),
    "two  spaces here": ("t***************", "tw**************", "**************re", "two "),
    " ": (" ", " ", " ", " "),
    "e\u0301 {0} 👨\u200d👩\u200d👧": ("e***********", "e\u0301**********", "**********\u200d👧", "e\u0301 {0}"),
}


async def test_characters_are_code_points_and_words_end_at_each_space(source: Source) -> None:
    calls = (
        Call("initial", "note", ()),
        Call("first", "note", (Param(0),)),
        Call("last", "note", (Param(0),)),
        Call("district", "note", ()),
    )
    batch = Batch(Shape("event", ("note", *calls), "year"), [2020, 2021, 2022, 2023], (2,))
    left = {note: shown for rows in (await check(source, batch)).values() for note, *shown in rows}
    assert left.pop(None) == [None] * 4
    assert {note: tuple(left[note]) for note in TEXTS} == TEXTS


async def test_fewer_characters_than_one_are_none_and_more_than_there_are_all(source: Source) -> None:
    for function in ("first", "last"):
        for n in (-1, 0, SMALLEST):
            left = await masked(source, Call(function, "name", (Param(0),)), "name", [n])
            assert left == {name: "*" * len(name) for name in left}
        for n in (100, 2**31, LARGEST):
            left = await masked(source, Call(function, "name", (Param(0),)), "name", [n])
            assert left == {name: name for name in left}


async def test_pseudonyms_differ_by_text_and_by_key(source: Source) -> None:
    call = Call("pseudonym", "name", (Param(0), Param(1)))
    one, other = [await masked(source, call, "name", hmac_blocks(key)) for key in (b"one", b"other")]
    assert len({*one.values(), *other.values()}) == len(one) + len(other) > 20
    assert all(len(shown) == 32 and not set(shown) - set("0123456789abcdef") for shown in one.values())


@pytest.mark.parametrize("function", ["band", "threshold", "first", "last"])
async def test_an_amount_of_null_leaves_nothing(source: Source, function: Any) -> None:
    column = "name" if function in ("first", "last") else "score"
    batch = Batch(Shape("person", (Call(function, column, (Param(0),)),), "id"), [1, 2, 4, 5], (None,))
    assert {tuple(row[1:]) for row in await source.fetch(batch)} == {(None,)}


async def test_a_call_on_a_call(source: Source) -> None:
    decade = Call("band", Call("years_since", "born", (Param(0),)), (Param(1),))
    city = Call("initial", Call("district", "name", ()), ())
    shape = Shape("person", (Only(Compare(decade, ">", Param(2)), decade), city, "born", "name"), "id")
    found = await check(source, Batch(shape, [row["id"] for row in ROWS["person"]], (date(2024, 3, 1), 10, 0)))
    assert {rows[0][0] for rows in found.values()} >= {None, 20, 30, 40}


# Beyond keyed columns.

HELD = Exists("event", "person_code", "code", Compare("year", "=", Param(0)))
NUMBERED = Exists("person", "id", "amount")


async def test_a_row_of_another_table_exists(able_source: Source) -> None:
    keys = [row["id"] for row in ROWS["person"]]
    some = {row["person_code"] for row in ROWS["event"] if row["year"] == 2020}
    shape = Shape("person", (Only(HELD, "name"), Holds(HELD), Holds(Not(HELD)), "name", "code"), "id")
    found = await check(able_source, Batch(shape, keys, (2020,)))
    for ((shown, there, absent, name, code),) in found.values():
        assert (shown, there, absent) == (name if code in some - {None} else None, code in some - {None}, not there)
    assert {rows[0][1] for rows in found.values()} == {False, True}
    assert any(rows[0][-1] is None for rows in found.values())
    for where in (HELD, Not(HELD), Exists("event", "person_code", "code")):
        for limit in (None, Param(1)):
            shape = Shape("person", ("id",), "kind", where=where, order=(Order("id"),), limit=limit)
            await check(able_source, Batch(shape, ["RED", "GREEN"], (2021, 3)))
        assert (await check(able_source, Batch(Shape("person", (Count(),), where=where), (), (2021,))))[None][0][0] > 0


async def test_existence_may_start_at_a_join_and_ask_on(able_source: Source) -> None:
    again = Exists("event", "person_code", "code", Compare("amount", ">", Param(0)))
    deep = Exists("person", "code", "p.code", All((again, Compare("kind", "in", Param(1)))))
    columns = (Json(("a", "b", "c"), (Only(deep, Call("initial", "p.name", ())), Holds(Not(deep)), "id")), Holds(deep))
    for key in (None, "year", "p.kind"):
        for limit in (None, Param(2)):
            shape = Shape("event", columns, key, (PERSON,), where=Not(NUMBERED), order=(Order("id"),), limit=limit)
            keys: Any = {None: (), "year": [2020, 2022], "p.kind": ["RED", "BLUE"]}[key]
            await check(able_source, Batch(shape, keys, (5, ["RED", "GREEN"], 4)))


async def test_an_absent_join_is_null_and_a_key_may_be_of_the_join(able_source: Source) -> None:
    shape = Shape("event", ("p.name", "p.id", "person_code"), "id", joins=(PERSON,))
    found = await check(able_source, Batch(shape, [row["id"] for row in ROWS["event"]]))
    assert len(found) == len(ROWS["event"])
    assert any(code is not None and number is None for rows in found.values() for _, number, code in rows)
    shape = Shape("event", ("amount",), "p.id", joins=(PERSON,), order=(Order("id"),), limit=Param(0))
    found = await check(able_source, Batch(shape, [1, 2, 4, LARGEST, 5], (2,)))
    assert found.keys() & {1, 2, 4, 5, LARGEST} == found.keys() != set()


async def test_joins_follow_one_another(able_source: Source) -> None:
    again = Join("q", "person", "id", "p.id")
    await check(able_source, Batch(Shape("event", ("q.name", "p.name"), "id", joins=(PERSON, again)), range(1, 121)))


async def test_count(able_source: Source) -> None:
    count = Shape("person", (Count(),), where=Compare("kind", "=", Param(0)))
    for kind in ("RED", "PURPLE"):
        await check(able_source, Batch(count, (), (kind,)))


async def test_json_alone_and_beside_columns(able_source: Source) -> None:
    json = Json(tuple(TABLES["person"]), tuple(TABLES["person"]))
    for columns in ((json,), ("id", json), (json, "id", json)):
        for key in (None, "id"):
            shape = Shape("person", columns, key, order=(Order("id"),))
            batch = Batch(shape, () if key is None else [1, 2, LARGEST])
            await check(able_source, batch)
            for row in await able_source.fetch(batch):
                for value in row:
                    assert not isinstance(value, (str, bytes)) or len(value.splitlines()) == 1


# Refusals.

UNKNOWN = [
    Shape("nobody", ("id",), "id"),
    Shape("person", ("nothing",), "id"),
    Shape("person", ("id",), "nothing"),
    Shape("person", ("p.id",), "id"),
    Shape("person", ("id",), "id", where=Compare("nothing", "=", Param(0))),
    Shape("person", ("id",), "id", order=(Order("nothing"),)),
    Shape("person", (Call("years_since", "name", (Param(0),)),), "id"),
    Shape("person", (Call("at_most", "score", ()),), "id"),
    Shape("person", (Call("band", "name", (Param(0),)),), "id"),
    Shape("person", (Call("initial", "score", ()),), "id"),
    Shape("person", (Call("pseudonym", "name", (Param(0),)),), "id"),
    Shape("person", (Call("band", Call("year", "born", ()), (Param(0),)),), "id"),
    Shape("person", (Call("initial", Call("initial", "nothing", ()), ()),), "id"),
    Shape("person", ("id",), "id", where=Not(Compare("nothing", "=", Param(0)))),
    Shape("person", ("id",), "id", where=Exists("nobody", "id", "id")),
    Shape("person", ("id",), "id", where=Exists("event", "nothing", "id")),
    Shape("person", ("id",), "id", where=Exists("event", "id", "nothing")),
    Shape("person", ("id",), "id", where=Exists("event", "person_code", "id")),
    Shape("person", ("id",), "id", where=Exists("event", "id", "id", Compare("code", "=", Param(0)))),
    Shape("person", (Holds(Not(Exists("event", "id", "id", Exists("event", "id", "score")))),), "id"),
    Shape("event", ("id",), "id", joins=(Join("p", "person", "nothing", "person_code"),)),
    Shape("event", ("id",), "id", joins=(Join("p", "person", "id", "person_code"),)),
    Shape("person", (Count(), "id"), "id"),
    Shape("person", (Count(),), "id"),
    Shape("person", (Json(("a", "a"), ("id", "name")),), "id"),
    Shape("person", (Json(("a",), ("id", "name")),), "id"),
    Shape('person"; DROP TABLE person; --', ("id",), "id"),
    Shape("person", ('id" FROM person; --',), "id"),
]


@pytest.mark.parametrize("shape", UNKNOWN, ids=repr)
async def test_a_shape_that_does_not_fit_the_tables_is_refused(source: Source, shape: Shape) -> None:
    with pytest.raises(SourceNonsense):
        await source.fetch(Batch(shape, [1], (1,)))


BEYOND = [
    Shape("event", ("p.id",), "id", joins=(PERSON,)),
    Shape("person", ("id",)),
    Shape("person", (Count(),)),
    Shape("person", (Json(("id",), ("id",)),), "id"),
    Shape("person", ("id",), "id", where=Exists("event", "id", "id")),
    Shape("person", (Holds(Not(Some((Exists("event", "id", "id"),)))),), "id"),
    Shape("person", (Only(All((Exists("event", "id", "id"),)), "id"),), "id"),
]


@pytest.mark.parametrize("shape", BEYOND, ids=repr)
async def test_what_a_source_is_not_able_to_do_is_refused(every_source: Mapping[str, Source], shape: Shape) -> None:
    http = every_source["http"]
    assert http.capabilities.joins is http.capabilities.scan is http.capabilities.json is False
    with pytest.raises(SourceNonsense):
        await http.fetch(Batch(shape, [1]))
