"""Resident numbers of the real shape, in a range that was never issued to anyone and cannot be.

A real number is YYMMDD-GNNNNNC. G tells sex and century of birth: 1 and 2 for people born in the 1900s, 3 and 4 for the 2000s,
5 to 8 for foreigners, 9 (male) and 0 (female) for people born in the 1800s. Until October 2020 the next two digits were the
region in which the number was issued, 00 to 96, and C a check digit. Numbers issued since then are random after G.

Ours take three things together, of which each alone would keep them apart from numbers issued before October 2020:

- G is 9 or 0, so a real number of that kind belongs to somebody born in the 1800s;
- the region is 97 (born in the 1900s) or 98 (born in the 2000s), which no region ever had;
- C is always a wrong check digit.

Since October 2020 only G protects them, and it suffices: a new number is given at birth, at naturalisation or in place of a
leaked one, and somebody born in the 1800s would by then have been 119 at least, older than anyone alive in Korea.

The date of birth stays readable (the century from the region), and so does the sex. The three digits before C, with nine wrong
values of C, tell apart 9,000 people of one sex born on one day. Each part of the nation draws from its own share of those, so
the parts are made without knowing of each other; a share too small would raise, never repeat.
"""

from __future__ import annotations

from operator import mul

from examples.korea.calendar import ISO

SHARES = 33
"""Into how many shares a day's numbers are dealt."""
MALE, FEMALE = "9", "0"
REGIONS = {"19": "97", "20": "98"}
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_SERIALS = 1000
_LAST = 9 * _SERIALS


class NumbersSpent(Exception):
    """More people of one sex are born on one day than its share of numbers can tell apart."""


def check_digit(first: str) -> int:
    """The check digit that a number issued before October 2020 has after its first twelve digits."""
    total: int = sum(map(mul, _WEIGHTS, map(int, first)))
    return (11 - total % 11) % 10


class Numbers:
    """Gives each resident of one share a number, none of them twice."""

    def __init__(self, share: int) -> None:
        if not 0 <= share < SHARES:
            raise ValueError(f"share `{share}` is not between 0 and {SHARES - 1}")
        self._share = share
        self._next: dict[tuple[int, bool], int] = {}

    def issue(self, birth: int, female: bool) -> str:
        """The next number for a day of birth and a sex; raises `NumbersSpent`."""
        serial = self._next.get((birth, female), self._share)
        if serial >= _LAST:
            raise NumbersSpent(f"no more resident numbers for people born on {ISO[birth]}")
        self._next[birth, female] = serial + SHARES
        born = ISO[birth]
        first = f"{born[2:4]}{born[5:7]}{born[8:]}{FEMALE if female else MALE}{REGIONS[born[:2]]}{serial % _SERIALS:03d}"
        return f"{first}{(check_digit(first) + 1 + serial // _SERIALS) % 10}"
