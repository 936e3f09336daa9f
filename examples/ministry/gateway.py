"""Asks Madang as a program of a ministry has to: by approved documents' hashes, with patience where it helps and words where not.

What can come back, and what is done about it:

    data                       the answer
    data and errors            the answer, and why some of it is null: withheld by law, or a register that does not answer
    UNAUTHENTICATED (401)      the token has expired: once, another one is fetched
    Retry-After (429, 503)     the request is sent again after so many seconds, if they are few
    no answer, or a proxy's    the request is sent again after a moment: it reads, so it may be sent twice
    any other error            `Refused`, with the code and the gateway's own sentence
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.httpx import HTTPXTransport

ATTEMPTS = 4
LONGEST_WAIT = 30
"""Seconds that a request may be put off; who would have to wait longer is told so."""


class Refused(Exception):
    """There is no answer. `code`: the stable one of the gateway, or `NO_ANSWER`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Approved(GraphQLRequest):
    """A request that names its document by the hash of its text: it was approved to the letter, and gql would print it anew."""

    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        super().__init__(text, variable_values=dict(variables))
        self._document_id = f"sha256:{sha256(text.encode()).hexdigest()}"

    @property
    def payload(self) -> dict[str, Any]:
        return {"documentId": self._document_id, "variables": self.variable_values}


@dataclass(frozen=True)
class Answer:
    """The data as JSON has them, the errors that stand beside them, and what is owed for them (`extensions.duties`)."""

    data: Any
    errors: list[dict[str, Any]] = field(default_factory=list)
    duties: list[dict[str, Any]] = field(default_factory=list)


class Gateway:
    """The graph at an address, asked for one purpose and case. `new_token` is called first, and when a token has expired."""

    def __init__(
        self, address: str, new_token: Callable[[], str], purpose: str, case: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Accept": "application/graphql-response+json", "Madang-Purpose": purpose, "Madang-Case": case}
        self._transport = HTTPXTransport(f"{address}/graphql", headers=headers, timeout=10, transport=transport)
        self._client = Client(transport=self._transport)
        self._new_token, self._token = new_token, new_token()

    def ask(self, request: GraphQLRequest) -> Answer:
        """The answer; raises `Refused`."""
        renewed, attempt = False, 0
        while True:
            attempt += 1
            try:
                headers = {"Authorization": f"Bearer {self._token}"}
                result = self._client.execute_sync(request, get_execution_result=True, extra_args={"headers": headers})
                return Answer(result.data, [], (result.extensions or {}).get("duties", []))
            except TransportQueryError as error:
                errors = error.errors or []
                if error.data is not None:
                    return Answer(error.data, errors, (error.extensions or {}).get("duties", []))
                refused = Refused(errors[0].get("extensions", {}).get("code", "NO_ANSWER"), errors[0]["message"])
                if refused.code == "UNAUTHENTICATED" and not renewed:
                    renewed, self._token = True, self._new_token()
                    continue
                seconds = self._asked_to_wait()
            except TransportError as error:
                refused = Refused("NO_ANSWER", f"the gateway does not answer: {error}")
                seconds = 2.0**attempt / 4
            if seconds is None or seconds > LONGEST_WAIT or attempt == ATTEMPTS:
                raise refused
            time.sleep(seconds)

    def _asked_to_wait(self) -> float | None:
        """The last response's `Retry-After`, in seconds."""
        said = (self._transport.response_headers or {}).get("retry-after", "")
        return float(said) if said.isdecimal() else None
