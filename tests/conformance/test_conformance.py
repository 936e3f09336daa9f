"""Conformance: a request under the regulations of the sample nation, and all that follows from it, side by side in a folder.

    request.json     `title`, what the case is about; who asks (a persona of madang.toml, or a caller), for which purpose and
                     case, with which variables; and if it matters: `refusals` (how to answer what is withheld), registers that
                     are `down`, what of a limit is `used` already (rule → subjects), and the day (`on`). `resident` names the
                     known resident whose number is the variable `rrn`, `example` the operation in examples/queries, `service`
                     the service whose document it is, and `query` the case whose operation this is too
    query.graphql    the operation, where it is neither
    plan.txt         the plan, as `madang explain` prints it
    statements.sql   the statements that reached the registers, in order, each with its keys and values
    response.json    the answer
    ledger.json      what is recorded of it: the form, and of whom what was disclosed

The registers are in memory (`nation.py`); a value tells the column that it is from and whose it is. Limits are counted in
PostgreSQL. After a change that means to change an answer, write the files anew with
`MADANG_UPDATE_CONFORMANCE=1 pytest tests/conformance`, and read the difference.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from auth.access import AccessRequest, Caller
from auth.authorizer import RegulationAuthorizer
from auth.limits import SubjectUse
from madang.coordinates import coordinates
from resolvers.explain import render
from resolvers.operation import Limits, RequestError
from tests.conformance.nation import RRN, TODAY, consents, make
from tests.resolvers.nation import CATALOGUE
from tests.resolvers.test_disclosed import recorded
from tests.resolvers.world import TRAIL, World, world

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = sorted(path.parent for path in HERE.glob("*/request.json"))
UPDATE = "MADANG_UPDATE_CONFORMANCE" in os.environ
KEYS = {
    "title", "persona", "caller", "purpose", "case", "resident", "variables", "example", "service", "query", "refusals",
    "down", "used", "on",
}  # fmt: skip


@pytest.fixture(scope="module")
def regulations() -> RegulationAuthorizer:
    return RegulationAuthorizer.load(ROOT / "auth/regulations", coordinates(CATALOGUE), today=lambda: TODAY)


@pytest.fixture
async def use(gateway_dsn: str) -> AsyncIterator[SubjectUse]:
    use = SubjectUse(gateway_dsn, timeout=20)
    yield use
    await use.aclose()


def korea(regulations: RegulationAuthorizer, use: SubjectUse, day: dt.date) -> World:
    return world(
        make(CATALOGUE), regulations=regulations.at(day), limits=Limits(), today=lambda: day, consented=consents(), use=use
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
async def test_case(case: Path, regulations: RegulationAuthorizer, use: SubjectUse, gateway_dsn: str) -> None:
    request = json.loads((case / "request.json").read_text())
    nation = korea(regulations, use, dt.date.fromisoformat(request.get("on", TODAY.isoformat())))
    query, variables = _operation(case, request).read_text(), _variables(request)
    access = AccessRequest(_caller(request), request["purpose"], request.get("case"))
    nation.fail(request.get("down", ()))
    await _count(gateway_dsn, access.caller, request.get("used", {}))
    answer = await nation.engine.answer(query, variables, None, access, trail=TRAIL, refusals=request.get("refusals"))
    found = {
        "plan.txt": _plan(nation, query, variables, access),
        "statements.sql": _statements(nation),
        "response.json": _response(answer.body),
        "ledger.json": _ledger(nation),
    }
    for name, text in found.items():
        path = case / name
        if UPDATE:
            path.write_text(f"{text}\n")
        assert path.read_text() == f"{text}\n", f"{path.relative_to(ROOT)} has changed"


def test_a_case_is_complete() -> None:
    assert len(CASES) >= 40
    for case in CASES:
        request = json.loads((case / "request.json").read_text())
        assert request.keys() <= KEYS, case.name
        own = {"query.graphql"} if request.keys().isdisjoint(("example", "service", "query")) else set()
        names = {path.name for path in case.iterdir()}
        assert names == {"request.json", "plan.txt", "statements.sql", "response.json", "ledger.json"} | own, case.name
        assert _operation(case, request).is_file(), case.name


TWINS = {
    "protected-address": "absent-address",
    "protected-address-of-a-household": "absent-address-of-a-household",
    "sealed-birth": "absent-birth",
}
ALIKE = (
    ("case-closed", "case-not-yet-open", "case-of-another-agency", "case-for-another-service", "case-that-does-not-exist"),
    ("consent-missing", "consent-revoked", "consent-expired"),
    *TWINS.items(),
)  # fmt: skip
"""Of each of these nobody who may not know can tell which it is."""


@pytest.mark.parametrize("alike", ALIKE, ids=lambda cases: cases[0])
def test_what_may_not_be_told_apart_is_not(alike: tuple[str, ...]) -> None:
    """Neither by a value, an error or the shape, nor by how many statements it takes, and of which registers."""
    answers = [json.loads((HERE / case / "response.json").read_text()) for case in alike]
    assert [shape(answer["data"]) for answer in answers] == [shape(answers[0]["data"])] * len(alike)
    for said in ("errors", "extensions"):
        assert [answer.get(said) for answer in answers] == [answers[0].get(said)] * len(alike)
    statements = [re.findall("^-- ([a-z_]+)", (HERE / case / "statements.sql").read_text(), re.M) for case in alike]
    assert statements == [statements[0]] * len(alike)
    assert [(HERE / case / "plan.txt").read_text() for case in alike] == [(HERE / alike[0] / "plan.txt").read_text()] * len(alike)


def shape(value: Any) -> Any:
    """Whether a value is there, in place of it."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else value is not None


