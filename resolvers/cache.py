"""A bounded map that lets go of what was used longest ago."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Keeps items as long as their weights come to no more than `size`; each weighs one unless `weigh` says otherwise."""

    def __init__(self, size: int, weigh: Callable[[K], int] = lambda _: 1) -> None:
        self._size, self._weigh, self._weight = size, weigh, 0
        self._items: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        value = self._items.get(key)
        if value is not None:
            self._items.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> V:
        """Keep a value under a new key, and give it back."""
        self._items[key] = value
        self._weight += self._weigh(key)
        while self._weight > self._size:
            oldest, _ = self._items.popitem(last=False)
            self._weight -= self._weigh(oldest)
        return value
