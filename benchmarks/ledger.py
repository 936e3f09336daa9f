"""`python -m benchmarks.ledger`: how long it takes to look through the ledger, and to ask it, as it grows.

Ledgers of several sizes are made by COPY, each in a database of its own in a PostgreSQL that ends with this process: entries of
one resident in blocks of sixteen, and now and then a list of a thousand; sixty forms, few of them common; a year of days; a
million residents. They are synthetic: nothing is signed, and no operation was ever asked.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import click

from auth import upkeep
from auth.access import Span
from auth.entries import SUBJECT, Entry, Form, encode, packed
from auth.pseudonyms import Subjects
from auth.reader import Found, Reader
from auth.upkeep import Upkeep
from madang import cluster
from madang.embedded import gateway_sql

RESIDENTS = 1_000_000
FORMS = 60
ITEMS = 6
AGENCIES = 12
DAYS = 365
PER_BLOCK = 16
LIST = 1_000
IN_LISTS = 0.3
ASKED = 20
ZONE = ZoneInfo("Asia/Seoul")
BEGIN = datetime(2025, 12, 1, tzinfo=UTC)
BATCH = 2_000
PORTIONS = 8
"""In so many the ledger grows, and is looked through."""
TAIL = 2_000
"""Blocks that are not yet in a segment when questions are asked: nearly as many as can be."""

Row = tuple[int, int, date, int, bytes]
"""A block's number, time, the day until which it is kept, how many entries it has, and its body."""


class Synthetic:
    """A year's ledger of so many disclosures."""

    def __init__(self, disclosures: int, subjects: bytes) -> None:
        self.random = random.Random(1)
        self.disclosures, self.subjects = disclosures, subjects
        self.lists = int(disclosures * IN_LISTS) // LIST
        self.blocks = (disclosures - self.lists * LIST) // PER_BLOCK + self.lists
        # A common form is a hundred times as frequent as a rare one.
        self.weights = [1 / (1 + form) ** 1.2 for form in range(FORMS)]

    def rows(self) -> Iterator[Row]:
        lists = set(self.random.sample(range(1, self.blocks + 1), self.lists))
        step = DAYS * 86_400_000 // self.blocks
        begin = int(BEGIN.timestamp() * 1000)
        for number in range(1, self.blocks + 1):
            at = begin + number * step
            body = packed(self.listing(at) if number in lists else self.points(at))
            kept_until = Span(months=24).after(datetime.fromtimestamp(at / 1000, UTC).date())
            yield number, at, kept_until, 1 if number in lists else PER_BLOCK, body

    def points(self, at: int) -> list[bytes]:
        draw, subjects = self.random, self.subjects
        found = []
        for form in draw.choices(range(1, FORMS + 1), self.weights, k=PER_BLOCK):
            subject = SUBJECT * int(draw.random() * RESIDENTS)
            granted = (1 << ITEMS) - 1 >> (form + subject) % 3
            disclosures = {granted: subjects[subject : subject + SUBJECT]}
            officer = f"agency{form % AGENCIES}-{subject % 9000:04}"
            found.append(
                encode(Entry(form, at, officer, f"2026-{subject % 999983:06}", draw.randbytes(8), None, False, disclosures))
            )
        return found

    def listing(self, at: int) -> list[bytes]:
        draw, form = self.random, self.random.randint(1, FORMS)
        start = SUBJECT * draw.randrange(RESIDENTS - LIST)
        disclosures = {7: self.subjects[start : start + SUBJECT * LIST]}
        return [encode(Entry(form, at, f"agency{form % AGENCIES}-0001", None, draw.randbytes(8), None, False, disclosures))]


async def prepare(connection: asyncpg.Connection) -> None:
    contents = [Form.of({"agency": f"agency{form % AGENCIES}", "number": form, "retain": 0}) for form in range(1, FORMS + 1)]
    await connection.executemany(
        "INSERT INTO ledger_form (digest, content) VALUES ($1, $2)", [(f.digest, f.text) for f in contents]
    )
    for month in range(13):
        await connection.execute("SELECT ledger_open($1)", Span(months=24 + month).after(BEGIN.date()))


async def fill(connection: asyncpg.Connection, rows: Iterator[Row], blocks: int) -> int:
    """Write so many blocks; the bytes of their entries."""
    nothing, size = (bytes(32), bytes(32), bytes(8), bytes(64)), 0
    for start in range(0, blocks, BATCH):
        batch = list(islice(rows, min(BATCH, blocks - start)))
        size += sum(len(row[-1]) for row in batch)
        await connection.copy_records_to_table("ledger_block", records=[(*row[:4], *nothing) for row in batch])
        await connection.copy_records_to_table("ledger_entries", records=[(row[0], row[2], row[4]) for row in batch])
    return size


Question = Callable[[Reader, int], Awaitable[object]]


def questions(made: Synthetic) -> dict[str, Question]:
    def everything(found: Found) -> bool:
        return True

    def of_agency(found: Found) -> bool:
        return found.entry.form % AGENCIES == 3

    since = int((BEGIN + timedelta(days=DAYS - 90)).timestamp() * 1000)
    last = made.blocks * 1024
    return {
        "a resident's newest 20": lambda reader, i: reader.of_resident(resident(i), limit=20, keep=everything),
        "… of one agency, 90 days": lambda reader, i: reader.of_resident(resident(i), since=since, limit=20, keep=of_agency),
        "a common form's newest 20": lambda reader, i: reader.newest(forms=[1], before=last - 1024 * i, limit=20),
        "a rare form's newest 20": lambda reader, i: reader.newest(forms=[FORMS], before=last - 1024 * i, limit=20),
        "newest 20 of 12 forms": lambda reader, i: reader.newest(forms=range(7, 19), before=last - 1024 * i, limit=20),
        "a year's counts by day": lambda reader, i: reader.counts(),
        "a year's counts of 5 forms": lambda reader, i: reader.counts(forms=range(3, FORMS, AGENCIES)),
        "a year's counts by month": lambda reader, i: reader.counts(by="month"),
    }


