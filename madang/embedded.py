"""The embedded demo: sixteen registers on a PostgreSQL of its own, and the one of them that is reached by HTTP.

    with start(Path(".madang")) as nation:
        nation.dsns["mois"]         # PostgreSQL as the gateway's role, which can only SELECT
        nation.mma_url              # the military service register's API
        nation.gateway_dsn          # the gateway's own database, with the residents' consents

`start` fills the directory at the first time, and again when another population is asked for or the sample itself has changed.
What is in the directory:

    lock            held by the process that runs the demo: a second one is refused
    state.json      which population is loaded; written last, so a half-loaded directory has none and is filled anew
    passwords.json  one random password a role, readable by the owner alone
    postgres/       PostgreSQL's data, reached by a Unix socket that its owner alone can open
    mma.log         what the API process had to say

Every register is a database of its own with two login roles: the owner, `mois`, and the gateway, `mois_gateway`, which can only
SELECT: everything, or what the owner's GRANT statements say, which are run anew at every start. One that takes reports has a
third, `mois_reports`, which can run the functions that take them, and empty the outbox. So is the gateway's own database,
`gateway`, where its role may also count. No role can connect to another database. All need their password; the superuser needs
none on the socket.

All that was started ends with the context, on SIGTERM and SIGINT, and when this process is killed: the API watches its standard
input, and so does a keeper that then stops PostgreSQL.

Commands that only look into the ledger use `gateway_database`, also while another process runs the demo.

Errors: `EmbeddedError`, whose message says what to do.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import click
import httpx

from madang import LAYERS, cluster

SAMPLE = LAYERS / "examples" / "korea"
"""The sample nation. It is run, never imported: `examples.korea.load` and `examples.korea.mma`."""
GATEWAY = "gateway"
"""The gateway's own database. Its tables are made by `gateway_sql`, and the sample fills in consents."""
GATEWAY_SQL = (LAYERS / "sources" / "reports.sql", LAYERS / "auth" / "gateway.sql")
API = "mma"
"""The register that is reached by HTTP. The role that others' gateways have is here its API's, which is the register's own."""
DIRECTORY = Path(".madang")
_POPULATION = json.loads((SAMPLE / "data" / "population.json").read_text(encoding="utf-8"))
RESIDENTS: int = _POPULATION["residents"]
SEED: int = _POPULATION["seed"]
FEWEST: int = _POPULATION["fewest"]
MOST: int = _POPULATION["most"]

_PATIENCE = 20.0


class EmbeddedError(Exception):
    """The demo cannot start."""


class InUse(EmbeddedError):
    """Another process runs the demo."""


@dataclass(frozen=True)
class Embedded:
    """A running demo. `dsns` are for the gateway's roles, `owner_dsns` for the registers' own, both by register."""

    directory: Path
    residents: int
    seed: int
    dsns: Mapping[str, str]
    owner_dsns: Mapping[str, str]
    mma_url: str
    mma_api_key: str
    gateway_dsn: str
    gateway_owner_dsn: str
    """The owner may write consents, which the gateway writes by reports alone."""
    reports_dsns: Mapping[str, str]
    """By register that takes reports, for the role that may make them and nothing else."""
    grant: Callable[[Mapping[str, Sequence[str]]], None] | None = None
    """Runs other GRANT statements in place of those that were given at the start, if some were; takes a moment."""


def registers() -> tuple[str, ...]:
    """The sample's registers by name."""
    return tuple(sorted(path.stem for path in (SAMPLE / "ddl").glob("*.sql")))


def reporting() -> tuple[str, ...]:
    """Those of the sample's registers that take reports, by name."""
    return tuple(sorted(path.stem for path in (SAMPLE / "reports").glob("*.sql")))


def gateway_sql() -> str:
    """What makes the tables of the gateway's own database; `:"role"` in it is the gateway's role."""
    return "\n".join(path.read_text(encoding="utf-8") for path in GATEWAY_SQL)


def _databases() -> tuple[str, ...]:
    return (*registers(), GATEWAY)


def _roles() -> tuple[str, ...]:
    return (*(role for name in _databases() for role in (name, f"{name}_gateway")), *(f"{name}_reports" for name in reporting()))


def known_residents() -> dict[str, str]:
    """Name → resident number of those who are the same in every population; `citizen` is the demo's citizen."""
    found: dict[str, str] = json.loads((SAMPLE / "data" / "known_residents.json").read_text(encoding="utf-8"))
    return found


