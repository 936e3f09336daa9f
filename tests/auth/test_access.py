"""Lengths of time, and the days that they lead to."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.access import Span

spans = st.builds(Span, st.integers(0, 999 * 12), st.integers(0, 99_999))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("earlier", "span", "later"),
    [
        ("2026-11-24", Span(), "2026-11-24"),
        ("2026-11-24", Span(days=10), "2026-12-04"),
        ("2026-11-24", Span(months=6), "2027-05-24"),
        ("2026-11-24", Span(months=36), "2029-11-24"),
        ("2026-11-24", Span(months=1, days=8), "2027-01-01"),
        ("2024-02-29", Span(months=48), "2028-02-29"),
    ],
)
def test_after_and_before_lead_there_and_back(earlier: str, span: Span, later: str) -> None:
    assert span.after(day(earlier)) == day(later)
    if not (span.months and span.days):
        assert span.before(day(later)) == day(earlier)


@pytest.mark.parametrize(
    ("start", "span", "after", "before"),
    [
        ("2026-08-31", Span(months=6), "2027-02-28", "2026-02-28"),
        ("2024-02-29", Span(months=12), "2025-02-28", "2023-02-28"),
        ("2026-03-31", Span(months=1, days=1), "2026-05-01", "2026-02-27"),
        ("9999-12-01", Span(days=31), "9999-12-31", "9999-10-31"),
        ("9999-06-30", Span(months=7), "9999-12-31", "9998-11-30"),
        ("0001-01-02", Span(days=3), "0001-01-05", "0001-01-01"),
        ("0001-06-30", Span(months=6, days=1), "0001-12-31", "0001-01-01"),
    ],
)
def test_short_months_and_the_ends_of_time(start: str, span: Span, after: str, before: str) -> None:
    assert span.after(day(start)) == day(after)
    assert span.before(day(start)) == day(before)


@given(st.dates(), spans)
def test_after_is_never_earlier_and_before_never_later(start: dt.date, span: Span) -> None:
    assert span.before(start) <= start <= span.after(start)


@given(st.dates(), st.dates(), spans)
def test_later_days_lead_to_later_days(one: dt.date, other: dt.date, span: Span) -> None:
    earlier, later = sorted((one, other))
    assert span.after(earlier) <= span.after(later)
    assert span.before(earlier) <= span.before(later)
