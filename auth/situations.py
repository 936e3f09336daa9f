"""All situations that the law can be asked about, and how many of them are told at once.

A situation is a circumstance with the rest of what a decision turns on: whether a case is given, how the coordinate is reached,
and what is done with it. Nations have hundreds of thousands of circumstances, and the law says the same in most of them, so they
are looked at by sorts: in all circumstances of a sort each of the laws at hand says the same of everything.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple, TypeAlias, get_args

from auth.access import Access, AccessRequest, Caller, Decision, Profile, Use
from auth.authorizer import RegulationAuthorizer
from auth.reach import Circumstance

ACCESSES: tuple[Access, ...] = get_args(Access)
USES: tuple[Use, ...] = get_args(Use)

Box: TypeAlias = tuple[frozenset[Any], ...]


class Mode(NamedTuple):
    """How something is asked for, whoever asks."""

    case: bool
    access: Access
    use: Use


MODES: tuple[Mode, ...] = tuple(Mode(*each) for each in product((False, True), ACCESSES, USES))


@dataclass(frozen=True, slots=True)
class Situations:
    """Every combination of these."""

    agencies: tuple[str, ...]
    roles: tuple[str, ...]
    purposes: tuple[str | None, ...]
    cases: tuple[bool, ...]
    accesses: tuple[Access, ...]
    uses: tuple[Use, ...]

    def __iter__(self) -> Iterator[tuple[Circumstance, Mode]]:
        for agency, role, purpose in product(self.agencies, self.roles, self.purposes):
            for mode in product(self.cases, self.accesses, self.uses):
                yield Circumstance(agency, role, purpose), Mode(*mode)


@dataclass(frozen=True, slots=True)
class Sort:
    """Circumstances of which each of the laws at hand says the same; `hidden` is what each hides there."""

    circumstances: tuple[Circumstance, ...]
    hidden: tuple[frozenset[str], ...]


def sorts(*laws: RegulationAuthorizer) -> list[Sort]:
    """The circumstances of all laws, by what each of them says."""
    agencies = sorted(frozenset().union(*(law.table.agencies for law in laws)))
    roles = _in_order(law.table.roles for law in laws)
    purposes = [*_in_order(law.table.purposes for law in laws), None]
    found: dict[Hashable, tuple[list[Circumstance], tuple[frozenset[str], ...]]] = {}
    for agency, role in product(agencies, roles):
        hidden = tuple(law.hidden_from(Caller(agency, role, "")) for law in laws)
        for purpose in purposes:
            cells = tuple(id(law.table.cell(agency, role, purpose)) for law in laws)
            found.setdefault((cells, hidden), ([], hidden))[0].append(Circumstance(agency, role, purpose))
    return [Sort(tuple(circumstances), hidden) for circumstances, hidden in found.values()]


def decide(law: RegulationAuthorizer, circumstance: Circumstance, coordinate: str, mode: Mode) -> Decision:
    """What is decided in a situation, as when serving, without what could be changed about it."""
    return replace(profile(law, circumstance, mode.case).decide(coordinate, mode.access, mode.use), remedy=None)


def profile(law: RegulationAuthorizer, circumstance: Circumstance, case: bool) -> Profile:
    """The decisions for whoever is in a circumstance, with some case or none."""
    caller = Caller(circumstance.agency, circumstance.role, "")
    return law.profile(AccessRequest(caller, circumstance.purpose, "any" if case else None))


def situations(where: Iterable[Box], modes: Iterable[Mode]) -> tuple[Situations, ...]:
    """Every circumstance of some boxes in every mode, in few words."""
    return tuple(Situations(*(_ordered(part) for part in (*box, *how))) for box, how in product(where, boxes(modes)))


def boxes(points: Iterable[Circumstance | Mode]) -> list[Box]:
    """Points of three places as disjoint boxes, each a product of sets; merged along the last place first."""
    found: list[Box] = [tuple(frozenset({value}) for value in point) for point in points]
    for place in (2, 1, 0):
        merged: dict[Box, set[Any]] = {}
        for box in found:
            merged.setdefault(box[:place] + box[place + 1 :], set()).update(box[place])
        found = [(*key[:place], frozenset(values), *key[place:]) for key, values in merged.items()]
    return found


def _ordered(values: frozenset[Any]) -> tuple[Any, ...]:
    return tuple(sorted(values, key=lambda value: (value is not None, str(value))))


def _in_order(names: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for each in names for name in each))
