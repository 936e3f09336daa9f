"""Making the ledger readable: in which entries a resident is, in which blocks a form is, and how many operations there were.

Writing is in the way of every answer, so nothing is indexed when it is written. Afterwards this looks through the blocks, in
order, each once, in two works. How far each has come is kept beside what it made (`ledger_upkeep`), and moves in one transaction
with it: a process that is killed in between leaves nothing missing and nothing doubled. A lock in the database sees to it that of
several processes one works, and the others pass.

**counts** goes through every entry soon after it is written. It adds up `ledger_count`, by day, form and granted coordinate, and
marks in `ledger_form_block` which blocks have entries of a form.

**subjects** waits until enough disclosures have gathered, and writes them as one segment, as a log-structured merge tree does. A
disclosure is nine bytes: the third to fifth of the resident's pseudonym, and six of the entry's number. They stand one after the
other in 4096 buckets, by the first twelve bits of the pseudonym, a row each for every month until which entries are kept. So of
each pseudonym 36 bits are compared; the entry itself has the rest. Segments are put together again when there are many: for one
resident a row of each is read.

What is here can be made anew from the entries, which alone are signed. Where entries are no longer kept, nothing is made.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from struct import Struct
from time import monotonic
from zoneinfo import ZoneInfo

import asyncpg

from auth.entries import SUBJECT, grouped, skimmed
from auth.ledger import PLACES

log = logging.getLogger("madang")

LEAST = 50_000
"""Disclosures that make a segment. Up to as many have to be looked for in the blocks themselves: some milliseconds."""
MOST = 300_000
"""About as many at most: a step's time and memory. No block is divided."""
PIECES = 64
"""Segments that are put together into one. Of each the row of one bucket is read for a resident."""
PART = 512
"""Blocks of one row of `ledger_form_block`."""
PLACE = 9
"""Bytes of a disclosure in a bucket."""

_AT_ONCE, _FETCHED = 1000, 64
_QUARTER = 900_000
_MOST_SECONDS = 600
_SUBJECT = Struct(f">H3s{SUBJECT - 5}x")

_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('madang ledger upkeep', 0))"
_REACHED = "SELECT number FROM ledger_upkeep WHERE work = $1"
_ADVANCE = "UPDATE ledger_upkeep SET number = $2 WHERE work = $1"
# Without a limit it would be planned to be read to its end, and all that is there be sorted for every step.
_BODIES = f"SELECT number, kept_until, body FROM ledger_entries WHERE number > $1 ORDER BY number LIMIT {_AT_ONCE}"
_COUNT = """
INSERT INTO ledger_count AS known (day, form, item, operations, residents)
SELECT * FROM unnest($1::date[], $2::integer[], $3::smallint[], $4::bigint[], $5::bigint[])
ON CONFLICT (day, form, item) DO UPDATE
SET operations = known.operations + excluded.operations, residents = known.residents + excluded.residents
"""
_MARK = """
INSERT INTO ledger_form_block AS known (form, kept_until, part, blocks)
SELECT * FROM unnest($1::integer[], $2::date[], $3::bigint[], $4::varbit[])
ON CONFLICT (form, part, kept_until) DO UPDATE SET blocks = known.blocks | excluded.blocks
"""
_SEGMENTS = "SELECT count(DISTINCT first) FROM ledger_recent"
# Of a month whose entries were dropped meanwhile there is no partition, and nothing to keep.
_MERGE = """
INSERT INTO ledger_subject (kept_until, bucket, first, places)
SELECT kept_until, bucket, min(first), string_agg(places, ''::bytea ORDER BY first)
FROM ledger_recent
WHERE kept_until IN (
    SELECT month FROM (SELECT DISTINCT kept_until AS month FROM ledger_recent) AS months
    WHERE EXISTS (SELECT FROM ledger_entries AS e WHERE e.kept_until >= month AND e.kept_until < month + interval '1 month')
)
GROUP BY kept_until, bucket
"""
_CLEAR = "DELETE FROM ledger_recent"


def bucket_of(subject: bytes) -> int:
    """In which bucket a pseudonym is."""
    return subject[0] << 4 | subject[1] >> 4


