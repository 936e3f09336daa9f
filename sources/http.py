"""A register behind an HTTP JSON interface, as legacy registers are.

`POST {url}/v1/{table}/search` with `{"key": column, "keys": [...], "fields": [columns]}` answers
`{"records": [{column: value}]}`: at most `keys_per_request` keys a request, records in any order, absent keys absent, dates as
ISO 8601. The register computes nothing, so conditions, calls, order and limits are worked out here, over the columns that the
shape names and no others.

A register's answer is believed no further than it can be checked: its size, its form, the type of each value, the names of
enumerations, and that each record is one of those asked for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import httpx
import orjson

from sources.evaluate import Named, answer, fits
from sources.protocol import (
    Batch,
    Capabilities,
    ColumnType,
    Count,
    Json,
    Key,
    Row,
    Shape,
    SourceError,
    SourceNonsense,
    SourceTimeout,
    SourceUnavailable,
    Tables,
)
from sources.scope import Scope, UnknownName, column_of, operands, others

ERRORS: tuple[tuple[type[Exception], type[SourceError]], ...] = (
    (UnknownName, SourceNonsense),
    (TimeoutError, SourceTimeout),
    (httpx.TimeoutException, SourceTimeout),
    (httpx.DecodingError, SourceNonsense),
    (httpx.TransportError, SourceUnavailable),
    (httpx.HTTPError, SourceNonsense),
)
"""The client's errors and ours, the first that fits."""

REFUSALS = frozenset({401, 403, 408, 429, *range(500, 600)})
"""Answers that mean: not now, or not for you. Any other but 200 means that the register did not understand what it serves."""

LARGEST_ANSWER = 16 * 2**20
"""Bytes of one answer."""

REQUESTS_AT_ONCE = 4
"""Requests of one source under way; the others wait, within their deadline."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class HttpSource:
    """`url` up to the version; `timeout` in seconds, from the fetch to its rows, however many requests that takes."""

    capabilities = Capabilities(joins=False, scan=False, json=False)

    def __init__(
        self, name: str, url: str, tables: Tables, *, api_key: str, timeout: float = 2.0, keys_per_request: int = 500
    ) -> None:
        self.name = name
        self._url = url.rstrip("/")
        self._tables = tables
        self._timeout = timeout
        self._keys_per_request = keys_per_request
        self._slots = asyncio.Semaphore(REQUESTS_AT_ONCE)
        # Redirects are not followed and the environment's proxies not used: keys go to the register and nowhere else.
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {api_key}", "Content-Type": "application/json", "Accept": "application/json"},
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
        )
        self._closed = False

    async def fetch(self, batch: Batch) -> Sequence[Row]:
        if self._closed:
            raise SourceUnavailable(self.name)
        try:
            fields = _fields(batch.shape, self._tables)
            if not batch.keys:
                return []
            async with asyncio.timeout(self._timeout):
                return answer(batch, await self._records(batch, fields))
        except (UnknownName, TimeoutError, httpx.HTTPError) as error:
            kind = next(ours for theirs, ours in ERRORS if isinstance(error, theirs))
            raise kind(self.name) from error

    async def aclose(self) -> None:
        self._closed = True
        await self._client.aclose()

    async def _records(self, batch: Batch, fields: Sequence[str]) -> list[Named]:
        """The records of all keys, in as many requests as they need."""
        keys = list(dict.fromkeys(batch.keys))
        chunks = [keys[start : start + self._keys_per_request] for start in range(0, len(keys), self._keys_per_request)]
        if len(chunks) == 1:
            return await self._search(batch.shape, chunks[0], fields)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._search(batch.shape, chunk, fields)) for chunk in chunks]
        except ExceptionGroup as failures:
            # One failed chunk fails the batch, and the group has ended the others.
            raise failures.exceptions[0] from failures
        return [record for task in tasks for record in task.result()]

    async def _search(self, shape: Shape, keys: list[Key], fields: Sequence[str]) -> list[Named]:
        try:
            content = orjson.dumps({"key": shape.key, "keys": keys, "fields": fields})
        except TypeError:
            # A key that is not text in Unicode, or too large a number, is nobody's; the other keys are looked up all the same.
            possible = [key for key in keys if _sendable(key)]
            return await self._search(shape, possible, fields) if possible else []
        async with self._slots:
            body = await self._post(shape.table, content)
        return self._checked(shape, frozenset(keys), fields, body)

    async def _post(self, table: str, content: bytes) -> bytes:
        if self._closed:
            raise SourceUnavailable(self.name)
        async with self._client.stream("POST", f"{self._url}/v1/{table}/search", content=content) as response:
            if response.status_code in REFUSALS:
                raise SourceUnavailable(self.name)
            if response.status_code != httpx.codes.OK:
                raise SourceNonsense(self.name)
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    raise SourceNonsense(self.name)
        return bytes(body)

    def _checked(self, shape: Shape, keys: frozenset[Key], fields: Sequence[str], body: bytes) -> list[Named]:
        columns = self._tables[shape.table]
        try:
            records = orjson.loads(body)["records"]
            checked: list[Named] = [{field: _value(record[field], columns[field]) for field in fields} for record in records]
        except (ValueError, TypeError, LookupError) as error:
            raise SourceNonsense(self.name) from error
        assert shape.key is not None
        if not isinstance(records, list) or any(record[shape.key] not in keys for record in checked):
            raise SourceNonsense(self.name)
        return checked


def _fields(shape: Shape, tables: Tables) -> list[str]:
    """The columns that a shape reads; raises `UnknownName` if it is more than this source can answer."""
    if shape.key is None or shape.joins or others(shape) or any(isinstance(column, (Count, Json)) for column in shape.columns):
        raise UnknownName("the shape has joins, another table, a count, JSON or no key")
    Scope(shape, tables)
    return list(dict.fromkeys(map(column_of, operands(shape))))


def _value(value: Any, column_type: ColumnType) -> Any:
    """A value as the column's type; raises `ValueError` if it is not one."""
    if column_type is date and isinstance(value, str) and _DATE.fullmatch(value):
        value = date.fromisoformat(value)
    if not fits(value, column_type):
        raise ValueError("a value of the wrong type")
    return value


def _sendable(key: Key) -> bool:
    try:
        orjson.dumps(key)
    except TypeError:
        return False
    return True