@contextmanager
def start(
    directory: Path = DIRECTORY,
    residents: int | None = None,
    seed: int | None = None,
    grants: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Embedded]:
    """Run the demo in a directory, which is filled when need be.

    Without `residents` or `seed` whatever population is there will do, and the first one is of `RESIDENTS` and `SEED`. `grants`
    are GRANT statements by register: when they are given, the roles that the gateway logs in as may read what those say and
    nothing else. Raises `EmbeddedError` when the directory is another's, in use, or cannot be filled, or a grant is not accepted.
    """
    if residents is not None and not FEWEST <= residents <= MOST:
        raise EmbeddedError(f"`{residents}` residents: the sample nation has between {FEWEST:,} and {MOST:,}")
    directory = directory.expanduser().resolve()
    with ExitStack() as stack:
        stack.enter_context(_signals())
        stack.enter_context(_lock(directory))
        wanted = _wanted(directory, residents, seed)
        cluster.stop_stray(directory / "postgres")
        fresh = _clear(directory, wanted)
        server = stack.enter_context(cluster.run(directory / "postgres"))
        passwords = _passwords(directory)
        owners = {name: cluster.dsn(server, name, name, passwords[name]) for name in _databases()}
        if fresh:
            _create(server, passwords)
            _load(owners, wanted)
            cluster.make_durable(server)
            _write(directory / "state.json", wanted)
        roles = {name: cluster.dsn(server, name, f"{name}_gateway", passwords[f"{name}_gateway"]) for name in _databases()}
        reports = {name: cluster.dsn(server, name, f"{name}_reports", passwords[f"{name}_reports"]) for name in reporting()}
        gateway, gateway_owner = roles.pop(GATEWAY), owners.pop(GATEWAY)
        _grant(server, owners, grants)
        api_key = secrets.token_urlsafe(32)
        url = stack.enter_context(_mma(directory, roles[API], api_key))
        yield Embedded(
            directory, wanted["residents"], wanted["seed"], roles, owners, url, api_key, gateway, gateway_owner, reports,
            None if grants is None else partial(_grant, server, owners),
        )  # fmt: skip


