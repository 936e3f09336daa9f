"""Reports over HTTP to a sample nation that may be changed, and a look behind the counter."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import httpx
import uvicorn

from auth.access import Caller
from madang.app import create_app
from madang.embedded import Embedded
from madang.gateway import Gateway, open_gateway, read_law
from madang.settings import Settings

CITIZEN = Caller("citizen-portal", "citizen", "citizen", rrn="8103149970008")
CLERK = Caller("jongno", "resident-clerk", "jongno-1180", jurisdiction="11110")
FATHER, MOTHER, DAUGHTER, SON, GRANDFATHER = (
    "8103149970008", "8307020970008", "1205200980002", "1509099980004", "5211039970008"
)  # fmt: skip
FAMILY = (FATHER, MOTHER, DAUGHTER, SON)


def mutation(name: str, told: str = "") -> str:
    kind = name[0].upper() + name[1:]
    return (
        f"mutation M($key: ID!, $input: {kind}Input!) {{ {name}(key: $key, input: $input) {{ __typename "
        f"... on Reported {{ receipt state entry }} ... on {kind}Reported {{ __typename {told} }} "
        "... on NotReported { errors { path code message } } } }"
    )


MOVE, BIRTH = mutation("reportMoveIn"), mutation("registerBirth", "rrn")
GIVE, REVOKE = mutation("giveConsent"), mutation("revokeConsent")


def move(*residents: str, to: str = "서울특별시 종로구 세종대로 1", district: str = "11110", **more: Any) -> dict[str, Any]:
    refs = [{"rrn": rrn} for rrn in residents]
    place = {"address": to, "districtCode": district}
    return {"residents": refs, "to": place, "movedOn": "2026-11-30", "reason": "JOB", **more}


def birth(name: str, **more: Any) -> dict[str, Any]:
    parents = {"mother": {"rrn": MOTHER}, "father": {"rrn": FATHER}, "household": "MOTHER"}
    return {"name": name, "sex": "FEMALE", "bornOn": "2026-11-20", "place": "서울특별시 종로구", **parents, **more}


@dataclass
class Counter:
    """A served gateway, and what stands in its registers."""

    address: str
    gateway: Gateway
    nation: Embedded

    def ask(self, caller: Caller, query: str, purpose: str, case: str | None = None, **variables: Any) -> dict[str, Any]:
        assert self.gateway.minter is not None
        headers = {"Authorization": f"Bearer {self.gateway.minter.mint(caller)}", "Madang-Purpose": purpose}
        headers |= {"Madang-Case": case} if case else {}
        body = {"query": query, "variables": variables}
        answer: dict[str, Any] = httpx.post(f"{self.address}/graphql", json=body, headers=headers, timeout=30).json()
        return answer

    def report(
        self, caller: Caller, document: str, key: str, given: dict[str, Any], purpose: str = "", case: str | None = None
    ) -> dict[str, Any]:
        """What a report is answered with: its one field, or its error's code as `code`."""
        purpose = purpose or {MOVE: "change-of-address", BIRTH: "birth-registration"}.get(document, "own-records")
        answer = self.ask(caller, document, purpose, case, key=key, input=given)
        if "errors" in answer:
            return {"code": answer["errors"][0]["extensions"]["code"], "message": answer["errors"][0]["message"]}
        (found,) = answer["data"].values()
        return found  # type: ignore[no-any-return]

    def rows(self, register: str, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        dsn = self.nation.gateway_owner_dsn if register == "gateway" else self.nation.owner_dsns[register]
        return asyncio.run(rows(dsn, statement, *arguments))

    def petition(self, number: str, caller: Caller, service: str, rrn: str) -> str:
        insert = "INSERT INTO petition SELECT max(id) + 1, $1, $2, $3, $4, '2026-11-01' FROM petition ON CONFLICT DO NOTHING"
        self.rows("petitions", insert, number, caller.agency, service, rrn)
        return number


async def rows(dsn: str, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(statement, *arguments)]
    finally:
        await connection.close()


@contextmanager
def held(dsn: str, statement: str) -> Iterator[None]:
    """What a statement locks is locked meanwhile."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(dsn))
        try:
            runner.run(connection.execute(f"BEGIN; {statement}"))
            yield
        finally:
            runner.run(connection.close())


@contextmanager
def open_counter(settings: Settings, nation: Embedded) -> Iterator[Counter]:
    # What registers have to tell stays in their outboxes, where the tests look at it.
    gateway = replace(open_gateway(settings, read_law(settings), nation), relay=None)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(create_app(gateway), loop="uvloop", http="httptools", ws="none", log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield Counter(f"http://127.0.0.1:{listening.getsockname()[1]}", gateway, nation)
        finally:
            server.should_exit = True
            thread.join(20)


def mistakes(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(".".join(each["path"]), each["code"]) for each in found["errors"]]
