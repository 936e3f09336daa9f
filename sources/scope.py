"""What the names of a shape stand for: one place where every source resolves them, so that all refuse the same shapes.

A shape is made by the planner from the schema, never by a caller, so a name that `tables` does not know is a mistake in a
schema file or in the settings. It is found before anything is sent to the register.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple, TypeAlias

from sources.protocol import (
    All,
    Call,
    Column,
    ColumnType,
    Condition,
    Count,
    Exists,
    Function,
    Holds,
    Json,
    Not,
    Only,
    Operand,
    Shape,
    Some,
    Tables,
)

Scalar: TypeAlias = type[str] | type[int] | type[bool] | type[date]

CALLS: dict[Function, tuple[Scalar, tuple[Scalar, ...], Scalar]] = {
    "years_since": (date, (date,), int),
    "reached_age": (date, (int, date), bool),
    "at_most": (int, (int,), bool),
    "band": (int, (int,), int),
    "threshold": (int, (int,), int),
    "year": (date, (), date),
    "first": (str, (int,), str),
    "last": (str, (int,), str),
    "initial": (str, (), str),
    "district": (str, (), str),
    "pseudonym": (str, (str, str), str),
}
"""function → its column's type, its arguments' types, its result's type."""


class UnknownName(Exception):
    """A shape names what the source's tables do not have, or uses it as another type."""


class Place(NamedTuple):
    """Where a column is: in the shape's own table (0) or in its n-th join (n)."""

    join: int
    column: str
    type: Scalar


def scalar(column_type: ColumnType) -> Scalar:
    """The type of a column's values; the names of an enumeration are text."""
    return str if isinstance(column_type, tuple) else column_type


class Scope:
    """The tables of one shape, by the names that its operands use; raises `UnknownName` for a shape that has no meaning."""

    def __init__(self, shape: Shape, tables: Tables) -> None:
        self._aliases: dict[str, tuple[int, str]] = {"": (0, shape.table)}
        self._tables = tables
        self._table(shape.table)
        for number, join in enumerate(shape.joins, start=1):
            if join.alias in self._aliases or not join.alias or "." in join.alias:
                raise UnknownName(f"two tables of a shape are named `{join.alias}`, or the name is empty or holds a dot")
            if self._column(join.table, join.column) != self.place(join.on).type:
                raise UnknownName(f"`{join.alias}.{join.column}` and `{join.on}` are of different types")
            self._aliases[join.alias] = (number, join.table)
        for operand in operands(shape):
            self.type(operand)
        for exists in others(shape):
            self.within(exists)
        for column in shape.columns:
            if isinstance(column, Json) and not len(set(column.names)) == len(column.names) == len(column.columns):
                raise UnknownName("the names of a JSON object must differ and be as many as its columns")
        if Count() in shape.columns and shape != Shape(shape.table, (Count(),), joins=shape.joins, where=shape.where):
            raise UnknownName("a count is the only column of its shape, which has no key, order or limit")

    def place(self, name: str) -> Place:
        """The column that `name` or `join.name` stands for."""
        alias, _, column = name.rpartition(".")
        if alias not in self._aliases:
            raise UnknownName(f"no table of the shape is named `{alias}`")
        number, table = self._aliases[alias]
        return Place(number, column, self._column(table, column))

    def type(self, operand: Operand) -> Scalar:
        """The type of an operand's value."""
        if isinstance(operand, str):
            return self.place(operand).type
        column, arguments, result = CALLS[operand.function]
        if self.type(operand.column) is not column or len(operand.args) != len(arguments):
            raise UnknownName(f"`{operand.function}` cannot be called so on `{column_of(operand)}`")
        return result

    def within(self, exists: Exists) -> Scope:
        """The scope of the condition on another table's rows."""
        if self._column(exists.table, exists.column) is not self.place(exists.on).type:
            raise UnknownName(f"`{exists.table}.{exists.column}` and `{exists.on}` are of different types")
        return Scope(Shape(exists.table, (), where=exists.condition), self._tables)

    def _table(self, table: str) -> None:
        if table not in self._tables:
            raise UnknownName(f"no table is named `{table}`")

    def _column(self, table: str, column: str) -> Scalar:
        self._table(table)
        if column not in self._tables[table]:
            raise UnknownName(f"table `{table}` has no column `{column}`")
        return scalar(self._tables[table][column])


def operands(shape: Shape) -> list[Operand]:
    """Every operand of a shape, as often as it stands there: what a source reads to answer it, the joins' columns aside.

    Of an `Exists` it is the shape's own column; what is read of the other table is in that one's own scope.
    """
    return [read.on if isinstance(read, Exists) else read for read in _reads(shape)]


def others(shape: Shape) -> list[Exists]:
    """Every `Exists` of a shape, but for those within another's condition."""
    return [read for read in _reads(shape) if isinstance(read, Exists)]


def column_of(operand: Operand) -> str:
    """The column that an operand is, or is computed from."""
    return operand if isinstance(operand, str) else column_of(operand.column)


def _reads(shape: Shape) -> Iterator[Operand | Exists]:
    if shape.key is not None:
        yield shape.key
    for column in shape.columns:
        yield from _of_column(column)
    if shape.where is not None:
        yield from _of_condition(shape.where)
    for order in shape.order:
        yield order.column


def _of_column(column: Column) -> Iterator[Operand | Exists]:
    match column:
        case str() | Call():
            yield column
        case Holds(condition):
            yield from _of_condition(condition)
        case Only(condition, operand):
            yield from _of_condition(condition)
            yield operand
        case Json(_, columns):
            for inner in columns:
                yield from _of_column(inner)


def _of_condition(condition: Condition) -> Iterator[Operand | Exists]:
    match condition:
        case All(conditions) | Some(conditions):
            for inner in conditions:
                yield from _of_condition(inner)
        case Not(inner):
            yield from _of_condition(inner)
        case Exists():
            yield condition
        case _:
            yield condition.operand
