"""What a source is: the contract between the executor and one register.

A source answers `fetch(batch) -> rows`. A batch is a shape (what is asked; the same for every caller whose plan has it) with the
keys and values of this time. A shape names tables, columns, conditions, an order and a limit, all of them by the schema's own
names, so whatever a source builds from it holds no text of a caller.

Rows are sequences. With a key, a row is `(key, *columns)`; without one it is `(*columns,)`. A source returns the rows of one key
in the shape's order, at most `limit` of them; keys without rows are simply absent, and a repeated key counts once.

The three sources agree on the meaning of every shape: `tests/sources/test_contract.py` runs one suite against all of them.

Errors:

    SourceError                  the source's fields are lost, and nothing else
    ├── SourceUnavailable        refused, reset, shut down, no such database
    ├── SourceTimeout            no answer before the source's deadline
    ├── SourceOverloaded         more batches wait than the source's queue bound admits
    └── SourceNonsense           it answered, but not with rows of the declared types

None of them carries a driver's message to a caller: it may hold SQL or values. The cause is chained for the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

Key: TypeAlias = str | int
Row: TypeAlias = Sequence[Any]

ColumnType: TypeAlias = type | tuple[str, ...]
"""`str`, `int` (64 bits), `bool`, `date`, or the tuple of the names that an enumerated text column may hold."""

Tables: TypeAlias = Mapping[str, Mapping[str, ColumnType]]
"""table → column → type: all that a source may name."""


@dataclass(frozen=True, slots=True)
class Param:
    """The value at `index` of the batch's `values`."""

    index: int


Function: TypeAlias = Literal[
    "years_since",
    "reached_age",
    "at_most",
    "band",
    "threshold",
    "year",
    "first",
    "last",
    "initial",
    "district",
    "pseudonym",
]


@dataclass(frozen=True, slots=True)
class Call:
    """A value computed from a column or from another call, inside the source where it can.

    - `years_since(date; today)`: whole years from a date to `today`; born on 29 February, a year is full on 1 March. To a date
      that is yet to come they are negative, and whole towards zero.
    - `reached_age(date; years, today)`: whether `years_since` is at least `years`.
    - `at_most(int; bound)`: whether the number is at most `bound`.

    What is left of a value by these is less than the value:

    - `band(int; n)`: the largest multiple of `n` that is not above the number; below -2^63 there is none, and it is -2^63.
    - `threshold(int; n)`: `n` if the number is at least `n`, else 0.
    - `year(date)`: 1 January of its year.
    - `first(text; n)`, `last(text; n)`: the first or last `n` characters, and `*` for every other one; `initial(text)` is the
      first with 1. A character is a code point.
    - `district(text)`: the first two words, with the space between them; each single space ends a word.
    - `pseudonym(text; inner, outer)`: the first 32 hexadecimal digits of HMAC-SHA-256 of the text in UTF-8. The key comes as
      `sources.evaluate.hmac_blocks` writes it, for then a source needs SHA-256 alone.

    `n` is at least 1; of a text, less keeps nothing. Null in, null out: of the column as of the arguments.
    """

    function: Function
    column: str | Call
    args: tuple[Param, ...]


Operand: TypeAlias = str | Call
"""A column's name (`name`, or `join.name` for a joined table) or a computed value."""


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison. Null compares false. `in` takes a list value."""

    operand: Operand
    operator: Literal["=", "<", "<=", ">", ">=", "in"]
    value: Param


@dataclass(frozen=True, slots=True)
class All:
    """Every condition holds; with none, true."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one condition holds; with none, false."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold. Never null: what compares with null does not hold."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Exists:
    """At least one row of another table of the same source has this row's `on` in its `column`, and meets the condition.

    `on` is a column of this row (`name`, or `join.name`); the condition's names are the other table's own. Never null: a null is
    in no column. `by_row`: few rows are looked at, in their order, so each is to be looked up by itself.
    """

    table: str
    column: str
    on: str
    condition: Condition | None = None
    by_row: bool = False


Condition: TypeAlias = Compare | All | Some | Not | Exists


@dataclass(frozen=True, slots=True)
class Holds:
    """A column that is true where the condition holds, else false (never null): a guard."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Only:
    """The operand where the condition holds, else null, decided inside the source."""

    condition: Condition
    operand: Operand


@dataclass(frozen=True, slots=True)
class Nothing:
    """A null that reads no column: it keeps a place in the row for a column that these keys may not have."""


@dataclass(frozen=True, slots=True)
class Count:
    """The number of rows. It is the only column of its shape, which has no key, order or limit; the answer is one row."""


@dataclass(frozen=True, slots=True)
class Json:
    """One JSON object in UTF-8 (`bytes`), with these names for these columns; dates as ISO 8601, integers as JSON numbers."""

    names: tuple[str, ...]
    columns: tuple[str | Call | Holds | Only | Nothing, ...]


Column: TypeAlias = str | Call | Holds | Only | Nothing | Count | Json


@dataclass(frozen=True, slots=True)
class Join:
    """At most one row of another table of the same source for each row: `alias.column = on`; absent, its columns are null."""

    alias: str
    table: str
    column: str
    on: str


@dataclass(frozen=True, slots=True)
class Order:
    """Ascending unless `descending`; nulls come last either way."""

    column: str
    descending: bool = False


@dataclass(frozen=True)
class Shape:
    """What a batch asks, without this time's keys and values. Equal shapes with equal values may share one statement."""

    table: str
    columns: tuple[Column, ...]
    key: str | None = None
    joins: tuple[Join, ...] = ()
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: Param | None = None

    def __post_init__(self) -> None:
        fields = (self.table, self.columns, self.key, self.joins, self.where, self.order, self.limit)
        object.__setattr__(self, "_hash", hash(fields))

    def __hash__(self) -> int:
        # Shapes are deep and are looked up for every step of every request, so the hash is taken once.
        return self._hash  # type: ignore[attr-defined,no-any-return]


class Batch(NamedTuple):
    """One fetch: a shape, the keys (none without a key column), and the values that its `Param`s stand for."""

    shape: Shape
    keys: Sequence[Key] = ()
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source's shapes may hold beyond keyed columns with conditions, order and limit.

    `joins`: `Shape.joins`, and `Exists`. `scan`: shapes without a key, and `Count`. `json`: `Json` columns.
    The planner asks before it builds; a source that is given more answers `SourceNonsense`.
    """

    joins: bool
    scan: bool
    json: bool


class Source(Protocol):
    """One register. Instances are safe for concurrent use in one event loop."""

    name: str
    capabilities: Capabilities

    async def fetch(self, batch: Batch) -> Sequence[Row]:
        """Rows of the batch; raises `SourceError` alone."""

    async def aclose(self) -> None:
        """Let go of connections; later fetches raise `SourceUnavailable`."""


class SourceError(Exception):
    """A source did not give its rows. `str()` is safe to show: it holds the source's name and the kind of failure, no more."""

    kind = "failed"

    def __init__(self, source: str) -> None:
        super().__init__(f"source `{source}` {self.kind}")
        self.source = source


class SourceUnavailable(SourceError):
    kind = "is unavailable"


class SourceTimeout(SourceError):
    kind = "did not answer in time"


class SourceOverloaded(SourceError):
    kind = "has too many requests waiting"


class SourceNonsense(SourceError):
    kind = "gave an answer that makes no sense"