@pytest.mark.parametrize("case", TWINS)
def test_a_protected_address_and_a_sealed_entry_are_nowhere(case: str) -> None:
    text = (HERE / case / "response.json").read_text() + (HERE / case / "statements.sql").read_text()
    assert "address of" not in text
    assert "base of" not in text
    assert "birth.place of" not in text


def test_what_rejects_reads_nothing_that_is_asked_for() -> None:
    """Where a row decides, what decides is read; else nothing."""
    assert (HERE / "refusals-reject/statements.sql").read_text() == "-- nothing was read\n"
    text = (HERE / "refusals-reject-for-want-of-consent/statements.sql").read_text()
    assert re.findall("^-- (\\w+)", text, re.M) == ["mois", "gateway"]
    assert '"name"' not in text


def _operation(case: Path, request: dict[str, Any]) -> Path:
    if "example" in request:
        return ROOT / "examples/queries" / request["example"]
    if "service" in request:
        return ROOT / "examples/korea/services" / request["service"] / "operation.graphql"
    return HERE / request.get("query", case.name) / "query.graphql"


def _variables(request: dict[str, Any]) -> dict[str, Any]:
    rrn = {"rrn": RRN[request["resident"]]} if "resident" in request else {}
    return {**request.get("variables", {}), **rrn}


def _caller(request: dict[str, Any]) -> Caller:
    if "caller" in request:
        return Caller(**request["caller"])
    persona: dict[str, Any] = tomllib.loads((ROOT / "madang.toml").read_text())["demo"]["personas"][request["persona"]]
    return Caller(persona["agency"], persona["role"], persona["officer"], persona.get("jurisdiction"), persona.get("rrn"))


async def _count(dsn: str, caller: Caller, used: dict[str, int]) -> None:
    """What an officer had in this hour, and nothing else."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("DELETE FROM subject_use")
    for rule, subjects in used.items():
        await connection.execute(
            "INSERT INTO subject_use VALUES ($1, $2, $3, date_trunc('minute', now()), $4)",
            rule, caller.agency, caller.officer, subjects,
        )  # fmt: skip
    await connection.close()


def _plan(nation: World, query: str, variables: dict[str, Any], access: AccessRequest) -> str:
    try:
        return render(nation.engine.explain(query, variables, None, access))
    except RequestError as error:
        return f"no plan: {error.code}"


def _response(body: bytes) -> str:
    found = json.loads(body)
    if "extensions" in found and "regulations" in found["extensions"]:
        # It is the version of all regulations, in which something or other always changes.
        found["extensions"]["regulations"] = "..."
    return re.sub(r"in \d+ seconds", "in ... seconds", json.dumps(found, indent=2, ensure_ascii=False))


def _ledger(nation: World) -> str:
    found = []
    for record in nation.ledger.records:
        form = json.loads(record.form.text) | {"operation": "...", "regulations": "..."}
        form["asked"] = [" ".join([use, coordinate, *([f"below {above}"] if above >= 0 else [])])
                         for coordinate, _, use, above in form["asked"]]  # fmt: skip
        form["granted"] = [f"{each['coordinate']}{_mask(each)}: {_under(each)}" for each in form["granted"]]
        form["searched"] = [f"{each['coordinate']}: {_under(each)}" for each in form["searched"]]
        disclosed: dict[str, list[str]] = {}
        for number, coordinate in sorted(recorded(record)):
            disclosed.setdefault(number, []).append(coordinate)
        found.append({"officer": record.officer, "case": record.case, "citizen": record.citizen, "form": form,
                      "disclosed": disclosed})  # fmt: skip
    return json.dumps(found, indent=1, ensure_ascii=False)


def _mask(granted: dict[str, Any]) -> str:
    return "" if granted["mask"] is None else f", masked: {granted['mask']}"


def _under(granted: dict[str, Any]) -> str:
    """The rules with their articles, and what of a rule tells what the resident is told."""
    return "; or ".join(" ".join(f"{key} {value}," for key, value in rule.items()).rstrip(",") for rule in granted["rules"])


def _statements(nation: World) -> str:
    texts = []
    for name, batch in nation.order:
        sent = [f"{what} {json.dumps(v, default=str)}" for what, v in (("keys", batch.keys), ("values", batch.values)) if v]
        texts.append(
            "\n".join([f"-- {name}{''.join(f', {s}' for s in sent)}", f"{nation.witnesses[name].statement(batch.shape)};"])
        )
    return "\n\n".join(texts) or "-- nothing was read"
