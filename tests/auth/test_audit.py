"""Every way to tamper with the ledger as the database's superuser, and that each is named at the first place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from random import Random

import asyncpg
import pytest

from auth import audit
from auth.audit import check, verify
from auth.blocks import FIRST, Block, keys_of
from auth.entries import Form, number, packed
from auth.merkle import root
from auth.stored import Forms, block_at, page
from auth.tampering import Finding
from tests.auth.chain import FORGER, FORMS, KEYS, NOW, SIGNER, form, lay, lay_forms, put, signed, superuser

COUNTS = (1, 16, 3, 1, 5, 2, 8, 1, 4, 1)


@pytest.fixture(scope="module")
async def ledger(gateway_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A ledger of ten sound blocks, over the superuser's connection."""
    connection = await asyncpg.connect(superuser(gateway_dsn))
    await lay(connection, COUNTS)
    yield connection
    await connection.close()


@pytest.fixture
async def tampered(ledger: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """The same, to be tampered with: it is sound again afterwards."""
    transaction = ledger.transaction()
    await transaction.start()
    yield ledger
    await transaction.rollback()


async def found(connection: asyncpg.Connection) -> tuple[str, int | None]:
    report = await check(connection, KEYS)
    assert report.finding is not None, "it was not noticed"
    assert str(report.finding).startswith(f"{report.finding.what}: ")
    return report.finding.what, report.finding.block


async def finding(connection: asyncpg.Connection) -> Finding:
    report = await check(connection, KEYS)
    assert report.finding is not None, "it was not noticed"
    return report.finding


async def block(connection: asyncpg.Connection, number: int) -> Block:
    there = await block_at(connection, number)
    assert there is not None
    return there


async def change(connection: asyncpg.Connection, number: int, **columns: object) -> None:
    """Write other values into the columns of a block."""
    for column, value in columns.items():
        await connection.execute(f"UPDATE ledger_block SET {column} = $1 WHERE number = $2", value, number)


async def entries_of(connection: asyncpg.Connection, number: int) -> list[bytes]:
    [seen] = await page(connection, number, number)
    assert seen.entries is not None
    return seen.entries


async def write(connection: asyncpg.Connection, number: int, entries: list[bytes]) -> None:
    await connection.execute("UPDATE ledger_entries SET body = $1 WHERE number = $2", packed(entries), number)


async def renumber(connection: asyncpg.Connection, first: int, by: int) -> None:
    """Move all blocks from one on, with their entries."""
    for table in ("ledger_block", "ledger_entries"):
        await connection.execute(f"UPDATE {table} SET number = number + 1000000 WHERE number >= $1", first)
        await connection.execute(f"UPDATE {table} SET number = number - 1000000 + $1 WHERE number >= 1000000", by)


async def exchange(connection: asyncpg.Connection, one: int, other: int) -> None:
    """Let two blocks, with their entries, stand in each other's place."""
    for table in ("ledger_block", "ledger_entries"):
        for source, target in ((one, -1), (other, one), (-1, other)):
            await connection.execute(f"UPDATE {table} SET number = $2 WHERE number = $1", source, target)


@pytest.fixture(autouse=True)
async def unbound(ledger: asyncpg.Connection) -> None:
    """A superuser minds no constraint."""
    await ledger.execute("ALTER TABLE ledger_block DROP CONSTRAINT IF EXISTS ledger_block_number_check")
    await ledger.execute("ALTER TABLE ledger_block DROP CONSTRAINT IF EXISTS ledger_block_entries_check")


# A sound ledger


async def test_a_sound_ledger(ledger: asyncpg.Connection, gateway_dsn: str) -> None:
    report = await check(ledger, KEYS)
    assert (report.finding, report.blocks, report.entries) == (None, len(COUNTS), sum(COUNTS))
    assert report.head == await block_at(ledger, len(COUNTS))
    told: list[int] = []
    alike = await verify(gateway_dsn, KEYS, progress=told.append)
    assert (alike, sum(told)) == (report, len(COUNTS)), "the gateway's own role may check it"


async def test_an_empty_ledger(tampered: asyncpg.Connection) -> None:
    await tampered.execute("TRUNCATE ledger_block, ledger_entries")
    report = await check(tampered, KEYS)
    assert (report.finding, report.blocks, report.entries) == (None, 0, 0)


@pytest.mark.parametrize(("first", "last"), [(1, 4), (3, 3), (4, 10), (10, 10)])
async def test_a_part_of_it(gateway_dsn: str, ledger: asyncpg.Connection, first: int, last: int) -> None:
    report = await verify(gateway_dsn, KEYS, first=first, last=last)
    assert (report.finding, report.blocks, report.entries) == (None, last - first + 1, sum(COUNTS[first - 1 : last]))


async def test_small_pages_find_the_same(tampered: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth.stored.PAGE", 3)
    report = await check(tampered, KEYS)
    assert (report.finding, report.blocks, report.entries) == (None, len(COUNTS), sum(COUNTS))
    for place in range(1, 11):
        at = (await block(tampered, place)).at
        await change(tampered, place, at=at + 1)
        assert (await finding(tampered)).block == place
        await change(tampered, place, at=at)


async def test_a_key_from_before_is_known_if_it_is_given(tampered: asyncpg.Connection) -> None:
    await lay(tampered, [2, 2], at=NOW + 100_000, by=FORGER)
    assert await found(tampered) == ("unknown key", 11)
    assert (await check(tampered, keys_of([SIGNER.public, FORGER.public]))).finding is None


# Entries


async def test_one_bit_anywhere_in_the_entries(tampered: asyncpg.Connection) -> None:
    dice, places = Random(7), [place for place, count in enumerate(COUNTS, 1) for _ in range(count * 12)]
    for place in places:
        body = await tampered.fetchval("SELECT body FROM ledger_entries WHERE number = $1", place)
        altered = bytearray(body)
        altered[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        await tampered.execute("UPDATE ledger_entries SET body = $1 WHERE number = $2", bytes(altered), place)
        what, where = await found(tampered)
        assert where == place
        assert what in ("altered", "removed", "inserted")
        await tampered.execute("UPDATE ledger_entries SET body = $1 WHERE number = $2", body, place)
    assert (await check(tampered, KEYS)).finding is None


async def test_an_altered_entry_that_still_reads(tampered: asyncpg.Connection) -> None:
    entries = await entries_of(tampered, 2)
    entries[4] = entries[4][:-1] + bytes((entries[4][-1] ^ 1,))
    await write(tampered, 2, entries)
    assert await finding(tampered) == Finding(
        "altered", "an entry of block 2, or the form of one, was altered: they do not make the root that was signed", 2
    )


async def test_an_altered_entry_that_no_longer_reads(tampered: asyncpg.Connection) -> None:
    entries = await entries_of(tampered, 2)
    entries[4] += b"\0"
    await write(tampered, 2, entries)
    assert await finding(tampered) == Finding("altered", "entry 2.4 was altered: its bytes no longer are an entry", 2, 4)


async def test_bytes_that_are_no_entries(tampered: asyncpg.Connection) -> None:
    await tampered.execute("UPDATE ledger_entries SET body = body || '\\x05' WHERE number = 3")
    assert await found(tampered) == ("altered", 3)


async def test_lengths_in_another_spelling(tampered: asyncpg.Connection) -> None:
    [entry] = await entries_of(tampered, 1)
    spelled = bytes((len(entry) | 0x80, 0)) + entry
    await tampered.execute("UPDATE ledger_entries SET body = $1 WHERE number = 1", spelled)
    assert await found(tampered) == ("altered", 1)


async def test_an_entry_removed_or_put_in(tampered: asyncpg.Connection) -> None:
    entries = await entries_of(tampered, 5)
    await write(tampered, 5, entries[:2] + entries[3:])
    assert await finding(tampered) == Finding("removed", "block 5 has 4 entries where 5 were signed", 5)
    await write(tampered, 5, entries[:2] + entries[1:])
    assert await finding(tampered) == Finding("inserted", "block 5 has 6 entries where 5 were signed", 5)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (3, 15), (7, 8)])
async def test_two_entries_in_each_others_place(tampered: asyncpg.Connection, one: int, other: int) -> None:
    entries = await entries_of(tampered, 2)
    entries[one], entries[other] = entries[other], entries[one]
    await write(tampered, 2, entries)
    assert await finding(tampered) == Finding(
        "reordered", f"entries 2.{one} and 2.{other} stand in each other's place", 2, one
    )  # fmt: skip


async def test_entries_of_another_block(tampered: asyncpg.Connection) -> None:
    await write(tampered, 4, await entries_of(tampered, 1))
    assert await found(tampered) == ("altered", 4)


async def test_entries_that_are_gone_before_their_time(tampered: asyncpg.Connection) -> None:
    await tampered.execute("DELETE FROM ledger_entries WHERE number = 6")
    until = date.fromordinal((await block(tampered, 6)).kept_until)
    says = f"the entries of block 6 are missing, though they are kept until {until}"
    assert await finding(tampered) == Finding("removed", says, 6)


async def test_entries_under_another_day(tampered: asyncpg.Connection) -> None:
    await tampered.execute("SELECT ledger_open('2031-01-01')")
    await tampered.execute("UPDATE ledger_entries SET kept_until = '2031-01-01' WHERE number = 6")
    assert await found(tampered) == ("altered", 6)


async def test_entries_that_are_there_twice(tampered: asyncpg.Connection) -> None:
    await tampered.execute("SELECT ledger_open('2031-01-01')")
    await tampered.execute("INSERT INTO ledger_entries SELECT number, '2031-01-01', body FROM ledger_entries WHERE number = 6")
    assert await found(tampered) == ("inserted", 6)


@pytest.mark.parametrize(("where", "what"), [(99, "removed"), (0, "inserted"), (-5, "inserted")])
async def test_entries_without_a_block(tampered: asyncpg.Connection, where: int, what: str) -> None:
    await tampered.execute("INSERT INTO ledger_entries SELECT $1, kept_until, body FROM ledger_entries WHERE number = 6", where)
    assert await found(tampered) == (what, where)


# Forms


async def first_with(connection: asyncpg.Connection, form: int) -> tuple[int, int]:
    """The first entry with a form: its block and place."""
    seen = await page(connection, 1, 100)
    return next((each.number, each.forms.index(form)) for each in seen if form in each.forms)


async def test_an_altered_form(tampered: asyncpg.Connection) -> None:
    for digest, altered in (await lay_forms(tampered)).items():
        for change, back in (
            ("content = replace(content, 'mofa', 'moha')", "content = replace(content, 'moha', 'mofa')"),
            ("digest = sha256('')", "digest = $2"),
        ):
            await tampered.execute(f"UPDATE ledger_form SET {change} WHERE id = $1", altered)
            wrong = await finding(tampered)
            assert (wrong.what, wrong.form, (wrong.block, wrong.place)) == (
                "altered",
                altered,
                await first_with(tampered, altered),
            )
            await tampered.execute(f"UPDATE ledger_form SET {back} WHERE id = $1", altered, *([digest] if "$2" in back else []))


async def test_a_form_altered_together_with_its_digest(tampered: asyncpg.Connection) -> None:
    form = (await lay_forms(tampered))[FORMS[1].digest]
    other = Form.of({"forged": True, "retain": 0})
    await tampered.execute("UPDATE ledger_form SET content = $2, digest = $3 WHERE id = $1", form, other.text, other.digest)
    assert await found(tampered) == ("altered", (await first_with(tampered, form))[0])


async def test_a_form_removed(tampered: asyncpg.Connection) -> None:
    form = (await lay_forms(tampered))[FORMS[2].digest]
    await tampered.execute("DELETE FROM ledger_form WHERE id = $1", form)
    wrong = await finding(tampered)
    assert (wrong.what, wrong.form, (wrong.block, wrong.place)) == ("removed", form, await first_with(tampered, form))


async def test_two_forms_in_each_others_place(tampered: asyncpg.Connection) -> None:
    numbers = await lay_forms(tampered)
    one, other = numbers[FORMS[0].digest], numbers[FORMS[1].digest]
    swap = "UPDATE ledger_form SET content = $2, digest = $3 WHERE id = $1"
    await tampered.execute(swap, one, "", b"")
    await tampered.execute(swap, other, FORMS[0].text, FORMS[0].digest)
    await tampered.execute(swap, one, FORMS[1].text, FORMS[1].digest)
    wrong = await finding(tampered)
    assert wrong.what == "altered"
    assert wrong.form in (one, other)
    assert wrong.block == min((await first_with(tampered, one))[0], (await first_with(tampered, other))[0])


async def test_an_entry_with_the_form_of_another(tampered: asyncpg.Connection) -> None:
    [seen] = await page(tampered, 2, 2)
    assert seen.entries is not None
    one, other = 0, next(place for place in range(16) if seen.forms[place] != seen.forms[0])
    entries = list(seen.entries)
    entries[one] = number(seen.forms[other]) + entries[one][1:]
    entries[other] = number(seen.forms[one]) + entries[other][1:]
    await write(tampered, 2, entries)
    assert await found(tampered) == ("altered", 2)


async def test_an_altered_form_that_no_entry_has(tampered: asyncpg.Connection) -> None:
    unused = form("unused")
    numbers = await lay_forms(tampered, [unused])
    assert (await check(tampered, KEYS)).finding is None
    await tampered.execute("UPDATE ledger_form SET content = content || ' ' WHERE digest = $1", unused.digest)
    wrong = await finding(tampered)
    assert (wrong.what, wrong.block, wrong.form) == ("altered", None, numbers[unused.digest])


# Blocks


@pytest.mark.parametrize("place", [1, 5, 10])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", NOW - 1),
        ("at", NOW + 4_001),
        ("at", -1),
        ("at", (1 << 63) - 1),
        ("kept_until", date(2030, 1, 1)),
        ("kept_until", date(2026, 10, 1)),
        ("kept_until", date.max),
        ("entries", 2),
        ("entries", -1),
        ("previous", bytes(31) + b"\1"),
        ("previous", b""),
        ("root", bytes(32)),
        ("root", bytes(33)),
        ("key", bytes(8)),
        ("key", FORGER.id),
        ("signature", bytes(64)),
        ("signature", b""),
    ],
)
async def test_a_block_altered_in_a_column(tampered: asyncpg.Connection, place: int, column: str, value: object) -> None:
    await tampered.execute("ALTER TABLE ledger_block DROP CONSTRAINT IF EXISTS ledger_block_entries_check")
    await change(tampered, place, **{column: value})
    what, where = await found(tampered)
    assert where == place
    # Of the last block nobody else says how it was, so it may as well have been put there.
    assert what == "altered" or (place == 10 and what == "not signed")


