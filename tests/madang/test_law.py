"""Regulations changed while two gateways serve them: both change over at once and whole, or keep the last good ones."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from auth.access import Caller
from auth.authorizer import RegulationAuthorizer
from auth.tokens import Minter
from madang.coordinates import coordinates
from madang.embedded import Embedded, known_residents
from madang.gateway import read_law
from madang.law import Watch
from madang.settings import Settings

ROOT = Path(__file__).parents[2]
SECONDS = 2.0
QUERY = "query($rrn: String!) { resident(rrn: $rrn) { name passports { number romanizedName } } }"
OFFICER = Caller("mofa", "passport-officer", "mofa-0417")
ISSUER, AUDIENCE = "https://login.example", "madang"

# Two gateways, each a process of its own as in production, over one directory and the same registers


@dataclass(frozen=True)
class Gateway:
    address: str
    token: str
    log: Path

    def law(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.address}/readyz", timeout=10).json()["regulations"]
        return found

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}", "Madang-Purpose": "passport-renewal"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=20)


@pytest.fixture(scope="module")
def gateways(settings: Settings, nation: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, ...]]:
    place = tmp_path_factory.mktemp("law")
    shutil.copytree(settings.regulations, place / "regulations")
    key = Ed25519PrivateKey.generate()
    (place / "keys.pem").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    own = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (place / "ledger.pem").write_bytes(own)
    (place / "madang.toml").write_text(_toml(settings, nation), encoding="utf-8")
    token = Minter(ISSUER, AUDIENCE, key=key).mint(OFFICER)
    with ExitStack() as running:
        yield tuple(Gateway(running.enter_context(_process(place, name)), token, place / name) for name in ("one", "other"))


def _toml(settings: Settings, nation: Embedded) -> str:
    lines = [
        '[server]\ntimezone = "Asia/Seoul"\n[regulations]\ndirectory = "regulations"',
        f'[tokens]\nissuer = "{ISSUER}"\naudience = "{AUDIENCE}"\nkeys = "keys.pem"',
        f'[ids]\nsecret = "{"5a" * 32}"\n[gateway]\ndsn = "{nation.gateway_dsn}"',
        '[ledger]\nkey = "file:ledger.pem"',
    ]
    for name, register in settings.registers.items():
        where = ""  # The ledger is in the gateway's own database.
        if register.source.kind == "http":
            where = f', url = "{nation.mma_url}", api_key = "{nation.mma_api_key}"'
        elif register.source.kind == "postgres":
            where = f', dsn = "{nation.dsns[name]}"'
        lines.append(f'[registers.{name}]\nschema = "{register.schema}"\nsource = {{ kind = "{register.source.kind}"{where} }}')
    return "\n".join(lines)


@contextmanager
def _process(place: Path, name: str) -> Iterator[str]:
    """`madang serve` in a directory; gives its address. What it says goes to a file of that name."""
    command = [sys.executable, "-m", "madang", "serve", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    log = place / name
    with log.open("wb") as said, subprocess.Popen(command, cwd=place, stdout=said, stderr=said, env=environment) as running:
        try:
            until(lambda: bool(_address(log)) or running.poll() is not None, within=60)
            assert running.poll() is None, log.read_text("utf-8")
            until(lambda: _serves(_address(log)), within=60)
            yield _address(log)
        finally:
            running.terminate()
            running.wait(30)


def _address(log: Path) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text("utf-8"))
    return found[0] if found else ""


def _serves(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def directory(gateways: tuple[Gateway, ...], settings: Settings) -> Path:
    """The directory that both watch, with the sample's regulations, which are in force."""
    directory = gateways[0].log.parent / "regulations"
    shutil.copytree(settings.regulations, directory, dirs_exist_ok=True)
    shipped = {"version": read_law(settings).authorizer.version, "refused": None}
    until(lambda: all(gateway.law().items() >= shipped.items() for gateway in gateways))
    return directory


