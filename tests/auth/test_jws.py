"""What the gateway signs is taken in one spelling and by one key, and no other construction passes."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from auth.blocks import FIRST, Block
from auth.jws import NotSigned, Seal, check_bundle, jwk, read_facts, thumbprint

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SEAL = Seal(KEY)
PAYLOAD = '{"kind":"test","이름":"김민준"}'
OTHER = Seal(Ed25519PrivateKey.from_private_bytes(bytes(32)))


def base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def header_of(text: str) -> dict[str, Any]:
    head = text.partition(".")[0]
    return json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))  # type: ignore[no-any-return]


def signed(header: dict[str, Any], payload: bytes = PAYLOAD.encode(), key: Ed25519PrivateKey = KEY) -> str:
    """A detached signature under whatever header, made by hand as RFC 7797 says."""
    head = base64(json.dumps(header, sort_keys=True, separators=(",", ":")).encode())
    covered = payload if header.get("b64", True) is False else base64(payload).encode()
    return f"{head}..{base64(key.sign(head.encode() + b'.' + covered))}"


def test_a_bundle_is_a_detached_signature_as_the_standards_have_it() -> None:
    text = SEAL.bundle(PAYLOAD)
    assert header_of(text) == {
        "alg": "EdDSA", "b64": False, "crit": ["b64"], "kid": thumbprint(SEAL.public), "typ": "madang-evidence+jws",
    }  # fmt: skip
    assert text == signed(header_of(text)), "by hand it is the same"
    check_bundle(text, PAYLOAD, SEAL.public)
    # A library that knows nothing of Madang takes it, too.
    assert jwt.PyJWS().decode(text, SEAL.public, ["EdDSA"], detached_payload=PAYLOAD.encode()) == PAYLOAD.encode()


def test_a_key_is_named_as_rfc_8037_has_it() -> None:
    """The example of appendix A.3."""
    public = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    ).public_key()
    assert thumbprint(public) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert jwk(public)["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda header: {key: value for key, value in header.items() if key != name}


@pytest.mark.parametrize(
    "change",
    [
        without("crit"),
        without("b64"),
        without("kid"),
        without("typ"),
        lambda header: header | {"b64": True},
        lambda header: without("crit")(without("b64")(header)),
        lambda header: header | {"crit": ["b64", "exp"], "exp": 1},
        lambda header: header | {"alg": "none"},
        lambda header: header | {"alg": "HS256"},
        lambda header: header | {"typ": "madang-extract+jws"},
        lambda header: header | {"jwk": jwk(OTHER.public)},
    ],
)  # fmt: skip
def test_no_other_header_is_taken_though_the_key_signed_it(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    with pytest.raises(NotSigned):
        check_bundle(signed(change(header_of(SEAL.bundle(PAYLOAD)))), PAYLOAD, SEAL.public)


def test_neither_no_signature_nor_one_by_what_is_public_is_taken() -> None:
    raw = SEAL.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    head = {"b64": False, "crit": ["b64"], "kid": thumbprint(SEAL.public), "typ": "madang-evidence+jws"}
    for secret, algorithm in ((raw, "HS256"), ("", "none")):
        with pytest.raises(NotSigned):
            check_bundle(jwt.PyJWS().encode(PAYLOAD.encode(), secret, algorithm, head), PAYLOAD, SEAL.public)
    for text in ("", ".", "..", SEAL.bundle(PAYLOAD).rpartition(".")[0] + ".", "a.b.c.d"):
        with pytest.raises(NotSigned):
            check_bundle(text, PAYLOAD, SEAL.public)


def test_neither_another_key_nor_another_payload_is_taken() -> None:
    with pytest.raises(NotSigned, match="another key"):
        check_bundle(OTHER.bundle(PAYLOAD), PAYLOAD, SEAL.public)
    forged = signed(header_of(SEAL.bundle(PAYLOAD)), key=Ed25519PrivateKey.generate())
    with pytest.raises(NotSigned, match="does not hold"):
        check_bundle(forged, PAYLOAD, SEAL.public)
    with pytest.raises(NotSigned, match="does not hold"):
        check_bundle(SEAL.bundle(PAYLOAD), PAYLOAD + " ", SEAL.public)


@given(st.data())
def test_no_character_of_either_kind_can_be_another(data: st.DataObject) -> None:
    facts = data.draw(st.booleans())
    text = SEAL.facts(PAYLOAD) if facts else SEAL.bundle(PAYLOAD)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != text[place]))
    changed = text[:place] + other + text[place + 1 :]
    with pytest.raises(NotSigned):
        _ = read_facts(changed, SEAL.public) if facts else check_bundle(changed, PAYLOAD, SEAL.public)


def test_facts_are_read_and_are_no_bundle() -> None:
    assert read_facts(SEAL.facts(PAYLOAD), SEAL.public) == PAYLOAD
    with pytest.raises(NotSigned):
        read_facts(SEAL.bundle(PAYLOAD), SEAL.public)
    with pytest.raises(NotSigned):
        check_bundle(SEAL.facts(PAYLOAD), PAYLOAD, SEAL.public)


def test_a_small_text_does_not_become_a_large_one() -> None:
    assert len(read_facts(SEAL.facts("0" * 50_000_000), SEAL.public)) == 1 << 20


@given(st.integers(0, 2**40), st.binary(min_size=32, max_size=32))
def test_no_block_of_the_ledger_begins_as_what_is_signed_here(number: int, root: bytes) -> None:
    header = Block(number, 0, 1, 1, FIRST, root, bytes(8)).header()
    assert header[:1] == b"\1"
    assert SEAL.bundle(PAYLOAD).startswith("e")
    assert SEAL.facts(PAYLOAD).startswith("e")