async def test_what_was_altered_is_named_if_it_is_known_from_elsewhere(tampered: asyncpg.Connection) -> None:
    five = await block(tampered, 5)
    for column, value, field in (
        ("root", bytes(32), "root"),
        ("entries", 4, "number of entries"),
        ("kept_until", date(2030, 1, 1), "day until which it is kept"),
        ("previous", bytes(32), "hash of the block before"),
    ):
        before = getattr(five, column) if column != "kept_until" else date.fromordinal(five.kept_until)
        await change(tampered, 5, **{column: value})
        says = f"block 5 was altered: its {field} is not what was signed"
        assert await finding(tampered) == Finding("altered", says, 5)
        await change(tampered, 5, **{column: before})


async def test_one_bit_anywhere_in_a_block(tampered: asyncpg.Connection) -> None:
    dice = Random(11)
    for place in range(1, 11):
        for column in ("previous", "root", "key", "signature"):
            before = await tampered.fetchval(f"SELECT {column} FROM ledger_block WHERE number = $1", place)
            altered = bytearray(before)
            altered[dice.randrange(len(before))] ^= 1 << dice.randrange(8)
            await change(tampered, place, **{column: bytes(altered)})
            assert (await found(tampered))[1] == place
            await change(tampered, place, **{column: before})
    assert (await check(tampered, KEYS)).finding is None