def resident(index: int) -> str:
    return f"{index * 48_611 % RESIDENTS:013}"


async def ask(reader: Reader, question: Question, times: int) -> float:
    """Milliseconds, the median."""
    taken = []
    for index in range(times):
        begun = time.perf_counter()
        await question(reader, index)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


_SIZES = """
SELECT sum(pg_total_relation_size(oid)) FILTER (WHERE relname ~ '^ledger_(block|entries)'),
       sum(pg_total_relation_size(oid)) FILTER (WHERE relname ~ '^ledger_(recent|subject)'),
       sum(pg_total_relation_size(oid)) FILTER (WHERE relname ~ '^ledger_form_block'),
       sum(pg_total_relation_size(oid)) FILTER (WHERE relname ~ '^ledger_count')
FROM pg_class WHERE relkind = 'r'
"""
_ROWS = "SELECT (SELECT round(count(*) / 4096.0) FROM ledger_subject), (SELECT round(count(*) / 4096.0) FROM ledger_recent)"


async def measure(dsn: str, disclosures: int, subjects: Subjects, pseudonyms: bytes) -> dict[str, str]:
    made, connection = Synthetic(disclosures, pseudonyms), await asyncpg.connect(dsn)
    rows, found = made.rows(), {"disclosures": f"{disclosures:,}", "blocks": f"{made.blocks:,}"}
    await prepare(connection)
    keeper, size, indexed, taken, used = Upkeep(dsn, ZONE), 0, 0, 0.0, 0.0
    begun = time.perf_counter()
    for portion in range(PORTIONS):
        size += await fill(connection, rows, (made.blocks - TAIL + portion) // PORTIONS)
        started, cpu = time.perf_counter(), time.process_time()
        indexed += (await keeper.run(everything=portion == PORTIONS - 1)).indexed
        taken, used = taken + time.perf_counter() - started, used + time.process_time() - cpu
        # As autovacuum does to a ledger that grows slowly.
        await connection.execute("VACUUM ANALYZE")
    found["made in s, all in all"] = f"{time.perf_counter() - begun:.0f}"
    found["looked through, µs a disclosure"] = f"{taken / indexed * 1e6:.2f}"
    found["… of which Python's CPU, µs"] = f"{used / indexed * 1e6:.2f}"
    size += await fill(connection, rows, TAIL)
    await keeper.run()
    await keeper.aclose()
    found["not yet in a segment"] = f"{disclosures - indexed:,}"
    found["entries alone, bytes a disclosure"] = f"{size / disclosures:.1f}"
    found["rows of a bucket, large and recent"] = "{} + {}".format(*await connection.fetchrow(_ROWS))
    await connection.execute("VACUUM ANALYZE")
    names = ("blocks and entries", "residents' index", "forms' index", "counts")
    for name, total in zip(names, await connection.fetchrow(_SIZES), strict=True):
        found[f"{name}, bytes a disclosure"] = f"{total / disclosures:.1f}"
    await connection.close()
    reader = Reader(dsn, subjects, timeout=20)
    for name, question in questions(made).items():
        await ask(reader, question, 6)
        found[f"{name}, ms"] = f"{await ask(reader, question, ASKED if 'counts' not in name else 5):.1f}"
    await reader.aclose()
    return found


def table(columns: list[dict[str, str]]) -> str:
    width = max(len(name) for name in columns[0])
    return "\n".join("  ".join([name.ljust(width), *(each[name].rjust(12) for each in columns)]) for name in columns[0])


@click.command()
@click.option("--disclosures", type=click.IntRange(100_000), default=10_000_000, show_default=True, help="Of the largest ledger.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def main(disclosures: int, as_json: bool) -> None:
    """Measure ledgers of a tenth of so many disclosures, of three tenths, and of all."""
    subjects = Subjects(bytes(16))
    pseudonyms = subjects.of(f"{index:013}" for index in range(RESIDENTS))
    load = os.getloadavg()[0]
    # As many segments as when it is written little by little.
    upkeep.MOST = upkeep.LEAST
    columns = []
    with tempfile.TemporaryDirectory(prefix="madang-ledger-") as directory, cluster.run(Path(directory) / "postgres") as server:
        for size in (disclosures // 10, disclosures * 3 // 10, disclosures):
            cluster.psql(server, "SET client_min_messages = warning; DROP DATABASE IF EXISTS ledger;")
            cluster.psql(server, f"CREATE DATABASE ledger TEMPLATE template0 {cluster.LOCALE};")
            cluster.psql(server, f"\\connect ledger\n\\set role postgres\n{gateway_sql()}")
            columns.append(asyncio.run(measure(str(server.get_uri("ledger")), size, subjects, pseudonyms)))
    if as_json:
        click.echo(json.dumps({"load": load, "ledgers": columns}, ensure_ascii=False, indent=1))
        return
    click.echo(table(columns))
    click.echo(f"\nThe machine's load average was {load:.1f} before; medians of {ASKED}, the first asked several times before.")


if __name__ == "__main__":
    main()
