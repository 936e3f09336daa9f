"""Years of months: what is over is let go of, nothing else is, and the chain stays whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import asyncpg
import pytest

from auth.access import Span
from auth.audit import check
from auth.expiry import Month, drop, over
from auth.tampering import Finding
from tests.auth.chain import KEYS, lay, superuser

TODAY = datetime.now(UTC).date()
THIS_MONTH = TODAY.replace(day=1)
YEARS = 5


def month(ago: int) -> date:
    """The first day of a month so many months ago."""
    return Span(months=ago).before(THIS_MONTH)


def ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) * 1000


@pytest.fixture
async def owner(gateway_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A ledger of five years, one block of three entries a month, each kept for two years; over the superuser's connection."""
    connection = await asyncpg.connect(superuser(gateway_dsn))
    await connection.execute("TRUNCATE ledger_block, ledger_entries")
    for ago in range(YEARS * 12, -1, -1):
        await lay(connection, [3], at=ms(month(ago)))
    yield connection
    await connection.close()


@pytest.fixture
async def gateway(gateway_dsn: str, owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(gateway_dsn)
    yield connection
    await connection.close()


async def test_months_that_are_over_are_dropped(owner: asyncpg.Connection, gateway: asyncpg.Connection) -> None:
    months = await over(gateway)
    # Kept until the first of a month two years on: the months of which all days are past.
    expected = [month(ago) for ago in range(YEARS * 12 - 24, 0, -1)]
    assert [each.first for each in months] == expected
    assert all((each.blocks, each.entries) == (1, 3) and each.bytes > 0 for each in months)
    assert str(months[0]).startswith(f"{expected[0]:%Y-%m}: 1 blocks with 3 entries, ")
    before = await check(gateway, KEYS)
    assert (before.finding, before.entries) == (None, 3 * (YEARS * 12 + 1))
    for each in months:
        await drop(gateway, each)
    assert await over(gateway) == []
    after = await check(gateway, KEYS)
    assert (after.finding, after.blocks, after.entries) == (None, before.blocks, 3 * 25)
    assert after.head == before.head
    last = await gateway.fetch("SELECT number FROM ledger_entries ORDER BY number")
    assert [row[0] for row in last] == list(range(YEARS * 12 - 24 + 1, YEARS * 12 + 2)), "what is not over is all there"


async def test_who_is_gone_before_their_time_is_named(owner: asyncpg.Connection, gateway: asyncpg.Connection) -> None:
    for each in await over(gateway):
        await drop(gateway, each)
    number = YEARS * 12 - 24 + 2
    until = month(-1)
    await owner.execute(f"DROP TABLE ledger_entries_{until:%Y_%m}")
    says = f"the entries of block {number} are missing, though they are kept until {until}"
    assert (await check(gateway, KEYS)).finding == Finding("removed", says, number)


async def test_a_day_that_is_not_over_keeps_its_entries(owner: asyncpg.Connection, gateway: asyncpg.Connection) -> None:
    await owner.execute("TRUNCATE ledger_block, ledger_entries")
    days = [Span(months=24).before(Span(days=back).before(TODAY)) for back in (1, 0, -1)]
    await lay(owner, [1], at=ms(days[0]))
    kept = Span(months=24).after(days[0])
    await owner.execute("DELETE FROM ledger_entries")
    assert ((await check(gateway, KEYS)).finding is None) == (kept < TODAY)
    await lay(owner, [1], at=ms(days[2]))
    await owner.execute("DELETE FROM ledger_entries")
    finding = (await check(gateway, KEYS)).finding
    assert finding is not None
    assert (finding.what, finding.block) == ("removed", 2)


@pytest.mark.parametrize("ago", [0, -1, -24])
async def test_a_month_that_is_not_over_is_not_dropped(owner: asyncpg.Connection, gateway: asyncpg.Connection, ago: int) -> None:
    """Whoever asks: it is the function that refuses."""
    for connection in (gateway, owner):
        with pytest.raises(asyncpg.RaiseError, match=r"are not to be dropped before the month is over"):
            await drop(connection, Month(month(ago), 0, 0, 0))
    assert (await check(gateway, KEYS)).finding is None


@pytest.mark.parametrize("day", ["{0}-01 BC", "infinity", "-infinity", "1999-12-31", "10000-01-01"])
@pytest.mark.parametrize("function", ["ledger_drop", "ledger_open"])
async def test_years_that_are_written_like_ours(
    owner: asyncpg.Connection, gateway: asyncpg.Connection, function: str, day: str
) -> None:  # fmt: skip
    """January of 2030 before Christ is long over, and its table would have the name of ours."""
    with pytest.raises(asyncpg.RaiseError):
        await gateway.execute(f"SELECT {function}('{day.format(f'{TODAY:%Y-%m}')}')")
    assert (await check(gateway, KEYS)).finding is None


async def test_a_day_is_over_by_the_databases_own_clock(gateway: asyncpg.Connection) -> None:
    """Not where it is over first, if the caller asks from there."""
    settings = await gateway.fetchval("SELECT proconfig FROM pg_proc WHERE proname = 'ledger_drop'")
    assert "TimeZone=UTC" in settings


async def test_a_month_that_is_being_read_is_left_for_later(owner: asyncpg.Connection, gateway: asyncpg.Connection) -> None:
    first, *_ = await over(gateway)
    async with owner.transaction():
        await owner.fetch("SELECT * FROM ledger_entries LIMIT 1")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await drop(gateway, first)
    await drop(gateway, first)
    assert first not in await over(gateway)


async def test_a_month_dropped_twice(owner: asyncpg.Connection, gateway: asyncpg.Connection) -> None:
    first, *_ = await over(gateway)
    await drop(gateway, first)
    await drop(gateway, first)
    assert (await check(gateway, KEYS)).finding is None
