"""Puts load on one server by wrk, and measures what it costs there.

wrk, with one thread and its requests made beforehand, takes a twentieth of a core at the rates seen here. CPU is read from /proc,
of the server's process and of all PostgreSQL's; peak memory is VmHWM. Linux alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("requests.lua")

_TICKS = os.sysconf("SC_CLK_TCK")


class LoadError(Exception):
    """The load could not be put on, or was not answered; says what."""


class TooSlow(LoadError):
    """Not a single request was answered in the time given."""


@dataclass(frozen=True)
class Measurement:
    """One round of one query on one server; times in milliseconds, CPU in milliseconds a request."""

    rate: float
    p50: float
    p99: float
    cpu: float
    database_cpu: float


def write_requests(path: Path, requests: Sequence[bytes]) -> None:
    """Write whole HTTP requests as `requests.lua` reads them."""
    path.write_bytes(b"".join(b"%d\n%s" % (len(request), request) for request in requests))


def measure(url: str, requests: Path, *, connections: int, seconds: float, server: int, postmaster: int) -> Measurement:
    """Load `url` for so many seconds; raises `LoadError` if a single request fails."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise LoadError("`wrk` is not installed; install the package of that name (Debian, Ubuntu, Fedora, Homebrew)")
    command = [
        wrk,
        "-t1",
        f"-c{connections}",
        f"-d{seconds:.0f}s",
        "--timeout",
        "60s",
        "-s",
        str(SCRIPT),
        url,
        "--",
        str(requests),
    ]
    server_before, database_before = cpu_seconds(server), _family_seconds(postmaster)
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
    server_used, database_used = cpu_seconds(server) - server_before, _family_seconds(postmaster) - database_before
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise LoadError(f"wrk ended without a result: {done.stderr or done.stdout}")
    result = json.loads(line.removeprefix("RESULT "))
    if not result["requests"]:
        raise TooSlow(f"{url} answered nothing within {seconds:.0f} seconds")
    if result["failures"]:
        why = next((line.removeprefix("FAILURE ") for line in done.stdout.splitlines() if line.startswith("FAILURE ")), "")
        raise LoadError(f"{result['failures']} of {result['requests']} requests to {url} failed, the last one: {why}")
    return Measurement(
        rate=result["requests"] * 1e6 / result["microseconds"],
        p50=result["p50"] / 1000,
        p99=result["p99"] / 1000,
        cpu=server_used * 1000 / result["requests"],
        database_cpu=database_used * 1000 / result["requests"],
    )


def cpu_seconds(pid: int) -> float:
    """CPU that a process has used, in seconds."""
    return _used(Path(f"/proc/{pid}/stat").read_text())


def peak_memory(pid: int) -> int:
    """The largest resident size that a process has had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _family_seconds(parent: int) -> float:
    """CPU of a process and its living children. Connections stay open while load is on, so none goes missing."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:  # It ended in between.
            continue
        if int(entry.name) == parent or int(_after_name(stat)[1]) == parent:
            total += _used(stat)
    return total


def _used(stat: str) -> float:
    fields = _after_name(stat)
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _after_name(stat: str) -> list[str]:
    # The name, in brackets, may hold spaces and brackets itself; what follows is state, ppid, …, utime and stime 12th and 13th.
    return stat.rpartition(")")[2].split()
