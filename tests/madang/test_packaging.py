"""The wheel: built, installed with its locked dependencies into an empty environment, and served from there."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import httpx
import pytest

from madang.embedded import known_residents

ROOT = Path(__file__).parents[2]
UV = [str(Path(sys.executable).with_name("uv")), "--no-config", "--quiet"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
WHERE = """
import importlib.metadata, json, pathlib
before = importlib.metadata.packages_distributions()
import madang, schema.catalogue, resolvers.engine, auth.authorizer, sources.postgres
modules = [madang, schema.catalogue, resolvers.engine, auth.authorizer, sources.postgres]
print(json.dumps({"distributions": before, "files": [module.__file__ for module in modules]}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(directory), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=120, env=ENVIRONMENT)
    [built] = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel and its locked dependencies, and nothing else."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([*UV, "venv", "--python", sys.executable, str(environment)], check=True, env=ENVIRONMENT, timeout=60)
    install = [*UV, "pip", "install", "--python", str(environment / "bin" / "python")]
    locked = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements" / "serve.txt")]
    subprocess.run([*install, *locked], check=True, env=ENVIRONMENT, timeout=300)
    subprocess.run([*install, "--no-deps", str(wheel)], check=True, env=ENVIRONMENT, timeout=60)
    check = [*UV, "pip", "check", "--python", str(environment / "bin" / "python")]
    subprocess.run(check, check=True, env=ENVIRONMENT, timeout=60)
    return environment / "bin"


def test_the_wheel_holds_what_serving_takes_and_nothing_generic_at_its_top(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.partition("/")[0] for name in names} == {"madang", next(n for n in names if ".dist-info" in n).partition("/")[0]}
    layers = "madang/_layers"
    for tree, pattern in (
        ("schema", "*.py"),
        ("resolvers", "*.py"),
        ("resolvers", "*.html"),
        ("resolvers/fonts", "*"),
        ("auth", "*.py"),
        ("auth/regulations", "*.yaml"),
        ("sources", "*.py"),
        ("examples/korea", "*.py"),
        ("examples/korea/ddl", "*.sql"),
        ("examples/korea/services", "*.yaml"),
        ("examples/korea/services/birth", "*"),
        ("examples/korea/data", "*"),
    ):
        files = [path.name for path in (ROOT / tree).glob(pattern) if path.is_file()]
        assert files, tree
        assert {f"{layers}/{tree}/{file}" for file in files} <= names
    assert f"{layers}/madang.toml" in names
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "madang").glob("[sv]*/**/*") if path.is_file()}
    assert pages
    assert pages <= names
    apps = {f"{layers}/{path.relative_to(ROOT)}" for path in (ROOT / "examples/citizen/dist").rglob("*") if path.is_file()}
    assert apps
    assert apps <= names
    assert not any("test" in name.split("/") or name.endswith((".pyc", ".pem")) for name in names)


def test_no_generic_name_is_installed_and_the_layers_are_the_wheels_own(installed: Path, tmp_path: Path) -> None:
    command = [str(installed / "python"), "-c", WHERE]
    output = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, env=ENVIRONMENT, timeout=60).stdout
    found = json.loads(output)
    assert found["distributions"]["madang"] == ["madang"]
    assert not {"schema", "resolvers", "auth", "sources", "examples"} & set(found["distributions"])
    assert all(file.startswith(str(installed.parent)) for file in found["files"])


def test_it_serves_from_an_empty_environment(installed: Path, tmp_path: Path) -> None:
    helped = subprocess.run([str(installed / "madang"), "--help"], cwd=tmp_path, check=True, capture_output=True, env=ENVIRONMENT)
    assert b"serve" in helped.stdout
    command = [str(installed / "madang"), "serve", "--port", "0", "--residents", "1000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, cwd=tmp_path, text=True, env=ENVIRONMENT, **pipes) as process:  # type: ignore[call-overload]
        try:
            said = ""
            while not (address := re.search(r"http://127\.0\.0\.1:\d+", said)):
                line = process.stdout.readline()
                assert line, said
                said += line
            personas = httpx.get(f"{address[0]}/personas").json()
            token = next(persona["token"] for persona in personas if persona["name"] == "passport-officer")
            answer = httpx.post(
                f"{address[0]}/graphql",
                json={"query": f'{{ resident(rrn: "{known_residents()["citizen"]}") {{ name militaryService {{ kind }} }} }}'},
                headers={"Authorization": f"Bearer {token}", "Madang-Purpose": "passport-renewal"},
            ).json()
            assert answer["data"]["resident"]["name"] == "김민준"
            assert answer["data"]["resident"]["militaryService"]["kind"]
            assert "<title>Madang</title>" in httpx.get(f"{address[0]}/").text
            assert "root" in httpx.get(f"{address[0]}/citizen/").raise_for_status().text
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0


@pytest.mark.parametrize("name", ["serve.txt", "dev.txt"])
def test_the_locks_hold_names_versions_and_hashes_and_no_address(name: str) -> None:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    entries = [line for line in lines if not re.fullmatch(r" +# .*", line)]
    pins = [line for line in entries if re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+(?: ; [a-zA-Z0-9_ '=!<>.]+)? \\", line)]
    hashes = [line for line in entries if re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line)]
    assert len(pins) > 25
    assert len(hashes) > len(pins)
    assert [line for line in entries if line not in pins and line not in hashes] == []
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    declared = {re.split(r"[^A-Za-z0-9-]", line)[0].lower() for line in project["project"]["dependencies"]}
    assert declared <= {pin.partition("==")[0] for pin in pins}
