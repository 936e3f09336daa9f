"""Counting subjects in the gateway's own database, by several gateways at once, and what happens without it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from math import ceil

import asyncpg
import pytest

from auth.access import Caller, Limit
from auth.limits import Charge, LimitsUnavailable, SubjectUse

OFFICER = Caller("jongno", "welfare-officer", "jongno-2203")
COLLEAGUE = Caller("jongno", "welfare-officer", "jongno-2204")
STRANGER = Caller("gangnam", "welfare-officer", "gangnam-0001")


@pytest.fixture
async def use(gateway_dsn: str) -> AsyncIterator[SubjectUse]:
    use = SubjectUse(gateway_dsn, timeout=20)
    yield use
    await use.aclose()


def charge(rule: str, subjects: int = 1, officer: int | None = None, agency: int | None = None) -> list[Charge]:
    return [Charge(rule, Limit(officer, agency), subjects)]


async def test_up_to_the_bound_and_no_further(use: SubjectUse) -> None:
    for _ in range(3):
        assert await use.charge(charge("a/up-to", 2, officer=7), OFFICER) is None
    exceeded = await use.charge(charge("a/up-to", 2, officer=7), OFFICER)
    assert exceeded is not None
    assert (exceeded.rule, exceeded.whose, exceeded.bound) == ("a/up-to", "officer", 7)
    assert exceeded.seconds is not None
    assert 3_500 < exceeded.seconds <= 3_660
    assert str(exceeded).startswith(
        "under `a/up-to` one officer may have the data of 7 residents in an hour, and that is reached;"
    )
    assert await use.charge(charge("a/up-to", 1, officer=7), OFFICER) is None, "what did not fit was not counted"
    assert await use.charge(charge("a/up-to", 1, officer=7), OFFICER) is not None


async def test_each_officer_agency_and_rule_is_counted_apart(use: SubjectUse) -> None:
    assert await use.charge(charge("a/apart", 5, officer=5, agency=8), OFFICER) is None
    assert await use.charge(charge("a/apart", 3, officer=5, agency=8), COLLEAGUE) is None
    exceeded = await use.charge(charge("a/apart", 1, officer=5, agency=8), COLLEAGUE)
    assert exceeded is not None
    assert exceeded.whose == "agency"
    assert await use.charge(charge("a/apart", 5, officer=5, agency=8), STRANGER) is None
    assert await use.charge(charge("a/other", 5, officer=5, agency=8), OFFICER) is None


async def test_all_rules_of_a_request_count_or_none_does(use: SubjectUse) -> None:
    both = [*charge("z/first", 3, officer=3), *charge("b/second", 9, officer=5)]
    assert await use.charge(both, OFFICER) is not None
    assert await use.charge(charge("z/first", 3, officer=3), OFFICER) is None
    assert await use.charge(charge("b/second", 5, officer=5), OFFICER) is None


async def test_an_hour_later_there_may_be_more(use: SubjectUse, gateway_dsn: str) -> None:
    assert await use.charge(charge("a/hour", 5, officer=5), OFFICER) is None
    connection = await asyncpg.connect(gateway_dsn)
    await connection.execute("UPDATE subject_use SET minute = minute - interval '58 minutes' WHERE rule = 'a/hour'")
    assert await use.charge(charge("a/hour", officer=5), OFFICER) is not None
    await connection.execute("UPDATE subject_use SET minute = minute - interval '4 minutes' WHERE rule = 'a/hour'")
    assert await use.charge(charge("a/hour", officer=5), OFFICER) is None
    await connection.execute("UPDATE subject_use SET minute = minute - interval '3 hours' WHERE rule = 'a/hour'")
    assert await use.charge(charge("a/hour", officer=5), OFFICER) is None
    assert await connection.fetchval("SELECT count(*) FROM subject_use WHERE rule = 'a/hour'") == 1, "old counts are let go of"
    await connection.close()


async def test_it_is_said_when_as_many_may_be_had_again(use: SubjectUse, gateway_dsn: str) -> None:
    connection = await asyncpg.connect(gateway_dsn)
    for minutes, officer, subjects in ((50, "jongno-2203", 4), (40, "jongno-2204", 3), (30, "jongno-2203", 5)):
        await connection.execute(
            "INSERT INTO subject_use VALUES ('a/again', 'jongno', $1, date_trunc('minute', now()) - $2::interval, $3)",
            officer, dt.timedelta(minutes=minutes), subjects,
        )  # fmt: skip
    await connection.close()

    async def frees_in(subjects: int, officer: int | None, agency: int | None) -> int | None:
        exceeded = await use.charge(charge("a/again", subjects, officer, agency), OFFICER)
        assert exceeded is not None
        return exceeded.seconds and ceil(exceeded.seconds / 60)

    assert await frees_in(1, 9, None) in (10, 11), "the first four are the hour before's in eleven minutes"
    assert await frees_in(5, 9, None) in (30, 31), "the other five must be, too"
    assert await frees_in(1, None, 8) in (20, 21), "a colleague's count for the agency"
    assert await frees_in(10, 9, None) is None
    exceeded = await use.charge(charge("a/again", 10, 9), OFFICER)
    assert str(exceeded) == (
        "under `a/again` one officer may have the data of 9 residents in an hour, and these are more; ask for fewer"
    )


async def test_nobody_is_not_counted() -> None:
    nowhere = SubjectUse("postgresql://nobody@127.0.0.1:1/nothing", timeout=2)
    assert await nowhere.charge(charge("a/nobody", 0, officer=0), OFFICER) is None


async def test_gateways_at_one_database_never_pass_a_bound_together(gateway_dsn: str) -> None:
    gateways = [SubjectUse(gateway_dsn, timeout=30) for _ in range(3)]
    rules = [
        [*charge("c/one", 1, agency=40), *charge("c/two", 2, officer=60)],
        [*charge("c/two", 2, officer=60), *charge("c/one", 1, agency=40)],
    ]
    answers = await asyncio.gather(*(gateways[i % 3].charge(rules[i % 2], OFFICER) for i in range(90)))
    assert sum(answer is None for answer in answers) == 30, "two subjects each, up to sixty"
    connection = await asyncpg.connect(gateway_dsn)
    found = await connection.fetch("SELECT rule, sum(subjects)::int FROM subject_use WHERE rule LIKE 'c/%' GROUP BY 1")
    assert {row["rule"]: row["sum"] for row in found} == {"c/one": 30, "c/two": 60}
    await connection.close()
    for gateway in gateways:
        await gateway.aclose()


async def test_without_the_database_nothing_is_allowed_and_it_recovers(use: SubjectUse, gateway_dsn: str) -> None:
    nowhere = SubjectUse("postgresql://nobody@127.0.0.1:1/nothing", timeout=2)
    with pytest.raises(LimitsUnavailable):
        await nowhere.charge(charge("d/any", officer=5), OFFICER)
    await nowhere.aclose()
    assert await use.charge(charge("d/any", officer=5), OFFICER) is None
    connection = await asyncpg.connect(gateway_dsn)
    await connection.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'madang' AND usename = current_user AND pid <> pg_backend_pid()"
    )
    await connection.close()
    answers = []
    for _ in range(3):
        try:
            answers.append(await use.charge(charge("d/any", officer=5), OFFICER))
        except LimitsUnavailable:
            continue
    assert None in answers
