"""What a ministry has of its own, and the demo has stand-ins for: where tokens come from, and which applicant a case is about."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

SAMPLE = Path(__file__).parents[1] / "korea" / "data"


def token(address: str, persona: str = "passport-officer") -> str:
    """A token of one of the demo's people.

    Here goes your own issuer: it knows who has signed in, and gives a signed token with agency, role and officer whose public key
    the gateway's settings name (`[tokens]`), for some minutes. Fetch a new one when it has expired; store none.
    """
    people = httpx.get(f"{address}/personas", timeout=10).raise_for_status().json()
    return next(str(person["token"]) for person in people if person["name"] == persona)


def applicant(case: str) -> str:
    """The resident number of whom an open case is about; raises `LookupError`.

    Here goes your own system of cases, where the application was received. The gateway looks by itself whether the case is open.
    """
    known = json.loads((SAMPLE / "known_petitions.json").read_text("utf-8"))
    found = next((each for each in known if each["number"] == case and each["agency"] == "mofa"), None)
    if found is None:
        raise LookupError(f"there is no case `{case}` of this ministry; the sample's are 2026-passport-008841 and -008842")
    if found["closed"]:
        raise LookupError(f"the case `{case}` was closed on {found['closed']}")
    return str(json.loads((SAMPLE / "known_residents.json").read_text("utf-8"))[found["resident"]])
