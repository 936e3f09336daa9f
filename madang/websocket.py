"""The endpoint /graphql over WebSocket, by the protocol graphql-transport-ws (github.com/enisdenjo/graphql-ws, PROTOCOL.md).

Who asks, and what for, is said by the headers of HTTP, in the handshake or in the payload of `connection_init` under the same
names (a page in a browser can send no headers). What one connection may have open, and how long its messages may be, is
bounded.

    4400  a message that is none of the protocol's        4408  no `connection_init` in time
    4401  `subscribe` before `connection_ack`              4409  an operation has that id already
    4403  nobody who is accepted                           4429  a second `connection_init`
    4406  another subprotocol                              1009  a message that is too long
    1001  the gateway stops
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from auth.tokens import Verifier
from madang.identify import Identified, identify, trail
from madang.negotiate import from_object, single
from madang.refusal import Refusal
from madang.streams import Asked, GoingAway, Streams, asked
from madang.trusted import Documents
from resolvers.answer import Answer, request_error
from resolvers.disclose import Trail
from resolvers.engine import Engine
from resolvers.operation import RequestError

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
"""Within which a client must say who it is."""
OPERATIONS = 20
"""That one connection may have open."""

_REASON = 123
"""The most bytes that the reason of a close frame may have."""

log = logging.getLogger("madang")


class Closed(Exception):
    """The connection is to be closed, with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason.encode()[:_REASON].decode(errors="ignore")


class GraphQLOverWebSocket:
    """The endpoint as an ASGI application. `body`: the most bytes that a message may have."""

    def __init__(self, engine: Engine, verifier: Verifier, documents: Documents, streams: Streams, *, body: int) -> None:
        self.engine, self.verifier, self.documents, self.streams, self.body = engine, verifier, documents, streams, body

    async def turn_away(self, refusal: Refusal, trail: Trail) -> None:
        """Record that somebody of an agency was not let in, if an agency is known."""
        agency = refusal.caller.agency if refusal.caller is not None else refusal.claimed
        if agency is not None:
            await self.engine.turn_away(agency, refusal.code, str(refusal), trail, refusal.caller)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _Connection(self, scope, receive, send).run()


