"""The graph's own scalars, beside GraphQL's five."""

from __future__ import annotations

from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
"""An integer of up to 64 bits."""

_LIMIT = 2**63


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


SCALARS: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description="An integer of up to 64 bits, written as a JSON number; as input also a string of digits.",
        serialize=_integer,
        parse_value=_integer,
    )
}
