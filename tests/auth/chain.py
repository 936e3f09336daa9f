"""Ledgers of any past, laid into the tables as the gateway's key would have signed them, and as a forger's would."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.access import Span
from auth.blocks import FIRST, Block, Signer, keys_of
from auth.entries import Entry, Form, encode, packed
from auth.ledger import LEAST
from auth.merkle import leaf_hash, root
from auth.stored import block_at, last_number, name_of

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1"))
FORGER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\2"))
KEYS = keys_of([SIGNER.public])
NOW = 1_790_000_000_000
"""Some time in September 2026."""


def form(name: str = "one", retain: int = 0) -> Form:
    rules = [{"rule": "mois/basic", "basis": "Resident Registration Act, art. 30"}]
    granted = [{"coordinate": f"Resident.{each}", "mask": None, "rules": rules} for each in ("name", "birthDate", name)]
    nothing: dict[str, object] = {key: [] for key in ("asked", "searched", "guards")}
    caller = {"agency": "mofa", "role": "passport-officer", "purpose": "passport-renewal", "operation": "0" * 64}
    return Form.of({**nothing, **caller, "granted": granted, "regulations": "1", "refused": None, "retain": retain})


FORMS = (form("one"), form("two"), form("three"))


def superuser(dsn: str) -> str:
    """The DSN of the superuser, from that of the gateway's role."""
    return "postgresql://postgres" + dsn[dsn.index(":", len("postgresql://")) :]


def signed(block: Block, by: Signer = SIGNER) -> Block:
    block = replace(block, key=by.id)
    return replace(block, signature=by.sign(block.header()))


async def lay_forms(connection: asyncpg.Connection, forms: Sequence[Form] = FORMS) -> dict[bytes, int]:
    """The forms' numbers by their digests."""
    for each in forms:
        keep = "INSERT INTO ledger_form (digest, content) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        await connection.execute(keep, each.digest, each.text)
    return {row[0]: row[1] for row in await connection.fetch("SELECT digest, id FROM ledger_form")}


async def lay(
    connection: asyncpg.Connection,
    counts: Sequence[int],
    *,
    at: int = NOW,
    apart: int = 1000,
    months: int = LEAST,
    by: Signer = SIGNER,
) -> list[Block]:
    """Blocks with so many entries each behind those that are there, from some time on and so many milliseconds apart."""
    numbers, before = await lay_forms(connection), await block_at(connection, await last_number(connection))
    assert before is not None
    laid, dice = [], random.Random(f"{before.number} {at}")
    for count in counts:
        entries, leaves = [], []
        for _ in range(count):
            of = dice.choice(FORMS)
            officer, case = f"mofa-{dice.randrange(10_000):04}", f"P-{dice.randrange(10_000)}" if dice.random() < 0.5 else None
            disclosures = {dice.randrange(1, 8): dice.randbytes(12)}
            entry = encode(Entry(numbers[of.digest], at - 3, officer, case, dice.randbytes(8), None, False, disclosures))
            entries.append(entry)
            leaves.append(leaf_hash(of.digest, entry))
        day = Span(months=months).after(datetime.fromtimestamp(at / 1000, UTC).date())
        block = Block(before.number + 1, at, day.toordinal(), count, name_of(before), root(leaves), by.id)
        before = signed(block, by)
        laid.append(before)
        await put(connection, before, entries)
        at += apart
    return laid


async def put(connection: asyncpg.Connection, block: Block, entries: Sequence[bytes] | None = None) -> None:
    """A block, whatever it is, and its entries if they are given."""
    kept_until = date.fromordinal(block.kept_until)
    await connection.execute("SELECT ledger_open($1)", kept_until)
    await connection.execute(
        "INSERT INTO ledger_block VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", block.number, block.at, kept_until, block.entries,
        block.previous or FIRST, block.root, block.key, block.signature,
    )  # fmt: skip
    if entries is not None:
        await connection.execute(
            "INSERT INTO ledger_entries VALUES ($1, $2, $3)", block.number, kept_until, packed(list(entries))
        )
