"""What a decision comes to for one row: evaluated constraint by constraint, as the planner must."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from auth.access import Constraint, Decision, Grant, Matches, OfSubject, Since, WithCase, WithConsent


@dataclass(frozen=True)
class Row:
    """What is true of a row for the caller. `values`: column → value, none if null. `jurisdiction`: the caller's."""

    subject: frozenset[str]
    case_open: bool
    consents: frozenset[str]
    values: dict[str, str | int | bool | date | None]
    jurisdiction: str = "11110"


def shown(decision: Decision, row: Row, day: date) -> Grant | None:
    """The grant that counts for a row; none if the row's value is withheld."""
    if any(all(holds(match, row, day) for match in ban.when) for ban in decision.bans):
        return None
    return next((grant for grant in decision.grants if all(holds(each, row, day) for each in grant.constraints)), None)


def holds(constraint: Constraint, row: Row, day: date) -> bool:
    match constraint:
        case OfSubject(kinds):
            return bool(kinds & row.subject)
        case WithCase():
            return row.case_open
        case WithConsent(item):
            return item in row.consents
        case Matches(column, values):
            value = row.values[column]
            if value is None:
                return False
            if values == "jurisdiction":
                return value == row.jurisdiction
            if isinstance(values, Since):
                since = values.span.before(day)
                return value >= since if isinstance(value, date) else isinstance(value, int) and value >= since.year
            return value in values


def strength(grant: Grant | None) -> tuple[int, int]:
    """How much is hidden: nothing by a grant without a mask, everything without a grant."""
    if grant is None:
        return (99, 0)
    return grant.mask.strength if grant.mask else (-1, 0)
