"""An engine over a nation in memory, whose regulations, failures and witnesses a test sets as it likes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, get_args

from auth import consent
from auth.access import (
    Access,
    AccessRequest,
    Article,
    Ban,
    Caller,
    Decision,
    Grant,
    Grantable,
    OfSubject,
    Reason,
    Rule,
    Use,
    Verdict,
)
from auth.ledger import LedgerUnavailable, Record
from auth.limits import SubjectUse
from auth.pseudonyms import Pseudonyms
from resolvers.answer import Answer
from resolvers.disclose import Trail
from resolvers.engine import Engine
from resolvers.fallback import run as run_by_strawberry
from resolvers.operation import Limits
from sources.coalescer import Coalescer
from sources.memory import MemorySource
from sources.postgres import PostgresSource
from sources.protocol import Batch, Capabilities, Row, Shape, SourceUnavailable
from tests.resolvers.nation import CATALOGUE, PURPOSE, SCHEMA, TODAY, Nation, Table, consents, make

MASTER = bytes(range(32))
WIDE = Limits(depth=60, fields=20_000, aliases=2_000, tokens=200_000)
TRAIL = Trail(bytes(8))
RULE = Rule("test-regulation", "test-permission", "Test Act, art. 1")

Key = tuple[str, Access | None, Use | None]


class Profile:
    """Permits what `denied`, `residuals`, `grants` and `bans` do not name. A name is (coordinate, access or any, use or any).

    A residual is short for one grant to these kinds of subject.
    """

    def __init__(
        self, denied: Iterable[Key | str] = (), residuals: Mapping[Key | str, Iterable[str]] | None = None,
        *, grants: Mapping[Key | str, Iterable[Grant]] | None = None, bans: Mapping[Key | str, Iterable[Ban]] | None = None,
        granted: Iterable[str] | None = None, hidden: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.denied = {_key(d) for d in denied}
        self.grants = {_key(k): tuple(v) for k, v in (grants or {}).items()}
        for name, kinds in (residuals or {}).items():
            self.grants[_key(name)] = (Grant(RULE, frozenset({OfSubject(frozenset(kinds))})),)  # type: ignore[arg-type]
        self.bans = {_key(k): tuple(v) for k, v in (bans or {}).items()}
        self.granted = None if granted is None else frozenset(granted)
        self.hidden = frozenset(hidden)

    def decide(self, coordinate: str, access: Access, use: Use) -> Decision:
        names = [(coordinate, a, u) for a in (access, None) for u in (use, None)]
        refused = self.granted is not None and coordinate not in self.granted
        if coordinate in self.hidden or refused or any(n in self.denied for n in names):
            reason = Reason.PROHIBITED if use == "search" else Reason.NO_PERMISSION
            return Decision(coordinate, Verdict.DENY, reason=reason, rules=(RULE,), hidden=coordinate in self.hidden)
        rule = Rule("test-regulation", coordinate, "Test Act, art. 2")
        grants = next((self.grants[n] for n in names if n in self.grants), (Grant(rule),))
        bans = next((self.bans[n] for n in names if n in self.bans), ())
        verdict = Verdict.MASK if all(grant.mask for grant in grants) else Verdict.PERMIT
        return Decision(coordinate, verdict, grants, bans, (rule,))

    def __repr__(self) -> str:
        return f"Profile({sorted(map(str, self.denied))}, {self.grants}, {self.bans})"


def _key(name: Key | str) -> Key:
    return (name, None, None) if isinstance(name, str) else name


def every_use(coordinates: Iterable[str]) -> frozenset[Grantable]:
    """These coordinates granted in every way."""
    return frozenset(Grantable(*each) for each in product(coordinates, get_args(Access), get_args(Use)))


class Regulations:
    """An authorizer that gives everybody the profile of the moment."""

    version = "1"

    def __init__(self) -> None:
        self.now = Profile()
        self.seen: Iterable[str] = CATALOGUE.coordinates()
        """What could be granted, for every use."""

    def profile(self, request: AccessRequest) -> Profile:
        return self.now

    def hidden_from(self, caller: Caller) -> frozenset[str]:
        return self.now.hidden

    def grantable(self, caller: Caller) -> frozenset[Grantable]:
        return every_use(frozenset(self.seen) - self.now.hidden)

    def articles(self, caller: Caller) -> dict[str, tuple[Article, ...]]:
        return {}

    def knows(self, agency: str) -> bool:
        return True

    def purposes(self, caller: Caller) -> tuple[str, ...]:
        return (PURPOSE, "own-records")


class Recorder:
    """A ledger in memory: what was recorded, in order; when it is `down` nothing can be."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.down = False

    def append(self, record: Record) -> asyncio.Future[int]:
        written: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if self.down:
            written.set_exception(LedgerUnavailable())
        else:
            self.records.append(record)
            written.set_result(len(self.records))
        return written

    async def aclose(self) -> None:
        """There is nothing to let go of."""


