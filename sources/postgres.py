"""A register in PostgreSQL, or in any server that speaks its protocol.

Its columns' types are held against the declared ones once for each statement. The names of an enumeration are not: a CHECK in the
register's own table is what keeps them.

One fetch is one statement. Connections only ever run single read-only statements, so they hold no state that a reset would have
to clear, and the source keeps them itself: acquiring one from asyncpg's pool for each fetch costs half as much CPU again as the
fetch, even if it resets nothing.

Statements with keys and statements that scan have connections of their own, opened when first needed:

- keyed statements are planned once for all keys (`force_generic_plan`), for there is one good plan, the key's index, and planning
  them anew takes PostgreSQL as long as running them: without it, it does so for ever, because a plan for one key always looks
  cheaper than the one for any;
- scans are planned for their values (`force_custom_plan`), for a district of 300 and one of 300,000 want different plans. A slow
  scan keeps no look-up waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg

from sources.protocol import (
    Batch,
    Capabilities,
    Key,
    Row,
    Shape,
    SourceError,
    SourceNonsense,
    SourceTimeout,
    SourceUnavailable,
    Tables,
)
from sources.scope import Scalar, UnknownName
from sources.statements import Statement, build

ERRORS: tuple[tuple[type[BaseException], type[SourceError]], ...] = (
    (UnknownName, SourceNonsense),
    (TimeoutError, SourceTimeout),
    (asyncpg.QueryCanceledError, SourceTimeout),
    (OSError, SourceUnavailable),
    (asyncpg.OperatorInterventionError, SourceUnavailable),
    (asyncpg.PostgresConnectionError, SourceUnavailable),
    (asyncpg.InsufficientResourcesError, SourceUnavailable),
    (asyncpg.InvalidAuthorizationSpecificationError, SourceUnavailable),
    (asyncpg.InvalidCatalogNameError, SourceUnavailable),
    (asyncpg.InsufficientPrivilegeError, SourceUnavailable),
    (asyncpg.PostgresError, SourceNonsense),
    (asyncpg.DataError, SourceNonsense),
    (asyncpg.InterfaceError, SourceUnavailable),
    (asyncpg.InternalClientError, SourceUnavailable),
)
"""The driver's errors and ours, the first that fits."""

_TYPE_NAMES: dict[str, Scalar] = {
    **dict.fromkeys(("text", "varchar", "bpchar", "name"), str),
    **dict.fromkeys(("int2", "int4", "int8"), int),
    "bool": bool,
    "date": date,
}

_STATEMENTS = 1000
"""How many shapes a source remembers the statement of, and a connection the prepared one."""


