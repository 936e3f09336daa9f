"""An insurer's register follows what other registers are told: python -m examples.ministry.follow

Every event comes once, however often this stops: the number of the last one is kept with what was made of it.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportError
from gql.transport.websockets import WebsocketsTransport
from websockets.exceptions import WebSocketException

from examples.ministry import demo
from examples.ministry.operations.events import EventsResult, EventsResultEvents

DOCUMENT = (Path(__file__).parent / "operations" / "events.graphql").read_text("utf-8")
PURPOSE = "register-upkeep"
GRAPHQL_WS = WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL
AGAIN = 1.0
"""Seconds before a stream that ended is gone on with."""


async def follow(address: str, new_token: Callable[[], str], last: Path, heard: Callable[[EventsResultEvents], None]) -> None:
    """Hears of every event after the number in the file `last`, for ever.

    A real register writes the number in the transaction in which it takes the event over, in place of a file.
    """
    while True:
        try:
            # Who asks is said anew for each connection: a stream ends when its token does. What the law withholds is null here,
            # and no error; what is left are registers that do not answer, after which the same events are asked for again.
            who = {"Authorization": f"Bearer {new_token()}", "Madang-Purpose": PURPOSE, "Madang-Refusals": "null"}
            transport = WebsocketsTransport(
                f"{address.replace('http', 'ws', 1)}/graphql", init_payload=who, subprotocols=[GRAPHQL_WS]
            )
            async with Client(transport=transport) as session:
                async for told in session.subscribe(GraphQLRequest(DOCUMENT, variable_values={"after": number(last)})):
                    take(told, last, heard)
        except (TransportError, WebSocketException, OSError, httpx.HTTPError) as error:
            print(f"the stream ended, and is gone on with: {error}")
        await asyncio.sleep(AGAIN)


def number(last: Path) -> int:
    """The number of the last event that was heard of, or 0."""
    return int(last.read_text()) if last.exists() else 0


def take(told: EventsResult, last: Path, heard: Callable[[EventsResultEvents], None]) -> None:
    """Takes over what was told, in order."""
    for event in told["events"] or []:
        heard(event)
        last.write_text(str(event["sequence"]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Follow what registers are told.")
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="the gateway's address (%(default)s)")
    parser.add_argument("--last", type=Path, default=Path("out/last-event"), help="where the last number is kept (%(default)s)")
    given = parser.parse_args()
    given.last.parent.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(follow(given.address, lambda: demo.token(given.address, "insurer-system"), given.last, print))
    except KeyboardInterrupt:
        print("stopped; the next start goes on from here")


if __name__ == "__main__":
    main()
