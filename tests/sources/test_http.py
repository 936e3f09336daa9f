"""A register behind HTTP that is down, slow, refuses or answers nonsense, and what is asked of it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from sources import http
from sources.http import HttpSource
from sources.protocol import (
    Batch,
    Call,
    Compare,
    Holds,
    Not,
    Only,
    Order,
    Param,
    Shape,
    SourceError,
    SourceNonsense,
    SourceTimeout,
    SourceUnavailable,
)
from tests.sources.register import TABLES, Register, served

BY_ID = Shape("person", ("name",), "id")
ONE = Batch(BY_ID, [1])


@pytest.fixture(scope="module")
def served_register() -> Iterator[tuple[Register, str]]:
    register = Register()
    with served(register.app) as url:
        yield register, url


@pytest.fixture
def register(served_register: tuple[Register, str]) -> Iterator[Register]:
    register, _ = served_register
    register.requests.clear()
    yield register
    register.fault = None


@pytest.fixture
async def source(register: Register, served_register: tuple[Register, str]) -> AsyncIterator[HttpSource]:
    source = HttpSource("person-register", served_register[1] + "/", TABLES, api_key=register.api_key, keys_per_request=10)
    yield source
    await source.aclose()


async def failure(source: HttpSource, batch: Batch = ONE) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await source.fetch(batch)
    assert caught.value.source == source.name
    return caught.value


# What is asked.


async def test_only_the_columns_that_the_shape_reads_are_asked_for(register: Register, source: HttpSource) -> None:
    red = Compare("kind", "=", Param(0))
    shape = Shape(
        "person",
        (Only(red, "name"), Holds(red), Call("reached_age", "born", (Param(1), Param(2)))),
        "code",
        where=Not(Compare(Call("band", Call("threshold", "score", (Param(1),)), (Param(1),)), "<", Param(1))),
        order=(Order("id"),),
    )
    await source.fetch(Batch(shape, ["c1"], ("RED", 0, None)))
    (asked,) = register.requests
    assert asked["fields"] == ["code", "kind", "name", "born", "score", "id"]
    assert (asked["table"], asked["key"], asked["keys"]) == ("person", "code", ["c1"])


async def test_keys_go_in_pages_each_once(register: Register, source: HttpSource) -> None:
    keys = [*range(1, 26), *range(1, 26)]
    rows = await source.fetch(Batch(BY_ID, keys))
    assert sorted(len(asked["keys"]) for asked in register.requests) == [5, 10, 10]
    assert sorted(key for asked in register.requests for key in asked["keys"]) == list(range(1, 26))
    assert len(rows) == 24


async def test_requests_at_once_are_bounded(register: Register, source: HttpSource) -> None:
    under_way: list[int] = []

    def slow(asked: dict[str, Any]) -> Response:
        async def body() -> AsyncIterator[bytes]:
            under_way.append(1)
            assert len(under_way) <= http.REQUESTS_AT_ONCE
            await asyncio.sleep(0.01)
            under_way.pop()
            yield b'{"records":[]}'

        return StreamingResponse(body())

    register.fault = slow
    await source.fetch(Batch(BY_ID, range(200)))
    assert len(register.requests) == 20


# Down.


async def test_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        source = HttpSource("person-register", f"http://127.0.0.1:{taken.getsockname()[1]}", TABLES, api_key="x")
        error = await failure(source)
    assert type(error) is SourceUnavailable
    assert str(error) == "source `person-register` is unavailable"
    await source.aclose()


async def test_a_register_that_comes_back_is_found_again() -> None:
    register = Register()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    source = HttpSource("person-register", f"http://127.0.0.1:{port}", TABLES, api_key=register.api_key)
    for _ in range(2):
        assert type(await failure(source)) is SourceUnavailable
        with served(register.app, port):
            assert len(await source.fetch(ONE)) == 1
    await source.aclose()


async def test_a_wrong_api_key_is_refused(served_register: tuple[Register, str]) -> None:
    source = HttpSource("person-register", served_register[1], TABLES, api_key="wrong")
    assert type(await failure(source)) is SourceUnavailable
    await source.aclose()


async def test_a_closed_source_is_unavailable(source: HttpSource) -> None:
    await source.aclose()
    assert type(await failure(source)) is SourceUnavailable


STATUSES = [
    (401, SourceUnavailable),
    (403, SourceUnavailable),
    (429, SourceUnavailable),
    (500, SourceUnavailable),
    (503, SourceUnavailable),
    (400, SourceNonsense),
    (404, SourceNonsense),
    (413, SourceNonsense),
    (204, SourceNonsense),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
async def test_statuses(register: Register, source: HttpSource, status: int, kind: type[SourceError]) -> None:
    register.fault = lambda asked: Response(status_code=status)
    assert type(await failure(source)) is kind
    assert type(await failure(source, Batch(BY_ID, range(50)))) is kind
    register.fault = None
    assert len(await source.fetch(ONE)) == 1


async def test_too_many_keys_for_the_register(register: Register, source: HttpSource) -> None:
    register.largest_request = 5
    assert type(await failure(source, Batch(BY_ID, range(10)))) is SourceNonsense
    register.largest_request = 500


async def test_redirects_are_not_followed(register: Register, source: HttpSource) -> None:
    elsewhere: list[str] = []

    async def take(request: Request) -> Response:
        elsewhere.append(str(request.url))
        return Response(b'{"records":[]}')

    with served(Starlette(routes=[Route("/{path:path}", take, methods=["GET", "POST"])])) as url:
        for status in (301, 302, 307, 308):
            register.fault = lambda asked, status=status: RedirectResponse(url, status)
            assert type(await failure(source)) is SourceNonsense
    assert elsewhere == []


# Slow.


def stalled(asked: dict[str, Any]) -> Response:
    time.sleep(1.2)
    return Response(b'{"records":[]}')


def trickling(asked: dict[str, Any]) -> Response:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(24):
            yield b" "
            await asyncio.sleep(0.05)

    return StreamingResponse(body())


@pytest.mark.parametrize("fault", [stalled, trickling])
async def test_a_slow_register_times_out(
    register: Register, served_register: tuple[Register, str], fault: Callable[[dict[str, Any]], Response]
) -> None:
    source = HttpSource("person-register", served_register[1], TABLES, api_key=register.api_key, timeout=0.5, keys_per_request=10)
    for keys in ([1], range(100)):
        register.fault = fault
        began = time.monotonic()
        assert type(await failure(source, Batch(BY_ID, keys))) is SourceTimeout
        assert 0.4 < time.monotonic() - began < 1.1
        register.fault = None
        await asyncio.sleep(0.8)
        assert len(await source.fetch(ONE)) == 1
    await source.aclose()


# Nonsense.

WHOLE = Batch(Shape("person", ("code", "name", "kind", "born", "score", "active"), "id"), [1, 2])
RECORD = {"id": 1, "code": "c1", "name": "한", "kind": "RED", "born": "2000-02-29", "score": 2**63 - 1, "active": True}


def records(*changed: Any) -> bytes:
    return orjson.dumps({"records": [RECORD | change if isinstance(change, dict) else change for change in changed]})


NONSENSE = {
    "nothing": b"",
    "not JSON": b"<html></html>",
    "cut off": records({})[:-3],
    "not UTF-8": b'{"records":["\xff"]}',
    "a list": b"[]",
    "null": b"null",
    "no records": b'{"rows":[]}',
    "records that are null": b'{"records":null}',
    "records that are an object": b'{"records":{}}',
    "records that are text": b'{"records":""}',
    "a record that is null": records(None),
    "a record that is a list": records([1]),
    "a record that is text": records("id"),
    "an absent field": b'{"records":[{"id":1}]}',
    "a key that was not asked for": records({"id": 3}),
    "a null key": records({"id": None}),
    "a key of another type": records({"id": "1"}),
    "a number for text": records({"name": 7}),
    "text for a number": records({"score": "7"}),
    "a fraction": records({"score": 7.0}),
    "a number of 65 bits": records({"score": 2**63}),
    "a number beyond any": b'{"records":[' + orjson.dumps(RECORD | {"score": 0})[:-1] + b',"score":1' + b"0" * 30 + b"}]}",
    "a truth for a number": records({"score": True}),
    "a number for a truth": records({"active": 1}),
    "an unknown name": records({"kind": "PURPLE"}),
    "a name in small letters": records({"kind": "red"}),
    "a day that is not": records({"born": "2001-02-29"}),
    "a week date": records({"born": "2001-W05-1"}),
    "a time": records({"born": "2001-02-28T00:00:00"}),
    "a date without hyphens": records({"born": "20010228"}),
    "a date in other digits": records({"born": "２００１-02-28"}),
    "a number for a date": records({"born": 0}),
    "an object for text": records({"name": {}}),
    "one bad record among good": records({}, {"id": 2, "active": "yes"}),
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE.keys())
async def test_nonsense(register: Register, source: HttpSource, body: bytes) -> None:
    register.fault = lambda asked: Response(body)
    error = await failure(source, WHOLE)
    assert type(error) is SourceNonsense
    assert str(error) == "source `person-register` gave an answer that makes no sense"


async def test_sense(register: Register, source: HttpSource) -> None:
    nulls = dict.fromkeys(RECORD) | {"id": 2}
    register.fault = lambda asked: Response(records({"more": "is left aside"}, nulls))
    first, second = await source.fetch(WHOLE)
    assert [str(value) for value in first] == ["1", "c1", "한", "RED", "2000-02-29", str(2**63 - 1), "True"]
    assert list(second) == [2, None, None, None, None, None, None]


async def test_one_bad_page_fails_the_batch(register: Register, source: HttpSource) -> None:
    register.fault = lambda asked: Response(b"oops" if 15 in asked["keys"] else b'{"records":[]}')
    assert type(await failure(source, Batch(BY_ID, range(50)))) is SourceNonsense


async def test_a_huge_answer_is_not_read_to_its_end(
    register: Register, source: HttpSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 100_000)
    sent: list[int] = []

    def endless(asked: dict[str, Any]) -> Response:
        async def body() -> AsyncIterator[bytes]:
            while len(sent) < 10_000:
                sent.append(1)
                yield b" " * 10_000
                await asyncio.sleep(0)  # Where the client has gone, sending does not wait for anything.

        return StreamingResponse(body())

    register.fault = endless
    assert type(await failure(source)) is SourceNonsense
    assert len(sent) < 10_000
    register.fault = None
    assert len(await source.fetch(ONE)) == 1


async def test_a_lying_encoding(register: Register, source: HttpSource) -> None:
    register.fault = lambda asked: Response(b"not gzip", headers={"content-encoding": "gzip"})
    assert type(await failure(source)) is SourceNonsense
