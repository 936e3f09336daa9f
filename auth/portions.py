"""The parts of a permission that other languages need a rule each for: what is done with a coordinate, and how it is masked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auth.access import Mask, Use
from auth.rules import Permission


class Portion(NamedTuple):
    """Coordinates of one permission that may be had by one use, masked alike."""

    use: Use
    mask: Mask | None
    coordinates: tuple[str, ...]


def portions(permission: Permission) -> Iterator[Portion]:
    """What may be read whole, what may be read masked in each way, and what may be searched by."""
    masks = {str(word): mask for word, mask in permission.masks.items()}
    items: dict[Mask | None, list[str]] = {}
    for word in permission.items:
        items.setdefault(masks.get(word), []).append(str(word))
    for mask, coordinates in items.items():
        yield Portion("read", mask, tuple(coordinates))
    if permission.search:
        yield Portion("search", None, tuple(map(str, permission.search)))
