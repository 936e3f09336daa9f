"""Random decisions on what an operation touches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from auth.access import Access, Ban, Constraint, Grant, Mask, Matches, OfSubject, Rule, Since, Span, WithCase, WithConsent
from resolvers.relations import related
from schema.catalogue import ColumnField, DerivedField, LinkField, column_type
from tests.resolvers.nation import CATALOGUE
from tests.resolvers.operations import Dice, Operation
from tests.resolvers.world import RULE, Key, Profile

SUBJECTS = ("self", "household", "child", "jurisdiction")
RELATED = related(CATALOGUE)
BAN = Rule("test-regulation", "test-prohibition", "Test Act, art. 3")
MASKS: dict[Any, tuple[Mask, ...]] = {
    str: (Mask("first", 3), Mask("last", 2), Mask("district"), Mask("initial"), Mask("pseudonym")),
    # What comes out is no number that any row holds, so that it is not taken for one.
    int: (Mask("band", 5_000), Mask("band", 1_000_000), Mask("threshold", 1_600_000_123), Mask("threshold", 1_900_000_000)),
    dt.date: (Mask("year"),),
}


def draw_profile(dice: Dice, operation: Operation, *, accesses: Sequence[Access] = ("lookup", "list")) -> Profile:
    """Decisions on what an operation touches: mostly permitted, some for some rows only or masked, some denied."""
    denied: list[Key] = []
    grants: dict[Key | str, tuple[Grant, ...]] = {}
    bans: dict[Key | str, tuple[Ban, ...]] = {}
    for coordinate, use in operation.touched:
        for access in accesses:
            if access not in operation.accesses:
                continue
            roll = dice.integer(0, 99)
            key: Any = (coordinate, access, use)
            if roll >= 88:
                denied.append(key)
            elif roll >= 45:
                grants[key] = draw_grants(dice, coordinate, masks=use == "read")
            if dice.chance(12):
                match = draw_match(dice, coordinate)
                if dice.chance(30):
                    match = replace(match, household=True)
                bans[key] = (Ban(BAN, (match,), told=not match.household and dice.chance(50)),)
    return Profile(denied, grants=grants, bans=bans)


def draw_grants(dice: Dice, coordinate: str, *, masks: bool) -> tuple[Grant, ...]:
    """One to three alternatives, from the least masked to the most, in the form that decisions have."""
    found = []
    for _ in range(dice.integer(1, 3)):
        constraints = frozenset(draw_constraint(dice, coordinate) for _ in range(dice.integer(0, 2)))
        found.append(Grant(RULE, constraints, draw_mask(dice, coordinate) if masks and dice.chance(35) else None))
    found.sort(key=lambda grant: (-1, 0) if grant.mask is None else grant.mask.strength)
    free = next((i for i, grant in enumerate(found) if not grant.constraints), len(found))
    return tuple(found[: free + 1])


def draw_constraint(dice: Dice, coordinate: str) -> Constraint:
    roll = dice.integer(0, 99)
    if roll < 45:
        kinds: Any = frozenset(kind for kind in SUBJECTS if dice.chance(50))
        return OfSubject(kinds or frozenset({"jurisdiction"}))
    if roll < 60:
        return WithCase()
    if roll < 75:
        return WithConsent(coordinate)
    return draw_match(dice, coordinate)


def draw_match(dice: Dice, coordinate: str) -> Matches:
    """On a column of the row, of a record that a link leads to, or of one that is linked to the row's subject."""
    owner, _, name = coordinate.partition(".")
    if owner not in CATALOGUE.records:  # A count: what it is about is the record that is counted.
        owner, name = owner.removesuffix("Connection"), "id"
    item = CATALOGUE.records[owner].fields[name]
    types = sorted(RELATED[owner] | ({item.target} if isinstance(item, LinkField) else set()))
    record = CATALOGUE.records[types[dice.integer(0, len(types) - 1)]]
    columns = [f for f in record.fields.values() if isinstance(f, ColumnField)]
    column = columns[dice.integer(0, len(columns) - 1)]
    kind = column_type(column.annotation)
    if kind is dt.date and dice.chance(50):
        return Matches(column.coordinate, Since(Span(months=dice.integer(1, 500))))
    if kind is str and dice.chance(30):
        return Matches(column.coordinate, "jurisdiction")
    return Matches(column.coordinate, tuple(draw_value(dice, kind) for _ in range(dice.integer(1, 2))))


def draw_value(dice: Dice, kind: Any) -> Any:
    """Most of them some row has, in a nation of few values."""
    if isinstance(kind, tuple):
        return kind[dice.integer(0, len(kind) - 1)]
    if kind is bool:
        return dice.chance(50)
    if kind is dt.date:
        return dt.date(1991, 1, 1 + dice.integer(0, 2))
    return 1_700_000_000 + dice.integer(0, 2) if kind is int else ("11110", "11680", "nothing")[dice.integer(0, 2)]


def draw_mask(dice: Dice, coordinate: str) -> Mask | None:
    owner, _, name = coordinate.partition(".")
    item = CATALOGUE.records[owner].fields[name] if owner in CATALOGUE.records else None
    kind = column_type(item.annotation) if isinstance(item, ColumnField | DerivedField) else None
    masks = MASKS.get(kind, ())
    return masks[dice.integer(0, len(masks) - 1)] if masks else None