@pytest.mark.parametrize("value", ["infinity", "-infinity", "0044-03-15 BC", "5874897-12-31"])
async def test_a_day_that_python_does_not_have(tampered: asyncpg.Connection, value: str) -> None:
    await tampered.execute(f"UPDATE ledger_block SET kept_until = '{value}' WHERE number = 5")
    assert await found(tampered) == ("altered", 5)


@pytest.mark.parametrize("place", [1, 2, 5, 9])
async def test_a_block_removed(tampered: asyncpg.Connection, place: int) -> None:
    await tampered.execute("DELETE FROM ledger_block WHERE number = $1", place)
    assert await found(tampered) == ("removed", place)
    await tampered.execute("DELETE FROM ledger_entries WHERE number = $1", place)
    assert await found(tampered) == ("removed", place)


async def test_several_blocks_removed(tampered: asyncpg.Connection) -> None:
    for table in ("ledger_block", "ledger_entries"):
        await tampered.execute(f"DELETE FROM {table} WHERE number BETWEEN 4 AND 6")
    says = "blocks 4 to 6 are missing: after block 3 comes block 7"
    assert await finding(tampered) == Finding("removed", says, 4)


@pytest.mark.parametrize(("place", "count"), [(1, 1), (5, 1), (4, 3), (9, 1), (7, 3)])
async def test_blocks_removed_and_the_others_moved_up(tampered: asyncpg.Connection, place: int, count: int) -> None:
    for table in ("ledger_block", "ledger_entries"):
        await tampered.execute(f"DELETE FROM {table} WHERE number BETWEEN $1 AND $2", place, place + count - 1)
    await renumber(tampered, place + count, -count)
    assert await found(tampered) == ("removed", place)


