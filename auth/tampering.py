"""What happened at the first place where the ledger is wrong.

The chain says that something is wrong; this says what. A signature that holds is the gateway's word for all of its block and for
what its block follows, so where one does not hold, what the block says is put right field by field until it does: the field that
had to be put right was altered, and if it is the number, blocks were taken out, put in or moved. Where the signature holds and
the entries do not make its root, an entry was altered; which one cannot be told from a root, unless it no longer reads as an
entry, its form is what was altered, or putting two back in their places makes the root again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice, product
from typing import Literal

import asyncpg

from auth.access import Span
from auth.blocks import Block, Keys, is_signed
from auth.entries import decode
from auth.ledger import LEAST
from auth.merkle import root
from auth.stored import Forms, Seen, block_at, name_of, page

What = Literal["altered", "removed", "inserted", "reordered", "unknown key", "not signed", "irregular"]
"""`irregular` is what the gateway's key did sign, but must never have."""

_NEAR = 64
"""How many blocks are looked at on either side of where one may have come from."""
_TRIALS = 1 << 20
"""How many leaves are hashed at most to find what was exchanged."""
_AROUND = "SELECT number FROM ledger_block ORDER BY abs(at::numeric - $1::bigint), number LIMIT $2"
_WITH_PREVIOUS = "SELECT number FROM ledger_block WHERE previous = $1 AND number <> $2 ORDER BY number"
_FOLLOWING = "SELECT min(number) FROM ledger_block WHERE number > $1"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where it is first: at a block, an entry of it by its place, or a form."""

    what: What
    says: str
    block: int | None
    place: int | None = None
    form: int | None = None

    def __str__(self) -> str:
        return f"{self.what}: {self.says}"


@dataclass(frozen=True, slots=True)
class Scene:
    """A place where something is wrong: the block before, which is sound, and what stands behind it."""

    connection: asyncpg.Connection
    keys: Keys
    forms: Forms
    today: int
    before: Block
    behind: Sequence[Seen]

    @property
    def number(self) -> int:
        """Of the block that should be here."""
        return self.before.number + 1

    async def elsewhere(self) -> int | None:
        """The number under which the block stands that should be here; none if it is nowhere."""
        for [number] in await self.connection.fetch(_WITH_PREVIOUS, name_of(self.before), self.number):
            block = await block_at(self.connection, number)
            if block is not None and is_signed(replace(block, number=self.number), self.keys):
                return int(number)
        return None


async def explain(connection: asyncpg.Connection, keys: Keys, forms: Forms, today: int, before: Block) -> Finding:
    """What is wrong behind a block that is sound."""
    number = before.number + 1
    scene = Scene(connection, keys, forms, today, before, await page(connection, number, number + 1))
    here = [seen for seen in scene.behind if seen.number == number]
    if not here or not here[0].is_block:
        return await _missing(scene, bool(here))
    block = here[0].block
    if block is None:
        return Finding("altered", f"block {number} has a value that no block can have", number)
    if found := _foreign(scene, block) or (None if is_signed(block, keys) else await _unsigned(scene, block, here[0])):
        return found
    await forms.load(connection, here[0].forms)
    if found := _irregular(scene, block) or _without_entries(scene, block, here) or await _entries(scene, block, here[0]):
        return found
    return Finding("altered", f"block {number} is being altered: it did not fit when it was read, and now does", number)


def least(day: int) -> int:
    """The first day until which entries of a day may be kept."""
    return Span(months=LEAST).after(date.fromordinal(day)).toordinal()


def day_of(at: int) -> int:
    """The day of a time in milliseconds, as its number in the calendar."""
    return at // 86_400_000 + _EPOCH


_EPOCH = date(1970, 1, 1).toordinal()


async def _missing(scene: Scene, entries: bool) -> Finding:
    number = scene.number
    if (at := await scene.elsewhere()) is not None:
        return Finding("altered", f"block {number} stands under another number, {at}", number)
    following = await scene.connection.fetchval(_FOLLOWING, scene.before.number)
    if following is None:
        what = "its entries are there" if entries else f"the ledger ends with block {scene.before.number}"
        return Finding("removed", f"block {number} is missing: {what}", number)
    gone = f"block {number} is" if following == number + 1 else f"blocks {number} to {following - 1} are"
    there = ", though its entries are there" if entries else ""
    return Finding("removed", f"{gone} missing{there}: after block {scene.before.number} comes block {following}", number)


def _foreign(scene: Scene, block: Block) -> Finding | None:
    if block.key in scene.keys:
        return None
    number = scene.number
    if any(is_signed(replace(block, key=key), scene.keys) for key in scene.keys):
        return Finding("altered", f"block {number} names another key, `{block.key.hex()}`, than the one that signed it", number)
    return Finding("unknown key", f"block {number} is signed by a key that is not known, `{block.key.hex()}`", number)


async def _unsigned(scene: Scene, block: Block, here: Seen) -> Finding:
    """What happened to a block whose signature does not hold."""
    number = scene.number
    await scene.forms.load(scene.connection, here.forms)
    for field, put_right in _put_right(scene, block, here):
        if is_signed(put_right, scene.keys):
            return Finding("altered", f"block {number} was altered: its {field} is not what was signed", number)
    if (found := await _moved(scene, block)) is not None:
        return found
    following = next((seen.block for seen in scene.behind if seen.number == number + 1), None)
    if following is not None and following.previous != block.name():
        says = f"block {number} was altered: its signature does not hold, and the next block does not follow it"
        return Finding("altered", says, number)
    says = f"block {number} does not bear the signature of the key that it names: it was altered or put there"
    return Finding("not signed", says, number)


def _put_right(scene: Scene, block: Block, here: Seen) -> Iterator[tuple[str, Block]]:
    """The block with what can be known of it from elsewhere, one field at a time."""
    yield "hash of the block before", replace(block, previous=name_of(scene.before))
    if here.until is not None and here.until > 0:
        yield "day until which it is kept", replace(block, kept_until=here.until)
    if here.entries:
        yield "number of entries", replace(block, entries=len(here.entries))
        leaves = scene.forms.hashes(here)
        if leaves is not None:
            yield "root", replace(block, root=root(leaves))


async def _moved(scene: Scene, block: Block) -> Finding | None:
    """What happened if the block here is one that should be elsewhere, or one was put before the one that should be here."""
    number, true, at = scene.number, await _true_number(scene, block), await scene.elsewhere()
    if true is not None and true > number:
        if at is not None:
            says = f"block {true} stands in the place of block {number}, which stands under number {at}"
            return Finding("reordered", says, number)
        gone = f"block {number} was" if true == number + 1 else f"blocks {number} to {true - 1} were"
        says = f"{gone} removed: in the place of block {number} stands what was block {true}"
        return Finding("removed", says, number)
    if at is not None:
        put = f"block {number} was" if at == number + 1 else f"blocks {number} to {at - 1} were"
        return Finding("inserted", f"{put} put in: what was block {number} stands under number {at}", number)
    if true is not None:
        return Finding("altered", f"in the place of block {number} stands a copy of block {true}", number)
    return None


async def _true_number(scene: Scene, block: Block) -> int | None:
    """The number with which the block was signed; looked for around here and around its time."""
    around: list[int] = [row[0] for row in await scene.connection.fetch(_AROUND, block.at, _NEAR)]
    numbers = {near for number in around for near in (number - 1, number, number + 1)}
    numbers.update(range(scene.number - _NEAR, scene.number + _NEAR))
    for number in sorted(numbers, key=lambda each: abs(each - scene.number)):
        if number > 0 and is_signed(replace(block, number=number), scene.keys):
            return number
    return None


def _irregular(scene: Scene, block: Block) -> Finding | None:
    number, before = scene.number, scene.before
    if block.previous != name_of(before):
        says = (
            f"block {number} is signed, but follows another block {before.number} than is here: one of them is of another ledger"
        )
        return Finding("inserted", says, number)
    if block.at < before.at:
        return Finding("irregular", f"block {number} is signed, but its time is before that of block {before.number}", number)
    try:
        until = least(day_of(block.at))
    except (ValueError, OverflowError):
        return Finding("irregular", f"block {number} is signed, but its time is none", number)
    if block.kept_until < until:
        told = f"its entries are kept until {_iso(block.kept_until)}, though the least is {_iso(until)}"
        return Finding("irregular", f"block {number} is signed, but {told}", number)
    return None


def _without_entries(scene: Scene, block: Block, here: Sequence[Seen]) -> Finding | None:
    number, until = scene.number, _iso(block.kept_until)
    if len(here) > 1:
        return Finding("inserted", f"the entries of block {number} are there {len(here)} times", number)
    if not here[0].has_entries and block.kept_until >= scene.today:
        return Finding("removed", f"the entries of block {number} are missing, though they are kept until {until}", number)
    if here[0].has_entries and here[0].until != block.kept_until:
        says = f"the entries of block {number} do not stand under the day until which they are kept, {until}"
        return Finding("altered", says, number)
    return None


async def _entries(scene: Scene, block: Block, here: Seen) -> Finding | None:
    """What happened to the entries of a block that is sound itself."""
    number, entries = scene.number, here.entries
    if not here.has_entries:
        return None
    if entries is None:
        return Finding("altered", f"the entries of block {number} no longer read as entries", number)
    if (less := block.entries - len(entries)) != 0:
        what: What = "removed" if less > 0 else "inserted"
        return Finding(what, f"block {number} has {len(entries)} entries where {block.entries} were signed", number)
    for place, entry in enumerate(entries):
        if (found := _entry(scene, number, place, here.forms[place], entry)) is not None:
            return found
    leaves = scene.forms.hashes(here)
    assert leaves is not None, "every form was found"
    if root(leaves) == block.root:
        return None
    if (pair := _exchanged(leaves, block.root)) is not None:
        first, second = pair
        says = f"entries {number}.{first} and {number}.{second} stand in each other's place"
        return Finding("reordered", says, number, first)
    await scene.forms.load_all(scene.connection)
    if (forms := _exchanged_forms(scene.forms, here, block.root)) is not None:
        one, other = forms
        place = here.forms.index(one)
        says = f"form {one}, of entry {number}.{place}, was altered: it is what form {other} should be"
        return Finding("altered", says, number, place, one)
    says = f"an entry of block {number}, or the form of one, was altered: they do not make the root that was signed"
    return Finding("altered", says, number)


def _entry(scene: Scene, number: int, place: int, form: int, entry: bytes) -> Finding | None:
    """What is wrong with an entry by itself."""
    name = f"{number}.{place}"
    try:
        decode(entry)
    except ValueError:
        return Finding("altered", f"entry {name} was altered: its bytes no longer are an entry", number, place)
    if form in scene.forms.altered:
        says = f"form {form}, of entry {name}, was altered: its content is not what it is named by"
        return Finding("altered", says, number, place, form)
    if form not in scene.forms.leaves:
        says = f"form {form}, of entry {name}, is missing: it was removed, or the entry altered"
        return Finding("removed", says, number, place, form)
    return None


def _exchanged(leaves: list[bytes], signed: bytes) -> tuple[int, int] | None:
    """The two leaves that make the root when each is where the other is, if it does not take too long."""
    pairs = ((first, first + apart) for apart in range(1, len(leaves)) for first in range(len(leaves) - apart))
    for first, second in islice(pairs, _TRIALS // len(leaves)):
        exchanged = list(leaves)
        exchanged[first], exchanged[second] = leaves[second], leaves[first]
        if root(exchanged) == signed:
            return first, second
    return None


def _exchanged_forms(forms: Forms, here: Seen, signed: bytes) -> tuple[int, int] | None:
    """The form of an entry, and the one that makes the root when each is taken for the other."""
    pairs = product(dict.fromkeys(here.forms), forms.leaves)
    for one, other in islice(pairs, _TRIALS // len(here.forms)):
        taken = [other if form == one else one if form == other else form for form in here.forms]
        if root(forms.hashes(here, taken) or ()) == signed:
            return one, other
    return None


def _iso(day: int) -> str:
    return date.fromordinal(day).isoformat() if 0 < day <= date.max.toordinal() else "a day that is none"
