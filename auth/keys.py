"""The public keys that tokens are verified with, from a file (PEM, or a JWK set) or from a JWKS address.

The algorithm follows from the key, never from a token: Ed25519 keys verify EdDSA and RSA keys RS256. A token that names its key
(`kid`) is verified with the key of that name, or with the keys that have none; a token that does not, with the only key there is.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import httpx
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

PublicKey: TypeAlias = Ed25519PublicKey | RSAPublicKey

_JWKS_BYTES = 256 * 1024
_JWKS_KEYS = 64
_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class KeySet:
    """Public keys: those with a `kid`, by it, and those without."""

    named: Mapping[str, PublicKey]
    unnamed: tuple[PublicKey, ...] = ()

    def find(self, kid: str | None, algorithm: str) -> PublicKey | None:
        """The one key that a token with this header may be signed with, if there is one."""
        if kid is not None and kid in self.named:
            candidates: list[PublicKey] = [self.named[kid]]
        elif kid is not None:
            candidates = list(self.unnamed)
        else:
            candidates = [*self.unnamed, *self.named.values()]
        fitting = [key for key in candidates if algorithm_of(key) == algorithm]
        return fitting[0] if len(fitting) == 1 else None


def read_keys(path: Path) -> KeySet:
    """Keys of a file: a JWK set or one PEM public key. Raises `ValueError` saying what is wrong with it."""
    content = path.read_bytes()
    if content.lstrip().startswith(b"{"):
        return parse_jwks(content)
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"`{path}` holds neither a JWK set nor a public key in PEM") from error
    return KeySet({}, (_usable(key),))


def parse_jwks(content: bytes) -> KeySet:
    """The signature keys of a JWK set (RFC 7517); keys of other kinds are passed over. Raises `ValueError`."""
    try:
        listed = json.loads(content)["keys"]
        entries = [entry for entry in listed if _for_signatures(entry)]
        if len(listed) > _JWKS_KEYS:
            raise ValueError(f"the JWK set has more than {_JWKS_KEYS} keys")
        keys = [(entry.get("kid"), _usable(_from_jwk(entry))) for entry in entries]
    except (KeyError, TypeError, AttributeError, RecursionError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError("this is not a JWK set") from error
    except jwt.PyJWTError as error:
        raise ValueError("the JWK set has a key that cannot be read") from error
    named = {kid: key for kid, key in keys if isinstance(kid, str)}
    unnamed = tuple(key for kid, key in keys if not isinstance(kid, str))
    if len(named) + len(unnamed) != len(keys):
        raise ValueError("the JWK set has two keys of one `kid`")
    if not keys:
        raise ValueError("the JWK set has no Ed25519 or RSA key for signatures")
    return KeySet(named, unnamed)


class Keys(Protocol):
    """Where a verifier's keys come from."""

    current: KeySet

    def touch(self) -> None:
        """Begin to ask for the keys again, in the background, if they are old."""

    async def refresh(self) -> None:
        """Ask for the keys again, if that is due; never raises: when it fails the old ones stay."""


class FixedKeys:
    """Keys that do not change while serving."""

    def __init__(self, keys: KeySet) -> None:
        self.current = keys

    def touch(self) -> None:
        return

    async def refresh(self) -> None:
        return


class JwksAddress:
    """The keys at a JWKS address: asked for when first needed, for a key that is not known, and when `max_age` seconds old.

    However many tokens ask, the address is fetched at most once in `every` seconds. While it fails the old keys stay.
    """

    def __init__(self, url: str, *, every: float = 30.0, max_age: float = 600.0, timeout: float = 5.0) -> None:
        if not _trustworthy(url):
            raise ValueError(f"the JWKS address `{url}` must begin with https, or be on this host")
        self.current = KeySet({})
        self._url = url
        self._every = every
        self._max_age = max_age
        self._timeout = timeout
        self._tried_at = float("-inf")
        self._fetched_at: float | None = None
        self._lock = asyncio.Lock()
        self._asking: asyncio.Task[None] | None = None

    def touch(self) -> None:
        if self._fetched_at is None or self._lock.locked():
            return
        now = time.monotonic()
        # Requests do not wait for this: were the address slow, every one of them would be.
        if now - self._fetched_at >= self._max_age and now - self._tried_at >= self._every:
            self._asking = asyncio.get_running_loop().create_task(self.refresh())

    async def refresh(self) -> None:
        async with self._lock:
            if time.monotonic() - self._tried_at < self._every:
                return
            self._tried_at = time.monotonic()
            try:
                keys = parse_jwks(await self._fetch())
            except (httpx.HTTPError, TimeoutError, ValueError):
                return
            self._fetched_at = time.monotonic()
            if keys != self.current:
                self.current = keys

    async def _fetch(self) -> bytes:
        content = b""
        async with (
            asyncio.timeout(self._timeout),
            httpx.AsyncClient(timeout=self._timeout, trust_env=False) as client,
            client.stream("GET", self._url) as response,
        ):
            response.raise_for_status()
            async for part in response.aiter_bytes():
                content += part
                if len(content) > _JWKS_BYTES:
                    raise ValueError("the JWK set is too long")
        return content


def algorithm_of(key: PublicKey) -> str:
    return "EdDSA" if isinstance(key, Ed25519PublicKey) else "RS256"


def _usable(key: object) -> PublicKey:
    if isinstance(key, RSAPublicKey) and key.key_size < _RSA_BITS:
        raise ValueError(f"an RSA key has {key.key_size} bits; it needs at least {_RSA_BITS}")
    if not isinstance(key, Ed25519PublicKey | RSAPublicKey):
        raise ValueError("a key is not a public Ed25519 or RSA key")
    return key


def _for_signatures(entry: dict[str, Any]) -> bool:
    algorithms: dict[object, tuple[str, ...]] = {("RSA", None): ("RS256",), ("OKP", "Ed25519"): ("EdDSA", "Ed25519")}
    accepted = algorithms.get((entry.get("kty"), entry.get("crv")), ())
    return entry.get("use", "sig") == "sig" and bool(accepted) and entry.get("alg", accepted[0]) in accepted


def _from_jwk(entry: dict[str, Any]) -> object:
    return (RSAAlgorithm if entry["kty"] == "RSA" else OKPAlgorithm).from_jwk(entry)


def _trustworthy(url: str) -> bool:
    address = httpx.URL(url)
    if address.scheme == "https":
        return bool(address.host)
    try:
        return address.scheme == "http" and ipaddress.ip_address(address.host).is_loopback
    except ValueError:
        return address.scheme == "http" and address.host == "localhost"
