"""The yardstick: for each of the queries the endpoint that a good engineer would write for it alone.

Starlette, asyncpg and orjson; no GraphQL, no ledger, and no authorization but that a protected household's address is not shown.
It asks each database for as little as can be asked: one statement a register, a join where two tables share a database, different
databases at the same time. Pools do not reset their connections, statements stay prepared, and keyed statements keep their one
good plan. Rows become dict displays with the answer's names, and orjson writes dates itself. The answers have the shape of the
GraphQL answers, so that they can be compared.

    python -m benchmarks.handwritten PORT DSNS      DSNS: a JSON file, register → DSN
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, TypeAlias

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.serving import main

REGISTERS = ("mois", "mofa", "moel", "nts", "nps", "nhis", "molit_vehicles")

POOL_SIZE = 4
"""Connections to each database. Measured at 32 clients on two cores: of 2, 4 and 8 it is the best or near it on every query."""

RESIDENT = """
    SELECT r.id, r.name, r.birth_date, r.sex, r.status, CASE WHEN NOT r.address_protected AND NOT EXISTS (
        SELECT FROM resident WHERE household_id = r.household_id AND address_protected) THEN r.address END, h.id, h.size
    FROM resident r LEFT JOIN household h ON h.id = r.household_id
    WHERE r.rrn = $1"""

PASSPORTS = """
    SELECT number, kind, issued_on, expires_on, romanized_name, status
    FROM passport WHERE rrn = $1 ORDER BY issued_on DESC, id"""

MEMBERS = """
    SELECT r.household_id, h.size, m.rrn, m.name, m.birth_date, m.relation_to_head
    FROM resident r LEFT JOIN household h ON h.id = r.household_id LEFT JOIN resident m ON m.household_id = h.id
    WHERE r.rrn = $1 ORDER BY m.birth_date, m.id"""

EMPLOYMENTS = """
    SELECT rrn, workplace, acquired_on, lost_on, weekly_hours
    FROM employment WHERE rrn = ANY($1) ORDER BY acquired_on DESC, id"""

TAX_CERTIFICATES = "SELECT rrn, year, income FROM tax_certificate WHERE rrn = ANY($1) ORDER BY year DESC, id"

PENSIONS = "SELECT rrn, kind, monthly_income, benefit FROM pension WHERE rrn = ANY($1)"

HEALTH_INSURANCE = """
    SELECT c.rrn, i.kind, i.workplace, i.monthly_premium
    FROM member_crosswalk c JOIN health_insurance i USING (member_number)
    WHERE c.rrn = ANY($1)"""

VEHICLES = "SELECT owner_rrn, model, year, liens FROM vehicle WHERE owner_rrn = ANY($1) ORDER BY plate, id"

PAGE = "SELECT id, rrn, name, birth_date, sex, status FROM resident WHERE district_code = $1 ORDER BY id LIMIT 101"

EMPLOYMENTS_OF_MANY = """
    SELECT rrn, workplace, acquired_on, lost_on
    FROM employment WHERE rrn = ANY($1) ORDER BY acquired_on DESC, id"""

# Not EXISTS, of which PostgreSQL would make a table of all who are protected, anew for every page.
LONG_PAGE = """
    SELECT id, name, birth_date, sex, status, relation_to_head, CASE WHEN NOT address_protected AND (
        SELECT true FROM resident WHERE household_id = r.household_id AND address_protected LIMIT 1) IS NULL THEN address END,
        district_code, moved_in_on
    FROM resident r WHERE district_code = $1 ORDER BY id LIMIT 1001"""

Row: TypeAlias = Any  # asyncpg.Record, unpacked at once


async def resident(request: Request) -> Response:
    """One resident with household and passports."""
    rrn = request.path_params["rrn"]
    pools = request.app.state.pools
    found, passports = await asyncio.gather(pools["mois"].fetchrow(RESIDENT, rrn), pools["mofa"].fetch(PASSPORTS, rrn))
    if found is None:
        return answer({"resident": None})
    id_, name, birth_date, sex, status, address, household_id, size = found
    return answer({
        "resident": {
            "id": opaque("Resident", id_), "name": name, "birthDate": birth_date, "sex": sex, "status": status,
            "address": address, "household": None if size is None else {"id": opaque("Household", household_id), "size": size},
            "passports": [
                {
                    "number": number, "kind": kind, "issuedOn": issued, "expiresOn": expires, "romanizedName": romanized,
                    "status": passport_status,
                }
                for number, kind, issued, expires, romanized, passport_status in passports
            ],
        }
    })  # fmt: skip


async def household(request: Request) -> Response:
    """A household's members with five registers each."""
    pools = request.app.state.pools
    members = await pools["mois"].fetch(MEMBERS, request.path_params["rrn"])
    if not members or members[0][0] is None:
        return answer({"resident": {"household": None} if members else None})
    keys = [member[2] for member in members]
    rows = await asyncio.gather(
        pools["moel"].fetch(EMPLOYMENTS, keys),
        pools["nts"].fetch(TAX_CERTIFICATES, keys),
        pools["nps"].fetch(PENSIONS, keys),
        pools["nhis"].fetch(HEALTH_INSURANCE, keys),
        pools["molit_vehicles"].fetch(VEHICLES, keys),
    )
    employments = grouped(
        (rrn, {"workplace": workplace, "acquiredOn": acquired, "lostOn": lost, "weeklyHours": hours})
        for rrn, workplace, acquired, lost, hours in rows[0]
    )
    certificates = grouped((rrn, {"year": year, "income": income}) for rrn, year, income in rows[1])
    pensions = {rrn: {"kind": kind, "monthlyIncome": income, "benefit": benefit} for rrn, kind, income, benefit in rows[2]}
    insurance = {rrn: {"kind": kind, "workplace": work, "monthlyPremium": premium} for rrn, kind, work, premium in rows[3]}
    vehicles = grouped((rrn, {"model": model, "year": year, "liens": liens}) for rrn, model, year, liens in rows[4])
    return answer({
        "resident": {
            "household": {
                "size": members[0][1],
                "members": [
                    {
                        "name": name, "birthDate": birth_date, "relationToHead": relation,
                        "employments": employments.get(rrn, ()), "taxCertificates": certificates.get(rrn, ()),
                        "pension": pensions.get(rrn), "healthInsurance": insurance.get(rrn), "vehicles": vehicles.get(rrn, ()),
                    }
                    for _, _, rrn, name, birth_date, relation in members
                ],
            }
        }
    })  # fmt: skip


