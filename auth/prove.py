"""What the ledger says of itself to those who have no access to it: heads, and proofs that an entry is in it.

Both are JSON, with bytes in hexadecimal and a block's signed header field by field. A **head** is the block that is the last at
some time: who keeps it can tell later that nothing up to there was cut off. A **proof** has one entry with its form, and the
audit path from there to the root that a block's signature covers; `examples/ledger/verify_inclusion.py` checks one with nothing
but the public key.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth.audit import connected
from auth.blocks import Block, Keys, is_signed, keys_of
from auth.entries import Entry, decode, digest_of
from auth.ledger import FAILURES, PLACES, LedgerUnavailable
from auth.merkle import leaf_hash, path, root, root_of
from auth.stored import Forms, page

HEAD = "madang ledger head 1"
PROOF = "madang ledger inclusion proof 1"


class NotProved(Exception):
    """Nothing can be proved; `is_wrong` if that is because the ledger is not as it should be."""

    def __init__(self, says: str, *, is_wrong: bool = False) -> None:
        super().__init__(says)
        self.is_wrong = is_wrong


def head(block: Block) -> dict[str, Any]:
    """What is to be remembered of a block."""
    return {"kind": HEAD, "number": block.number, "name": block.name().hex(), "block": _told(block)}


def read_head(text: str, keys: Keys) -> Block:
    """The block of a head; raises `ValueError`, which says what is wrong, if one of the keys did not sign it."""
    try:
        given = json.loads(text)
        block = _block(given["block"])
        if (given["kind"], given["number"], given["name"]) != (HEAD, block.number, block.name().hex()):
            raise ValueError
    except (ValueError, KeyError, TypeError, OverflowError, struct.error):
        raise ValueError("it is no head of a ledger, or not as it was; give what `madang ledger head` printed") from None
    if block.key not in keys:
        raise ValueError(f"it is signed by a key that is not known, `{block.key.hex()}`; give the public key by `--key`")
    if not is_signed(block, keys):
        raise ValueError("its signature does not hold; give what `madang ledger head` printed")
    return block


async def prove(connection: asyncpg.Connection, number: int, keys: Keys) -> dict[str, Any]:
    """The proof that an entry is in the ledger; raises `NotProved`."""
    of, place = divmod(number, PLACES)
    seen = next(iter(await page(connection, of, of)), None)
    if seen is None or (seen.is_block and seen.block is not None and place >= seen.block.entries):
        raise NotProved(f"there is no entry `{number}`; see what numbers there are in the graph")
    block, forms = seen.block, Forms()
    if block is not None and not seen.has_entries:
        raise NotProved(f"entry `{number}` was kept until {date.fromordinal(block.kept_until)} and is no longer there")
    await forms.load(connection, seen.forms)
    leaves = forms.hashes(seen)
    if block is None or not is_signed(block, keys) or not leaves or len(leaves) != block.entries or root(leaves) != block.root:
        raise NotProved(
            f"block {of}, where entry `{number}` is, is not as it was signed; see `madang ledger verify`", is_wrong=True
        )
    assert seen.entries is not None, "leaves are of entries"
    form = await connection.fetchval("SELECT content FROM ledger_form WHERE id = $1", seen.forms[place])
    return {
        "kind": PROOF,
        "number": number,
        "entry": seen.entries[place].hex(),
        "form": form,
        "place": place,
        "path": [each.hex() for each in path(leaves, place)],
        "block": _told(block),
        "public_key": _raw(keys[block.key]).hex(),
    }


@dataclass(frozen=True, slots=True)
class Proven:
    """An entry that is in the ledger, its form, and the block that it is in."""

    number: int
    entry: Entry
    form: Mapping[str, Any]
    block: Block


def read_proof(proof: Mapping[str, Any], key: Ed25519PublicKey) -> Proven:
    """What a proof proves to whoever trusts this key; raises `NotProved`, without which nothing of it is true."""
    try:
        block, place, form = _block(proof["block"]), proof["place"], proof["form"]
        entry, beside = bytes.fromhex(proof["entry"]), [bytes.fromhex(each) for each in proof["path"]]
        if proof["kind"] != PROOF or proof["number"] != block.number * PLACES + place:
            raise ValueError
        if proof["public_key"] != _raw(key).hex() or not is_signed(block, keys_of([key])):
            raise NotProved("the block of the entry does not bear the signature of the key that was given")
        if root_of(leaf_hash(digest_of(form), entry), place, block.entries, beside) != block.root:
            raise NotProved("the entry is not in the block: the path does not lead to the root that was signed")
        return Proven(proof["number"], decode(entry), json.loads(form), block)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, struct.error):
        raise NotProved("it is no proof that an entry is in the ledger") from None


class Prover:
    """Proves what was just written, over a connection for each proof. `timeout` in seconds."""

    def __init__(self, dsn: str, key: Ed25519PublicKey, *, timeout: float = 2.0) -> None:
        self._dsn, self._keys, self._timeout = dsn, keys_of([key]), timeout

    async def prove(self, number: int) -> dict[str, Any]:
        """The proof of an entry; raises `LedgerUnavailable`."""
        try:
            async with asyncio.timeout(self._timeout), connected(self._dsn) as connection:
                return await prove(connection, number, self._keys)
        except (*FAILURES, NotProved) as error:
            raise LedgerUnavailable(str(error)) from error


def _told(block: Block) -> dict[str, Any]:
    return {
        "number": block.number,
        "at": block.at,
        "kept_until": date.fromordinal(block.kept_until).isoformat(),
        "entries": block.entries,
        "previous": block.previous.hex(),
        "root": block.root.hex(),
        "key": block.key.hex(),
        "signature": block.signature.hex(),
    }


def _block(told: Mapping[str, Any]) -> Block:
    kept_until = date.fromisoformat(told["kept_until"]).toordinal()
    hashes = (bytes.fromhex(told[each]) for each in ("previous", "root", "key", "signature"))
    return Block(told["number"], told["at"], kept_until, told["entries"], *hashes)


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
