"""Law 5 under SIGKILL: gateways and their database are killed under load, and whatever a client received is in the ledger.

The clients note what they were shown, and the ledger is read and verified afterwards with nothing but its tables. That it also
has what nobody received is no fault: it was written, and then there was nobody left to send it.
"""

from __future__ import annotations

import asyncio
import random
import select
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from madang.embedded import Embedded
from madang.settings import Settings
from tests.madang.mortal import Database, Gateway, Place, Succession, database, until
from tests.madang.noted import Load, Note, Question, Questions, answered, ask, check, told

GATEWAYS, OUTAGES, PEERS = 10, 5, 2
"""How many are killed."""
RECOVERY = 2.0
"""Seconds after which a gateway shows something again once its database is back."""
TIMEOUT = 2.0
"""Seconds after which a gateway gives up what is not written."""
INTROSPECTION = Question(b'{"query": "{ __schema { queryType { name } } }"}', {}, lambda data: {})


@pytest.fixture(scope="module")
def mortal() -> Iterator[Database]:
    with database() as running:
        yield running


@pytest.fixture
def draw() -> random.Random:
    return random.Random(5)


def test_whatever_a_killed_gateway_showed_is_in_the_ledger(
    mortal: Database, nation: Embedded, settings: Settings, tmp_path: Path, draw: random.Random
) -> None:
    place = Place.make(tmp_path / "place", settings, nation, mortal.create("gateways"), TIMEOUT)
    with ExitStack() as stack:
        gateways = Succession(place, stack)
        load = stack.enter_context(Load(Questions.about(nation, place)))
        for number in range(GATEWAYS):
            gateway = gateways.next(last=number == GATEWAYS - 1)
            load.address = gateway.ready()
            until(load.more(50))
            time.sleep(draw.uniform(0, 0.5))
            gateway.kill()
            load.address = ""
    assert not load.wrong
    assert load.broken >= GATEWAYS, "each was killed while it was asked"
    assert set(load.codes()) == {None, "PURPOSE_REQUIRED", "REJECTED"}
    check(load.notes, told(mortal.superuser("gateways"), place.signer))


def test_while_the_database_is_away_nothing_is_shown_and_nothing_is_lost(
    mortal: Database, nation: Embedded, settings: Settings, tmp_path: Path, draw: random.Random
) -> None:
    place = Place.make(tmp_path / "place", settings, nation, mortal.create("outages"), TIMEOUT)
    outages = []
    with ExitStack() as stack:
        stack.callback(mortal.start)  # If it is away still when something fails.
        gateway = _gateway(place, 1, stack)
        load = stack.enter_context(Load(Questions.about(nation, place), address=gateway.ready()))
        for _ in range(OUTAGES):
            until(load.more(50))
            time.sleep(draw.uniform(0, 0.5))
            mortal.kill()
            since = time.monotonic()
            until(load.more(20))
            outages.append((since, time.monotonic()))
            mortal.start()
            back = time.monotonic()
            until(partial(load.shows, back))
            assert time.monotonic() - back < RECOVERY
    assert not load.wrong
    assert not load.broken
    assert set(load.codes()) == {None, "PURPOSE_REQUIRED", "REJECTED", "LEDGER_UNAVAILABLE"}
    assert all(map(_is_unavailable, (note for note in load.notes if note.code == "LEDGER_UNAVAILABLE")))
    for since, then in outages:
        meanwhile = [note for note in load.notes if note.began > since and note.ended < then]
        assert meanwhile
        assert all(map(_is_unavailable, meanwhile))
    check(load.notes, told(mortal.superuser("outages"), place.signer))


