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
"""Older counts are no longer needed; who begins a minute deletes those of the same rule and agency."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
# Not `now()`, which is when the transaction began: it may have waited for the lock since.
_USED = """
SELECT coalesce(sum(subjects), 0)::bigint AS agency, coalesce(sum(subjects) FILTER (WHERE officer = $3), 0)::bigint AS officer
FROM subject_use WHERE rule = $1 AND agency = $2 AND minute > statement_timestamp() - interval '61 minutes'
"""
_PASSED = """
SELECT extract(epoch FROM minute + interval '61 minutes' - statement_timestamp())::float8
FROM (
    SELECT minute, sum(sum(subjects)) OVER (ORDER BY minute) AS passed FROM subject_use
    WHERE rule = $1 AND agency = $2 AND ($3::text IS NULL OR officer = $3)
      AND minute > statement_timestamp() - interval '61 minutes'
    GROUP BY minute
) AS used
WHERE passed >= $4 ORDER BY minute LIMIT 1
"""
_COUNT = """
INSERT INTO subject_use (rule, agency, officer, minute, subjects)
VALUES ($1, $2, $3, date_trunc('minute', statement_timestamp()), $4)
ON CONFLICT (rule, agency, officer, minute) DO UPDATE SET subjects = subject_use.subjects + excluded.subjects
RETURNING xmax = 0
"""
"""Whether it is the first count of its minute."""
_FORGET = f"DELETE FROM subject_use WHERE rule = $1 AND agency = $2 AND minute < statement_timestamp() - interval '{KEPT}'"


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
    """A bound that would be passed. `seconds`: when as many may be had again; none if they are more than the bound allows."""

    rule: str
    whose: Literal["officer", "agency"]
    bound: int
    seconds: int | None

    def __str__(self) -> str:
        bound = f"under `{self.rule}` one {self.whose} may have the data of {self.bound} residents in an hour"
        if self.seconds is None:
            return f"{bound}, and these are more; ask for fewer"
        return f"{bound}, and that is reached; ask again in {self.seconds} seconds, or for fewer"


class SubjectUse:
    """Counts in a database; it connects when first asked to. Safe for concurrent use in one event loop."""

    def __init__(self, dsn: str, *, pool_size: int = 2, timeout: float = 2.0) -> None:
        self._dsn, self._size, self._timeout = dsn, pool_size, timeout
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def charge(self, charges: Sequence[Charge], caller: Caller) -> Exceeded | None:
        """Count all charges, or none and say which bound would be passed. Raises `LimitsUnavailable`."""
        counted = sorted((charge for charge in charges if charge.subjects), key=lambda charge: charge.rule)
        if not counted:
            return None
        try:
            async with asyncio.timeout(self._timeout):
                pool = await self._open()
                # Each statement must see what was committed while the lock was waited for, whatever the server's default.
                async with pool.acquire() as connection, connection.transaction(isolation="read_committed"):
                    for charge in counted:
                        await self._count(connection, charge, caller)
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

    async def _count(self, connection: asyncpg.pool.PoolConnectionProxy, charge: Charge, caller: Caller) -> None:
        """Count one charge, or raise `_Refused`, which undoes what was counted for the rules before."""
        rule, limit, subjects = charge.rule, charge.limit, charge.subjects
        await connection.execute(_LOCK, f"{rule} {caller.agency}")
        used = await connection.fetchrow(_USED, rule, caller.agency, caller.officer)
        assert used is not None, "an aggregate has one row"
        bounds: tuple[tuple[Literal["officer", "agency"], int | None, str | None], ...] = (
            ("agency", limit.agency, None), ("officer", limit.officer, caller.officer),
        )  # fmt: skip
        for whose, bound, officer in bounds:
            if bound is not None and used[whose] + subjects > bound:
                excess = used[whose] + subjects - bound
                seconds = await connection.fetchval(_PASSED, rule, caller.agency, officer, excess)
                raise _Refused(Exceeded(rule, whose, bound, None if seconds is None else max(1, ceil(seconds))))
        if await connection.fetchval(_COUNT, rule, caller.agency, caller.officer, subjects):
            await connection.execute(_FORGET, rule, caller.agency)


class _Refused(Exception):
    def __init__(self, exceeded: Exceeded) -> None:
        super().__init__()
        self.exceeded = exceeded
