"""Reading the ledger: who looked at a resident, what of a form was asked last, how many operations there were.

Each question is answered from what `auth/upkeep.py` has made of the ledger, and from the blocks that it has not yet looked
through: so what was written a moment ago is there, and nothing is there twice. Answers come newest first and in pages; between
two pages anything may be written, looked through, or dropped because it need no longer be kept.

What cannot be read is said by `LedgerUnreadable`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple, TypeVar

import asyncpg

from auth.entries import SUBJECT, Entry, decode, form_of, unpacked
from auth.ledger import FAILURES, PLACES
from auth.pseudonyms import Subjects
from auth.upkeep import PART, bucket_of, places_of

log = logging.getLogger("madang")

_FEW, _MANY = 8, 64
"""Blocks that are read at once, at first and at most."""
_PARTS = 16
"""Rows of `ledger_form_block` that are read at once, for each form."""

# One statement has one snapshot: a block is in a segment or behind the last one, never both and never neither. That no block is
# behind the last of all need not be said, but lets the planner expect few.
_ABOUT = """
SELECT NULL::bigint AS number, places FROM ledger_subject WHERE bucket = $1 AND position($2 IN places) > 0
UNION ALL SELECT NULL, places FROM ledger_recent WHERE bucket = $1 AND position($2 IN places) > 0
UNION ALL SELECT number, body FROM ledger_entries
WHERE number > (SELECT number FROM ledger_upkeep WHERE work = 'subjects') AND number <= (SELECT max(number) FROM ledger_block)
  AND position($3 IN body) > 0
"""
# By way of the block, which tells the partition.
_BODIES = """
SELECT number, body FROM ledger_block JOIN ledger_entries USING (number, kept_until)
WHERE number = ANY($1::bigint[]) ORDER BY number DESC
"""
_ENDS = "SELECT number, (SELECT coalesce(max(number), 0) FROM ledger_block) FROM ledger_upkeep WHERE work = 'counts'"
_PARTS_OF = """
SELECT part, bit_or(blocks) AS blocks FROM unnest($1::integer[]) AS wanted (form), LATERAL (
    SELECT part, blocks FROM ledger_form_block AS f
    WHERE f.form = wanted.form AND part BETWEEN $2 AND $3 ORDER BY part DESC LIMIT $4
) AS newest
GROUP BY part ORDER BY part DESC LIMIT $4
"""
# Blocks are in the order of their time and leave no number out, so the first since then is found by halving.
_SINCE = """
WITH RECURSIVE halving (low, high) AS (
    SELECT 1::bigint, (SELECT coalesce(max(number), 0) + 1 FROM ledger_block)
    UNION ALL
    SELECT CASE WHEN at < $1 THEN middle + 1 ELSE low END, CASE WHEN at < $1 THEN high ELSE middle END
    FROM (SELECT low, high, (low + high) / 2 AS middle FROM halving WHERE low < high) AS half
    JOIN ledger_block ON number = middle
)
SELECT low FROM halving WHERE low = high
"""
_FORM = "SELECT content FROM ledger_form WHERE id = $1"
# Not those behind the last that is known: a number may be taken before a smaller one is committed.
_FORMS = "SELECT id, content FROM ledger_form WHERE id <> ALL($1::integer[])"
_COUNTED = """
FROM ledger_count
WHERE ($1::date IS NULL OR day >= $1) AND ($2::date IS NULL OR day <= $2) AND ($3::integer[] IS NULL OR form = ANY($3))
"""
_COUNTS = {
    "day": f"SELECT day, form, item, operations, residents {_COUNTED} ORDER BY day, form, item",
    "month": "SELECT date_trunc('month', day)::date, form, item, sum(operations)::bigint, sum(residents)::bigint "
    f"{_COUNTED} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
}


class LedgerUnreadable(Exception):
    """The ledger cannot be read now, or what is in it cannot."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry about a resident: its number, the resident's place among those in it, and what was granted, as bits."""

    number: int
    place: int
    entry: Entry
    granted: int


