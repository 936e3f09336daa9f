"""The graph's own scalars, beside GraphQL's five."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
"""An integer of up to 64 bits."""

DateTime = NewType("DateTime", str)
"""A moment, as text in one form alone (`2026-11-24T09:30:05.123456Z`, always UTC), so that the order of texts is that of time."""

_LIMIT = 2**63
_CYCLE = 400
"""Years after which the calendar repeats itself."""
_RFC_3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def _integer(value: Any) -> int:
    """A 64-bit integer from a JSON number or a string of digits (clients whose numbers end at 2^53 send strings)."""
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            raise GraphQLError("`BigInt` takes an integer, or a string of its digits") from None
    if isinstance(value, bool) or not isinstance(value, int) or not -_LIMIT <= value < _LIMIT:
        raise GraphQLError("`BigInt` takes an integer from -2^63 to 2^63 - 1")
    return value


def _moment(value: Any) -> str:
    """The one form of a moment that is written as RFC 3339 has it."""
    found = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise GraphQLError("`DateTime` takes a date and time with `Z` or an offset, such as `2026-11-24T18:30:05+09:00`")
    *parts, fraction, sign, hours, minutes = found.groups()
    year, month, day, hour, minute, second = (int(part) for part in parts)
    ahead = dt.timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    # Python's years end at 1 and 9999 before the offset is taken off, so that is done in others that have the same days.
    shift = _CYCLE if year < 5_000 else -_CYCLE
    try:
        if int(hours or 0) > 23 or int(minutes or 0) > 59:
            raise ValueError
        utc = dt.datetime(year + shift, month, day, hour, minute, second) - ahead
    except ValueError:
        raise GraphQLError("`DateTime` takes a day and a time that exist, without leap seconds and `24:00`") from None
    if not 1 <= utc.year - shift <= 9_999:
        raise GraphQLError("`DateTime` takes years from 0001 to 9999, in UTC")
    return f"{utc.year - shift:04}-{utc:%m-%dT%H:%M:%S}.{(fraction or '')[:6]:0<6}Z"


def _as_it_stands(value: Any) -> Any:
    return value


SCALARS: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="An integer of up to 64 bits, written as a JSON number; as input also a string of digits.",
        serialize=_integer,
        parse_value=_integer,
    ),
    DateTime: strawberry.scalar(
        name="DateTime",
        description=(
            "A moment in UTC, written `2026-11-24T09:30:05.123456Z`: always with `Z` and six digits after the point, so that "
            "the order of texts is that of time. As input a date and time with `Z` or any offset, as RFC 3339 has it, with up "
            "to nine digits after the point, of which six count; without leap seconds and `24:00`; years 0001 to 9999 in UTC."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_as_it_stands,
        parse_value=_moment,
    ),
}
