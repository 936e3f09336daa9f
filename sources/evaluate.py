"""What conditions, calls, order and limits mean, in Python: for sources that cannot compute them where the rows are.

Rows are mappings from an operand's name (`column`, or `join.column`) to its value. PostgreSQL gives the same meaning to every
shape, and the contract suite holds the two against each other:

- null compares false with everything, null included; a call on null is null;
- text is compared and ordered by code point;
- nulls come last in an order, ascending or descending.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, TypeAlias

import orjson

from sources.protocol import (
    All,
    Batch,
    Call,
    Column,
    ColumnType,
    Compare,
    Condition,
    Count,
    Holds,
    Json,
    Key,
    Nothing,
    Only,
    Operand,
    Order,
    Row,
    Some,
)

Values: TypeAlias = tuple[Any, ...]
Named: TypeAlias = Mapping[str, Any]

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def answer(batch: Batch, rows: Iterable[Named]) -> list[Row]:
    """The rows of a batch, from all rows that its table and joins have for its keys."""
    shape, keys, values = batch
    wanted = None if shape.key is None else frozenset(keys)
    kept = [
        row
        for row in rows
        if (wanted is None or row[shape.key] in wanted)  # type: ignore[index]
        and (shape.where is None or holds(shape.where, row, values))
    ]
    if shape.columns == (Count(),):
        return [(len(kept),)]
    kept = ordered(kept, shape.order)
    limit = None if shape.limit is None else values[shape.limit.index]
    if shape.key is None:
        return [tuple(column_value(column, row, values) for column in shape.columns) for row in kept[:limit]]
    return _of_keys(shape.key, kept, limit, shape.columns, values)


def _of_keys(key: str, rows: list[Named], limit: int | None, columns: tuple[Column, ...], values: Values) -> list[Row]:
    found: list[Row] = []
    counts: dict[Key, int] = {}
    for row in rows:
        count = counts[row[key]] = counts.get(row[key], 0) + 1
        if limit is None or count <= limit:
            found.append((row[key], *(column_value(column, row, values) for column in columns)))
    return found


def ordered(rows: list[Named], order: tuple[Order, ...]) -> list[Named]:
    """The rows in an order; rows that it does not tell apart stay as they are."""
    for part in reversed(order):
        name, descending = part.column, part.descending
        # The flag puts nulls last: a descending sort turns it around too.
        rows = sorted(rows, key=lambda row: ((row[name] is None) != descending, row[name]), reverse=descending)
    return rows


def holds(condition: Condition, row: Named, values: Values) -> bool:
    """Whether a condition holds for a row."""
    match condition:
        case All(conditions):
            return all(holds(inner, row, values) for inner in conditions)
        case Some(conditions):
            return any(holds(inner, row, values) for inner in conditions)
        case Compare(operand, name, param):
            left, right = operand_value(operand, row, values), values[param.index]
            if left is None or right is None:
                return False
            return left in right if name == "in" else _OPERATORS[name](left, right)


def column_value(column: Column, row: Named, values: Values) -> Any:
    """The value of one column of a row."""
    match column:
        case str() | Call():
            return operand_value(column, row, values)
        case Holds(condition):
            return holds(condition, row, values)
        case Only(condition, operand):
            return operand_value(operand, row, values) if holds(condition, row, values) else None
        case Nothing():
            return None
        case Json(names, columns):
            return orjson.dumps({name: column_value(c, row, values) for name, c in zip(names, columns, strict=True)})
        case Count():
            raise AssertionError("a count is the only column of its shape")


def operand_value(operand: Operand, row: Named, values: Values) -> Any:
    """The value of a column or of a call."""
    if isinstance(operand, str):
        return row[operand]
    value = row[operand.column]
    arguments = [values[param.index] for param in operand.args]
    if value is None or None in arguments:
        return None
    match operand.function:
        case "years_since":
            return years_since(value, arguments[0])
        case "reached_age":
            return years_since(value, arguments[1]) >= arguments[0]
        case "at_most":
            return value <= arguments[0]


def years_since(day: date, today: date) -> int:
    """Whole years from a day to today, towards zero if the day is yet to come.

    Born on 29 February, one is a year older on 1 March of a common year: 28 February is before the day of the month.
    """
    if day > today:
        return -years_since(today, day)
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def fits(value: Any, column_type: ColumnType) -> bool:
    """Whether a value is one that a column of this type may hold; null always is."""
    if value is None:
        return True
    if isinstance(column_type, tuple):
        return type(value) is str and value in column_type
    if type(value) is int:
        return column_type is int and -(2**63) <= value < 2**63
    return type(value) is column_type
