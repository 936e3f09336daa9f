"""The SQL of a shape, for PostgreSQL.

A statement holds names from `tables`, checked and quoted, and numbered parameters with their types; nothing else goes in, so no
value, key or other text of a caller can. Tables are called t0 (the shape's own), t1, t2 … (its joins), columns c0, c1 …

Which form a shape gets was measured on PostgreSQL 18:

- keys, no limit: `key = ANY($1)`, one index scan for all keys;
- keys and a limit: a subselect with LIMIT for each key by LATERAL, a third faster on 100 and on 1,000 keys than numbering all
  rows of each key with row_number(). Only a nested loop can join it, which keeps the order within a key;
- JSON: row_to_json over a subselect gives compact JSON, twice as fast as json_build_object, which also pads with spaces.

Text is compared and ordered by code point (the "C" collation), as Python does and whatever the database's own collation is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sources.expressions import SQL_TYPES, Expressions, Parameters, quoted
from sources.protocol import Call, Column, Count, Holds, Json, Key, Nothing, Only, Operand, Param, Shape, Tables
from sources.scope import Scalar, Scope


@dataclass(slots=True)
class Statement:
    """The text, and what to send with it: the keys, if it has any, and then these of the batch's values."""

    text: str
    keyed: bool
    values: tuple[int, ...]
    types: tuple[Scalar | None, ...]
    """The type of each column of a row; None for JSON and for a null without a type."""
    checked: bool = field(default=False)
    """Whether the database has confirmed the types."""

    def arguments(self, keys: Sequence[Key], values: Sequence[Any]) -> list[Any]:
        """The parameters in the statement's order. A key that comes twice would give its rows twice."""
        arguments: list[Any] = [list(dict.fromkeys(keys)) if len(keys) > 1 else keys] if self.keyed else []
        arguments.extend([values[index] for index in self.values])
        return arguments


def build(shape: Shape, tables: Tables) -> Statement:
    """The statement of a shape; raises `UnknownName` if it does not fit the tables."""
    return _Builder(shape, tables).statement()


def _bytes(row: str) -> str:
    # As bytes, for as text it would be decoded row by row in the driver, only to be encoded again in the response.
    return f"convert_to(row_to_json({row})::text, 'UTF8')"


class _Builder:
    def __init__(self, shape: Shape, tables: Tables) -> None:
        self._shape = shape
        self._scope = Scope(shape, tables)
        self._parameters = Parameters(first=1 if shape.key is None else 2)
        self._sql = Expressions(self._scope, self._parameters)
        self._shown = Expressions(self._scope, self._parameters, by_row=True)
        self._laterals: list[str] = []

    def statement(self) -> Statement:
        shape = self._shape
        if shape.key is None:
            text = self._scan()
        elif shape.limit is None:
            text = self._keyed(shape.key)
        else:
            text = self._limited(shape.key, shape.limit)
        types = tuple(self._type(column) for column in shape.columns)
        if shape.key is not None:
            types = (self._scope.type(shape.key), *types)
        return Statement(text, shape.key is not None, self._parameters.values, types)

    # The three forms of a statement.

    def _scan(self) -> str:
        columns = self._shape.columns
        if len(columns) == 1 and isinstance(columns[0], Json):
            # Alone, the object is made outside, after the limit: faster than a lateral subselect for each row.
            text = f"SELECT {self._json_columns(columns[0])} FROM {self._from()}{self._where()}{self._order()}{self._limit()}"
            return f"SELECT {_bytes('j')} FROM ({text}) AS j"
        text = self._columns(columns)
        return f"SELECT {text} FROM {self._from()}{self._where()}{self._order()}{self._limit()}"

    def _keyed(self, key: str) -> str:
        columns = self._columns((key, *self._shape.columns))
        matches = f"{self._sql.operand(key)} = ANY($1::{self._sql_type(key)}[])"
        return f"SELECT {columns} FROM {self._from()}{self._where(matches)}{self._order()}"

    def _limited(self, key: str, limit: Param) -> str:
        columns = self._columns(self._shape.columns, named=True)
        where = self._where(f"{self._sql.operand(key)} = k.key")
        rows = f"SELECT {columns} FROM {self._from()}{where}{self._order()}{self._limit()}"
        outer = "".join(f", r.c{number}" for number in range(len(self._shape.columns)))
        keys = f"unnest($1::{self._sql_type(key)}[]) AS k(key)"
        return f"SELECT k.key{outer} FROM {keys} CROSS JOIN LATERAL ({rows}) AS r"

    # Their clauses.

    def _columns(self, columns: Sequence[Column], *, named: bool = False) -> str:
        texts = [self._column(column) for column in columns]
        if named:
            texts = [f"{text} AS c{number}" for number, text in enumerate(texts)]
        return ", ".join(texts)

    def _from(self) -> str:
        text = f"{quoted(self._shape.table)} AS t0"
        for number, join in enumerate(self._shape.joins, start=1):
            matches = f"t{number}.{quoted(join.column)} = {self._sql.operand(join.on)}"
            text += f" LEFT JOIN {quoted(join.table)} AS t{number} ON {matches}"
        return text + "".join(self._laterals)

    def _where(self, *also: str) -> str:
        conditions = [*also]
        if self._shape.where is not None:
            conditions.append(self._sql.condition(self._shape.where))
        return f" WHERE {' AND '.join(conditions)}" if conditions else ""

    def _order(self) -> str:
        texts = [
            f"{self._sql.comparable(order.column)}{' DESC' if order.descending else ''} NULLS LAST" for order in self._shape.order
        ]
        return f" ORDER BY {', '.join(texts)}" if texts else ""

    def _limit(self) -> str:
        return "" if self._shape.limit is None else f" LIMIT {self._parameters.text(self._shape.limit, int)}"

    # Their expressions.

    def _column(self, column: Column) -> str:
        match column:
            case str() | Call():
                return self._sql.operand(column)
            case Holds(condition):
                return f"coalesce({self._shown.condition(condition)}, false)"
            case Only(condition, operand):
                return f"CASE WHEN {self._shown.condition(condition)} THEN {self._sql.operand(operand)} END"
            case Nothing():
                return "NULL"
            case Json():
                name = f"j{len(self._laterals)}"
                self._laterals.append(f" CROSS JOIN LATERAL (SELECT {self._json_columns(column)}) AS {name}")
                return _bytes(name)
            case Count():
                return "count(*)"

    def _json_columns(self, column: Json) -> str:
        pairs = zip(column.columns, column.names, strict=True)
        return ", ".join(f"{self._column(inner)} AS {quoted(name)}" for inner, name in pairs)

    def _type(self, column: Column) -> Scalar | None:
        match column:
            case str() | Call():
                return self._scope.type(column)
            case Only(_, operand):
                return self._scope.type(operand)
            case Holds():
                return bool
            case Count():
                return int
        return None

    def _sql_type(self, operand: Operand) -> str:
        return SQL_TYPES[self._scope.type(operand)]