def places_of(subject: bytes, places: bytes) -> Iterator[int]:
    """The numbers of the entries that a bucket has for a pseudonym, or for one that looks like it."""
    sought, at = subject[2:5], 0
    while (at := places.find(sought, at)) >= 0:
        if at % PLACE:
            at += 1
            continue
        yield int.from_bytes(places[at + 3 : at + PLACE])
        at += PLACE


@dataclass(frozen=True, slots=True)
class Upkept:
    """What was done: blocks that were counted, and disclosures that are in segments now."""

    counted: int
    indexed: int


class Upkeep:
    """Looks through the ledger of a database. What has gathered for the next segment is kept from one run to the next.

    `rest`: after each step it pauses so many times as long as the step took, for those who answer to have the processor.
    """

    def __init__(self, dsn: str, zone: ZoneInfo, *, rest: float = 0.0) -> None:
        self._dsn, self._zone, self._rest = dsn, zone, rest
        self._connection: asyncpg.Connection | None = None
        self._segment = _Segment(0)

    async def run(self, *, everything: bool = False) -> Upkept:
        """Go through what has been written since, unless somebody else does. `everything`: also the last few disclosures.

        What the database does not do as it should is raised as the driver says it (`auth.ledger.FAILURES`); call again later.
        """
        try:
            connection = await self._connected()
            counted = indexed = 0
            while more := await self._paced(connection, self._count):
                counted += more
            while more := await self._paced(connection, lambda it: self._index(it, 1 if everything else LEAST)):
                indexed += more
                await self._paced(connection, _merge)
            return Upkept(counted, indexed)
        except BaseException:
            if self._connection is not None:
                self._connection.terminate()
            raise

    async def _paced(self, connection: asyncpg.Connection, step: Callable[[asyncpg.Connection], Awaitable[int]]) -> int:
        began = monotonic()
        done = await _alone(connection, step)
        await asyncio.sleep(self._rest * (monotonic() - began) if done else 0)
        return done

    async def aclose(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            settings = {"application_name": "madang keeper", "jit": "off"}
            self._connection = await asyncpg.connect(
                self._dsn, timeout=10, command_timeout=_MOST_SECONDS, server_settings=settings
            )
        return self._connection

    async def _count(self, connection: asyncpg.Connection) -> int:
        """Count some blocks; how many."""
        reached = last = await connection.fetchval(_REACHED, "counts")
        counts = _Counts(self._zone)
        async for number, kept_until, body in _bodies(connection, reached):
            counts.add(number, kept_until, body)
            last = number
            if counts.entries >= MOST:
                break
        if last > reached:
            await connection.execute(_COUNT, *counts.columns())
            await connection.execute(_MARK, *counts.marks())
            await connection.execute(_ADVANCE, "counts", last)
        return int(last - reached)

    async def _index(self, connection: asyncpg.Connection, least: int) -> int:
        """Write a segment, if there is enough for one; of how many disclosures, or of entries where one discloses nothing."""
        reached = await connection.fetchval(_REACHED, "subjects")
        segment = self._segment
        if segment.since != reached:  # Somebody else was at work, or a step came to nothing.
            segment = self._segment = _Segment(reached)
        async for number, kept_until, body in _bodies(connection, segment.last):
            segment.add(number, kept_until, body)
            if segment.size >= MOST:
                break
        if segment.size < least:
            return 0
        columns = ("kept_until", "bucket", "first", "places")
        await connection.copy_records_to_table("ledger_recent", records=segment.rows(), columns=columns)
        await connection.execute(_ADVANCE, "subjects", segment.last)
        self._segment = _Segment(segment.last)
        return segment.size


async def _alone(connection: asyncpg.Connection, step: Callable[[asyncpg.Connection], Awaitable[int]]) -> int:
    """Take a step in a transaction of its own; 0 if somebody else is at work."""
    # Each statement must see what was committed before the lock was had, whatever the server's default.
    async with connection.transaction(isolation="read_committed"):
        return await step(connection) if await connection.fetchval(_LOCK) else 0


async def _bodies(connection: asyncpg.Connection, last: int) -> AsyncIterator[tuple[int, date, bytes]]:
    """The blocks behind one, of which a few are held in memory."""
    read = _AT_ONCE
    while read == _AT_ONCE:
        read = 0
        async for number, kept_until, body in connection.cursor(_BODIES, last, prefetch=_FETCHED):
            yield number, kept_until, body
            last, read = number, read + 1


async def _merge(connection: asyncpg.Connection) -> int:
    """Put segments together if there are many; how many."""
    segments: int = await connection.fetchval(_SEGMENTS)
    if segments < PIECES:
        return 0
    await connection.execute(_MERGE)
    await connection.execute(_CLEAR)
    return segments


def _entries(number: int, body: bytes) -> list[tuple[int, bytes, bytes, list[bytes]]]:
    try:
        return list(skimmed(body))
    except (ValueError, IndexError):
        # It has been tampered with, which verifying tells; all others are to be found nevertheless.
        log.error("block %d of the ledger cannot be read", number)
        return []


Kind = tuple[int, bytes]
"""What entries are counted by: the form, and for each group what was granted and of how many residents, as it is written."""


class _Counts:
    """Entries are added up by kind first, of which there are few, and only then by coordinate."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._days: dict[date, dict[Kind, int]] = {}
        self._blocks: dict[tuple[int, date, int], int] = {}
        self.entries = 0
        self._begin = self._end = b""
        self._kinds: dict[Kind, int] = {}

    def add(self, number: int, kept_until: date, body: bytes) -> None:
        entries = _entries(number, body)
        forms = set()
        for form, time, groups, _ in entries:
            if not self._begin <= time < self._end:
                self._turn(time)
            kind = (form, groups)
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
            forms.add(form)
        self.entries += len(entries)
        part, bit = number // PART, 1 << number % PART
        for form in forms:
            key = (form, kept_until.replace(day=1), part)
            self._blocks[key] = self._blocks.get(key, 0) | bit

    def _turn(self, time: bytes) -> None:
        """Go to the day of another entry. No zone's day begins in the midst of a quarter of an hour."""
        quarter = int.from_bytes(time) // _QUARTER
        self._begin, self._end = (quarter * _QUARTER).to_bytes(6), ((quarter + 1) * _QUARTER).to_bytes(6)
        day = datetime.fromtimestamp(quarter * _QUARTER // 1000, self._zone).date()
        self._kinds = self._days.setdefault(day, {})

    def columns(self) -> list[list[object]]:
        """The columns of `ledger_count`."""
        found: defaultdict[tuple[date, int, int], list[int]] = defaultdict(lambda: [0, 0])
        for day, kinds in self._days.items():
            for (form, groups), times in kinds.items():
                for item, residents in _items(groups).items():
                    counted = found[day, form, item]
                    counted[0] += times
                    counted[1] += times * residents
        return _columns([(*key, *counted) for key, counted in found.items()], 5)

    def marks(self) -> list[list[object]]:
        """The columns of `ledger_form_block`."""
        return _columns([(*key, asyncpg.BitString.from_int(blocks, PART)) for key, blocks in self._blocks.items()], 4)


def _items(groups: bytes) -> dict[int, int]:
    """The residents of one entry by granted coordinate, and of all."""
    found = {-1: 0}
    for granted, residents in grouped(groups):
        found[-1] += residents
        for item in range(granted.bit_length()):
            if granted >> item & 1:
                found[item] = found.get(item, 0) + residents
    return found


def _columns(rows: list[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[index] for row in rows] for index in range(width)]


class _Segment:
    """Disclosures of the blocks behind one, by the month until which they are kept and by bucket."""

    def __init__(self, since: int) -> None:
        self.since = self.last = since
        self.size = 0
        self._months: dict[date, defaultdict[int, bytearray]] = {}

    def add(self, number: int, kept_until: date, body: bytes) -> None:
        buckets = self._months.setdefault(kept_until.replace(day=1), defaultdict(bytearray))
        for place, (_, _, _, groups) in enumerate(_entries(number, body), number * PLACES):
            written, length = place.to_bytes(6), 0
            for residents in groups:
                length += len(residents)
                for start, sought in _SUBJECT.iter_unpack(residents):
                    buckets[start >> 4] += sought + written
            # An entry without residents counts as if it had one: it, too, has to be gone through until then.
            self.size += length // SUBJECT or 1
        self.last = number

    def rows(self) -> Iterator[tuple[date, int, int, bytes]]:
        for month, buckets in self._months.items():
            for bucket, places in sorted(buckets.items()):
                yield month, bucket, self.since + 1, bytes(places)