class _Connection:
    def __init__(self, endpoint: GraphQLOverWebSocket, scope: Scope, receive: Receive, send: Send) -> None:
        self.endpoint, self.scope, self.receive, self._send = endpoint, scope, receive, send
        self.identified: Identified | None = None
        self.trail = Trail(bytes(8))
        self.initialised = False
        self.operations: dict[str, asyncio.Task[None]] = {}
        self.closed = False

    async def run(self) -> None:
        await self.receive()
        spoken = PROTOCOL in self.scope["subprotocols"]
        await self._send({"type": "websocket.accept", "subprotocol": PROTOCOL if spoken else None})
        try:
            if not spoken:
                raise Closed(4406, f"Subprotocol not acceptable; speak {PROTOCOL}")
            await self.listen()
        except Closed as closed:
            await self.close(closed)
        except OSError:
            pass  # The client has gone.
        except Exception:
            log.exception("a connection broke")
            await self.close(Closed(1011, "Internal error"))
        finally:
            self.closed = True
            for task in list(self.operations.values()):
                task.cancel()
            await asyncio.gather(*self.operations.values(), return_exceptions=True)

    async def listen(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS):
                while self.identified is None:
                    if (message := await self.message()) is None:
                        return
                    await self.take(message)
        except TimeoutError:
            raise Closed(4408, "Connection initialisation timeout") from None
        while (message := await self.message()) is not None:
            await self.take(message)

    async def message(self) -> Mapping[str, Any] | None:
        """The next message; none when the client has gone."""
        received = await self.receive()
        if received["type"] == "websocket.disconnect" or self.closed:
            return None
        text = received.get("text")
        if text is not None and len(text) > self.endpoint.body:
            raise Closed(1009, f"A message has at most {self.endpoint.body} bytes")
        try:
            message = None if text is None else orjson.loads(text)
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Closed(4400, "A message is a JSON object with a type, as text")
        return message

    async def take(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "connection_init":
                await self.initialise(message.get("payload"))
            case "ping":
                await self.send({"type": "pong"} | ({"payload": message["payload"]} if "payload" in message else {}))
            case "pong":
                pass
            case "subscribe":
                await self.subscribe(message.get("id"), message.get("payload"))
            case "complete":
                if isinstance(id := message.get("id"), str) and (task := self.operations.pop(id, None)) is not None:
                    task.cancel()
            case _:
                raise Closed(4400, "No message of a client has this type")

    async def initialise(self, payload: Any) -> None:
        if self.initialised:
            raise Closed(4429, "Too many initialisation requests")
        self.initialised = True
        try:
            headers = _with(single(self.scope["headers"]), payload)
            self.trail = trail(headers)
            identified = await identify(headers, self.endpoint.verifier)
        except Refusal as refusal:
            await self.endpoint.turn_away(refusal, self.trail)
            raise Closed(4403 if refusal.status == 401 else 4400, str(refusal)) from None
        await self.send({"type": "connection_ack"})
        self.identified = identified

    async def subscribe(self, id: Any, payload: Any) -> None:
        if self.identified is None:
            raise Closed(4401, "Unauthorized")
        if not isinstance(id, str) or not id or not isinstance(payload, dict):
            raise Closed(4400, "An operation needs an id, a text, and a payload, an object")
        if id in self.operations:
            raise Closed(4409, "A subscriber has this id already")
        try:
            way = trail(single(self.scope["headers"]))
            wanted = asked(from_object(payload), self.identified, way, self.endpoint.documents)
        except Refusal as refusal:
            await self.endpoint.turn_away(refusal, self.trail)
            await self.refuse(id, RequestError(refusal.code, str(refusal)))
            return
        except RequestError as error:
            await self.refuse(id, error)
            return
        if len(self.operations) >= OPERATIONS:
            said = f"a connection has at most {OPERATIONS} operations open; complete one first"
            await self.refuse(id, RequestError("LIMIT_EXCEEDED", said))
        elif time.time() >= self.identified.expires_at:
            await self.refuse(id, RequestError("TOKEN_EXPIRED", "the token has expired; connect with another"))
        else:
            self.operations[id] = asyncio.get_running_loop().create_task(self.operate(id, wanted))

    async def operate(self, id: str, wanted: Asked) -> None:
        """Send the answers of one operation, each once the one before is on its way."""
        try:
            async with aclosing(self.endpoint.streams.answers(wanted)) as answers:
                async for answer in answers:
                    if answer.kind == "request_error":
                        self.operations.pop(id, None)
                        await self.error(id, answer)
                        return
                    head = b'{"id":' + orjson.dumps(id) + b',"type":"next","payload":'
                    await self.send_bytes(head + answer.body + b"}")
            self.operations.pop(id, None)
            await self.send({"id": id, "type": "complete"})
        except GoingAway:
            await self.close(Closed(1001, "The gateway stops"))
        except OSError:
            return  # The client has gone.
        except Exception:
            log.exception("an operation broke")
            self.operations.pop(id, None)
            await self.refuse(id, RequestError("INTERNAL_ERROR", "something went wrong here; it has been logged"))

    async def refuse(self, id: str, error: RequestError) -> None:
        await self.error(id, request_error(error))

    async def error(self, id: str, answer: Answer) -> None:
        await self.send({"id": id, "type": "error", "payload": orjson.loads(answer.body)["errors"]})

    async def send(self, message: Mapping[str, Any]) -> None:
        await self.send_bytes(orjson.dumps(message))

    async def send_bytes(self, text: bytes) -> None:
        if not self.closed:
            await self._send({"type": "websocket.send", "text": text.decode()})

    async def close(self, closed: Closed) -> None:
        if not self.closed:
            self.closed = True
            await self._send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})


def _with(headers: dict[bytes, bytes], payload: Any) -> dict[bytes, bytes]:
    """The handshake's headers with those of `connection_init`; raises `Refusal`."""
    if payload is None:
        return headers
    if not isinstance(payload, dict) or not all(isinstance(value, str) for value in payload.values()):
        raise Refusal(400, "BAD_REQUEST", "the payload of `connection_init` must hold headers, each a text")
    # What HTTP's headers cannot hold is in no word that is accepted here either.
    said = [(name.lower().encode(errors="replace"), value.encode("latin-1", "replace")) for name, value in payload.items()]
    return single([*((name, value) for name, value in headers.items() if name != b"accept"), *said])
