"""The second fence: what the databases themselves let the gateway's roles read, on the sample's own PostgreSQL."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import asyncpg
import httpx
import pytest

from auth.access import AccessRequest, Caller
from auth.authorizer import RegulationAuthorizer
from auth.reach import Circumstance
from auth.situations import ACCESSES, USES, profile, sorts
from madang.coordinates import coordinates
from madang.embedded import Embedded, start
from madang.gateway import Law, read_law
from madang.grants import Columns, columns, grants
from madang.settings import Settings, load
from madang.witness import operation
from resolvers.circumstances import Circumstances
from resolvers.rehearsal import rehearsal
from sources.protocol import Shape
from tests.madang.conftest import Serve
from tests.madang.test_examples import QUERIES, ask
from tests.resolvers.nation import CATALOGUE
from tests.resolvers.test_never_read import columns_of
from tests.resolvers.world import World, world

ROOT = Path(__file__).parents[2]
STATEMENTS = sorted((ROOT / "tests/conformance").glob("*/statements.sql"))
DAY = dt.date(2026, 11, 30)
SAMPLE = load(ROOT / "madang.toml")


@pytest.fixture(scope="module")
def law(settings: Settings) -> Law:
    return read_law(settings)


@pytest.fixture(scope="module")
def fenced(settings: Settings, law: Law) -> Iterator[Embedded]:
    """A nation whose registers let the gateway read what the regulations share, and nothing else."""
    shared = grants(settings, law.catalogue, [law.authorizer])
    with (
        tempfile.TemporaryDirectory(prefix="madang-fenced-") as directory,
        start(Path(directory) / "registers", 1000, grants=shared) as nation,
    ):
        yield nation


async def refused(nation: Embedded, register: str, statement: str) -> bool:
    """Whether a register's database refuses the gateway's role a statement, for want of a permission."""
    connection = await asyncpg.connect(nation.dsns[register])
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError as error:
        return str(error).startswith("permission denied for table")
    finally:
        await connection.close()
    return False


# ── On PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_column_that_no_rule_shares_is_refused_by_the_database(fenced: Embedded) -> None:
    """The key of a relative's entry joins nothing, and no coordinate is made of it."""
    assert not await refused(fenced, "scourt", "SELECT rrn, relation, relative_rrn FROM family_relation LIMIT 1")
    for statement in (
        "SELECT id FROM family_relation",
        "SELECT * FROM family_relation",
        "SELECT rrn FROM family_relation ORDER BY id",
    ):
        assert await refused(fenced, "scourt", statement)


async def test_every_statement_of_the_conformance_cases_is_allowed(fenced: Embedded) -> None:
    """PostgreSQL checks permissions when it explains a statement, too."""
    seen = 0
    connections = {name: await asyncpg.connect(dsn) for name, dsn in fenced.dsns.items()}
    for path in STATEMENTS:
        for register, statement in re.findall(r"^-- (\w+).*\n([^-][^;]*);$", path.read_text(), re.M):
            if register in connections and register != "mma":
                await connections[register].execute(f"EXPLAIN (GENERIC_PLAN) {statement}")
                seen += 1
    for connection in connections.values():
        await connection.close()
    assert seen > 200


