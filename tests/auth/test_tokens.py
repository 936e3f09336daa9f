"""Tokens: only what the issuer signed, for this audience, in time, with a key of the right kind, identifies anybody."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from auth.access import Caller
from auth.keys import FixedKeys, JwksAddress, KeySet, parse_jwks, read_keys
from auth.tokens import _REMEMBERED, InvalidToken, Minter, Verifier

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


def test_a_pem_file_is_read(tmp_path: Path) -> None:
    for key in (ED, RSA):
        (tmp_path / "key.pem").write_bytes(pem(key))
        assert read_keys(tmp_path / "key.pem") == KeySet({}, (key.public_key(),))


async def test_an_unnamed_key_serves_tokens_that_name_any(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(pem(ED))
    checker = Verifier(ISSUER, AUDIENCE, FixedKeys(read_keys(tmp_path / "key.pem")))
    for headers in (None, {"kid": "whatever"}):
        assert (await checker.verify(sign(headers=headers))).caller.agency == "tax"
    assert await refused(sign(OTHER_ED, headers={"kid": "whatever"}), checker) == "the token's signature is not valid"


async def test_a_token_must_name_its_key_where_several_fit() -> None:
    keys = KeySet({"one": ED.public_key(), "two": OTHER_ED.public_key()})
    checker = Verifier(ISSUER, AUDIENCE, FixedKeys(keys))
    assert await refused(sign(), checker) == "the token is signed with a key that is not known here"
    assert (await checker.verify(sign(headers={"kid": "one"}))).caller.agency == "tax"
    assert await refused(sign(headers={"kid": "two"}), checker) == "the token's signature is not valid"


def test_a_jwk_set_file_is_read(tmp_path: Path) -> None:
    foreign = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
    entries = [jwk(ED, "ed", use="sig", alg="EdDSA"), jwk(RSA, "rsa"), jwk(OTHER_ED), foreign, jwk(OTHER_ED, "enc", use="enc")]
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [*entries, jwk(RSA, "pss", alg="PS256"), {"kty": "oct", "k": "AAAA"}]}))
    assert read_keys(path) == KeySet({"ed": ED.public_key(), "rsa": RSA.public_key()}, (OTHER_ED.public_key(),))


def private_pem() -> bytes:
    return ED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds neither a JWK set nor a public key in PEM"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "holds neither a JWK set nor a public key in PEM"),
        (private_pem(), "holds neither a JWK set nor a public key in PEM"),
        (pem(generate_private_key(SECP256R1())), "a key is not a public Ed25519 or RSA key"),
        (pem(Ed448PrivateKey.generate()), "a key is not a public Ed25519 or RSA key"),
        (pem(generate_rsa_key(65537, 1024)), "an RSA key has 1024 bits; it needs at least 2048"),
        (b"{", "this is not a JWK set"),
        (b"{}", "this is not a JWK set"),
        (b'{"keys": 5}', "this is not a JWK set"),
        (b'{"keys": [5]}', "this is not a JWK set"),
        (b'{"keys": {}}', "the JWK set has no Ed25519 or RSA key for signatures"),
        (b'{"keys": []}', "the JWK set has no Ed25519 or RSA key for signatures"),
        (b'{"keys": [{"kty": ["RSA"]}]}', "this is not a JWK set"),
        (b'{"keys": [{"kty": "OKP", "crv": "Ed25519"}]}', "the JWK set has a key that cannot be read"),
        (b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": 5}]}', "this is not a JWK set"),
        (b'{"keys": [{"kty": "RSA", "n": "AQAB"}]}', "the JWK set has a key that cannot be read"),
        (b'{"keys": ' + b"[" * 100_000, "this is not a JWK set"),
        (json.dumps({"keys": [jwk(ED, "a"), jwk(RSA, "a")]}).encode(), "the JWK set has two keys of one `kid`"),
        (json.dumps({"keys": [jwk(ED, str(n)) for n in range(65)]}).encode(), "the JWK set has more than 64 keys"),
        (
            json.dumps({"keys": [OKPAlgorithm.to_jwk(ED, as_dict=True)]}).encode(),
            "a key is not a public Ed25519 or RSA key",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_key_file_is_a_clear_error(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_keys(path)


class Keyserver:
    """Answers a JWK set over real HTTP, or whatever it is told to."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.body = b""
        self.fetches = 0
        self.delay = 0.0
        self.url = ""

    def serve(self, *entries: dict[str, Any]) -> None:
        self.status, self.body = "200 OK", json.dumps({"keys": entries}).encode()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.fetches += 1
        await asyncio.sleep(self.delay)
        head = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(self.body)}\r\nlocation: {self.url}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + self.body)
        writer.close()


