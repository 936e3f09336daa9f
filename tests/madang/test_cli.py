"""The command `madang`: what it prints, how it ends, and that a server of its own leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import jwt
import pytest
from click.testing import CliRunner, Result

from madang.cli import main
from madang.embedded import known_residents

ROOT = Path(__file__).parents[2]
MADANG = [sys.executable, "-m", "madang"]
REGULATIONS = ROOT / "auth/regulations"
QUERY = "query($rrn: String!) { resident(rrn: $rrn) { name taxCertificates { income } } }"


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def process(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a directory, as a process of its own."""
    return subprocess.run([*MADANG, *arguments], cwd=directory, capture_output=True, text=True, timeout=60, env=ENVIRONMENT)


def madang(directory: Path, *arguments: str, given: str | None = None) -> Result:
    """Run the command in a directory, in this process, which spares starting one."""
    with contextlib.chdir(directory):
        return CliRunner().invoke(main, arguments, input=given)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("command")


@pytest.fixture(scope="module")
def server(directory: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`madang serve` in a directory with nothing in it, and its address."""
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
            yield running, found[0]
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(30)


def test_help_names_every_command(tmp_path: Path) -> None:
    done = process(tmp_path, "--help")
    assert done.returncode == 0
    for name in ("serve", "seed", "token", "personas", "explain"):
        assert re.search(rf"^  {name} ", done.stdout, re.M)


def test_serve_makes_the_nation_and_answers_a_token_of_the_command(
    server: tuple[subprocess.Popen[str], str], directory: Path
) -> None:
    _, address = server
    token = process(directory, "token", "--persona", "passport-officer").stdout.strip()
    headers = {"Authorization": f"Bearer {token}", "Madang-Purpose": "passport-renewal"}
    body = {"query": QUERY, "variables": {"rrn": known_residents()["citizen"]}}
    answer = httpx.post(f"{address}/graphql", json=body, headers=headers).json()
    assert answer["data"] == {"resident": {"name": "김민준", "taxCertificates": None}}
    assert answer["errors"][0]["extensions"]["code"] == "WITHHELD"


def test_the_ledger_is_there_for_commands_while_the_demo_runs(server: tuple[subprocess.Popen[str], str], directory: Path) -> None:
    """What was asked before is in it, whether it is counted yet or not; the demo's own regulations change nothing."""
    done = madang(directory, "regulations", "replay", str(REGULATIONS), "--since", "2026-01-01", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["operations"] + found["uncounted"] > 0
    assert found["otherwise"] == 0


def test_a_second_demo_in_one_directory_is_refused(server: tuple[subprocess.Popen[str], str], directory: Path) -> None:
    done = process(directory, "serve", "--port", "0")
    assert done.returncode == 2
    assert "in use" in done.stderr


def test_what_keeps_the_demo_secret_is_its_owners_alone(server: tuple[subprocess.Popen[str], str], directory: Path) -> None:
    for name in ("token-key.pem", "ids-secret"):
        assert (directory / ".madang" / name).stat().st_mode & 0o077 == 0


def test_a_token_lasts_as_long_as_is_said(directory: Path) -> None:
    token = madang(directory, "token", "--persona", "citizen", "--seconds", "60").stdout.strip()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 60
    assert claims["rrn"] == known_residents()["citizen"]


def test_a_persona_that_is_none_is_told(directory: Path) -> None:
    done = madang(directory, "token", "--persona", "minister")
    assert done.exit_code == 2
    assert "there is no persona `minister`; there are `passport-officer`" in done.stderr


def test_personas_as_json_and_for_people(tmp_path: Path) -> None:
    told = {persona["name"]: persona for persona in json.loads(madang(tmp_path, "personas", "--json").stdout)}
    assert told["passport-officer"]["agency"] == "mofa"
    assert told["passport-officer"]["role"] == "passport-officer"
    assert told["passport-officer"]["purposes"] == ["passport-renewal"]
    assert told["citizen"]["rrn"] == known_residents()["citizen"]
    listed = madang(tmp_path, "personas").stdout
    assert all(name in listed for name in told)
    assert not (tmp_path / ".madang").exists()


def test_explain_prints_the_plan_and_reads_nothing(tmp_path: Path) -> None:
    variables = json.dumps({"rrn": known_residents()["citizen"]})
    arguments = ("explain", "--persona", "passport-officer", "--purpose", "passport-renewal", "--variables", variables)
    (tmp_path / "query.graphql").write_text(QUERY)
    done = madang(tmp_path, *arguments, "query.graphql")
    assert done.exit_code == 0, done.stderr
    assert 'FROM "resident"' in done.stdout
    assert "Resident.taxCertificates" in done.stdout
    assert "tax_certificate" not in done.stdout
    assert not (tmp_path / ".madang" / "registers").exists()
    plan = json.loads(madang(tmp_path, *arguments, "--json", "-", given=QUERY).stdout)
    assert [step["table"] for step in plan["steps"]] == ["resident"]
    assert [refusal["coordinate"] for refusal in plan["withheld"]] == ["Resident.taxCertificates"]


@pytest.mark.parametrize(
    ("purpose", "query", "variables", "said"),
    [
        ("statistics", QUERY, "{}", "`statistics` is no purpose of `passport-officer`; there are `passport-renewal`"),
        ("passport-renewal", QUERY, "{}", "Variable '$rrn' has invalid value"),
        ("passport-renewal", "{ nothing }", "{}", "Cannot query field"),
        ("passport-renewal", "{", "{}", "Syntax Error"),
        ("passport-renewal", "{ __typename }", "[]", "`--variables` must be a JSON object"),
    ],
)
def test_what_cannot_be_explained(tmp_path: Path, purpose: str, query: str, variables: str, said: str) -> None:
    arguments = ("--persona", "passport-officer", "--purpose", purpose, "--variables", variables)
    done = madang(tmp_path, "explain", *arguments, "-", given=query)
    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--case", "2026-여권-008841", "at most 64 ASCII letters, digits and any of `._/:-`, beginning with a letter or digit"),
        ("--purpose", "Passport renewal", "at most 64 lower-case ASCII letters, digits and hyphens"),
    ],
)
def test_explain_refuses_the_words_that_serving_refuses(tmp_path: Path, option: str, value: str, said: str) -> None:
    given = {"--persona": "passport-officer", "--purpose": "passport-renewal", option: value}
    done = madang(tmp_path, "explain", *(word for pair in given.items() for word in pair), "-", given="{ __typename }")
    assert done.exit_code == 2
    assert option in done.stderr
    assert said in " ".join(done.stderr.split())


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "::", "madang.example"])
def test_a_demo_listens_on_loopback_alone(tmp_path: Path, host: str) -> None:
    done = madang(tmp_path, "serve", "--host", host)
    assert done.exit_code == 2
    assert f"not on `{host}`" in done.stderr
    assert not (tmp_path / ".madang").exists()


