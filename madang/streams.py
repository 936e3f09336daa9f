"""Answers that come one after the other: what both ways to stream, WebSocket and server-sent events, send.

A query has one answer, a subscription one for each part of its feed (`resolvers/onward.py`). The next part is read only when the
last has been sent, so a slow client is not stored up for. A stream ends, with an error that says why,

    TOKEN_EXPIRED        at the second at which its token does
    CONSENT_REVOKED      when a consent to the caller's agency for its purpose is taken back, if what it shows depends on consents
    WITHHELD             when the regulations no longer grant the feed, or never did: in the last answer
    LEDGER_UNAVAILABLE   when it cannot be recorded what would be shown; so do other errors of a request

and without one when the gateway stops. Whoever goes on asks for what is after the last number that it has.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from graphql import OperationType

from auth.feed import Recipient
from auth.following import SECONDS, Followed, Following
from auth.ledger import FAILURES
from madang.identify import Identified
from madang.negotiate import Parameters
from madang.refusal import Refusal
from madang.trusted import Documents
from resolvers.answer import RETRY, Answer, request_error
from resolvers.disclose import Trail
from resolvers.engine import Engine
from resolvers.onward import Onward
from resolvers.operation import RequestError


class GoingAway(Exception):
    """The gateway stops: the stream is not at its end, and can be gone on with elsewhere."""


@dataclass(frozen=True)
class Asked:
    """One operation of somebody who was identified."""

    document: str
    """The text that is meant."""
    parameters: Parameters
    identified: Identified
    trail: Trail
    explain: bool

    async def answer(self, engine: Engine, onward: Onward | None = None) -> Answer:
        """One answer."""
        parameters, identified = self.parameters, self.identified
        # Each answer of a stream is a request of its own, in the same trace.
        trail = self.trail if onward is None or onward.after is None else replace(self.trail, request=os.urandom(8))
        return await engine.answer(
            self.document,
            parameters.variables,
            parameters.operation_name,
            identified.access,
            trail=trail,
            refusals=identified.refusals,
            explain=self.explain,
            whole_view=identified.whole_view,
            onward=onward,
        )

    def streams(self, engine: Engine) -> bool:
        """Whether it is a subscription; what is no valid operation is not."""
        parameters = self.parameters
        try:
            request = engine.read(self.document, parameters.variables, parameters.operation_name, self.identified.access)
        except RequestError:
            return False
        return request.operation.kind is OperationType.SUBSCRIPTION

    @property
    def recipient(self) -> Recipient:
        """Whose feed it asks for."""
        access = self.identified.access
        return Recipient(access.caller.agency, access.caller.role, access.purpose or "", access.caller.rrn or "")


def asked(parameters: Parameters, identified: Identified, trail: Trail, documents: Documents) -> Asked:
    """An operation of somebody's; raises `Refusal`, or `RequestError` where no document is known by the hash that is given."""
    document = documents.meant(parameters, identified.access.caller)
    explain = parameters.extensions is not None and parameters.extensions.get("explain") is True
    if explain and not identified.explain:
        raise Refusal(403, "EXPLAIN_NOT_ALLOWED", "your token does not allow `explain`; leave it out of `extensions`")
    return Asked(document, parameters, identified, trail, explain)


class Streams:
    """Makes them. `following` tells when there is something new."""

    def __init__(self, engine: Engine, following: Following) -> None:
        self._engine, self._following = engine, following

    async def answers(self, asked: Asked) -> AsyncGenerator[Answer, None]:
        """All answers of an operation; raises `GoingAway`."""
        if self._following.stopped:
            raise GoingAway
        if not asked.streams(self._engine):
            yield await asked.answer(self._engine)
            return
        try:
            async with self._following.of(asked.recipient) as followed, aclosing(self._parts(asked, followed)) as parts:
                async for answer in parts:
                    yield answer
        except FAILURES:
            said = "the feed cannot be followed now; ask again later"
            yield request_error(RequestError("LEDGER_UNAVAILABLE", said, retry_after=RETRY))

    async def _parts(self, asked: Asked, followed: Followed) -> AsyncGenerator[Answer, None]:
        after, on_consent, page = None, False, self._engine.limits.page
        while True:
            if (over := self._over(asked, followed, on_consent=on_consent)) is not None:
                yield request_error(over)
                return
            # What was told until now is on disk, so the answer has it.
            known, version = followed.state.last, self._engine.authorizer.version
            answer = await asked.answer(self._engine, Onward(after))
            fed = answer.fed
            if fed is None or fed.count:
                yield answer
            if fed is None:
                return
            after, on_consent = fed.last, fed.on_consent
            if fed.count == page:
                continue
            after = max(after, known)
            while followed.state.last <= after and version == self._engine.authorizer.version:
                if self._over(asked, followed, on_consent=on_consent) is not None:
                    break
                await followed.look(max(0.0, min(SECONDS, asked.identified.expires_at - time.time())))

    def _over(self, asked: Asked, followed: Followed, *, on_consent: bool) -> RequestError | None:
        """Why a stream is at its end; raises `GoingAway`."""
        if followed.stopped:
            raise GoingAway
        if time.time() >= asked.identified.expires_at:
            return RequestError("TOKEN_EXPIRED", "the token has expired; go on with another")
        if on_consent and followed.state.revoked > followed.begun.revoked:
            return RequestError(
                "CONSENT_REVOKED", "a resident has taken a consent back; ask again for what is still shared with you"
            )
        return None
