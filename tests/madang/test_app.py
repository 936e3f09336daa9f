"""Around the graph: health, readiness when sources fail, personas, the page's headers, pages of other hosts."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from madang.app import is_loopback
from madang.embedded import Embedded, known_residents
from madang.gateway import open_gateway, read_law
from madang.graphql_http import GraphQLOverHttp
from madang.settings import ServiceSettings, Settings
from madang.streams import Streams
from madang.trusted import Documents
from resolvers.services import Services

Serve = Callable[[Settings, Embedded | None], AbstractContextManager[str]]
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def lost(settings: Settings, *names: str) -> Settings:
    """The settings with these sources where nothing listens."""
    registers = dict(settings.registers)
    for name in names:
        source = registers[name].source
        source = dataclasses.replace(source, address="http://127.0.0.1:1" if source.kind == "http" else NOWHERE)
        registers[name] = dataclasses.replace(registers[name], source=source)
    return dataclasses.replace(settings, registers=registers)


def test_it_is_healthy_and_every_source_answers(served: str, settings: Settings) -> None:
    assert httpx.get(f"{served}/healthz").json() == {"status": "ok"}
    ready = httpx.get(f"{served}/readyz")
    assert ready.status_code == 200
    told = ready.json()
    assert told.pop("regulations")["refused"] is None
    assert told == {"ready": True, "sources": dict.fromkeys([*settings.registers, "gateway"], "ok")}


def test_one_source_down_is_told_and_costs_its_own_fields(serve: Serve, settings: Settings, nation: Embedded) -> None:
    with serve(lost(settings, "mma"), nation) as address:
        ready = httpx.get(f"{address}/readyz", timeout=10)
        assert ready.status_code == 200
        sources = ready.json()["sources"]
        assert sources.pop("mma") == "is unavailable"
        assert set(sources.values()) == {"ok"}

        token = next(p["token"] for p in httpx.get(f"{address}/personas").json() if p["name"] == "citizen")
        headers = {"Authorization": f"Bearer {token}", "Madang-Purpose": "own-records"}
        body = {"query": "{ me { name militaryService { rank } } }"}
        answer = httpx.post(f"{address}/graphql", json=body, headers=headers, timeout=10).json()
    assert answer["data"] == {"me": {"name": "김민준", "militaryService": None}}
    assert [(e["extensions"]["code"], e["extensions"]["holder"]) for e in answer["errors"]] == [("SOURCE_UNAVAILABLE", "mma")]


def test_it_is_not_ready_when_no_register_answers(serve: Serve, settings: Settings, nation: Embedded) -> None:
    with serve(lost(settings, *settings.registers), nation) as address:
        ready = httpx.get(f"{address}/readyz", timeout=10)
        assert httpx.get(f"{address}/healthz").status_code == 200
    assert ready.status_code == 503
    told = ready.json()
    assert not told["ready"]
    assert told["sources"] == dict.fromkeys(settings.registers, "is unavailable") | dict.fromkeys(
        ("gateway", "ledger", "consents", "events"), "ok"
    )


def test_it_is_not_ready_when_nothing_can_be_recorded(serve: Serve, settings: Settings, nation: Embedded) -> None:
    nowhere = dataclasses.replace(settings.gateway, address="postgresql://madang@127.0.0.1:9/gateway")
    with serve(dataclasses.replace(settings, gateway=nowhere), nation) as address:
        ready = httpx.get(f"{address}/readyz", timeout=10)
    assert (ready.status_code, ready.json()["sources"]["mois"]) == (503, "ok")


def test_personas_have_tokens_purposes_and_the_citizen_a_number(served: str) -> None:
    response = httpx.get(f"{served}/personas")
    assert response.headers["cache-control"] == "no-store"
    told = {persona["name"]: persona for persona in response.json()}
    assert set(told) == {
        "passport-officer", "welfare-officer", "resident-clerk", "tax-officer", "licence-officer", "investigator", "citizen",
        "auditor", "analyst", "insurer-system",
    }  # fmt: skip
    assert told["citizen"]["rrn"] == known_residents()["citizen"]
    assert told["passport-officer"]["rrn"] is None
    assert told["welfare-officer"]["jurisdiction"] == "11110"
    for persona in told.values():
        assert persona["title"]
        assert persona["purposes"]
        assert all(purpose["code"] and purpose["title"] for purpose in persona["purposes"])
        headers = {"Authorization": f"Bearer {persona['token']}"}
        assert httpx.post(f"{served}/graphql", json={"query": "{ __typename }"}, headers=headers).status_code == 200


def test_personas_are_not_given_to_a_page_whose_name_was_made_to_lead_here(served: str) -> None:
    port = served.rpartition(":")[2]
    for host in ("madang.example", f"madang.example:{port}", f"127.0.0.1.madang.example:{port}"):
        response = httpx.get(f"{served}/personas", headers={"Host": host})
        assert response.status_code == 403
        assert "token" not in response.text
    for host in (f"localhost:{port}", f"[::1]:{port}", f"127.0.0.1:{port}"):
        assert httpx.get(f"{served}/personas", headers={"Host": host}).status_code == 200


def test_the_page_may_load_nothing_from_elsewhere(served: str) -> None:
    page = httpx.get(f"{served}/")
    assert page.status_code == 200
    assert "<title>Madang</title>" in page.text
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "http" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-cache"


def test_assets_last_and_what_is_not_there_does_not(served: str) -> None:
    page = httpx.get(f"{served}/").text
    asset = page.partition('src="./')[2].partition('"')[0]
    found = httpx.get(f"{served}/{asset}")
    assert found.status_code == 200
    assert "immutable" in found.headers["cache-control"]
    for path in ("/assets/none.js", "/../pyproject.toml", "/%2e%2e/pyproject.toml", "/nothing"):
        missing = httpx.get(f"{served}{path}")
        assert missing.status_code == 404
        assert "immutable" not in missing.headers.get("cache-control", "")


def test_pages_of_other_hosts_may_not_ask_unless_the_settings_name_them(
    served: str, serve: Serve, settings: Settings, nation: Embedded
) -> None:
    asking = {
        "Origin": "https://portal.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,madang-purpose,madang-case,madang-refusals,madang-view,content-type",
    }
    assert "access-control-allow-origin" not in httpx.options(f"{served}/graphql", headers=asking).headers
    assert "access-control-allow-origin" not in httpx.get(f"{served}/personas", headers=asking).headers
    server = dataclasses.replace(settings.server, origins=("https://portal.example",))
    with serve(dataclasses.replace(settings, server=server), nation) as address:
        allowed = httpx.options(f"{address}/graphql", headers=asking)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == "https://portal.example"
        answered = httpx.post(f"{address}/graphql", headers={"Origin": "https://portal.example"})
        assert answered.headers["access-control-expose-headers"] == "retry-after, madang-request, madang-entry"
        other = httpx.options(f"{address}/graphql", headers={**asking, "Origin": "https://other.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_what_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_a_fault_of_ours_is_logged_and_tells_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    gateway = open_gateway(settings, read_law(settings), None)

    class Broken:
        limits = settings.limits

        async def answer(self, *arguments: Any, **named: Any) -> None:
            raise RuntimeError("secret of the engine")

    assert settings.demo is not None
    assert gateway.minter is not None
    broken: Any = Broken()
    documents = Documents(Services(), ServiceSettings())
    endpoint = GraphQLOverHttp(broken, gateway.verifier, documents, Streams(broken, gateway.following), body=1000)
    token = gateway.minter.mint(settings.demo.personas["citizen"].caller)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=endpoint)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            response = await client.post("/", json={"query": "{ me { name } }"}, headers={"Authorization": f"Bearer {token}"})
        await gateway.aclose()
        return response

    with caplog.at_level(logging.ERROR, "madang"):
        response = asyncio.run(ask())
    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"] == {"code": "INTERNAL_ERROR"}
    assert "secret" not in response.text
    assert "secret of the engine" in caplog.text
