"""`madang ledger`: over a demo that is served, over one that is not, and over a database that somebody tampers with."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth.blocks import Signer
from auth.ledger import PLACES
from madang.cli import main
from madang.gateway import ledger_key
from madang.settings import load
from tests.auth.chain import FORGER, NOW, lay, superuser

ROOT = Path(__file__).parents[2]
MADANG = [sys.executable, "-m", "madang"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
VERIFIER = ROOT / "examples" / "ledger" / "verify_inclusion.py"
SOUND = r"(?s)^([\d,]+) blocks with ([\d,]+) entries, [\d,]+ entries a second; the head is (\d+), ([0-9a-f]{64})\n$"


def madang(directory: Path, *arguments: str) -> Result:
    """Run `madang ledger` in a directory, in this process."""
    with contextlib.chdir(directory):
        return CliRunner().invoke(main, ["ledger", *arguments])


def done(directory: Path, *arguments: str) -> str:
    """What the command says when nothing is wrong."""
    result = madang(directory, *arguments)
    assert result.exit_code == 0, (result.output, result.stderr)
    return result.stdout


# The demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[str]:
    """`madang serve` in a directory; gives its address."""
    command = [*MADANG, "serve", "--port", "0", "--residents", "1000"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=directory, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT) as running:
        try:
            assert running.stdout is not None
            said = ""
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", said)):
                line = running.stdout.readline()
                assert line, said
                said += line
            yield found[0]
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(30)


def ask(address: str) -> None:
    people = httpx.get(f"{address}/personas").json()
    token = next(each["token"] for each in people if each["name"] == "citizen")
    purpose = next(each["purposes"][0]["code"] for each in people if each["name"] == "citizen")
    headers = {"Authorization": f"Bearer {token}", "Madang-Purpose": purpose}
    httpx.post(f"{address}/graphql", json={"query": "{ me { name } }"}, headers=headers).raise_for_status()


def test_a_demo_served_and_afterwards(demo: Path) -> None:
    with serving(demo) as address:
        assert madang(demo, "head").exit_code == 2, "nothing was asked yet"
        assert done(demo, "verify").startswith("0 blocks with 0 entries")
        for _ in range(3):
            ask(address)
        found = re.match(SOUND, done(demo, "verify"))
        assert found is not None
        assert int(found[1]) == int(found[2]) == int(found[3]) == 3
        head = demo / "head.json"
        head.write_text(done(demo, "head"))
        assert json.loads(head.read_text())["name"] == found[4]
        (demo / "key.pem").write_text(done(demo, "key"))
        (demo / "proof.json").write_text(done(demo, "prove", str(2 * PLACES)))
        assert done(demo, "expire") == "there is no month whose entries need no longer be kept\n"
        ask(address)
    told = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), "proof.json", "key.pem"], cwd=demo, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert "agency:     citizen-portal" in told.stdout
    assert "residents:  1" in told.stdout
    found = re.match(SOUND, done(demo, "verify", "--head", "head.json"))
    assert found is not None, "the demo's PostgreSQL was started for it"
    assert found[1] == "4"
    assert not (demo / ".madang" / "registers" / "postgres" / "postmaster.pid").exists(), "and stopped again"
    again = subprocess.run([*MADANG, "ledger", "verify"], cwd=demo, capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
    assert (again.returncode, again.stdout[:8]) == (0, "4 blocks")


def test_where_there_is_no_demo(tmp_path: Path) -> None:
    for command in (("verify",), ("head",), ("prove", "1024"), ("expire",)):
        result = madang(tmp_path, *command)
        assert result.exit_code == 2
        assert "there is no demo in" in result.stderr
        assert "run `madang serve` first" in result.stderr


def test_a_demo_that_is_not_ready(demo: Path, tmp_path: Path) -> None:
    registers = tmp_path / ".madang" / "registers"
    registers.mkdir(parents=True)
    for name in ("state.json", "passwords.json"):
        (registers / name).write_text((demo / ".madang" / "registers" / name).read_text())
    lock = f"f = open({str(registers / 'lock')!r}, 'a'); fcntl.flock(f, fcntl.LOCK_EX)"
    holder = f"import fcntl; {lock}; print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holding:
        assert holding.stdout is not None
        holding.stdout.readline()
        result = madang(tmp_path, "verify")
        holding.communicate(b"\n")
    assert result.exit_code == 2
    assert "is just being started or stopped: try again" in result.stderr


# A database of its own


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory, gateway_dsn: str) -> Path:
    """Where the settings name a gateway's database."""
    path = tmp_path_factory.mktemp("settings")
    text = (ROOT / "madang.toml").read_text("utf-8")
    text = text.replace('directory = "auth/regulations"', f'directory = "{ROOT / "auth" / "regulations"}"')
    text = text.replace('"examples/', f'"{ROOT}/examples/')
    (path / "madang.toml").write_text(f'{text}\n[gateway]\ndsn = "{gateway_dsn}"\n', "utf-8")
    return path


@pytest.fixture(scope="module")
def signer(directory: Path) -> Signer:
    with contextlib.chdir(directory):
        return Signer(ledger_key(load(directory / "madang.toml")))


Owner = Callable[[Callable[[asyncpg.Connection], Awaitable[Any]]], Any]


