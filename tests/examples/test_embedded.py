"""The embedded demo: sixteen registers and the gateway's own database with two roles each, and nothing left running."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import httpx
import pytest

from madang.embedded import Embedded, EmbeddedError, _clear, _wanted, registers, start
from tests.examples.population import columns

ROOT = Path(__file__).parents[2]
RUN = """
import sys, time
from pathlib import Path
from madang.embedded import start
with start(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else None) as nation:
    print(nation.mma_url, flush=True)
    time.sleep(60)
"""


async def query(dsn: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(statement)
        return rows
    finally:
        await connection.close()


async def test_there_are_sixteen_registers(nation: Embedded) -> None:
    assert len(registers()) == 16
    assert set(nation.dsns) == set(nation.owner_dsns) == set(registers())
    [[residents]] = await query(nation.dsns["mois"], "SELECT count(*) FROM resident")
    assert residents == nation.residents


async def test_a_gateway_reads_every_table_of_its_register(nation: Embedded) -> None:
    for full in columns():
        register, table = full.split(".")
        if register == "gateway":
            continue
        [[user, rows]] = await query(nation.dsns[register], f'SELECT current_user, count(*) FROM "{table}"')
        assert user == f"{register}_gateway"
        assert rows > 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE resident SET name = name",
        "DELETE FROM resident",
        "INSERT INTO household VALUES (0, 0, 1, '', '11110')",
        "TRUNCATE resident",
        "DROP TABLE resident",
        "CREATE TABLE stolen (id int)",
        "CREATE TEMP TABLE stolen (id int)",
        "COPY resident TO PROGRAM 'cat'",
        "SET ROLE mois",
    ],
)
async def test_a_gateway_can_only_select(nation: Embedded, statement: str) -> None:
    # Not for the session's being read-only by default: that any role may change.
    with pytest.raises(
        (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError), match=r"permission denied|must be"
    ):
        await query(f"{nation.dsns['mois']}&default_transaction_read_only=off", statement)


async def test_no_role_connects_to_another_register(nation: Embedded) -> None:
    for dsns in (nation.dsns, nation.owner_dsns):
        for database in ("nts", "postgres", "template1"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
                await query(dsns["mois"].replace("@/mois?", f"@/{database}?"), "SELECT 1")


async def test_a_role_needs_its_password(nation: Embedded) -> None:
    secret = nation.dsns["mois"].split(":")[2].split("@")[0]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await query(nation.dsns["mois"].replace(secret, "guess"), "SELECT 1")
    assert stat.S_IMODE((nation.directory / "passwords.json").stat().st_mode) == 0o600
    passwords = json.loads((nation.directory / "passwords.json").read_text())
    assert len(set(passwords.values())) == 36


async def test_the_gateway_reads_consents_and_counts(nation: Embedded) -> None:
    dsn = nation.gateway_dsn
    [[consents]] = await query(dsn, "SELECT count(*) FROM consent")
    assert consents > 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await query(dsn, "UPDATE consent SET revoked = false")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await query(dsn, "CREATE TABLE stolen (id int)")
    await query(dsn, "INSERT INTO subject_use VALUES ('a/b', 'jongno', 'x', '2026-11-01 09:00+09', 1)")
    await query(dsn, "UPDATE subject_use SET subjects = 2 WHERE rule = 'a/b'")
    [[subjects]] = await query(dsn, "DELETE FROM subject_use WHERE rule = 'a/b' RETURNING subjects")
    assert subjects == 2
    [[owner]] = await query(nation.gateway_owner_dsn, "SELECT tableowner FROM pg_tables WHERE tablename = 'consent'")
    assert owner == "gateway"


async def test_a_gateway_reads_what_its_grants_say_and_nothing_else(small: Path) -> None:
    """Grants are of one start: the next one may have others, or none."""
    grants = {"mois": ["GRANT SELECT (id, rrn) ON resident TO mois_gateway;", "GRANT SELECT ON household TO mois_gateway"]}
    with start(small, grants=grants) as nation:
        assert await query(nation.dsns["mois"], "SELECT id, rrn FROM resident LIMIT 1")
        assert await query(nation.dsns["mois"], "SELECT * FROM household LIMIT 1")
        for statement in ("SELECT name FROM resident", "SELECT id FROM resident WHERE name = ''", "SELECT id FROM move_in"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await query(nation.dsns["mois"], statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await query(nation.dsns["nts"], "SELECT id FROM business")
        assert await query(nation.gateway_dsn, "SELECT id FROM consent LIMIT 1")
        assert await healthy(nation)
    with start(small, grants={"mois": ["GRANT SELECT (name) ON resident TO mois_gateway"]}) as nation:
        assert await query(nation.dsns["mois"], "SELECT name FROM resident LIMIT 1")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await query(nation.dsns["mois"], "SELECT id FROM resident")
    with start(small) as nation:
        assert await query(nation.dsns["mois"], "SELECT * FROM resident LIMIT 1")


def test_a_grant_that_is_not_accepted_ends_the_start(small: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with (
        pytest.raises(EmbeddedError, match="was not accepted"),
        start(small, grants={"nts": ["GRANT SELECT ON crown TO nts_gateway"]}),
    ):
        pass
    assert 'relation "crown" does not exist' in capfd.readouterr().err


async def test_keys_are_indexed_and_statistics_taken(nation: Embedded) -> None:
    for register, dsn in nation.dsns.items():
        rows = await query(
            dsn, "SELECT relname, reltuples, relhasindex FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200"
        )
        assert rows, register
        empty = {"report", "outbox", "rrn_count"}  # Until somebody reports something.
        assert all(row["relhasindex"] and (row["reltuples"] > 0 or row["relname"] in empty) for row in rows)


def test_a_directory_in_use_is_refused(nation: Embedded) -> None:
    with pytest.raises(EmbeddedError, match=f"is in use by process {os.getpid()}"), start(nation.directory):
        pass


def test_a_directory_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("irreplaceable")
    with pytest.raises(EmbeddedError, match="holds other files"), start(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def run(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    """A process that runs the demo and prints the API's address."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN, str(directory), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def wait_for(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


