"""Keys and tokens to attack with."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from auth.access import Caller
from auth.keys import FixedKeys, KeySet
from auth.tokens import InvalidToken, Verifier

ISSUER = "https://identity.example"
AUDIENCE = "madang"
ED = Ed25519PrivateKey.generate()
OTHER_ED = Ed25519PrivateKey.generate()
RSA = generate_rsa_key(65537, 2048)
CITIZEN = Caller("portal", "citizen", "app-1", jurisdiction="11110", rrn="1234567890123")


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    stated = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 60, "sub": "officer-1", "agency": "tax", "role": "clerk"}
    return {name: value for name, value in {**stated, **changes}.items() if value is not ...}


def sign(key: Any = ED, algorithm: str = "EdDSA", headers: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def part(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def verifier(**options: Any) -> Verifier:
    keys = KeySet({"ed": ED.public_key(), "rsa": RSA.public_key()})
    return Verifier(ISSUER, AUDIENCE, FixedKeys(keys), **options)


def pem(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def jwk(key: Any, kid: str | None = None, **extra: Any) -> dict[str, Any]:
    algorithm = RSAAlgorithm if isinstance(key, RSAPrivateKey) else OKPAlgorithm
    entry = algorithm.to_jwk(key.public_key(), as_dict=True)
    return {**entry, **({"kid": kid} if kid else {}), **extra}


async def refused(token: str, checker: Verifier | None = None) -> str:
    with pytest.raises(InvalidToken) as raised:
        await (checker or verifier()).verify(token)
    message = str(raised.value)
    assert len(token) < 8 or token not in message
    return message