def test_a_port_in_use_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = madang(tmp_path, "serve", "--port", str(port))
    assert done.exit_code == 2
    assert f"cannot listen on `127.0.0.1`, port {port}" in done.stderr
    assert not (tmp_path / ".madang").exists()


def test_nothing_is_served_under_broken_regulations(tmp_path: Path) -> None:
    (tmp_path / "law").mkdir()
    for file in (ROOT / "auth" / "regulations").glob("*.yaml"):
        (tmp_path / "law" / file.name).write_bytes(file.read_bytes())
    for name in ("mofa.yaml", "nts.yaml"):
        path = tmp_path / "law" / name
        path.write_text(path.read_text().replace("items:", "itmes:", 1))
    settings = (ROOT / "madang.toml").read_text().replace("auth/regulations", "law").replace('"examples/', f'"{ROOT}/examples/')
    (tmp_path / "madang.toml").write_text(settings)
    done = madang(tmp_path, "serve", "--port", "0")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert re.search(r"law/mofa\.yaml:\d+:\d+: .*`itmes`", done.stderr)
    assert re.search(r"law/nts\.yaml:\d+:\d+: .*`itmes`", done.stderr)
    assert not (tmp_path / ".madang").exists()


def test_wrong_settings_are_told_in_full(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[server]\nport = -1\nhost = 1\n[demo]\n")
    done = madang(tmp_path, "serve", "--settings", "mine.toml")
    assert done.exit_code == 2
    assert "mine.toml: `server.port` is `-1`" in done.stderr
    assert "mine.toml: `server.host` is `1`" in done.stderr


def test_it_ends_at_once_and_leaves_no_process(server: tuple[subprocess.Popen[str], str], directory: Path) -> None:
    running, address = server
    postgres = int((directory / ".madang" / "registers" / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postgres, 0)
    assert httpx.get(f"{address}/healthz").status_code == 200
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0
    deadline = time.monotonic() + 5
    while Path(f"/proc/{postgres}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(postgres, 0)
    # The ledger outlives it, and a command that looks into it leaves no process either.
    done = madang(directory, "regulations", "replay", str(REGULATIONS), "--since", "2026-01-01")
    assert done.exit_code == 0, done.output
    assert not (directory / ".madang" / "registers" / "postgres" / "postmaster.pid").exists()


def test_a_demo_that_never_ran_has_no_ledger(tmp_path: Path) -> None:
    done = madang(tmp_path, "regulations", "replay", str(REGULATIONS), "--since", "2026-01-01")
    assert done.exit_code == 2
    assert "there is no demo in `" in done.stderr
    assert "run `madang serve` first" in done.stderr
    assert not (tmp_path / ".madang").exists()