@pytest.fixture(scope="module")
def small() -> Iterator[Path]:
    """A directory whose first filling was killed in its midst, and that was then filled.

    Not in pytest's own: as root, PostgreSQL runs as another user, whom every pytest that starts shuts out of there.
    """
    with TemporaryDirectory(prefix="madang-small-") as directory:
        _fill(Path(directory) / "data")
        yield Path(directory) / "data"


def _fill(directory: Path) -> None:
    pid = directory / "postgres" / "postmaster.pid"
    with run(directory, "1000") as process:
        assert wait_for((directory / "passwords.json").exists)
        process.kill()
    assert not (directory / "state.json").exists()
    with redirect_stderr(StringIO()) as said, start(directory, 1_000):
        pass
    assert "was not filled to the end: it is filled anew" in said.getvalue()
    assert not pid.exists()


def fingerprint(directory: Path) -> tuple[int, str, str]:
    state = directory / "state.json"
    return state.stat().st_mtime_ns, state.read_text(), (directory / "passwords.json").read_text()


async def healthy(nation: Embedded) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"{nation.mma_url}/healthz")).is_success


async def test_a_second_start_finds_everything_as_it_was(small: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = fingerprint(small)
    with start(small) as nation:
        assert (nation.residents, nation.seed) == (1_000, 1)
        assert len(await query(nation.dsns["mois"], "SELECT id FROM resident")) == 1_000
        assert await healthy(nation)
    assert fingerprint(small) == before
    assert capfd.readouterr().err == ""
    with pytest.raises(httpx.ConnectError):
        await healthy(nation)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"residents": 1_001, "seed": 1}, "holds another population: it is filled anew"),
        ({"residents": 1_000, "seed": 2}, "holds another population: it is filled anew"),
        ({"residents": 1_000, "seed": 1, "sample": "older"}, "holds another version of the sample: it is filled anew"),
        (None, "was not filled to the end: it is filled anew"),
    ],
)
def test_what_is_not_as_asked_for_is_cleared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], state: dict[str, Any] | None, said: str
) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "passwords.json").write_text("{}")
    wanted = _wanted(tmp_path, 1_000, 1)
    if state:
        (tmp_path / "state.json").write_text(json.dumps({**wanted, **state}))
    assert _clear(tmp_path, wanted)
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_is_as_asked_for_is_kept_and_asking_for_nothing_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "passwords.json").write_text("{}")
    (tmp_path / "state.json").write_text(json.dumps(_wanted(tmp_path, 1_234, 5)))
    for wanted in (_wanted(tmp_path, 1_234, 5), _wanted(tmp_path, None, None)):
        assert not _clear(tmp_path, wanted)
    assert _clear(tmp_path, _wanted(tmp_path, None, 6))


def test_a_size_that_cannot_be_is_refused_and_the_directory_left_as_it_was(small: Path) -> None:
    before = fingerprint(small)
    with pytest.raises(EmbeddedError, match="`1` residents"), start(small, 1):
        pass
    assert fingerprint(small) == before


@pytest.fixture
def running(small: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that runs the demo, and the API's address."""
    with run(small) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_process(small: Path, running: tuple[subprocess.Popen[str], str], number: signal.Signals) -> None:
    process, url = running
    assert answers(url)
    postmaster = int((small / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    process.send_signal(number)
    process.wait(10)
    assert wait_for(lambda: not (small / "postgres" / "postmaster.pid").exists())
    assert wait_for(lambda: not Path(f"/proc/{postmaster}/exe").exists())
    assert wait_for(lambda: not answers(url))


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False
