"""Madang without its ledger: what recording costs is measured against it. It breaks a law of the house, and is for nothing else.

Residents' numbers are read all the same, as keys: they are part of the plan.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvicorn

from madang import gateway, settings
from madang.app import create_app
from resolvers.disclose import Trail
from resolvers.engine import Engine
from resolvers.operation import Refusals
from resolvers.plan import Plan
from resolvers.request import Request
from resolvers.response import Response


class UnrecordedEngine(Engine):
    """Answers at once, and records nothing."""

    async def _found(
        self, plan: Plan, request: Request, how: Refusals, trail: Trail
    ) -> tuple[Response, asyncio.Future[int] | None]:  # fmt: skip
        return await self._run(plan, request), None


def main() -> None:
    """Serve, as `madang serve` does, the settings file of the first argument on the port of the second."""
    file, port = sys.argv[1:]
    gateway.Engine = UnrecordedEngine  # type: ignore[misc]
    loaded = settings.load(Path(file))
    app = create_app(gateway.open_gateway(loaded, gateway.read_law(loaded), None))
    uvicorn.run(app, host="127.0.0.1", port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
