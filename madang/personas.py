"""The demo's people: tokens for them, and what the page and `madang personas` tell about them.

The demo's signing keys and the secret of its ids lie in its data directory, readable by their owner alone, so that a token that
`madang token` prints is good for the server that runs beside it, and the ledger can be verified at another time.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from auth.authorizer import RegulationAuthorizer
from auth.tokens import Minter
from madang.settings import SECRET_BYTES, Demo, Persona

ISSUER = "madang demo"
AUDIENCE = "madang"


def minter(demo: Demo) -> Minter:
    """Mints tokens with the demo's own key, which is made when first asked for."""
    return Minter(ISSUER, AUDIENCE, key=_key(demo.directory / "token-key.pem"))


def ledger_key(demo: Demo) -> Ed25519PrivateKey:
    """The demo's key for the ledger's blocks, made when first asked for."""
    return _key(demo.directory / "ledger-key.pem")


def _key(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(_kept(path, _new_key), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"`{path}` is not an Ed25519 key; remove it, and a new one is made")
    return key


def ids_secret(demo: Demo) -> bytes:
    """The demo's secret for ids, made when first asked for."""
    return _kept(demo.directory / "ids-secret", lambda: secrets.token_bytes(SECRET_BYTES))


def about(persona: Persona, authorizer: RegulationAuthorizer) -> dict[str, Any]:
    """What is told of a persona, as plain data: whom it asks for, and the purposes that some regulation admits for it."""
    caller = persona.caller
    titles = authorizer.declared_purposes
    return {
        "name": persona.name,
        "title": persona.title,
        "agency": caller.agency,
        "role": caller.role,
        "jurisdiction": caller.jurisdiction,
        "purposes": [{"code": code, "title": titles[code].title.en} for code in authorizer.purposes(caller)],
        "rrn": caller.rrn,
    }


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _kept(path: Path, make: Any) -> bytes:
    """The content of a private file, made if it is not there. Of two processes that make it at once, one wins for both."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        new = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(make())
        try:
            os.link(new, path)
        except FileExistsError:
            pass
        finally:
            new.unlink()
    return path.read_bytes()
