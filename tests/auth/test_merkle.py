"""The Merkle tree: RFC 6962's own vectors, and the RFC's recursive definitions as the yardstick."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.merkle import EMPTY, leaf_hash, path, root, root_of

# The leaves and roots with which Certificate Transparency's implementations are tested.
LEAVES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Over the first one, two, three and so on of the leaves."""

PATHS = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def recursive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of section 2.1."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    half = _half(len(leaves))
    return sha256(b"\1" + recursive_root(leaves[:half]) + recursive_root(leaves[half:])).digest()


def recursive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) == 1:
        return []
    half = _half(len(leaves))
    if index < half:
        return [*recursive_path(index, leaves[:half]), recursive_root(leaves[half:])]
    return [*recursive_path(index - half, leaves[half:]), recursive_root(leaves[:half])]


def _half(count: int) -> int:
    half = 1
    while half * 2 < count:
        half *= 2
    return half


def test_no_leaves() -> None:
    assert root([]) == EMPTY == bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_of_the_vectors(count: int) -> None:
    assert root(HASHES[:count]).hex() == ROOTS[count - 1]


@pytest.mark.parametrize(("index", "count", "expected"), PATHS)
def test_paths_of_the_vectors(index: int, count: int, expected: list[str]) -> None:
    assert [each.hex() for each in path(HASHES[:count], index)] == expected
    made = root_of(HASHES[index], index, count, [bytes.fromhex(each) for each in expected])
    assert made is not None
    assert made.hex() == ROOTS[count - 1]


def test_a_leaf_may_come_in_parts() -> None:
    assert leaf_hash(b"a", b"", b"bc") == leaf_hash(b"abc") == sha256(b"\0abc").digest()


@pytest.mark.parametrize("count", [*range(1, 70), 127, 128, 129, 1023, 1024])
def test_as_defined(count: int) -> None:
    leaves = [number.to_bytes(2) for number in range(count)]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    assert root(hashes) == recursive_root(leaves)
    for index in range(0, count, max(1, count // 9)):
        assert path(hashes, index) == recursive_path(index, leaves)
        assert root_of(hashes[index], index, count, path(hashes, index)) == root(hashes)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=80), st.data())
def test_a_path_proves_its_own_leaf_alone(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves]
    index = data.draw(st.integers(0, len(leaves) - 1))
    whole, found = root(hashes), path(hashes, index)
    assert root_of(hashes[index], index, len(leaves), found) == whole
    assert root_of(leaf_hash(b"another leaf"), index, len(leaves), found) != whole
    assert root_of(hashes[index], index, len(leaves), [*found, bytes(32)]) is None
    if found:
        step = data.draw(st.integers(0, len(found) - 1))
        altered = [*found[:step], bytes(32), *found[step + 1 :]]
        assert root_of(hashes[index], index, len(leaves), altered) != whole
        assert root_of(hashes[index], index, len(leaves), found[:step] + found[step + 1 :]) != whole
    other = data.draw(st.integers(0, len(leaves) - 1))
    if hashes[other] != hashes[index]:
        assert root_of(hashes[other], index, len(leaves), found) != whole


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (4, 3)])
def test_a_place_that_is_none(index: int, size: int) -> None:
    assert root_of(bytes(32), index, size, [bytes(32)]) is None


def test_a_node_is_no_leaf() -> None:
    """That a node's hash cannot be passed off as a leaf's is what the byte before it is for."""
    pair = root(HASHES[:2])
    assert leaf_hash(HASHES[0], HASHES[1]) != pair
