"""How many subjects' data were had under a permission in the last hour, and whether there may be more.

A permission's limit bounds the subjects whose data one officer, and one agency, may have under it within sixty minutes. Every
answer counts anew, also about the same resident: what is bounded is how much can be found out by asking. The counts are in the
gateway's own database (`auth/gateway.sql`), by minute, so that several gateways count together and none of it is lost.

All of a request's counts are taken in one transaction, and one after the other for each rule and agency (an advisory lock, in one
order for all, so that no two wait for each other). If one bound would be passed nothing is counted. What is counted is on disk
before the answer is sent. The clock is the database's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

import asyncpg

from auth.access import Caller, Limit

log = logging.getLogger("madang")

KEPT = "2 hours"
"""Older counts are no longer needed, and are deleted by the next one who counts under the same rule."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_USED = """
SELECT coalesce(sum(subjects), 0)::bigint, coalesce(sum(subjects) FILTER (WHERE officer = $3), 0)::bigint,
       extract(epoch FROM min(minute) + interval '61 minutes' - now())::float8,
       extract(epoch FROM min(minute) FILTER (WHERE officer = $3) + interval '61 minutes' - now())::float8
FROM subject_use WHERE rule = $1 AND agency = $2 AND minute > now() - interval '61 minutes'
"""
_COUNT = """
INSERT INTO subject_use (rule, agency, officer, minute, subjects) VALUES ($1, $2, $3, date_trunc('minute', now()), $4)
ON CONFLICT (rule, agency, officer, minute) DO UPDATE SET subjects = subject_use.subjects + excluded.subjects
"""
_FORGET = f"DELETE FROM subject_use WHERE rule = $1 AND agency = $2 AND minute < now() - interval '{KEPT}'"


class LimitsUnavailable(Exception):
    """What was had cannot be counted now, so nothing that has a limit may be shown."""


@dataclass(frozen=True)
class Charge:
    """So many subjects under one rule, which has a limit."""

    rule: str
    limit: Limit
    subjects: int


@dataclass(frozen=True)
class Exceeded:
    """A bound that would be passed; `seconds` is when at the earliest there may be more."""

    rule: str
    whose: Literal["officer", "agency"]
    bound: int
    seconds: int

    def __str__(self) -> str:
        return (
            f"under `{self.rule}` one {self.whose} may have the data of {self.bound} residents in an hour, and that is reached; "
            f"ask again in {self.seconds} seconds, or for fewer"
        )


class SubjectUse:
    """Counts in a database; it connects when first asked to. Safe for concurrent use in one event loop."""

    def __init__(self, dsn: str, *, pool_size: int = 2, timeout: float = 2.0) -> None:
        self._dsn, self._size, self._timeout = dsn, pool_size, timeout
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def charge(self, charges: Sequence[Charge], caller: Caller) -> Exceeded | None:
        """Count all charges, or none and say which bound would be passed. Raises `LimitsUnavailable`."""
        try:
            async with asyncio.timeout(self._timeout):
                pool = await self._open()
                async with pool.acquire() as connection, connection.transaction():
                    await self._charge(connection, sorted(charges, key=lambda charge: charge.rule), caller)
            return None
        except _Refused as refused:
            return refused.exceeded
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            log.warning("limits cannot be counted (%s)", type(error).__name__)
            raise LimitsUnavailable from error

    async def aclose(self) -> None:
        """Let go of connections."""
        if self._pool is not None:
            await self._pool.close()

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                # Whatever the server's default, a count must be on disk before what it counts is shown.
                settings = {"application_name": "madang", "synchronous_commit": "on"}
                self._pool = await asyncpg.create_pool(self._dsn, min_size=0, max_size=self._size, server_settings=settings)
            return self._pool

    async def _charge(self, connection: asyncpg.pool.PoolConnectionProxy, charges: Sequence[Charge], caller: Caller) -> None:
        for charge in charges:
            await connection.execute(_LOCK, f"{charge.rule} {caller.agency}")
            row = await connection.fetchrow(_USED, charge.rule, caller.agency, caller.officer)
            assert row is not None, "an aggregate has one row"
            for whose, bound, used, frees in (
                ("agency", charge.limit.agency, row[0], row[2]), ("officer", charge.limit.officer, row[1], row[3]),
            ):  # fmt: skip
                if bound is not None and used + charge.subjects > bound:
                    # Raising undoes what was counted for the rules before.
                    raise _Refused(Exceeded(charge.rule, whose, bound, max(1, ceil(frees or 0))))  # type: ignore[arg-type]
            await connection.execute(_COUNT, charge.rule, caller.agency, caller.officer, charge.subjects)
            await connection.execute(_FORGET, charge.rule, caller.agency)


class _Refused(Exception):
    def __init__(self, exceeded: Exceeded) -> None:
        super().__init__()
        self.exceeded = exceeded
