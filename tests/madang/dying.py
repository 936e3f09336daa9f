"""Gateways that kill themselves in the middle of a report to two registers: real processes, which finish nothing.

`python -m tests.madang.dying DIRECTORY` reads lines `step<TAB>key<TAB>name` and for each forks a process that opens a gateway
from the directory's settings, reports a birth, and is killed when it has just done the step.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from auth.access import AccessRequest
from auth.ledger import Ledger
from madang.gateway import Gateway, Law, open_gateway, read_law
from madang.settings import Settings, load
from resolvers.disclose import Trail
from resolvers.joint import Joint
from resolvers.making import Maker
from sources.reporter import Reporter, Transaction
from tests.madang.reporting import BIRTH, CITIZEN, birth

STEPS: dict[str, tuple[type, str, int]] = {
    "called": (Maker, "_call", 1),
    "opened": (Joint, "open", 1),
    "prepared in one": (Transaction, "prepare", 1),
    "prepared in both": (Transaction, "prepare", 2),
    "decided": (Joint, "decide", 1),
    "committed in one": (Reporter, "settle", 1),
    "committed in both": (Reporter, "settle", 2),
}
"""Where it dies: when the method has returned so many times. `recorded` is when the ledger has it on disk."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(step: str) -> None:
    """Prepare this process's death."""
    if step == "recorded":
        append: Callable[..., asyncio.Future[int]] = Ledger.append

        def appended(ledger: Ledger, record: Any) -> asyncio.Future[int]:
            written = append(ledger, record)
            written.add_done_callback(lambda _: die())
            return written

        Ledger.append = appended  # type: ignore[method-assign]
        return
    owner, name, times = STEPS[step]
    method, done = getattr(owner, name), 0

    async def patched(*arguments: Any, **more: Any) -> Any:
        nonlocal done
        found = await method(*arguments, **more)
        done += 1
        if done == times:
            die()
        return found

    setattr(owner, name, patched)


async def report(gateway: Gateway, key: str, name: str) -> None:
    access = AccessRequest(CITIZEN, "birth-registration")
    await gateway.engine.answer(BIRTH, {"key": key, "input": birth(name)}, None, access, trail=Trail(bytes(8)))


def run(settings: Settings, law: Law, step: str, key: str, name: str) -> int:
    """The signal by which a process ended that reported."""
    child = os.fork()
    if not child:
        dying(step)
        asyncio.run(report(open_gateway(settings, law, None), key, name))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


if __name__ == "__main__":
    loaded = load(Path(sys.argv[1]) / "madang.toml")
    read = read_law(loaded)
    for line in sys.stdin:
        sys.stdout.write(f"{run(loaded, read, *line.rstrip().split(chr(9)))}\n")
        sys.stdout.flush()
