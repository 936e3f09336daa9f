"""Ledgers to read: written by the real thing, or made up block by block where time, months and pseudonyms matter."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from auth.entries import SUBJECT, Entry, Form, encode, packed
from auth.ledger import PLACES

KEPT = dt.date(2029, 3, 15)
BEGIN = int(dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC).timestamp() * 1000)
"""Some hours before the day ends in Seoul."""


class Known:
    """Residents' numbers → pseudonyms of a test's choice, in place of `Subjects`."""

    def __init__(self, pseudonyms: Mapping[str, bytes]) -> None:
        self.pseudonyms = pseudonyms

    def of(self, numbers: Sequence[str]) -> bytes:
        return b"".join(self.pseudonyms[number] for number in numbers)


async def fresh(dsn: str) -> None:
    """Empty the ledger, as its database's owner."""
    connection = await asyncpg.connect(owner(dsn))
    await connection.execute(
        """
        TRUNCATE ledger_form, ledger_block, ledger_entries, ledger_recent, ledger_subject, ledger_form_block, ledger_count
        RESTART IDENTITY;
        UPDATE ledger_upkeep SET number = 0;
        """
    )
    await connection.close()


def owner(dsn: str) -> str:
    return dsn.replace(f"//{dsn.partition('//')[2].partition(':')[0]}:", "//postgres:", 1)


async def forms(dsn: str, count: int) -> None:
    """As many forms, numbered from 1."""
    connection = await asyncpg.connect(dsn)
    for number in range(1, count + 1):
        form = Form.of({"name": number, "retain": 0})
        await connection.execute("INSERT INTO ledger_form (digest, content) VALUES ($1, $2)", form.digest, form.text)
    await connection.close()


@dataclass
class Model:
    """What was written, and what there is to be found, in the plainest way."""

    entries: dict[int, Entry] = field(default_factory=dict)
    blocks: int = 0

    def about(self, subject: bytes) -> list[tuple[int, int, int]]:
        """Entry, place and granted bits, newest first."""
        found = []
        for number, entry in self.entries.items():
            found += [(number, at, bits) for at, (bits, whose) in enumerate(entry.subjects()) if whose == subject]
        return sorted(found, reverse=True)

    def counts(self, zone: dt.tzinfo) -> dict[tuple[dt.date, int, int], tuple[int, int]]:
        found: dict[tuple[dt.date, int, int], tuple[int, int]] = {}
        for entry in self.entries.values():
            day = dt.datetime.fromtimestamp(entry.at / 1000, zone).date()
            for item in range(-1, 16):
                groups = [len(r) // SUBJECT for bits, r in entry.disclosures.items() if item < 0 or bits >> item & 1]
                if groups or item < 0:
                    operations, residents = found.get((day, entry.form, item), (0, 0))
                    found[day, entry.form, item] = operations + 1, residents + sum(groups)
        return found


async def write(dsn: str, model: Model, blocks: Sequence[Sequence[Entry]], kept: Sequence[dt.date] | None = None) -> None:
    """Add blocks, unsigned; `kept`: until when, for each."""
    connection = await asyncpg.connect(dsn)
    for index, entries in enumerate(blocks):
        model.blocks += 1
        number, until = model.blocks, kept[index] if kept else KEPT
        await connection.execute("SELECT ledger_open($1)", until)
        at = max(entry.at for entry in entries)
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO ledger_block VALUES ($1, $2, $3, $4, $5, $5, $5, $5)", number, at, until, len(entries), b""
            )
            await connection.execute("INSERT INTO ledger_entries VALUES ($1, $2, $3)", number, until, body(entries))
        model.entries.update({number * PLACES + place: entry for place, entry in enumerate(entries)})
    await connection.close()


def body(entries: Sequence[Entry]) -> bytes:
    return packed([encode(entry) for entry in entries])


def entry(at: int = BEGIN, form: int = 1, case: str | None = None, trace: bytes | None = None, **groups: bytes) -> Entry:
    """An entry of some groups, `b5=…` for the bits 5."""
    return Entry(form, at, "officer", case, b"request.", trace, False, {int(bits[1:]): whose for bits, whose in groups.items()})


def some(draw: random.Random, pseudonyms: Sequence[bytes], at: int) -> Entry:
    """An entry of any kind, each resident in one group at most."""
    chosen = draw.sample(pseudonyms, draw.choice((0, 1, 1, 1, 2, 5, min(300, len(pseudonyms)))))
    disclosures: dict[int, bytes] = {}
    for one in chosen:
        bits = draw.choice((1, 3, 6, 0x1FF))
        disclosures[bits] = disclosures.get(bits, b"") + one
    if draw.random() < 0.2:
        disclosures.setdefault(8, b"")
    case, trace = draw.choice((None, "2026-1", "긴" * 60)), draw.choice((None, bytes(16)))
    return Entry(draw.choice((1, 2, 2, 2, 200)), at, "officer-7", case, draw.randbytes(8), trace, False, disclosures)


def chain(
    draw: random.Random, pseudonyms: Sequence[bytes], blocks: int, at: int = BEGIN, step: int = 600_000
) -> list[list[Entry]]:
    """Blocks of some entries each, ten minutes apart; an entry may be somewhat earlier than the one before."""
    made = []
    for _ in range(blocks):
        at += draw.randrange(1, 2 * step)
        made.append([some(draw, pseudonyms, at - draw.randrange(2000)) for _ in range(draw.choice((1, 1, 3, 20)))])
    return made
