"""One operation on its way from text to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auth.access import AccessRequest, Authorizer
from resolvers.operation import Operation, Refusals
from resolvers.selection import Collected


@dataclass
class Request:
    access: AccessRequest
    authorizer: Authorizer
    """The regulations that were in force when the request came; it is answered under them whatever comes."""
    version: str
    """Theirs when it came: at midnight they may turn."""
    operation: Operation
    collected: Collected
    given: Mapping[str, Any]
    """Variables as they were sent; `arguments` has their coerced values, in the places of `collected.arguments`."""
    arguments: Sequence[Mapping[str, Any]]
    refusals: Refusals | None
    """How the document wants refusals answered, if it says so."""

    @property
    def hidden(self) -> frozenset[str]:
        """The coordinates of which the caller is told nothing."""
        return self.authorizer.hidden_from(self.access.caller)
