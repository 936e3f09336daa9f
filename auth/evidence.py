"""Bundles of evidence: what an officer keeps of what a decision rested on, and can show to a court years later.

A **bundle** is a file of JSON with two texts: the payload, and the signature of it (`auth/jws.py`). The payload is JSON, too:

    kind         `KIND`
    service      its code, its title in Korean and English
    document     the approved document: its text, its SHA-256, and the name of the variable that the resident was given by. The
                 resident's number itself is nowhere but in the answer, if it was granted there
    ledger       the proof that the entry is in the ledger, down to its signed block (`auth/prove.py`)
    response     what was answered; byte by byte, unless something is omitted
    omitted      coordinates that were shown and may not be stored: where they were the response has null

and what the entry says of it, which stands in its own words beside the proof, so that nobody has to read bytes: `entry` (its
number), `request`, `at`, `caller`, `purpose`, `case`, `regulations` (their version), `residents` (of how many something was
disclosed), and `granted`: each coordinate that was, with the rules and articles under which it was.

Checking needs the file and the gateway's public key. It makes the entry's words anew from the proof, and compares.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from auth.jws import NotSigned, Seal, check_bundle
from auth.prove import NotProved, Proven, read_proof

KIND = "madang evidence 1"
FILE = "madang evidence file 1"


class NotEvidence(Exception):
    """Something of a bundle does not hold; the text says what, and is safe to show."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Evidence of one operation: the payload and its signature, as texts."""

    payload: str
    signature: str
    entry: int
    """The number of the ledger's entry."""

    @property
    def file(self) -> str:
        """The one spelling of the bundle as a file."""
        content = {"kind": FILE, "payload": self.payload, "signature": self.signature}
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def bundle(
    service: Mapping[str, Any], document: str, subject: str, response: bytes, omitted: Sequence[str], proof: Mapping[str, Any],
    seal: Seal,
) -> Bundle:  # fmt: skip
    """The evidence of an answer. `service`: what is said of it; `subject`: the name of the variable that took the resident."""
    proven = read_proof(proof, seal.public)
    payload = {
        "kind": KIND,
        "service": service,
        "document": {"sha256": _digest(document), "subject": subject or None, "text": document},
        **told(proven),
        "response": orjson.Fragment(response),
        "omitted": list(omitted),
        "ledger": proof,
    }
    text = orjson.dumps(payload).decode()
    return Bundle(text, seal.bundle(text), proven.number)


def told(proven: Proven) -> dict[str, Any]:
    """What an entry with its form says, in words."""
    entry, form = proven.entry, proven.form
    shown = 0
    for bits in entry.disclosures:
        shown |= bits
    return {
        "entry": proven.number,
        "request": entry.request.hex(),
        "at": datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds"),
        "caller": {"agency": form["agency"], "role": form["role"], "officer": entry.officer, "in_person": entry.citizen},
        "purpose": form["purpose"],
        "case": entry.case,
        "regulations": form["regulations"],
        "residents": len({resident for _, resident in entry.subjects()}),
        "granted": [
            {**granted, "rules": [{"rule": rule["rule"], "basis": rule["basis"]} for rule in granted["rules"]]}
            for place, granted in enumerate(form["granted"])
            if shown >> place & 1
        ],
    }


def check(text: str, key: Ed25519PublicKey, operation_of: Callable[[str], str]) -> dict[str, Any]:
    """The payload of a bundle's file, if all of it holds; raises `NotEvidence` with the first thing that does not.

    `operation_of` makes of a document the digest under which the ledger has its operation (`resolvers/operation.py`).
    """
    payload = _signed(text, key)
    try:
        proven = read_proof(payload["ledger"], key)
        document, response = payload["document"], payload["response"]
        for name, value in told(proven).items():
            if payload[name] != value:
                raise NotEvidence(f"the entry in the ledger says something else of `{name}` than the bundle")
        if proven.form["refused"] is not None:
            raise NotEvidence("the entry in the ledger is of a request that was refused")
        if document["sha256"] != _digest(document["text"]):
            raise NotEvidence("the document is not the one that is named by its SHA-256")
        if operation_of(document["text"]) != proven.form["operation"]:
            raise NotEvidence("the entry in the ledger is of another operation than the document's")
        if not {*payload["omitted"]} <= {each["coordinate"] for each in payload["granted"]}:
            raise NotEvidence("the entry in the ledger does not have what is said to be omitted")
        if response["extensions"]["regulations"] != payload["regulations"]:
            raise NotEvidence("the answer was given under other regulations than the entry in the ledger says")
    except NotProved as error:
        raise NotEvidence(f"the proof of the ledger's entry does not hold: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotEvidence(f"the bundle is signed, but not as evidence is made ({type(error).__name__})") from None
    return payload


def _signed(text: str, key: Ed25519PublicKey) -> dict[str, Any]:
    """The payload of a file that is spelled as it was made, if the key signed it."""
    try:
        content = json.loads(text)
        found = Bundle(content["payload"], content["signature"], 0)
        if found.file != text:
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise NotEvidence("the file is no evidence, or is not byte by byte as it was saved") from None
    try:
        check_bundle(found.signature, found.payload, key)
    except NotSigned as error:
        raise NotEvidence(str(error)) from None
    payload = json.loads(found.payload)
    if not isinstance(payload, dict) or payload.get("kind") != KIND:
        raise NotEvidence(f"what is signed is no `{KIND}`")
    return payload


def _digest(document: str) -> str:
    return sha256(document.encode()).hexdigest()
