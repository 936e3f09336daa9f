"""Answers as server-sent events, by the protocol graphql-sse in its distinct connections mode: one operation, one response.

event: next          one answer
event: complete      the stream is at its end; if it breaks off without, the gateway stops, and one can go on elsewhere
:                    a comment, so that nobody between takes the connection for dead
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.types import Receive, Send

from madang.refusal import Headers
from madang.streams import GoingAway
from resolvers.answer import Answer

MEDIA = b"text/event-stream; charset=utf-8"
KEEP_ALIVE = 12.0
"""Seconds between two comments."""


def is_accepted(accept: bytes | None) -> bool:
    """Whether a request names the media type."""
    named = (part.partition(";")[0].strip() for part in (accept or b"").decode("latin-1").lower().split(","))
    return "text/event-stream" in named


async def stream(receive: Receive, send: Send, answers: AsyncGenerator[Answer, None], headers: Headers) -> None:
    """Send answers until there are no more, the client has gone or the gateway stops. A slow client is waited for."""
    start = [(b"content-type", MEDIA), (b"x-accel-buffering", b"no"), *headers]
    await send({"type": "http.response.start", "status": 200, "headers": start})
    loop = asyncio.get_running_loop()
    sending, beating = loop.create_task(_answers(send, answers)), loop.create_task(_comments(send))
    leaving = loop.create_task(_disconnected(receive))
    try:
        await asyncio.wait({sending, leaving, beating}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
    finally:
        for task in (sending, beating, leaving):
            task.cancel()
        await asyncio.gather(sending, beating, leaving, return_exceptions=True)
    if not leaving.done() or leaving.cancelled():
        await _send(send, b"", more=False)


async def _answers(send: Send, answers: AsyncGenerator[Answer, None]) -> None:
    try:
        async with aclosing(answers):
            async for answer in answers:
                await _send(send, b"event: next\ndata: " + answer.body + b"\n\n")
    except GoingAway:
        return
    await _send(send, b"event: complete\ndata: \n\n")


async def _comments(send: Send) -> None:
    while True:
        await asyncio.sleep(KEEP_ALIVE)
        await _send(send, b":\n\n")


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, text: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": text, "more_body": more})
