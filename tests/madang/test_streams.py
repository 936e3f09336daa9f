"""Events as they come, over real connections: by WebSocket and server-sent events, until token, law or gateway ends."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import shutil
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from auth.access import Caller
from auth.feed import Arrival, Recipient, Row, arrive
from auth.ledger import LedgerUnavailable
from madang import websocket
from madang.embedded import Embedded, known_residents
from madang.gateway import Gateway, open_gateway, read_law
from madang.serving import Server
from madang.settings import Settings
from tests.resolvers.telling import CONSENTED, TRIAL

UPKEEP = "register-upkeep"
INSURER = Caller("nhis", "register-system", "nhis-system")
PENSIONS = Caller("nps", "register-system", "nps-system")
WHOLE = "subscription ($after: BigInt) { events(after: $after) { sequence kind resident { rrn } } }"
PLAIN = "subscription ($after: BigInt) { events(after: $after) { sequence kind } }"
WITHIN = 20.0
"""Seconds for whatever takes a second or two, as long as the machine is busy."""


@dataclass
class Served:
    """A gateway that serves over the sample nation, with a law of its own."""

    address: str
    gateway: Gateway
    nation: Embedded
    law: Path
    server: Server
    origin: int = 10**9

    def token(self, caller: Caller = INSURER, lifetime: int = 3600) -> str:
        assert self.gateway.minter is not None
        return self.gateway.minter.mint(caller, lifetime=lifetime)

    def headers(self, caller: Caller = INSURER, lifetime: int = 3600) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(caller, lifetime)}", "Madang-Purpose": UPKEEP}

    async def tell(self, count: int = 1, caller: Caller = INSURER, kind: str = "RESIDENT_BORN") -> int:
        """Somebody is told of so much; the last number."""
        recipient, rrn = Recipient(caller.agency, caller.role, UPKEEP), known_residents()["citizen"]
        arrivals = [
            Arrival(Row(self.origin + n, kind, rrn, (), dt.datetime.now(dt.UTC)), {recipient: None}, {}, decided=True)
            for n in range(count)
        ]
        self.origin += count
        connection = await asyncpg.connect(self.nation.gateway_dsn)
        await arrive(connection, "mois", arrivals)
        last: int = await connection.fetchval("SELECT last FROM event_feed WHERE agency = $1 AND role = $2", *recipient[:2])
        await connection.close()
        return last


@contextmanager
def running(settings: Settings, nation: Embedded) -> Iterator[Served]:
    gateway = open_gateway(settings, read_law(settings), nation)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(gateway, log_level="critical")
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield Served(f"127.0.0.1:{listening.getsockname()[1]}", gateway, nation, settings.regulations, server)
        finally:
            server.should_exit = True
            thread.join(WITHIN)
            assert not thread.is_alive(), "no stream may keep a server from stopping"


@pytest.fixture(scope="module")
def own(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    law = tmp_path_factory.mktemp("streams") / "regulations"
    shutil.copytree(settings.regulations, law)
    (law / "mois_trial.yaml").write_text(TRIAL, "utf-8")
    return replace(settings, regulations=law)


@pytest.fixture(scope="module")
def here(own: Settings, nation: Embedded) -> Iterator[Served]:
    with running(own, nation) as served:
        yield served


# The two ways to stream, as small as they can be


@asynccontextmanager
async def connected(served: Served, *, init: Mapping[str, Any] | None = None, **options: Any) -> AsyncIterator[ClientConnection]:
    options.setdefault("subprotocols", ["graphql-transport-ws"])
    async with asyncio.timeout(WITHIN), connect(f"ws://{served.address}/graphql", **options) as socket:
        if init is not None:
            await say(socket, type="connection_init", payload=init)
            assert await heard(socket) == {"type": "connection_ack"}
        yield socket


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def heard(socket: ClientConnection) -> Any:
    return json.loads(await socket.recv())


async def ask(socket: ClientConnection, query: str, id: str = "1", **variables: Any) -> None:
    await say(socket, type="subscribe", id=id, payload={"query": query, "variables": variables})


async def closed(socket: ClientConnection) -> int | None:
    """The code with which the server closes."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else None


