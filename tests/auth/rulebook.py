"""Small sets of rules, and decisions under them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from auth.access import Access, Decision, Use
from auth.document import Place, Word
from auth.rules import Agency, Group, Parties, Period, Permission, Prohibition, Regulation, Title
from auth.table import Table

HERE = Place("here.yaml", 1, 1)
DAY = date(2026, 3, 2)
TITLE = Title("이름", "Name")


def words(*texts: str) -> tuple[Word, ...]:
    return tuple(Word(text, HERE) for text in texts)


AGENCIES = ("tax", "north", "south")
ROLES = ("clerk", "citizen")
PURPOSES = ("welfare", "travel")
COORDINATES = ("Tax.income", "Tax.incomeAtMost", "Tax.year")
PARTIES = Parties(
    {name: Agency(TITLE, None) for name in words(*AGENCIES)},
    {Word("districts", HERE): Group(TITLE, words("north", "south"))},
    dict.fromkeys(words(*ROLES), TITLE),
)


def permission(**changes: object) -> Permission:
    rule = Permission(
        id=Word("shares", HERE),
        recipients=words("districts"),
        roles=words("clerk"),
        purposes=words("welfare"),
        items=words("Tax.income"),
        search=(),
        access=words("lookup"),
        basis="Tax Act, art. 1",
        subject=(),
        case=False,
        valid=Period(),
    )
    return replace(rule, **changes)  # type: ignore[arg-type]


def prohibition(**changes: object) -> Prohibition:
    rule = Prohibition(Word("forbids", HERE), (), (), (), words("Tax.income"), "Tax Act, art. 2", Period())
    return replace(rule, **changes)  # type: ignore[arg-type]


def table(*rules: Permission | Prohibition, hidden: tuple[Word, ...] = ()) -> Table:
    permissions = tuple(rule for rule in rules if isinstance(rule, Permission))
    prohibitions = tuple(rule for rule in rules if isinstance(rule, Prohibition))
    regulation = Regulation(Word("tax", HERE), Word("tax", HERE), 1, "1", DAY, hidden, permissions, prohibitions, ())
    return Table(PARTIES, PURPOSES, [regulation])


def decide(
    compiled: Table,
    coordinate: str = "Tax.income",
    *,
    agency: str = "north",
    role: str = "clerk",
    purpose: str | None = "welfare",
    access: Access = "lookup",
    use: Use = "read",
    case: bool = False,
    day: date = DAY,
) -> Decision:
    return compiled.cell(agency, role, purpose).decide(coordinate, access, use, case=case, day=day)


def rules_of(decision: Decision) -> list[str]:
    return [str(rule) for rule in decision.rules]