async def test_a_block_moved_far_away(tampered: asyncpg.Connection) -> None:
    await tampered.execute("UPDATE ledger_block SET number = 1::bigint << 62 WHERE number = 5")
    assert await found(tampered) == ("altered", 5)


async def test_the_end_cut_off_is_seen_with_a_head(tampered: asyncpg.Connection) -> None:
    heads = [await block(tampered, number) for number in (3, 8, 10)]
    for table in ("ledger_block", "ledger_entries"):
        await tampered.execute(f"DELETE FROM {table} WHERE number > 8")
    assert (await check(tampered, KEYS)).finding is None, "without a head nobody can tell"
    assert (await check(tampered, KEYS, head=heads[0])).finding is None
    assert (await check(tampered, KEYS, head=heads[1])).finding is None
    says = "the ledger ends with block 8, but had block 10: its end was cut off"
    assert (await check(tampered, KEYS, head=heads[2])).finding == Finding("removed", says, 9)
    await lay(tampered, [7, 7, 7], at=NOW + 50_000)
    assert (await check(tampered, KEYS)).finding is None
    says = "block 10 is another than it was: the ledger was cut off and written anew"
    assert (await check(tampered, KEYS, head=heads[2])).finding == Finding("altered", says, 10)


async def test_the_end_cut_off_but_for_its_entries(tampered: asyncpg.Connection) -> None:
    await tampered.execute("DELETE FROM ledger_block WHERE number > 8")
    assert await found(tampered) == ("removed", 9)


