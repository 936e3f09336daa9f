"""A subscription, answered bit by bit: the same operation again and again, each time from where the last answer ended.

Each answer is one like any other: decided under the regulations in force, read, recorded. So nothing of a stream outlives the
law, a consent or a prohibition under which it began.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from auth.access import WithConsent
from resolvers.operation import RequestError
from resolvers.plan import Plan
from resolvers.request import Request
from resolvers.response import Response


@dataclass(frozen=True, slots=True)
class Onward:
    """From where: after the event with this number, or where the operation itself says."""

    after: int | None = None


@dataclass(frozen=True, slots=True)
class Fed:
    """What an answer has of the feed: how many events, and the number of the last, or that which it was asked to go on from."""

    count: int
    last: int
    on_consent: bool
    """Whether it depends on residents' consents what is shown."""


def taken(request: Request, onward: Onward | None, size: int) -> Request:
    """The request for one part of a subscription, at most so many events; raises `RequestError` where it is no part."""
    if onward is None:
        raise RequestError(
            "BAD_USER_INPUT",
            "a subscription is answered as things happen; ask over a WebSocket, or accept `text/event-stream`, or ask a query",
        )
    (root,) = request.collected.roots
    arguments = list(request.arguments)
    moved = {} if onward.after is None else {"after": onward.after}
    arguments[root.arguments] = {**arguments[root.arguments], "first": size, **moved}
    return replace(request, arguments=arguments)


def fed(plan: Plan, response: Response) -> Fed | None:
    """What a response has of the feed; none if that is withheld or lost."""
    (root,) = plan.roots
    if root.kind != "feed" or root.steps[0] in response.results.failures:
        return None
    rows = response.results.groups[root.steps[0]].get(None, ())
    after = response.inputs.arguments[root.arguments].get("after") or 0
    grants = (grant for item in plan.items for grant in item.grants)
    searched = (grant for decision in plan.searches for grant in decision.grants)
    on_consent = any(isinstance(each, WithConsent) for grant in (*grants, *searched) for each in grant.constraints)
    return Fed(len(rows), rows[-1][root.cursor[0]] if rows else after, on_consent)
