"""Check a proof that an entry is in Madang's ledger: python verify_inclusion.py PROOF KEY

PROOF is a file in JSON, as `madang ledger prove` prints it. KEY is the public key that you trust, not the one in the proof: a
file in PEM, as `madang ledger key` prints it, or its 32 bytes in hexadecimal. It says what the entry says and ends with 0, or why
the proof does not hold, and ends with 1.

Nothing else is needed than Python 3.11 and its package `cryptography`: no database, no network, nothing of Madang.
"""

import json
import sys
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from struct import error as StructError
from struct import pack

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

KIND = "madang ledger inclusion proof 1"
PLACES = 1024
CASE, TRACE, CITIZEN = 1, 2, 4
SUBJECT = 12


class Refused(Exception):
    """The proof does not hold; the text says why."""


def check(proof: dict, key: Ed25519PublicKey) -> str:
    """What the entry of a proof says; raises `Refused`."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    block, place = proof["block"], proof["place"]
    if proof["kind"] != KIND:
        raise Refused(f"it is no `{KIND}`")
    if proof["number"] != block["number"] * PLACES + place:
        raise Refused("the entry's number is not that of its block and place")
    if proof["public_key"] != raw.hex() or block["key"] != sha256(raw).hexdigest()[:16]:
        raise Refused("the block is signed with another key than the one that you trust")
    try:
        key.verify(bytes.fromhex(block["signature"]), header(block))
    except InvalidSignature:
        raise Refused("the block's signature does not hold") from None
    entry, form = bytes.fromhex(proof["entry"]), proof["form"].encode()
    # A leaf is the form's digest and the entry's own bytes: RFC 6962, section 2.1, has a zero before a leaf, a one before a node.
    leaf = sha256(b"\0" + sha256(form).digest() + entry).digest()
    if root_of(leaf, place, block["entries"], [bytes.fromhex(each) for each in proof["path"]]) != bytes.fromhex(block["root"]):
        raise Refused("the entry with its form is not in the block: the path does not lead to the block's root")
    return told(entry, json.loads(form), block)


def header(block: dict) -> bytes:
    """The bytes of a block that are signed."""
    previous, root, key = (bytes.fromhex(block[each]) for each in ("previous", "root", "key"))
    if (len(previous), len(root), len(key)) != (32, 32, 8):
        raise Refused("the block's hashes are not of the right length")
    kept_until = date.fromisoformat(block["kept_until"]).toordinal()
    return pack(">BQQII32s32s8s", 1, block["number"], block["at"], kept_until, block["entries"], previous, root, key)


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that a leaf makes with its path in a tree of so many leaves."""
    if not 0 <= index < size:
        raise Refused("the entry's place is not in the block")
    found, last, rest = leaf, size - 1, list(path)
    while last:
        if index % 2 or index < last:
            if not rest:
                raise Refused("the path is too short")
            beside = rest.pop(0)
            found = sha256(b"\1" + (beside + found if index % 2 else found + beside)).digest()
        index, last = index // 2, last // 2
    if rest:
        raise Refused("the path is too long")
    return found


class Reader:
    """Reads an entry's bytes: numbers are LEB128, texts and lists come after their length."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, length: int) -> bytes:
        start, self.at = self.at, self.at + length
        if self.at > len(self.data):
            raise Refused("the entry ends before its end")
        return self.data[start : self.at]

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def text(self) -> str:
        return self.take(self.number()).decode()


def told(data: bytes, form: dict, block: dict) -> str:
    """What an entry with its form says, in words."""
    reader = Reader(data)
    reader.number()  # The form's number in the database; what counts is the form itself.
    at, flags, request = int.from_bytes(reader.take(6)), reader.take(1)[0], reader.take(8)
    trace = reader.take(16) if flags & TRACE else None
    officer = reader.text()
    case = reader.text() if flags & CASE else None
    groups = []
    for _ in range(reader.number()):
        granted = int.from_bytes(reader.take(reader.number()))
        residents = reader.number()
        reader.take(residents * SUBJECT)
        groups.append((granted, residents))
    lines = {
        "when": f"{when(at)}, in block {block['number']} of {when(block['at'])}",
        "agency": form["agency"],
        "role": form["role"],
        "officer": f"{officer}{', a citizen' if flags & CITIZEN else ''}",
        "purpose": form["purpose"],
        "case": case,
        "request": request.hex(),
        "trace": trace and trace.hex(),
        "refused": form["refused"],
        "residents": str(sum(residents for _, residents in groups)),
        "kept until": block["kept_until"],
    }
    said = [f"{name + ':':<12}{value}" for name, value in lines.items() if value]
    for granted, residents in groups:
        of = (
            f"of {residents} {'resident' if residents == 1 else 'residents'}"
            if residents
            else "of residents that were only counted"
        )
        said += [f"disclosed {of}:", *(f"    {named(each)}" for bit, each in enumerate(form["granted"]) if granted >> bit & 1)]
    return "\n".join(said)


def when(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def named(granted: dict) -> str:
    """A coordinate, how it was masked, and the articles under which it was granted."""
    bases = "; ".join(dict.fromkeys(rule["basis"] for rule in granted["rules"]))
    mask = f", masked ({granted['mask']})" if granted["mask"] else ""
    return f"{granted['coordinate']}{mask}{f' under {bases}' if bases else ''}"


def trusted(text: str) -> Ed25519PublicKey:
    """The key of a PEM file or of hexadecimal digits."""
    try:
        raw = bytes.fromhex(text)
        return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        pass
    try:
        key = load_pem_public_key(Path(text).read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise Refused(f"`{text}` is no Ed25519 public key: give a file in PEM or 64 hexadecimal digits")
    return key


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 1
    file, key = arguments
    try:
        said = check(json.loads(Path(file).read_text("utf-8")), trusted(key))
    except Refused as error:
        print(f"the proof does not hold: {error}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, StructError) as error:
        print(f"the proof cannot be read: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(said)
    print("the proof holds: this entry is in the ledger, and the key that you trust has signed its block")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
