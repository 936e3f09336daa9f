"""The graph's own scalars: what they take, and what they make of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from schema.catalogue import column_type
from schema.scalars import SCALARS, BigInt, DateTime


@strawberry.type
class Query:
    @strawberry.field
    def same(self, at: DateTime | None = None) -> DateTime | None:
        return at

    @strawberry.field
    def stored(self) -> DateTime:
        return DateTime("0001-01-01T00:00:00.000000Z")


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))


def moment(text: Any) -> Any:
    parse = SCALARS[DateTime].parse_value
    assert parse is not None
    return parse(text)


def test_columns_of_scalars() -> None:
    assert (column_type(BigInt | None), column_type(DateTime | None), column_type(DateTime)) == (int, str, str)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("2026-11-24T09:30:05.123456Z", "2026-11-24T09:30:05.123456Z"),
        ("2026-11-24T09:30:05Z", "2026-11-24T09:30:05.000000Z"),
        ("2026-11-24t09:30:05z", "2026-11-24T09:30:05.000000Z"),
        ("2026-11-24T18:30:05+09:00", "2026-11-24T09:30:05.000000Z"),
        ("2026-11-24T00:30:05.5-09:30", "2026-11-24T10:00:05.500000Z"),
        ("2026-11-24T09:30:05.123456999Z", "2026-11-24T09:30:05.123456Z"),
        ("2026-11-24T09:30:05.000000001-00:00", "2026-11-24T09:30:05.000000Z"),
        ("2026-03-01T00:00:00+09:00", "2026-02-28T15:00:00.000000Z"),
        ("2024-03-01T00:00:00+23:59", "2024-02-29T00:01:00.000000Z"),
        ("2027-01-01T00:00:00+00:01", "2026-12-31T23:59:00.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
        ("0000-12-31T23:30:00-00:30", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_a_moment_has_one_form(given: str, taken: str) -> None:
    assert moment(given) == taken
    assert moment(taken) == taken


FORM = "takes a date and time with `Z` or an offset"
NONE_SUCH = "takes a day and a time that exist"
YEARS = "takes years from 0001 to 9999"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", FORM),
        (None, FORM),
        (0, FORM),
        (True, FORM),
        ("2026-11-24", FORM),
        ("2026-11-24T09:30:05", FORM),
        ("2026-11-24 09:30:05Z", FORM),
        ("2026-11-24T09:30Z", FORM),
        ("2026-11-24T09:30:05.Z", FORM),
        ("2026-11-24T09:30:05,5Z", FORM),
        ("2026-11-24T09:30:05.1234567890Z", FORM),
        ("2026-11-24T09:30:05+0900", FORM),
        ("2026-11-24T09:30:05+09", FORM),
        ("2026-11-24T09:30:05Z\n", FORM),
        (" 2026-11-24T09:30:05Z", FORM),
        ("20261124T093005Z", FORM),
        ("12026-11-24T09:30:05Z", FORM),
        ("٢٠٢٦-11-24T09:30:05Z", FORM),
        ("2026-11-24T24:00:00Z", NONE_SUCH),
        ("2026-12-31T23:59:60Z", NONE_SUCH),
        ("2026-11-24T09:60:00Z", NONE_SUCH),
        ("2026-11-31T09:30:05Z", NONE_SUCH),
        ("2026-02-29T09:30:05Z", NONE_SUCH),
        ("2026-13-01T09:30:05Z", NONE_SUCH),
        ("2026-00-01T09:30:05Z", NONE_SUCH),
        ("2026-11-24T09:30:05+24:00", NONE_SUCH),
        ("2026-11-24T09:30:05-09:60", NONE_SUCH),
        ("0001-01-01T00:00:00+00:01", YEARS),
        ("0000-06-01T00:00:00Z", YEARS),
        ("9999-12-31T23:59:59-00:01", YEARS),
    ],
)
def test_what_is_no_moment(given: Any, why: str) -> None:
    with pytest.raises(GraphQLError, match=why):
        moment(given)


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
MOMENTS = st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 12, 31), timezones=OFFSETS)


@given(one=MOMENTS, other=MOMENTS)
def test_the_order_of_texts_is_that_of_time(one: dt.datetime, other: dt.datetime) -> None:
    first, second = moment(one.isoformat()), moment(other.isoformat())
    assert dt.datetime.fromisoformat(first) == one
    assert (first < second, first == second) == (one < other, one == other)


def test_in_the_graph() -> None:
    """As a literal and as a variable; what comes out stands as it was stored."""
    query = 'query ($at: DateTime) { given: same(at: $at) said: same(at: "2026-11-24T18:30:05+09:00") none: same stored }'
    result = SCHEMA.execute_sync(query, {"at": "2026-11-24T09:30:05.5Z"})
    assert result.errors is None
    assert result.data == {
        "given": "2026-11-24T09:30:05.500000Z",
        "said": "2026-11-24T09:30:05.000000Z",
        "none": None,
        "stored": "0001-01-01T00:00:00.000000Z",
    }
    for query, variables in (("query ($at: DateTime) { same(at: $at) }", {"at": "now"}), ('{ same(at: "now") }', {})):
        (error,) = SCHEMA.execute_sync(query, variables).errors or ()
        assert FORM in error.message
