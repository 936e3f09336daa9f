"""Questions to the ledger, answered as a plain look through every entry answers them, wherever upkeep has got to."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth import upkeep as upkeeping
from auth.blocks import Signer
from auth.entries import Entry, Form
from auth.ledger import Ledger, Record
from auth.pseudonyms import Subjects
from auth.reader import Count, Found, LedgerUnreadable, Reader
from auth.upkeep import Upkeep
from tests.auth import ledgers
from tests.auth.ledgers import BEGIN, Known, Model

SEOUL = ZoneInfo("Asia/Seoul")
DRAW = random.Random(11)
ALIKE = [b"\1\2\3\4\5" + DRAW.randbytes(7) for _ in range(3)]
"""Three residents that no index tells apart."""
RESIDENTS = {str(number): whose for number, whose in enumerate([*ALIKE, *(DRAW.randbytes(12) for _ in range(300))])}
PSEUDONYMS = list(RESIDENTS.values())


@pytest.fixture
async def ledger(gateway_dsn: str) -> str:
    """The DSN of a gateway's own database with an empty ledger."""
    await ledgers.fresh(gateway_dsn)
    return gateway_dsn


@pytest.fixture
async def reader(ledger: str) -> AsyncIterator[Reader]:
    reader = Reader(ledger, Known(RESIDENTS), timeout=20)  # type: ignore[arg-type]
    yield reader
    await reader.aclose()


@pytest.fixture
async def upkeep(ledger: str) -> AsyncIterator[Upkeep]:
    upkeep = Upkeep(ledger, SEOUL)
    yield upkeep
    await upkeep.aclose()


def everything(found: Found) -> bool:
    return True


async def compare(reader: Reader, model: Model, draw: random.Random) -> None:
    """Ask for some residents and forms, with bounds anywhere, and page by page."""
    times = [entry.at for entry in model.entries.values()]
    for name in ["0", "1", "2", *draw.sample(list(RESIDENTS), 12)]:
        wanted = model.about(RESIDENTS[name])
        before, since = draw.choice((None, *(number for number, _, _ in wanted))), draw.choice((None, *times))
        found = await reader.of_resident(name, before=before, since=since, limit=None, keep=everything)
        assert [(each.number, each.place, each.granted) for each in found] == [
            each
            for each in wanted
            if (before is None or each[0] < before) and (since is None or model.entries[each[0]].at >= since)
        ]
        assert all(each.entry == model.entries[each.number] for each in found)
        odd = await reader.of_resident(name, limit=3, keep=lambda each: each.entry.form == 2)
        assert [each.number for each in odd] == [number for number, _, _ in wanted if model.entries[number].form == 2][:3]
    for forms in ([1], [2], [200], [1, 200], [7], []):
        wanted_entries = [each for each in sorted(model.entries.items(), reverse=True) if each[1].form in forms]
        before, since = draw.choice((None, *model.entries)), draw.choice((None, *times))
        assert await reader.newest(forms=forms, before=before, since=since, limit=1000) == [
            each for each in wanted_entries if (before is None or each[0] < before) and (since is None or each[1].at >= since)
        ]
        pages: list[tuple[int, Entry]] = []
        while page := await reader.newest(forms=forms, before=pages[-1][0] if pages else None, limit=50):
            pages += page
        assert pages == wanted_entries


@pytest.mark.parametrize("seed", range(4))
async def test_answers_are_those_of_a_look_through_everything(
    ledger: str, reader: Reader, upkeep: Upkeep, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)
    monkeypatch.setattr(upkeeping, "LEAST", draw.choice((1, 100, 1000)))
    monkeypatch.setattr(upkeeping, "MOST", draw.choice((50, 300_000)))
    monkeypatch.setattr(upkeeping, "PIECES", draw.choice((2, 1000)))
    model = Model()
    await compare(reader, model, draw)
    for blocks in (5, 40, 1, 150):
        at = max((entry.at for entry in model.entries.values()), default=BEGIN)
        # Where kept_until alternates, so does the partition.
        kept = [draw.choice((ledgers.KEPT, dt.date(2029, 4, 1), dt.date(2031, 1, 1))) for _ in range(blocks)]
        await ledgers.write(ledger, model, ledgers.chain(draw, PSEUDONYMS, blocks, at), kept)
        if draw.random() < 0.3:
            await compare(reader, model, draw)
        await upkeep.run(everything=draw.random() < 0.3)
        await compare(reader, model, draw)


