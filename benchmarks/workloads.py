"""The queries: their documents, who asks them and for what, the keys they are asked with, and what they are to reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import asyncpg
import orjson

from auth.access import AccessRequest, Caller

QUERIES = Path(__file__).with_name("queries")

KEYS = 2000
"""Different residents that the point queries ask for in turn."""


@dataclass(frozen=True)
class Workload:
    """One query. `targets` are the least ratios of requests a second: to the hand-written endpoint at 32 connections and at one,
    and to stock Strawberry at 32; nothing is to be reached without them."""

    name: str
    title: str
    variable: Literal["rrn", "district"]
    access: AccessRequest
    keys: str
    """The SQL, over the residents' register, of the keys; with the number of them as parameter."""
    targets: tuple[float, float, float] | None
    recorded: float | None
    """The least ratio of requests a second at 32 connections to Madang without a ledger."""
    without: str | None = None
    """The workload that asks the same without a part of the law, if this one is there to show what that part costs."""
    cases: bool = False
    """Whether each resident has a case of their own, and the consents that go with it."""

    @property
    def query(self) -> str:
        """The query's name."""
        return self.without or self.name

    @cached_property
    def document(self) -> str:
        return (QUERIES / f"{self.query}.graphql").read_text()

    def case(self, key: str) -> str | None:
        """The number of the case that a request for a key is made for."""
        return f"bench-{key}" if self.cases else self.access.case

    def graphql(self, key: str) -> bytes:
        """The body of a GraphQL request."""
        return orjson.dumps({"query": self.document, "variables": {self.variable: key}})

    def path(self, key: str) -> str:
        """The path of the hand-written endpoint."""
        return f"/{self.query}/{key}"


_ANYONE = "SELECT rrn FROM resident WHERE status = 'REGISTERED' ORDER BY md5(rrn) LIMIT $1"
_IN_JONGNO = "SELECT rrn FROM resident WHERE status = 'REGISTERED' AND district_code = '11110' ORDER BY md5(rrn) LIMIT $1"
_DISTRICTS = "SELECT district_code FROM resident GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT least($1, 200)"

_PASSPORTS = Caller("mofa", "passport-officer", "benchmark")
_COUNTER = Caller("jongno", "passport-officer", "benchmark", jurisdiction="11110")
_DISTRICT = Caller("jongno", "analyst", "benchmark", jurisdiction="11110")
_SURVEY = Caller("mohw", "analyst", "benchmark")

PLANNING = AccessRequest(Caller("jongno", "welfare-officer", "benchmark", "11110"), "basic-livelihood-benefit", "2026-00017")
"""Who asks the operation whose planning is measured: somebody under most of what regulations can say."""

POINT, LIST = ((1.3, 0.75, 5.0), 0.85), ((1.0, 0.75, 15.0), 0.8)

WORKLOADS = (
    Workload(
        "resident", "One resident with household and passports", "rrn",
        AccessRequest(_PASSPORTS, "passport-renewal"), _ANYONE, *POINT,
    ),
    Workload(
        "household", "A household's members with five registers each", "rrn",
        AccessRequest(_DISTRICT, "basic-livelihood-benefit", "2026-00017"), _IN_JONGNO, *POINT,
    ),
    Workload(
        "list_of_100", "100 residents with three registers", "district",
        AccessRequest(_SURVEY, "basic-livelihood-benefit"), _DISTRICTS, *LIST,
    ),
    Workload(
        "list_of_1000", "1,000 residents of one register", "district",
        AccessRequest(_SURVEY, "basic-livelihood-benefit"), _DISTRICTS, *LIST,
    ),
    Workload(
        "resident_checked", "The first, with case, consent and jurisdiction", "rrn",
        AccessRequest(_COUNTER, "passport-renewal"), _IN_JONGNO, None, None, without="resident", cases=True,
    ),
)  # fmt: skip


async def keys(dsn: str, workloads: Sequence[Workload]) -> Mapping[str, list[str]]:
    """The keys of each workload, by its name; the same ones for the same population."""
    connection = await asyncpg.connect(dsn)
    try:
        found = {sql: [row[0] for row in await connection.fetch(sql, KEYS)] for sql in {w.keys for w in workloads}}
    finally:
        await connection.close()
    return {workload.name: found[workload.keys] for workload in workloads}
