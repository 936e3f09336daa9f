"""What one entry of the ledger says, and how it is written.

An entry is one operation. What many operations have in common is its **form**: who asked in which capacity, for what purpose,
for which coordinates, and which of them the regulations granted under which rules. A form is JSON in one canonical spelling, kept
once and named by its SHA-256. The rest is the entry's own: when, which officer, which case, and the **disclosures**: for each
resident whose data were read, which of the form's granted coordinates. Of values there are none, and residents stand in it under
pseudonyms that only the gateway's key can make (`auth.pseudonyms`).

The bytes of an entry, integers big-endian, `n` an unsigned LEB128:

    form            n       the number under which the form is kept
    at              6       milliseconds since 1970, UTC
    flags           1       1: a case is named; 2: a trace is; 4: a citizen asked; what is not named is left out
    request         8       the request's id
    trace           16      the trace id of the caller's `traceparent`
    officer, case   n and so many bytes of UTF-8, each
    groups          n       residents of whom the same was disclosed:
        granted     n and so many bytes: bit k, from the lowest of the last byte, is the form's granted coordinate k
        residents   n, and 12 bytes each

A number means nothing outside its database, so what is hashed (a leaf of the block's tree) is the form's SHA-256 and then these
bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

SUBJECT = 12
"""Bytes of a resident's pseudonym."""

_CASE, _TRACE, _CITIZEN = 1, 2, 4
_BYTES = [bytes((value,)) for value in range(0x80)]


@dataclass(frozen=True, slots=True)
class Form:
    """What many entries have in common. `content` is plain data, as `resolvers/disclose.py` makes it."""

    text: str
    digest: bytes
    retain: int
    """For how many months entries of this form are kept."""

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Form:
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        # A token may hold half a surrogate pair, and no text of PostgreSQL does.
        text = text.encode(errors="replace").decode()
        return cls(text, digest_of(text), content["retain"])


def digest_of(text: str) -> bytes:
    """The name of a form."""
    return sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation. `disclosures`: granted coordinates, as bits, → pseudonyms of residents, one after the other."""

    form: int
    at: int
    officer: str
    case: str | None
    request: bytes
    trace: bytes | None
    citizen: bool
    disclosures: Mapping[int, bytes]

    def subjects(self) -> Iterator[tuple[int, bytes]]:
        """What was granted, and of whom, for each resident."""
        for granted, residents in self.disclosures.items():
            for start in range(0, len(residents), SUBJECT):
                yield granted, residents[start : start + SUBJECT]


def encode(entry: Entry) -> bytes:
    flags = _CASE * (entry.case is not None) | _TRACE * (entry.trace is not None) | _CITIZEN * entry.citizen
    parts = [number(entry.form), entry.at.to_bytes(6), bytes((flags,)), entry.request]
    if entry.trace is not None:
        parts.append(entry.trace)
    parts += _text(entry.officer)
    if entry.case is not None:
        parts += _text(entry.case)
    parts.append(number(len(entry.disclosures)))
    for granted, residents in entry.disclosures.items():
        bits = granted.to_bytes((granted.bit_length() + 7) // 8)
        parts += (number(len(bits)), bits, number(len(residents) // SUBJECT), residents)
    return b"".join(parts)


def decode(data: bytes) -> Entry:
    """The entry of these bytes; raises `ValueError` if they are none."""
    try:
        return _Reader(data).entry()
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("these bytes are no entry") from error


def form_of(data: bytes) -> int:
    """The number of an entry's form, without reading the rest of it."""
    return data[0] if data[0] < 0x80 else _Reader(data).number()


def packed(entries: list[bytes]) -> bytes:
    """The entries of a block, each after its length."""
    return b"".join([part for entry in entries for part in (number(len(entry)), entry)])


def unpacked(body: bytes) -> list[bytes]:
    """The entries of a block; raises `ValueError` if the bytes are none."""
    found, reader = [], _Reader(body)
    try:
        while (at := reader.at) < len(body):
            if (length := body[at]) < 0x80:  # As most are: this spares two calls.
                reader.at = at + 1 + length
                found.append(body[at + 1 : reader.at])
            else:
                found.append(reader.take(reader.number()))
        if reader.at > len(body):
            raise IndexError
    except IndexError as error:
        raise ValueError("these bytes are no block") from error
    return found


def skimmed(body: bytes) -> Iterator[tuple[int, bytes, bytes, list[bytes]]]:
    """Of each entry of a block, quickly: its form, its time, its groups without the residents, as written, and those of each.

    Raises `ValueError` or `IndexError` if the bytes are no block, though not for all that are none.
    """
    # Nearly all numbers have one byte, and a call for each would take longer than all the rest.
    at, size = 0, len(body)
    while at < size:
        length, at = body[at], at + 1
        if length >= 0x80:
            length, at = _number(body, at - 1)
        end = at + length
        form, at = body[at], at + 1
        if form >= 0x80:
            form, at = _number(body, at - 1)
        time, flags = body[at : at + 6], body[at + 6]
        at += 31 if flags & _TRACE else 15
        for _ in range(2 if flags & _CASE else 1):
            length, at = body[at], at + 1
            if length >= 0x80:
                length, at = _number(body, at - 1)
            at += length
        left, at = _number(body, at) if body[at] >= 0x80 else (body[at], at + 1)
        kind, residents, after = b"", [], at
        while left:
            length, at = body[at], at + 1
            if length >= 0x80:
                length, at = _number(body, at - 1)
            at += length
            count, at = body[at], at + 1
            if count >= 0x80:
                count, at = _number(body, at - 1)
            kind += body[after:at]
            after = at + count * SUBJECT
            residents.append(body[at:after])
            at = after
            left -= 1
        if at != end:
            raise ValueError("these bytes are no entries")
        yield form, time, kind, residents


def grouped(kind: bytes) -> Iterator[tuple[int, int]]:
    """What was granted in each group, as bits, and of how many residents, from what `skimmed` found."""
    at = 0
    while at < len(kind):
        length, at = _number(kind, at)
        granted = int.from_bytes(kind[at : at + length])
        count, at = _number(kind, at + length)
        yield granted, count


def number(value: int) -> bytes:
    """Unsigned LEB128: seven bits a byte, the lowest first, the high bit set in all but the last."""
    if value < 0x80:
        return _BYTES[value]
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        if byte < 0x80:
            return value | byte << shift, at
        value |= (byte & 0x7F) << shift
        shift += 7


def _text(text: str) -> tuple[bytes, bytes]:
    data = text.encode(errors="replace")
    return number(len(data)), data


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def entry(self) -> Entry:
        form, at, flags, request = self.number(), int.from_bytes(self.take(6)), self.take(1)[0], self.take(8)
        trace = self.take(16) if flags & _TRACE else None
        officer = self.text()
        case = self.text() if flags & _CASE else None
        disclosures = {}
        for _ in range(self.number()):
            granted = int.from_bytes(self.take(self.number()))
            disclosures[granted] = self.take(self.number() * SUBJECT)
        if self.at != len(self.data):
            raise ValueError("these bytes are more than an entry")
        return Entry(form, at, officer, case, request, trace, bool(flags & _CITIZEN), disclosures)

    def take(self, length: int) -> bytes:
        start, self.at = self.at, self.at + length
        if self.at > len(self.data):
            raise IndexError
        return self.data[start : self.at]

    def text(self) -> str:
        return self.take(self.number()).decode()

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if shift and not byte:
                    raise ValueError("these bytes spell a number longer than it is")
                return value
            shift += 7
