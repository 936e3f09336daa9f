"""The Merkle tree of RFC 6962, section 2.1, over SHA-256.

A leaf's hash is SHA-256 of 0x00 and the leaf, a node's SHA-256 of 0x01 and its two halves' hashes; of n leaves the left half has
the largest power of two below n. Pairing from the bottom, where an odd one goes up as it is, makes the same tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
"""The root of no leaves."""
_NODE = sha256(b"\1")


def leaf_hash(*parts: bytes) -> bytes:
    """The hash of a leaf, which may come in parts."""
    return sha256(b"\0" + b"".join(parts)).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over the leaves' hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = _paired(level)
    return level[0] if level else EMPTY


def path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf (section 2.1.1): with these, from the lowest to the highest, its hash makes the root."""
    assert 0 <= index < len(hashes), "a path leads from one of the leaves"
    level, found = list(hashes), []
    while len(level) > 1:
        if (beside := index ^ 1) < len(level):
            found.append(level[beside])
        level, index = _paired(level), index // 2
    return found


def root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf's hash makes with a path, in a tree of `size` leaves; none if the path is not of that length."""
    if not 0 <= index < size:
        return None
    found, last, rest = leaf, size - 1, list(path)
    while last:
        if index % 2 or index < last:
            if not rest:
                return None
            beside = rest.pop(0)
            found = _node(beside, found) if index % 2 else _node(found, beside)
        index, last = index // 2, last // 2
    return None if rest else found


def _paired(level: Sequence[bytes]) -> list[bytes]:
    paired, copy = [], _NODE.copy
    for left in range(0, len(level) - 1, 2):
        node = copy()  # Faster than beginning anew.
        node.update(level[left] + level[left + 1])
        paired.append(node.digest())
    if len(level) % 2:
        paired.append(level[-1])
    return paired


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()
