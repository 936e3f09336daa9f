"""Writing the ledger: in one chain, whoever writes, and whatever becomes of the database meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.access import Span
from auth.audit import Report, check, verify
from auth.blocks import Signer, keys_of
from auth.entries import Form, decode
from auth.ledger import LEAST, PLACES, Ledger, LedgerUnavailable, Record
from auth.pseudonyms import Pseudonyms
from auth.stored import block_at, last_number, page
from tests.auth.chain import FORGER, FORMS, KEYS, SIGNER, form, superuser

SUBJECTS = Pseudonyms(bytes(32)).subjects()
SECOND = Signer(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\3"))
ROLE = "test_ledger"


def record(officer: str = "mofa-0417", of: Form = FORMS[0], residents: tuple[str, ...] = ("8103149970008",)) -> Record:
    return Record(of, officer, "P-1", b"12345678", disclosures={1: residents} if residents else {})


@asynccontextmanager
async def writing(dsn: str, seconds: float = 20) -> AsyncIterator[Ledger]:
    ledger = Ledger(dsn, SIGNER, SUBJECTS, timeout=seconds)
    yield ledger
    await ledger.aclose()


@pytest.fixture(scope="module")
async def owner(gateway_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(superuser(gateway_dsn))
    yield connection
    await connection.close()


@pytest.fixture(autouse=True)
async def empty(owner: asyncpg.Connection) -> None:
    """Each test writes its own ledger."""
    await owner.execute("TRUNCATE ledger_block, ledger_entries, ledger_form")


async def sound(connection: asyncpg.Connection) -> Report:
    report = await check(connection, KEYS)
    assert report.finding is None
    return report


async def officers(connection: asyncpg.Connection) -> dict[int, str]:
    """The officers of all entries, by the entries' numbers."""
    seen = await page(connection, 1, await last_number(connection))
    entries = ((each.number * PLACES + place, entry) for each in seen for place, entry in enumerate(each.entries or ()))
    return {number: decode(entry).officer for number, entry in entries}