class PostgresSource:
    """`dsn` as libpq and asyncpg take it; `timeout` in seconds, from the fetch to its rows, waiting for a connection included."""

    capabilities = Capabilities(joins=True, scan=True, json=True)

    def __init__(self, name: str, dsn: str, tables: Tables, *, pool_size: int = 4, timeout: float = 2.0) -> None:
        self.name = name
        self._tables = tables
        self._timeout = timeout
        self._statements: dict[Shape, Statement] = {}
        self._keyed = _Connections(dsn, pool_size, timeout, "force_generic_plan")
        self._scans = _Connections(dsn, pool_size, timeout, "force_custom_plan")
        self._closed = False

    def statement(self, shape: Shape) -> str:
        """The SQL that a batch of this shape runs."""
        try:
            return self._statement(shape).text
        except UnknownName as error:
            raise SourceNonsense(self.name) from error

    def parameters(self, shape: Shape) -> tuple[int | None, ...]:
        """What the SQL's `$1`, `$2` … stand for: the batch's value of that index, or the keys (None)."""
        statement = self._statement(shape)
        return (*((None,) if statement.keyed else ()), *statement.values)

    async def fetch(self, batch: Batch) -> Sequence[Row]:
        if self._closed:
            raise SourceUnavailable(self.name)
        try:
            statement = self._statement(batch.shape)
            if not statement.keyed:
                return await self._run(self._scans, statement, batch)
            return await self._run(self._keyed, statement, batch) if batch.keys else []
        except (OSError, UnknownName, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise translated(error)(self.name) from error

    async def aclose(self) -> None:
        self._closed = True
        await self._keyed.aclose()
        await self._scans.aclose()

    def _statement(self, shape: Shape) -> Statement:
        statement = self._statements.get(shape)
        if statement is None:
            if len(self._statements) >= _STATEMENTS:
                self._statements.clear()
            statement = self._statements[shape] = build(shape, self._tables)
        return statement

    async def _run(self, connections: _Connections, statement: Statement, batch: Batch) -> Sequence[Row]:
        try:
            return await self._rows(connections, statement, statement.arguments(batch.keys, batch.values))
        except (asyncpg.DataError, asyncpg.CharacterNotInRepertoireError):
            # Keys of many requests go in one batch, so a key that no column can hold must not fail it. It is looked for here
            # and not before every fetch, for it is rare.
            keys = [key for key in batch.keys if _storable(key, statement.types[0])]
            values = tuple(map(_storable_value, batch.values))
            if (len(keys), values) == (len(batch.keys), batch.values):
                raise
            return await self._rows(connections, statement, statement.arguments(keys, values))

    async def _rows(self, connections: _Connections, statement: Statement, arguments: list[Any]) -> Sequence[Row]:
        if statement.checked and connections.ready():
            # The usual way: asyncpg's own timer costs less than a timeout context.
            return await self._execute(connections, statement, arguments, self._timeout)
        async with asyncio.timeout(self._timeout):
            return await self._execute(connections, statement, arguments, None)

    async def _execute(
        self, connections: _Connections, statement: Statement, arguments: list[Any], seconds: float | None
    ) -> Sequence[Row]:
        connection = await connections.take()
        try:
            if not statement.checked:
                await self._check(connection, statement)
            rows: list[Any] = await connection.fetch(statement.text, *arguments, timeout=seconds)
        except BaseException as error:
            connections.give_back(connection, error)
            raise
        connections.give_back(connection)
        return rows

    async def _check(self, connection: asyncpg.Connection, statement: Statement) -> None:
        """Hold the types that the database will answer with against the declared ones, once for each statement."""
        prepared = await connection.prepare(statement.text)
        for attribute, declared in zip(prepared.get_attributes(), statement.types, strict=True):
            if declared is not None and _TYPE_NAMES.get(attribute.type.name) is not declared:
                raise SourceNonsense(self.name)
        statement.checked = True


class _Connections:
    """At most `size` connections, opened when needed and, if they broke, opened again; taken in the order they were asked for."""

    def __init__(self, dsn: str, size: int, timeout: float, plan: str) -> None:
        self._dsn = dsn
        self._timeout = timeout
        self._slots = asyncio.Semaphore(size)
        self._idle: list[asyncpg.Connection] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False
        self._settings = {
            "application_name": "madang",
            "default_transaction_read_only": "on",
            "jit": "off",
            "plan_cache_mode": plan,
            "statement_timeout": str(int(timeout * 1000)),
        }

    def ready(self) -> bool:
        """Whether `take` has an open connection at once."""
        return bool(self._idle) and not self._slots.locked() and not self._idle[-1].is_closed()

    async def take(self) -> asyncpg.Connection:
        """A connection for one statement; whoever takes it gives it back."""
        await self._slots.acquire()
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            connection.terminate()
        try:
            return await asyncpg.connect(
                self._dsn, timeout=self._timeout, command_timeout=self._timeout, server_settings=self._settings
            )
        except BaseException:
            self._slots.release()
            raise

    def give_back(self, connection: asyncpg.Connection, error: BaseException | None = None) -> None:
        """Keep a connection for the next, unless the error left its statement running."""
        if self._closed or not (error is None or isinstance(error, (asyncpg.PostgresError, asyncpg.DataError, SourceError))):
            self._retire(connection)
        else:
            self._idle.append(connection)
        self._slots.release()

    async def aclose(self) -> None:
        self._closed = True
        while self._idle:
            self._retire(self._idle.pop())
        await asyncio.gather(*self._closing)

    def _retire(self, connection: asyncpg.Connection) -> None:
        task = asyncio.get_running_loop().create_task(self._close(connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, connection: asyncpg.Connection) -> None:
        # asyncpg has asked the server to cancel what was running; close() waits for that, and gives up by cutting the line.
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            await connection.close(timeout=self._timeout)


def translated(error: BaseException) -> type[SourceError]:
    """Ours for one of the driver's errors."""
    return next((ours for theirs, ours in ERRORS if isinstance(error, theirs)), SourceError)


def _storable(key: Key, kind: Scalar | None) -> bool:
    """Whether a column can hold the key at all."""
    if kind is int:
        return type(key) is int and -(2**63) <= key < 2**63
    return kind is str and isinstance(key, str) and _storable_text(key)


def _storable_value(value: Any) -> Any:
    """The value; if no text column can hold it, null, which compares false as it would."""
    if isinstance(value, list):
        return [item for item in value if _storable_value(item) is not None]
    return None if isinstance(value, str) and not _storable_text(value) else value


def _storable_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
