"""Gateways and a database that can be killed: real processes, which get no chance to finish anything."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from auth.access import Caller
from auth.blocks import Signer
from auth.tokens import Minter
from madang import cluster
from madang.embedded import Embedded, gateway_sql
from madang.settings import Settings

ROOT = Path(__file__).parents[2]
ISSUER, AUDIENCE = "https://login.example", "madang"
SECRET = bytes([0x5A]) * 32
PATIENCE = 60.0
"""Seconds for whatever takes as long as the machine is busy."""


def until(holds: Callable[[], bool], within: float = PATIENCE) -> float:
    """Wait until something holds; the seconds that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within, "it never came to hold"
        time.sleep(0.01)
    return time.monotonic() - began


# The database


class Database:
    """A PostgreSQL server of the test's own. What it has acknowledged is on disk, if the one who asked insisted on it.

    By default it acknowledges before, and writes ten seconds later: a gateway that relies on defaults loses what it wrote.
    """

    LOSSY = "synchronous_commit = off", "wal_writer_delay = '10s'", "wal_writer_flush_after = '1GB'"

    def __init__(self, server: cluster.Server) -> None:
        self._server = server
        cluster.make_durable(server)
        cluster.psql(server, "".join(f"ALTER SYSTEM SET {each};" for each in self.LOSSY) + "SELECT pg_reload_conf();")
        assert asyncio.run(_shown(self.superuser("postgres"), "fsync", "synchronous_commit")) == ["on", "off"]

    def create(self, name: str) -> str:
        """A gateway's own database, empty; the DSN of its role."""
        password = secrets.token_urlsafe(16)
        lines = [
            f"CREATE ROLE {name} LOGIN PASSWORD '{password}'; CREATE DATABASE {name} TEMPLATE template0 {cluster.LOCALE};",
            f"\\connect {name}",
            f"\\set role {name}",
            gateway_sql(),
            "CHECKPOINT;",
        ]
        cluster.psql(self._server, "\n".join(lines))
        return cluster.dsn(self._server, name, name, password)

    def superuser(self, name: str) -> str:
        return cluster.dsn(self._server, name, "postgres", "")

    def kill(self) -> None:
        """End all of its processes at once."""
        postmaster = psutil.Process(self._server.get_pid())
        postmaster.suspend()  # It must not start others meanwhile.
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            _kill(process)
        _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
        assert not alive

    def end(self) -> None:
        """Kill it for good: nobody needs a checkpoint of it."""
        self.kill()
        (self._server.pgdata / "postmaster.pid").unlink()  # The number may be another process's soon.

    def start(self) -> None:
        """Run again, after having recovered what the log has."""
        self._server.ensure_postgres_running()


@contextmanager
def database() -> Iterator[Database]:
    # Not in pytest's own directory: as root, PostgreSQL runs as another user, who cannot go there.
    with tempfile.TemporaryDirectory(prefix="madang-mortal-") as directory, cluster.run(Path(directory) / "postgres") as server:
        running = Database(server)
        yield running
        running.end()


async def _shown(dsn: str, *names: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return [await connection.fetchval("SELECT current_setting($1)", name) for name in names]
    finally:
        await connection.close()


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


# Gateways


@dataclass(frozen=True)
class Place:
    """A directory with settings and keys, from which gateways are started."""

    directory: Path
    minter: Minter
    signer: Signer

    @classmethod
    def make(cls, directory: Path, settings: Settings, nation: Embedded, dsn: str, timeout: float) -> Place:
        """Of gateways over the sample nation's registers, with a database of their own."""
        directory.mkdir()
        key, own = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        (directory / "keys.pem").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        (directory / "ledger.pem").write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        lines = [
            f'[server]\ntimezone = "Asia/Seoul"\n[regulations]\ndirectory = "{settings.regulations}"',
            f'[tokens]\nissuer = "{ISSUER}"\naudience = "{AUDIENCE}"\nkeys = "keys.pem"',
            f'[ids]\nsecret = "{SECRET.hex()}"\n[ledger]\nkey = "file:ledger.pem"',
            f'[gateway]\ndsn = "{dsn}"\ntimeout = {timeout}',
        ]
        for name, register in settings.registers.items():
            kind, where = register.source.kind, ""
            if kind == "http":
                where = f', url = "{nation.mma_url}", api_key = "{nation.mma_api_key}"'
            elif kind == "postgres":
                where = f', dsn = "{nation.dsns[name]}"'
                where += f', reports = "{nation.reports_dsns[name]}"' if name in nation.reports_dsns else ""
            lines.append(f'[registers.{name}]\nschema = "{register.schema}"\nsource = {{ kind = "{kind}"{where} }}')
        (directory / "madang.toml").write_text("\n".join(lines), encoding="utf-8")
        return cls(directory, Minter(ISSUER, AUDIENCE, key=key), Signer(own))

    def headers(self, caller: Caller) -> Mapping[str, str]:
        token = self.minter.mint(caller)
        return {
            "Authorization": f"Bearer {token}",
            "Accept": "application/graphql-response+json",
            "Content-Type": "application/json",
        }


class Gateway:
    """A process of `madang serve`. It and the keeper that it starts are killed, if they still run, when the context ends."""

    def __init__(self, place: Place, number: int) -> None:
        self._log = place.directory / f"gateway-{number}.log"
        command = [sys.executable, "-m", "madang", "serve", "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        with self._log.open("wb") as said:
            self._process = subprocess.Popen(command, cwd=place.directory, stdout=said, stderr=said, env=environment)
        self._children: list[psutil.Process] = []

    def ready(self) -> str:
        """The gateway's address, once it serves."""
        until(lambda: self._serves() or self._process.poll() is not None)
        assert self._process.poll() is None, self._log.read_text("utf-8")
        return self._address()

    def kill(self) -> None:
        if self._process.returncode is None:
            self._children = psutil.Process(self._process.pid).children(recursive=True)
            self._process.kill()
            self._process.wait()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """It stands still meanwhile, as one does whose machine is out of order."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def gone(self) -> None:
        """Killed, and its keeper ended, which nobody has told to."""
        self.kill()
        _, alive = psutil.wait_procs(self._children, timeout=PATIENCE / 2)
        for process in alive:
            _kill(process)
        assert not alive, "a keeper outlives its gateway"

    def _address(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", self._log.read_text("utf-8"))
        return found[0] if found else ""

    def _serves(self) -> bool:
        try:
            return bool(self._address()) and httpx.get(f"{self._address()}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False


class Succession:
    """Gateways one after the other: while one serves the next starts, so that none has to be waited for long."""

    def __init__(self, place: Place, stack: ExitStack) -> None:
        self._place, self._stack, self._count = place, stack, 0
        self._next = self._start()

    def next(self, *, last: bool = False) -> Gateway:
        """The next one, which serves. Behind the last one none is started."""
        found = self._next
        found.ready()
        if not last:
            self._next = self._start()
        return found

    def _start(self) -> Gateway:
        self._count += 1
        gateway = Gateway(self._place, self._count)
        self._stack.callback(gateway.gone)
        return gateway
