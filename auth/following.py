"""Whether there is something new in the feed, and whether consents were revoked: what streams wait for.

One task looks for all streams of a process, as long as there are any: every second, for others may have moved something or
taken a consent back, and at once where this process has moved something itself. How many consents of an agency's for a purpose
are revoked only ever grows, so that one more tells of a revocation.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import asyncpg

from auth.feed import Recipient
from auth.ledger import FAILURES

log = logging.getLogger("madang")

SECONDS = 1.0
"""Between two looks."""

_LOOK = """
SELECT coalesce(feed.last, 0) AS last, (
    SELECT count(*) FROM consent WHERE consent.agency = asked.agency AND consent.purpose = asked.purpose AND revoked
) AS revoked
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS asked (agency, role, purpose, follower, place)
LEFT JOIN event_feed AS feed USING (agency, role, purpose, follower) ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class State:
    """The number of the last event that a recipient was told; how many consents of its agency's for its purpose are revoked."""

    last: int
    revoked: int


class Following:
    """Looks in the gateway's own database, for whoever follows."""

    def __init__(self, dsn: str, *, timeout: float = 2.0) -> None:
        self._dsn, self._timeout = dsn, timeout
        self._followed: dict[Recipient, int] = {}
        self._states: dict[Recipient, State] = {}
        self._looked = asyncio.Condition()
        self._rung = asyncio.Event()
        self._one = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection | None = None
        self.stopped = False

    @asynccontextmanager
    async def of(self, recipient: Recipient) -> AsyncIterator[Followed]:
        """Follow what a recipient is told while the context lasts; raises what a database that is away does (`FAILURES`)."""
        state = (await self._look([recipient]))[0]
        self._states.setdefault(recipient, state)
        self._followed[recipient] = self._followed.get(recipient, 0) + 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._run())
        try:
            yield Followed(self, recipient, state)
        finally:
            self._followed[recipient] -= 1
            if not self._followed[recipient]:
                del self._followed[recipient], self._states[recipient]

    def ring(self) -> None:
        """Have a look at once."""
        self._rung.set()

    async def stop(self) -> None:
        """Let all who follow know that it is over."""
        self.stopped = True
        async with self._looked:
            self._looked.notify_all()

    async def aclose(self) -> None:
        """Let go of the connection."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        if self._connection is not None:
            self._connection.terminate()

    async def _run(self) -> None:
        away = False
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), SECONDS)
            self._rung.clear()
            if not (recipients := list(self._followed)):
                return
            try:
                found = await self._look(recipients)
            except FAILURES as error:
                if not away:
                    log.warning("the feed cannot be looked at (%s); it is tried again", type(error).__name__)
                away = True
                continue
            away = False
            self._states.update((each, state) for each, state in zip(recipients, found, strict=True) if each in self._followed)
            async with self._looked:
                self._looked.notify_all()

    async def _look(self, recipients: list[Recipient]) -> list[State]:
        async with self._one, asyncio.timeout(self._timeout):
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._dsn, server_settings={"application_name": "madang"})
            columns = [list(column) for column in zip(*recipients, strict=True)]
            try:
                rows = await self._connection.fetch(_LOOK, *columns)
            except BaseException:
                self._connection.terminate()
                raise
        return [State(row["last"], row["revoked"]) for row in rows]


class Followed:
    """What one stream sees. `state` is as of the last look."""

    def __init__(self, following: Following, recipient: Recipient, begun: State) -> None:
        self._following, self._recipient, self.begun = following, recipient, begun

    @property
    def state(self) -> State:
        return self._following._states[self._recipient]

    @property
    def stopped(self) -> bool:
        return self._following.stopped

    async def look(self, within: float) -> None:
        """Wait for the next look, at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within), self._following._looked:
                if not self.stopped:
                    await self._following._looked.wait()
