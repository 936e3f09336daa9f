"""Letting go of entries whose time is over, month by month.

Entries lie in a partition for each month in which their last day is. When the month is past the database drops it, with the index
of its residents, by a function that refuses any other (`ledger_drop` in `auth/gateway.sql`): the gateway's role can remove
nothing else. The blocks stay, so the chain can be checked as before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

import asyncpg

from auth.access import Span

_PARTITIONS = """
SELECT child.relname, pg_total_relation_size(child.oid) FROM pg_inherits
JOIN pg_class child ON child.oid = inhrelid
WHERE inhparent IN ('ledger_entries'::regclass, 'ledger_subject'::regclass)
"""
_NAME = re.compile(r"ledger_(?:entries|subject)_([0-9]{4})_([0-9]{2})")
_BLOCKS = "SELECT count(*), coalesce(sum(entries), 0) FROM ledger_block WHERE kept_until >= $1 AND kept_until < $2"


@dataclass(frozen=True, slots=True)
class Month:
    """The entries whose last day is in one month. `bytes` with indexes."""

    first: date
    blocks: int
    entries: int
    bytes: int

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}: {self.blocks:,} blocks with {self.entries:,} entries, {self.bytes / 1_000_000:,.1f} MB"


async def over(connection: asyncpg.Connection) -> list[Month]:
    """The months that are there and over, the first of them first."""
    sizes: dict[date, int] = {}
    for name, size in await connection.fetch(_PARTITIONS):
        if found := _NAME.fullmatch(name):
            first = date(int(found[1]), int(found[2]), 1)
            sizes[first] = sizes.get(first, 0) + size
    # Days end as they were reckoned, by UTC; the database looks at its own clock besides.
    today = datetime.now(UTC).date()
    months = []
    for first in sorted(sizes):
        if (end := Span(months=1).after(first)) <= today:
            [[blocks, entries]] = await connection.fetch(_BLOCKS, first, end)
            months.append(Month(first, blocks, entries, sizes[first]))
    return months


async def drop(connection: asyncpg.Connection, month: Month) -> None:
    """Let go of a month; raises `asyncpg.LockNotAvailableError` if it is being read for longer than a moment."""
    async with connection.transaction():
        # Who waits for a lock of this kind lets all others wait behind it, and those who write have no time.
        await connection.execute("SET LOCAL lock_timeout = '500ms'")
        await connection.execute("SELECT ledger_drop($1)", month.first)
