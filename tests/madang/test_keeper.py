"""The process that looks through the ledger: it is there while a gateway is, ends with it, and does its work."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import psutil
import pytest

from auth.ledger import FAILURES
from auth.upkeep import Upkeep
from madang import keeper
from madang.keeper import keep, kept
from tests.auth import ledgers

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
SEOUL = ZoneInfo("Asia/Seoul")


def keepers(parent: int) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(parent).children(recursive=True):
        with contextlib.suppress(psutil.ZombieProcess, psutil.NoSuchProcess):
            found += [child] if "madang.keeper" in child.cmdline() else []
    return found


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(400):
        if await holds():
            return
        await asyncio.sleep(0.05)
    pytest.fail("what was waited for did not come")


def gone(process: psutil.Process) -> bool:
    """Whether it ends within some seconds."""
    psutil.wait_procs([process], timeout=15)
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_it_is_there_while_a_gateway_serves(tmp_path_factory: pytest.TempPathFactory, how: signal.Signals) -> None:
    directory = tmp_path_factory.getbasetemp() / "keeper"  # The second finds the nation made.
    directory.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "madang", "serve", "--port", "0", "--residents", "1000"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=directory, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT) as running:
        assert running.stdout is not None
        found = None
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", line := running.stdout.readline())):
            assert line
        while not _is_healthy(found[0]):
            time.sleep(0.1)
        (process,) = keepers(running.pid)
        deadline = time.monotonic() + 15
        while process.nice() != keeper.NICENESS:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "postgresql:" not in " ".join(process.cmdline()), "anybody can read what a process was called with"
        running.send_signal(how)
        running.wait(30)
    assert gone(process)


def _is_healthy(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").is_success
    except httpx.TransportError:
        return False


async def test_it_looks_through_what_is_written_and_is_started_again(
    gateway_dsn: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "SECONDS", 0.1)
    model = ledgers.Model()
    connection = await asyncpg.connect(gateway_dsn)

    async def counted() -> bool:
        return bool(await connection.fetchval("SELECT sum(operations) FROM ledger_count") == model.blocks)

    before = keepers(os.getpid())  # Of the servers of other tests.
    async with kept(gateway_dsn, SEOUL):
        (process,) = (each for each in keepers(os.getpid()) if each not in before)

        async def another() -> bool:
            return any(each not in (process, *before) for each in keepers(os.getpid()))

        await ledgers.write(gateway_dsn, model, [[ledgers.entry()]])
        await until(counted)
        process.kill()
        await until(another)
        await ledgers.write(gateway_dsn, model, [[ledgers.entry()]])
        await until(counted)
        there = [each for each in keepers(os.getpid()) if each not in before]
    await connection.close()
    assert gone(there[0])
    assert "the ledger's keeper ended with -9; another is started" in caplog.text


async def test_a_database_that_is_away_is_complained_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "SECONDS", 0)
    answers: list[type[BaseException] | None] = [*FAILURES[:2], None, OSError, None, None]

    class Flaky(Upkeep):
        async def run(self, *, everything: bool = False) -> None:  # type: ignore[override]
            if not answers:
                raise asyncio.CancelledError
            if (error := answers.pop(0)) is not None:
                raise error

    with caplog.at_level(logging.WARNING), pytest.raises(asyncio.CancelledError):
        await keep(Flaky("", SEOUL))
    assert caplog.messages == [
        "the ledger cannot be looked through (OSError); it is tried again", "the ledger is looked through again",
    ] * 2  # fmt: skip


def test_its_log_goes_to_standard_error(tmp_path: Path) -> None:
    settings = {"dsn": f"postgresql://nobody@/nothing?host={tmp_path}", "timezone": "Asia/Seoul"}
    with subprocess.Popen(
        [sys.executable, "-m", "madang.keeper"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps(settings) + "\n")
        process.stdin.flush()
        assert process.stderr.readline() == "the ledger cannot be looked through (FileNotFoundError); it is tried again\n"
        process.stdin.close()
        assert process.wait(15) == 0
        assert process.stderr.read() == ""
