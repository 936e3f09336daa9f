"""What an attacker sees of an answer: not its bytes alone, but whatever can be measured from outside.

Most attacks here are twins: two worlds that are the same but for what is to be hidden. The same request is made in both, and
everything that is seen must be equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from auth.access import Ban, Caller, Constraint, Grant, Limit, Mask, Matches, OfSubject, Rule
from resolvers.operation import Refusals
from tests.resolvers.nation import CLERK, PURPOSE, Nation, make
from tests.resolvers.world import RULE, World, world

BAN = Rule("test-regulation", "test-prohibition", "Test Act, art. 3")
MODES: tuple[Refusals, ...] = ("ERRORS", "NULL", "REJECT")
"""The ways in which refusals are answered: what one hides another must not tell."""

Row = dict[str, Any]


class Seen(NamedTuple):
    """`statements`: which registers were asked about which tables, in order; whoever has a clock can count them."""

    body: bytes
    statements: tuple[tuple[str, str], ...]

    @property
    def answer(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]


async def seen(
    here: World, query: str, caller: Caller = CLERK, *, case: str | None = None, purpose: str = PURPOSE,
    refusals: Refusals = "ERRORS", explain: bool = False, **variables: Any,
) -> Seen:  # fmt: skip
    """Ask, under the law and the failures that the world was last set to."""
    here.order.clear()
    answer = await here.answer(query, caller, variables, purpose, case, refusals=refusals, explain=explain)
    return Seen(answer.body, tuple((name, batch.shape.table) for name, batch in here.order))


def twins(*changes: Callable[[Nation], None], seed: int = 2) -> list[World]:
    """Worlds that differ by one change each, and in nothing else."""
    made = []
    for change in changes:
        nation = make(seed, unique=True)
        change(nation)
        made.append(world(nation))
    return made


def rows(nation: Nation, source: str, table: str, **known: Any) -> list[Row]:
    """The rows of a table that have these values."""
    return [row for row in nation[source][table] if all(row[column] == value for column, value in known.items())]


def resident(nation: Nation, rrn: str) -> Row:
    (found,) = rows(nation, "mois", "resident", rrn=rrn)
    return found


def some(*constraints: Constraint, mask: Mask | None = None, limit: Limit | None = None, rule: Rule = RULE) -> tuple[Grant, ...]:
    """One grant, to rows of which all of this is true."""
    return (Grant(rule, frozenset(constraints), mask, limit=limit),)


def of(*kinds: Any) -> OfSubject:
    return OfSubject(frozenset(kinds))


def ban(coordinate: str, *values: Any, told: bool = False) -> tuple[Ban, ...]:
    """One prohibition, for rows in which a column is one of these."""
    return (Ban(BAN, (Matches(coordinate, values),), told),)


def refused(answer: dict[str, Any]) -> list[str]:
    """The coordinates that an answer says are withheld."""
    return [e["extensions"]["coordinate"] for e in answer.get("errors", []) if e["extensions"]["code"] == "WITHHELD"]
