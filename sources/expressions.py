"""The SQL of conditions and of computed values, for PostgreSQL.

They mean what `sources.evaluate` makes of them, of every value that a column can hold. Only names from the tables, numbered
parameters and the constants of this file go in.

Tables are called t0 (the shape's own), t1, t2 … (its joins); in a subselect for `Exists` e1, in one within that e2 …
"""

from __future__ import annotations

from datetime import date

from sources.protocol import All, Compare, Condition, Exists, Function, Not, Operand, Param, Some
from sources.scope import CALLS, Scalar, Scope, UnknownName

SQL_TYPES: dict[Scalar, str] = {str: "text", int: "bigint", bool: "boolean", date: "date"}

LONGEST_NAME = 63
"""PostgreSQL cuts longer names short, without an error."""

# Of timestamps without a zone: age() of dates goes by way of the session's time zone, and so does date_trunc(). PostgreSQL counts
# calendar years, so a year since 29 February is full on 1 March.
_YEARS = "extract(year FROM age({today}::timestamp, {{x}}::timestamp))::bigint"

# Division and remainder are towards zero, so below zero a band is one lower, unless that is below what 64 bits hold.
_LOWER = "greatest({x} / {0} * {0}, '-9223372036854775808'::bigint + {0}) - {0}"
_BAND = f"(CASE WHEN {{x}} % {{0}} < 0 THEN {_LOWER} ELSE {{x}} / {{0}} * {{0}} END)"

# least() passes over a null: without the test, no number of characters would keep them all, and no text be too long for the cast.
_KEPT = "greatest(least({0}, length({x})), 0)::int"
_SOME = "{x} IS NOT NULL AND {0} IS NOT NULL"
_FIRST = f"(CASE WHEN {_SOME} THEN rpad(left({{x}}, {_KEPT}), length({{x}}), '*') END)"
_LAST = f"(CASE WHEN {_SOME} THEN lpad(right({{x}}, {_KEPT}), length({{x}}), '*') END)"

# HMAC (RFC 2104) by the built-in sha256(), for hmac() is in an extension.
_INNER = "sha256(decode({0}, 'hex') || convert_to({x}, 'UTF8'))"
_PSEUDONYM = f"left(encode(sha256(decode({{1}}, 'hex') || {_INNER}), 'hex'), 32)"

FUNCTIONS: dict[Function, str] = {
    "years_since": _YEARS.format(today="{0}"),
    "reached_age": f"({_YEARS.format(today='{1}')} >= {{0}})",
    "at_most": "({x} <= {0})",
    "band": _BAND,
    "threshold": "(({x} >= {0})::int * {0})",
    "year": "date_trunc('year', {x}::timestamp)::date",
    "first": _FIRST,
    "last": _LAST,
    "initial": "rpad(left({x}, 1), length({x}), '*')",
    "district": "substring({x} from '^[^ ]*(?: [^ ]*)?')",
    "pseudonym": _PSEUDONYM,
}
"""function → its SQL, of the value `x` and the arguments by number."""


class Parameters:
    """The numbers of a statement's parameters, from `first` on, in the order in which they are first used."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._numbers: dict[int, int] = {}

    @property
    def values(self) -> tuple[int, ...]:
        """Which of the batch's values each parameter is."""
        return tuple(self._numbers)

    def text(self, param: Param, kind: Scalar, *, many: bool = False) -> str:
        number = self._numbers.setdefault(param.index, self._first + len(self._numbers))
        return f"${number}::{SQL_TYPES[kind]}{'[]' if many else ''}"


class Expressions:
    """Expressions over the rows of one scope; `depth` is how many `Exists` they are in.

    `by_row`: what exists is looked up for each row. Of EXISTS PostgreSQL may also make a table of all that could, which it takes
    to be cheaper for as many rows as a condition admits, though a limit lets few of them through: a whole register for a page.
    """

    def __init__(self, scope: Scope, parameters: Parameters, depth: int = 0, *, by_row: bool = False) -> None:
        self._scope = scope
        self._parameters = parameters
        self._depth = depth
        self._by_row = by_row

    def operand(self, operand: Operand) -> str:
        if isinstance(operand, str):
            place = self._scope.place(operand)
            return f"{f'e{self._depth}' if self._depth else f't{place.join}'}.{quoted(place.column)}"
        types = CALLS[operand.function][1]
        arguments = [self._parameters.text(param, kind) for param, kind in zip(operand.args, types, strict=True)]
        return FUNCTIONS[operand.function].format(*arguments, x=self.operand(operand.column))

    def condition(self, condition: Condition) -> str:
        match condition:
            case All(conditions):
                return f"({' AND '.join(map(self.condition, conditions))})" if conditions else "true"
            case Some(conditions):
                return f"({' OR '.join(map(self.condition, conditions))})" if conditions else "false"
            case Not(inner):
                return f"(({self.condition(inner)}) IS NOT TRUE)"
            case Exists():
                return self._exists(condition)
            case Compare(operand, "=", value):
                return f"{self.operand(operand)} = {self._value(value, operand)}"
            case Compare(operand, "in", value):
                return f"{self.operand(operand)} = ANY({self._value(value, operand, many=True)})"
            case Compare(operand, operator, value):
                return f"{self.comparable(operand)} {operator} {self._value(value, operand)}"

    def comparable(self, operand: Operand) -> str:
        """An operand that is compared and ordered as Python does it."""
        text = self.operand(operand)
        return f'{text} COLLATE "C"' if self._scope.type(operand) is str else text

    def _exists(self, exists: Exists) -> str:
        by_row = self._by_row or exists.by_row
        inside = Expressions(self._scope.within(exists), self._parameters, self._depth + 1, by_row=by_row)
        where = f"{inside.operand(exists.column)} = {self.operand(exists.on)}"
        if exists.condition is not None:
            where += f" AND {inside.condition(exists.condition)}"
        rows = f"FROM {quoted(exists.table)} AS e{self._depth + 1} WHERE {where}"
        # A value from a subselect is never made of such a table. Without a row it is null, which holds no more than false.
        return f"(SELECT true {rows} LIMIT 1)" if by_row else f"EXISTS (SELECT 1 {rows})"

    def _value(self, param: Param, operand: Operand, *, many: bool = False) -> str:
        return self._parameters.text(param, self._scope.type(operand), many=many)


def quoted(name: str) -> str:
    """A name as an identifier, whatever it holds; raises `UnknownName` if PostgreSQL has no such names."""
    if not name or "\0" in name or len(name.encode()) > LONGEST_NAME:
        raise UnknownName(f"`{name}` cannot be a name in PostgreSQL")
    return '"' + name.replace('"', '""') + '"'
