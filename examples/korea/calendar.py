"""Days as numbers: the generator counts days since 1900 and writes them as ISO 8601.

The nation stands still on `REFERENCE_DAY`: ages follow the statistics on that day, and nothing happens after it except what
falls due (a passport's expiry). A fixed day, and not today, because the same seed must give the same rows on any day.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

REFERENCE_DAY = date(2026, 11, 1)
OLDEST = 106
"""Nobody is older in whole years, so nobody was born in the 1800s."""

_START = date(1900, 1, 1)
ISO = tuple((_START + timedelta(day)).isoformat() for day in range(60_000))
"""Day number → ISO 8601."""


def day(year: int, month: int, day_of_month: int) -> int:
    """The number of a day of the calendar."""
    return (date(year, month, day_of_month) - _START).days


TODAY = (REFERENCE_DAY - _START).days
BIRTHDAYS = tuple((REFERENCE_DAY.replace(year=REFERENCE_DAY.year - age) - _START).days for age in range(OLDEST + 2))
"""Age → the last day on which somebody of that age can be born."""


def birth_at(age: int, rng: Random) -> int:
    """A day of birth of somebody who is `age` years old on the reference day."""
    first = BIRTHDAYS[age + 1] + 1
    return first + int(rng.random() * (BIRTHDAYS[age] - first + 1))


def by_age(*steps: tuple[int, float]) -> tuple[float, ...]:
    """Age → number, from pairs of (below this age, number) in ascending order; the last holds for all who are older."""
    return tuple(next((number for below, number in steps if age < below), steps[-1][1]) for age in range(OLDEST + 1))