def until(holds: Callable[[], bool], within: float = 20) -> float:
    """Wait until something holds; the seconds that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within, "it never came to hold"
        time.sleep(0.02)
    return time.monotonic() - began


def ask(officer: httpx.Client) -> dict[str, Any]:
    body = {"query": QUERY, "variables": {"rrn": known_residents()["citizen"]}}
    answer: dict[str, Any] = officer.post("/graphql", json=body).raise_for_status().json()
    return answer


def change(directory: Path, before: str, after: str) -> None:
    """Change the passports' regulation as editors do: a new file in the old one's place."""
    file = directory / "mofa.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    new = directory / ".mofa.yaml.new"
    new.write_text(text.replace(before, after), encoding="utf-8")
    new.replace(file)


def unshare(directory: Path) -> None:
    """Take the romanised name out of all that the passports' regulation shares."""
    lines = (directory / "mofa.yaml").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.strip() != "- Passport.romanizedName"]
    text = "\n".join(kept).replace(", Passport.romanizedName", "").replace("Passport.romanizedName, ", "")
    assert text != "\n".join(lines)
    (directory / "mofa.yaml").write_text(text + "\n", encoding="utf-8")


def test_a_change_is_in_force_everywhere_within_two_seconds(gateways: tuple[Gateway, ...], directory: Path) -> None:
    before = gateways[0].law()["version"]
    clients = [gateway.client() for gateway in gateways]
    assert all(ask(officer)["data"]["resident"]["passports"][0]["romanizedName"] for officer in clients)
    unshare(directory)
    took = until(lambda: all(ask(officer)["extensions"]["regulations"] != before for officer in clients))
    assert took < SECONDS, "a change must be in force within two seconds"
    for gateway, officer in zip(gateways, clients, strict=True):
        answer = ask(officer)
        assert answer["data"]["resident"]["passports"][0]["romanizedName"] is None
        assert answer["extensions"]["regulations"] == gateway.law()["version"]
        assert [e["extensions"]["coordinate"] for e in answer["errors"]] == ["Passport.romanizedName"]
        officer.close()


def test_under_load_no_request_fails_or_waits_and_none_is_of_two_versions(gateways: tuple[Gateway, ...], directory: Path) -> None:
    answers: list[tuple[float, dict[str, Any]]] = []
    stop = threading.Event()

    def load(gateway: Gateway) -> None:
        with gateway.client() as officer:
            while not stop.is_set():
                began = time.monotonic()
                answer = ask(officer)
                answers.append((time.monotonic() - began, answer))

    threads = [threading.Thread(target=load, args=(gateways[i % 2],)) for i in range(4)]
    before = gateways[0].law()["version"]
    for thread in threads:
        thread.start()
    try:
        until(lambda: len(answers) > 100)
        unshare(directory)
        until(lambda: all(gateway.law()["version"] != before for gateway in gateways))
        some = len(answers)
        until(lambda: len(answers) > some + 100)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    shown = {
        (answer["extensions"]["regulations"], answer["data"]["resident"]["passports"][0]["romanizedName"] is not None)
        for _, answer in answers
    }
    assert shown == {(before, True), (gateways[0].law()["version"], False)}, "each version answers in one way"
    assert max(seconds for seconds, _ in answers) < 1, "reading the regulations holds nobody up"


def test_a_broken_set_is_refused_and_said_and_the_last_good_one_stays(gateways: tuple[Gateway, ...], directory: Path) -> None:
    good = gateways[0].law()["version"]
    change(directory, "recipients: mofa", "recipients: mofaa")
    until(lambda: all(gateway.law()["refused"] for gateway in gateways))
    for gateway in gateways:
        told = gateway.law()
        assert told["version"] == good
        assert told["refused"]["first"].startswith("mofa.yaml:")
        assert "unknown agency or group `mofaa`" in told["refused"]["first"]
        assert told["refused"]["mistakes"] >= 1
        assert f"{directory / 'mofa.yaml'}:" in gateway.log.read_text("utf-8"), "the log says where"
        with gateway.client() as officer:
            answer = ask(officer)
        assert (answer["extensions"]["regulations"], "errors" in answer) == (good, False)
    change(directory, "recipients: mofaa", "recipients: mofa")
    until(lambda: not any(gateway.law()["refused"] for gateway in gateways))
    assert [gateway.law()["version"] for gateway in gateways] == [good, good]


def test_a_directory_that_goes_is_refused(gateways: tuple[Gateway, ...], directory: Path) -> None:
    good = gateways[0].law()["version"]
    away = directory.rename(directory.with_name("away"))
    until(lambda: all(gateway.law()["refused"] for gateway in gateways))
    told = gateways[0].law()
    assert (told["version"], told["refused"]["first"]) == (good, "regulations:1:1: there is no such directory of regulations")
    away.rename(directory)
    until(lambda: not any(gateway.law()["refused"] for gateway in gateways))


