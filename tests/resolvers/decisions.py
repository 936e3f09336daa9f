"""Random decisions on what an operation touches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auth.access import Access
from tests.resolvers.operations import Dice, Operation
from tests.resolvers.world import Key, Profile

SUBJECTS = ("self", "household", "jurisdiction")


def draw_profile(dice: Dice, operation: Operation, *, accesses: Sequence[Access] = ("lookup", "list")) -> Profile:
    """Decisions on what an operation touches: mostly permitted, some for some subjects only, some denied."""
    denied: list[Key] = []
    residuals: dict[Key | str, frozenset[str]] = {}
    for coordinate, use in operation.touched:
        for access in accesses:
            if access not in operation.accesses:
                continue
            roll = dice.integer(0, 99)
            key: Any = (coordinate, access, use)
            if roll >= 88:
                denied.append(key)
            elif roll >= 60:
                kinds = [kind for kind in SUBJECTS if dice.chance(50)]
                if kinds:
                    residuals[key] = frozenset(kinds)
    return Profile(denied, residuals)