@pytest.mark.parametrize("place", [1, 5, 9])
async def test_a_forged_block_put_in(tampered: asyncpg.Connection, place: int) -> None:
    true = await block(tampered, place)
    entries = await entries_of(tampered, 3)
    await renumber(tampered, place, 1)
    await put(tampered, replace(true, signature=bytes(64)), entries)
    assert await found(tampered) == ("inserted", place)


async def test_a_copy_of_an_older_block_put_in(tampered: asyncpg.Connection) -> None:
    copy, entries = await block(tampered, 3), await entries_of(tampered, 3)
    await renumber(tampered, 6, 1)
    await put(tampered, replace(copy, number=6), entries)
    assert await found(tampered) == ("inserted", 6)


async def test_a_block_replaced_by_a_copy_of_an_older_one(tampered: asyncpg.Connection) -> None:
    copy, entries = await block(tampered, 3), await entries_of(tampered, 3)
    for table in ("ledger_block", "ledger_entries"):
        await tampered.execute(f"DELETE FROM {table} WHERE number = 6")
    await put(tampered, replace(copy, number=6), entries)
    assert await finding(tampered) == Finding("altered", "in the place of block 6 stands a copy of block 3", 6)


async def test_a_forged_block_at_the_end(tampered: asyncpg.Connection) -> None:
    last, entries = await block(tampered, 10), await entries_of(tampered, 10)
    forged = replace(last, number=11, previous=last.name(), at=last.at + 1)
    await put(tampered, forged, entries)
    assert await found(tampered) == ("not signed", 11)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (5, 6), (9, 10), (2, 9), (1, 10)])
async def test_two_blocks_in_each_others_place(tampered: asyncpg.Connection, one: int, other: int) -> None:
    await exchange(tampered, one, other)
    says = f"block {other} stands in the place of block {one}, which stands under number {other}"
    assert await finding(tampered) == Finding("reordered", says, one)


async def relink(connection: asyncpg.Connection, first: int, sign: bool, of: bytes | None = None) -> None:
    """Forge the chain from one block on: hashes fit, and it is signed with the forger's key, whatever key is named."""
    before = await block(connection, first - 1)
    for place in range(first, 11):
        here = await block(connection, place)
        here = replace(here, previous=before.name(), root=await true_root(connection, place), key=of or here.key)
        here = replace(here, signature=FORGER.sign(here.header()) if sign else here.signature)
        await change(connection, place, previous=here.previous, root=here.root, key=here.key, signature=here.signature)
        before = here


