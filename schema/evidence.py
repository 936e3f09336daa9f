"""Evidence of a service: what was answered, signed, with the proof that the ledger has it.

These types are no records, as those of `sharing` are none: what the bundle holds was asked of the registers by the service's
approved document, and decided there. Their fields are answered by `resolvers/evidence.py`.
"""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from schema.scalars import BigInt
from schema.sharing import described


@described
class Evidence:
    """A service's document, answered for one case: what an officer keeps of what a decision rests on."""

    entry: BigInt
    """The number of the entry that the ledger has of it."""
    payload: str
    """The evidence as JSON: service, document, caller, answer, rules, and the proof that the entry is in the ledger."""
    jws: str
    """The payload's signature by the gateway, detached (RFC 7515, RFC 7797)."""
    file: str
    """Payload and signature as the text of a file, which `madang evidence verify` checks; save it as it is."""
    code: str | None
    """The verification code of the printed extract; null if the service has none to print."""
    extract: strawberry.Private[Any] = None

    def html(self) -> str | None:
        """The extract as a page; null if the service has none to print."""
        raise AssertionError(_ELSEWHERE)

    def pdf(self) -> str | None:
        """The extract as PDF, in Base64; null if the service has none to print."""
        raise AssertionError(_ELSEWHERE)


Service = Annotated[strawberry.ID, strawberry.argument(description="The service's code.")]
Case = Annotated[
    str | None,
    strawberry.argument(description="The case that it is for; by default the one in the request's header `Madang-Case`."),
]


@described
class EvidenceQuery:
    """The root field that joins `Query`."""

    def evidence(self, service: Service, case: Case = None) -> Evidence | None:
        """Answer a service's document for the resident whom a case is about, and give signed evidence of the answer.

        The request's purpose must be the service's. It is an operation like any other, and the ledger has it.
        """
        raise AssertionError(_ELSEWHERE)


_ELSEWHERE = "answered by `resolvers/evidence.py`"
