"""Who asks, and what for: from a request's headers to an access request.

The caller is what the bearer token says, and nothing else is. `Madang-Purpose` and `Madang-Case` are the caller's own words: the
regulations decide what they are good for. Here they are only kept to their form (`madang/words.py`), and so are the headers by
which a caller says how it wants to be answered, `Madang-Refusals` and `Madang-View`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from auth.access import AccessRequest
from auth.tokens import InvalidToken, Verifier
from madang.refusal import Refusal
from madang.words import CASE, PURPOSE, REFUSALS, Form
from resolvers.disclose import Trail
from resolvers.operation import Refusals

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")


@dataclass(frozen=True, slots=True)
class Identified:
    """An access request, and how the caller wants to be answered.

    `explain`: whether the plan may be explained to it. `refusals`: what the header says of what is withheld, if it was sent.
    `whole_view`: whether introspection is to show the whole catalogue. `expires_at`: when the token does, in seconds since 1970.
    """

    access: AccessRequest
    expires_at: float
    explain: bool
    refusals: Refusals | None
    whole_view: bool


async def identify(headers: dict[bytes, bytes], verifier: Verifier) -> Identified:
    """Identify a request by its headers, lower-case names with one value each; raises `Refusal`."""
    token = _token(headers.get(b"authorization"))
    try:
        identity = verifier.cached(token) or await verifier.verify(token)
    except InvalidToken as error:
        refused = _unauthenticated(str(error), ', error="invalid_token"')
        refused.claimed = error.claimed
        raise refused from None
    purpose = _word(headers.get(b"madang-purpose"), "Madang-Purpose", PURPOSE)
    case = _word(headers.get(b"madang-case"), "Madang-Case", CASE)
    view = headers.get(b"madang-view")
    if view is not None and view != b"all":
        raise Refusal(400, "BAD_REQUEST", "the header `Madang-View` can only be `all`; leave it out to see your own view")
    access = AccessRequest(identity.caller, purpose, case)
    return Identified(access, identity.expires_at, identity.explain, _refusals(headers.get(b"madang-refusals")), view is not None)


def trail(headers: dict[bytes, bytes]) -> Trail:
    """By what a request will be found again: a new id, and the trace that it belongs to (W3C Trace Context, section 3.2)."""
    found = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
    trace = bytes.fromhex(found[1].decode("ascii")) if found else None
    return Trail(os.urandom(8), trace if trace != bytes(16) else None)


def _token(header: bytes | None) -> str:
    if header is None:
        raise _unauthenticated("say who you are by a bearer token in the `Authorization` header")
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"bearer" or not token.strip():
        raise _unauthenticated("the `Authorization` header must be `Bearer` and a token")
    try:
        return token.strip().decode("ascii")
    except UnicodeDecodeError:
        raise _unauthenticated("the token is malformed", ', error="invalid_token"') from None


def _word(value: bytes | None, name: str, form: Form) -> str | None:
    if value is None:
        return None
    text = value.decode("latin-1")
    if not form.fits(text):
        raise Refusal(400, "BAD_REQUEST", f"the header `{name}` must be {form.means}")
    return text


def _refusals(value: bytes | None) -> Refusals | None:
    if value is None:
        return None
    # Half a typing mistake must not decide how much is read, so nothing is guessed.
    if value not in REFUSALS:
        words = "`errors` (null, and an error says why), `null` (null, and nothing is said) or `reject` (everything or nothing)"
        raise Refusal(400, "BAD_REQUEST", f"the header `Madang-Refusals` must be {words}")
    return REFUSALS[value]


def _unauthenticated(message: str, detail: str = "") -> Refusal:
    challenge = f'Bearer realm="madang"{detail}'.encode("ascii")
    return Refusal(401, "UNAUTHENTICATED", message, ((b"www-authenticate", challenge),))
