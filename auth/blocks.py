"""Blocks of the ledger: entries under one Merkle root, chained by hashes and signed.

Whatever entries are committed together are one block. Its header, integers big-endian:

    version     1       1
    number      8       1 for the first block, and one more for each
    at          8       milliseconds since 1970, UTC; never before the block before
    kept_until  4       the day until which its entries are kept, as days since 1 January of year 1
    entries     4       how many there are
    previous    32      the name of the block before; zeros for the first
    root        32      the Merkle root over its entries (`auth/merkle.py`)
    key         8       the first bytes of the SHA-256 of the signing key's public half

The signature is Ed25519's (RFC 8032) over the header. A block's name is the SHA-256 of header and signature, so that the next
block's signature covers this one with all that it covers: who checks the last signature and all hashes has checked everything.
For that nobody signs a block behind one whose own signature does not hold (`auth/ledger.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from struct import error as StructError

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

FIRST = bytes(32)
"""What stands for the block before the first."""

_HEADER = Struct(">BQQII32s32s8s")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Block:
    """A block without its entries."""

    number: int
    at: int
    kept_until: int
    entries: int
    previous: bytes
    root: bytes
    key: bytes
    signature: bytes = b""

    def header(self) -> bytes:
        """What is signed; raises `struct.error` if a field does not fit, so that no two blocks have one header."""
        if not len(self.previous) == len(self.root) == 32 or len(self.key) != 8:
            raise StructError("a hash of a block has another length than it should")
        return _HEADER.pack(
            _VERSION, self.number, self.at, self.kept_until, self.entries, self.previous, self.root, self.key
        )  # fmt: skip

    def name(self) -> bytes:
        """What the next block calls it."""
        return sha256(self.header() + self.signature).digest()


class Signer:
    """Signs blocks with one private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key()
        self.id = key_id(self.public)

    def sign(self, header: bytes) -> bytes:
        return self._key.sign(header)


Keys = Mapping[bytes, Ed25519PublicKey]
"""Public keys by their ids."""


def key_id(key: Ed25519PublicKey) -> bytes:
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).digest()[:8]


def keys_of(keys: Iterable[Ed25519PublicKey]) -> Keys:
    return {key_id(key): key for key in keys}


def is_signed(block: Block, keys: Keys) -> bool:
    """Whether one of the keys signed it, the one that it names."""
    key = keys.get(block.key)
    if key is None:
        return False
    try:
        key.verify(block.signature, block.header())
    except (InvalidSignature, StructError):
        return False
    return True
