"""Signed texts that leave the gateway: JSON Web Signatures (RFC 7515) by the key that signs the ledger's blocks.

Two kinds, told apart by `typ`, which is always checked: a **bundle** of evidence, whose payload stands beside the signature as it
is (detached, RFC 7515, appendix F; unencoded, RFC 7797), and the **facts** of a printed extract, in one short text, compressed as
`zip: DEF` says (raw DEFLATE, RFC 1951), because it has to fit into a QR code.

One key signs both and the ledger's blocks, and no signature can be taken for another. What a block's signature covers begins with
the byte 0x01 (`auth/blocks.py`); what these cover begins with the Base64url of `{`, that is `e`, and then has the header, with
`typ` in it, before the first dot. Callers' tokens are signed by other keys, and who verifies them asks for issuer and audience.

Of each header there is one spelling for one key, and nothing else is accepted: so there is no algorithm to choose, nothing to be
left out of `crit`, and no byte that could be changed unnoticed.
"""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.api_jws import PyJWS
from jwt.exceptions import InvalidSignatureError, PyJWTError
from jwt.utils import base64url_decode

Kind = Literal["bundle", "facts"]

_ALGORITHM = "EdDSA"
_HEADERS: dict[Kind, dict[str, Any]] = {
    "bundle": {"typ": "madang-evidence+jws", "b64": False, "crit": ["b64"]},
    "facts": {"typ": "madang-extract+jws", "zip": "DEF"},
}
_JWS = PyJWS(algorithms=[_ALGORITHM])
_LONGEST = 1 << 20
"""Bytes that compressed facts may have, so that nobody can make a small text a large one."""


class NotSigned(ValueError):
    """It is not what the key signed; the text says what is wrong."""


class Seal:
    """Signs with one private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key()

    def bundle(self, payload: str) -> str:
        """The signature of a payload that is kept beside it: `header..signature`."""
        return _JWS.encode(payload.encode(), self._key, _ALGORITHM, _header("bundle", self.public))

    def facts(self, payload: str) -> str:
        """The payload, compressed, with its signature."""
        deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
        data = deflate.compress(payload.encode()) + deflate.flush()
        return _JWS.encode(data, self._key, _ALGORITHM, _header("facts", self.public))


def check_bundle(text: str, payload: str, key: Ed25519PublicKey) -> None:
    """Raises `NotSigned` unless the key signed this payload, in the one spelling that there is."""
    _checked("bundle", text, key, payload.encode())


def read_facts(text: str, key: Ed25519PublicKey) -> str:
    """What was signed in short; raises `NotSigned`."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    data = _checked("facts", text, key, None)
    try:
        return inflate.decompress(data, _LONGEST).decode()
    except (zlib.error, UnicodeDecodeError):
        raise NotSigned("what was signed cannot be read") from None


def thumbprint(key: Ed25519PublicKey) -> str:
    """The name of a key (RFC 7638, section 3)."""
    return _base64(sha256(json.dumps(jwk(key), sort_keys=True, separators=(",", ":")).encode()).digest())


def jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """A public key as JSON (RFC 8037, section 2): what there must be of it and no more."""
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}


def _header(kind: Kind, key: Ed25519PublicKey) -> dict[str, Any]:
    return {"alg": _ALGORITHM, "kid": thumbprint(key), **_HEADERS[kind]}


def _checked(kind: Kind, text: str, key: Ed25519PublicKey, detached: bytes | None) -> bytes:
    header, _, rest = text.partition(".")
    payload, _, signature = rest.partition(".")
    expected = _base64(json.dumps(_header(kind, key), sort_keys=True, separators=(",", ":")).encode())
    if header != expected:
        raise NotSigned(_unlike(header, kind, key))
    try:
        found: bytes = _JWS.decode_complete(text, key, [_ALGORITHM], detached_payload=detached)["payload"]
        raw = [payload, signature] if detached is None else [signature]
        if any(each != _canonical(each) for each in raw):
            raise NotSigned("the signature, or what it is of, is not spelled as it was")
    except InvalidSignatureError:
        raise NotSigned("the signature does not hold: what was signed was changed, or the signature was") from None
    except (PyJWTError, ValueError) as error:
        raise error if isinstance(error, NotSigned) else NotSigned("the signature cannot be read") from None
    return found


def _unlike(header: str, kind: Kind, key: Ed25519PublicKey) -> str:
    """What is wrong with a header that is not the one that the key would have written."""
    try:
        told = json.loads(base64url_decode(header))
        wrong = next(
            name for name, value in _header(kind, key).items() if told.get(name) != value or type(told[name]) is not type(value)
        )
    except (ValueError, AttributeError, TypeError, KeyError, StopIteration):
        return "the signature's header is not as the gateway writes it"
    if wrong == "kid":
        return "it is signed by another key than the one that was given"
    return f"the signature's header has another `{wrong}` than the gateway writes"


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _canonical(text: str) -> str:
    """The one spelling of what a text of Base64url stands for: its last character may have bits that stand for nothing."""
    return _base64(base64url_decode(text))
