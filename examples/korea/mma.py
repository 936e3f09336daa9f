"""`python -m examples.korea.mma`: the Military Manpower Administration's HTTP API over its own database.

Legacy registers are reached by an API of their own, so one of the sample's is. It is found by resident number, up to 500 at once:

    POST /v1/military_service/search
    {"key": "rrn", "keys": ["…"], "fields": ["rrn", "kind"]}
    → 200 {"records": [{"rrn": "…", "kind": "ACTIVE"}]}

with `Authorization: Bearer <API key>`. Records come in no order, a key without a record is absent, dates are ISO 8601. An
error is `{"error": "…"}` with 400 (no such field, or not such a body), 401, 404 (no such table), 413 or 503 (the database does
not answer). `GET /healthz` answers 200 when the database does.

Its DSN and API key come as one line of JSON on standard input, `{"dsn": "…", "api_key": "…"}`; the port that it listens on goes
to standard output. It ends when standard input does.
"""

from __future__ import annotations

import hmac
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import click
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.korea import lifeline

TABLES = {"military_service": ("rrn", "kind", "enlisted_on", "discharged_on", "rank")}
KEYS = {"military_service": ("rrn",)}
MOST_KEYS = 500
_LACKING = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What the driver raises when the database is away, or goes away in the midst of a statement."""


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def application(dsn: str, api_key: str) -> Starlette:
    """The API over a database, behind a key."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=1, max_size=4) as pool:
            app.state.pool = pool
            yield

    async def search(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {api_key}".encode()):
            raise Refused(401, "the API key is missing or wrong")
        statement, keys = _statement(request.path_params["table"], await request.body())
        records = await request.app.state.pool.fetch(statement, keys)
        return Response(orjson.dumps({"records": [dict(record) for record in records]}), media_type="application/json")

    async def healthz(request: Request) -> Response:
        await request.app.state.pool.fetchval("SELECT 1")
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[Route("/v1/{table}/search", search, methods=["POST"]), Route("/healthz", healthz)],
        exception_handlers={
            Refused: _refuse,
            HTTPException: _refuse_path,
            **dict.fromkeys(_LACKING, _lack),
        },
        lifespan=lifespan,
    )


def _statement(table: str, body: bytes) -> tuple[str, list[str]]:
    """The statement of a search and its keys; names in it are of `TABLES` alone."""
    if table not in TABLES:
        raise Refused(404, f"there is no table `{table}`")
    try:
        asked: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(asked, dict):
        raise Refused(400, "the body is not an object")
    key, keys, fields = asked.get("key"), asked.get("keys"), asked.get("fields")
    if key not in KEYS[table]:
        raise Refused(400, f"records are not found by `{key}`")
    if not isinstance(keys, list) or not all(isinstance(one, str) for one in keys):
        raise Refused(400, "`keys` is not a list of strings")
    if any("\0" in one for one in keys):
        raise Refused(400, "a key has a character that no text holds")
    if len(keys) > MOST_KEYS:
        raise Refused(413, f"there are more than {MOST_KEYS} keys")
    if not isinstance(fields, list) or not fields:
        raise Refused(400, "`fields` is not a list of names")
    for field in fields:
        if field not in TABLES[table]:
            raise Refused(400, f"there is no field `{field}`")
    columns = ", ".join(f'"{field}"' for field in dict.fromkeys(fields))
    return f'SELECT {columns} FROM "{table}" WHERE "{key}" = ANY($1)', keys


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"error": str(error)}, error.status)


async def _refuse_path(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail.lower()}, error.status_code, error.headers)


async def _lack(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "the database does not answer"}, 503)


def main() -> None:
    """Serve until standard input ends."""
    settings = json.loads(sys.stdin.buffer.readline())
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    config = uvicorn.Config(application(settings["dsn"], settings["api_key"]), log_level="warning", access_log=False)
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    lifeline.watch(stop)
    click.echo(listener.getsockname()[1])
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
