"""Who may see a coordinate, or search by it: all agencies, roles and purposes to whom a set grants it, and on which terms."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import product

from auth.access import Access, Decision, Use
from auth.authorizer import RegulationAuthorizer
from auth.reach import Circumstance
from auth.rules import Period
from auth.situations import ACCESSES, USES, Mode, Situations, decide, situations, sorts


@dataclass(frozen=True, slots=True)
class Share:
    """One decision that grants a coordinate, and the situations in which it is the decision."""

    decision: Decision
    where: tuple[Situations, ...]


def who_may(
    law: RegulationAuthorizer, coordinate: str, *, accesses: Collection[Access] = ACCESSES, uses: Collection[Use] = USES
) -> tuple[Share, ...]:
    """Everybody who may, as of the law's day."""
    modes = [Mode(case, access, use) for case, access, use in product((False, True), accesses, uses)]
    found: dict[Decision, dict[Mode, list[Circumstance]]] = {}
    for sort in sorts(law):
        for mode in modes:
            decision = decide(law, sort.circumstances[0], coordinate, mode)
            if not decision.denied:
                found.setdefault(decision, {}).setdefault(mode, []).extend(sort.circumstances)
    return tuple(Share(decision, _where(granted)) for decision, granted in found.items())


def _where(granted: dict[Mode, list[Circumstance]]) -> tuple[Situations, ...]:
    alike: dict[frozenset[Circumstance], list[Mode]] = {}
    for mode, circumstances in granted.items():
        alike.setdefault(frozenset(circumstances), []).append(mode)
    return tuple(each for circumstances, same in alike.items() for each in situations(sorted(circumstances, key=str), same))


def validity(law: RegulationAuthorizer, regulation: str, id: str) -> Period:
    """The days on which a rule that is in force holds: those it names itself, within those of its version."""
    rule = law.rule(regulation, id).valid
    version = law.in_force(next(each for each in law.regulations if each.name == regulation))
    firsts = [day for day in (rule.first, version.first) if day]
    lasts = [day for day in (rule.last, version.last) if day]
    return Period(max(firsts, default=None), min(lasts, default=None))
