"""What a report is known by, and what the ledger has of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from auth.access import Caller, Grant
from auth.entries import Form
from auth.ledger import Record
from resolvers.disclose import Trail, asked_to_be_told, names_case, rules_told
from resolvers.inputs import InputError, refuse_unreadable
from resolvers.request import Request
from resolvers.selection import Reporting

KEY = 200
"""The most characters of a key."""


@dataclass(frozen=True)
class Identity:
    """Digests: of who reports, of their key, and of what is reported; and the receipt, which is the key's for one kind of report:
    other registers know nothing of the key."""

    reporter: bytes
    key: bytes
    body: bytes
    receipt: str

    @classmethod
    def of(cls, caller: Caller, key: str, name: str, values: Mapping[str, Any]) -> Identity:
        """Raises `InputError`."""
        refuse_unreadable({"key": key})
        if not 0 < len(key) <= KEY:
            raise InputError("BAD_USER_INPUT", f"`key` has {len(key)} characters; give from 1 to {KEY}, a UUID for example")
        reporter = _digest("reporter", caller.agency, caller.role, caller.officer, caller.rrn)
        named = _digest("key", reporter.hex(), key)
        return cls(reporter, named, _digest("body", name, values), _digest("receipt", named.hex(), name).hex()[:32])


def whose(caller: Caller) -> bytes:
    """The digest of who reports."""
    return Identity.of(caller, "-", "", {}).reporter


def _digest(*parts: Any) -> bytes:
    # JSON keeps apart what concatenation would confuse.
    return sha256(json.dumps(parts, sort_keys=True).encode()).digest()


Granted = Sequence[tuple[str, Sequence[Grant]]]
"""Coordinates, each with the grants of which one held."""


def recorded(
    item: Reporting, request: Request, trail: Trail, granted: Granted = (),
    disclosures: Mapping[int, Iterable[str]] | None = None, refused: str | None = None,
) -> Record:  # fmt: skip
    """What the ledger is to have of one report: an entry of its own, whose items are the report and what was told for it."""
    caller, coordinates = request.access.caller, [item.declared.coordinate, *asked_to_be_told(item)]
    retained = [grant.duties.retain for _, grants in granted for grant in grants if grant.duties and grant.duties.retain]
    form = Form.of(
        {
            "agency": caller.agency,
            "role": caller.role,
            "purpose": request.access.purpose,
            "case": names_case(request),
            "operation": request.operation.hash,
            "regulations": request.version,
            "asked": [[coordinate, "report", "read", -1] for coordinate in coordinates],
            "granted": [{"coordinate": name, "mask": None, "rules": rules_told(grants)} for name, grants in granted],
            "searched": [],
            "guards": [],
            "refused": refused,
            "retain": max((span.months + -(-span.days // 28) for span in retained), default=0),
        }
    )
    found = {bits: list(numbers) for bits, numbers in (disclosures or {}).items()}
    return Record(form, caller.officer, request.access.case, trail.request, trail.trace, caller.rrn is not None, found)


def disclosures(subjects: Iterable[str], about: str | None, told: int) -> dict[int, list[str]]:
    """The first item of whomever a report concerns, and what is told (`told`, as bits) of whom that is about."""
    found: dict[int, list[str]] = {}
    for number in dict.fromkeys(subjects):
        found.setdefault(1 | (told if number == about else 0), []).append(number)
    return found
