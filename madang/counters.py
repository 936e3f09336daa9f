"""The counters of a demo's offices: who has a case open, and how much papers would have shown of each of these people.

/cases?service=CODE&first=N answers with N open cases, each with its resident, how many papers it took and how many facts
(`resolvers/facts.py`) stand on them; with tokens of those who work on them; and with what tells the facts in an answer of the
service. Both the page and `madang services demo` begin with it, so that the two count the same.

An office that issues a paper reads it from its own register, whole. So papers are read by the engine that reads everything, but
as the registers' owners, under an authorizer that grants all, and with nothing recorded. None of what is read leaves: what is
told is how many facts it has. Only a demo's embedded registers can be read so: of others nobody here is the owner.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from auth.access import Access, AccessRequest, Article, Caller, Decision, Grant, Grantable, Rule, Use, Verdict
from auth.ledger import Record
from auth.pseudonyms import Pseudonyms
from auth.rules import Agency
from madang.embedded import Embedded
from madang.gateway import Gateway, open_source
from resolvers.disclose import Trail
from resolvers.engine import Engine
from resolvers.facts import facts, leaves
from resolvers.services import Paper, Service, papers_document
from schema.build import build
from sources.coalescer import Coalescer
from sources.evaluate import years_since
from sources.protocol import Shape

TOKEN_SECONDS = 900
MOST = 1000
"""Cases in one answer."""
OFFICER = "demo"
AT_ONCE = 50
"""Residents whose papers are read side by side."""
_OWNER = AccessRequest(Caller("owner", "owner", ""), "papers")


@dataclass(frozen=True)
class Case:
    """An open case: of which agency, of whom, and how many papers it took, with so many facts on them."""

    case: str
    agency: str
    resident: str
    papers: int
    on_papers: int


class Counters:
    """Over the embedded registers of a gateway."""

    def __init__(self, gateway: Gateway, nation: Embedded) -> None:
        self._gateway, self._nation = gateway, nation
        self._engine: Engine | None = None

    async def cases(self, service: Service, first: int) -> list[Case]:
        """As many residents with an open case as there are for a service, up to `first`, each with one of them."""
        found = await self._open(service, first)
        minors = await self._minors([resident for _, _, resident in found])
        cases: list[Case] = []
        for start in range(0, len(found), AT_ONCE):
            cases += await asyncio.gather(
                *(self._case(service, each, each[2] in minors) for each in found[start : start + AT_ONCE])
            )
        return cases

    async def aclose(self) -> None:
        if self._engine is not None:
            await self._engine.aclose()

    async def told(self, service: Service, first: int) -> dict[str, Any]:
        """What /cases says; raises `CountersError`."""
        gateway = self._gateway
        assert gateway.minter is not None, "a demo mints tokens"
        cases = await self.cases(service, first)
        agencies: Mapping[Any, Agency] = gateway.authorizer.parties.agencies
        callers = {
            agency: Caller(agency, service.roles[0], OFFICER, agencies[agency].jurisdiction)
            for agency in sorted({case.agency for case in cases})
        }
        anybody = AccessRequest(Caller(min(service.agencies), service.roles[0], OFFICER), service.purpose)
        collected = gateway.engine.read(service.document, {service.subject: ""}, None, anybody).collected
        return {
            "leaves": leaves(collected),
            "tokens": {agency: gateway.minter.mint(caller, lifetime=TOKEN_SECONDS) for agency, caller in callers.items()},
            "cases": [
                {"case": c.case, "agency": c.agency, "resident": c.resident, "papers": c.papers, "onPapers": c.on_papers}
                for c in cases
            ],
        }

    async def _open(self, service: Service, first: int) -> list[tuple[str, str, str]]:
        """Number, agency and resident of open cases, by number, from the register that has them."""
        cases = self._gateway.engine.catalogue.cases
        if cases is None:
            return []
        record = self._gateway.engine.catalogue.records[cases.record.__name__]
        connection = await asyncpg.connect(self._nation.owner_dsns[record.source])
        try:
            rows = await connection.fetch(
                f"""
                SELECT * FROM (
                    SELECT DISTINCT ON ({cases.resident}) {cases.number} AS number, {cases.agency}, {cases.resident}
                    FROM {record.table}
                    WHERE {cases.service} = $1 AND {cases.agency} = ANY($2) AND {cases.opened} <= $3
                        AND ({cases.closed} IS NULL OR {cases.closed} > $3)
                    ORDER BY {cases.resident}, {cases.number}
                ) AS open ORDER BY number LIMIT $4
                """,
                service.purpose, sorted(service.agencies), self._today(), first,
            )  # fmt: skip
        finally:
            await connection.close()
        return [tuple(row) for row in rows]

    async def _minors(self, residents: Sequence[str]) -> set[str]:
        engine, guardianship = self._owning(), self._gateway.engine.catalogue.guardianship
        if guardianship is None or not residents:
            return set()
        child = engine.catalogue.records[guardianship.child.__name__]
        assert child.subject is not None, "children are residents"
        shape = Shape(child.table, (guardianship.birth_date,), child.subject.self)
        born = await engine.sources[child.source].load(shape, residents, ())
        today = self._today()
        return {str(key) for key, rows in born.items() for row in rows if years_since(row[1], today) < guardianship.majority}

    async def _case(self, service: Service, found: tuple[str, str, str], minor: bool) -> Case:
        number, agency, resident = found
        papers = (*service.replaces, *(service.minors if minor else ()))
        return Case(number, agency, resident, len(papers), await self._on(papers, resident))

    async def _on(self, papers: Sequence[Paper], resident: str) -> int:
        """How many facts stand on some papers of a resident; raises `CountersError`."""
        engine, variables = self._owning(), {"number": resident}
        document = papers_document([paper.selection for paper in papers], engine.catalogue)
        answer = orjson.loads((await engine.answer(document, variables, None, _OWNER, trail=Trail(bytes(16)))).body)
        if "errors" in answer:
            raise CountersError("the papers cannot be counted now: " + answer["errors"][0]["message"])
        return len(facts(answer["data"], leaves(engine.read(document, variables, None, _OWNER).collected)))

    def _owning(self) -> Engine:
        """The engine over the registers as their owners, made when it is first needed."""
        if self._engine is None:
            gateway, nation = self._gateway, dataclasses.replace(self._nation, dsns=self._nation.owner_dsns)
            settings, catalogue = gateway.settings, gateway.engine.catalogue
            sources = {
                name: Coalescer(open_source(name, register.source, catalogue.tables(name), nation, ""))
                for name, register in settings.registers.items() if register.source.kind in ("postgres", "http")
            }  # fmt: skip
            self._engine = Engine(
                catalogue, build(catalogue), _Owners(), sources, Pseudonyms(secrets.token_bytes(32)),
                limits=settings.limits, ledger=_Nothing(), today=self._today,
            )  # fmt: skip
        return self._engine

    def _today(self) -> dt.date:
        return dt.datetime.now(self._gateway.settings.server.timezone).date()


class CountersError(Exception):
    """Papers cannot be counted; one sentence."""


class _Owners:
    """Who keeps a register may read all of it."""

    version = ""
    _granted = Grant(Rule("", "", ""))

    def knows(self, agency: str) -> bool:
        return False

    def profile(self, request: AccessRequest) -> _Owners:
        return self

    def decide(self, coordinate: str, access: Access, use: Use) -> Decision:
        return Decision(coordinate, Verdict.PERMIT, (self._granted,))

    def hidden_from(self, caller: Caller) -> frozenset[str]:
        return frozenset()

    def grantable(self, caller: Caller) -> frozenset[Grantable]:
        return frozenset()

    def articles(self, caller: Caller) -> Mapping[str, tuple[Article, ...]]:
        return {}

    def under_consent(self, agency: str, purpose: str) -> frozenset[str]:
        return frozenset()

    def purposes(self, caller: Caller) -> tuple[str, ...]:
        return (_OWNER.purpose or "",)


class _Nothing:
    """A paper that was issued was in no ledger."""

    def append(self, record: Record) -> asyncio.Future[int]:
        written: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        written.set_result(0)
        return written

    async def aclose(self) -> None: ...
