"""Ids and cursors that are good for one caller alone.

An id is an internal key under AES-SIV (RFC 5297) with a key of the caller's agency: the same agency gets the same id for a record
every time, another agency a different one, and neither can be turned into the other or into the internal key. A citizen's ids are
under a key of that citizen, because everybody who uses an agency's app would share the agency's.

The type's name is authenticated with the id, so that a resident's id does not open as a household's. A cursor is sealed in the
same way, with what it continues (fields, filter, order) as its context: it opens in no other list. Texts are base64url without
padding, in the one canonical spelling.

Both are deterministic and hold nothing in the clear; a cursor's length tells its values' size to the next 16 bytes.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from struct import Struct
from typing import TypeAlias

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auth.access import Caller
from auth.entries import SUBJECT

SealedValue: TypeAlias = bool | int | str | date | None
"""What a cursor may hold."""

_KEY = Struct(">q")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_ID_LENGTH = 32
_CURSOR_LENGTH = 4096
_BLOCK = 16
_FIRST = Struct(f"{SUBJECT}s{_BLOCK - SUBJECT}x")
_CALLERS = 4096


class InvalidId(ValueError):
    """An id that was not made for this caller; the text is safe to show."""

    def __init__(self) -> None:
        super().__init__("the id is not valid for you: it is malformed, forged, or was given to someone else")


class InvalidCursor(ValueError):
    """A cursor that was not made for this caller and this list; the text is safe to show."""

    def __init__(self) -> None:
        super().__init__("the cursor is not valid here: it is malformed, forged, or from another list or another caller")


class Pseudonym:
    """The ids and cursors of one agency, or of one citizen."""

    __slots__ = ("_cipher", "_types")

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)
        self._types: dict[str, list[bytes]] = {}

    def encode(self, type_name: str, key: int) -> str:
        """The id of the record with this 64-bit internal key."""
        bound = self._types.get(type_name)
        if bound is None:
            bound = self._types[type_name] = [b"id", type_name.encode()]
        # 24 bytes come out, so base64 needs no padding.
        return b2a_base64(self._cipher.encrypt(_KEY.pack(key), bound), newline=False).translate(_URL_SAFE).decode("ascii")

    def decode(self, text: str, types: Iterable[str]) -> tuple[str, int]:
        """The type, one of `types`, and the internal key of an id; raises `InvalidId`."""
        if len(text) != _ID_LENGTH or (sealed := _bytes(text)) is None:
            raise InvalidId
        for type_name in types:
            try:
                key = self._cipher.decrypt(sealed, [b"id", type_name.encode()])
            except InvalidTag:
                continue
            return type_name, int(_KEY.unpack(key)[0])
        raise InvalidId

    def seal(self, context: str, values: tuple[SealedValue, ...]) -> str:
        """The cursor of a row with these values, in the list that `context` describes."""
        clear = orjson.dumps([{"date": value.isoformat()} if isinstance(value, date) else value for value in values])
        # Trailing blanks are no part of the JSON; they keep the length from telling the values' exact size.
        padded = clear.ljust(-(-len(clear) // _BLOCK) * _BLOCK)
        return _text(self._cipher.encrypt(padded, [b"cursor", context.encode()]))

    def open(self, context: str, text: str) -> tuple[SealedValue, ...]:
        """The values of a cursor that was sealed in this context; raises `InvalidCursor`."""
        if len(text) > _CURSOR_LENGTH or (sealed := _bytes(text)) is None:
            raise InvalidCursor
        try:
            clear = self._cipher.decrypt(sealed, [b"cursor", context.encode()])
        except InvalidTag:
            raise InvalidCursor from None
        return tuple(date.fromisoformat(value["date"]) if isinstance(value, dict) else value for value in orjson.loads(clear))


class Pseudonyms:
    """The pseudonyms of all callers, from one master secret of at least 32 bytes."""

    def __init__(self, master: bytes) -> None:
        if len(master) < 32:
            raise ValueError(f"the master secret of the pseudonyms has {len(master)} bytes; it needs at least 32")
        self._master = master
        self._known: OrderedDict[tuple[str, str | None], Pseudonym] = OrderedDict()

    def for_caller(self, caller: Caller) -> Pseudonym:
        """The caller's own; the 4096 that were used last are kept ready."""
        whom = (caller.agency, caller.rrn)
        pseudonym = self._known.get(whom)
        if pseudonym is not None:
            self._known.move_to_end(whom)
            return pseudonym
        pseudonym = self._known[whom] = Pseudonym(self._key(*whom))
        if len(self._known) > _CALLERS:
            self._known.popitem(last=False)
        return pseudonym

    def subjects(self) -> Subjects:
        """The residents' pseudonyms in the ledger."""
        return Subjects(self._derive(16, "madang ledger 1"))

    def mask_key(self, agency: str, purpose: str) -> bytes:
        """The 32 bytes of the key with which an agency's values are made pseudonyms for one purpose, and for no other."""
        return self._derive(32, "madang masks 1", agency, purpose)

    def code_key(self) -> bytes:
        """The 32 bytes of the key that extracts' verification codes are made with."""
        return self._derive(32, "madang codes 1")

    def _key(self, agency: str, citizen: str | None) -> bytes:
        return self._derive(64, "madang pseudonyms 1", agency, citizen)

    def _derive(self, length: int, *context: str | None) -> bytes:
        # JSON keeps apart what concatenation would confuse.
        info = json.dumps(context).encode()
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(self._master)


class Subjects:
    """Residents' numbers as the ledger has them: twelve bytes each, the same for whoever asks.

    A number, filled up to a block of AES, is encrypted, and what is left of the result are its first bytes. Of fifty million
    residents no two share them but with a probability of one in 10^13. Without the key nobody can tell whose they are, nor try.
    """

    __slots__ = ("_encryptor",)

    def __init__(self, key: bytes) -> None:
        # Each block is one resident's, alone and always the same, which is what ECB is for.
        self._encryptor = Cipher(AES(key), ECB()).encryptor()

    def of(self, numbers: Sequence[str]) -> bytes:
        """The pseudonyms of these numbers, one after the other."""
        sealed = self._encryptor.update(_blocks(numbers))
        return sealed[:SUBJECT] if len(sealed) == _BLOCK else b"".join([first for (first,) in _FIRST.iter_unpack(sealed)])


def _blocks(numbers: Sequence[str]) -> bytes:
    """The numbers, each filled up to a block; where they are all of one length, which they are in a register, at once."""
    lengths = set(map(len, numbers))
    if len(lengths) == 1 and (length := lengths.pop()) < _BLOCK:
        filling = "\0" * (_BLOCK - length)
        text = filling.join(numbers) + filling
        if text.isascii():
            return text.encode("ascii")
    return b"".join([_block(number) for number in numbers])


def _block(number: str) -> bytes:
    data = number.encode(errors="surrogatepass")
    # Numbers of a register that are longer are told apart by their digest.
    return data.ljust(_BLOCK, b"\0") if len(data) < _BLOCK else sha256(data).digest()[:_BLOCK]


def _text(sealed: bytes) -> str:
    return b2a_base64(sealed, newline=False).translate(_URL_SAFE).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes | None:
    """The bytes of canonical base64url without padding, longer than AES-SIV's tag; otherwise none."""
    try:
        sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return sealed if len(sealed) > _BLOCK and _text(sealed) == text else None
