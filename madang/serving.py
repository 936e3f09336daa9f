"""The server: uvicorn with uvloop, httptools and websockets, which ends streams before it waits for requests under way."""

from __future__ import annotations

import socket

import uvicorn

from madang.app import create_app
from madang.gateway import Gateway

SHUTDOWN_SECONDS = 10
"""How long requests under way may take when the server is told to stop."""


class Server(uvicorn.Server):
    """Serves a gateway."""

    def __init__(self, gateway: Gateway, log_level: str = "warning") -> None:
        self._gateway = gateway
        super().__init__(
            uvicorn.Config(
                create_app(gateway),
                loop="uvloop",
                http="httptools",
                ws="websockets-sansio",
                ws_max_size=gateway.settings.server.body,
                proxy_headers=False,
                lifespan="on",
                log_level=log_level,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop. A stream has no end of its own, so it is told."""
        await self._gateway.following.stop()
        await super().shutdown(sockets)
