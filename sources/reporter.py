"""Reporting to a register in PostgreSQL: the functions that its holder declared are called, and nothing else can be.

A call is made in a transaction that is handed to whoever reports: nothing is kept before `commit`. Reports to several registers
are prepared (`PREPARE TRANSACTION`), which outlives the connection and this process, and settled later, by whoever.

Beside the sources, and not of them: calls are never put together, repeated or given up half way. A connection is a role's that
may run these functions alone (`sources/reports.sql`).

    SourceError
      ReportConflict    another report holds what this one needs, or has changed it
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import asyncpg
import orjson

from sources.postgres import translated
from sources.protocol import SourceError, SourceOverloaded, SourceUnavailable

LOCKS = 2.0
"""Seconds for which a call waits for what another transaction holds."""
IDLE = 20.0
"""Seconds after which the register itself undoes what somebody began who has gone silent."""

_CONFLICTS = (
    asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError, asyncpg.ObjectInUseError,
)  # fmt: skip
FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_PREPARED = """
SELECT gid, extract(epoch FROM clock_timestamp() - prepared)::float8 AS age FROM pg_prepared_xacts
WHERE database = current_database() AND owner = current_user AND starts_with(gid, $1) ORDER BY prepared
"""


class ReportConflict(SourceError):
    """Nothing has changed by this report."""

    kind = "is being changed by another report"


class Prepared(NamedTuple):
    """A transaction that awaits its outcome, and for how many seconds it has."""

    name: str
    age: float


class Transaction:
    """One report's, on a connection of its own. Left without `commit` or `prepare` it is undone."""

    def __init__(self, reporter: Reporter, connection: asyncpg.Connection) -> None:
        self._reporter, self._connection = reporter, connection
        self.open = True

    async def call(self, function: str, *arguments: Any) -> Any:
        """What a function answers, JSON read. Raises `SourceError`."""
        return await self._reporter.answered(self._connection, function, arguments)

    async def commit(self) -> None:
        await self._end("COMMIT")

    async def rollback(self) -> None:
        await self._end("ROLLBACK")

    async def prepare(self, name: str) -> None:
        """Nothing keeps it any more from being committed; until it is settled it holds what it holds."""
        await self._end(f"PREPARE TRANSACTION {self._reporter.literal(name)}")

    async def _end(self, statement: str) -> None:
        self.open = False
        await self._reporter.run(self._connection, statement)


class Reporter:
    """`dsn` is of the role that may report; `timeout` in seconds, for each call. It connects when first asked to."""

    def __init__(self, name: str, dsn: str, *, size: int = 4, timeout: float = 5.0) -> None:
        self.name, self._dsn, self._timeout = name, dsn, timeout
        self._slots = asyncio.Semaphore(size)
        self._idle: list[asyncpg.Connection] = []
        self._closed = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction, undone at the end unless it was ended. Raises `SourceError`."""
        async with self._connection() as connection:
            await self.run(connection, "BEGIN")
            transaction = Transaction(self, connection)
            try:
                yield transaction
            finally:
                if transaction.open:
                    with suppress(SourceError):
                        await transaction.rollback()

    async def call(self, function: str, *arguments: Any) -> Any:
        """What a function answers that is a transaction of its own. Raises `SourceError`."""
        async with self._connection() as connection:
            return await self.answered(connection, function, arguments)

    async def prepared(self, prefix: str) -> list[Prepared]:
        """The prepared transactions whose names begin so, the oldest first."""
        async with self._connection() as connection:
            try:
                rows = await connection.fetch(_PREPARED, prefix)
            except FAILURES as error:
                raise self._translated(error) from error
        return [Prepared(name.removesuffix(f" {self.name}"), age) for name, age in rows]

    async def settle(self, name: str, *, done: bool) -> None:
        """Commit or undo a prepared transaction; if somebody else has, or is just doing it, it is theirs."""
        async with self._connection() as connection:
            try:
                await connection.execute(f"{'COMMIT' if done else 'ROLLBACK'} PREPARED {self.literal(name)}")
            except (asyncpg.UndefinedObjectError, asyncpg.ObjectInUseError, asyncpg.ObjectNotInPrerequisiteStateError):
                return
            except FAILURES as error:
                raise self._translated(error) from error

    async def aclose(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().terminate()

    async def answered(self, connection: asyncpg.Connection, function: str, arguments: tuple[Any, ...]) -> Any:
        places = ", ".join(f"${place}" for place, _ in enumerate(arguments, 1))
        values = [orjson.dumps(each).decode() if isinstance(each, dict) else each for each in arguments]
        try:
            found = await connection.fetchval(f'SELECT public."{function}"({places})', *values)
        except FAILURES as error:
            raise self._translated(error) from error
        return orjson.loads(found) if isinstance(found, str) and found[:1] in "{[" else found

    async def run(self, connection: asyncpg.Connection, statement: str) -> None:
        try:
            await connection.execute(statement)
        except FAILURES as error:
            raise self._translated(error) from error

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection in no transaction; one on which anything went wrong is cut, and whatever it had begun is undone."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._slots.acquire()
        except TimeoutError as error:
            raise SourceOverloaded(self.name) from error
        try:
            connection = await self._open()
            whole = False
            try:
                yield connection
                whole = not connection.is_in_transaction() and not self._closed
            finally:
                if whole:
                    self._idle.append(connection)
                else:
                    connection.terminate()
        finally:
            self._slots.release()

    async def _open(self) -> asyncpg.Connection:
        if self._closed or not self._dsn:
            raise SourceUnavailable(self.name)
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        settings = {
            "application_name": "madang",
            "synchronous_commit": "on",
            "statement_timeout": _milliseconds(self._timeout),
            "lock_timeout": _milliseconds(min(LOCKS, self._timeout)),
            "idle_in_transaction_session_timeout": _milliseconds(IDLE),
        }
        try:
            return await asyncpg.connect(
                self._dsn, timeout=self._timeout, command_timeout=2 * self._timeout, server_settings=settings
            )
        except FAILURES as error:
            raise self._translated(error) from error

    def literal(self, name: str) -> str:
        """A transaction's name, with the register's: several may share one server, where names are told apart for all of them."""
        text = f"{name} {self.name}".replace("'", "''")
        return f"'{text}'"

    def _translated(self, error: BaseException) -> SourceError:
        return ReportConflict(self.name) if isinstance(error, _CONFLICTS) else translated(error)(self.name)


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
