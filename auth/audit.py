"""Checking the ledger: every byte is hashed, and the first place that is wrong is named.

Of each block is checked that its number follows, that it names the block before by its hash, that its time is not before that
one's and its entries are kept for two years at least, that its key is known, and that its entries, each with its form's digest,
make its root: as many as it says, or none at all once their time is over. A form is hashed when it is first met.

A signature covers all that is before it, through the chain: nobody signs a block behind one that they have not signed or checked
themselves, or else that bears another key. So it is enough to check the last block's, one a page, and the last before another
key. Where one does not hold, or anything else is wrong, the signatures before it are gone through one by one, since what was
altered in a block is often first seen at the block behind it: the first that does not hold is the place. `auth/tampering.py` says
what happened there.

A ledger that was cut off at its end is as sound as before. Who remembers a block from earlier, its **head** then, can tell.

A long ledger is checked in parts by several processes. A part begins with the name of the block before, which is checked in
the part before.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import takewhile
from multiprocessing import get_context

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth.blocks import Block, Keys, is_signed, keys_of
from auth.merkle import root
from auth.stored import Forms, Seen, block_at, last_number, name_of, page
from auth.tampering import Finding, day_of, explain, least

Progress = Callable[[int], None]
"""Told how many blocks more were checked."""

PART = 16_384
"""Blocks that one process checks before it says so."""
_PROCESSES = 8
"""The most that check at once if nobody says how many."""
_BELOW = (
    "SELECT min(number) FROM (SELECT number FROM ledger_block UNION ALL SELECT number FROM ledger_entries) n WHERE number < 1"
)
_BEYOND = "SELECT min(number) FROM ledger_entries WHERE number > (SELECT coalesce(max(number), 0) FROM ledger_block)"


@dataclass(slots=True)
class Report:
    """What was checked. `finding` is the first thing that is wrong, and then nothing behind it was looked at."""

    blocks: int = 0
    entries: int = 0
    head: Block | None = None
    """The last block that was checked."""
    finding: Finding | None = None
    forms: set[int] = field(default_factory=set)
    """The forms that were hashed."""

    def add(self, other: Report) -> None:
        self.blocks, self.entries = self.blocks + other.blocks, self.entries + other.entries
        self.head, self.finding = other.head or self.head, other.finding
        self.forms |= other.forms


async def verify(
    dsn: str,
    keys: Keys,
    *,
    first: int = 1,
    last: int | None = None,
    head: Block | None = None,
    processes: int | None = None,
    progress: Progress = lambda blocks: None,
) -> Report:
    """Check blocks of a database, by default all; and that the chain has the block that is remembered as its `head`.

    If no last block is given, the blocks are checked up to the one that is the last when it begins.
    """
    async with connected(dsn) as connection:
        end = await last_number(connection) if last is None else last
        workers = min(processes or min(os.cpu_count() or 1, _PROCESSES), -(-(end - first + 1) // PART))
        if workers > 1:
            report = await _in_parts(dsn, keys, first, end, workers, progress)
        else:
            report = await _walk(connection, keys, first, end, progress)
        return await _completed(connection, report, whole=(first, last) == (1, None), head=head)


async def check(connection: asyncpg.Connection, keys: Keys, *, head: Block | None = None) -> Report:
    """Check all blocks over one connection, which nobody else uses meanwhile."""
    report = await _walk(connection, keys, 1, await last_number(connection), lambda blocks: None)
    return await _completed(connection, report, whole=True, head=head)


async def _completed(connection: asyncpg.Connection, report: Report, *, whole: bool, head: Block | None) -> Report:
    """A report with what cannot be seen going from block to block."""
    if report.finding is None and whole:
        report.finding = await _strays(connection, report.forms)
    if report.finding is None and head is not None:
        report.finding = await _has(connection, head)
    return report


async def _walk(connection: asyncpg.Connection, keys: Keys, first: int, last: int, progress: Progress) -> Report:
    before = await block_at(connection, first - 1)
    return Report(finding=_severed(first)) if before is None else await _Walk(connection, keys, before).to(last, progress)


class _Walk:
    """Goes from block to block. `before` is the last that was found sound."""

    def __init__(self, connection: asyncpg.Connection, keys: Keys, before: Block) -> None:
        self.connection, self.keys = connection, keys
        self.before, self.name = before, name_of(before)
        self.forms = Forms()
        self.today = datetime.now(UTC).date().toordinal()

    async def to(self, last: int, progress: Progress) -> Report:
        report = Report()
        seen = await page(self.connection, self.before.number + 1, last)
        while self.before.number < last:
            await self.forms.load(self.connection, (form for each in seen for form in each.forms))
            # The next page comes in while this one is hashed.
            upcoming = asyncio.ensure_future(page(self.connection, (seen[-1].number if seen else last) + 1, last))
            await asyncio.sleep(0)
            signed, sound = self.before, list(takewhile(self._fits, seen))
            following = await upcoming
            if not seen or len(sound) < len(seen) or not is_signed(self.before, self.keys):
                report.finding = await self._first_wrong(signed, sound, seen[len(sound) :])
                sound = [each for each in sound if each.number < (report.finding.block or 0)]
            report.blocks += len(sound)
            report.entries += sum(len(each.forms) for each in sound)
            progress(len(sound))
            if report.finding is not None:
                break
            seen = following
        report.head, report.forms = self.before if self.before.number else None, {*self.forms.digests, *self.forms.altered}
        return report

    def _fits(self, seen: Seen) -> bool:
        """Whether what comes next is sound but for its signature."""
        block, before = seen.block, self.before
        if block is None or block.number != before.number + 1 or block.previous != self.name or block.at < before.at:
            return False
        if block.key != before.key and before.number and not is_signed(before, self.keys):
            return False
        if block.key not in self.keys or block.kept_until < _least(day_of(block.at)):
            return False
        if seen.has_entries:
            if seen.until != block.kept_until or seen.entries is None or len(seen.entries) != block.entries:
                return False
            leaves = self.forms.hashes(seen)
            if leaves is None or root(leaves) != block.root:
                return False
        elif block.kept_until >= self.today:
            return False
        self.before, self.name = block, block.name()
        return True

    async def _first_wrong(self, signed: Block, sound: Sequence[Seen], rest: Sequence[Seen]) -> Finding:
        """The first that is wrong of what fits together behind a block, and what does not fit behind that."""
        blocks = [signed, *(each.block for each in sound if each.block is not None)]
        if rest and rest[0].number == blocks[-1].number:
            blocks.pop()  # What is there twice fitted at the first time.
        where = next((at for at, block in enumerate(blocks) if block.number and not is_signed(block, self.keys)), len(blocks))
        before = blocks[where - 1] if where else await block_at(self.connection, signed.number - 1)
        if before is None:
            return _severed(signed.number)
        return await explain(self.connection, self.keys, self.forms, self.today, before)


@lru_cache
def _least(day: int) -> int:
    try:
        return least(day)
    except (ValueError, OverflowError):
        return sys.maxsize  # Of a day that is none nothing is kept for long enough.


def _severed(number: int) -> Finding:
    return Finding("removed", f"block {number - 1}, which block {number} follows, is missing or altered", number - 1)


async def _in_parts(dsn: str, keys: Keys, first: int, last: int, processes: int, progress: Progress) -> Report:
    """Check blocks with several processes, which have their own connections."""
    report = Report()
    raw = [key.public_bytes(Encoding.Raw, PublicFormat.Raw) for key in keys.values()]
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        parts = [
            loop.run_in_executor(pool, _part, dsn, raw, start, min(start + PART - 1, last))
            for start in range(first, last + 1, PART)
        ]
        try:
            for part in parts:
                report.add(found := await part)
                progress(found.blocks)
                if found.finding is not None:
                    break
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            await asyncio.gather(*parts, return_exceptions=True)
    return report


def _part(dsn: str, raw: Sequence[bytes], first: int, last: int) -> Report:
    keys = keys_of(Ed25519PublicKey.from_public_bytes(each) for each in raw)

    async def checked() -> Report:
        async with connected(dsn) as connection:
            return await _walk(connection, keys, first, last, lambda blocks: None)

    return asyncio.run(checked())


async def _strays(connection: asyncpg.Connection, forms: set[int]) -> Finding | None:
    """What stands before the first block or behind the last, and forms that no entry had."""
    if (below := await connection.fetchval(_BELOW)) is not None:
        return Finding("inserted", f"under the number {below} stands what is of no block", below)
    if (beyond := await connection.fetchval(_BEYOND)) is not None:
        return Finding("removed", f"block {beyond} is missing, though its entries are there", beyond)
    others = Forms()
    await others.load_all(connection, forms)
    if others.altered:
        form = min(others.altered)
        says = f"form {form}, which no entry has that is still kept, was altered: its content is not what it is named by"
        return Finding("altered", says, None, form=form)
    return None


async def _has(connection: asyncpg.Connection, head: Block) -> Finding | None:
    """What is wrong if the chain does not have a block that it had."""
    number, here = head.number, await block_at(connection, head.number)
    if here is None:
        last = await last_number(connection)
        return Finding("removed", f"the ledger ends with block {last}, but had block {number}: its end was cut off", last + 1)
    if here.name() != head.name():
        return Finding("altered", f"block {number} is another than it was: the ledger was cut off and written anew", number)
    return None


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "madang ledger"})
    try:
        yield connection
    finally:
        await connection.close()
