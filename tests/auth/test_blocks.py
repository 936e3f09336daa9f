"""A block's header, name and signature."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.blocks import FIRST, Block, is_signed, key_id, keys_of
from tests.auth.chain import FORGER, KEYS, SIGNER, signed

BLOCK = signed(Block(7, 1_790_000_000_000, 740_000, 16, bytes(range(32)), bytes(range(32, 64)), SIGNER.id))


def test_the_header_that_the_docstring_tells() -> None:
    """The format is what auditors rely on: it never changes by accident."""
    assert BLOCK.header().hex() == (
        "01" "0000000000000007" "000001a0c4506c00" "000b4aa0" "00000010"
        + bytes(range(64)).hex() + SIGNER.id.hex()
    )  # fmt: skip
    assert BLOCK.name() == sha256(BLOCK.header() + BLOCK.signature).digest()
    assert len(FIRST) == len(BLOCK.name()) == 32


def test_a_key_is_named_by_its_public_half() -> None:
    assert SIGNER.id == key_id(SIGNER.public) == sha256(SIGNER.public.public_bytes_raw()).digest()[:8]
    assert keys_of([SIGNER.public, FORGER.public]) == {SIGNER.id: SIGNER.public, FORGER.id: FORGER.public}


def test_a_signature_of_rfc_8032() -> None:
    """The first test vector of section 7.1: it is plain Ed25519 that signs."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555")


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 8},
        {"at": BLOCK.at + 1},
        {"kept_until": BLOCK.kept_until - 1},
        {"entries": 15},
        {"previous": FIRST},
        {"root": FIRST},
        {"root": BLOCK.root + b"\0"},
        {"root": BLOCK.root[:-1]},
        {"number": -1},
        {"at": 1 << 64},
        {"signature": bytes(64)},
        {"signature": BLOCK.signature[:-1]},
        {"signature": b""},
    ],
)
def test_a_signature_covers_every_field(changes: dict[str, object]) -> None:
    assert is_signed(BLOCK, KEYS)
    altered = replace(BLOCK, **changes)  # type: ignore[arg-type]
    assert not is_signed(altered, KEYS)


def test_the_key_that_a_block_names_must_have_signed_it() -> None:
    both = keys_of([SIGNER.public, FORGER.public])
    assert is_signed(signed(BLOCK, FORGER), both)
    assert not is_signed(signed(BLOCK, FORGER), KEYS), "a key that is not known"
    assert not is_signed(replace(BLOCK, key=FORGER.id), both), "a key that did not sign it"
    assert not is_signed(replace(signed(BLOCK, FORGER), key=SIGNER.id), both)