@asynccontextmanager
async def sse(
    served: Served, headers: Mapping[str, str], query: str = PLAIN, **variables: Any
) -> AsyncIterator[AsyncIterator[Any]]:
    """A stream's events, each with its data."""
    body = {"query": query, "variables": variables}
    accept = {"Accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(base_url=f"http://{served.address}", timeout=WITHIN) as client,
        client.stream("POST", "/graphql", json=body, headers={**headers, **accept}) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream"), await response.aread()
        yield _events(response)


async def _events(response: httpx.Response) -> AsyncIterator[Any]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: ") and name == "next":
            yield json.loads(line.removeprefix("data: "))
        elif line.startswith("data:"):
            yield name


def numbers(answer: Any) -> list[int]:
    return [each["sequence"] for each in answer["data"]["events"]]


# WebSocket


async def test_a_subscription_goes_on_from_where_it_is_asked_to_and_tells_what_comes(here: Served) -> None:
    first = await here.tell(3)
    async with connected(here, init=here.headers()) as socket:
        await say(socket, type="ping", payload={"any": 1})
        assert await heard(socket) == {"type": "pong", "payload": {"any": 1}}
        await say(socket, type="pong")
        await ask(socket, WHOLE, after=first - 2)
        message = await heard(socket)
        assert (message["id"], message["type"]) == ("1", "next")
        assert numbers(message["payload"]) == [first - 1, first]
        assert message["payload"]["data"]["events"][0]["resident"] == {"rrn": known_residents()["citizen"]}
        last = await here.tell()
        assert numbers((await heard(socket))["payload"]) == [last]
        await ask(socket, f"{{ events(after: {last - 1}, first: 1) {{ kind }} }}", id="2")
        assert (await heard(socket))["payload"]["data"] == {"events": [{"kind": "RESIDENT_BORN"}]}
        assert await heard(socket) == {"id": "2", "type": "complete"}
        await say(socket, type="complete", id="1")
        await here.tell()
        await ask(socket, "{ nonsense }", id="1")
        message = await heard(socket)
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "GRAPHQL_VALIDATION_FAILED")


async def test_headers_of_the_handshake_will_do(here: Served) -> None:
    async with connected(here, init={}, additional_headers=here.headers()) as socket:
        await ask(socket, "{ events(first: 1) { kind } }")
        assert (await heard(socket))["type"] == "next"


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["no JSON"], 4400),
        (["[]"], 4400),
        ([b"\x00"], 4400),
        (['{"type": "unheard of"}'], 4400),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{ x }"}}'], 4401),
        (['{"type": "connection_init", "payload": {"Authorization": "Bearer nobody"}}'], 4403),
        (['{"type": "connection_init"}'], 4403),
        (['{"type": "connection_init", "payload": []}'], 4400),
        (["INIT", "INIT"], 4429),
        (["INIT", '{"type": "subscribe", "id": "", "payload": {}}'], 4400),
        (["INIT", "STREAM", "STREAM"], 4409),
        (["INIT", "LONG"], 1009),
    ],
)
async def test_what_is_against_the_protocol_is_closed_with_its_code(here: Served, messages: list[Any], code: int) -> None:
    said = {
        "INIT": json.dumps({"type": "connection_init", "payload": here.headers()}),
        "STREAM": json.dumps({"type": "subscribe", "id": "1", "payload": {"query": PLAIN, "variables": {"after": 10**12}}}),
        "LONG": " " * (here.gateway.settings.server.body + 1),
    }
    async with connected(here) as socket:
        for message in messages:
            await socket.send(said.get(message, message) if isinstance(message, str) else message)
        assert await closed(socket) == code


async def test_who_says_nothing_or_speaks_otherwise_is_closed(here: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "INIT_SECONDS", 0.1)
    async with connected(here) as socket:
        assert await closed(socket) == 4408
    async with connected(here, subprotocols=None) as socket:
        assert await closed(socket) == 4406


async def test_a_connection_has_so_many_operations_open(here: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "OPERATIONS", 2)
    async with connected(here, init=here.headers()) as socket:
        for id in ("1", "2", "3"):
            await ask(socket, PLAIN, id=id, after=10**12)
        message = await heard(socket)
        assert (message["id"], message["payload"][0]["extensions"]["code"]) == ("3", "LIMIT_EXCEEDED")


# Server-sent events


async def test_who_was_away_reads_a_thousand_at_a_time_and_who_is_killed_goes_on(here: Served) -> None:
    before = await here.tell()
    last = await here.tell(2300)
    seen: list[int] = []
    async with sse(here, here.headers(), after=before) as events:
        async for answer in events:
            assert len(numbers(answer)) == 1000
            seen += numbers(answer)
            break  # It is killed here.
    kept = seen[:700]  # Of what it was told it had kept so much.
    async with sse(here, here.headers(), after=kept[-1]) as events:
        async for answer in events:
            kept += numbers(answer)
            if kept[-1] == last:
                break
    assert kept == list(range(before + 1, last + 1)), "nothing is lost, and what came twice has the same number"


async def test_a_query_and_a_mistake_are_answered_at_once(here: Served) -> None:
    async with sse(here, here.headers(), "{ events(first: 1) { kind } }") as events:
        assert [each if each == "complete" else list(each["data"]) async for each in events] == [["events"], "complete"]
    wrong = {"query": "subscription { nonsense }"}
    headers = here.headers() | {"Accept": "text/event-stream"}
    async with httpx.AsyncClient(base_url=f"http://{here.address}", timeout=WITHIN) as client:
        answer = await client.post("/graphql", json=wrong, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "GRAPHQL_VALIDATION_FAILED")
        plain = await client.post("/graphql", json={"query": PLAIN}, headers=here.headers())
        assert plain.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        got = await client.get("/graphql", params={"query": "{ events(first: 1) { kind } }"}, headers=headers)
        assert got.text.endswith("event: complete\ndata: \n\n")


