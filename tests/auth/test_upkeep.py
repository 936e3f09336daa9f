"""Looking through the ledger: what is counted, what is indexed, and that neither a crash nor a rival leaves a trace in them."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth import upkeep as module
from auth.blocks import Signer
from auth.entries import Form
from auth.ledger import Ledger, Record
from auth.pseudonyms import Subjects
from auth.upkeep import Upkeep, bucket_of, places_of
from tests.auth import ledgers
from tests.auth.ledgers import Model

SEOUL = ZoneInfo("Asia/Seoul")
DRAW = random.Random(7)
PSEUDONYMS = [DRAW.randbytes(12) for _ in range(400)]


@pytest.fixture
async def ledger(gateway_dsn: str) -> str:
    """The DSN of a gateway's own database with an empty ledger."""
    await ledgers.fresh(gateway_dsn)
    return gateway_dsn


@pytest.fixture
async def upkeep(ledger: str) -> AsyncIterator[Upkeep]:
    upkeep = Upkeep(ledger, SEOUL)
    yield upkeep
    await upkeep.aclose()


async def fetch(dsn: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(statement)  # type: ignore[no-any-return]
    finally:
        await connection.close()


async def counted(dsn: str) -> dict[tuple[dt.date, int, int], tuple[int, int]]:
    return {tuple(row)[:3]: tuple(row)[3:] for row in await fetch(dsn, "SELECT * FROM ledger_count")}  # type: ignore[misc]


async def indexed(dsn: str) -> list[tuple[bytes, int]]:
    """What of each pseudonym is there, with the number of each entry."""
    rows = await fetch(dsn, "SELECT bucket, places FROM ledger_recent UNION ALL SELECT bucket, places FROM ledger_subject")
    found = []
    for bucket, places in rows:
        assert len(places) % 9 == 0
        pairs = (places[at : at + 9] for at in range(0, len(places), 9))
        found += [((bucket << 24 | int.from_bytes(pair[:3])).to_bytes(5), int.from_bytes(pair[3:])) for pair in pairs]
    return sorted(found)


def expected(model: Model) -> list[tuple[bytes, int]]:
    return sorted(
        ((bucket_of(whose) << 24 | int.from_bytes(whose[2:5])).to_bytes(5), number)
        for number, entry in model.entries.items()
        for _, whose in entry.subjects()
    )


async def marked(dsn: str) -> set[tuple[int, int]]:
    """Forms and blocks."""
    rows = await fetch(dsn, "SELECT form, part, blocks FROM ledger_form_block")
    return {(row["form"], row["part"] * 512 + bit) for row in rows for bit in range(512) if row["blocks"].to_int() >> bit & 1}


async def test_everything_is_counted_once_and_in_its_day(ledger: str, upkeep: Upkeep) -> None:
    model = Model()
    for blocks in (3, 1, 40, 700):
        await ledgers.write(ledger, model, ledgers.chain(DRAW, PSEUDONYMS, blocks, at=ledgers.BEGIN + model.blocks * 600_000))
        assert (await upkeep.run()).counted == blocks
        assert (await upkeep.run()).counted == 0
        assert await counted(ledger) == model.counts(SEOUL)
    assert len({day for day, _, _ in await counted(ledger)}) > 4
    assert await marked(ledger) == {(entry.form, number // 1024) for number, entry in model.entries.items()}


async def test_days_are_those_of_the_zone(ledger: str, upkeep: Upkeep) -> None:
    midnight = int(dt.datetime(2026, 12, 1, tzinfo=SEOUL).timestamp() * 1000)
    await ledgers.write(ledger, Model(), [[ledgers.entry(midnight - 1), ledgers.entry(midnight), ledgers.entry(midnight - 1)]])
    await upkeep.run()
    assert await counted(ledger) == {(dt.date(2026, 11, 30), 1, -1): (2, 0), (dt.date(2026, 12, 1), 1, -1): (1, 0)}


async def test_what_was_disclosed_by_counting_counts_as_an_operation(ledger: str, upkeep: Upkeep) -> None:
    await ledgers.write(ledger, Model(), [[ledgers.entry(b4=b"", b3=PSEUDONYMS[0] + PSEUDONYMS[1], b2=PSEUDONYMS[2])]])
    await upkeep.run()
    day = dt.date(2026, 11, 30)
    assert await counted(ledger) == {
        (day, 1, -1): (1, 3), (day, 1, 0): (1, 2), (day, 1, 1): (1, 3), (day, 1, 2): (1, 0),
    }  # fmt: skip


async def test_a_segment_is_written_when_enough_has_gathered(
    ledger: str, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEAST", 50)
    model = Model()
    few = [[ledgers.entry(b1=whose)] for whose in PSEUDONYMS[:49]]
    await ledgers.write(ledger, model, few)
    assert (await upkeep.run()).indexed == 0
    assert await indexed(ledger) == []
    await ledgers.write(ledger, model, few[:1])
    assert (await upkeep.run()).indexed == 50, "what had gathered before is in it"
    assert await indexed(ledger) == expected(model)
    await ledgers.write(ledger, model, [*few[:3], [ledgers.entry()]])
    assert (await upkeep.run()).indexed == 0
    assert (await upkeep.run(everything=True)).indexed == 4, "an entry about nobody also has to be gone through until then"
    assert await indexed(ledger) == expected(model)


async def test_many_segments_become_one(ledger: str, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 100)
    monkeypatch.setattr(module, "PIECES", 4)
    model = Model()
    months = [dt.date(2029, 3 + index // 12, 1 + index) for index in range(25)]
    await ledgers.write(ledger, model, ledgers.chain(DRAW, PSEUDONYMS, 25), months)
    await upkeep.run(everything=True)
    assert await indexed(ledger) == expected(model)
    assert len(await fetch(ledger, "SELECT DISTINCT first FROM ledger_recent")) < 4
    assert len(await fetch(ledger, "SELECT DISTINCT first FROM ledger_subject")) > 1
    for whose in PSEUDONYMS:
        rows = await fetch(
            ledger,
            f"SELECT places FROM ledger_subject WHERE bucket = {bucket_of(whose)} "
            f"UNION ALL SELECT places FROM ledger_recent WHERE bucket = {bucket_of(whose)}",
        )
        numbers = {number for (places,) in rows for number in places_of(whose, places)}
        assert numbers >= {number for number, _, _ in model.about(whose)}


async def test_what_is_no_longer_kept_is_passed_over(ledger: str, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECES", 3)
    past, model = Model(), Model()
    await ledgers.write(ledger, past, ledgers.chain(DRAW, PSEUDONYMS, 5), [dt.date(2020, 1, 7)] * 5)
    await upkeep.run(everything=True)
    await ledgers.write(ledger, past, ledgers.chain(DRAW, PSEUDONYMS, 5), [dt.date(2020, 1, 7)] * 5)
    model.blocks = past.blocks
    await ledgers.write(ledger, model, ledgers.chain(DRAW, PSEUDONYMS, 3))
    await fetch(ledger, "SELECT ledger_drop('2020-01-01')")
    assert await indexed(ledger) == []
    await upkeep.run(everything=True)
    assert await indexed(ledger) == expected(model)
    assert {number for _, number in await marked(ledger)} == {11, 12, 13}
    assert (await upkeep.run(everything=True)).counted == 0


async def test_what_was_dropped_while_it_was_looked_through_is_not_put_together(
    ledger: str, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, past = Model(), Model()
    await ledgers.write(ledger, model, ledgers.chain(DRAW, PSEUDONYMS, 3))
    await upkeep.run(everything=True)
    past.blocks = model.blocks
    await ledgers.write(ledger, past, ledgers.chain(DRAW, PSEUDONYMS, 3), [dt.date(2020, 1, 7)] * 3)
    await upkeep.run(everything=True)
    rows = await fetch(ledger, "SELECT * FROM ledger_recent WHERE kept_until = '2020-01-01'")
    await fetch(ledger, "SELECT ledger_drop('2020-01-01')")
    connection = await asyncpg.connect(ledger)
    await connection.copy_records_to_table("ledger_recent", records=rows)
    await connection.close()
    monkeypatch.setattr(module, "PIECES", 1)
    past.blocks += 3
    await ledgers.write(ledger, model, [])
    last = Model(blocks=past.blocks - 3)
    await ledgers.write(ledger, last, ledgers.chain(DRAW, PSEUDONYMS, 1))
    await upkeep.run(everything=True)
    assert await fetch(ledger, "SELECT FROM ledger_recent") == []
    assert await indexed(ledger) == sorted(expected(model) + expected(last))


async def test_a_block_that_is_none_keeps_no_other_from_being_found(
    ledger: str, upkeep: Upkeep, caplog: pytest.LogCaptureFixture
) -> None:
    model = Model()
    await ledgers.write(ledger, model, ledgers.chain(DRAW, PSEUDONYMS, 3))
    connection = await asyncpg.connect(ledgers.owner(ledger))
    await connection.execute("UPDATE ledger_entries SET body = substr(body, 1, 30) WHERE number = 2")
    await connection.close()
    await upkeep.run(everything=True)
    model.entries = {number: entry for number, entry in model.entries.items() if number // 1024 != 2}
    assert await counted(ledger) == model.counts(SEOUL)
    assert await indexed(ledger) == expected(model)
    assert "block 2 of the ledger cannot be read" in caplog.text


async def test_a_step_that_is_cut_off_leaves_nothing(ledger: str, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is ended by the server just before the watermark moves, in each work."""
    model = Model()
    await ledgers.write(ledger, model, ledgers.chain(DRAW, PSEUDONYMS, 30))
    advance = module._ADVANCE
    for work in ("counts", "subjects"):
        monkeypatch.setattr(module, "_ADVANCE", "SELECT pg_terminate_backend(pg_backend_pid()) WHERE $1 <> '' AND $2::bigint > 0")
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await upkeep.run(everything=True)
        monkeypatch.setattr(module, "_ADVANCE", advance)
        assert await indexed(ledger) == []
        assert await counted(ledger) == ({} if work == "counts" else model.counts(SEOUL))
        if work == "counts":
            await upkeep.run()
    await upkeep.run(everything=True)
    assert await counted(ledger) == model.counts(SEOUL)
    assert await indexed(ledger) == expected(model)


async def test_of_several_one_works(ledger: str, upkeep: Upkeep) -> None:
    model = Model()
    await ledgers.write(ledger, model, ledgers.chain(DRAW, PSEUDONYMS, 3))
    connection = await asyncpg.connect(ledger)
    async with connection.transaction():
        assert await connection.fetchval(module._LOCK)
        async with asyncio.timeout(5):
            assert await upkeep.run(everything=True) == module.Upkept(0, 0)
    await connection.close()
    assert (await upkeep.run(everything=True)).counted == 3


async def test_several_gateways_write_and_several_keepers_look_through_it(ledger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST", 10)
    monkeypatch.setattr(module, "PIECES", 5)
    subjects = Subjects(bytes(16))
    signer = Signer(Ed25519PrivateKey.generate())
    writers = [Ledger(ledger, signer, subjects, timeout=20) for _ in range(3)]
    keepers = [Upkeep(ledger, SEOUL) for _ in range(2)]
    form = Form.of({"retain": 0, "name": "several"})
    writing = True

    async def write(writer: Ledger) -> list[int]:
        numbers = []
        for _ in range(60):
            records = [Record(form, "o", None, bytes(8), disclosures={1: ["a", "b"], 2: ["c"]}) for _ in range(3)]
            numbers += await asyncio.gather(*(writer.append(record) for record in records))
        return numbers

    async def look(keeper: Upkeep) -> None:
        while writing:
            await keeper.run()
            await asyncio.sleep(0.005)

    looking = [asyncio.create_task(look(keeper)) for keeper in keepers]
    numbers = [number for each in await asyncio.gather(*map(write, writers)) for number in each]
    writing = False
    await asyncio.gather(*looking)
    await keepers[0].run(everything=True)
    assert {(key[1:], value) for key, value in (await counted(ledger)).items()} == {
        ((1, -1), (540, 1620)), ((1, 0), (540, 1080)), ((1, 1), (540, 540)),
    }  # fmt: skip
    whose = [subjects.of([name]) for name in "abc"]
    pairs = sorted(((bucket_of(w) << 24 | int.from_bytes(w[2:5])).to_bytes(5), n) for w in whose for n in numbers)
    assert await indexed(ledger) == pairs
    for each in (*writers, *keepers):
        await each.aclose()


async def test_the_gateways_role_can_do_all_of_it(ledger: str, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it cannot take back what it wrote."""
    monkeypatch.setattr(module, "PIECES", 1)
    await ledgers.write(ledger, Model(), ledgers.chain(DRAW, PSEUDONYMS, 3))
    await upkeep.run(everything=True)
    for table in ("ledger_entries", "ledger_block", "ledger_subject", "ledger_count"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(ledger, f"DELETE FROM {table}")
