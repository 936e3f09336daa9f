"""What the sample's registers do with reports, whoever makes them: their functions are called as the role that may call them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import asyncpg
import pytest

from examples.korea.rrn import check_digit
from madang.embedded import Embedded

TODAY = "2026-11-30"
WRONG = """
SELECT count(*) FROM household LEFT JOIN resident ON resident.household_id = household.id GROUP BY household.id
HAVING count(resident.id) <> household.size OR count(*) FILTER (WHERE relation_to_head = 'HEAD' AND resident.id = head_id) <> 1
    OR count(*) FILTER (WHERE relation_to_head = 'HEAD') <> 1 OR bool_or(resident.address IS DISTINCT FROM household.address)
    OR bool_or(resident.district_code <> household.district_code)
"""
RELATIONS = ("SPOUSE", "CHILD", "PARENT", "SIBLING", "GRANDCHILD", "OTHER", "HEAD")


class Undone(Exception):
    pass


@asynccontextmanager
async def undone(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of which nothing stays."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            yield connection
            raise Undone
    except Undone:
        pass
    finally:
        await connection.close()


async def called(connection: asyncpg.Connection, function: str, given: dict[str, Any], **who: Any) -> dict[str, Any]:
    people = _refs(given)
    await connection.execute("SET CONSTRAINTS ALL DEFERRED")  # As at the beginning of a transaction; here there are many in one.
    rows = await connection.fetch("SELECT rrn, household_id, district_code FROM resident WHERE rrn = ANY($1)", people)
    named = [{"rrn": rrn, "household": home, "district": district} for rrn, home, district in rows]
    caller = {"today": TODAY, "receipt": "a-receipt", "named": named, "rrn": None} | who
    found: dict[str, Any] = json.loads(
        await connection.fetchval(f"SELECT {function}($1, $2)", json.dumps(given), json.dumps(caller))
    )
    return found


def _refs(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value["rrn"]] if "rrn" in value else [each for inner in value.values() for each in _refs(inner)]
    return [each for inner in value for each in _refs(inner)] if isinstance(value, list) else []


def wrong(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(".".join(map(str, each["path"])), each["code"]) for each in found["errors"]]


async def test_after_whatever_moves_every_household_is_whole(changing: Embedded) -> None:
    """Random moves, sensible ones and others: of all or some, into other households, with heads and relations given or not."""
    dice, accepted, refused = Random(7), 0, set()
    async with undone(changing.owner_dsns["mois"]) as connection:
        sizes = "SELECT count(*) FROM resident WHERE household_id IS NOT NULL"
        residents = await connection.fetchval(sizes)
        for _ in range(500):
            given = await _move(connection, dice)
            before = await connection.fetchval("SELECT count(*) FROM move_in")
            found = await called(connection, "report_move_in", given)
            if "errors" in found:
                refused |= {code for _, code in wrong(found)}
            else:
                accepted += 1
                assert {each["rrn"] for each in given["residents"]} <= set(found["subjects"])
            assert await connection.fetchval("SELECT count(*) FROM move_in") == before + ("errors" not in found)
        assert not await connection.fetch(WRONG)
        assert await connection.fetchval(sizes) == residents
        kinds = dict(await connection.fetch("SELECT kind, count(*) FROM outbox WHERE receipt = 'a-receipt' GROUP BY kind"))
    assert accepted > 100
    assert kinds["MOVED_IN"] > accepted
    assert kinds["HEAD_CHANGED"] > 10
    assert {
        "OTHER_HOUSEHOLD", "REPEATED", "DECEASED", "EMIGRATED", "IN_FUTURE", "BEFORE_LAST_MOVE", "MINOR_ALONE", "MINORS_STAY",
        "NOT_THERE", "REQUIRED", "RELATION_REQUIRED", "NOT_NEEDED", "SAME_ADDRESS", "HEAD", "UNKNOWN_DISTRICT", "NO_ADDRESS",
        "NOT_A_MEMBER", "MINOR", "NOT_ELSEWHERE",
    } <= refused  # fmt: skip


async def _move(connection: asyncpg.Connection, dice: Random) -> dict[str, Any]:
    many = "SELECT household_id FROM resident GROUP BY household_id HAVING count(*) > 1 AND household_id IS NOT NULL"
    home = await connection.fetchval(f"SELECT household_id FROM ({many}) AS homes ORDER BY random() LIMIT 1")
    people = [row[0] for row in await connection.fetch("SELECT rrn FROM resident WHERE household_id = $1 ORDER BY id", home)]
    movers = people if dice.random() < 0.4 else [rrn for rrn in people if dice.random() < 0.5] or people[:1]
    if dice.random() < 0.1:
        anyone = "SELECT rrn FROM resident WHERE status = $1 ORDER BY random() LIMIT 1"
        movers = [*movers, await connection.fetchval(anyone, dice.choice(["REGISTERED", "DECEASED", "EMIGRATED"])), movers[0]][
            : len(movers) + dice.randint(1, 2)
        ]
    place = {
        "address": f"서울특별시 종로구 세종대로 {dice.randrange(10**6)}",
        "districtCode": dice.choice(["11110", "11680", "26350"]),
    }
    given: dict[str, Any] = {
        "residents": [{"rrn": rrn} for rrn in movers], "to": place, "reason": "JOB",
        "movedOn": dice.choice([*["2026-11-30"] * 8, "2026-12-01", "1999-01-01"]),
    }  # fmt: skip
    stay = [rrn for rrn in people if rrn not in movers]
    if dice.random() < 0.35:
        there = "SELECT rrn, address, district_code FROM resident WHERE household_id IS NOT NULL ORDER BY random() LIMIT 1"
        host, address, district = await connection.fetchrow(there)
        given["joins"] = {"rrn": dice.choice([host] * 9 + movers)}
        if dice.random() < 0.8:
            given["to"] = {"address": address, "districtCode": district}
        if dice.random() < 0.8:
            given["relations"] = [{"resident": {"rrn": rrn}, "relation": dice.choice(RELATIONS[:6])} for rrn in movers]
    elif dice.random() < 0.4:
        given["newHead"] = {"rrn": dice.choice([*movers, *people])}
    if stay and dice.random() < 0.6:
        given["headOfRest"] = {"rrn": dice.choice(stay)}
    if dice.random() < 0.1:
        given["relations"] = [{"resident": {"rrn": dice.choice(people)}, "relation": dice.choice(RELATIONS)}]
    if dice.random() < 0.08:
        address = await connection.fetchval("SELECT address FROM household WHERE id = $1", home)
        given["to"] = dice.choice(
            [{**place, "address": address}, {**place, "districtCode": "99999"}, {**place, "address": " x "}]
        )
    return given


# ── Resident numbers ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_million_numbers_are_a_million_and_could_be_nobody_s(changing: Embedded) -> None:
    connection = await asyncpg.connect(changing.owner_dsns["mois"])
    made = """
    SELECT day, rrn_of(day::date, sex, serial) AS rrn FROM generate_series('1999-12-04'::date, '2000-01-28', '1 day') AS day,
        unnest(ARRAY['MALE', 'FEMALE']) AS sex, generate_series(0, 8999) AS serial
    """
    assert tuple(await connection.fetchrow(f"SELECT count(*), count(DISTINCT rrn) FROM ({made})")) == (1_008_000, 1_008_000)
    alike = "rrn !~ '^[0-9]{6}[90]9[78][0-9]{4}$' OR substr(rrn, 1, 6) <> to_char(day, 'YYMMDD')"
    assert not await connection.fetch(f"SELECT FROM ({made.replace('(0, 8999)', '(0, 8999, 97)')}) WHERE {alike}")
    some = await connection.fetch("SELECT rrn_of('2026-11-30', 'FEMALE', serial) FROM generate_series(0, 8999) AS serial")
    await connection.close()
    assert all(check_digit(rrn[:12]) != int(rrn[12]) for (rrn,) in some)


async def test_numbers_are_given_once_at_the_same_time_and_one_after_the_other_until_none_is_left(changing: Embedded) -> None:
    day, dsn = "DATE '2026-10-05'", changing.owner_dsns["mois"]

    async def take(number: int) -> list[str]:
        connection = await asyncpg.connect(dsn)
        found = [await connection.fetchval(f"SELECT rrn_allotted({day}, 'MALE')") for _ in range(number)]
        await connection.close()
        return found

    taken = [rrn for several in await asyncio.gather(*(take(100) for _ in range(4))) for rrn in several]
    assert len(set(taken)) == 400
    connection = await asyncpg.connect(dsn)
    # Somebody has one of those to come; it is passed over.
    await connection.execute(f"INSERT INTO rrn_taken VALUES (rrn_of({day}, 'MALE', 400))")
    assert await connection.fetchval(f"SELECT rrn_allotted({day}, 'MALE') = rrn_of({day}, 'MALE', 401)")
    await connection.execute("UPDATE rrn_count SET given = 8999 WHERE born = '2026-10-05'")
    assert await take(2) == [await connection.fetchval(f"SELECT rrn_of({day}, 'MALE', 8999)"), None]
    await connection.close()


@pytest.mark.parametrize(
    ("register", "statement"),
    [
        ("mois", "UPDATE resident SET rrn = '2611309980009' WHERE rrn = '8103149970008'"),
        ("mois", "INSERT INTO resident SELECT (jsonb_populate_record(r, '{\"id\": 0}')).* FROM resident AS r LIMIT 1"),
        ("mois", "DELETE FROM rrn_taken"),
        ("mois", "UPDATE rrn_taken SET rrn = '0'"),
        ("mois", "TRUNCATE rrn_taken"),
        ("mois", "UPDATE household SET size = size + 1 WHERE id = 1"),
        ("mois", "UPDATE resident SET household_id = 2 WHERE rrn = '8103149970008'"),
        ("scourt", "UPDATE birth SET rrn = '2611309980009' WHERE rrn = '1205200980002'"),
        ("scourt", "DELETE FROM birth WHERE rrn = '1205200980002'"),
        ("scourt", "TRUNCATE birth"),
    ],
)
async def test_the_database_itself_refuses(changing: Embedded, register: str, statement: str) -> None:
    async with undone(changing.owner_dsns[register]) as connection:
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.UniqueViolationError, asyncpg.CheckViolationError)):
            await connection.execute(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE")


async def test_whoever_is_struck_off_keeps_the_number(changing: Embedded) -> None:
    async with undone(changing.owner_dsns["mois"]) as connection:
        gone = "DELETE FROM resident WHERE status = 'DECEASED' AND id = (SELECT min(id) FROM resident WHERE status = 'DECEASED')"
        row = await connection.fetchrow(f"{gone} RETURNING *")
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(f"INSERT INTO resident VALUES ({', '.join(f'${n}' for n, _ in enumerate(row, 1))})", *row)


@pytest.mark.parametrize(
    "statement",
    ["SELECT rrn FROM resident", "UPDATE household SET size = 1", "SELECT answer FROM report",
     "INSERT INTO outbox (kind) VALUES ('X')",
     "SELECT rrn_allotted(CURRENT_DATE, 'MALE')", "SELECT hold_named('{}')", "SELECT nextval('resident_ids')"],
)  # fmt: skip
async def test_the_role_that_reports_can_call_what_takes_reports_and_nothing_else(changing: Embedded, statement: str) -> None:
    async with undone(changing.reports_dsns["mois"]) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


# ── Births ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

FATHER, MOTHER, SON = "8103149970008", "8307020970008", "1509099980004"


async def test_a_newborn_enters_the_household_and_what_cannot_be_is_refused(changing: Embedded) -> None:
    birth = {
        "name": "김새봄", "sex": "FEMALE", "bornOn": "2026-11-20", "place": "서울특별시 종로구", "mother": {"rrn": MOTHER},
        "father": {"rrn": FATHER}, "household": "MOTHER",
    }  # fmt: skip
    async with undone(changing.owner_dsns["mois"]) as connection:
        found = await called(connection, "register_birth", birth)
        child = await connection.fetchrow("SELECT * FROM resident WHERE rrn = $1", found["about"])
        mother = await connection.fetchrow("SELECT * FROM resident WHERE rrn = $1", MOTHER)
        assert not await connection.fetch(WRONG)
        shared = ("household_id", "address", "district_code", "address_protected")
        assert [child[name] for name in shared] == [mother[name] for name in shared]
        assert (child["relation_to_head"], child["status"]) == ("CHILD", "REGISTERED")
        assert child["moved_in_on"] == max(child["birth_date"], mother["moved_in_on"])
        for change, expected in {
            '{"name": "김새봄"}': ("name", "REGISTERED"),
            '{"name": " "}': ("name", "NAME"),
            '{"place": "a\\nb"}': ("place", "PLACE"),
            '{"bornOn": "2026-12-01"}': ("bornOn", "IN_FUTURE"),
            '{"bornOn": "1995-07-01"}': ("mother", "TOO_YOUNG"),
            '{"mother": {"rrn": "2208159970007"}}': ("mother", "SEX"),
            '{"mother": {"rrn": "8504180970002"}}': ("household", "NO_HOUSEHOLD"),
            '{"father": {"rrn": "2208159970007"}}': ("father", "DECEASED"),
            '{"father": null, "household": "FATHER"}': ("household", "NO_FATHER"),
        }.items():
            refused = await called(connection, "register_birth", birth | {"name": "김다른"} | json.loads(change))
            assert expected in wrong(refused), change


async def test_a_wife_s_child_is_her_husband_s_and_an_unmarried_mother_has_custody_alone(changing: Embedded) -> None:
    told = {"rrn": "2611200980009", "district": "11110"}
    caller = json.dumps({"today": TODAY, "receipt": "r", "told": told})
    birth = {"bornOn": "2026-11-20", "place": "서울특별시", "mother": {"rrn": MOTHER}, "father": {"rrn": "5211039970008"}}
    async with undone(changing.owner_dsns["scourt"]) as connection:
        call = "SELECT register_birth($1, $2)"
        assert wrong(json.loads(await connection.fetchval(call, json.dumps(birth), caller))) == [("father", "PRESUMED_FATHER")]
        await connection.execute("UPDATE marriage SET status = 'DIVORCED' WHERE rrn = $1", MOTHER)
        assert "errors" not in json.loads(await connection.fetchval(call, json.dumps(birth), caller))
        custody = "SELECT rrn, custody FROM family_relation WHERE relative_rrn = $1 AND relation = 'CHILD'"
        assert dict(await connection.fetch(custody, told["rrn"])) == {MOTHER: True, "5211039970008": False}
