"""The feed of what has happened, in the gateway's own database: to whom each event was told, and under which number.

A register's outbox (`sources/reports.sql`) is moved here. Each recipient has events numbered from one on, without gaps, so that
numbers tell of nothing that is another's. A recipient is an agency in a role for a purpose or, where a regulation lets residents
know of themselves, a resident who asks through it: the follower.

    event        a row for each recipient of an event
    event_fact   what was found out about an event's resident when it arrived, and turned out so or so
    event_feed   the last number of each recipient
    event_moved  which row of which outbox an event was

Whose number is next is a row that stays locked until it is on disk, so what has a lower number is there before: whoever has read
up to a number has missed nothing. An outbox is emptied only of what is here. Should its row come again, because whoever moved it
was killed, it is the same event, and nobody is told twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import asyncpg


class Recipient(NamedTuple):
    """To whom something is told. `follower`: the number of a resident who follows what is about that resident, else empty."""

    agency: str
    role: str
    purpose: str
    follower: str = ""


class Row(NamedTuple):
    """A row of a register's outbox. `districts`: five-digit codes of those that it concerns, before and after."""

    id: int
    kind: str
    rrn: str
    districts: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Arrival:
    """A row with who is told, each with its own district if the event concerns that, and what was found out of the resident.

    `decided`: whether all could be found out. If not, it stays in the outbox, and whoever is told later is told later.
    """

    row: Row
    told: Mapping[Recipient, str | None]
    facts: Mapping[str, bool]
    decided: bool


_NUMBERS = """
INSERT INTO event_moved (register, origin) SELECT $1, origin FROM unnest($2::bigint[]) AS origin ORDER BY origin
ON CONFLICT (register, origin) DO UPDATE SET origin = excluded.origin RETURNING origin, event
"""
_TOLD = "SELECT event, agency, role, purpose, follower FROM event WHERE event = ANY($1::bigint[])"
_FEED = """
INSERT INTO event_feed AS feed (agency, role, purpose, follower, last) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (agency, role, purpose, follower) DO UPDATE SET last = feed.last + excluded.last RETURNING last
"""
_EVENTS = """
INSERT INTO event (event, agency, role, purpose, follower, sequence, register, kind, at, rrn, district)
SELECT * FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[]
)
"""
_FACTS = """
INSERT INTO event_fact (event, fact, holds) SELECT * FROM unnest($1::bigint[], $2::text[], $3::boolean[]) ON CONFLICT DO NOTHING
"""


async def arrive(connection: asyncpg.Connection, register: str, arrivals: Sequence[Arrival]) -> int:
    """Write what has arrived from a register, in one transaction; how many times somebody was told something."""
    async with connection.transaction(isolation="read_committed"):
        rows = await connection.fetch(_NUMBERS, register, [each.row.id for each in arrivals])
        numbers: dict[int, int] = {row["origin"]: row["event"] for row in rows}
        before = {(event, Recipient(*named)) for event, *named in await connection.fetch(_TOLD, list(numbers.values()))}
        told: dict[Recipient, list[tuple[int, Row, str | None]]] = {}
        for each in sorted(arrivals, key=lambda arrival: arrival.row.id):
            event = numbers[each.row.id]
            for recipient, district in each.told.items():
                if (event, recipient) not in before:
                    told.setdefault(recipient, []).append((event, each.row, district))
        events: list[tuple[object, ...]] = []
        # In one order everywhere, or two who write would wait for each other's.
        for recipient, its in sorted(told.items()):
            last: int = await connection.fetchval(_FEED, *recipient, len(its))
            for sequence, (event, row, district) in enumerate(its, last - len(its) + 1):
                events.append((event, *recipient, sequence, register, row.kind, moment(row.at), row.rrn, district))
        if events:
            await connection.execute(_EVENTS, *_columns(events))
        facts = [(numbers[each.row.id], *fact) for each in arrivals if each.told for fact in sorted(each.facts.items())]
        if facts:
            await connection.execute(_FACTS, *_columns(facts))
    return len(events)


def moment(at: datetime) -> str:
    """A time as `DateTime` has it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _columns(rows: Iterable[Sequence[object]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
