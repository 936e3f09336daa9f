"""What conditions, calls, order and limits mean, in Python: for sources that cannot compute them where the rows are.

Rows are mappings from an operand's name (`column`, or `join.column`) to its value. PostgreSQL gives the same meaning to every
shape, and the contract suite holds the two against each other:

- null compares false with everything, null included; a call on null is null; what does not hold is false, and so `Not` is true;
- text is compared and ordered by code point;
- nulls come last in an order, ascending or descending.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
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
    Exists,
    Function,
    Holds,
    Json,
    Key,
    Not,
    Nothing,
    Only,
    Operand,
    Order,
    Row,
    Some,
)

Values: TypeAlias = tuple[Any, ...]
Named: TypeAlias = Mapping[str, Any]

Having: TypeAlias = Callable[[str, str, Any], Iterable[Named]]
"""table, column, value → the rows of another table that have the value in that column."""

_SMALLEST = -(2**63)
_LARGEST = 2**63 - 1
_DIGITS = 32
_BLOCK = 64
"""Bytes that SHA-256 takes at a time."""

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def answer(batch: Batch, rows: Iterable[Named], having: Having | None = None) -> list[Row]:
    """The rows of a batch, from all rows that its table and joins have for its keys; `having` answers its `Exists`."""
    shape, keys, values = batch
    reader = _Reader(values, having)
    wanted = None if shape.key is None else frozenset(keys)
    kept = [
        row
        for row in rows
        if (wanted is None or row[shape.key] in wanted)  # type: ignore[index]
        and (shape.where is None or reader.holds(shape.where, row))
    ]
    if shape.columns == (Count(),):
        return [(len(kept),)]
    kept = ordered(kept, shape.order)
    limit = None if shape.limit is None else values[shape.limit.index]
    if shape.key is None:
        return [tuple(reader.column(column, row) for column in shape.columns) for row in kept[:limit]]
    return _of_keys(shape.key, kept, limit, shape.columns, reader)


def _of_keys(key: str, rows: list[Named], limit: int | None, columns: tuple[Column, ...], reader: _Reader) -> list[Row]:
    found: list[Row] = []
    counts: dict[Key, int] = {}
    for row in rows:
        count = counts[row[key]] = counts.get(row[key], 0) + 1
        if limit is None or count <= limit:
            found.append((row[key], *(reader.column(column, row) for column in columns)))
    return found


def ordered(rows: list[Named], order: tuple[Order, ...]) -> list[Named]:
    """The rows in an order; rows that it does not tell apart stay as they are."""
    for part in reversed(order):
        name, descending = part.column, part.descending
        # The flag puts nulls last: a descending sort turns it around too.
        rows = sorted(rows, key=lambda row: ((row[name] is None) != descending, row[name]), reverse=descending)
    return rows


@dataclass(frozen=True, slots=True)
class _Reader:
    """Works out a row's conditions and columns, with this time's values."""

    values: Values
    having: Having | None

    def holds(self, condition: Condition, row: Named) -> bool:
        """Whether a condition holds for a row."""
        match condition:
            case All(conditions):
                return all(self.holds(inner, row) for inner in conditions)
            case Some(conditions):
                return any(self.holds(inner, row) for inner in conditions)
            case Not(inner):
                return not self.holds(inner, row)
            case Compare(operand, name, param):
                left, right = self.operand(operand, row), self.values[param.index]
                if left is None or right is None:
                    return False
                return left in right if name == "in" else _OPERATORS[name](left, right)
            case Exists(table, column, on, inner_condition):
                assert self.having is not None, "a source without joins refuses `Exists`"
                others = () if row[on] is None else self.having(table, column, row[on])
                return any(inner_condition is None or self.holds(inner_condition, other) for other in others)

    def column(self, column: Column, row: Named) -> Any:
        """The value of one column of a row."""
        match column:
            case str() | Call():
                return self.operand(column, row)
            case Holds(condition):
                return self.holds(condition, row)
            case Only(condition, operand):
                return self.operand(operand, row) if self.holds(condition, row) else None
            case Nothing():
                return None
            case Json(names, columns):
                return orjson.dumps({name: self.column(inner, row) for name, inner in zip(names, columns, strict=True)})
            case Count():
                raise AssertionError("a count is the only column of its shape")

    def operand(self, operand: Operand, row: Named) -> Any:
        """The value of a column or of a call."""
        if isinstance(operand, str):
            return row[operand]
        value = self.operand(operand.column, row)
        arguments = [self.values[param.index] for param in operand.args]
        if value is None or None in arguments:
            return None
        return _FUNCTIONS[operand.function](value, *arguments)


def years_since(day: date, today: date) -> int:
    """Whole years from a day to today, towards zero if the day is yet to come.

    Born on 29 February, one is a year older on 1 March of a common year: 28 February is before the day of the month.
    """
    if day > today:
        return -years_since(today, day)
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def reached_age(day: date, years: int, today: date) -> bool:
    return years_since(day, today) >= years


def band(number: int, n: int) -> int:
    return max(number // n * n, _SMALLEST)


def threshold(number: int, n: int) -> int:
    return n if number >= n else 0


def year(day: date) -> date:
    return day.replace(month=1, day=1)


def first(text: str, n: int) -> str:
    kept = min(max(n, 0), len(text))
    return text[:kept] + "*" * (len(text) - kept)


def last(text: str, n: int) -> str:
    hidden = len(text) - min(max(n, 0), len(text))
    return "*" * hidden + text[hidden:]


def initial(text: str) -> str:
    return first(text, 1)


def district(text: str) -> str:
    return " ".join(text.split(" ", 2)[:2])


def pseudonym(text: str, inner: str, outer: str) -> str:
    digest = sha256(bytes.fromhex(inner) + text.encode()).digest()
    return sha256(bytes.fromhex(outer) + digest).hexdigest()[:_DIGITS]


def hmac_blocks(key: bytes) -> tuple[str, str]:
    """The arguments `inner` and `outer` of `pseudonym` for a key: its two padded blocks (RFC 2104) in hexadecimal digits."""
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in block).hex(), bytes(byte ^ 0x5C for byte in block).hex()


_FUNCTIONS: dict[Function, Callable[..., Any]] = {
    "years_since": years_since,
    "reached_age": reached_age,
    "at_most": operator.le,
    "band": band,
    "threshold": threshold,
    "year": year,
    "first": first,
    "last": last,
    "initial": initial,
    "district": district,
    "pseudonym": pseudonym,
}


def fits(value: Any, column_type: ColumnType) -> bool:
    """Whether a value is one that a column of this type may hold; null always is."""
    if value is None:
        return True
    if isinstance(column_type, tuple):
        return type(value) is str and value in column_type
    if type(value) is int:
        return column_type is int and _SMALLEST <= value <= _LARGEST
    return type(value) is column_type