class Count(NamedTuple):
    """Operations of a form on a day, or in the month that begins with it, and the residents of whom they disclosed.

    `item`: a granted coordinate of the form, or -1 for the operations as such.
    """

    day: date
    form: int
    item: int
    operations: int
    residents: int


class Reader:
    """Reads the ledger of a database; it connects when first asked to. Safe for concurrent use in one event loop.

    `timeout`: seconds for each statement.
    """

    def __init__(self, dsn: str, subjects: Subjects, *, pool_size: int = 2, timeout: float = 2.0) -> None:
        self._dsn, self._subjects, self._size, self._timeout = dsn, subjects, pool_size, timeout
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._forms: dict[int, Mapping[str, Any]] = {}

    async def aclose(self) -> None:
        """Let go of connections."""
        if self._pool is not None:
            await self._pool.close()

    # Forms and counts

    async def form(self, number: int) -> Mapping[str, Any]:
        """What entries of a form have in common; raises `LedgerUnreadable` if there is none of this number."""
        if number not in self._forms:
            rows = await self._fetch(_FORM, number)
            if not rows:
                raise LedgerUnreadable(f"there is no form {number}")
            self._forms[number] = json.loads(rows[0][0])
        return self._forms[number]

    async def forms(self) -> Mapping[int, Mapping[str, Any]]:
        """All forms by number."""
        self._forms.update([(row[0], json.loads(row[1])) for row in await self._fetch(_FORMS, list(self._forms))])
        return self._forms

    async def counts(
        self,
        *,
        since: date | None = None,
        until: date | None = None,
        forms: Collection[int] | None = None,
        by: Literal["day", "month"] = "day",
    ) -> list[Count]:
        """What was counted from one day to another, both included, of all forms or of some; entries are counted in seconds."""
        rows = await self._fetch(_COUNTS[by], since, until, None if forms is None else list(forms))
        return [Count._make(row) for row in rows]

    # Entries

    async def entry(self, number: int) -> Entry | None:
        """The entry of a number; none if there is none, or it is no longer kept."""
        block, place = divmod(number, PLACES)
        async for _, entries in self._blocks([block]):
            return _read(block, entries[place], decode) if place < len(entries) else None
        return None

    async def of_resident(
        self,
        number: str,
        *,
        before: int | None = None,
        since: int | None = None,
        limit: int | None,
        keep: Callable[[Found], bool],
    ) -> list[Found]:
        """Entries about a resident, newest first, those that `keep` says yes to: before an entry, and since a time in ms."""
        subject = self._subjects.of([number])
        lowest = PLACES * await self._first(since)
        places: dict[int, list[int]] = {}
        for each in sorted(await self._about(subject), reverse=True):
            if each >= lowest and (before is None or each < before):
                places.setdefault(each // PLACES, []).append(each % PLACES)
        found: list[Found] = []
        async for block, entries in self._blocks(list(places)):
            for place in places[block]:
                entry = _read(block, entries[place], decode) if place < len(entries) else None
                if entry is None or (where := _where(entry, subject)) is None or (since is not None and entry.at < since):
                    continue
                one = Found(block * PLACES + place, where[0], entry, where[1])
                if keep(one):
                    found.append(one)
                    if len(found) == limit:
                        return found
        return found

    async def newest(
        self, *, forms: Collection[int], before: int | None = None, since: int | None = None, limit: int
    ) -> list[tuple[int, Entry]]:
        """Entries of some forms, newest first: before an entry, and since a time in ms."""
        wanted, lowest = frozenset(forms), await self._first(since)
        found: list[tuple[int, Entry]] = []
        async for blocks in self._having(wanted, lowest, before):
            async for block, entries in self._blocks(blocks):
                for place in range(len(entries) - 1, -1, -1):
                    number = block * PLACES + place
                    if _read(block, entries[place], form_of) not in wanted or (before is not None and number >= before):
                        continue
                    entry = _read(block, entries[place], decode)
                    if since is None or entry.at >= since:
                        found.append((number, entry))
                        if len(found) == limit:
                            return found
        return found

    async def _first(self, since: int | None) -> int:
        """The first block with entries since a time: no entry is later than its block."""
        return 1 if since is None else int((await self._fetch(_SINCE, since))[0][0])

    async def _about(self, subject: bytes) -> set[int]:
        """The numbers of entries about a resident, and maybe of a few others."""
        found: set[int] = set()
        for block, data in await self._fetch(_ABOUT, bucket_of(subject), subject[2:5], subject):
            if block is None:
                found.update(places_of(subject, data))
            else:
                found.update(block * PLACES + place for place, each in enumerate(_read(block, data, unpacked)) if subject in each)
        return found

    async def _having(self, forms: Collection[int], lowest: int, before: int | None) -> AsyncIterator[Sequence[int]]:
        """Numbers of blocks that have entries of some forms, newest first; those not yet looked through may have none."""
        ((reached, last),) = await self._fetch(_ENDS)
        if before is not None:
            last = min(last, (before - 1) // PLACES)
        yield range(last, max(reached, lowest - 1), -1)
        last = min(last, reached)
        while last >= lowest:
            rows = await self._fetch(_PARTS_OF, list(forms), lowest // PART, last // PART, _PARTS)
            yield [block for part, blocks in rows for block in _marked(part, blocks) if lowest <= block <= last]
            last = rows[-1][0] * PART - 1 if len(rows) == _PARTS else 0

    async def _blocks(self, numbers: Sequence[int]) -> AsyncIterator[tuple[int, list[bytes]]]:
        """Blocks with their entries, as many at a time as are likely to be needed. Numbers are given and come newest first."""
        at, size = 0, _FEW
        while at < len(numbers):
            for number, body in await self._fetch(_BODIES, numbers[at : at + size]):
                yield number, _read(number, body, unpacked)
            at, size = at + size, min(2 * size, _MANY)

    async def _fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        try:
            async with asyncio.timeout(self._timeout):
                found: list[asyncpg.Record] = await (await self._open()).fetch(statement, *arguments)
                return found
        except FAILURES as error:
            log.warning("the ledger cannot be read (%s)", type(error).__name__)
            raise LedgerUnreadable(type(error).__name__) from error

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                settings = {"application_name": "madang reader", "default_transaction_read_only": "on", "jit": "off"}
                self._pool = await asyncpg.create_pool(
                    self._dsn, min_size=1, max_size=self._size, server_settings=settings, reset=_nothing
                )
        return self._pool


async def _nothing(connection: asyncpg.Connection) -> None:
    """No statement leaves anything on a connection that would have to be reset."""


Read = TypeVar("Read")


def _read(block: int, data: bytes, reading: Callable[[bytes], Read]) -> Read:
    """What a block has, which somebody may have tampered with."""
    try:
        return reading(data)
    except (ValueError, IndexError) as error:
        raise LedgerUnreadable(f"block {block} of the ledger is not as it was written") from error


def _where(entry: Entry, subject: bytes) -> tuple[int, int] | None:
    """The place of a resident in an entry, and what was granted; none if the resident is not in it."""
    before = 0
    for granted, residents in entry.disclosures.items():
        at = residents.find(subject)
        while at % SUBJECT and at >= 0:
            at = residents.find(subject, at + 1)
        if at >= 0:
            return before + at // SUBJECT, granted
        before += len(residents) // SUBJECT
    return None


def _marked(part: int, blocks: asyncpg.BitString) -> list[int]:
    """The numbers of a part's blocks that are marked, from the last."""
    bits = blocks.to_int()
    return [part * PART + bit for bit in range(PART - 1, -1, -1) if bits >> bit & 1]
