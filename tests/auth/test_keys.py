"""Keys from files and addresses: read strictly, fetched seldom, kept while the address fails, dropped once withdrawn."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import OKPAlgorithm

from auth.keys import FixedKeys, JwksAddress, KeySet, parse_jwks, read_keys
from auth.tokens import Verifier
from tests.auth.signing import AUDIENCE, ED, ISSUER, OTHER_ED, RSA, jwk, pem, refused, sign


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
