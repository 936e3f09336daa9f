"""What a shape means, written out as plainly as can be and without a line of the sources: the contract suite's yardstick.

Conditions are worked out in SQL's three values, an order by comparing two rows, a year by looking at birthdays.
"""

from __future__ import annotations

import hmac
from datetime import date
from fractions import Fraction
from functools import cmp_to_key
from math import floor
from typing import Any

import orjson

from sources.protocol import All, Batch, Call, Compare, Count, Exists, Holds, Json, Not, Nothing, Only, Some
from tests.sources.register import ROWS, SMALLEST, TABLES


def expected(batch: Batch) -> dict[Any, list[tuple[Any, ...]]]:
    """The rows of each key, without the key; those of a shape without a key under None."""
    shape, keys, values = batch
    rows = [join_all(shape.joins, own(row)) for row in ROWS[shape.table]]
    rows = [row for row in rows if shape.where is None or truth(shape.where, row, values) is True]
    if shape.columns == (Count(),):
        return {None: [(len(rows),)]}
    rows.sort(key=cmp_to_key(lambda one, other: compare(shape.order, one, other)))
    limit = len(rows) if shape.limit is None else values[shape.limit.index]
    found = {}
    for key in [None] if shape.key is None else keys:
        of_key = [row for row in rows if shape.key is None or cell(shape.key, row) == key][:limit]
        if of_key or shape.key is None:
            found[key] = [tuple(column(c, row, values) for c in shape.columns) for row in of_key]
    return found


def answered(batch: Batch, rows: Any) -> dict[Any, list[tuple[Any, ...]]]:
    """A source's answer in the same form."""
    found: dict[Any, list[tuple[Any, ...]]] = {} if batch.shape.key is not None else {None: []}
    for row in rows:
        key, columns = (None, tuple(row)) if batch.shape.key is None else (row[0], tuple(row[1:]))
        assert len(columns) == len(batch.shape.columns)
        found.setdefault(key, []).append(
            tuple(
                orjson.loads(value) if isinstance(c, Json) else value
                for c, value in zip(batch.shape.columns, columns, strict=True)
            )
        )
    return found


def own(row: dict[str, Any]) -> dict[str, Any]:
    return {f".{column}": value for column, value in row.items()}


def join_all(joins: Any, row: dict[str, Any]) -> dict[str, Any]:
    for join in joins:
        matches = [
            other for other in ROWS[join.table] if other[join.column] is not None and other[join.column] == cell(join.on, row)
        ]
        assert len(matches) <= 1
        other = matches[0] if matches else dict.fromkeys(TABLES[join.table])
        row = row | {f"{join.alias}.{name}": value for name, value in other.items()}
    return row


def cell(name: str, row: dict[str, Any]) -> Any:
    return row[name if "." in name else f".{name}"]


def truth(condition: Any, row: dict[str, Any], values: Any) -> bool | None:
    if isinstance(condition, Compare):
        left, right = operand(condition.operand, row, values), values[condition.value.index]
        if condition.operator == "in":
            return None if left is None else any(left == item for item in right)
        if left is None or right is None:
            return None
        results = {"=": left == right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}
        return bool(results[condition.operator])
    if isinstance(condition, Not):
        return truth(condition.condition, row, values) is not True
    if isinstance(condition, Exists):
        return any(
            cell(condition.column, own(other)) == cell(condition.on, row) is not None
            and (condition.condition is None or truth(condition.condition, own(other), values) is True)
            for other in ROWS[condition.table]
        )
    parts = [truth(part, row, values) for part in condition.conditions]
    decisive = isinstance(condition, Some)
    assert isinstance(condition, (All, Some))
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def column(c: Any, row: dict[str, Any], values: Any) -> Any:
    if isinstance(c, Holds):
        return truth(c.condition, row, values) is True
    if isinstance(c, Only):
        return operand(c.operand, row, values) if truth(c.condition, row, values) is True else None
    if isinstance(c, Nothing):
        return None
    if isinstance(c, Json):
        inner = (column(part, row, values) for part in c.columns)
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in zip(c.names, inner, strict=True)}
    return operand(c, row, values)


def operand(o: Any, row: dict[str, Any], values: Any) -> Any:
    if not isinstance(o, Call):
        return cell(o, row)
    value = operand(o.column, row, values)
    return None if value is None else call(o.function, value, [values[param.index] for param in o.args])


def call(function: str, value: Any, arguments: list[Any]) -> Any:
    match function, arguments:
        case "at_most", [bound]:
            return value <= bound
        case "years_since", [today]:
            return birthdays(value, today)
        case "reached_age", [years, today]:
            return birthdays(value, today) >= years
        case "band", [n]:
            return max(floor(Fraction(value, n)) * n, SMALLEST)
        case "threshold", [n]:
            return 0 if value < n else n
        case "year", []:
            return date(value.year, 1, 1)
        case "first", [n]:
            return "".join(character if number < n else "*" for number, character in enumerate(value))
        case "last", [n]:
            return call("first", value[::-1], [n])[::-1]
        case "initial", []:
            return call("first", value, [1])
        case "district", []:
            spaces = [number for number, character in enumerate(value) if character == " "]
            return value[: spaces[1]] if len(spaces) > 1 else value
        case "pseudonym", [inner, _]:
            key = bytes(byte ^ 0x36 for byte in bytes.fromhex(inner))
            return hmac.digest(key, value.encode(), "sha256").hex()[:32]
    raise AssertionError(function)


def birthdays(born: date, today: date) -> int:
    """How many birthdays someone has had."""
    leap_day = (born.month, born.day) == (2, 29)
    count = 0
    while True:
        year = born.year + count + 1
        leap_year = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        birthday = (year, 3, 1) if leap_day and not leap_year else (year, born.month, born.day)
        if birthday > (today.year, today.month, today.day):
            return count
        count += 1


def compare(order: Any, one: dict[str, Any], other: dict[str, Any]) -> int:
    for part in order:
        left, right = cell(part.column, one), cell(part.column, other)
        if left == right:
            continue
        if left is None or right is None:
            return 1 if left is None else -1
        return -1 if (left < right) != part.descending else 1
    return 0
