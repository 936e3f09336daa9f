"""What streams and the feed could tell of others, or be made to do; over real connections, to the sample nation."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest

from auth.access import Caller
from auth.feed import Arrival, Recipient, Row, arrive
from madang.embedded import Embedded
from madang.settings import ServiceSettings, Settings
from tests.madang.reporting import BIRTH, CITIZEN, FATHER, MOVE, birth, move, rows
from tests.madang.test_streams import UPKEEP, WITHIN, Served, ask, connected, heard, running, say

JONGNO = Caller("jongno", "register-system", "jongno-system", jurisdiction="11110")
GUARD = Caller("mma", "register-system", "mma-system")
READ = "{ events(after: 0, first: 1000) { sequence resident { rrn name address districtCode } } }"
LEDGER = "LOCK TABLE ledger_block IN ACCESS EXCLUSIVE MODE"


@pytest.fixture(scope="module")
def here(settings: Settings, changing: Embedded) -> Iterator[Served]:
    assert settings.services.directory is not None
    services = ServiceSettings(settings.services.directory, agencies={"nps": "approved"})
    with running(replace(settings, services=services), changing) as served:
        yield served


async def told(here: Served, caller: Caller, kind: str, rrn: str, district: str | None = None, *, origin: int) -> None:
    """Somebody was told once that something happened to a resident."""
    row = Row(origin, kind, rrn, (), dt.datetime.now(dt.UTC))
    connection = await asyncpg.connect(here.nation.gateway_dsn)
    await arrive(connection, "mois", [Arrival(row, {Recipient(caller.agency, caller.role, UPKEEP): district}, {}, decided=True)])
    await connection.close()


async def read(here: Served, caller: Caller, query: str = READ) -> Any:
    async with httpx.AsyncClient(base_url=f"http://{here.address}", timeout=WITHIN) as client:
        return (await client.post("/graphql", json={"query": query}, headers=here.headers(caller))).json()


@asynccontextmanager
async def locking(dsn: str, statement: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"BEGIN; {statement}")
    try:
        yield
    finally:
        await connection.close()


# ── After the relation has ended ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_left_a_district_is_not_followed_to_others_by_its_old_events(here: Served) -> None:
    """The feed is read again from its beginning, long after the resident has moved on, and fears to be found."""
    found = (
        "SELECT rrn FROM resident WHERE address_protected AND district_code NOT IN ('11110') AND status = 'REGISTERED' LIMIT 1"
    )
    ((rrn,),) = await rows(here.nation.owner_dsns["mois"], found)
    await told(here, JONGNO, "MOVED_IN", rrn, "11110", origin=-1)
    answer = await read(here, JONGNO)
    (resident,) = [each["resident"] for each in answer["data"]["events"] if each["resident"]["rrn"] == rrn]
    assert resident == {"rrn": rrn, "name": None, "address": None, "districtCode": None}


async def test_who_is_no_longer_liable_to_service_is_not_followed_by_old_events(here: Served) -> None:
    mois, mma = here.nation.owner_dsns["mois"], here.nation.owner_dsns["mma"]
    numbers = [row[0] for row in await rows(mma, "SELECT rrn FROM military_service WHERE kind = 'RESERVE'")]
    living = """SELECT rrn, address FROM resident WHERE rrn = ANY($1) AND address IS NOT NULL AND household_id NOT IN (
        SELECT household_id FROM resident WHERE address_protected AND household_id IS NOT NULL) LIMIT 1"""
    ((rrn, address),) = await rows(mois, living, numbers)
    moved = "INSERT INTO outbox (kind, rrn, districts, receipt) VALUES ('MOVED_IN', $1, '{11110}', 'served')"
    await rows(mois, moved, rrn)
    query = "{ events { resident { rrn address } } }"
    async with asyncio.timeout(WITHIN):
        while {"rrn": rrn, "address": address} not in await seen(here, GUARD, query):  # noqa: ASYNC110 the relay's doing
            await asyncio.sleep(0.05)
    await rows(mma, "UPDATE military_service SET kind = 'EXEMPT' WHERE rrn = $1", rrn)
    try:
        assert address not in [each["address"] for each in await seen(here, GUARD, query)], "the relation has ended"
    finally:
        await rows(mma, "UPDATE military_service SET kind = 'RESERVE' WHERE rrn = $1", rrn)


async def seen(here: Served, caller: Caller, query: str) -> list[Any]:
    return [each["resident"] for each in (await read(here, caller, query))["data"]["events"]]


# ── Operations of all kinds ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription ($no: Boolean!) { events @skip(if: $no) { kind } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($no: Boolean!) { ...F } fragment F on Subscription { events @skip(if: $no) { kind } }", ""),
        ("subscription ($no: Boolean!) { __typename @skip(if: $no) events { kind } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($no: Boolean!) { a: events { kind } b: events @skip(if: $no) { kind } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __schema { types { name } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { events(first: 1) { kind } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription A { events(kinds: []) { kind } } query B { events { kind } }", "OPERATION_RESOLUTION_FAILURE"),
    ],
)
async def test_a_subscription_is_one_feed_and_nothing_else(here: Served, query: str, code: str) -> None:
    async with connected(here, init=here.headers()) as socket:
        await ask(socket, query, no=True)
        message = await heard(socket)
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] in (code or "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT")


async def test_an_agency_of_approved_documents_streams_no_others(here: Served) -> None:
    pensions = Caller("nps", "register-system", "nps-system")
    text = "subscription { events { kind } }"
    async with connected(here, init=here.headers(pensions)) as socket:
        for query in (text, "{ __typename }", 'mutation { giveConsent(key: "1", input: {}) { __typename } }', "{"):
            await ask(socket, query, id=query)
            message = await heard(socket)
            assert (message["id"], message["payload"][0]["extensions"]["code"]) == (query, "DOCUMENT_NOT_APPROVED")
    for query in (text, "{ __typename }"):
        headers = here.headers(pensions) | {"Accept": "text/event-stream"}
        async with httpx.AsyncClient(base_url=f"http://{here.address}", timeout=WITHIN) as client:
            for answer in (
                await client.post("/graphql", json={"query": query}, headers=headers),
                await client.get("/graphql", params={"query": query}, headers=headers),
            ):
                assert answer.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_APPROVED"


async def test_no_report_is_made_by_get(here: Served) -> None:
    headers = here.headers(CITIZEN) | {"Accept": "text/event-stream"}
    texts = (
        'mutation { giveConsent(key: "1", input: {}) { __typename } }',
        'query A { __typename } mutation B { giveConsent(key: "1", input: {}) { __typename } }',
    )
    async with httpx.AsyncClient(base_url=f"http://{here.address}", timeout=WITHIN) as client:
        for text, name in ((texts[0], None), (texts[1], "B"), (texts[1], None)):
            params = {"query": text} | ({"operationName": name} if name else {})
            assert (await client.get("/graphql", params=params, headers=headers)).status_code == 405


# ── Who goes away in the middle of a report ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("leaves", ["complete", "disconnect"])
async def test_who_goes_away_in_the_middle_of_a_report_leaves_nothing_open(here: Served, leaves: str) -> None:
    address = f"서울특별시 종로구 떠난길 {len(leaves)}"
    init = here.headers(CITIZEN) | {"Madang-Purpose": "change-of-address"}
    mois = here.nation.owner_dsns["mois"]
    home = "SELECT rrn FROM resident WHERE household_id = (SELECT household_id FROM resident WHERE rrn = $1)"
    everybody = [row[0] for row in await rows(mois, home, FATHER)]
    given = {"query": MOVE, "variables": {"key": f"leaves by {leaves}", "input": move(*everybody, to=address)}}
    locked = "SELECT id FROM household WHERE id = (SELECT household_id FROM resident WHERE rrn = $1) FOR UPDATE SKIP LOCKED"
    async with locking(here.nation.gateway_owner_dsn, LEDGER):
        async with connected(here, init=init) as socket:
            await say(socket, type="subscribe", id="1", payload=given)
            async with asyncio.timeout(WITHIN):
                while await rows(mois, locked, FATHER):  # noqa: ASYNC110 another connection's doing
                    await asyncio.sleep(0.02)
            if leaves == "complete":
                await say(socket, type="complete", id="1")
                await say(socket, type="ping")
                assert await heard(socket) == {"type": "pong"}
        async with asyncio.timeout(WITHIN):
            while not await rows(mois, locked, FATHER):  # noqa: ASYNC110 another connection's doing
                await asyncio.sleep(0.02)
    assert await rows(mois, "SELECT FROM resident WHERE address = $1", address) == []
    headers = init | {"Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=f"http://{here.address}", timeout=WITHIN) as client:
        again = (await client.post("/graphql", json=given, headers=headers)).json()
    assert again["data"]["reportMoveIn"]["state"] == "DONE", "and the ledger goes on as if nothing had been"


async def test_who_goes_away_when_two_registers_have_prepared_a_report_leaves_it_in_neither(here: Served) -> None:
    given = {"query": BIRTH, "variables": {"key": "leaves a birth", "input": birth("김떠남")}}
    prepared = "SELECT gid FROM pg_prepared_xacts"
    mois = here.nation.owner_dsns["mois"]
    async with locking(here.nation.gateway_owner_dsn, LEDGER):
        async with connected(here, init=here.headers(CITIZEN) | {"Madang-Purpose": "birth-registration"}) as socket:
            await say(socket, type="subscribe", id="1", payload=given)
            async with asyncio.timeout(WITHIN):
                while len(await rows(mois, prepared)) < 2:  # noqa: ASYNC110 another connection's doing
                    await asyncio.sleep(0.02)
        async with asyncio.timeout(WITHIN):
            while await rows(mois, prepared):  # noqa: ASYNC110 another connection's doing
                await asyncio.sleep(0.02)
    assert await rows(mois, "SELECT FROM resident WHERE name = '김떠남'") == []


# ── The gateway's role ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM event", "UPDATE event SET kind = 'MOVED_IN'", "TRUNCATE event", "DELETE FROM event_feed",
        "DELETE FROM event_moved", "UPDATE event_fact SET holds = true", "UPDATE consent SET revoked = false",
        "INSERT INTO consent SELECT * FROM consent", "SELECT answer FROM report", "UPDATE joint_report SET outcome = 'DONE'",
        "INSERT INTO outbox (kind) VALUES ('X')", "UPDATE outbox SET rrn = ''", "CREATE TABLE mine ()",
    ],
)  # fmt: skip
async def test_the_gateways_role_adds_to_the_feed_and_changes_nothing_that_was_told(here: Served, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await rows(here.nation.gateway_dsn, statement)
