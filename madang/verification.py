"""Verifying printed extracts, for whoever is handed one: /verify, and what its page needs.

/verify         the page. What a QR code brings it stands behind the `#`, which no browser sends, and is checked in the browser
/verify?code=   whether a typed code is genuine, and if so of which kind the extract is and on which day it was issued; of whom,
                nobody is told
/verify/key     the gateway's public key, with which the page checks

A code is looked up in the ledger, so all of a gateway's visitors together have `RATE` a second. Of 2^65 codes one is right for an
entry: guessing them so would take longer than there have been stars.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from auth.codes import Codes, read_code
from auth.jws import jwk, thumbprint
from auth.reader import LedgerUnreadable, Reader
from madang.gateway import Gateway
from resolvers.layouts import Layout

RATE = 20
"""Codes that are looked up in a second."""
FILES = Path(__file__).parent / "verify"

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class Genuine:
    """What is told of an extract: how it is laid out, and when it was issued."""

    layout: Layout
    issued: dt.datetime


async def recognized(text: str, reader: Reader, codes: Codes, layouts: Mapping[str, Layout], zone: dt.tzinfo) -> Genuine | None:
    """The extract that a typed code is of; none if it is genuine of none. Raises `LedgerUnreadable`."""
    code = read_code(text)
    entry = await reader.entry(code.entry) if code is not None else None
    if code is None or entry is None:
        return None
    found = [layout for layout in layouts.values() if codes.holds(code, entry.request, layout.service)]
    return Genuine(found[0], dt.datetime.fromtimestamp(entry.at / 1000, zone)) if found else None


def verification(gateway: Gateway) -> list[BaseRoute]:
    """The routes."""
    files = {"/verify/page.js": "text/javascript", "/verify/page.css": "text/css"}
    key = jwk(gateway.notary.seal.public) | {"kid": thumbprint(gateway.notary.seal.public)}

    async def told(request: Request) -> Response:
        return _json(key)

    return [
        Route("/verify", _verify(gateway)),
        Route("/verify/key", told),
        *(Route(path, _file(Path(path).name, media)) for path, media in files.items()),
    ]


def _verify(gateway: Gateway) -> Callable[[Request], object]:
    notary, bounded = gateway.notary, Bounded(RATE)

    async def verify(request: Request) -> Response:
        given = request.query_params.get("code")
        if given is None:
            return FileResponse(FILES / "index.html", headers=HEADERS | {"cache-control": "no-cache"})
        if read_code(given) is not None and not bounded.take():
            return _json({"error": "too many codes are being verified; try again in a second"}, 429, {"retry-after": "1"})
        try:
            async with asyncio.timeout(gateway.settings.server.deadline):
                found = await recognized(given, gateway.reader, notary.codes, notary.layouts, notary.timezone)
        except (LedgerUnreadable, TimeoutError):
            return _json({"error": "codes cannot be looked up now; try again later"}, 503, {"retry-after": "2"})
        if found is None:
            return _json({"genuine": False})
        layout = found.layout
        title = {"ko": layout.title.ko, "en": layout.title.en}
        return _json({"genuine": True, "service": layout.service, "title": title, "issued": f"{found.issued:%Y-%m-%d}"})

    return verify


class Bounded:
    """So many a second, whoever asks."""

    def __init__(self, rate: int) -> None:
        self._rate, self._second, self._taken = rate, 0, 0

    def take(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._taken = second, 0
        self._taken += 1
        return self._taken <= self._rate


def _file(name: str, media: str) -> Callable[[Request], object]:
    async def file(request: Request) -> Response:
        return FileResponse(FILES / name, media_type=media, headers=HEADERS | {"cache-control": "no-cache"})

    return file


def _json(content: Any, status: int = 200, more: Mapping[str, str] | None = None) -> Response:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", **(more or {})}
    return Response(orjson.dumps(content), status, headers, media_type="application/json")
