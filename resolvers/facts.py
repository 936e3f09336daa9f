"""How much an answer tells of residents: its facts, counted in one way for answers of services and for papers.

A fact is a coordinate with a value, such as `Resident.name` with somebody's name. What is null is none, and what stands in
several places, as a name does on five papers, is one. That two people of a household have the same sex is one fact, too; of such
repetitions papers have more than answers, so that the papers' facts are rather too few than too many.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

from resolvers.selection import EVERY, Collected
from resolvers.services import selections

Leaves: TypeAlias = Mapping[str, str]
"""By the response names from the root to a value, joined by dots: its coordinate."""
Fact: TypeAlias = tuple[str, Any]


def leaves(collected: Collected) -> Leaves:
    """Where an operation's answer has values, and of which coordinates."""
    asked = (each for selection in selections(collected) for each in selection.asked)
    return {
        ".".join(name for name in each.path if name != EVERY): each.field.coordinate
        for each in asked if each.field is not None and each.selection is None
    }  # fmt: skip


def facts(data: Any, leaves: Leaves) -> set[Fact]:
    """The facts in the data of an answer."""
    return set(_facts(data, "", leaves))


def _facts(value: Any, path: str, leaves: Leaves) -> Iterator[Fact]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _facts(each, f"{path}.{name}" if path else name, leaves)
    elif isinstance(value, list):
        for each in value:
            yield from _facts(each, path, leaves)
    elif value is not None and path in leaves:
        yield leaves[path], value


def without(value: Any, leaves: Leaves, coordinates: Collection[str], path: str = "") -> Any:
    """The data of an answer with null in place of the values of some coordinates."""
    if isinstance(value, dict):
        return {name: without(each, leaves, coordinates, f"{path}.{name}" if path else name) for name, each in value.items()}
    if isinstance(value, list):
        return [without(each, leaves, coordinates, path) for each in value]
    return None if leaves.get(path) in coordinates else value
