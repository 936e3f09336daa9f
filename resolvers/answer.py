"""What a request is answered with: data or errors, as bytes; and the errors of whole requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import orjson
from graphql import GraphQLError

from auth.access import AccessRequest, Authorizer
from resolvers import errors
from resolvers.onward import Fed
from resolvers.operation import RequestError

REFUSED = frozenset(
    {"PURPOSE_REQUIRED", "PURPOSE_NOT_ALLOWED", "REJECTED", "SUBJECT_LIMIT_REACHED", "LIMITS_UNAVAILABLE", "SOURCE_UNAVAILABLE"}
)
"""Request errors that are entries of the ledger: somebody asked for residents' data and was not given them. What is no valid
operation asks for nothing."""


RETRY = 2
"""Seconds after which to ask again where the ledger could not be written."""


@dataclass(frozen=True)
class Answer:
    """A response's bytes (JSON). A request error has no data: nothing was read."""

    kind: Literal["data", "request_error"]
    body: bytes
    code: str | None = None
    """Of a request error."""
    retry_after: int | None = None
    """Of a request error that passes with time: in how many seconds."""
    entry: int | None = None
    """The number of its entry in the ledger; what is about no resident has none."""
    fed: Fed | None = None
    """Of a subscription, as long as its feed is granted and answers."""


def check_purpose(authorizer: Authorizer, access: AccessRequest) -> None:
    """Hold a request to have a purpose that the caller may have; raises `RequestError`."""
    allowed = authorizer.purposes(access.caller)
    listed = ", ".join(f"`{p}`" for p in allowed) or "none"
    if access.purpose is None:
        raise RequestError(
            "PURPOSE_REQUIRED", f"say for which purpose you ask, in the `Madang-Purpose` header; yours are: {listed}"
        )
    if access.purpose not in allowed:
        raise RequestError("PURPOSE_NOT_ALLOWED", f"`{access.purpose}` is no purpose of your role; yours are: {listed}")


def rejected(found: Sequence[errors.Error]) -> RequestError:
    """The refusal of a whole request: of each thing withheld what is said in a response, without its place in one."""
    told = [GraphQLError(e["message"], extensions=e["extensions"]) for e in errors.in_order(found)]
    return RequestError("REJECTED", "nothing is shown, because not all that was asked for is shared with you", *told)


def unrecorded() -> RequestError:
    """What is said where the ledger cannot be written."""
    return RequestError(
        "LEDGER_UNAVAILABLE", "what is shown cannot be recorded now, so nothing is shown; ask again later", retry_after=RETRY
    )


def request_error(error: RequestError, entry: int | None = None) -> Answer:
    """The answer to a request of which nothing is shown."""
    # A message may echo what the caller sent, and that may be half a character.
    found = [
        {
            **e.formatted,
            "message": e.message.encode(errors="replace").decode(),
            "extensions": {"code": error.code} | (e.extensions or {}),
        }
        for e in error.errors
    ]
    return Answer("request_error", orjson.dumps({"errors": found}), error.code, error.retry_after, entry)
