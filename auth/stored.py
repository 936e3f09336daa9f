"""What the ledger's tables hold, read as it is there, for those who check it.

Nothing is taken on trust: what stands under a number may be a block without its entries, entries without their block, or some of
it twice; days may be infinite, hashes of any length. A page is one statement, so a block and its entries are of one moment, and
between pages nothing is locked: who checks is in nobody's way.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import asyncpg

from auth.blocks import FIRST, Block
from auth.entries import digest_of, form_of, unpacked

if TYPE_CHECKING:
    from _hashlib import HASH

PAGE = 2048
"""The most blocks of a page."""
_BYTES = 8_000_000
"""With so many bytes of entries a page is full, too."""
_DAY = "CASE WHEN isfinite({0}) THEN {0} - DATE '0001-01-01' + 1 END"

_SEEN = f"""
WITH page AS (
    SELECT number, b.number IS NOT NULL AS is_block, at, {_DAY.format("b.kept_until")} AS kept_until, entries, previous, root,
        key, signature, e.number IS NOT NULL AS has_entries, {_DAY.format("e.kept_until")} AS until, body,
        sum(octet_length(body)) OVER (ORDER BY number RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes
    FROM (SELECT * FROM ledger_block WHERE number BETWEEN $1 AND $2) b
    FULL JOIN (SELECT * FROM ledger_entries WHERE number BETWEEN $1 AND $2) e USING (number)
)
SELECT number, is_block, at, kept_until, entries, previous, root, key, signature, has_entries, until, body FROM page
WHERE coalesce(bytes, 0) < {_BYTES} ORDER BY number
"""
_FORMS = "SELECT id, digest, content FROM ledger_form WHERE id = ANY($1::bigint[])"
_MORE_FORMS = "SELECT id, digest, content FROM ledger_form WHERE id > $1 ORDER BY id LIMIT 1000"


@dataclass(slots=True)
class Seen:
    """What stands under a number."""

    number: int
    is_block: bool
    block: Block | None
    """None also if it is no block that the gateway could have written."""
    has_entries: bool
    until: int | None
    """The day until which the entries are kept, by their own row."""
    entries: list[bytes] | None
    """None if there are none, or if their bytes are no entries."""
    forms: list[int]
    """The numbers of the entries' forms."""


class Forms:
    """The ledger's forms, as far as they were needed, each hashed once."""

    def __init__(self) -> None:
        self.leaves: dict[int, HASH] = {}
        """For each sound form, what comes before an entry's own bytes in the hash of its leaf (`auth/merkle.py`)."""
        self.digests: dict[int, bytes] = {}
        self.altered: set[int] = set()
        """Those whose content is not what it is named by."""

    async def load(self, connection: asyncpg.Connection, numbers: Iterable[int]) -> None:
        needed = [number for number in set(numbers) if number not in self.digests and number not in self.altered]
        if needed:
            # A number that is none of PostgreSQL's has no form.
            self._add(await connection.fetch(_FORMS, [number for number in needed if number < 1 << 63]))

    async def load_all(self, connection: asyncpg.Connection, but: Container[int] = ()) -> None:
        last = -(1 << 31)
        while rows := await connection.fetch(_MORE_FORMS, last):
            self._add(row for row in rows if row[0] not in but)
            last = rows[-1][0]

    def hashes(self, seen: Seen, forms: Sequence[int] | None = None) -> list[bytes] | None:
        """The hashes of the entries' leaves, with their own forms or others; none if a form is not there as it was."""
        found = []
        try:
            for number, entry in zip(forms or seen.forms, seen.entries or (), strict=True):
                leaf = self.leaves[number].copy()
                leaf.update(entry)
                found.append(leaf.digest())
        except KeyError:
            return None
        return found

    def _add(self, rows: Iterable[Any]) -> None:
        for number, digest, content in rows:
            if digest_of(content) == digest:
                self.digests[number] = digest
                self.leaves[number] = sha256(b"\0" + digest)
            else:
                self.altered.add(number)


async def page(connection: asyncpg.Connection, first: int, last: int) -> list[Seen]:
    """What stands under the numbers from the first, up to so many as are one page; under a number twice if it is there twice."""
    return [_seen(row) for row in await connection.fetch(_SEEN, first, min(last, first + PAGE - 1))]


async def block_at(connection: asyncpg.Connection, number: int) -> Block | None:
    """The block of this number, or for 0 what stands for the one before the first; none if there is none."""
    if number == 0:
        return Block(0, 0, 0, 0, FIRST, FIRST, b"")
    return next((seen.block for seen in await page(connection, number, number)), None)


async def last_number(connection: asyncpg.Connection) -> int:
    """The number of the last block; 0 if there is none."""
    return int(await connection.fetchval("SELECT coalesce(max(number), 0) FROM ledger_block"))


def name_of(block: Block) -> bytes:
    """What the block behind this one calls it."""
    return block.name() if block.number else FIRST


def _seen(row: Any) -> Seen:
    number, is_block, at, kept_until, count, previous, root, key, signature, has_entries, until, body = row
    block = None
    if (
        is_block and kept_until is not None and at >= 0 and kept_until > 0 and count > 0
        and len(previous) == len(root) == 32 and len(key) == 8
    ):  # fmt: skip
        block = Block(number, at, kept_until, count, previous, root, key, signature)
    entries, forms = None, []
    if has_entries:
        try:
            entries = unpacked(body)
            forms = [form_of(entry) for entry in entries]
        except (ValueError, IndexError):
            entries = None
    return Seen(number, is_block, block, has_entries, until, entries, forms)
