"""The endpoint /graphql: GraphQL over HTTP, as far as it is about HTTP. `resolvers.engine` answers.

Plain ASGI without request and response objects: this is the path that every request takes.

Which status an answer has (section 6.4 of the specification): with `application/graphql-response+json` a request error is told by
the status as well; with `application/json` a well-formed request has 200 whatever became of it. What is wrong with the HTTP
request itself, its headers included, has its own status with either. So has what is only a matter of time: 429 and 503 are for
whoever waits and asks again, and those read statuses and `Retry-After`, not bodies.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse
from starlette.types import Receive, Scope, Send

from auth.tokens import Verifier
from madang import sse
from madang.identify import identify, trail
from madang.negotiate import GRAPHQL, JSON, Parameters, from_address, from_body, is_json, response_type, single
from madang.refusal import Headers, Refusal
from madang.streams import Asked, Streams, asked
from madang.trusted import Documents
from resolvers.answer import Answer, request_error
from resolvers.disclose import Trail
from resolvers.engine import Engine
from resolvers.operation import RequestError

STATUS = {
    "GRAPHQL_PARSE_FAILED": 400,
    "GRAPHQL_VALIDATION_FAILED": 400,
    "OPERATION_RESOLUTION_FAILURE": 400,
    "DOCUMENT_NOT_FOUND": 400,
    "PERSISTED_QUERY_NOT_FOUND": 400,
    "BAD_USER_INPUT": 400,
    "LIMIT_EXCEEDED": 400,
    "PURPOSE_REQUIRED": 400,
    "PURPOSE_NOT_ALLOWED": 403,
    "REJECTED": 403,
    "SUBJECT_LIMIT_REACHED": 429,
    "LIMITS_UNAVAILABLE": 503,
    "LEDGER_UNAVAILABLE": 503,
    "SOURCE_UNAVAILABLE": 503,
}
"""The status of a request error by its code."""

ABOUT_THE_REQUEST = frozenset(
    {
        "PURPOSE_REQUIRED", "PURPOSE_NOT_ALLOWED", "SUBJECT_LIMIT_REACHED", "LIMITS_UNAVAILABLE", "LEDGER_UNAVAILABLE",
        "SOURCE_UNAVAILABLE",
    }
)  # fmt: skip
"""Request errors that are about the HTTP request's headers or its time, so that their status holds for either media type."""

ADDRESS = 32_768
"""The most bytes that an address's parameters may have; servers and proxies differ in what they let through beyond."""

NOBODY = bytes(8)
"""The id of a request whose headers cannot be read."""

_COMMON: Headers = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_METHODS: Headers = ((b"allow", b"GET, POST"),)

log = logging.getLogger("madang")


class Disconnected(Exception):
    """The client went away before its request was whole."""