async def list_of_100(request: Request) -> Response:
    """100 residents with three registers each."""
    pools = request.app.state.pools
    page = await pools["mois"].fetch(PAGE, request.path_params["district"])
    more = len(page) > 100
    del page[100:]
    keys = [row[1] for row in page]
    rows = await asyncio.gather(
        pools["moel"].fetch(EMPLOYMENTS_OF_MANY, keys),
        pools["nts"].fetch(TAX_CERTIFICATES, keys),
        pools["nps"].fetch(PENSIONS, keys),
    )
    employments = grouped(
        (rrn, {"workplace": workplace, "acquiredOn": acquired, "lostOn": lost}) for rrn, workplace, acquired, lost in rows[0]
    )
    certificates = grouped((rrn, {"year": year, "income": income}) for rrn, year, income in rows[1])
    pensions = {rrn: {"kind": kind, "monthlyIncome": income, "benefit": benefit} for rrn, kind, income, benefit in rows[2]}
    edges = [
        {
            "node": {
                "name": name, "birthDate": birth_date, "sex": sex, "status": status, "employments": employments.get(rrn, ()),
                "taxCertificates": certificates.get(rrn, ()), "pension": pensions.get(rrn),
            }
        }
        for _, rrn, name, birth_date, sex, status in page
    ]  # fmt: skip
    return answer({"residents": {"edges": edges, "pageInfo": page_info(page, more)}})


async def list_of_1000(request: Request) -> Response:
    """1,000 residents of one register."""
    page = await request.app.state.pools["mois"].fetch(LONG_PAGE, request.path_params["district"])
    more = len(page) > 1000
    del page[1000:]
    edges = [
        {
            "node": {
                "name": name, "birthDate": birth_date, "sex": sex, "status": status, "relationToHead": relation,
                "address": address, "districtCode": district, "movedInOn": moved_in,
            }
        }
        for _, name, birth_date, sex, status, relation, address, district, moved_in in page
    ]  # fmt: skip
    return answer({"residents": {"edges": edges, "pageInfo": page_info(page, more)}})


def grouped(pairs: Iterable[tuple[str, Row]]) -> Mapping[str, list[Row]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups


def page_info(page: list[Row], more: bool) -> dict[str, Any]:
    return {"hasNextPage": more, "endCursor": opaque("after", page[-1][0]) if page else None}


def opaque(kind: str, key: int) -> str:
    """A Relay global id as most servers make it; nothing is hidden in it."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def answer(data: dict[str, Any]) -> Response:
    return Response(orjson.dumps({"data": data}), media_type="application/json")


def application(dsns: Mapping[str, str]) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            app.state.pools = {name: await stack.enter_async_context(pool(dsns[name])) for name in REGISTERS}
            yield

    routes = [
        Route("/resident/{rrn}", resident),
        Route("/household/{rrn}", household),
        Route("/list_of_100/{district}", list_of_100),
        Route("/list_of_1000/{district}", list_of_1000),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def pool(dsn: str) -> Any:
    settings = {"jit": "off", "plan_cache_mode": "force_generic_plan"}
    return asyncpg.create_pool(
        dsn, min_size=POOL_SIZE, max_size=POOL_SIZE, max_queries=1 << 62, reset=keep, server_settings=settings
    )


async def keep(connection: Any) -> None:
    """Connections only ever run single read-only statements, so there is nothing to reset."""


if __name__ == "__main__":
    main(application)
