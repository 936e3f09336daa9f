"""Conformance: a request under the regulations of the sample nation, and all that follows from it, side by side in a folder.

    request.json     who asks (a persona of madang.toml, or a caller), for which purpose and case, with which variables, and
                     which registers are down; `example` names the operation in examples/queries
    query.graphql    the operation, where it is no example
    plan.txt         the plan, as `madang explain` prints it
    statements.sql   the statements that reached the registers, in order, each with its keys and values
    response.json    the answer

The registers are in memory; a value tells the register, table and column that it is from. After a change that means to change an
answer, write the files anew with `MADANG_UPDATE_CONFORMANCE=1 pytest tests/conformance`, and read the difference.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from auth.access import AccessRequest, Caller
from auth.authorizer import RegulationAuthorizer
from madang.coordinates import coordinates
from resolvers.explain import render
from resolvers.operation import Limits, RequestError
from tests.resolvers.nation import CATALOGUE, make
from tests.resolvers.world import World, world

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = sorted(path.parent for path in HERE.glob("*/request.json"))
TODAY = dt.date(2026, 11, 24)
UPDATE = "MADANG_UPDATE_CONFORMANCE" in os.environ


@pytest.fixture(scope="module")
def korea() -> World:
    regulations = RegulationAuthorizer.load(ROOT / "auth/regulations", coordinates(CATALOGUE), today=lambda: TODAY)
    return world(make(2, unique=True), regulations=regulations, limits=Limits(), today=lambda: TODAY)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
async def test_case(case: Path, korea: World) -> None:
    request = json.loads((case / "request.json").read_text())
    query = _operation(case, request).read_text()
    access = AccessRequest(_caller(request), request["purpose"], request.get("case"))
    korea.fail(request.get("down", ()))
    answer = await korea.engine.answer(query, request["variables"], None, access)
    found = {
        "plan.txt": _plan(korea, query, request, access),
        "statements.sql": _statements(korea),
        "response.json": json.dumps(json.loads(answer.body), indent=2, ensure_ascii=False),
    }
    for name, text in found.items():
        path = case / name
        if UPDATE:
            path.write_text(f"{text}\n")
        assert path.read_text() == f"{text}\n", f"{path.relative_to(ROOT)} has changed"


def test_a_case_is_complete() -> None:
    assert len(CASES) >= 12
    for case in CASES:
        request = json.loads((case / "request.json").read_text())
        own = set() if "example" in request else {"query.graphql"}
        names = {path.name for path in case.iterdir()}
        assert names == {"request.json", "plan.txt", "statements.sql", "response.json"} | own, case.name
        assert _operation(case, request).is_file(), case.name


def _operation(case: Path, request: dict[str, Any]) -> Path:
    return ROOT / "examples/queries" / request["example"] if "example" in request else case / "query.graphql"


def _caller(request: dict[str, Any]) -> Caller:
    if "caller" in request:
        return Caller(**request["caller"])
    persona = tomllib.loads((ROOT / "madang.toml").read_text())["demo"]["personas"][request["persona"]]
    return Caller(**{name: persona.get(name) for name in ("agency", "role", "officer", "jurisdiction", "rrn")})


def _plan(korea: World, query: str, request: dict[str, Any], access: AccessRequest) -> str:
    try:
        return render(korea.engine.explain(query, request["variables"], None, access))
    except RequestError as error:
        return f"no plan: {error.code}"


def _statements(korea: World) -> str:
    texts = []
    for name, batch in korea.order:
        sent = [f"{what} {json.dumps(v, default=str)}" for what, v in (("keys", batch.keys), ("values", batch.values)) if v]
        texts.append(
            "\n".join([f"-- {name}{''.join(f', {s}' for s in sent)}", f"{korea.witnesses[name].statement(batch.shape)};"])
        )
    return "\n\n".join(texts) or "-- nothing was read"
