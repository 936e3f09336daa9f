"""Verification codes of printed extracts: typed by whoever is handed a paper, and told genuine by the gateway alone.

A code is the number of the ledger's entry and a check: the first 65 bits of an HMAC-SHA-256 (RFC 2104) over the entry's number,
the id of its request and the service's code, by a key that only the gateway can make. So nobody can make a code, or guess one: of
2^65 one is right for an entry, and each try asks the gateway.

It is written in Crockford's Base32, without I, L, O and U, in groups of four: `0000-3HG1-7KQF-8R2M-XW4D`. Read is whatever looks
like it: small letters, `o` for 0, `i` and `l` for 1, with or without anything between.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from hashlib import sha256

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_CHECK = 13
"""Characters of the check, of five bits each."""
_NUMBER = 7
"""Characters that an entry's number has at least."""
_LONGEST = 64
"""Characters that are looked at."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was typed: it may be anybody's invention."""

    entry: int
    check: int


class Codes:
    """Makes and checks codes with one secret key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, entry: int, request: bytes, service: str) -> str:
        """The code of an extract."""
        text = _spelled(entry).rjust(_NUMBER, "0") + _spelled(self._check(entry, request, service)).rjust(_CHECK, "0")
        return "-".join(text[start : start + 4] for start in range(0, len(text), 4))

    def holds(self, code: Code, request: bytes, service: str) -> bool:
        """Whether a code is that of the extract that this service made of the request."""
        expected = self._check(code.entry, request, service)
        return hmac.compare_digest(code.check.to_bytes(16), expected.to_bytes(16))

    def _check(self, entry: int, request: bytes, service: str) -> int:
        what = json.dumps([entry, request.hex(), service]).encode()
        return int.from_bytes(hmac.digest(self._key, what, sha256)) >> 256 - 5 * _CHECK


def read_code(text: str) -> Code | None:
    """What is typed; none if it can be no code."""
    if len(text) > _LONGEST:
        return None
    values = [_VALUES.get(character) for character in text.upper() if character not in " -"]
    if len(values) < _NUMBER + _CHECK or None in values:
        return None
    number = 0
    for value in values:
        number = number << 5 | (value or 0)
    entry, check = divmod(number, 1 << 5 * _CHECK)
    return Code(entry, check) if entry < 1 << 63 else None


def _spelled(number: int) -> str:
    text = ""
    while number:
        number, last = divmod(number, 32)
        text = _ALPHABET[last] + text
    return text
