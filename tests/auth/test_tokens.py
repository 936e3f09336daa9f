"""Tokens: only what the issuer signed, for this audience, in time, with a key of the right kind, identifies anybody."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any

import pytest

from auth.access import Caller
from auth.tokens import _REMEMBERED, Minter, Verifier
from tests.auth.signing import AUDIENCE, CITIZEN, ED, ISSUER, OTHER_ED, RSA, claims, jwk, part, pem, refused, sign, verifier


async def test_a_token_says_who_asks() -> None:
    token = sign(jurisdiction="11110", rrn="1234567890123", explain=True)
    identity = await verifier().verify(token)
    assert identity.caller == Caller("tax", "clerk", "officer-1", "11110", "1234567890123")
    assert identity.explain is True
    assert 50 < identity.expires_at - time.time() <= 60


async def test_what_is_not_stated_is_not_given() -> None:
    identity = await verifier().verify(sign())
    assert (identity.caller.jurisdiction, identity.caller.rrn, identity.explain) == (None, None, False)


async def test_both_algorithms_are_accepted_with_their_own_keys() -> None:
    for key, algorithm, kid in [(ED, "EdDSA", "ed"), (RSA, "RS256", "rsa")]:
        identity = await verifier().verify(sign(key, algorithm, {"kid": kid}))
        assert identity.caller.agency == "tax"


async def test_the_minter_mints_what_the_verifier_accepts() -> None:
    minter = Minter(ISSUER, AUDIENCE)
    checker = Verifier(ISSUER, AUDIENCE, minter.keys)
    identity = await checker.verify(minter.mint(CITIZEN, explain=True))
    assert (identity.caller, identity.explain) == (CITIZEN, True)
    assert await refused(Minter(ISSUER, AUDIENCE).mint(CITIZEN), checker) == "the token's signature is not valid"
    assert await refused(minter.mint(CITIZEN, lifetime=-60), checker) == "the token has expired"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exp": int(time.time()) - 60}, "the token has expired"),
        ({"exp": 0}, "the token has expired"),
        ({"exp": ...}, "the token lacks the claim `exp`"),
        ({"exp": "soon"}, "the token is malformed"),
        ({"exp": 1e400}, "the token is malformed"),
        ({"exp": None}, "the token lacks the claim `exp`"),
        ({"iat": ...}, "the token lacks the claim `iat`"),
        ({"iat": int(time.time()) + 3600}, "the token is not valid yet"),
        ({"nbf": int(time.time()) + 3600}, "the token is not valid yet"),
        ({"aud": "another"}, "the token is for another audience"),
        ({"aud": ["another", "third"]}, "the token is for another audience"),
        ({"aud": ...}, "the token lacks the claim `aud`"),
        ({"aud": 5}, "the token is for another audience"),
        ({"iss": "https://evil.example"}, "the token is from another issuer"),
        ({"iss": ISSUER + "/"}, "the token is from another issuer"),
        ({"iss": ...}, "the token lacks the claim `iss`"),
        ({"sub": ...}, "the token lacks the claim `sub`"),
        ({"sub": 7}, "the token is malformed"),
        ({"sub": ""}, "the token's claim `sub` must be text"),
        ({"agency": ...}, "the token lacks the claim `agency`"),
        ({"agency": ["tax"]}, "the token's claim `agency` must be text"),
        ({"agency": " "}, "the token's claim `agency` must be text"),
        ({"role": ...}, "the token lacks the claim `role`"),
        ({"role": {"a": 1}}, "the token's claim `role` must be text"),
        ({"jurisdiction": 11110}, "the token's claim `jurisdiction` is not of the right form"),
        ({"jurisdiction": "%"}, "the token's claim `jurisdiction` is not of the right form"),
        ({"jurisdiction": "11110\n"}, "the token's claim `jurisdiction` is not of the right form"),
        ({"jurisdiction": "１１１１０"}, "the token's claim `jurisdiction` is not of the right form"),
        ({"rrn": "800101-1234567"}, "the token's claim `rrn` is not of the right form"),
        ({"rrn": ""}, "the token's claim `rrn` is not of the right form"),
        ({"rrn": ["1234567890123"]}, "the token's claim `rrn` is not of the right form"),
        ({"explain": "yes"}, "the token's claim `explain` must be true or false"),
        ({"explain": 1}, "the token's claim `explain` must be true or false"),
    ],
    ids=str,
)
async def test_a_signed_token_with_wrong_claims_is_refused(changes: dict[str, Any], message: str) -> None:
    header, payload = part({"alg": "EdDSA"}), part(claims(**changes))
    signature = part(ED.sign(f"{header}.{payload}".encode()))
    assert await refused(f"{header}.{payload}.{signature}") == message


async def test_an_audience_among_several_is_accepted() -> None:
    assert (await verifier().verify(sign(aud=["another", AUDIENCE]))).caller.agency == "tax"


UNACCEPTED = "the token's algorithm is not accepted; sign it with EdDSA or RS256"


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "nOnE", "", None, 5, ["EdDSA"], "HS256", "ES256", "RS512", "PS256", "eddsa"]
)
async def test_other_algorithms_are_refused(algorithm: Any) -> None:
    token = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims())}"
    for signature in ("", part(b"x" * 64)):
        assert await refused(f"{token}.{signature}") in (UNACCEPTED, "the token is malformed")


async def test_no_algorithm_at_all_is_refused() -> None:
    assert await refused(f"{part({'typ': 'JWT'})}.{part(claims())}.") in (UNACCEPTED, "the token is malformed")


async def test_a_public_key_is_no_shared_secret() -> None:
    for secret in (pem(RSA), pem(ED), pem(RSA).strip(), json.dumps(jwk(RSA)).encode()):
        signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa'})}.{part(claims())}"
        signature = part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())
        assert await refused(f"{signed}.{signature}") == UNACCEPTED


async def test_a_key_verifies_its_own_algorithm_alone() -> None:
    unknown = "the token is signed with a key that is not known here"
    assert await refused(sign(ED, "EdDSA", {"kid": "rsa"})) == unknown
    assert await refused(sign(RSA, "RS256", {"kid": "ed"})) == unknown
    swapped = sign(RSA, "RS256", {"kid": "rsa"}).split(".")
    swapped[0] = part({"alg": "EdDSA", "kid": "ed"})
    assert await refused(".".join(swapped)) == "the token's signature is not valid"


async def test_keys_that_the_token_brings_along_are_not_used() -> None:
    own = jwk(OTHER_ED)
    for headers in ({"jwk": own}, {"jku": "http://127.0.0.1:9/"}, {"x5u": "http://127.0.0.1:9/"}, {"kid": "ed", "jwk": own}):
        assert await refused(sign(OTHER_ED, headers=headers)) == "the token's signature is not valid"


@pytest.mark.parametrize("kid", ["unknown", "ED", "ed ", "../../etc/passwd", "ed' OR '1'='1", ""])
async def test_an_unknown_key_is_refused(kid: str) -> None:
    assert await refused(sign(headers={"kid": kid})) == "the token is signed with a key that is not known here"


async def test_a_kid_that_is_not_text_names_no_key() -> None:
    token = f"{part({'alg': 'EdDSA', 'kid': 5})}.{part(claims())}.{part(b'x' * 64)}"
    assert await refused(token) == "the token is malformed"


async def test_a_critical_extension_that_is_not_understood_is_refused() -> None:
    header, payload = part({"alg": "EdDSA", "crit": ["exp"], "exp": 1}), part(claims())
    assert await refused(f"{header}.{payload}.{part(ED.sign(f'{header}.{payload}'.encode()))}") == "the token is malformed"


async def test_an_altered_token_is_refused() -> None:
    header, payload, signature = sign().split(".")
    boss = part(claims(role="boss"))
    assert await refused(f"{header}.{boss}.{signature}") == "the token's signature is not valid"
    assert await refused(f"{header}.{payload}.{'A' * len(signature)}") == "the token's signature is not valid"
    assert await refused(f"{header}.{payload}.") == "the token's signature is not valid"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "token",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d",
        "é.è.ê",
        "\x00.\x00.\x00",
        f"{part([])}.{part({})}.x",
        f"{part(b'null')}.{part({})}.x",
        f"{part(b'{')}.{part({})}.x",
        f"{part(chr(0xFFFD).encode()[:1])}.{part({})}.x",
        f"{part(b'[' * 5000)}.{part({})}.x",
        f"{part(b'{' * 1 + bytes(60))}.{part({})}.x",
    ],
)
async def test_nonsense_is_malformed(token: str) -> None:
    assert await refused(token) in ("the token is malformed", UNACCEPTED)


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"5", b'"x"', b"{", b"\xff", b"[" * 3000])
async def test_a_signed_payload_that_is_no_object_is_malformed(payload: bytes) -> None:
    signed = f"{part({'alg': 'EdDSA'})}.{part(payload)}"
    assert await refused(f"{signed}.{part(ED.sign(signed.encode()))}") == "the token is malformed"


async def test_an_oversized_token_is_refused_before_it_is_read() -> None:
    assert await refused(sign(note="x" * 9000)) == "the token is longer than 8192 characters"
    assert (await verifier().verify(sign(note="x" * 5000))).caller.agency == "tax"


async def test_a_repeated_token_is_remembered_until_it_expires_and_never_longer() -> None:
    checker = verifier(leeway=30)
    token = sign(exp=time.time() + 0.3)
    assert checker.cached(token) is None
    identity = await checker.verify(token)
    assert checker.cached(token) is identity
    assert await checker.verify(token) is identity
    await asyncio.sleep(0.35)
    assert checker.cached(token) is None
    # Within the leeway it is still good, and is verified again each time.
    assert await checker.verify(token) is not identity
    assert checker.cached(token) is None


async def test_an_expired_token_is_refused_though_it_was_remembered() -> None:
    checker = verifier(leeway=0)
    token = sign(exp=int(time.time()) + 1)
    await checker.verify(token)
    await asyncio.sleep(1.1)
    assert await refused(token, checker) == "the token has expired"


async def test_refused_tokens_are_not_remembered_and_the_memory_is_bounded() -> None:
    minter = Minter(ISSUER, AUDIENCE)
    checker = Verifier(ISSUER, AUDIENCE, minter.keys)
    await refused(sign(), checker)
    assert not checker._remembered
    first = minter.mint(CITIZEN)
    identity = await checker.verify(first)
    for number in range(_REMEMBERED + 5):
        checker._remember(f"token-{number}", identity)
    assert len(checker._remembered) == _REMEMBERED
    assert checker.cached(first) is None