@pytest.fixture
async def keyserver() -> AsyncIterator[Keyserver]:
    answering = Keyserver()
    server = await asyncio.start_server(answering.answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    answering.url = f"http://{host}:{port}/jwks.json"
    async with server:
        yield answering


Make = Callable[..., Verifier]


@pytest.fixture
def remote(keyserver: Keyserver) -> Make:
    def make(**options: float) -> Verifier:
        return Verifier(ISSUER, AUDIENCE, JwksAddress(keyserver.url, **options))

    return make


async def test_keys_come_from_an_address_once(keyserver: Keyserver, remote: Make) -> None:
    keyserver.serve(jwk(ED, "ed"), jwk(RSA, "rsa"))
    checker = remote()
    tokens = [sign(headers={"kid": "ed"}, sub=f"officer-{number}") for number in range(20)]
    identities = await asyncio.gather(
        *(checker.verify(token) for token in [*tokens, sign(RSA, "RS256", {"kid": "rsa"}, sub="rsa")])
    )
    assert len({identity.caller.officer for identity in identities}) == 21
    assert keyserver.fetches == 1


async def test_an_unknown_key_is_asked_for_but_not_for_every_token(keyserver: Keyserver, remote: Make) -> None:
    keyserver.serve(jwk(ED, "ed"))
    checker = remote(every=0.2)
    await checker.verify(sign(headers={"kid": "ed"}))
    keyserver.serve(jwk(ED, "ed"), jwk(OTHER_ED, "new"))
    fresh = sign(OTHER_ED, headers={"kid": "new"})
    assert await refused(fresh, checker) == "the token is signed with a key that is not known here"
    assert keyserver.fetches == 1
    await asyncio.sleep(0.25)
    assert (await checker.verify(fresh)).caller.agency == "tax"
    for number in range(50):
        await refused(sign(OTHER_ED, headers={"kid": f"flood-{number}"}), checker)
    assert keyserver.fetches == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("500 No", b"{}"),
        ("302 Found", b""),
        ("200 OK", b"<html>"),
        ("200 OK", b'{"keys": []}'),
        ("200 OK", json.dumps({"keys": [jwk(OTHER_ED, "new")]}).encode().ljust(300_000)),
        ("nonsense", b""),
    ],
)
async def test_while_the_address_fails_the_old_keys_stay(keyserver: Keyserver, remote: Make, status: str, body: bytes) -> None:
    keyserver.serve(jwk(ED, "ed"))
    checker = remote(every=0.0)
    await checker.verify(sign(headers={"kid": "ed"}))
    keyserver.status, keyserver.body = status, body
    await refused(sign(OTHER_ED, headers={"kid": "new"}), checker)
    assert keyserver.fetches == 2
    assert (await checker.verify(sign(headers={"kid": "ed"}, sub="other"))).caller.officer == "other"


async def test_a_slow_or_absent_address_is_given_up(keyserver: Keyserver, remote: Make) -> None:
    keyserver.serve(jwk(ED, "ed"))
    keyserver.delay = 1.0
    began = time.monotonic()
    await refused(sign(headers={"kid": "ed"}), remote(timeout=0.1))
    assert time.monotonic() - began < 0.9
    absent = Verifier(ISSUER, AUDIENCE, JwksAddress("http://127.0.0.1:9/jwks.json"))
    assert await refused(sign(headers={"kid": "ed"}), absent) == "the token is signed with a key that is not known here"


async def test_old_keys_are_asked_for_in_the_background_and_withdrawn_ones_take_their_tokens_along(
    keyserver: Keyserver, remote: Make
) -> None:
    keyserver.serve(jwk(ED, "ed"), jwk(OTHER_ED, "other"))
    checker = remote(every=0.0, max_age=0.1)
    token = sign(OTHER_ED, headers={"kid": "other"})
    await checker.verify(token)
    keyserver.serve(jwk(ED, "ed"))
    assert checker.cached(token) is not None
    await asyncio.sleep(0.15)
    # This one does not wait for the address.
    assert checker.cached(token) is not None
    for _ in range(500):
        if checker.cached(token) is None:
            break
        await asyncio.sleep(0.01)
    assert await refused(token, checker) == "the token is signed with a key that is not known here"
    assert (await checker.verify(sign(headers={"kid": "ed"}))).caller.agency == "tax"
    assert len(checker._remembered) == 1


async def test_keys_that_come_back_the_same_keep_the_tokens(keyserver: Keyserver, remote: Make) -> None:
    keyserver.serve(jwk(ED, "ed"))
    checker = remote(every=0.0, max_age=0.05)
    token = sign(headers={"kid": "ed"})
    identity = await checker.verify(token)
    await asyncio.sleep(0.1)
    async with asyncio.timeout(5):
        while keyserver.fetches < 3:
            assert checker.cached(token) is identity
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "url",
    [
        "http://keys.example/jwks",
        "ftp://127.0.0.1/jwks",
        "file:///etc/keys",
        "http://10.0.0.1/",
        "http://localhost.example/",
        "keys",
        "https://",
    ],
)
def test_an_address_that_cannot_be_trusted_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must begin with https, or be on this host"):
        JwksAddress(url)


@pytest.mark.parametrize("url", ["https://keys.example/jwks", "http://127.0.0.1:8000/", "http://localhost/", "http://[::1]:80/"])
def test_an_address_that_can_be_trusted_is_accepted(url: str) -> None:
    assert JwksAddress(url).current == KeySet({})


def test_a_set_without_a_name_for_a_key_is_fine() -> None:
    assert parse_jwks(json.dumps({"keys": [jwk(ED)]}).encode()) == KeySet({}, (ED.public_key(),))