def test_a_file_that_is_being_written_and_a_comment_change_nothing(gateways: tuple[Gateway, ...], directory: Path) -> None:
    before = gateways[0].law()
    text = (directory / "mofa.yaml").read_text(encoding="utf-8")
    with (directory / "mofa.yaml").open("w", encoding="utf-8") as file:
        for line in ("# A comment.\n" + text).splitlines(keepends=True):
            file.write(line)
            file.flush()
            time.sleep(0.01)
    time.sleep(SECONDS)
    assert gateways[0].law() == before


# One watch, without a server


@dataclass
class Watched:
    watch: Watch
    directory: Path
    day: dt.date
    adopted: list[RegulationAuthorizer]

    async def settle(self) -> None:
        for _ in range(3):
            await self.watch.look()


@pytest.fixture
async def watched(settings: Settings, tmp_path: Path) -> Watched:
    directory = Path(shutil.copytree(settings.regulations, tmp_path / "regulations"))
    known = coordinates(read_law(settings).catalogue)

    def read() -> RegulationAuthorizer:
        return RegulationAuthorizer.load(directory, known, today=lambda: found.day)

    adopted: list[RegulationAuthorizer] = []
    found = Watched(None, directory, dt.date(2026, 11, 20), adopted)  # type: ignore[arg-type]
    found.watch = Watch(directory, read, read(), adopted.append)
    await found.settle()
    assert adopted == []
    return found


async def test_a_version_for_a_day_to_come_is_taken_up_and_comes_into_force_on_it(watched: Watched) -> None:
    before = watched.watch.state()
    text = (watched.directory / "mofa.yaml").read_text("utf-8")
    version = re.search(r"^version: (\d+)$", text, re.M)
    assert version
    text = text.replace(version[0], f"version: {int(version[1]) + 1}")
    text = re.sub(r"on: \d{4}-\d\d-\d\d", "on: 2026-12-01", text, count=1).replace("Passport.romanizedName, ", "")
    (watched.directory / "mofa-next.yaml").write_text(text, encoding="utf-8")
    await watched.settle()
    assert watched.watch.state() == before, "what is in force today is the same"
    assert len(watched.adopted) == 1
    watched.day = dt.date(2026, 12, 1)
    await watched.settle()
    after = watched.watch.state()
    assert after["version"].startswith("2026-12-01.")
    assert after["version"] == watched.adopted[0].version


async def test_a_file_made_readable_later_is_read_then(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    file = watched.directory / "mofa.yaml"
    real = Path.read_bytes

    def as_others_do(path: Path) -> bytes:
        """Reading as a user to whom permissions apply, which the tests' user may not be."""
        if not path.stat().st_mode & 0o004:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", as_others_do)
    file.chmod(0o600)
    await watched.settle()
    assert watched.watch.state()["refused"]["first"] == "mofa.yaml:1:1: the file cannot be read: Permission denied"
    file.chmod(0o644)
    await watched.settle()
    assert watched.watch.state()["refused"] is None


async def test_what_is_not_the_files_fault_is_said_and_tried_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("madang.law.SECONDS", 0.01)
    monkeypatch.setattr("madang.law.PAUSE", 0.1)
    monkeypatch.setattr("madang.law.fingerprint", lambda _: 1 / 0)
    running = asyncio.create_task(watched.watch.run())
    await asyncio.sleep(0.05)
    told = watched.watch.state()["refused"]
    assert told["first"] == "the regulations could not be looked at: ZeroDivisionError"
    assert "those in force stay so" in caplog.text
    running.cancel()
    monkeypatch.undo()
    await watched.settle()
    assert watched.watch.state()["refused"] is None


async def test_the_set_before_is_let_go_of(watched: Watched) -> None:
    first = weakref.ref(watched.watch.authorizer)
    change(watched.directory, "recipients: mofa", "recipients:  [mofa]")
    await watched.settle()
    assert watched.adopted == [], "a list of one is one"
    unshare(watched.directory)
    await watched.settle()
    assert len(watched.adopted) == 1
    gc.collect()
    assert first() is None