async def test_a_stream_ends_at_the_second_at_which_its_token_does(here: Served) -> None:
    last = await here.tell()
    ends = int(time.time()) + 2
    async with sse(here, here.headers(lifetime=2), after=last) as events:
        found = [each async for each in events]
    assert [each["errors"][0]["extensions"]["code"] for each in found[:-1]] == ["TOKEN_EXPIRED"]
    assert found[-1] == "complete"
    assert ends <= time.time() < ends + WITHIN


async def test_a_stream_ends_when_a_consent_is_taken_back(here: Served) -> None:
    connection, rrn = await asyncpg.connect(here.nation.gateway_owner_dsn), known_residents()["citizen"]
    today = dt.datetime.now(here.gateway.settings.server.timezone).date()
    await connection.executemany(
        """INSERT INTO consent (id, rrn, agency, purpose, item, since, until, revoked)
        SELECT coalesce(max(id), 0) + 1, $1, 'nps', $2, $3, $4, $5, false FROM consent""",
        [(rrn, UPKEEP, item, today, today + dt.timedelta(days=9)) for item in CONSENTED],
    )  # fmt: skip
    last = await here.tell(caller=PENSIONS)
    try:
        async with sse(here, here.headers(PENSIONS), after=last - 1) as events:
            assert numbers(await anext(events)) == [last]
            await connection.execute("UPDATE consent SET revoked = true WHERE agency = 'nps' AND purpose = $1", UPKEEP)
            assert (await anext(events))["errors"][0]["extensions"]["code"] == "CONSENT_REVOKED"
            assert await anext(events) == "complete"
        await here.tell(caller=PENSIONS)
        async with httpx.AsyncClient(base_url=f"http://{here.address}", timeout=WITHIN) as client:
            answer = await client.post("/graphql", json={"query": "{ events { kind } }"}, headers=here.headers(PENSIONS))
            assert answer.json()["data"] == {"events": []}
    finally:
        await connection.execute("DELETE FROM consent WHERE agency = 'nps' AND purpose = $1", UPKEEP)
        await connection.close()


async def test_what_cannot_be_recorded_is_not_sent(here: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def append(record: object) -> asyncio.Future[int]:
        failed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        failed.set_exception(LedgerUnavailable())
        return failed

    last = await here.tell()
    async with connected(here, init=here.headers()) as socket:
        await ask(socket, PLAIN, after=last - 1)
        assert numbers((await heard(socket))["payload"]) == [last]
        monkeypatch.setattr(here.gateway.engine._ledger, "append", append)
        await here.tell()
        message = await heard(socket)
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "LEDGER_UNAVAILABLE")


# The law and the gateway


async def test_a_stream_ends_when_the_law_no_longer_grants_it(here: Served) -> None:
    file = here.law / "events.yaml"
    before, last = file.read_text("utf-8"), await here.tell()
    try:
        async with sse(here, here.headers(), after=last - 1) as events:
            assert numbers(await anext(events)) == [last]
            file.write_text(before.replace("Event.sequence, Event.kind]\n", "Event.kind]\n", 2), "utf-8")
            answer = await anext(events)
            assert answer["data"] == {"events": None}
            assert answer["errors"][0]["extensions"]["coordinate"] == "Event.sequence"
            assert await anext(events) == "complete"
    finally:
        file.write_text(before, "utf-8")


async def test_streams_are_told_when_the_gateway_stops(own: Settings, nation: Embedded) -> None:
    gone: list[Any] = []
    with running(own, nation) as served:
        last = await served.tell()
        async with connected(served, init=served.headers()) as socket, sse(served, served.headers(), after=last - 1) as events:
            await ask(socket, PLAIN, after=last - 1)
            assert numbers((await heard(socket))["payload"]) == numbers(await anext(events)) == [last]
            served.server.should_exit = True
            gone = [each async for each in events]
            assert await closed(socket) in (1001, 1012)
    assert gone == [], "it is not said to be complete, so that one goes on elsewhere"


# Whole


async def test_a_move_in_a_register_reaches_the_streams_of_those_whom_it_concerns(here: Served) -> None:
    """From the outbox of a register on."""
    jongno = Caller("jongno", "register-system", "jongno-system", jurisdiction="11110")
    connection = await asyncpg.connect(here.nation.owner_dsns["mois"])
    async with connected(here, init=here.headers()) as insurer, connected(here, init=here.headers(jongno)) as district:
        for socket in (insurer, district):
            await ask(socket, "subscription { events(kinds: [HEAD_CHANGED]) { kind register resident { rrn } } }")
        await connection.execute(
            "INSERT INTO outbox (kind, rrn, districts, receipt) VALUES ('HEAD_CHANGED', $1, '{11110}', 'test')",
            known_residents()["citizen"],
        )  # fmt: skip
        for socket in (insurer, district):
            message = await heard(socket)
            assert message["payload"]["data"]["events"] == [
                {"kind": "HEAD_CHANGED", "register": "mois", "resident": {"rrn": known_residents()["citizen"]}}
            ]
    async with asyncio.timeout(WITHIN):
        while await connection.fetchval("SELECT count(*) FROM outbox WHERE receipt = 'test'"):  # noqa: ASYNC110 the gateway's doing
            await asyncio.sleep(0.02)
    await connection.close()
