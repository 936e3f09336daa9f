"""Writing the ledger: an entry is on disk, in the chain, before what it tells of is sent.

Whoever appends waits until the entry is committed. While one commit is under way others gather, and go together in the next one,
as one block (`auth/blocks.py`): the busier the gateway, the more entries share a commit. When nothing is under way nothing waits.

Several gateways write one chain. Each remembers the last block that it knows of and inserts the next by its number. If another
has taken that number, the database lets the insertion wait for the other's commit and then refuses it; the chain's end is read
anew, and the same entries go in behind it. So nobody holds a lock but for the time of one commit, and no order is ever undone.

A signature covers all that is before it, so before a block that was read is built upon, its own is checked. If it does not hold,
somebody altered the ledger: what follows is not chained to it, so that this stays to be seen, and is on record all the same.

What could not be written is said by `LedgerUnavailable`: then nothing may be shown. Whether it was written all the same is not
known when a connection breaks in the middle of a commit: so the ledger may have what nobody was sent, never the reverse. The next
entry finds the chain's end and goes on, so there is nothing to repair.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache

import asyncpg

from auth.access import Span
from auth.blocks import FIRST, Block, Signer, is_signed, keys_of
from auth.entries import Entry, Form, encode, packed
from auth.merkle import leaf_hash, root
from auth.pseudonyms import Subjects

log = logging.getLogger("madang")

PLACES = 1024
"""The most entries of one block; an entry's number is its block's times this, and its place in there."""
LEAST = 24
"""Months for which an entry is kept at least: whose unique identifiers were processed must be on record for two years
(Measures for Ensuring the Safety of Personal Information, art. 8)."""

_APPEND = """
WITH block AS (
    INSERT INTO ledger_block (number, at, kept_until, entries, previous, root, key, signature)
    SELECT * FROM unnest(
        $1::bigint[], $2::bigint[], $3::date[], $4::integer[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[]
    )
)
INSERT INTO ledger_entries (number, kept_until, body) SELECT * FROM unnest($1::bigint[], $3::date[], $9::bytea[])
"""
BLOCK = "number, at, kept_until, entries, previous, root, key, signature"
"""The columns of a block, as `block_of` reads them."""
_LAST = f"SELECT {BLOCK} FROM ledger_block ORDER BY number DESC LIMIT 1"
_KEEP_FORM = "INSERT INTO ledger_form (digest, content) SELECT * FROM unnest($1::bytea[], $2::text[]) ON CONFLICT DO NOTHING"
_FORMS = "SELECT digest, id FROM ledger_form WHERE digest = ANY($1::bytea[])"
_KNOWN = 65_536
"""Forms whose numbers are remembered."""

FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a database that does not do as it should is known by."""


class LedgerUnavailable(Exception):
    """The ledger cannot be written now, so nothing may be shown."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be recorded of one operation. `disclosures`: granted coordinates of the form, as bits, → residents' numbers."""

    form: Form
    officer: str
    case: str | None
    request: bytes
    trace: bytes | None = None
    citizen: bool = False
    disclosures: Mapping[int, Sequence[str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Waiting:
    record: Record
    at: int
    written: asyncio.Future[int]


class Ledger:
    """Appends to the ledger of a database; it connects when first asked to. Safe for concurrent use in one event loop."""

    def __init__(self, dsn: str, signer: Signer, subjects: Subjects, *, timeout: float = 2.0) -> None:
        self._dsn, self._signer, self._subjects, self._timeout = dsn, signer, subjects, timeout
        self._keys = keys_of([signer.public])
        self._connection: asyncpg.Connection | None = None
        self._last: Block | None = None
        """The last block that is known; none if it has to be read."""
        self._forms: dict[bytes, int] = {}
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None

    def append(self, record: Record) -> asyncio.Future[int]:
        """The entry's number, once it is on disk. The future raises `LedgerUnavailable`."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(record, time.time_ns() // 1_000_000, loop.create_future())
        self._waiting.append(waiting)
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write())
        return waiting.written

    async def aclose(self) -> None:
        """Write what waits, and let go of the connection."""
        if self._writer is not None:
            await self._writer
        if self._connection is not None:
            await self._connection.close()

    async def _write(self) -> None:
        """Write what waits, group after group, until nothing does."""
        while self._waiting:
            group, self._waiting = self._waiting[:PLACES], self._waiting[PLACES:]
            try:
                async with asyncio.timeout(self._timeout):
                    numbers = await self._commit(group)
            except BaseException as error:
                self._let_go()
                _fail(group, error)
                if not isinstance(error, FAILURES):
                    _fail(self._waiting, error)
                    raise
                log.warning("the ledger cannot be written (%s)", type(error).__name__)
            else:
                for each, number in zip(group, numbers, strict=True):
                    if not each.written.done():
                        each.written.set_result(number)

    def _let_go(self) -> None:
        # What became of a statement under way is not known, so neither is the chain's end.
        if self._connection is not None:
            self._connection.terminate()
        self._connection = self._last = None

    async def _commit(self, group: Sequence[_Waiting]) -> list[int]:
        connection = self._connection
        if connection is None or connection.is_closed():
            connection = self._connection = await asyncpg.connect(self._dsn, server_settings=self._settings())
            # It may be another server than before, which took over: it says anew what it has.
            self._last = None
            self._forms.clear()
        await self._keep_forms(connection, group)
        while True:
            last = self._last or await self._end(connection)
            numbers, blocks, bodies = self._sealed(group, last)
            try:
                await connection.execute(_APPEND, *_columns(blocks), bodies)
            except asyncpg.UniqueViolationError:
                self._last = None  # Another gateway was faster.
            except asyncpg.CheckViolationError:
                for day in {_day(block.kept_until) for block in blocks}:
                    await connection.execute("SELECT ledger_open($1)", day)
            else:
                self._last = blocks[-1]
                return numbers

    def _settings(self) -> dict[str, str]:
        """Whatever the server's defaults: an entry must be on disk before what it tells of is sent, and what has been given up
        here must not go on waiting there, for a lock perhaps, or there would be one more of it with every group."""
        milliseconds = max(1, round(self._timeout * 1000))
        return {"application_name": "madang", "synchronous_commit": "on", "statement_timeout": str(milliseconds)}

    async def _end(self, connection: asyncpg.Connection) -> Block:
        row = await connection.fetchrow(_LAST)
        if row is None:
            return Block(0, 0, 0, 0, FIRST, FIRST, b"")
        last = block_of(row)
        # One that is signed with another key is for the audit to check: here there is this key alone.
        if last.key == self._signer.id and not is_signed(last, self._keys):
            log.error("block %s of the ledger is not as it was signed; see `madang ledger verify`", last.number)
            return replace(last, at=0, signature=b"")
        return last

    async def _keep_forms(self, connection: asyncpg.Connection, group: Sequence[_Waiting]) -> None:
        """See to it that the forms of a group have their numbers."""
        unknown = {each.record.form.digest: each.record.form for each in group if each.record.form.digest not in self._forms}
        if not unknown:
            return
        if len(self._forms) >= _KNOWN:
            self._forms.clear()
            unknown = {each.record.form.digest: each.record.form for each in group}
        digests = sorted(unknown)  # In one order everywhere, or two gateways would wait for each other's.
        await connection.execute(_KEEP_FORM, digests, [unknown[digest].text for digest in digests])
        self._forms.update([(row[0], row[1]) for row in await connection.fetch(_FORMS, digests)])

    def _sealed(self, group: Sequence[_Waiting], last: Block) -> tuple[list[int], list[Block], list[bytes]]:
        """The group as blocks behind the last one: one for each day until which some of it is kept. Each entry's number, too."""
        now = max(time.time_ns() // 1_000_000, last.at)
        today = datetime.fromtimestamp(now / 1000, UTC).date()
        by_day: dict[int, list[int]] = {}
        for index, each in enumerate(group):
            by_day.setdefault(_kept_until(each.record.form.retain, today), []).append(index)
        numbers, blocks, bodies = [0] * len(group), [], []
        for kept_until, members in by_day.items():
            entries, leaves = [], []
            for place, index in enumerate(members):
                entries.append(self._encoded(group[index]))
                leaves.append(leaf_hash(group[index].record.form.digest, entries[-1]))
                numbers[index] = (last.number + 1) * PLACES + place
            last = self._block(last, now, kept_until, leaves)
            blocks.append(last)
            bodies.append(packed(entries))
        return numbers, blocks, bodies

    def _encoded(self, waiting: _Waiting) -> bytes:
        record, of = waiting.record, self._subjects.of
        disclosures = {granted: of(residents) for granted, residents in record.disclosures.items()}
        number = self._forms[record.form.digest]
        return encode(
            Entry(number, waiting.at, record.officer, record.case, record.request, record.trace, record.citizen, disclosures)
        )

    def _block(self, last: Block, now: int, kept_until: int, leaves: Sequence[bytes]) -> Block:
        previous = last.name() if last.signature else FIRST
        fields = (last.number + 1, now, kept_until, len(leaves), previous, root(leaves), self._signer.id)
        return Block(*fields, self._signer.sign(Block(*fields).header()))


@lru_cache(256)
def _kept_until(retain: int, today: date) -> int:
    return Span(months=max(retain, LEAST)).after(today).toordinal()


def _day(ordinal: int) -> date:
    return date.fromordinal(ordinal)


def _columns(blocks: Sequence[Block]) -> tuple[list[object], ...]:
    rows = ((b.number, b.at, _day(b.kept_until), b.entries, b.previous, b.root, b.key, b.signature) for b in blocks)
    return tuple(list(column) for column in zip(*rows, strict=True))


def block_of(row: asyncpg.Record) -> Block:
    """A block from its columns, as `BLOCK` names them."""
    number, at, kept_until, entries, previous, root_, key, signature = row
    return Block(number, at, kept_until.toordinal(), entries, previous, root_, key, signature)


def _fail(group: Sequence[_Waiting], error: BaseException) -> None:
    for each in group:
        if not each.written.done():
            each.written.set_exception(LedgerUnavailable(type(error).__name__))
            each.written.exception()  # Marks it as seen: who has gone away need not look, and nothing is logged.
