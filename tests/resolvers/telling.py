"""A nation that tells of what happens: registers in memory, the feed and consents in PostgreSQL, under the sample's regulations
and some of the tests' own."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from auth import consent
from auth.access import Caller
from auth.authorizer import RegulationAuthorizer
from auth.feed import Arrival, Row, arrive
from madang.coordinates import coordinates
from resolvers.operation import Limits
from resolvers.recipients import Recipients
from sources.coalescer import Coalescer
from sources.memory import MemorySource
from sources.postgres import PostgresSource
from tests.conformance.nation import RRN, TODAY, make
from tests.resolvers.nation import CATALOGUE
from tests.resolvers.world import World, world

ROOT = Path(__file__).parents[2]
UPKEEP = "register-upkeep"
INSURER = Caller("nhis", "register-system", "nhis-system")
PENSIONS = Caller("nps", "register-system", "nps-system")
LABOUR = Caller("moel", "register-system", "moel-system")
MILITARY = Caller("mma", "register-system", "mma-system")
JONGNO = Caller("jongno", "register-system", "jongno-system", jurisdiction="11110")
GANGNAM = Caller("gangnam", "register-system", "gangnam-system", jurisdiction="11680")
HAEUNDAE = Caller("haeundae", "register-system", "haeundae-system", jurisdiction="26350")

TRIAL = """
regulation: mois-trial
holder: mois
version: 1
approval: {number: 2026-1, on: 2026-11-01}
permissions:
  - id: with-consent
    recipients: nps
    roles: register-system
    purpose: register-upkeep
    access: events
    items: [Event.sequence, Event.kind, Event.resident, Resident.name, Resident.address]
    search: [Event.sequence]
    basis: National Pension Act, art. 123
    subject: any
    case: none
    consent: required
  - id: everything
    recipients: moel
    roles: register-system
    purpose: register-upkeep
    access: events
    items: [Event.sequence, Event.kind, Event.resident, Resident.name]
    search: [Event.sequence, Event.kind]
    basis: Employment Insurance Act, art. 110
    subject: any
    case: none
prohibitions:
  - id: not-of-the-deceased
    items: [Event.sequence, Event.kind]
    recipients: moel
    when: {Resident.status: DECEASED}
    basis: Resident Registration Act, art. 29(6)
"""
CONSENTED = ("Event.sequence", "Event.kind", "Event.resident", "Resident.name", "Resident.address")


def law(directory: Path, trial: str = TRIAL) -> RegulationAuthorizer:
    """The sample's regulations, and the tests' own."""
    if not directory.exists():
        shutil.copytree(ROOT / "auth/regulations", directory)
    (directory / "mois_trial.yaml").write_text(trial, "utf-8")
    return RegulationAuthorizer.load(directory, coordinates(CATALOGUE), today=lambda: TODAY).at(TODAY + dt.timedelta(days=30))


class Telling:
    """One gateway's database over the nation. `authorizer` is what is in force."""

    def __init__(self, dsn: str, authorizer: RegulationAuthorizer) -> None:
        self.dsn, self.authorizer, self.first = dsn, authorizer, authorizer
        self.origin = 0
        self.nation = make(CATALOGUE)
        self.world: World = world(self.nation, regulations=authorizer, limits=Limits(), today=lambda: authorizer.day)
        columns = {consent.TABLE: consent.COLUMNS}
        for name, tables in (("events", CATALOGUE.tables("events") | columns), (consent.SOURCE, columns)):
            self.world.engine.sources[name] = Coalescer(PostgresSource(name, dsn, tables, timeout=20), timeout=20)  # type: ignore[index]
        self.recipients = Recipients(CATALOGUE, self.world.engine.sources)

    def adopt(self, authorizer: RegulationAuthorizer) -> None:
        self.authorizer = self.world.regulations = authorizer
        self.world.engine.adopt(authorizer)

    def row(self, kind: str, who: str, *districts: str) -> Row:
        self.origin += 1
        at = dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC) + dt.timedelta(seconds=self.origin)
        return Row(self.origin, kind, RRN[who], districts, at)

    async def happen(self, kind: str, who: str, *districts: str) -> Arrival:
        """Something happens to somebody, and is told."""
        [arrival] = await self.tell([self.row(kind, who, *districts)])
        return arrival

    async def tell(self, rows: Iterable[Row], register: str = "mois") -> list[Arrival]:
        arrivals = await self.recipients.of(list(rows), self.authorizer)
        connection = await asyncpg.connect(self.dsn)
        await arrive(connection, register, arrivals)
        await connection.close()
        return arrivals

    @contextmanager
    def having(self, register: str, table: str, rows: list[dict[str, Any]]) -> Iterator[None]:
        """The register has these rows in a table, for a while."""
        witness = self.world.witnesses[register]
        before = witness.inner
        witness.inner = MemorySource(register, CATALOGUE.tables(register), self.nation[register] | {table: rows})
        yield
        witness.inner = before

    async def ask(self, caller: Caller, items: str = "sequence kind", purpose: str = UPKEEP, **arguments: Any) -> dict[str, Any]:
        """The answer to a query for events."""
        given = "".join(f"{name}: {value} " for name, value in arguments.items())
        return await self.world.ask(f"{{ events{f'({given})' if given else ''} {{ {items} }} }}", caller, purpose)

    async def seen(self, caller: Caller, purpose: str = UPKEEP, **arguments: Any) -> list[tuple[int, str]]:
        """The numbers and kinds of the events that somebody is shown."""
        answer = await self.ask(caller, purpose=purpose, **arguments)
        return [(each["sequence"], each["kind"]) for each in answer["data"]["events"]]

    async def consent(self, who: str, agency: str, items: Iterable[str] = CONSENTED, *, revoked: bool = False) -> None:
        """Somebody consents, or takes it back."""
        connection = await asyncpg.connect(superuser(self.dsn))
        await connection.execute("DELETE FROM consent WHERE rrn = $1 AND agency = $2", RRN[who], agency)
        await connection.execute(
            """INSERT INTO consent (id, rrn, agency, purpose, item, since, until, revoked)
            SELECT coalesce((SELECT max(id) FROM consent), 0) + row_number() OVER (), $1, $2, $3, item, $4, $5, $6
            FROM unnest($7::text[]) AS item""",
            RRN[who], agency, UPKEEP, self.authorizer.day, self.authorizer.day, revoked, list(items),
        )  # fmt: skip
        await connection.close()

    async def aclose(self) -> None:
        await self.world.engine.aclose()


def superuser(dsn: str) -> str:
    """The DSN of the server's superuser for the same database."""
    role = dsn.partition("://")[2].partition(":")[0]
    return dsn.replace(f"//{role}:", "//postgres:")
