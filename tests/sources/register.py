"""The register of the contract suite: its tables and rows, in PostgreSQL, behind HTTP, and in memory."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sources.protocol import Tables

TABLES: Tables = {
    "person": {
        "id": int,
        "code": str,
        "name": str,
        "kind": ("RED", "GREEN", "BLUE"),
        "born": date,
        "score": int,
        "active": bool,
    },
    "event": {"id": int, "person_code": str, "year": int, "amount": int, "note": str, "held": date},
}

SMALLEST, LARGEST = -(2**63), 2**63 - 1
NAMES = ["김철수", "이영희", "O'Brien", 'say "hi"', "back\\slash", "new\nline", "naïve", "Ωmega", "😀", "a", "B", "á", "", "%_"]
NAMES += ["서울특별시 종로구 사직로 8", "부산광역시 중구", "two  spaces here", " ", "e\u0301 {0} 👨\u200d👩\u200d👧"]

DDL = """
CREATE TABLE person (id bigint PRIMARY KEY, code text UNIQUE, name text, kind text, born date, score bigint, active boolean);
CREATE TABLE event (id bigint PRIMARY KEY, person_code text, year bigint, amount bigint, note text, held date);
CREATE INDEX ON event (person_code);
"""


def _rows() -> dict[str, list[dict[str, Any]]]:
    chance = random.Random(20260303)

    def maybe(value: Any) -> Any:
        return None if chance.random() < 0.15 else value

    people = [
        {
            "id": number if number != 3 else LARGEST,
            "code": maybe(f"c{number}"),
            "name": maybe(chance.choice(NAMES)),
            "kind": maybe(chance.choice(["RED", "GREEN", "BLUE"])),
            "born": maybe(date(1996, 2, 27) + timedelta(days=chance.randrange(4) + 1461 * chance.randrange(-10, 3))),
            "score": maybe(chance.choice([SMALLEST, -1, 0, 1, 2, 2**53 + 1, LARGEST])),
            "active": maybe(chance.random() < 0.5),
        }
        for number in range(1, 31)
    ]
    events = [
        {
            "id": number,
            "person_code": maybe(f"c{chance.randrange(1, 36)}"),
            "year": chance.randrange(2020, 2024),
            "amount": maybe(chance.choice([SMALLEST, 0, 10, LARGEST])),
            "note": maybe(chance.choice(NAMES)),
            "held": maybe(date(2024, 2, 27) + timedelta(days=chance.randrange(4))),
        }
        for number in range(1, 121)
    ]
    return {"person": people, "event": events}


ROWS = _rows()


async def create_database(dsn: str, name: str) -> None:
    """An empty database of this name, on the server of `dsn`."""
    admin = await asyncpg.connect(dsn)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
    finally:
        await admin.close()


async def fill_database(dsn: str) -> None:
    """The register's tables and rows, in the database of `dsn`."""
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute(DDL)
        for table, rows in ROWS.items():
            records = [tuple(row[column] for column in TABLES[table]) for row in rows]
            await owner.copy_records_to_table(table, records=records, columns=list(TABLES[table]))
    finally:
        await owner.close()


class Register:
    """The register behind HTTP; `fault`, if set, answers instead."""

    def __init__(self) -> None:
        self.api_key = "a key of the register"
        self.largest_request = 500
        self.requests: list[dict[str, Any]] = []
        self.fault: Callable[[dict[str, Any]], Response] | None = None
        self.app = Starlette(routes=[Route("/v1/{table}/search", self._search, methods=["POST"])])

    async def _search(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.api_key}":
            return _json({"error": "no valid key"}, 401)
        asked = orjson.loads(await request.body()) | {"table": request.path_params["table"]}
        self.requests.append(asked)
        if self.fault is not None:
            return self.fault(asked)
        if len(asked["keys"]) > self.largest_request:
            return _json({"error": "too many keys"}, 413)
        if asked["table"] not in TABLES or not {asked["key"], *asked["fields"]} <= TABLES[asked["table"]].keys():
            return _json({"error": "no such table or field"}, 404)
        keys = set(asked["keys"])
        found = [row for row in ROWS[asked["table"]] if row[asked["key"]] is not None and row[asked["key"]] in keys]
        return _json({"records": [{field: row[field] for field in asked["fields"]} for row in reversed(found)]})


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


@contextmanager
def served(app: Starlette, port: int = 0) -> Iterator[str]:
    """The app on a port of this machine, by default a free one; gives its address."""
    listener = socket.create_server(("127.0.0.1", port))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()
