"""`python -m madang.keeper`: makes the ledger readable while gateways serve (`auth/upkeep.py`).

It is a process of its own, at a low priority, because looking through entries takes what answering needs: the one thread that
Python runs at a time. Every gateway starts one and ends it, and that of several only one works at a time the database sees to.

What it needs comes as one line of JSON on standard input, `{"dsn": "…", "timezone": "…"}`. It ends when standard input does, so
also when whoever started it was killed; what it was about is then as if it had not begun.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

from auth.ledger import FAILURES
from auth.upkeep import Upkeep

log = logging.getLogger("madang")

SECONDS = 3.0
"""Between two looks at what has been written."""
NICENESS = 10
REST = 4.0
"""It works a fifth of the time at most: what it has not reached is found all the same, if somebody asks for it."""
_PATIENCE = 5.0


@asynccontextmanager
async def kept(dsn: str, zone: ZoneInfo) -> AsyncIterator[None]:
    """A keeper runs while the context lasts; should it end before, another is started."""
    process = _start(dsn, zone)

    async def watch() -> None:
        nonlocal process
        while True:
            await asyncio.sleep(SECONDS)
            if (status := process.poll()) is not None:
                log.error("the ledger's keeper ended with %d; another is started", status)
                _end(process)
                process = _start(dsn, zone)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await asyncio.to_thread(_end, process)


def _start(dsn: str, zone: ZoneInfo) -> subprocess.Popen[bytes]:
    # In a session of its own, so that a Ctrl-C in the terminal does not end it in the midst of something.
    process = subprocess.Popen([sys.executable, "-m", "madang.keeper"], stdin=subprocess.PIPE, start_new_session=True)
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # It ended at once, which is seen later.
        process.stdin.write(json.dumps({"dsn": dsn, "timezone": zone.key}).encode() + b"\n")
        process.stdin.flush()
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def keep(upkeep: Upkeep) -> None:
    """Look through what is written, until cancelled. A database that is away is tried again, and complained of once."""
    away = False
    while True:
        try:
            await upkeep.run()
        except FAILURES as error:
            if not away:
                log.warning("the ledger cannot be looked through (%s); it is tried again", type(error).__name__)
            away = True
        else:
            if away:
                log.warning("the ledger is looked through again")
            away = False
        await asyncio.sleep(SECONDS)


async def _run(dsn: str, zone: ZoneInfo) -> None:
    loop, upkeep = asyncio.get_running_loop(), Upkeep(dsn, zone, rest=REST)
    keeping = loop.create_task(keep(upkeep))

    def wait() -> None:
        # Not through `sys.stdin`, whose lock a waiting thread would hold when the interpreter ends.
        while os.read(0, 1024):
            pass
        loop.call_soon_threadsafe(keeping.cancel)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
    with suppress(asyncio.CancelledError):
        await keeping
    await upkeep.aclose()


def main() -> None:
    """Keep the ledger until standard input ends."""
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    os.nice(NICENESS)
    settings = json.loads(sys.stdin.buffer.readline())
    asyncio.run(_run(settings["dsn"], ZoneInfo(settings["timezone"])))


if __name__ == "__main__":
    main()