async def true_root(connection: asyncpg.Connection, place: int) -> bytes:
    """The root over the entries that are there."""
    forms = Forms()
    [seen] = await page(connection, place, place)
    await forms.load(connection, seen.forms)
    return root(forms.hashes(seen) or ())


@pytest.mark.parametrize(
    ("sign", "of", "what"),
    [
        (True, FORGER.id, "unknown key"),
        (False, FORGER.id, "unknown key"),
        (True, None, "not signed"),
        (False, None, "not signed"),
    ],
)
async def test_an_altered_entry_and_all_hashes_made_to_fit(
    tampered: asyncpg.Connection, sign: bool, of: bytes | None, what: str
) -> None:  # fmt: skip
    entries = await entries_of(tampered, 5)
    entries[2] = entries[2][:-1] + bytes((entries[2][-1] ^ 1,))
    await write(tampered, 5, entries)
    await relink(tampered, 5, sign, of)
    assert await found(tampered) == (what, 5)


async def test_a_root_that_the_forger_made_to_fit(tampered: asyncpg.Connection) -> None:
    entries = await entries_of(tampered, 5)
    entries[2] = entries[2][:-1] + bytes((entries[2][-1] ^ 1,))
    await write(tampered, 5, entries)
    await change(tampered, 5, root=await true_root(tampered, 5))
    assert await found(tampered) == ("altered", 5)


# What the gateway's key must never have signed


async def append(connection: asyncpg.Connection, **fields: object) -> None:
    last, entries = await block(connection, 10), await entries_of(connection, 10)
    await put(connection, signed(replace(last, number=11, previous=last.name(), **fields)), entries)  # type: ignore[arg-type]


async def test_a_block_that_was_signed_without_need_of_a_mistake(tampered: asyncpg.Connection) -> None:
    await append(tampered)
    assert (await check(tampered, KEYS)).finding is None


@pytest.mark.parametrize("fields", [{"at": NOW}, {"kept_until": date(2028, 9, 20).toordinal()}, {"at": 1 << 62}])
async def test_a_signed_block_against_the_rules(tampered: asyncpg.Connection, fields: dict[str, object]) -> None:
    await append(tampered, **fields)
    assert await found(tampered) == ("irregular", 11)


@pytest.mark.parametrize("previous", [FIRST, bytes(31) + b"\1"])
async def test_a_signed_block_of_another_ledger(tampered: asyncpg.Connection, previous: bytes) -> None:
    last, entries = await block(tampered, 10), await entries_of(tampered, 10)
    await put(tampered, signed(replace(last, number=11, previous=previous)), entries)
    assert await found(tampered) == ("inserted", 11)


# In parts


async def test_several_processes_find_the_same(
    gateway_dsn: str, ledger: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PART", 3)
    told: list[int] = []
    report = await verify(gateway_dsn, KEYS, processes=2, progress=told.append)
    assert report == await check(ledger, KEYS)
    assert told == [3, 3, 3, 1]
    before = await block(ledger, 6)
    try:
        for column, value in (("at", before.at + 1), ("previous", bytes(32)), ("signature", bytes(64))):
            await change(ledger, 6, **{column: value})
            report = await verify(gateway_dsn, KEYS, processes=2)
            assert report.finding is not None
            assert (report.finding.what, report.finding.block, report.blocks) == ("altered", 6, 5), "at the end of a part"
            await change(ledger, 6, **{column: getattr(before, column)})
    finally:
        await change(ledger, 6, at=before.at, previous=before.previous, signature=before.signature)


async def test_a_part_behind_a_block_that_is_wrong(tampered: asyncpg.Connection) -> None:
    await change(tampered, 4, at=NOW + 3_001)
    report = await audit._walk(tampered, KEYS, 5, 10, lambda blocks: None)
    assert report.finding is not None
    assert (report.finding.what, report.finding.block) == ("altered", 4)
    await tampered.execute("DELETE FROM ledger_block WHERE number = 4")
    report = await audit._walk(tampered, KEYS, 5, 10, lambda blocks: None)
    assert report.finding == Finding("removed", "block 4, which block 5 follows, is missing or altered", 4)