async def test_the_parts_of_a_long_chain_are_gone_through(ledger: str, reader: Reader, upkeep: Upkeep) -> None:
    """A form that is in one block of each of many parts, and one that is in all blocks of them."""
    model = Model()
    blocks = [[ledgers.entry(BEGIN + n, 3 if n % 512 == 100 else 1, b1=PSEUDONYMS[n % 300])] for n in range(512 * 20)]
    await copy(ledger, model, blocks)
    await upkeep.run(everything=True)
    found = await reader.newest(forms=[3], limit=30)
    assert [number // 1024 for number, _ in found] == [512 * part + 101 for part in range(19, -1, -1)]
    assert await reader.newest(forms=[3], since=BEGIN + 512 * 10, before=found[5][0], limit=3) == found[6:9]
    assert len(await reader.newest(forms=[1], limit=600)) == 600
    assert await reader.newest(forms=[9], limit=1) == []


async def copy(dsn: str, model: Model, blocks: list[list[Entry]]) -> None:
    """As `ledgers.write`, for many."""
    await ledgers.write(dsn, model, blocks[:1])
    connection = await asyncpg.connect(dsn)
    rows = [(n, b[0].at, ledgers.KEPT, len(b), b"", b"", b"", b"") for n, b in enumerate(blocks[1:], 2)]
    await connection.copy_records_to_table("ledger_block", records=rows)
    bodies = [(n, ledgers.KEPT, ledgers.body(b)) for n, b in enumerate(blocks[1:], 2)]
    await connection.copy_records_to_table("ledger_entries", records=bodies)
    await connection.close()


async def test_what_is_no_longer_kept_is_not_found(ledger: str, reader: Reader, upkeep: Upkeep) -> None:
    model = Model()
    kept = [dt.date(2020, 1, 7), ledgers.KEPT]
    await ledgers.write(ledger, model, [[ledgers.entry(b1=ALIKE[0])] for _ in range(8)], [kept[n % 2] for n in range(8)])
    await upkeep.run(everything=True)
    await ledgers.write(ledger, model, [[ledgers.entry(b1=ALIKE[0])] for _ in range(8)], [kept[n % 2] for n in range(8)])
    model.blocks = 16
    connection = await asyncpg.connect(ledger)
    await connection.execute("SELECT ledger_drop('2020-01-01')")
    await connection.close()
    even = [number * 1024 for number in range(16, 0, -2)]
    assert [each.number for each in await reader.of_resident("0", limit=None, keep=everything)] == even
    assert [number for number, _ in await reader.newest(forms=[1], limit=20)] == even
    assert await reader.entry(3 * 1024) is None


async def test_an_entry_by_its_number(ledger: str, reader: Reader) -> None:
    model = Model()
    await ledgers.write(ledger, model, ledgers.chain(DRAW, PSEUDONYMS, 10))
    for number, entry in model.entries.items():
        assert await reader.entry(number) == entry
    assert await reader.entry(1) is None
    assert await reader.entry(5 * 1024 + 1000) is None
    assert await reader.entry(1024 * 1024) is None


async def test_a_pseudonym_across_two_others_is_nobody(ledger: str, reader: Reader, upkeep: Upkeep) -> None:
    whose = RESIDENTS["5"]
    entry = ledgers.entry(b1=bytes(6) + whose + bytes(6), b2=bytes(24))
    await ledgers.write(ledger, Model(), [[entry, ledgers.entry(b1=bytes(7) + whose + bytes(5) + whose)]])
    for _ in range(2):
        (found,) = await reader.of_resident("5", limit=None, keep=everything)
        assert (found.number, found.place) == (1025, 2)
        await upkeep.run(everything=True)


async def test_counts_by_day_and_by_month(ledger: str, reader: Reader, upkeep: Upkeep) -> None:
    model = Model()
    await ledgers.write(ledger, model, ledgers.chain(DRAW, PSEUDONYMS, 120, step=86_400_000 // 2))
    await upkeep.run()
    wanted = [Count(*key, *value) for key, value in sorted(model.counts(SEOUL).items())]
    assert await reader.counts() == wanted
    since, until = dt.date(2026, 12, 3), dt.date(2027, 1, 2)
    some = [count for count in wanted if since <= count.day <= until]
    assert await reader.counts(since=since, until=until) == some
    assert await reader.counts(since=since, until=until, forms=[2]) == [count for count in some if count.form == 2]
    months: dict[tuple[dt.date, int, int], tuple[int, int]] = {}
    for count in some:
        key = (count.day.replace(day=1), count.form, count.item)
        operations, residents = months.get(key, (0, 0))
        months[key] = operations + count.operations, residents + count.residents
    by_month = await reader.counts(since=since, until=until, by="month")
    assert by_month == [Count(*key, *value) for key, value in sorted(months.items())]


async def test_forms(ledger: str, reader: Reader) -> None:
    await ledgers.forms(ledger, 3)
    assert await reader.form(2) == {"name": 2, "retain": 0}
    assert sorted(await reader.forms()) == [1, 2, 3]
    with pytest.raises(LedgerUnreadable):
        await reader.form(4)
    # One that was written before another, and is committed after it.
    late, other = await asyncpg.connect(ledger), await asyncpg.connect(ledger)
    insert = "INSERT INTO ledger_form (digest, content) VALUES ($1, '{}')"
    async with late.transaction():
        await late.execute(insert, b"late")
        await other.execute(insert, b"other")
        assert sorted(await reader.forms()) == [1, 2, 3, 5]
    assert sorted(await reader.forms()) == [1, 2, 3, 4, 5]
    await late.close()
    await other.close()


async def test_nothing_is_missed_or_doubled_while_it_is_written_and_looked_through(
    ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an append has returned for is found by whoever asks after that, in every place that it passes through."""
    monkeypatch.setattr(upkeeping, "LEAST", 7)
    monkeypatch.setattr(upkeeping, "PIECES", 3)
    subjects, signer = Subjects(bytes(16)), Signer(Ed25519PrivateKey.generate())
    writers = [Ledger(ledger, signer, subjects, timeout=20) for _ in range(2)]
    reader, upkeep = Reader(ledger, subjects, timeout=20), Upkeep(ledger, SEOUL)
    form = Form.of({"retain": 0, "name": "meanwhile"})
    record = Record(form, "o", None, bytes(8), disclosures={1: ["me", "you"]})
    written: list[int] = []
    writing = True

    async def write(writer: Ledger) -> None:
        for _ in range(150):
            written.append(await writer.append(record))

    async def look() -> None:
        while writing:
            await upkeep.run()
            await asyncio.sleep(0)

    async def read() -> None:
        while writing:
            known = set(written)
            found = [each.number for each in await reader.of_resident("me", limit=None, keep=everything)]
            assert len(found) == len(set(found))
            assert known <= set(found)
            known = set(written)
            newest = [number for number, _ in await reader.newest(forms=[1], limit=1000)]
            assert len(newest) == len(set(newest))
            assert known <= set(newest)

    others = [asyncio.create_task(each) for each in (look(), read(), read())]
    await asyncio.gather(*map(write, writers))
    writing = False
    await asyncio.gather(*others)
    assert len(await reader.of_resident("you", limit=None, keep=everything)) == 300
    for each in (*writers, reader, upkeep):
        await each.aclose()


async def test_what_cannot_be_read_is_said(ledger: str, reader: Reader, upkeep: Upkeep) -> None:
    await ledgers.write(ledger, Model(), [[ledgers.entry(b1=ALIKE[0])]])
    await upkeep.run(everything=True)
    connection = await asyncpg.connect(ledgers.owner(ledger))
    await connection.execute("UPDATE ledger_entries SET body = substr(body, 1, 20)")
    await connection.close()
    for question in (reader.entry(1024), reader.of_resident("0", limit=1, keep=everything), reader.newest(forms=[1], limit=1)):
        with pytest.raises(LedgerUnreadable, match="block 1 of the ledger is not as it was written"):
            await question
    away = Reader(ledger.replace("@/", "@/nobody-has-this"), Subjects(bytes(16)))
    for question in (away.counts(), away.forms(), away.newest(forms=[1], limit=1)):  # type: ignore[assignment]
        with pytest.raises(LedgerUnreadable):
            await question
    await away.aclose()


async def test_a_reader_cannot_write(reader: Reader) -> None:
    await reader.counts()
    with pytest.raises(LedgerUnreadable, match="ReadOnlySQLTransactionError"):
        await reader._fetch("DELETE FROM ledger_recent")
