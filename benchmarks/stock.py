"""Stock Strawberry: what its documentation leads to, over the same databases.

Types with a field a column, a DataLoader a link (new ones for each request), a permission class on every field, the parser's and
the validation's caches, its own ASGI application. The databases are asked by asyncpg through pools as they come. Enumerations are
left as text and the permission is one look-up in a set, both cheaper than in earnest, so that the comparison flatters it.

    python -m benchmarks.stock PORT DSNS      DSNS: a JSON file, register → DSN
"""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import base64
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import Any, NewType

import asyncpg
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from benchmarks.serving import main

REGISTERS = ("mois", "mofa", "moel", "nts", "nps", "nhis", "molit_vehicles")

Info = strawberry.Info[dict[str, Any], None]
Won = NewType("Won", int)


class Granted(BasePermission):
    """Whether the field's coordinate is granted to the caller."""

    message = "not granted"

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        return f"{info.path.typename}.{info.field_name}" in info.context["granted"]


def guarded(resolver: Any = None) -> Any:
    return strawberry.field(resolver=resolver, permission_classes=[Granted])


@strawberry.type
class Passport:
    number: str | None = guarded()
    kind: str | None = guarded()
    issued_on: date | None = guarded()
    expires_on: date | None = guarded()
    romanized_name: str | None = guarded()
    status: str | None = guarded()


@strawberry.type
class Employment:
    workplace: str | None = guarded()
    acquired_on: date | None = guarded()
    lost_on: date | None = guarded()
    weekly_hours: int | None = guarded()


@strawberry.type
class TaxCertificate:
    year: int | None = guarded()
    income: Won | None = guarded()


@strawberry.type
class Pension:
    kind: str | None = guarded()
    monthly_income: Won | None = guarded()
    benefit: Won | None = guarded()


@strawberry.type
class HealthInsurance:
    kind: str | None = guarded()
    workplace: str | None = guarded()
    monthly_premium: Won | None = guarded()


@strawberry.type
class Vehicle:
    model: str | None = guarded()
    year: int | None = guarded()
    liens: int | None = guarded()


async def household_of(root: Resident, info: Info) -> Household | None:
    return await info.context["household"].load(root.household_id) if root.household_id else None


async def passports_of(root: Resident, info: Info) -> list[Passport]:
    return await info.context["passports"].load(root.rrn)


async def employments_of(root: Resident, info: Info) -> list[Employment]:
    return await info.context["employments"].load(root.rrn)


async def tax_certificates_of(root: Resident, info: Info) -> list[TaxCertificate]:
    return await info.context["tax_certificates"].load(root.rrn)


async def pension_of(root: Resident, info: Info) -> Pension | None:
    return await info.context["pension"].load(root.rrn)


async def health_insurance_of(root: Resident, info: Info) -> HealthInsurance | None:
    return await info.context["health_insurance"].load(root.rrn)


async def vehicles_of(root: Resident, info: Info) -> list[Vehicle]:
    return await info.context["vehicles"].load(root.rrn)


async def members_of(root: Household, info: Info) -> list[Resident]:
    return await info.context["members"].load(root.key)


def id_of(root: Resident | Household) -> strawberry.ID | None:
    return strawberry.ID(base64.b64encode(f"{type(root).__name__}:{root.key}".encode()).decode())


@strawberry.type
class Resident:
    key: strawberry.Private[int]
    rrn: strawberry.Private[str]
    household_id: strawberry.Private[int | None]
    id: strawberry.ID | None = guarded(id_of)
    name: str | None = guarded()
    birth_date: date | None = guarded()
    sex: str | None = guarded()
    status: str | None = guarded()
    relation_to_head: str | None = guarded()
    address: str | None = guarded()
    district_code: str | None = guarded()
    moved_in_on: date | None = guarded()
    household: Household | None = guarded(household_of)
    passports: list[Passport] | None = guarded(passports_of)
    employments: list[Employment] | None = guarded(employments_of)
    tax_certificates: list[TaxCertificate] | None = guarded(tax_certificates_of)
    pension: Pension | None = guarded(pension_of)
    health_insurance: HealthInsurance | None = guarded(health_insurance_of)
    vehicles: list[Vehicle] | None = guarded(vehicles_of)


@strawberry.type
class Household:
    key: strawberry.Private[int]
    id: strawberry.ID | None = guarded(id_of)
    size: int | None = guarded()
    address: str | None = guarded()
    members: list[Resident] | None = guarded(members_of)


@strawberry.type
class ResidentEdge:
    node: Resident
    cursor: str


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class ResidentConnection:
    edges: list[ResidentEdge]
    page_info: PageInfo


@strawberry.input
class ResidentFilter:
    district_code: str


RESIDENT = """id AS key, rrn, household_id, name, birth_date, sex, status, relation_to_head,
    CASE WHEN NOT address_protected AND (
        SELECT true FROM resident p WHERE p.household_id = r.household_id AND p.address_protected LIMIT 1
    ) IS NULL THEN address END AS address,
    district_code, moved_in_on"""


