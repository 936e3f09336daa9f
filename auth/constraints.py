"""What conditions come to once the kinds of their columns are known, and which constraints follow from which.

One grant *covers* another if whatever row the other shows, it shows too, and as much of it. That is told by the constraints
alone and errs on one side: it never says of a grant that it covers more than it does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date

from auth.access import Constraint, Duties, Grant, Limit, Mask, MaskKind, Matches, OfSubject, Since
from auth.document import Word
from auth.rules import Condition, Coordinate, Kind

MASKABLE: Mapping[MaskKind, Kind] = {
    "first": "text",
    "last": "text",
    "band": "int",
    "year": "date",
    "district": "text",
    "initial": "text",
    "threshold": "int",
    "pseudonym": "text",
}
"""Of what values a mask can be made."""

_INTEGER = re.compile(r"-?[0-9](_?[0-9]){0,17}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TRUTHS = {"true": True, "false": False}


def value(word: Word, column: Coordinate) -> str | int | bool | date | None:
    """The value that a word stands for in a column; none if the column holds no such value."""
    match column.kind:
        case "text":
            return str(word)
        case "names":
            return str(word) if word in column.names else None
        case "bool":
            return _TRUTHS.get(word)
        case "int":
            return int(word) if _INTEGER.fullmatch(word) else None
        case "date" if _DAY.fullmatch(word):
            try:
                return date.fromisoformat(word)
            except ValueError:
                return None
    return None


def matches(condition: Condition, coordinates: Mapping[str, Coordinate]) -> Matches | None:
    """The condition as a constraint; none if its column does not exist, or cannot hold what is asked of it."""
    column = coordinates.get(condition.column)
    if column is None:
        return None
    if not isinstance(condition.values, tuple):
        return Matches(str(condition.column), condition.values, condition.household)
    values = [value(word, column) for word in condition.values]
    known = tuple(each for each in values if each is not None)
    return Matches(str(condition.column), known, condition.household) if len(known) == len(values) else None


def implies(narrow: Constraint, wide: Constraint) -> bool:
    """Whether one constraint can hold only where the other does."""
    if isinstance(narrow, OfSubject) and isinstance(wide, OfSubject):
        return narrow.kinds <= wide.kinds
    if isinstance(narrow, Matches) and isinstance(wide, Matches) and narrow.coordinate == wide.coordinate:
        if isinstance(narrow.values, Since) and isinstance(wide.values, Since):
            within, span = narrow.values.span, wide.values.span
            return within.months <= span.months and within.days <= span.days
        if isinstance(narrow.values, tuple) and isinstance(wide.values, tuple):
            return set(narrow.values) <= set(wide.values)
    return narrow == wide


def follow(wide: Collection[Constraint], narrow: Collection[Constraint]) -> bool:
    """Whether all of `wide` hold wherever all of `narrow` do."""
    return all(any(implies(each, constraint) for each in narrow) for constraint in wide)


def strength(mask: Mask | None) -> tuple[int, int]:
    """By which grants are told: the one that is masked least comes first."""
    return mask.strength if mask else (-1, 0)


def covers(one: Grant, other: Grant) -> bool:
    """Whether one grant makes another needless: wherever that holds, this one does, masks no more and burdens no more."""
    return (
        strength(one.mask) <= strength(other.mask)
        and follow(one.constraints, other.constraints)
        and _looser(one.limit, other.limit)
        and _lighter(one.duties, other.duties)
    )


def _looser(one: Limit | None, other: Limit | None) -> bool:
    """Whether everything within the other limit is within this one."""
    one, other = one or Limit(), other or Limit()
    pairs = (one.officer, other.officer), (one.agency, other.agency)
    return all(mine is None or (theirs is not None and theirs <= mine) for mine, theirs in pairs)


def _lighter(one: Duties | None, other: Duties | None) -> bool:
    """Whether whoever does the other duties has done these, and the resident sees at the same time what was read."""
    one, other = one or Duties(), other or Duties()
    told = not one.notice or (other.notice and one.ground == other.ground and one.within in (None, other.within))
    return one.retain in (None, other.retain) and (one.store or not other.store) and told and one.defer == other.defer


def alternatives(grants: Collection[Grant]) -> tuple[Grant, ...]:
    """The grants without those that others make needless, from the least masked to the most; an unconditional one is the last.

    Of two that mask alike, the one that keeps nothing back from the resident comes first, then the one that burdens the caller
    less.
    """
    kept: list[Grant] = []
    for grant in grants:
        if not any(covers(each, grant) for each in kept):
            kept = [each for each in kept if not covers(grant, each)] + [grant]
    kept.sort(key=_order)
    ends = next((index for index, grant in enumerate(kept) if not grant.constraints), len(kept))
    return tuple(kept[: ends + 1])


def _order(grant: Grant) -> tuple[object, ...]:
    limit, duties = grant.limit or Limit(), grant.duties or Duties()
    bounds = [(bound is not None, -(bound or 0)) for bound in (limit.officer, limit.agency)]
    # Without constraints it ends the list, so what is as good and has some must come before it.
    return strength(grant.mask), duties.defer is not None, *bounds, duties != Duties(), not grant.constraints
