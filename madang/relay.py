"""Moves what registers tell in their outboxes into the feed, once to each whom a regulation lets know of it.

All of an outbox that is visible is read, in the order of its numbers: rows become visible out of that order, so there is no
"after the last one". Who is told is decided (`resolvers/recipients.py`), written to the feed in one transaction
(`auth/feed.py`), and only then are the rows deleted. Whatever is killed in between, the same rows come again as the same
events.

Every gateway runs one, and one at a time works: the one that has a lock in the gateway's own database, on the connection that
writes, so that who has lost the lock cannot write either. A register that does not answer holds up its own events alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import asyncpg

from auth.authorizer import RegulationAuthorizer
from auth.feed import Arrival, Row, arrive
from auth.ledger import FAILURES
from resolvers.recipients import Recipients
from schema.catalogue import FeedRoot, column_type

log = logging.getLogger("madang")

SHORT, LONG = 0.05, 1.0
"""Seconds between two looks: where something came, and where nothing has for a while."""
PAUSE = 5.0
"""The same where a look failed for a reason that is in no register."""
ROWS = 500
"""Of an outbox at a time."""

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('madang relay', 0))"
_READ = """
SELECT id, kind, rrn, districts, at FROM outbox WHERE id > $1 AND kind = ANY($2::text[]) ORDER BY id LIMIT $3
"""
_DELETE = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"


class Relay:
    """`outboxes` are the databases that have one, by register; `told` is called when somebody was told something."""

    def __init__(
        self, dsn: str, outboxes: Mapping[str, str], feed: FeedRoot, recipients: Recipients,
        law: Callable[[], RegulationAuthorizer], told: Callable[[], None], *, timeout: float = 5.0,
    ) -> None:  # fmt: skip
        self._dsn, self._outboxes, self._timeout = dsn, outboxes, timeout
        self._recipients, self._law, self._told = recipients, law, told
        kinds = column_type(feed.kind.annotation)
        assert isinstance(kinds, tuple), "the kinds of events are an enumeration"
        self._kinds = list(kinds)
        self._feed: asyncpg.Connection | None = None
        self._registers: dict[str, asyncpg.Connection] = {}
        self._away: set[str] = set()
        self._writing = asyncio.Lock()
        """One connection writes for all registers."""

    async def run(self) -> None:
        """Move, until cancelled."""
        pause = SHORT
        try:
            while True:
                try:
                    pause = SHORT if await self.round() else min(2 * pause, LONG)
                except Exception:
                    log.exception("what registers have to tell could not be moved; it is tried again")
                    pause = PAUSE
                await asyncio.sleep(pause)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the lock and of all connections."""
        for connection in (self._feed, *self._registers.values()):
            _terminate(connection)

    async def round(self) -> int:
        """Move all that is there, unless another gateway does; how many times somebody was told something."""
        told = sum(await asyncio.gather(*(self._of_register(register, dsn) for register, dsn in self._outboxes.items())))
        if told:
            self._told()
        return told

    async def _of_register(self, register: str, dsn: str) -> int:
        told, last = 0, _FIRST
        try:
            while last is not None and await self._works():
                async with asyncio.timeout(self._timeout):
                    here, last = await self._page(register, dsn, last)
                told += here
        except FAILURES as error:
            if register not in self._away:
                log.warning("what `%s` has to tell cannot be moved (%s); it is tried again", register, type(error).__name__)
            self._away.add(register)
            _terminate(self._registers.pop(register, None))  # What became of a statement under way is not known.
        else:
            if register in self._away:
                log.warning("what `%s` has to tell is moved again", register)
                self._away.remove(register)
        return told

    async def _works(self) -> bool:
        """Whether this gateway has the lock, or now gets it."""
        async with self._writing:
            if self._feed is not None and not self._feed.is_closed():
                return True
            async with asyncio.timeout(self._timeout):
                connection = await asyncpg.connect(self._dsn, server_settings=_SETTINGS)
                if await connection.fetchval(_LOCK):
                    self._feed = connection
                    return True
                await connection.close()
            return False

    async def _page(self, register: str, dsn: str, after: int) -> tuple[int, int | None]:
        """Move some rows; how many times somebody was told something, and the last row's number if there may be more."""
        outbox = self._registers.get(register)
        if outbox is None or outbox.is_closed():
            outbox = self._registers[register] = await asyncpg.connect(dsn, server_settings=_SETTINGS)
        rows = [_row(each) for each in await outbox.fetch(_READ, after, self._kinds, ROWS)]
        if not rows:
            return 0, None
        arrivals = await self._recipients.of(rows, self._law())
        told = await self._write(register, arrivals)
        await outbox.execute(_DELETE, [each.row.id for each in arrivals if each.decided])
        return told, rows[-1].id

    async def _write(self, register: str, arrivals: list[Arrival]) -> int:
        async with self._writing:
            if self._feed is None:
                raise ConnectionError("the lock is lost")
            try:
                return await arrive(self._feed, register, arrivals)
            except BaseException:
                _terminate(self._feed)
                self._feed = None
                raise


def _terminate(connection: asyncpg.Connection | None) -> None:
    if connection is not None:
        connection.terminate()


_FIRST: int | None = -1
"""Every row of an outbox is after it."""

_SETTINGS = {"application_name": "madang", "synchronous_commit": "on"}
"""What is deleted from an outbox must be on disk before."""


def _row(found: asyncpg.Record) -> Row:
    return Row(found["id"], found["kind"], found["rrn"], tuple(found["districts"]), found["at"])
