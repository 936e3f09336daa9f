"""The servers side by side, each a process of its own on a free loopback port; whatever was started is stopped."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.workloads import Workload

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Server:
    """A running server. `request` gives the whole HTTP request for one key of a workload."""

    name: str
    pid: int
    url: str
    request: Callable[[Workload, str], bytes]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def running(command: list[str], port: int, ready: str, *, seconds: float = 60.0) -> Iterator[int]:
    """Run a server, wait until `ready` (a path) answers in whatever way, give its pid, and stop it."""
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT)
    try:
        _wait(process, f"http://127.0.0.1:{port}{ready}", time.monotonic() + seconds)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, until: float) -> None:
    while process.poll() is None:
        try:
            httpx.get(url, timeout=5)
            return
        except httpx.TransportError:
            if time.monotonic() > until:
                break
            time.sleep(0.1)
    raise RuntimeError(f"the server at {url} did not come up")


@contextlib.contextmanager
def handwritten(dsns: Path) -> Iterator[Server]:
    def request(workload: Workload, key: str) -> bytes:
        return f"GET {workload.path(key)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    port = free_port()
    with running(["-m", "benchmarks.handwritten", str(port), str(dsns)], port, "/") as pid:
        yield Server("handwritten", pid, f"http://127.0.0.1:{port}", request)


@contextlib.contextmanager
def stock(dsns: Path) -> Iterator[Server]:
    port = free_port()
    with running(["-m", "benchmarks.stock", str(port), str(dsns)], port, "/") as pid:
        yield Server("stock", pid, f"http://127.0.0.1:{port}", lambda workload, key: post(workload.graphql(key), {}))


def post(body: bytes, headers: Mapping[str, str]) -> bytes:
    """A GraphQL request over HTTP."""
    lines = ["POST /graphql HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
