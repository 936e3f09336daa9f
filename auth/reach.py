"""In which circumstances a rule is: every agency, role and purpose that it names, or all of them, less its exemptions.

Nations have hundreds of agencies and purposes, so circumstances are not enumerated for each rule. A rule is a bit, and for each
agency, role and purpose there is the set of bits of the rules that name it: what is said in a circumstance is their intersection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple, TypeAlias


class Circumstance(NamedTuple):
    """A row of the table: the purpose is none for requests without one."""

    agency: str
    role: str
    purpose: str | None


@dataclass(frozen=True, slots=True)
class Reach:
    """The circumstances of a rule."""

    agencies: frozenset[str]
    roles: frozenset[str]
    purposes: frozenset[str | None]
    exempt: tuple[Reach, ...] = ()

    def __contains__(self, circumstance: Circumstance) -> bool:
        agency, role, purpose = circumstance
        named = agency in self.agencies and role in self.roles and purpose in self.purposes
        return named and not any(circumstance in exempt for exempt in self.exempt)


_Bits: TypeAlias = dict[str | None, int]


class Reaches:
    """The reaches of all rules of a set, by their numbers, looked up by circumstance."""

    def __init__(self, reaches: Sequence[Reach]) -> None:
        self._rules = [_bits(reaches, part) for part in ("agencies", "roles", "purposes")]
        self._exempted = [(number, exempt) for number, reach in enumerate(reaches) for exempt in reach.exempt]
        exempt = [reach for _, reach in self._exempted]
        self._exempt = [_bits(exempt, part) for part in ("agencies", "roles", "purposes")]

    def at(self, circumstance: Circumstance) -> int:
        """The rules that are for a circumstance, a bit each."""
        bits = _common(self._rules, circumstance)
        for number in numbers(_common(self._exempt, circumstance)):
            bits &= ~(1 << self._exempted[number][0])
        return bits

    def samples(self, reach: Reach) -> Iterator[Circumstance]:
        """Circumstances of a rule, one of each sort: the same rules are for all agencies, roles and purposes of a sort."""
        named = (reach.agencies, reach.roles, reach.purposes)
        agencies, roles, purposes = (list(self._sorts(place, names)) for place, names in enumerate(named))
        for agency, role, purpose in product(agencies, roles, purposes):
            circumstance = Circumstance(str(agency), str(role), purpose)
            if circumstance in reach:
                yield circumstance

    def _sorts(self, place: int, names: Iterable[str | None]) -> Iterable[str | None]:
        found: dict[tuple[int, int], str | None] = {}
        for name in sorted(names, key=str):
            found.setdefault((self._rules[place].get(name, 0), self._exempt[place].get(name, 0)), name)
        return found.values()


def numbers(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, in order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _bits(reaches: Sequence[Reach], part: str) -> _Bits:
    found: _Bits = {}
    for number, reach in enumerate(reaches):
        for name in getattr(reach, part):
            found[name] = found.get(name, 0) | 1 << number
    return found


def _common(indices: Sequence[_Bits], circumstance: Circumstance) -> int:
    agencies, roles, purposes = indices
    return agencies.get(circumstance.agency, 0) & roles.get(circumstance.role, 0) & purposes.get(circumstance.purpose, 0)