@pytest.fixture
def owner(gateway_dsn: str) -> Owner:
    """Runs what the superuser does."""

    def run(work: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
        async def connected() -> Any:
            connection = await asyncpg.connect(superuser(gateway_dsn))
            try:
                return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(connected())

    return run


@pytest.fixture
def laid(owner: Owner, signer: Signer) -> Callable[..., Any]:
    """An empty ledger, and what lays blocks into it."""
    owner(lambda connection: connection.execute("TRUNCATE ledger_block, ledger_entries, ledger_form"))

    def more(counts: Sequence[int], *, at: int = NOW, by: Signer = signer) -> Any:
        return owner(lambda connection: lay(connection, counts, at=at, by=by))

    more([3, 4, 5, 6])
    return more


def test_a_sound_ledger(directory: Path, laid: object) -> None:
    found = re.match(SOUND, done(directory, "verify"))
    assert found is not None
    assert found.groups()[:3] == ("4", "18", "4")
    assert done(directory, "verify", "--from", "2", "--to", "3").startswith("2 blocks with 9 entries, ")
    progress = madang(directory, "verify")
    assert "blocks" in progress.stderr


def test_the_first_place_that_is_wrong(directory: Path, laid: object, owner: Owner) -> None:
    owner(lambda connection: connection.execute("UPDATE ledger_block SET at = at + 1 WHERE number = 3"))
    result = madang(directory, "verify")
    assert result.exit_code == 1
    assert result.stdout.startswith("2 blocks with 7 entries, ")
    assert result.stdout.endswith("are sound before the first place that is wrong\n")
    assert "altered: block 3 was altered: " in result.stderr
    assert madang(directory, "verify", "--to", "2").exit_code == 0
    result = madang(directory, "prove", str(3 * PLACES + 1))
    assert result.exit_code == 1
    assert "see `madang ledger verify`" in result.stderr


def test_an_end_that_was_cut_off(directory: Path, laid: Callable[..., Any], owner: Owner) -> None:
    (directory / "head.json").write_text(done(directory, "head"))
    laid([2], at=NOW + 50_000)
    done(directory, "verify", "--head", "head.json")
    owner(lambda connection: connection.execute("DELETE FROM ledger_block WHERE number > 2"))
    owner(lambda connection: connection.execute("DELETE FROM ledger_entries WHERE number > 2"))
    done(directory, "verify")
    result = madang(directory, "verify", "--head", "head.json")
    assert result.exit_code == 1
    assert "removed: the ledger ends with block 2, but had block 4: its end was cut off" in result.stderr


def test_a_key_from_before(directory: Path, laid: Callable[..., Any]) -> None:
    [block] = laid([1], at=NOW + 50_000, by=FORGER)
    result = madang(directory, "verify")
    assert result.exit_code == 1
    assert "unknown key: block 5 is signed by a key that is not known" in result.stderr
    pem = FORGER.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (directory / "before.pem").write_bytes(pem)
    done(directory, "verify", "--key", "before.pem")
    assert json.loads(done(directory, "prove", str(5 * PLACES), "--key", "before.pem"))["block"]["key"] == block.key.hex()
    result = madang(directory, "verify", "--key", "madang.toml")
    assert result.exit_code == 2
    assert "`madang.toml` is no Ed25519 public key in PEM" in result.stderr


def test_months_that_are_over(directory: Path, laid: Callable[..., Any], owner: Owner) -> None:
    owner(lambda connection: connection.execute("TRUNCATE ledger_block, ledger_entries"))
    for year in (2020, 2021):
        laid([4], at=int(datetime(year, 5, 10, tzinfo=UTC).timestamp() * 1000))
    laid([2], at=int(datetime.now(UTC).timestamp() * 1000))
    told = done(directory, "expire", "--dry-run").split("\n")
    assert [line[:55] for line in told[:2]] == [
        "would drop 2022-05: 1 blocks with 4 entries, " + told[0][45:55],
        "would drop 2023-05: 1 blocks with 4 entries, " + told[1][45:55],
    ]
    assert done(directory, "verify").startswith("3 blocks with 10 entries, ")
    assert done(directory, "expire").startswith("dropped 2022-05: 1 blocks with 4 entries, ")
    assert done(directory, "verify").startswith("3 blocks with 2 entries, "), "those that are gone are not hashed"
    assert done(directory, "expire") == "there is no month whose entries need no longer be kept\n"
    result = madang(directory, "prove", str(PLACES))
    assert result.exit_code == 2
    assert "was kept until 2022-05-10 and is no longer there" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["prove", str(99 * PLACES)], f"there is no entry `{99 * PLACES}`"),
        (["prove", "12"], "12 is not in the range"),
        (["verify", "--from", "9"], "the ledger has 4 blocks"),
        (["verify", "--to", "9"], "the ledger has 4 blocks"),
        (["verify", "--from", "3", "--to", "2"], "`--from` is 3, which is behind `--to`, 2"),
        (["verify", "--head", "madang.toml"], "it is no head of a ledger"),
        (["verify", "--head", "nowhere.json"], "does not exist"),
    ],
)
def test_what_cannot_begin(directory: Path, laid: object, arguments: list[str], says: str) -> None:
    result = madang(directory, *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_database_that_does_not_answer(directory: Path, tmp_path: Path) -> None:
    text = (directory / "madang.toml").read_text("utf-8")
    text = re.sub(r'(\[gateway\]\ndsn = )"[^"]*"', r'\1"postgresql://nobody@127.0.0.1:1/nothing"', text)
    (tmp_path / "madang.toml").write_text(text, "utf-8")
    for command in ("verify", "head", "expire"):
        result = madang(tmp_path, command)
        assert result.exit_code == 2
        assert "the gateway's database, which `gateway.dsn` names unless it is a demo's, cannot be read" in result.stderr