class GraphQLOverHttp:
    """The endpoint as an ASGI application. `body`: the most bytes that a request's body may have."""

    def __init__(self, engine: Engine, verifier: Verifier, documents: Documents, streams: Streams, *, body: int) -> None:
        self._engine = engine
        self._verifier = verifier
        self._documents = documents
        self._streams = streams
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        media, way = JSON, Trail(NOBODY)
        try:
            headers = single(scope["headers"])
            way = trail(headers)
            accept = headers.get(b"accept")
            streamed = sse.is_accepted(accept)
            media = response_type(accept) or (GRAPHQL if streamed else _acceptable(accept))
            method = scope["method"]
            if method not in ("GET", "POST"):
                raise Refusal(405, "METHOD_NOT_ALLOWED", f"`{method}` is no way to ask; use POST, or GET for a query", _METHODS)
            identified = await identify(headers, self._verifier)
            if method == "POST":
                parameters = from_body(await self._read(headers, receive))
            else:
                parameters = _from_address(scope["query_string"])
            wanted = asked(parameters, identified, way, self._documents)
            if method == "GET":
                _changes_nothing(wanted, self._engine.limits.tokens, streamed=streamed)
            if streamed and wanted.streams(self._engine):
                await sse.stream(receive, send, self._streams.answers(wanted), (*_COMMON, _named(way)))
                return
            answer = await wanted.answer(self._engine)
            if streamed and response_type(accept) is None and answer.kind == "data":
                await sse.stream(receive, send, _one(answer), (*_COMMON, *_told(answer), _named(way)))
                return
        except RequestError as error:
            answer = request_error(error)
            await _send(send, _status(answer, media), media, answer.body, (_named(way),))
        except Refusal as refusal:
            agency = refusal.caller.agency if refusal.caller is not None else refusal.claimed
            if agency is not None:
                await self._engine.turn_away(agency, refusal.code, str(refusal), way, refusal.caller)
            await _send(send, refusal.status, media, refusal.body, (*refusal.headers, _named(way)))
        except Disconnected:
            return
        except Exception:
            log.exception("a request could not be answered")
            failure = Refusal(500, "INTERNAL_ERROR", "something went wrong here, through no fault of yours; it has been logged")
            await _send(send, failure.status, media, failure.body, (_named(way),))
        else:
            await _send(send, _status(answer, media), media, answer.body, (*_told(answer), _named(way)))

    async def _read(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        """The body of a POST request, as long as it is JSON and not too long."""
        if not is_json(headers.get(b"content-type")):
            raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "the header `Content-Type` must be `application/json`, in UTF-8")
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._body:
            raise self._too_long()
        message = await receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body", False) and len(body) <= self._body:
            message = await receive()
            body += message.get("body", b"")
        if message["type"] == "http.disconnect":
            raise Disconnected
        if len(body) > self._body:
            raise self._too_long()
        return body

    def _too_long(self) -> Refusal:
        # The rest of the body is not read, so the connection is of no more use.
        message = f"the request's body has more than {self._body} bytes; ask for less at a time"
        return Refusal(413, "LIMIT_EXCEEDED", message, ((b"connection", b"close"),))


def _from_address(query_string: bytes) -> Parameters:
    if len(query_string) > ADDRESS:
        raise Refusal(414, "LIMIT_EXCEEDED", f"the address's parameters have more than {ADDRESS} bytes; use POST")
    return from_address(query_string)


def _told(answer: Answer) -> Headers:
    """When to ask again, and under which number the ledger has it."""
    found = ((b"retry-after", answer.retry_after), (b"madang-entry", answer.entry))
    return tuple([(name, str(value).encode("ascii")) for name, value in found if value is not None])


def _named(way: Trail) -> tuple[bytes, bytes]:
    """The header by which a caller learns the request's id, under which the ledger has it."""
    return b"madang-request", way.request.hex().encode("ascii")


def _status(answer: Answer, media: bytes) -> int:
    if answer.code is None or (media is JSON and answer.code not in ABOUT_THE_REQUEST):
        return 200
    return STATUS[answer.code]


def _acceptable(accept: bytes | None) -> bytes:
    media = response_type(accept)
    if media is None:
        raise Refusal(406, "NOT_ACCEPTABLE", "nothing that `Accept` names is served; accept `application/graphql-response+json`")
    return media


async def _one(answer: Answer) -> AsyncGenerator[Answer, None]:
    yield answer


def _changes_nothing(wanted: Asked, tokens: int, *, streamed: bool) -> None:
    """Hold what is asked by GET to operations that change nothing; raises `Refusal`.

    All that might be meant count. What cannot be parsed is the engine's to refuse.
    """
    name = wanted.parameters.operation_name
    try:
        definitions = parse(wanted.document, max_tokens=tokens).definitions
    except (GraphQLError, RecursionError):
        return
    operations = [d for d in definitions if isinstance(d, OperationDefinitionNode)]
    meant = [d for d in operations if name is None or (d.name and d.name.value == name)]
    fitting = (OperationType.QUERY, *((OperationType.SUBSCRIPTION,) if streamed else ()))
    if not all(d.operation in fitting for d in meant):
        message = "only a query can be asked by GET, or a subscription as `text/event-stream`; use POST"
        raise Refusal(405, "METHOD_NOT_ALLOWED", message, ((b"allow", b"POST"),))


async def _send(send: Send, status: int, media: bytes, body: bytes, headers: Headers = ()) -> None:
    length = str(len(body)).encode("ascii")
    start = [(b"content-type", media), (b"content-length", length), *_COMMON, *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