@strawberry.type
class Query:
    @strawberry.field
    async def resident(self, info: Info, rrn: str) -> Resident | None:
        row = await info.context["pools"]["mois"].fetchrow(f"SELECT {RESIDENT} FROM resident r WHERE rrn = $1", rrn)
        return Resident(**row) if row else None

    @strawberry.field
    async def residents(self, info: Info, filter: ResidentFilter, first: int) -> ResidentConnection:
        statement = f"SELECT {RESIDENT} FROM resident r WHERE district_code = $1 ORDER BY id LIMIT $2"
        rows = await info.context["pools"]["mois"].fetch(statement, filter.district_code, first + 1)
        edges = [ResidentEdge(node=Resident(**row), cursor=cursor(row["key"])) for row in rows[:first]]
        return ResidentConnection(
            edges=edges, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=edges[-1].cursor if edges else None)
        )


def cursor(key: int) -> str:
    return base64.b64encode(f"after:{key}".encode()).decode()


def many(pool: Any, kind: type, statement: str) -> DataLoader[Any, Any]:
    """Loads the list of records for each key; the statement's first column is the key."""

    async def load(keys: list[Any]) -> list[Any]:
        groups: defaultdict[Any, list[Any]] = defaultdict(list)
        for row in await pool.fetch(statement, keys):
            values = dict(row)
            key = values.pop("of")
            groups[key].append(kind(**values))
        return [groups[key] for key in keys]

    return DataLoader(load)


def one(pool: Any, kind: type, statement: str) -> DataLoader[Any, Any]:
    """Loads the record, or none, for each key; the statement's first column is the key."""

    async def load(keys: list[Any]) -> list[Any]:
        found = {}
        for row in await pool.fetch(statement, keys):
            values = dict(row)
            key = values.pop("of")
            found[key] = kind(**values)
        return [found.get(key) for key in keys]

    return DataLoader(load)


def loaders(pools: Mapping[str, Any]) -> dict[str, DataLoader[Any, Any]]:
    return {
        "household": one(pools["mois"], Household, "SELECT id AS of, id AS key, size, address FROM household WHERE id = ANY($1)"),
        "members": many(
            pools["mois"], Resident,
            f"SELECT household_id AS of, {RESIDENT} FROM resident r WHERE household_id = ANY($1) ORDER BY birth_date, id",
        ),
        "passports": many(
            pools["mofa"], Passport,
            """SELECT rrn AS of, number, kind, issued_on, expires_on, romanized_name, status
            FROM passport WHERE rrn = ANY($1) ORDER BY issued_on DESC, id""",
        ),
        "employments": many(
            pools["moel"], Employment,
            """SELECT rrn AS of, workplace, acquired_on, lost_on, weekly_hours
            FROM employment WHERE rrn = ANY($1) ORDER BY acquired_on DESC, id""",
        ),
        "tax_certificates": many(
            pools["nts"], TaxCertificate,
            "SELECT rrn AS of, year, income FROM tax_certificate WHERE rrn = ANY($1) ORDER BY year DESC, id",
        ),
        "pension": one(
            pools["nps"], Pension, "SELECT rrn AS of, kind, monthly_income, benefit FROM pension WHERE rrn = ANY($1)"
        ),
        "health_insurance": one(
            pools["nhis"], HealthInsurance,
            """SELECT c.rrn AS of, i.kind, i.workplace, i.monthly_premium
            FROM member_crosswalk c JOIN health_insurance i USING (member_number) WHERE c.rrn = ANY($1)""",
        ),
        "vehicles": many(
            pools["molit_vehicles"], Vehicle,
            "SELECT owner_rrn AS of, model, year, liens FROM vehicle WHERE owner_rrn = ANY($1) ORDER BY plate, id",
        ),
    }  # fmt: skip


RECORDS: tuple[type, ...] = (
    Resident, Household, Passport, Employment, TaxCertificate, Pension, HealthInsurance, Vehicle,
)  # fmt: skip

schema = strawberry.Schema(
    Query,
    extensions=[ParserCache, ValidationCache],
    config=StrawberryConfig(scalar_map={Won: strawberry.scalar(name="Won", serialize=int, parse_value=int)}),
)

GRANTED = frozenset(
    f"{record.__name__}.{schema.config.name_converter.get_graphql_name(field)}"
    for record in RECORDS
    for field in record.__strawberry_definition__.fields  # type: ignore[attr-defined]
)
"""Granted to the callers of the benchmark: all there is."""


class Graph(GraphQL[dict[str, Any], None]):
    pools: Mapping[str, Any]

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {"pools": self.pools, "granted": GRANTED, **loaders(self.pools)}


def application(dsns: Mapping[str, str]) -> Starlette:
    graph = Graph(schema, graphql_ide=None)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            graph.pools = {name: await stack.enter_async_context(asyncpg.create_pool(dsns[name])) for name in REGISTERS}
            yield

    return Starlette(routes=[Route("/graphql", graph)], lifespan=lifespan)


if __name__ == "__main__":
    main(application)