class Witness:
    """A source that remembers what it was asked and what it gave, and fails when told to."""

    def __init__(self, inner: MemorySource, capabilities: Capabilities, order: list[tuple[str, Batch]]) -> None:
        self.order = order
        self.inner, self.name, self.capabilities = inner, inner.name, capabilities
        self.seen: list[tuple[Batch, Sequence[Row]]] = []
        tables = CATALOGUE.tables(inner.name) or {consent.TABLE: consent.COLUMNS}
        postgres = PostgresSource(inner.name, "", tables)
        self.statement, self.parameters = postgres.statement, postgres.parameters
        """What it would be asked if it were PostgreSQL, for explanations."""
        self.down = False
        self.delay = 0.0
        self.nonsense: Sequence[Row] | None = None

    async def fetch(self, batch: Batch) -> Sequence[Row]:
        self.order.append((self.name, batch))
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.down:
            self.seen.append((batch, ()))
            raise SourceUnavailable(self.name)
        rows = await self.inner.fetch(batch) if self.nonsense is None else self.nonsense
        self.seen.append((batch, rows))
        return rows

    async def aclose(self) -> None:
        await self.inner.aclose()


@dataclass
class World:
    nation: Nation
    engine: Engine
    witnesses: dict[str, Witness]
    regulations: Any
    order: list[tuple[str, Batch]]
    """Every batch that reached a source, in order."""
    ledger: Recorder
    pseudonyms: Pseudonyms = field(default_factory=lambda: Pseudonyms(MASTER))

    def under(self, profile: Profile, down: Iterable[str] = ()) -> World:
        """Set the profile and the sources that are down, and forget what was seen."""
        self.regulations.now = profile
        return self.fail(down)

    def fail(self, down: Iterable[str]) -> World:
        self.order.clear()
        self.ledger.records.clear()
        for name, witness in self.witnesses.items():
            witness.down, witness.nonsense, witness.delay = name in down, None, 0.0
            witness.seen.clear()
        return self

    async def ask(
        self, query: str, caller: Caller, purpose: str | None = PURPOSE, case: str | None = None, **variables: Any
    ) -> dict[str, Any]:
        return json.loads((await self.answer(query, caller, variables, purpose, case)).body)  # type: ignore[no-any-return]

    async def answer(
        self, query: str, caller: Caller, variables: Mapping[str, Any] | None = None, purpose: str | None = PURPOSE,
        case: str | None = None, **how: Any,
    ) -> Answer:  # fmt: skip
        return await self.engine.answer(query, variables, None, AccessRequest(caller, purpose, case), trail=TRAIL, **how)

    async def by_strawberry(
        self, query: str, caller: Caller, variables: Mapping[str, Any], case: str | None = None
    ) -> dict[str, Any]:
        """The same operation through Strawberry's own execution."""
        access = AccessRequest(caller, PURPOSE, case)
        request = self.engine.read(query, variables, None, access)
        context = self.engine.context(request)
        nodes = list(request.operation.definition.selection_set.selections)
        result = await run_by_strawberry(SCHEMA._schema, request, {"all": nodes}, context)  # type: ignore[dict-item]
        assert not result.errors, result.errors
        found = context.errors()
        answer = {"data": result.data, **({"errors": found} if found else {})}
        return json.loads(json.dumps(answer, default=str))  # type: ignore[no-any-return]

    def fetched(self) -> list[tuple[str, Shape, Sequence[Any]]]:
        """Every shape that reached a source, with its keys."""
        return [(name, batch.shape, batch.keys) for name, witness in self.witnesses.items() for batch, _ in witness.seen]

    def shapes(self) -> list[tuple[str, Shape]]:
        return [(name, shape) for name, shape, _ in self.fetched()]

    def fetches(self) -> int:
        return sum(len(witness.seen) for witness in self.witnesses.values())

    def id(self, caller: Caller, record: str, key: int) -> str:
        return self.pseudonyms.for_caller(caller).encode(record, key)


def world(
    nation: Nation | None = None, *, joins: bool = True, json: bool = True, limits: Limits = WIDE, regulations: Any = None,
    timeout: float = 2.0, today: Any = None, consented: Table | None = None, use: SubjectUse | None = None,
) -> World:  # fmt: skip
    nation = nation or make()
    regulations = regulations or Regulations()
    capabilities = Capabilities(joins=joins, scan=True, json=json)
    order: list[tuple[str, Batch]] = []
    rows = consents() if consented is None else consented
    kept = {r: CATALOGUE.tables(r) for r in CATALOGUE.registers}
    held: dict[str, Any] = dict(nation)
    # The feed is in the database that has the consents.
    kept["events"], held["events"] = kept["events"] | {consent.TABLE: consent.COLUMNS}, held["events"] | {consent.TABLE: rows}
    witnesses = {r: Witness(MemorySource(r, tables, held[r]), capabilities, order) for r, tables in kept.items()}
    stored = MemorySource(consent.SOURCE, {consent.TABLE: consent.COLUMNS}, {consent.TABLE: rows})
    witnesses[consent.SOURCE] = Witness(stored, capabilities, order)
    coalescers = {name: Coalescer(witness, timeout=timeout) for name, witness in witnesses.items()}
    ledger = Recorder()
    engine = Engine(
        CATALOGUE, SCHEMA, regulations, coalescers, Pseudonyms(MASTER), limits=limits, ledger=ledger,
        today=today or (lambda: TODAY), use=use,
    )  # fmt: skip
    return World(nation, engine, witnesses, regulations, order, ledger)


def codes(answer: dict[str, Any]) -> list[str]:
    return [e["extensions"]["code"] for e in answer.get("errors", [])]


def withheld(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(e["extensions"]["coordinate"], e["extensions"]["pattern"]) for e in answer["errors"]]


def access_of(caller: Caller) -> AccessRequest:
    return AccessRequest(caller, PURPOSE)
