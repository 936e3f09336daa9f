"""Names: real family-name frequencies, given names of two syllables by sex and time of birth, and their romanisation."""

from __future__ import annotations

import csv
from bisect import bisect_right
from functools import cache
from itertools import accumulate
from random import Random

from examples.korea.calendar import ISO
from examples.korea.places import DATA

_INITIALS = ("G", "KK", "N", "D", "TT", "R", "M", "B", "PP", "S", "SS", "", "J", "JJ", "CH", "K", "T", "P", "H")
_VOWELS = (
    "A", "AE", "YA", "YAE", "EO", "E", "YEO", "YE", "O", "WA", "WAE", "OE", "YO", "U", "WO", "WE", "WI", "YU", "EU", "UI", "I",
)  # fmt: skip
_FINALS = (
    "", "K", "K", "K", "N", "N", "N", "T", "L", "K", "M", "L", "L", "L", "P", "L", "M", "P", "P", "T", "T", "NG", "T", "T", "K",
    "T", "P", "T",
)  # fmt: skip


class Names:
    """Draws names. A given name's first syllables in a row of the table are the commoner ones."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        surnames, syllables = _tables()
        self._surnames = tuple(surname for surname, _ in surnames)
        self._bounds = tuple(accumulate(weight for _, weight in surnames))
        self._syllables = syllables

    def surname(self) -> str:
        return self._surnames[bisect_right(self._bounds, self._rng.random() * self._bounds[-1])]

    def given(self, birth: int, female: bool) -> str:
        """Two different syllables of the time of birth."""
        random = self._rng.random
        first, second = self._syllables[_era(birth), female]
        start = first[int(random() * random() * len(first))]
        end = second[int(random() * random() * len(second))]
        return start + (end if end != start else second[(second.index(end) + 1) % len(second)])


@cache
def romanized(surname: str, given: str) -> str:
    """As passports spell it: the family name in its customary spelling, the given name by the Revised Romanisation."""
    return f"{_spellings()[surname]} {''.join(map(_romanize, given))}"


def _romanize(syllable: str) -> str:
    initial, rest = divmod(ord(syllable) - 0xAC00, 21 * 28)
    vowel, final = divmod(rest, 28)
    return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]


def _era(birth: int) -> int:
    year = int(ISO[birth][:4])
    return 1900 if year < 1955 else 1955 if year < 1978 else 1978 if year < 2000 else 2000


@cache
def _tables() -> tuple[tuple[tuple[str, int], ...], dict[tuple[int, bool], tuple[list[str], list[str]]]]:
    with (DATA / "surnames.csv").open(encoding="utf-8", newline="") as file:
        surnames = tuple((row["surname"], int(row["weight"])) for row in csv.DictReader(file))
    syllables: dict[tuple[int, bool], tuple[list[str], list[str]]] = {}
    with (DATA / "syllables.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pair = syllables.setdefault((int(row["era"]), row["sex"] == "F"), ([], []))
            pair[int(row["place"]) - 1].extend(row["syllables"].split())
    return surnames, syllables


@cache
def _spellings() -> dict[str, str]:
    with (DATA / "surnames.csv").open(encoding="utf-8", newline="") as file:
        return {row["surname"]: row["romanized"] for row in csv.DictReader(file)}
