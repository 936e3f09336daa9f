"""What one set of regulations decides otherwise than another: exactly, for every agency, role, purpose and coordinate.

Two decisions differ if anything of them does but the remedy, which follows from other decisions. How they differ is told by what
a caller has of it:

    granted, withheld     something was granted only after, or only before
    widened, narrowed     the same for more rows, or for fewer; `conditions` if neither
    unmasked, masked      whole or less masked where it was granted before, or masked more; `mask` if neither
    barred, unbarred      a prohibition for some rows began to be in force, or is no longer; `bars` if both
    limit, duties         how much an hour, and what is owed for it
    hidden, shown         the coordinate does not exist for the caller any more, or exists only now
    reason                denied before and after, for another reason
    rules                 by other rules, or on another basis, and otherwise alike
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from auth.access import Decision, Grant
from auth.authorizer import RegulationAuthorizer
from auth.constraints import follow, strength
from auth.rules import Coordinate
from auth.situations import MODES, Box, Mode, Situations, Sort, boxes, decide, situations, sorts

How = Literal[
    "granted", "withheld", "widened", "narrowed", "conditions", "unmasked", "masked", "mask", "barred", "unbarred", "bars",
    "limit", "duties", "hidden", "shown", "reason", "rules",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One coordinate that is decided otherwise, before and after, in some situations."""

    coordinate: str
    holder: str
    how: tuple[How, ...]
    before: Decision
    after: Decision
    where: tuple[Situations, ...]


_Modes: TypeAlias = dict[Mode, set[int]]


def diff(before: RegulationAuthorizer, after: RegulationAuthorizer, coordinates: Mapping[str, Coordinate]) -> tuple[Change, ...]:
    """All that changes between two sets, each as of its day, by coordinate. `coordinates` tells whose each is."""
    everything = sorts(before, after)
    found: dict[tuple[str, Decision, Decision], _Modes] = {}
    for number, sort in enumerate(everything):
        circumstance = sort.circumstances[0]
        for coordinate in _touched(before, after, sort):
            for mode in MODES:
                pair = decide(before, circumstance, coordinate, mode), decide(after, circumstance, coordinate, mode)
                if pair[0] != pair[1]:
                    found.setdefault((coordinate, *pair), {}).setdefault(mode, set()).add(number)

    @cache
    def places(numbers: frozenset[int]) -> list[Box]:
        return boxes(each for number in sorted(numbers) for each in everything[number].circumstances)

    changes = []
    for (coordinate, old, new), modes in found.items():
        holder = coordinates[coordinate].holder if coordinate in coordinates else ""
        changes.append(Change(coordinate, holder, how(old, new), old, new, _where(modes, places)))
    return tuple(sorted(changes, key=lambda change: (change.holder, change.coordinate, str(change.where))))


def _touched(before: RegulationAuthorizer, after: RegulationAuthorizer, sort: Sort) -> Iterable[str]:
    """The coordinates of which the sets may say something different in a sort of circumstances."""
    cells = [law.table.cell(*sort.circumstances[0]) for law in (before, after)]
    hidden = sort.hidden[0] ^ sort.hidden[1]
    if cells[0] == cells[1]:
        return sorted(hidden)
    offered = (coordinate for cell in cells for coordinate, _ in cell.offers)
    barred = (coordinate for cell in cells for coordinate in cell.bars)
    return sorted({*offered, *barred, *hidden})


def _where(modes: _Modes, places: Callable[[frozenset[int]], list[Box]]) -> tuple[Situations, ...]:
    """The situations of a change; modes in which it is the same for the same sorts are told together."""
    alike: dict[frozenset[int], list[Mode]] = {}
    for mode, numbers in modes.items():
        alike.setdefault(frozenset(numbers), []).append(mode)
    return tuple(found for numbers, same in alike.items() for found in situations(places(numbers), same))


def how(before: Decision, after: Decision) -> tuple[How, ...]:
    """In which ways two different decisions on a coordinate differ."""
    if before.denied and after.denied:
        if before.hidden != after.hidden:
            return ("hidden" if after.hidden else "shown",)
        return ("reason",) if before.reason != after.reason else ("rules",)
    if before.denied or after.denied:
        return ("granted",) if before.denied else ("withheld",)
    found = tuple(_of_rows(before.grants, after.grants))
    bars: tuple[How, ...] = ()
    if before.bans != after.bans:
        old, new = ({(ban.when, ban.told) for ban in decision.bans} for decision in (before, after))
        bars = () if old == new else ("bars",) if new - old and old - new else ("barred",) if new - old else ("unbarred",)
    burdens: list[How] = []
    if _differ(before.grants, after.grants, lambda grant: grant.limit):
        burdens.append("limit")
    if _differ(before.grants, after.grants, lambda grant: grant.duties):
        burdens.append("duties")
    return (*found, *bars, *burdens) or ("rules",)


def _of_rows(before: Collection[Grant], after: Collection[Grant]) -> Iterator[How]:
    """Which rows are shown, and how much of them."""
    more, less = _includes(after, before, masked=False), _includes(before, after, masked=False)
    shown, kept = _includes(after, before), _includes(before, after)
    if more and less:
        if not (shown and kept):
            yield "unmasked" if shown else "masked" if kept else "mask"
        return
    yield "widened" if more else "narrowed" if less else "conditions"
    if more and not shown:
        yield "masked"
    if less and not kept:
        yield "unmasked"


def _includes(wide: Collection[Grant], narrow: Collection[Grant], *, masked: bool = True) -> bool:
    """Whether what some grants show is among what others show, as little masked unless masks do not count."""
    return all(
        any(
            follow(one.constraints, other.constraints) and (not masked or strength(one.mask) <= strength(other.mask))
            for one in wide
        )
        for other in narrow
    )


def _differ(before: Iterable[Grant], after: Iterable[Grant], part: Callable[[Grant], object]) -> bool:
    """Whether a part of the grants is another: under the same constraints or, if those changed, among all of them."""
    old, new = ({(grant.constraints, part(grant)) for grant in grants} for grants in (before, after))
    if {constraints for constraints, _ in old} == {constraints for constraints, _ in new}:
        return old != new
    return {each for _, each in old} != {each for _, each in new}
