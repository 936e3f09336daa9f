"""A request that is refused before any of it is answered, in the form of a GraphQL response without data."""

from __future__ import annotations

import orjson

from auth.access import Caller

Headers = tuple[tuple[bytes, bytes], ...]


class Refusal(Exception):
    """An HTTP status with one error: `code` is stable, the message is for people and safe to show.

    `claimed`: the agency that a token names which was not accepted. `caller`: who it is, where that was and its request was not.
    The ledger is to have either.
    """

    claimed: str | None = None
    caller: Caller | None = None

    def __init__(self, status: int, code: str, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers

    @property
    def body(self) -> bytes:
        return orjson.dumps({"errors": [{"message": str(self), "extensions": {"code": self.code}}]})
