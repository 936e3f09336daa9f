"""The ASGI application: the graph at /graphql, its health, and the page at /.

/graphql    GraphQL over HTTP, as server-sent events and over WebSocket
/healthz    200 while the process serves
/readyz     what each source says, and which regulations are in force; 503 when no register answers, since one that fails costs
            its own fields alone, or when the gateway's own database does not: what cannot be recorded is not shown
/verify     where a printed extract is verified
/personas   in a demo: the people to ask as, with tokens for a quarter of an hour
/cases      in a demo: open cases for a service, of people of the sample (`counters.py`)
/<app>/     in a demo: an app's files, as its settings name them
/           the page, files that are built from web/
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth import consent
from madang.counters import MOST, TOKEN_SECONDS, Counters, CountersError
from madang.gateway import Gateway
from madang.graphql_http import GraphQLOverHttp
from madang.keeper import kept
from madang.personas import about
from madang.streams import Streams
from madang.trusted import Documents
from madang.verification import verification
from madang.websocket import GraphQLOverWebSocket

STATIC = Path(__file__).parent / "static"

# The editor of GraphiQL makes its styles at run time, so those cannot be kept to files; scripts can.
PAGE_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
        b"connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


OWN = ("ledger", "gateway")
"""Kinds of sources that are the gateway's own database."""

GENERATIONS = (20_000, 20, 20)
"""When the collector runs. An answer of a thousand rows is many objects but no cycle, so looking through each finds nothing."""


def create_app(gateway: Gateway) -> Starlette:
    """The application over an open gateway, which it closes when it shuts down."""
    documents = Documents(gateway.services, gateway.settings.services)
    body, streams = gateway.settings.server.body, Streams(gateway.engine, gateway.following)
    over_http = GraphQLOverHttp(gateway.engine, gateway.verifier, documents, streams, body=body)
    over_websocket = GraphQLOverWebSocket(gateway.engine, gateway.verifier, documents, streams, body=body)
    routes: list[BaseRoute] = [Route("/healthz", _healthz), Route("/readyz", _readyz(gateway))]
    routes += verification(gateway)
    counters = Counters(gateway, gateway.embedded) if gateway.embedded is not None else None
    if gateway.minter is not None:
        routes.append(Route("/personas", _personas(gateway)))
    if counters is not None:
        routes.append(Route("/cases", _cases(gateway, counters)))
    if gateway.settings.demo is not None:
        for name, directory in gateway.settings.demo.apps.items():
            routes.append(Route(f"/{name}", lambda request: RedirectResponse(f"{request.url.path}/")))
            routes.append(Mount(f"/{name}", Page(StaticFiles(directory=directory, html=True, check_dir=False))))
    routes.append(Mount("/", Page(StaticFiles(directory=STATIC, html=True))))
    return Starlette(
        routes=routes,
        middleware=[*_middleware(gateway), Middleware(Direct, "/graphql", {"http": over_http, "websocket": over_websocket})],
        lifespan=_lifespan(gateway, counters),
    )


class Direct:
    """Answers one path before routes are matched: every request of the graph would pay for the others' routes."""

    def __init__(self, app: ASGIApp, path: str, endpoints: Mapping[str, ASGIApp]) -> None:
        self._app, self._path, self._endpoints = app, path, endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        direct = scope["type"] in self._endpoints and scope["path"] == self._path
        await (self._endpoints[scope["type"]] if direct else self._app)(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether a host's name or address reaches this machine from this machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class Page:
    """The page's files, with headers that let them load nothing from elsewhere; names of assets change with their content."""

    def __init__(self, files: ASGIApp) -> None:
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asset = scope["path"].startswith(f"{scope['root_path']}/assets/")
        lasting = b"public, max-age=31536000, immutable" if asset else b"no-cache"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = lasting if message["status"] in (200, 206, 304) else b"no-cache"
                message["headers"] = [*message["headers"], *PAGE_HEADERS, (b"cache-control", kept)]
            await send(message)

        await self._files(scope, receive, send_with_headers)


def _middleware(gateway: Gateway) -> list[Middleware]:
    origins = gateway.settings.server.origins
    if not origins:
        return []
    headers = ("authorization", "content-type", "madang-purpose", "madang-case", "madang-refusals", "madang-view", "traceparent")
    told = ("retry-after", "madang-request", "madang-entry")
    methods = ("GET", "POST")
    return [Middleware(CORSMiddleware, allow_origins=origins, allow_methods=methods, allow_headers=headers, expose_headers=told)]


def _lifespan(gateway: Gateway, counters: Counters | None) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # What was made until now, schema and regulations above all, stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GENERATIONS)
        background = [asyncio.create_task(gateway.law.run()), asyncio.create_task(gateway.engine.reports.joint.run())]
        if gateway.relay is not None:
            background.append(asyncio.create_task(gateway.relay.run()))
        async with kept(gateway.dsn, gateway.settings.server.timezone):
            yield
        for task in background:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if counters is not None:
            await counters.aclose()
        await gateway.aclose()

    return lifespan


async def _healthz(request: Request) -> Response:
    return _json({"status": "ok"})


def _readyz(gateway: Gateway) -> Callable[[Request], object]:
    async def readyz(request: Request) -> Response:
        sources = await gateway.readiness()
        registers = (name for name, register in gateway.settings.registers.items() if register.source.kind not in OWN)
        ready = sources[consent.SOURCE] == "ok" and any(sources[name] == "ok" for name in registers)
        return _json({"ready": ready, "sources": sources, "regulations": gateway.law.state()}, 200 if ready else 503)

    return readyz


def _personas(gateway: Gateway) -> Callable[[Request], object]:
    async def personas(request: Request) -> Response:
        if not _is_local(request):
            return _json({"error": "ask for the personas at this machine's own address"}, 403)
        demo, minter = gateway.settings.demo, gateway.minter
        assert demo is not None, "only a demo has personas"
        assert minter is not None, "only a demo has personas"
        return _json(
            [
                about(persona, gateway.authorizer)
                | {"token": minter.mint(persona.caller, explain=persona.explain, lifetime=TOKEN_SECONDS)}
                for persona in demo.personas.values()
            ]
        )

    return personas


def _cases(gateway: Gateway, counters: Counters) -> Callable[[Request], object]:
    async def cases(request: Request) -> Response:
        if not _is_local(request):
            return _json({"error": "ask for cases at this machine's own address"}, 403)
        given = request.query_params
        service, first = gateway.services.by_code.get(given.get("service", "")), given.get("first", "")
        if service is None or not service.subject:
            return _json({"error": "`service` must be a service whose document takes a resident's number"}, 400)
        if not (first.isascii() and first.isdecimal() and 1 <= int(first[:9]) <= MOST):
            return _json({"error": f"`first` must be a number from 1 to {MOST}"}, 400)
        try:
            return _json(await counters.told(service, int(first)))
        except CountersError as error:
            return _json({"error": str(error)}, 503)

    return cases


def _is_local(request: Request) -> bool:
    """Whether it was asked under this machine's own name: a page elsewhere whose name was made to lead here (DNS rebinding) must
    not be handed tokens."""
    return is_loopback(request.url.hostname or "")


def _json(content: object, status: int = 200) -> Response:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(orjson.dumps(content), status, headers, media_type="application/json")
