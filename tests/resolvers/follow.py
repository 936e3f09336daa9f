"""Cursors that the graph itself gives, for operations that follow them."""

from __future__ import annotations

import json
from typing import Any

from auth.access import Caller
from tests.resolvers.operations import Operation
from tests.resolvers.world import Profile, World

PAGE = "query($f: ResidentFilter, $o: ResidentOrder) { residents(filter: $f, orderBy: $o, first: 5) { edges { cursor } } }"


async def resolve(world: World, operation: Operation, caller: Caller) -> dict[str, Any]:
    """The operation's variables, with cursors in the place of those that stand for one; none where the list is too short."""
    variables = dict(operation.variables)
    for name, follow in operation.follows():
        world.under(Profile())
        answer = await world.ask(PAGE, caller, f=json.loads(follow.filter), o=follow.order)
        edges = answer["data"]["residents"]["edges"]
        variables[name] = edges[follow.place]["cursor"] if follow.place < len(edges) else None
    return variables
