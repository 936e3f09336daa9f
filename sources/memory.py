"""A source whose rows are in memory: for tests, and for small code lists that no database keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sources.evaluate import Named, answer, fits
from sources.protocol import Batch, Capabilities, Join, Row, Shape, SourceNonsense, SourceUnavailable, Tables
from sources.scope import Scope, UnknownName

Index = dict[Any, list[Named]]


class MemorySource:
    """Rows by table, each a mapping from column to value; a column that a row leaves out is null.

    Raises `ValueError` if a row does not fit its table.
    """

    capabilities = Capabilities(joins=True, scan=True, json=True)

    def __init__(self, name: str, tables: Tables, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self.name = name
        self._tables = tables
        self._rows = {table: [_complete(name, table, row, tables) for row in rows.get(table, ())] for table in tables}
        self._indexes: dict[tuple[str, str], Index] = {}
        self._closed = False

    async def fetch(self, batch: Batch) -> list[Row]:
        if self._closed:
            raise SourceUnavailable(self.name)
        shape = batch.shape
        try:
            Scope(shape, self._tables)
        except UnknownName as error:
            raise SourceNonsense(self.name) from error
        return answer(batch, self._joined(shape, self._candidates(batch)), self._having)

    async def aclose(self) -> None:
        self._closed = True

    def _candidates(self, batch: Batch) -> Iterator[Named]:
        """The rows of the shape's own table that can have one of the keys."""
        shape = batch.shape
        if shape.key is None or "." in shape.key:
            yield from self._rows[shape.table]
        else:
            index = self._index(shape.table, shape.key)
            for key in dict.fromkeys(batch.keys):
                yield from index.get(key, ())

    def _joined(self, shape: Shape, rows: Iterator[Named]) -> Iterator[Named]:
        for join in shape.joins:
            rows = self._join(join, rows)
        return rows

    def _join(self, join: Join, rows: Iterator[Named]) -> Iterator[Named]:
        index = self._index(join.table, join.column)
        absent: list[Named] = [dict.fromkeys(self._tables[join.table])]
        for row in rows:
            for other in index.get(row[join.on], absent):
                yield {**row, **{f"{join.alias}.{column}": value for column, value in other.items()}}

    def _having(self, table: str, column: str, value: Any) -> Sequence[Named]:
        return self._index(table, column).get(value, ())

    def _index(self, table: str, column: str) -> Index:
        """Rows by a column's value, made when first asked for; null finds nothing."""
        if (table, column) not in self._indexes:
            index: Index = {}
            for row in self._rows[table]:
                if row[column] is not None:
                    index.setdefault(row[column], []).append(row)
            self._indexes[table, column] = index
        return self._indexes[table, column]


def _complete(source: str, table: str, row: Mapping[str, Any], tables: Tables) -> Named:
    columns = tables[table]
    if unknown := row.keys() - columns.keys():
        raise ValueError(f"table `{table}` of source `{source}` has no column `{min(unknown)}`")
    for column, value in row.items():
        if not fits(value, columns[column]):
            raise ValueError(f"a row of table `{table}` of source `{source}` has a value of the wrong type for `{column}`")
    return {column: row.get(column) for column in columns}
