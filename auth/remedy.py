"""The smallest change under which what is denied would be granted, whole or masked, for some rows at least.

One thing is changed and all else stays as it is. Tried in this order: a case, another role, another purpose, the other access,
and a day on which a permission is valid. Against a prohibition neither a case nor a day helps, but it may be for other roles and
purposes. Nothing hidden is ever named: of what does not exist for a caller nothing is asked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal, get_args

from auth.access import Access, Decision, Reason, Remedy, Use
from auth.reach import Circumstance
from auth.table import Table


def remedy(
    table: Table, circumstance: Circumstance, denial: Decision, access: Access, use: Use, *, case: bool, day: date
) -> Remedy | None:
    """The first change that helps against a denial; none if no single one does."""
    cell, coordinate = table.cell(*circumstance), denial.coordinate
    if not case and cell.grants(coordinate, access, use, case=True, day=day):
        return Remedy("case")
    for change, value, other in _others(table, circumstance):
        if table.cell(*other).grants(coordinate, access, use, case=case, day=day):
            return Remedy(change, value)
    if denial.reason is Reason.PROHIBITED:
        return None
    for another in get_args(Access):
        if another != access and cell.grants(coordinate, another, use, case=case, day=day):
            return Remedy("access", another)
    for end, limit in _days(table, circumstance, coordinate, use, day):
        if cell.grants(coordinate, access, use, case=case, day=limit):
            return Remedy(end, limit.isoformat())
    return None


def _others(table: Table, circumstance: Circumstance) -> Iterator[tuple[Literal["role", "purpose"], str, Circumstance]]:
    for role in table.roles:
        yield "role", role, circumstance._replace(role=role)
    for purpose in table.purposes:
        yield "purpose", purpose, circumstance._replace(purpose=purpose)


def _days(
    table: Table, circumstance: Circumstance, coordinate: str, use: Use, day: date
) -> Iterator[tuple[Literal["from", "until"], date]]:
    """The first days of what is valid later, the next one first, then the last days of what was, the latest one first."""
    periods = [offer.valid for offer in table.cell(*circumstance).offers.get((coordinate, use), ())]
    for first in sorted({period.first for period in periods if period.first and period.first > day}):
        yield "from", first
    for last in sorted({period.last for period in periods if period.last and period.last < day}, reverse=True):
        yield "until", last