@contextmanager
def gateway_database(directory: Path) -> Iterator[str]:
    """The gateway's own database of a demo that was started before, as the gateway's role: whoever runs it now, or nobody.

    If nobody does, its PostgreSQL runs as long as the context; nothing is filled, and nobody is granted anything. Raises
    `EmbeddedError`.
    """
    directory = directory.expanduser().resolve()
    if _state(directory) is None:
        raise EmbeddedError(f"there is no demo in `{directory}` yet: run `madang serve` first")
    role, data = f"{GATEWAY}_gateway", directory / "postgres"
    password = _passwords(directory)[role]
    with ExitStack() as stack:
        stack.enter_context(_signals())
        try:
            stack.enter_context(_lock(directory))
        except InUse:
            dsn = cluster.dsn_of_running(data, GATEWAY, role, password)
            if dsn is None:
                raise EmbeddedError(f"the demo in `{directory}` is just being started or stopped: try again") from None
        else:
            cluster.stop_stray(data)
            dsn = cluster.dsn(stack.enter_context(cluster.run(data)), GATEWAY, role, password)
        yield dsn


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM leaves the context like SIGINT does, by an exception. Only the main thread can see to that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _lock(directory: Path) -> Iterator[None]:
    if directory.exists() and any(directory.iterdir()) and not (directory / "lock").exists():
        raise EmbeddedError(f"`{directory}` holds other files: give an empty directory or none")
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read() or "?"
            raise InUse(f"`{directory}` is in use by process {holder}: stop it or give another directory") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _wanted(directory: Path, residents: int | None, seed: int | None) -> dict[str, Any]:
    """The state of a directory that is as asked for."""
    there = _state(directory) or {"residents": RESIDENTS, "seed": SEED}
    digest = hashlib.sha256()
    sample = sorted(path for path in SAMPLE.rglob("*") if path.suffix in {".py", ".sql", ".csv", ".tsv", ".json"})
    for path in (*sample, *GATEWAY_SQL):
        digest.update(path.relative_to(LAYERS).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return {
        "residents": there["residents"] if residents is None else residents,
        "seed": there["seed"] if seed is None else seed,
        "sample": digest.hexdigest(),
    }


def _state(directory: Path) -> dict[str, Any] | None:
    path = directory / "state.json"
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return found


def _clear(directory: Path, wanted: Mapping[str, Any]) -> bool:
    """Whether the directory is to be filled; what was in it is then gone."""
    there, data = _state(directory), directory / "postgres"
    if there == wanted and (directory / "passwords.json").exists():
        return False
    if there:
        what = "another version of the sample" if there["sample"] != wanted["sample"] else "another population"
        click.echo(f"`{directory}` holds {what}: it is filled anew", err=True)
    elif data.exists():
        click.echo(f"`{directory}` was not filled to the end: it is filled anew", err=True)
    (directory / "state.json").unlink(missing_ok=True)
    (directory / "passwords.json").unlink(missing_ok=True)
    shutil.rmtree(data, ignore_errors=True)
    return True


def _passwords(directory: Path) -> dict[str, str]:
    path = directory / "passwords.json"
    if not path.exists():
        _write(path, {role: secrets.token_urlsafe(24) for role in _roles()})
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _write(path: Path, content: Any) -> None:
    """Whole or not at all, and for the owner's eyes only."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(0o600)
    partial.write_text(json.dumps(content, indent=1))
    partial.rename(path)


def _create(server: cluster.Server, passwords: Mapping[str, str]) -> None:
    """The roles and databases. Names are the sample's and passwords are URL-safe, so both are plain in SQL."""
    lines = ["REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;"]
    for name in _databases():
        gateway = f"{name}_gateway"
        lines += [
            f"CREATE ROLE {name} LOGIN PASSWORD '{passwords[name]}';",
            f"CREATE ROLE {gateway} LOGIN PASSWORD '{passwords[gateway]}';",
            f"ALTER ROLE {gateway} SET default_transaction_read_only = {'off' if name == GATEWAY else 'on'};",
            f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0 {cluster.LOCALE};",
            f"REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {gateway};",
            f"\\connect {name}",
            f"REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO {gateway};",
        ]
        if name in reporting():
            role = f"{name}_reports"
            lines += [
                f"CREATE ROLE {role} LOGIN PASSWORD '{passwords[role]}';",
                f"GRANT CONNECT ON DATABASE {name} TO {role}; GRANT USAGE ON SCHEMA public TO {role};",
            ]
    # The database that was connected to last is the gateway's.
    lines += [f"SET ROLE {GATEWAY};", f"\\set role {GATEWAY}_gateway", gateway_sql()]
    cluster.psql(server, "\n".join(lines))


def _grant(server: cluster.Server, owners: Mapping[str, str], grants: Mapping[str, Sequence[str]] | None) -> None:
    """What the gateway's roles may do, said by each register's owner in one transaction: everything, or what `grants` says."""
    lines = []
    for name, dsn in owners.items():
        roles = [f"{name}_gateway", *([f"{name}_reports"] if name in reporting() else [])]
        lines += [f"\\connect '{dsn}'", "BEGIN;"]
        lines += [f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};" for role in roles]
        lines += [f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM {role};" for role in roles]
        if grants is None or name == API:
            lines.append(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {roles[0]};")
            lines += [f"{_EVERY_REPORT.format(role=role)}" for role in roles[1:]]
        else:
            lines += [f"{grant.rstrip(';')};" for grant in grants.get(name, ())]
        lines.append("COMMIT;")
    try:
        cluster.psql(server, "\n".join(lines))
    except subprocess.CalledProcessError:
        raise EmbeddedError("a grant to one of the gateway's roles was not accepted: see the message above") from None


_EVERY_REPORT = """
GRANT SELECT, DELETE ON outbox TO {role};
GRANT EXECUTE ON FUNCTION report_begin, report_end, report_is_done TO {role};
SELECT format('GRANT EXECUTE ON FUNCTION %s TO {role}', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prosecdef
AND pg_get_function_identity_arguments(oid) = 'input jsonb, caller jsonb' \\gexec
"""
"""What the role that reports may do with all reports that a register takes."""


def _load(dsns: Mapping[str, str], wanted: Mapping[str, Any]) -> None:
    arguments = ["--residents", str(wanted["residents"]), "--seed", str(wanted["seed"])]
    with _sample("load", *arguments) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(dsns).encode() + b"\n")
        process.stdin.flush()
        status = process.wait()
    if status:
        raise EmbeddedError("the sample nation was not loaded: see the messages above")


@contextmanager
def _mma(directory: Path, dsn: str, api_key: str) -> Iterator[str]:
    """The API's address, while its process runs."""
    with (directory / "mma.log").open("wb") as log, _sample("mma", stdout=subprocess.PIPE, stderr=log) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"dsn": dsn, "api_key": api_key}).encode() + b"\n")
        process.stdin.flush()
        port = process.stdout.readline().strip().decode()
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, log.name)
        yield url


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    with httpx.Client(trust_env=False, timeout=2.0) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if client.get(f"{url}/healthz").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
    process.kill()
    raise EmbeddedError(f"the military service register's API did not start: see `{log}`")


def _sample(module: str, *arguments: str, **pipes: Any) -> subprocess.Popen[bytes]:
    """A process of the sample's; its standard input is the pipe whose end tells it to end."""
    path = os.pathsep.join(filter(None, (str(LAYERS), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-m", f"examples.korea.{module}", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, env=environment, **pipes)