def test_a_gateway_that_dies_leaves_the_others_alone(
    mortal: Database, nation: Embedded, settings: Settings, tmp_path: Path, draw: random.Random
) -> None:
    """Two write one chain. One stands still, goes on and is killed, and again another in its place."""
    place = Place.make(tmp_path / "place", settings, nation, mortal.create("peers"), TIMEOUT)
    questions = Questions.about(nation, place)
    with ExitStack() as stack:
        peers = Succession(place, stack)
        one = _gateway(place, 0, stack)
        load = stack.enter_context(Load(questions, clients=3, address=one.ready()))
        other = stack.enter_context(Load(questions, clients=3))
        for number in range(PEERS):
            peer = peers.next(last=number == PEERS - 1)
            other.address = peer.ready()
            until(other.more(50))
            for _ in range(3):
                with peer.stopped():
                    until(load.more(20))
                time.sleep(draw.uniform(0, 0.1))
            peer.kill()
            other.address = ""
            until(load.more(50))
    assert not load.wrong
    assert not other.wrong
    assert not load.broken
    assert set(load.codes()) == {None, "PURPOSE_REQUIRED", "REJECTED"}, "no request fails for another gateway's sake"
    assert max(note.ended - note.began for note in load.notes) < 2 * TIMEOUT
    check([*load.notes, *other.notes], told(mortal.superuser("peers"), place.signer))


def test_no_byte_is_sent_before_the_commit(mortal: Database, nation: Embedded, settings: Settings, tmp_path: Path) -> None:
    place = Place.make(tmp_path / "place", settings, nation, mortal.create("frozen"), 2 * TIMEOUT)
    superuser, questions = mortal.superuser("frozen"), Questions.about(nation, place)
    question = questions.one(next(iter(questions.numbers.values())), questions.renewal, random.Random(5))
    with ExitStack() as stack:
        client = HTTPConnection(urlsplit(_gateway(place, 1, stack).ready()).netloc, timeout=20)
        other = HTTPConnection(client.host, client.port, timeout=20)
        stack.callback(client.close)
        stack.callback(other.close)
        notes = [ask(client, question)]

        with _frozen(superuser):
            began = _send(client, question)
            assert not select.select([client.sock], [], [], 0.5)[0], "something was sent before it was written"
            # What discloses nothing does not wait.
            other.request("GET", "/healthz")
            assert other.getresponse().read()
            introspected = ask(other, Question(INTROSPECTION.body, question.headers, INTROSPECTION.shown))
            assert introspected.status == 200
            assert not select.select([client.sock], [], [], 0.5)[0], "something was sent before it was written"
        notes.append(answered(client, question, began))

        with _frozen(superuser):
            refused = ask(client, question)
            assert _is_unavailable(refused)
            assert refused.ended - refused.began > TIMEOUT, "it was waited for"
            # The statement that was given up waits no longer either: else there would be more of them with every request.
            until(lambda: not asyncio.run(_waiting(superuser)), within=2 * TIMEOUT)
        notes.append(ask(client, question))
    assert [note.code for note in notes] == [None] * 3
    check(notes, told(superuser, place.signer))


def _gateway(place: Place, number: int, stack: ExitStack) -> Gateway:
    gateway = Gateway(place, number)
    stack.callback(gateway.gone)
    return gateway


def _is_unavailable(note: Note) -> bool:
    return (note.status, note.code, note.retry) == (503, "LEDGER_UNAVAILABLE", "2")


def _send(client: HTTPConnection, question: Question) -> float:
    began = time.monotonic()
    client.request("POST", "/graphql", question.body, dict(question.headers))
    return began


@contextmanager
def _frozen(dsn: str) -> Iterator[None]:
    """Nothing can be written to the chain."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(dsn))
        try:
            runner.run(connection.execute("BEGIN; LOCK TABLE ledger_block IN ACCESS EXCLUSIVE MODE"))
            yield
        finally:
            runner.run(connection.close())


async def _waiting(dsn: str) -> int:
    """Statements of gateways that wait for a lock."""
    connection = await asyncpg.connect(dsn)
    waiting = "application_name = 'madang' AND wait_event_type = 'Lock'"
    found: int = await connection.fetchval(f"SELECT count(*) FROM pg_stat_activity WHERE {waiting}")
    await connection.close()
    return found