async def test_one_entry(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    async with writing(gateway_dsn) as ledger:
        assert await ledger.append(record()) == PLACES
        assert await ledger.append(record()) == 2 * PLACES
    report = await sound(owner)
    assert (report.blocks, report.entries) == (2, 2)
    [first, _] = await page(owner, 1, 2)
    assert first.block is not None
    [data] = first.entries or []
    entry = decode(data)
    assert (entry.officer, entry.case, entry.request, entry.citizen) == ("mofa-0417", "P-1", b"12345678", False)
    assert entry.disclosures == {1: SUBJECTS.of(["8103149970008"])}
    assert abs(entry.at - datetime.now(UTC).timestamp() * 1000) < 60_000
    assert entry.at <= first.block.at


async def test_what_comes_together_is_one_block(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    async with writing(gateway_dsn) as ledger:
        numbers = await asyncio.gather(*(ledger.append(record(f"o-{each}", FORMS[each % 3])) for each in range(50)))
    assert numbers == [PLACES + place for place in range(50)]
    assert (await sound(owner)).blocks == 1
    assert await officers(owner) == {PLACES + place: f"o-{place}" for place in range(50)}


async def test_more_than_one_block_holds(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    async with writing(gateway_dsn) as ledger:
        numbers = await asyncio.gather(*(ledger.append(record(f"o-{each}")) for each in range(2 * PLACES + 5)))
    assert numbers == [PLACES + each for each in range(2 * PLACES + 5)]
    report = await sound(owner)
    assert (report.blocks, report.entries) == (3, 2 * PLACES + 5)
    assert (await officers(owner))[3 * PLACES + 4] == f"o-{2 * PLACES + 4}"


async def test_gateways_side_by_side_keep_one_chain(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    expected: dict[int, str] = {}

    async def write(ledger: Ledger, name: str) -> None:
        for each in range(40):
            expected[await ledger.append(record(f"{name}-{each}"))] = f"{name}-{each}"

    async with writing(gateway_dsn) as one, writing(gateway_dsn) as other, writing(gateway_dsn) as third:
        await asyncio.gather(
            *(
                write(ledger, f"{name}{task}")
                for name, ledger in zip("abc", (one, other, third), strict=True)
                for task in range(3)
            )
        )
    report = await sound(owner)
    assert report.entries == len(expected) == 360
    assert await officers(owner) == expected, "everybody's number is that of their own entry"


async def test_an_audit_beside_writers(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    async def write(ledger: Ledger) -> None:
        for _ in range(60):
            await ledger.append(record())

    async with writing(gateway_dsn) as one, writing(gateway_dsn) as other:
        writers = asyncio.gather(write(one), write(other))
        lengths = []
        while not writers.done():
            report = await verify(gateway_dsn, KEYS)
            assert report.finding is None
            lengths.append(report.blocks)
        await writers
    assert lengths == sorted(lengths)
    assert (await sound(owner)).entries == 120


async def test_entries_are_kept_as_long_as_their_forms_say(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    retained = (0, 60, 12, 120, 60)
    async with writing(gateway_dsn) as ledger:
        numbers = await asyncio.gather(*(ledger.append(record(str(each), form("x", each))) for each in retained))
    today = datetime.now(UTC).date()
    kept = {each: Span(months=max(each, LEAST)).after(today) for each in retained}
    rows = await owner.fetch("SELECT number, kept_until, entries FROM ledger_block ORDER BY number")
    assert [tuple(row) for row in rows] == [(1, kept[0], 2), (2, kept[60], 2), (3, kept[120], 1)]
    assert numbers == [PLACES, 2 * PLACES, PLACES + 1, 3 * PLACES, 2 * PLACES + 1]
    assert await officers(owner) == {number: str(each) for number, each in zip(numbers, retained, strict=True)}
    await sound(owner)


async def test_months_are_made_when_they_are_needed(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    months = 241
    last = Span(months=months).after(datetime.now(UTC).date())
    tables = [f"{table}_{last:%Y_%m}" for table in ("ledger_entries", "ledger_subject")]
    there = "SELECT count(*) FROM pg_class WHERE relname = ANY($1)"
    assert await owner.fetchval(there, tables) == 0
    async with writing(gateway_dsn) as one, writing(gateway_dsn) as other:
        await asyncio.gather(*(ledger.append(record(of=form("x", months))) for ledger in (one, other) for _ in range(3)))
    assert await owner.fetchval(there, tables) == 2
    await sound(owner)


async def test_one_whom_nobody_waits_for_harms_nobody(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    async with writing(gateway_dsn) as ledger:
        waiting = [ledger.append(record(f"o-{each}")) for each in range(6)]
        waiting[1].cancel()
        await asyncio.sleep(0)
        waiting[4].cancel()
        done = await asyncio.gather(*waiting, return_exceptions=True)
        assert [each for each in done if isinstance(each, int)] == [PLACES + place for place in (0, 2, 3, 5)]
        assert await ledger.append(record("later")) == 2 * PLACES
    assert len(await officers(owner)) == 7, "what was read by them is on record"
    await sound(owner)


async def test_a_text_that_is_none_harms_nobody(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    bad = Form.of({"agency": "\ud800\0", "retain": 0})
    async with writing(gateway_dsn) as ledger:
        await asyncio.gather(ledger.append(record()), ledger.append(record("\ud800\0", bad)), ledger.append(record()))
    assert (await sound(owner)).entries == 3


async def test_a_number_that_is_no_residents_is_told_apart(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    strange = ("", "x" * 100, "\0", "\ud800", "주민")
    async with writing(gateway_dsn) as ledger:
        await ledger.append(record(residents=strange))
    [seen] = await page(owner, 1, 1)
    residents = [subject for _, subject in decode((seen.entries or [])[0]).subjects()]
    assert residents == [SUBJECTS.of([each]) for each in strange]


# The database gone, and back


async def unreachable(owner: asyncpg.Connection) -> None:
    await owner.execute(f"ALTER ROLE {ROLE} NOLOGIN")
    await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", ROLE)


async def reachable(owner: asyncpg.Connection) -> None:
    await owner.execute(f"ALTER ROLE {ROLE} LOGIN")


async def test_the_database_gone_and_back(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    async with writing(gateway_dsn) as ledger:
        assert await ledger.append(record("before")) == PLACES
        await unreachable(owner)
        try:
            for _ in range(2):
                failed = await asyncio.gather(*(ledger.append(record("between")) for _ in range(3)), return_exceptions=True)
                assert [type(each) for each in failed] == [LedgerUnavailable] * 3
        finally:
            await reachable(owner)
        assert await ledger.append(record("after")) == 2 * PLACES
    assert list((await officers(owner)).values()) == ["before", "after"]
    await sound(owner)


async def test_a_connection_that_breaks_while_nothing_is_written(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    async with writing(gateway_dsn) as ledger, writing(gateway_dsn) as other:
        await ledger.append(record("before"))
        await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", ROLE)
        await asyncio.sleep(0.2)
        await other.append(record("others"))
        try:
            await ledger.append(record("after"))
        except LedgerUnavailable:
            await ledger.append(record("after"))
    assert list((await officers(owner)).values()) == ["before", "others", "after"]
    await sound(owner)


async def test_a_database_that_does_not_answer(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    async with writing(gateway_dsn, seconds=0.5) as ledger:
        await ledger.append(record("before"))
        async with owner.transaction():
            await owner.execute("LOCK TABLE ledger_block")
            with pytest.raises(LedgerUnavailable):
                await ledger.append(record("between"))
        number = await ledger.append(record("after"))
    found = await officers(owner)
    assert found[number] == "after"
    # What was under way when nobody waited any longer may have come to its end.
    assert [each for each in found.values() if each != "between"] == ["before", "after"]
    await sound(owner)


async def test_a_database_that_cannot_be_reached_at_all() -> None:
    async with writing("postgresql://nobody@127.0.0.1:1/nothing", seconds=2) as ledger:
        for _ in range(2):
            with pytest.raises(LedgerUnavailable):
                await ledger.append(record())


async def test_a_mistake_of_ones_own_leaves_nobody_waiting(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    async with writing(gateway_dsn) as ledger:
        wrong = Record(FORMS[0], "o", None, b"12345678", disclosures={-1: ("1",)})
        failed = await asyncio.gather(ledger.append(record()), ledger.append(wrong), return_exceptions=True)
        assert [type(each) for each in failed] == [LedgerUnavailable] * 2
        writer = ledger._writer
        assert writer is not None
        with pytest.raises(OverflowError):
            await writer
        assert await ledger.append(record("after")) == PLACES
    await sound(owner)


@pytest.mark.parametrize("column", ["at", "root", "signature", "previous"])
async def test_an_end_that_was_altered_is_not_built_upon(gateway_dsn: str, owner: asyncpg.Connection, column: str) -> None:
    """Or else the next signature would cover it. What is disclosed goes on record all the same."""
    async with writing(gateway_dsn) as ledger:
        await ledger.append(record())
        await ledger.append(record())
    value = "1::bigint << 62" if column == "at" else "sha256('')"
    await owner.execute(f"UPDATE ledger_block SET {column} = {value} WHERE number = 2")
    async with writing(gateway_dsn) as ledger:
        assert [await ledger.append(record("after")) for _ in range(3)] == [PLACES * 3, PLACES * 4, PLACES * 5]
    report = await check(owner, KEYS)
    assert report.finding is not None
    assert (report.finding.what, report.finding.block) == ("altered", 2)
    assert (await verify(gateway_dsn, KEYS, first=4)).finding is None, "what follows is sound by itself"


@pytest.mark.parametrize(("by", "says"), [(FORGER.id, "unknown key"), (SECOND.id, "not signed")])
async def test_an_end_forged_under_another_key_is_found(
    gateway_dsn: str, owner: asyncpg.Connection, by: bytes, says: str
) -> None:  # fmt: skip
    async with writing(gateway_dsn) as ledger:
        await ledger.append(record())
        await ledger.append(record())
    last = await block_at(owner, 2)
    assert last is not None
    forged = replace(last, at=last.at - 1, key=by)
    update = "UPDATE ledger_block SET at = $1, key = $2, signature = $3 WHERE number = 2"
    await owner.execute(update, forged.at, by, FORGER.sign(forged.header()))
    async with writing(gateway_dsn) as ledger:
        await ledger.append(record("after"))
    report = await check(owner, keys_of([SIGNER.public, SECOND.public]))
    assert report.finding is not None
    assert (report.finding.what, report.finding.block) == (says, 2)


async def test_another_key_may_follow(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    for signer in (SIGNER, SECOND, SIGNER):
        ledger = Ledger(gateway_dsn, signer, SUBJECTS, timeout=20)
        await ledger.append(record())
        await ledger.append(record())
        await ledger.aclose()
    report = await check(owner, keys_of([SIGNER.public, SECOND.public]))
    assert (report.finding, report.blocks) == (None, 6)


# What the database lets the gateway's role do


@pytest.mark.parametrize("table", ["ledger_block", "ledger_entries", "ledger_form", "ledger_subject"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}", "ALTER TABLE {} RENAME TO gone"])
async def test_nothing_can_be_removed(gateway_dsn: str, table: str, statement: str) -> None:
    connection = await asyncpg.connect(gateway_dsn)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement.format(table))
    await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_block SET at = at",
        "UPDATE ledger_entries SET body = body",
        "UPDATE ledger_form SET content = content",
        "UPDATE ledger_subject SET places = places",
        "INSERT INTO ledger_form (digest, content) VALUES ('', '') ON CONFLICT (digest) DO UPDATE SET content = ''",
        "DELETE FROM ledger_count",
        "SELECT ledger_open(current_date); DELETE FROM ledger_entries_{month}",
        "SELECT ledger_open(current_date); INSERT INTO ledger_entries_{month} VALUES (1, current_date, '')",
        "SELECT ledger_open(current_date); DROP TABLE ledger_entries_{month}",
        "SELECT ledger_open(current_date); ALTER TABLE ledger_entries DETACH PARTITION ledger_entries_{month}",
        "CREATE TABLE stolen (id int)",
        "CREATE OR REPLACE FUNCTION ledger_drop(day date) RETURNS void LANGUAGE sql AS 'SELECT'",
    ],
)
async def test_nothing_can_be_changed(gateway_dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(gateway_dsn)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement.format(month=f"{date.today():%Y_%m}"))
    await connection.close()


async def test_what_is_read_is_what_was_written(gateway_dsn: str, owner: asyncpg.Connection) -> None:
    async with writing(gateway_dsn) as ledger:
        await ledger.append(record())
    block = await block_at(owner, 1)
    assert block is not None
    assert (block.number, block.entries, block.key, block.previous) == (1, 1, SIGNER.id, bytes(32))