def test_the_examples_answer_as_without_a_fence(
    fenced: Embedded, settings: Settings, law: Law, serve: Serve, tmp_path: Path
) -> None:
    here = within(settings, tmp_path)
    with serve(here, fenced) as address:
        behind = [ask(address, tokens_of(address), path.read_text()) for path in QUERIES]
        assert httpx.get(f"{address}/readyz").is_success
    assert fenced.grant is not None
    everything = {name: [f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}_gateway"] for name in fenced.dsns}
    fenced.grant(everything)
    try:
        with serve(here, fenced) as address:
            assert [ask(address, tokens_of(address), path.read_text()) for path in QUERIES] == behind
    finally:
        fenced.grant(grants(settings, law.catalogue, [law.authorizer]))
    assert all(any(answer["data"].values()) for answer in behind)


def test_what_a_changed_regulation_shares_can_be_read_at_once(
    fenced: Embedded, settings: Settings, law: Law, serve: Serve, tmp_path: Path
) -> None:
    """While arrears are shared with nobody, the database refuses them; then the regulation is changed while serving."""
    regulations = tmp_path / "law"
    shutil.copytree(settings.regulations, regulations)
    shared = (regulations / "nts.yaml").read_text()
    (regulations / "nts.yaml").write_text(without(shared, "TaxCertificate.arrears"))
    changed = dataclasses.replace(within(settings, tmp_path), regulations=regulations)
    assert fenced.grant is not None
    fenced.grant(grants(changed, law.catalogue, [read_law(changed).authorizer]))
    arrears, query = "SELECT arrears FROM tax_certificate LIMIT 1", "{ me { taxCertificates { year arrears } } }"
    asked = f"# persona: citizen\n# purpose: own-records\n\n{query}"
    try:
        with serve(changed, fenced) as address:
            tokens = tokens_of(address)
            assert ask(address, tokens, asked)["errors"][0]["extensions"]["code"] == "WITHHELD"
            assert asyncio.run(refused(fenced, "nts", arrears))
            (regulations / "nts.yaml").write_text(shared)
            deadline = time.monotonic() + 15
            while "errors" in (answer := ask(address, tokens, asked)) and time.monotonic() < deadline:
                assert {error["extensions"]["code"] for error in answer["errors"]} == {"WITHHELD"}
                time.sleep(0.1)
            certificates = answer["data"]["me"]["taxCertificates"]
            assert certificates
            assert all(each["arrears"] is not None for each in certificates)
            assert not asyncio.run(refused(fenced, "nts", arrears))
    finally:
        fenced.grant(grants(settings, law.catalogue, [law.authorizer]))


def tokens_of(address: str) -> dict[str, str]:
    return {each["name"]: each["token"] for each in httpx.get(f"{address}/personas").raise_for_status().json()}


def within(settings: Settings, directory: Path) -> Settings:
    """The settings of a demo that keeps its keys in a directory."""
    assert settings.demo is not None
    return dataclasses.replace(settings, demo=dataclasses.replace(settings.demo, directory=directory / "demo"))


def without(text: str, coordinate: str) -> str:
    """A regulation in which nothing is said of a coordinate."""
    text = "\n".join(line for line in text.splitlines() if line.strip() != f"- {coordinate}")
    return text.replace(f", {coordinate}", "").replace(f"{coordinate}, ", "")


# ── Which columns ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def columns_of_law(directory: Path, day: dt.date = DAY) -> Columns:
    law = RegulationAuthorizer.load(directory, coordinates(CATALOGUE), today=lambda: day)
    return columns(CATALOGUE, law, day)


@pytest.fixture
def regulations(tmp_path: Path) -> Path:
    """A copy of the sample's, to be changed."""
    shutil.copytree(ROOT / "auth/regulations", tmp_path / "regulations")
    return tmp_path / "regulations"


def write(directory: Path, *permissions: str, register: str = "nts") -> Path:
    """Put a regulation of its own in the place of a register's, with these permissions; the others stay."""
    shared = "\n".join(permissions)
    (directory / f"{register}.yaml").write_text(
        f"regulation: alone\nholder: {register}\nversion: 1\napproval: {{number: 1, on: 2026-01-01}}\npermissions:\n{shared}"
    )
    for old in (directory / "superseded").glob(f"{register}-*.yaml"):
        old.unlink()
    return directory


PERMISSION = """
  - id: {id}
    recipients: nts
    roles: tax-officer
    purpose: income-tax-assessment
    items: [{items}]
    basis: Income Tax Act, art. 80
    subject: any
    case: none
    {more}
"""


def test_only_what_is_shared_and_the_keys_of_it(regulations: Path) -> None:
    write(regulations, PERMISSION.format(id="one", items="TaxCertificate.income, TaxCertificate.incomeAtMost", more=""))
    assert columns_of_law(regulations)["nts"]["tax_certificate"] == {"id", "income"}


def test_a_link_brings_what_it_joins(regulations: Path) -> None:
    write(regulations, PERMISSION.format(id="one", items="Resident.taxCertificates", more=""))
    assert columns_of_law(regulations)["nts"]["tax_certificate"] == {"id", "rrn"}


def test_a_link_with_pages_brings_its_order_and_what_it_is_filtered_by_its_own(regulations: Path) -> None:
    parties = regulations / "parties.yaml"
    parties.write_text(parties.read_text().replace("  nts: {", "  post: {title: {ko: 우편, en: Post}}\n  nts: {", 1))
    one = PERMISSION.format(id="one", items="Resident.letters, Resident.parcels", more="")
    write(regulations, one, register="post")
    found = columns_of_law(regulations)["post"]
    assert found == {"letter": {"id", "rrn", "number"}, "parcel": {"id", "recipient_rrn"}}
    write(regulations, one.replace("    case: none", "    search: [Letter.office]\n    case: none"), register="post")
    assert columns_of_law(regulations)["post"]["letter"] == {"id", "rrn", "number", "office"}


def test_a_condition_brings_its_column(regulations: Path) -> None:
    more = "rows: {TaxCertificate.year: {last: 2}}"
    write(regulations, PERMISSION.format(id="one", items="TaxCertificate.income", more=more))
    assert columns_of_law(regulations)["nts"]["tax_certificate"] == {"id", "income", "year"}


@pytest.mark.parametrize(
    ("valid", "granted"),
    [
        ("from: 2027-01-01", True),
        ("until: 2026-11-30", True),
        ("until: 2026-11-29", False),
    ],
)
def test_what_is_shared_later_counts_and_what_has_ended_does_not(regulations: Path, valid: str, granted: bool) -> None:
    write(
        regulations,
        PERMISSION.format(id="one", items="TaxCertificate.income", more=""),
        PERMISSION.format(id="two", items="TaxCertificate.arrears", more=f"valid: {{{valid}}}"),
    )
    assert ("arrears" in columns_of_law(regulations)["nts"]["tax_certificate"]) is granted


def test_a_version_that_is_approved_already_counts_and_a_superseded_one_does_not(regulations: Path) -> None:
    sample = (regulations / "nts.yaml").read_text()
    only = without(without(sample, "TaxCertificate.arrears"), "TaxCertificate.taxPaid")
    (regulations / "nts.yaml").write_text(only)
    columns = columns_of_law(regulations)["nts"]["tax_certificate"]
    assert not {"arrears", "tax_paid"} & columns
    assert "arrears" in columns_of_law(regulations, dt.date(2026, 6, 1))["nts"]["tax_certificate"]


def test_the_register_of_cases_is_read_only_where_a_permission_asks_for_a_verified_one(tmp_path: Path) -> None:
    shutil.copy(ROOT / "auth/regulations/parties.yaml", tmp_path)
    (tmp_path / "purposes.yaml").write_text(
        "purposes: {income-tax-assessment: {title: {ko: 세, en: Tax}, basis: 'Tax Act, art. 1', description: Tax.}}"
    )
    permission = PERMISSION.format(id="one", items="TaxCertificate.income", more="")
    write(tmp_path, permission)
    before = columns_of_law(tmp_path)
    assert before["petitions"] == {"petition": {"id"}}
    write(tmp_path, permission.replace("case: none", "case: verified"))
    assert columns_of_law(tmp_path)["petitions"]["petition"] == {
        "id", "number", "agency", "service", "resident_rrn", "opened_on", "closed_on",
    }  # fmt: skip
    write(tmp_path, permission.replace("subject: any", "subject: child"))
    children = columns_of_law(tmp_path)
    assert {"rrn", "relation", "custody", "relative_rrn"} <= children["scourt"]["family_relation"]
    assert "birth_date" in children["mois"]["resident"]
    assert "birth_date" not in before["mois"]["resident"]


# ── And no statement names another ──────────────────────────────────────────────────────────────────────────────────────────


def test_no_plan_names_another_column() -> None:
    """Of whatever is granted to anybody, each coordinate by itself, and all that can be read in one circumstance together."""
    law = RegulationAuthorizer.load(ROOT / "auth/regulations", coordinates(CATALOGUE), today=lambda: DAY)
    granted, nation = columns(CATALOGUE, law, DAY), world(regulations=law, today=lambda: DAY)
    planned = 0
    for circumstance, case, access in product((s.circumstances[0] for s in sorts(law)), (False, True), ACCESSES):
        under, documents = profile(law, circumstance, case), []
        for coordinate, use in product(coordinates(CATALOGUE), USES):
            if not under.decide(coordinate, access, use).denied:
                document = operation(CATALOGUE, [under], coordinate, access, use)
                documents += [(use, document)] if document else []
        everything = " ".join(document[1:-1] for use, document in documents if use == "read")
        for document in [*(document for _, document in documents), *([f"{{ {everything} }}"] if everything else [])]:
            for source, shape in shapes(nation, document, circumstance, case):
                named = {(table, column) for table, column, _ in columns_of(source, shape)}
                extra = {each for each in named if each[1] not in granted[source].get(each[0], ())}
                assert not extra, f"{circumstance} {document}"
            planned += 1
    assert planned > 400


def shapes(nation: World, document: str, circumstance: Circumstance, case: bool) -> Iterator[tuple[str, Shape]]:
    """All that a plan would ask registers, also when the caller would rather have nothing than less than all."""
    agency, role, purpose = circumstance
    access = AccessRequest(Caller(agency, role, "officer"), purpose, "2026-1" if case else None)
    plan = nation.engine.plan(nation.engine.read(document, {}, None, access))
    questions = [q for need in plan.needs for q in Circumstances(CATALOGUE, {}).questions(need)]
    found = [(q.source, q.shape) for q in questions]
    found += [(step.source, step.shape) for each in (plan, rehearsal(plan)) for level in each.levels for step in level]
    # In its own database the gateway is granted whole tables, by auth/gateway.sql.
    return (each for each in found if each[0] in CATALOGUE.registers and SAMPLE.registers[each[0]].source.kind != "gateway")
