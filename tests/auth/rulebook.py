"""Small sets of rules, and decisions under them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from auth.access import Access, Decision, Remedy, Use
from auth.document import Place, Word
from auth.reach import Circumstance
from auth.remedy import remedy
from auth.rules import Agency, Condition, Coordinate, Group, Parties, Period, Permission, Prohibition, Regulation, Title
from auth.table import Table

HERE = Place("here.yaml", 1, 1)
DAY = date(2026, 3, 2)
TITLE = Title("이름", "Name")

NATION = {
    "Person.name": Coordinate("interior"),
    "Person.age": Coordinate("interior", "int", derived_from="Person.born"),
    "Person.adult": Coordinate("interior", "bool", derived_from="Person.born"),
    "Person.number": Coordinate("interior"),
    "Person.born": Coordinate("interior", "date"),
    "Person.status": Coordinate("interior", "names", ("LIVING", "DEAD")),
    "Person.address": Coordinate("interior"),
    "Person.district": Coordinate("interior"),
    "Person.secret": Coordinate("interior", "bool"),
    "Person.tax": Coordinate("interior", "link", target="Tax"),
    "Tax.income": Coordinate("tax", "int"),
    "Tax.incomeAtMost": Coordinate("tax", "bool", derived_from="Tax.income", probe=True),
    "Tax.year": Coordinate("tax", "int"),
    "Tax.paidOn": Coordinate("tax", "date"),
    "Tax.office": Coordinate("tax", "names", ("NORTH", "SOUTH", "WEST")),
    "Tax.sealed": Coordinate("tax", "bool"),
    "News.number": Coordinate("interior", "int", fed=True),
    "News.kind": Coordinate("interior", "names", ("BORN", "MOVED"), fed=True),
    "Passport.number": Coordinate("passports", reaches=frozenset({"Passport", "Person"}), personal=False),
}
"""The coordinates that the regulations in `good` and `broken` are about."""


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
        case="none",
        valid=Period(),
    )
    return replace(rule, **changes)  # type: ignore[arg-type]


def prohibition(**changes: object) -> Prohibition:
    rule = Prohibition(Word("forbids", HERE), (), (), (), words("Tax.income"), "Tax Act, art. 2", Period())
    return replace(rule, **changes)  # type: ignore[arg-type]


def condition(column: str, *values: str) -> Condition:
    return Condition(Word(column, HERE), words(*values))


def regulation(*rules: Permission | Prohibition, name: str = "tax", hidden: tuple[Word, ...] = ()) -> Regulation:
    permissions = tuple(rule for rule in rules if isinstance(rule, Permission))
    prohibitions = tuple(rule for rule in rules if isinstance(rule, Prohibition))
    return Regulation(Word(name, HERE), Word("tax", HERE), 1, "1", DAY, hidden, permissions, prohibitions, ())


def table(*rules: Permission | Prohibition, hidden: tuple[Word, ...] = ()) -> Table:
    return Table(PARTIES, PURPOSES, [regulation(*rules, hidden=hidden)], NATION)


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


def remedy_of(
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
) -> Remedy | None:
    circumstance = Circumstance(agency, role, purpose)
    denial = compiled.cell(*circumstance).decide(coordinate, access, use, case=case, day=day)
    return remedy(compiled, circumstance, denial, access, use, case=case, day=day)


def rules_of(decision: Decision) -> list[str]:
    return [str(rule) for rule in decision.rules]
