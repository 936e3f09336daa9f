"""Proofs and heads: real ones hold, and with anything altered none does, by the verifier that has nothing of the project."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth.blocks import Block, keys_of
from auth.entries import Entry, encode
from auth.ledger import PLACES, Ledger, Record
from auth.merkle import leaf_hash, root
from auth.prove import NotProved, head, prove, read_head
from auth.pseudonyms import Pseudonyms
from auth.stored import block_at
from tests.auth.chain import FORGER, FORMS, KEYS, NOW, SIGNER, form, lay, lay_forms, put, signed, superuser

VERIFIER = Path(__file__).parents[2] / "examples" / "ledger" / "verify_inclusion.py"
COUNTS = (1, 7, 16)


@pytest.fixture(scope="module")
async def ledger(gateway_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(superuser(gateway_dsn))
    await lay(connection, COUNTS)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "ledger-key.pem"
    path.write_bytes(SIGNER.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


def verify(directory: Path, proof: object, key: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the verifier as its own process, far from the project."""
    file = directory / "proof.json"
    file.write_text(json.dumps(proof))
    command = [sys.executable, "-I", "-W", "error", str(VERIFIER), str(file), str(key)]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)


async def test_every_proof_holds(ledger: asyncpg.Connection, pem: Path, tmp_path: Path) -> None:
    for block, count in enumerate(COUNTS, 1):
        for place in {0, count // 2, count - 1}:
            proof = await prove(ledger, block * PLACES + place, KEYS)
            done = verify(tmp_path, proof, pem)
            assert (done.returncode, done.stderr) == (0, "")
            assert "the proof holds" in done.stdout


async def test_what_an_entry_says(ledger: asyncpg.Connection, gateway_dsn: str, tmp_path: Path) -> None:
    subjects = Pseudonyms(bytes(32)).subjects()
    writer = Ledger(gateway_dsn, SIGNER, subjects, timeout=20)
    disclosures = {0b011: ("8103149970008", "8103149970009"), 0b100: ("8103149970010",), 0b001: ()}
    number = await writer.append(Record(FORMS[0], "mofa-0417", "P-2026-1", b"12345678", b"t" * 16, False, disclosures))
    await writer.aclose()
    done = verify(tmp_path, await prove(ledger, number, KEYS), SIGNER.public.public_bytes_raw().hex())
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert f"in block {number // PLACES} of " in said
    for line in (
        "agency:     mofa", "role:       passport-officer", "officer:    mofa-0417", "purpose:    passport-renewal",
        "case:       P-2026-1", "request:    3132333435363738", f"trace:      {'74' * 16}", "residents:  3",
        "disclosed of 2 residents:", "disclosed of 1 resident:", "disclosed of residents that were only counted:",
        "    Resident.birthDate under Resident Registration Act, art. 30",
    ):  # fmt: skip
        assert line in said.split("\n"), line


def altered(value: Any) -> Iterator[Any]:
    """A value with something else in each of its places; of texts and lists also shorter and longer."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from ({**value, key: other} for other in altered(inner))
                yield {each: value[each] for each in value if each != key}
        case list():
            yield [*value, "00" * 32]
            yield value[::-1]
            for place, inner in enumerate(value):
                yield from ([*value[:place], other, *value[place + 1 :]] for other in altered(inner))
                yield value[:place] + value[place + 1 :]
        case int():
            yield from (value + 1, value - 1, -value, str(value), 1 << 70)
        case str():
            other = ("1" if value[-1] == "0" else "0") if value[-1] in "0123456789abcdef" else "x"
            yield from (value[:-1] + other, value[:-2], value + "00", None, "")
        case _:
            raise AssertionError(value)


async def test_with_anything_altered_none_holds(ledger: asyncpg.Connection, tmp_path: Path) -> None:
    """Run within one process, which takes a hundred times less; some also as a process of its own, below."""
    namespace: dict[str, Any] = {"__name__": "verify_inclusion"}
    exec(compile(VERIFIER.read_text("utf-8"), str(VERIFIER), "exec"), namespace)
    proof, key = await prove(ledger, 2 * PLACES + 3, KEYS), SIGNER.public.public_bytes_raw().hex()
    file, tried = tmp_path / "proof.json", 0
    for other in altered(proof):
        file.write_text(json.dumps(other))
        assert namespace["main"]([str(file), key]) == 1, other
        tried += 1
    assert tried > 90
    file.write_text(json.dumps(proof))
    assert namespace["main"]([str(file), key]) == 0


REASONS = {
    ("kind",): "it is no `madang ledger inclusion proof 1`",
    ("number",): "the entry's number is not that of its block and place",
    ("public_key",): "the block is signed with another key than the one that you trust",
    ("block", "key"): "the block is signed with another key than the one that you trust",
    ("block", "root"): "the block's signature does not hold",
    ("block", "kept_until"): "the block's signature does not hold",
    ("entry",): "the path does not lead to the block's root",
    ("form",): "the path does not lead to the block's root",
}


@pytest.mark.parametrize("where", REASONS, ids=".".join)
async def test_the_reason_is_told(ledger: asyncpg.Connection, pem: Path, tmp_path: Path, where: tuple[str, ...]) -> None:
    proof = copy.deepcopy(await prove(ledger, 2 * PLACES + 3, KEYS))
    inner = proof["block"] if where[0] == "block" else proof
    value = inner[where[-1]]
    inner[where[-1]] = value + 1 if isinstance(value, int) else value[:-1] + ("1" if value[-1] == "0" else "0")
    done = verify(tmp_path, proof, pem)
    assert done.returncode == 1
    assert done.stderr.startswith("the proof does not hold: ")
    assert REASONS[where] in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("key", ["0" * 64, "12", "nowhere.pem"])
async def test_another_key(ledger: asyncpg.Connection, tmp_path: Path, key: str) -> None:
    done = verify(tmp_path, await prove(ledger, PLACES, KEYS), key)
    assert done.returncode == 1
    assert done.stderr.startswith("the proof ")


@pytest.mark.parametrize("proof", [[], None, "proof", {}, {"block": 1, "place": {}}])
def test_what_is_no_proof(pem: Path, tmp_path: Path, proof: object) -> None:
    done = verify(tmp_path, proof, pem)
    assert done.returncode == 1
    assert done.stderr.startswith("the proof cannot be read: ")


def test_how_it_is_called(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(VERIFIER)], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "python verify_inclusion.py PROOF KEY" in done.stderr


# What is not proved


@pytest.mark.parametrize("number", [99 * PLACES, 2 * PLACES + 7, 0])
async def test_an_entry_that_is_not_there(ledger: asyncpg.Connection, number: int) -> None:
    with pytest.raises(NotProved, match=f"there is no entry `{number}`") as told:
        await prove(ledger, number, KEYS)
    assert not told.value.is_wrong


async def test_an_entry_that_is_no_longer_kept(ledger: asyncpg.Connection) -> None:
    async with ledger.transaction():
        await ledger.execute("CREATE TEMP TABLE kept AS SELECT * FROM ledger_entries WHERE number = 2")
        await ledger.execute("DELETE FROM ledger_entries WHERE number = 2")
        with pytest.raises(NotProved, match=r"was kept until 2028-09-\d\d and is no longer there") as told:
            await prove(ledger, 2 * PLACES, KEYS)
        assert not told.value.is_wrong
        await ledger.execute("INSERT INTO ledger_entries SELECT * FROM kept; DROP TABLE kept")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_block SET at = at + 1 WHERE number = 2",
        "UPDATE ledger_block SET kept_until = 'infinity' WHERE number = 2",
        "UPDATE ledger_entries SET body = set_byte(body, 50, get_byte(body, 50) # 1) WHERE number = 2",
        "UPDATE ledger_entries SET body = '' WHERE number = 2",
        "UPDATE ledger_form SET content = content || ' '",
    ],
)
async def test_what_was_altered_is_not_proved(ledger: asyncpg.Connection, statement: str) -> None:
    transaction = ledger.transaction()
    await transaction.start()
    await ledger.execute(statement)
    with pytest.raises(NotProved, match="block 2, where entry `2048` is, is not as it was signed") as told:
        await prove(ledger, 2 * PLACES, KEYS)
    await transaction.rollback()
    assert told.value.is_wrong


async def test_a_proof_of_an_earlier_keys_block(ledger: asyncpg.Connection, tmp_path: Path) -> None:
    transaction = ledger.transaction()
    await transaction.start()
    [block] = await lay(ledger, [2], at=NOW * 2, by=FORGER)
    with pytest.raises(NotProved, match="not as it was signed"):
        await prove(ledger, block.number * PLACES, KEYS)
    proof = await prove(ledger, block.number * PLACES, keys_of([SIGNER.public, FORGER.public]))
    await transaction.rollback()
    assert verify(tmp_path, proof, FORGER.public.public_bytes_raw().hex()).returncode == 0
    assert verify(tmp_path, proof, SIGNER.public.public_bytes_raw().hex()).returncode == 1


async def test_what_was_refused_is_told(ledger: asyncpg.Connection, tmp_path: Path) -> None:
    transaction = ledger.transaction()
    await transaction.start()
    content = json.loads(form("x").text) | {
        "agency": "mofa",
        "role": None,
        "purpose": None,
        "refused": "FORBIDDEN",
        "granted": [],
    }
    refused = type(FORMS[0]).of(content)
    numbers = await lay_forms(ledger, [refused])
    entry = encode(Entry(numbers[refused.digest], NOW, "citizen", None, bytes(8), None, True, {}))
    last = Block(1 << 40, NOW, 740_000, 1, bytes(32), root([leaf_hash(refused.digest, entry)]), SIGNER.id)
    await put(ledger, signed(last), [entry])
    proof = await prove(ledger, (1 << 40) * PLACES, KEYS)
    await transaction.rollback()
    done = verify(tmp_path, proof, SIGNER.public.public_bytes_raw().hex())
    assert done.returncode == 0, done.stderr
    assert "refused:    FORBIDDEN" in done.stdout
    assert "officer:    citizen, a citizen" in done.stdout
    assert "role:" not in done.stdout


# Heads


async def test_a_head_is_remembered(ledger: asyncpg.Connection) -> None:
    block = await block_at(ledger, 3)
    assert block is not None
    told = head(block)
    assert (told["number"], told["name"]) == (3, block.name().hex())
    assert read_head(json.dumps(told), KEYS) == block
    for other in altered(told):
        with pytest.raises(ValueError, match=r"it is no head|does not hold|not known"):
            read_head(json.dumps(other), KEYS)
    with pytest.raises(ValueError, match="give the public key by `--key`"):
        read_head(json.dumps(told), keys_of([FORGER.public]))


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", "null", '{"block": 7}'])
def test_what_is_no_head(text: str) -> None:
    with pytest.raises(ValueError, match="give what `madang ledger head` printed"):
        read_head(text, KEYS)
