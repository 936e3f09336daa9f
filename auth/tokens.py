"""Who a bearer token says is asking.

A token is a JWT signed with EdDSA (Ed25519) or RS256. Its claims: `iss`, `aud`, `exp`, `iat`; `sub` (the officer), `agency`,
`role`; where they apply `jurisdiction` (five digits) and `rrn` (a citizen's own 13 digits); and `explain` (true: may see how a
request was planned).

A key verifies its own algorithm alone, so neither `none` nor an HMAC under a public key gets anywhere. A verified token is
remembered, by its whole text, until it expires or the keys change, so a repeated one costs a look-up.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.access import Caller
from auth.keys import FixedKeys, Keys, KeySet, PublicKey

_TOKEN_LENGTH = 8192
_REMEMBERED = 4096
_LEEWAY = 10
_CLAIMS = ("exp", "iat", "iss", "aud", "sub", "agency", "role")
_DISTRICT = re.compile(r"[0-9]{5}")
_RRN = re.compile(r"[0-9]{13}")


class InvalidToken(Exception):
    """A token that identifies nobody. The text is safe to show: it holds nothing of the token but a claim's name.

    `claimed`: the agency that it says it is of, which is anybody's guess.
    """

    claimed: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified token says: the caller, whether plans may be explained to it, and when it expires (seconds since 1970)."""

    caller: Caller
    explain: bool
    expires_at: float


class Verifier:
    """Turns tokens of one issuer for one audience into identities."""

    def __init__(self, issuer: str, audience: str, keys: Keys, *, leeway: float = _LEEWAY) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._leeway = leeway
        self._remembered: OrderedDict[str, Identity] = OrderedDict()
        self._remembered_under = keys.current

    def cached(self, token: str) -> Identity | None:
        """The identity of a token that was verified before and has not expired; otherwise `verify` tells."""
        self._keys.touch()
        identity = self._remembered.get(token)
        if identity is None or self._remembered_under is not self._keys.current:
            return None
        if time.time() >= identity.expires_at:
            del self._remembered[token]
            return None
        self._remembered.move_to_end(token)
        return identity

    async def verify(self, token: str) -> Identity:
        """The identity of a token; raises `InvalidToken`."""
        known = self.cached(token)
        if known is not None:
            return known
        try:
            return await self._verified(token)
        except InvalidToken as error:
            error.claimed = _claimed(token)
            raise

    async def _verified(self, token: str) -> Identity:
        if len(token) > _TOKEN_LENGTH:
            raise InvalidToken(f"the token is longer than {_TOKEN_LENGTH} characters")
        kid, algorithm = _header(token)
        key = self._keys.current.find(kid, algorithm)
        if key is None:
            await self._keys.refresh()
            key = self._keys.current.find(kid, algorithm)
        if key is None:
            raise InvalidToken("the token is signed with a key that is not known here")
        identity = _identity(self._claims(token, key, algorithm))
        self._remember(token, identity)
        return identity

    def _claims(self, token: str, key: PublicKey, algorithm: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": list(_CLAIMS)},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise InvalidToken(_complaint(error)) from None

    def _remember(self, token: str, identity: Identity) -> None:
        if self._remembered_under is not self._keys.current:
            # A key that was withdrawn takes its tokens with it.
            self._remembered.clear()
            self._remembered_under = self._keys.current
        self._remembered[token] = identity
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)


class Minter:
    """Signs tokens for the demo, by default with an Ed25519 key that exists in this process alone."""

    def __init__(self, issuer: str, audience: str, *, key: Ed25519PrivateKey | None = None) -> None:
        self._issuer = issuer
        self._audience = audience
        self._key = key or Ed25519PrivateKey.generate()
        self.keys = FixedKeys(KeySet({}, (self._key.public_key(),)))

    def mint(self, caller: Caller, *, explain: bool = False, lifetime: int = 3600) -> str:
        """A token for the caller, good for `lifetime` seconds from now."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "exp": now + lifetime,
            "sub": caller.officer,
            "agency": caller.agency,
            "role": caller.role,
            "jurisdiction": caller.jurisdiction,
            "rrn": caller.rrn,
            "explain": explain,
        }
        stated = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(stated, self._key, algorithm="EdDSA")


def _header(token: str) -> tuple[str | None, str]:
    """The token's `kid` and algorithm, unverified: they only choose a key."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise InvalidToken("the token is malformed") from None
    kid = header.get("kid")
    algorithm = header.get("alg")
    if algorithm not in ("EdDSA", "RS256"):
        raise InvalidToken("the token's algorithm is not accepted; sign it with EdDSA or RS256")
    return (kid if isinstance(kid, str) else None), algorithm


def _claimed(token: str) -> str | None:
    """The agency that a token names, whoever made it."""
    try:
        claims = jwt.decode(token[: _TOKEN_LENGTH + 1], options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        return None
    agency = claims.get("agency")
    return agency if isinstance(agency, str) else None


def _identity(claims: dict[str, Any]) -> Identity:
    caller = Caller(
        agency=_text(claims, "agency"),
        role=_text(claims, "role"),
        officer=_text(claims, "sub"),
        jurisdiction=_digits(claims, "jurisdiction", _DISTRICT),
        rrn=_digits(claims, "rrn", _RRN),
    )
    explain = claims.get("explain", False)
    if not isinstance(explain, bool):
        raise InvalidToken("the token's claim `explain` must be true or false")
    return Identity(caller, explain, float(claims["exp"]))


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or not value.strip():
        raise InvalidToken(f"the token's claim `{name}` must be text")
    return value


def _digits(claims: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str | None:
    value = claims.get(name)
    if value is not None and (not isinstance(value, str) or not pattern.fullmatch(value)):
        raise InvalidToken(f"the token's claim `{name}` is not of the right form")
    return value


def _complaint(error: Exception) -> str:
    match error:
        case jwt.ExpiredSignatureError():
            return "the token has expired"
        case jwt.ImmatureSignatureError() | jwt.InvalidIssuedAtError():
            return "the token is not valid yet"
        case jwt.InvalidAudienceError():
            return "the token is for another audience"
        case jwt.InvalidIssuerError():
            return "the token is from another issuer"
        case jwt.MissingRequiredClaimError():
            return f"the token lacks the claim `{error.claim}`"
        case jwt.InvalidSignatureError():
            return "the token's signature is not valid"
        case _:
            return "the token is malformed"
