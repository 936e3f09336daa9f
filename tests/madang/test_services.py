"""Services read, proved against the law, and told: every mistake in its place, and every lack with its holder and remedy."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from auth.access import AccessRequest, Caller
from madang.cli import main
from madang.gateway import Law, open_gateway, read_law, read_services
from madang.services import ungranted
from madang.settings import ServiceSettings, Settings, SettingsError
from resolvers.disclose import Trail
from resolvers.operation import Limits
from resolvers.proof import prove
from resolvers.services import BrokenServices, Services

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "examples/korea/services"
REGULATIONS = ROOT / "auth/regulations"

PAPERS = """
papers:
  extract:
    title: {ko: 등본, en: Extract}
    office: {ko: 주민센터, en: Community centre}
    shows: name addressProtected
  tax:
    title: {ko: 세금, en: Tax}
    office: {ko: 세무서, en: Tax office}
    shows: taxCertificates { income }
"""
SERVICE = """
service: look
title: {ko: 조회, en: Look}
description: {ko: 조회한다, en: It looks}
purpose: change-of-address
article: Resident Registration Act, art. 16
recipients: [municipalities, mofa]
roles: resident-clerk
subject: rrn
replaces: extract
"""
DOCUMENT = "query ($rrn: String!) { resident(rrn: $rrn) { name addressProtected } }\n"


@pytest.fixture(scope="module")
def law(settings: Settings) -> Law:
    return read_law(settings)


@pytest.fixture
def load(law: Law, tmp_path: Path) -> Callable[[], Services]:
    """Reads a directory with one service, which is good until a test changes it."""
    (tmp_path / "look").mkdir()
    (tmp_path / "papers.yaml").write_text(PAPERS)
    (tmp_path / "look" / "service.yaml").write_text(SERVICE)
    (tmp_path / "look" / "operation.graphql").write_text(DOCUMENT)
    return lambda: Services.load(tmp_path, law.catalogue, law.schema._schema, law.authorizer, Limits())


def said(load: Callable[[], Services], directory: Path) -> list[str]:
    with pytest.raises(BrokenServices) as caught:
        load()
    assert str(caught.value).count("\n") + 1 == len(caught.value.mistakes)
    return [str(mistake).replace(f"{directory}/", "") for mistake in caught.value.mistakes]


def change(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    path.write_text(text, "utf-8")


def test_a_service_is_its_document_to_the_letter(load: Callable[[], Services], tmp_path: Path) -> None:
    [service] = load()
    assert service.document == DOCUMENT
    assert service.document_id == f"sha256:{sha256(DOCUMENT.encode()).hexdigest()}"
    assert service.agencies == {"jongno", "gangnam", "haeundae", "mofa"}
    assert service.reads == {"Resident.name", "Resident.addressProtected"}
    assert service.registers == ("mois",)
    assert load().by_hash(service.hash) == (service,)
    (tmp_path / "look" / "operation.graphql").write_text(DOCUMENT + "\n")
    assert load().by_hash(service.hash) == ()


def test_a_service_that_reports_has_a_document_for_that(load: Callable[[], Services], tmp_path: Path) -> None:
    path, report = tmp_path / "look" / "report.graphql", (SERVICES / "birth" / "report.graphql").read_text("utf-8")
    path.write_text(report)
    [service] = load()
    assert service.approved == (DOCUMENT, report)
    assert service.writes == {"Mutation.registerBirth", "RegisterBirthReported.rrn"}
    assert load().by_hash(sha256(report.encode()).hexdigest()) == (service,)
    path.write_text(DOCUMENT)
    assert said(load, tmp_path) == ["look/report.graphql:1:1: the document in `report.graphql` must be a mutation"]
    path.write_text(report.replace("receipt", "receit"))
    assert len(said(load, tmp_path)) == 1


def test_every_mistake_comes_at_once_in_its_place(load: Callable[[], Services], tmp_path: Path) -> None:
    change(tmp_path / "papers.yaml", ("{ income }", "{ incom }"), ("name addressProtected", "name }"))
    change(
        tmp_path / "look" / "service.yaml", ("service: look", "service: lok"), ("change-of-address", "change-of-adress"),
        ("Registration Act, art. 16", "Act"), ("mofa", "mof"), ("resident-clerk", "clerk"), ("subject: rrn", "subject: rnr"),
        ("replaces: extract", "replaces: [extract, extrct]\nminor: tax"), (", en: Look}", "}"),
    )  # fmt: skip
    assert said(load, tmp_path) == [
        "look/operation.graphql:1:8: the variable `rrn` is not the service's `subject`; write the value that it has",
        "look/service.yaml:2:10: the service `lok` must lie in a folder of that name, not in `look`",
        "look/service.yaml:3:8: the title of the service `lok` needs `en`",
        "look/service.yaml:5:10: unknown purpose `change-of-adress`; did you mean `change-of-address`?",
        "look/service.yaml:6:10: `article` must name a law and its article, as in `Some Act, art. 1`, not `Resident Act`",
        "look/service.yaml:7:30: unknown agency or group `mof`; did you mean `mofa`?",
        "look/service.yaml:8:8: unknown role `clerk`",
        "look/service.yaml:9:10: unknown variable `rnr` of the document; did you mean `rrn`?",
        "look/service.yaml:10:21: unknown paper `extrct`; did you mean `extract`?",
        "look/service.yaml:11:1: unknown key `minor` in a service; did you mean `minors`?",
        "papers.yaml:6:12: `shows` is not what the graph can be asked of a resident: Syntax Error: Unexpected '}'.",
        "papers.yaml:10:12: `shows` is not what the graph can be asked of a resident: "
        "Cannot query field 'incom' on type 'TaxCertificate'. Did you mean 'income'?",
    ]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("query ($rrn: String!) { resident(rrn: $rrn) { nam } }", "1:47: Cannot query field 'nam' on type 'Resident'."),
        ("query ($rrn: String!) {", "1:24: Syntax Error"),
        ("mutation { __typename }", "1:1: "),
        ("query A { __typename } query B { __typename }", "1:1: the document holds several operations"),
        ("fragment F on Resident { name }", "1:1: Fragment 'F' is never used"),
        ("query ($rrn: String) { resident(rrn: $rrn) { name } }", "1:8: the variable `rrn` takes a resident's number"),
        (
            "query ($rrn: String!, $all: Boolean!) { resident(rrn: $rrn) { name @include(if: $all) } }",
            "1:23: the variable `all` is not the service's `subject`",
        ),
        ("query ($rrn: String!) { resident(rrn: $rrn) { " + "name " * 600 + "} }", "1:1: the operation has more than 500 fields"),
        (b"\xff", "1:1: the file is not in UTF-8"),
        (None, "1:1: the file cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_approved(
    load: Callable[[], Services], tmp_path: Path, document: str | bytes | None, expected: str
) -> None:
    path = tmp_path / "look" / "operation.graphql"
    path.unlink()
    if document is not None:
        path.write_bytes(document if isinstance(document, bytes) else document.encode())
    assert [each for each in said(load, tmp_path) if each.startswith(f"look/operation.graphql:{expected}")]


def test_a_paper_of_which_nothing_is_read_is_not_replaced(load: Callable[[], Services], tmp_path: Path) -> None:
    change(tmp_path / "look" / "service.yaml", ("replaces: extract", "replaces: extract\nminors: [tax]"))
    assert said(load, tmp_path) == ["look/service.yaml:11:10: the document reads nothing of what stands on the paper `tax`"]


def test_a_missing_directory_or_file_is_a_mistake(load: Callable[[], Services], tmp_path: Path) -> None:
    (tmp_path / "papers.yaml").unlink()
    (tmp_path / "empty").mkdir()
    assert said(load, tmp_path) == [
        "empty/service.yaml:1:1: the file cannot be read: No such file or directory",
        "papers.yaml:1:1: the file cannot be read: No such file or directory",
    ]


def test_the_setting_names_agencies_that_there_are(law: Law, settings: Settings) -> None:
    own = dataclasses.replace(settings, services=ServiceSettings(None, "free", {"ntss": "free"}))
    with pytest.raises(SettingsError, match=r"`services\.agencies\.ntss` names an agency that the regulations do not declare"):
        read_services(own, law.catalogue, law.schema, law.authorizer)


async def test_nothing_tells_of_what_is_hidden_from_the_caller(
    load: Callable[[], Services], law: Law, settings: Settings
) -> None:
    gateway = open_gateway(settings, dataclasses.replace(law, services=load()), None)
    query = "{ services { document reads papers { shows } } }"
    found = {}
    for agency, role in (("mofa", "passport-officer"), ("jongno", "resident-clerk")):
        access = AccessRequest(Caller(agency, role, ""), None, None)
        answer = await gateway.engine.answer(query, {}, None, access, trail=Trail(bytes(8)))
        [found[agency]] = json.loads(answer.body)["data"]["services"]
    await gateway.aclose()
    assert found["mofa"] == {"document": None, "reads": ["Resident.name"], "papers": [{"shows": ["Resident.name"]}]}
    assert found["jongno"]["document"] == DOCUMENT
    assert "Resident.addressProtected" in found["jongno"]["reads"]
    assert "Resident.addressProtected" in found["jongno"]["papers"][0]["shows"]


async def test_each_service_is_granted_whole_to_whom_it_names(law: Law, settings: Settings) -> None:
    gateway = open_gateway(settings, law, None)
    proofs = [proof for service in law.services for proof in prove(service, gateway.engine)]
    assert {(proof.service.code, proof.agency) for proof in proofs} == {
        *((service, agency) for service in ("birth", "change-of-address") for agency in ("jongno", "gangnam", "haeundae")),
        ("passport-renewal", "mofa"),
        *((extract, "citizen-portal") for extract in ("family-relation-certificate", "resident-extract")),
    }
    assert all(proof.whole and len(proof.decisions) > len(proof.service.reads) for proof in proofs)
    assert list(ungranted(gateway)) == []
    await gateway.aclose()


async def test_a_service_that_asks_for_what_is_hidden_lacks_it(
    load: Callable[[], Services], law: Law, settings: Settings
) -> None:
    """To the clerk of a district it is granted, and for somebody else the document is no valid one."""
    services = load()
    gateway = open_gateway(settings, dataclasses.replace(law, services=services), None)
    proofs = {proof.agency: proof for proof in prove(services.by_code["look"], gateway.engine)}
    assert proofs["jongno"].whole
    assert not proofs["mofa"].whole
    assert proofs["mofa"].refused is not None
    assert {lack.decision.coordinate for lack in proofs["mofa"].lacks} == {"Resident.name", "Resident.addressProtected"}
    [line] = ungranted(gateway)
    assert line.startswith("the service `look` is not granted whole to `mofa` as `resident-clerk`")
    await gateway.aclose()


BREAKS = {
    "a premium that is masked": (
        "nhis.yaml",
        "items: [Resident.healthInsurance, HealthInsurance.kind, HealthInsurance.monthlyPremium]\n    basis: Act on the Use",
        "items: [Resident.healthInsurance, HealthInsurance.kind, HealthInsurance.monthlyPremium]\n"
        "    mask: {HealthInsurance.monthlyPremium: {band: 10_000}}\n    basis: Act on the Use",
        "",
        ["HealthInsurance.monthlyPremium, to read; its holder is nhis (nhis-health-insurance)", "rounded down to a multiple"],
    ),
    "a link that is denied, and what lies below it": (
        "mohw_disability.yaml",
        "    roles: resident-clerk\n    purpose: birth-registration\n    items",
        "    roles: welfare-officer\n    purpose: birth-registration\n    items",
        "",
        ["Resident.disability, to read; its holder is mohw", "Disability.severity, to read; its holder is mohw",
         "what would change it: the role `welfare-officer`"],
    ),
    "a prohibition": (
        "mohw_livelihood.yaml",
        "LivelihoodBenefit.kind, LivelihoodBenefit.nearPoor]\n    basis: National Basic Living Security Act, art. 13",
        "LivelihoodBenefit.nearPoor]\n    basis: National Basic Living Security Act, art. 13",
        "\nprohibitions:\n"
        "  - {id: none-for-births, items: [LivelihoodBenefit.kind], purpose: birth-registration, basis: 'Act, art. 1'}\n",
        ["LivelihoodBenefit.kind, to read; its holder is mohw",
         "PROHIBITED, by mohw-livelihood-benefits/none-for-births (Act, art. 1)",
         "what would change it: a permission for municipalities as resident-clerk, for birth-registration"],
    ),
    "a search that is not permitted": (
        "mois.yaml",
        "    search: [Resident.rrn, Resident.id]\n    basis: Act on Registration of Family Relations, arts. 44 to 46",
        "    search: [Resident.id]\n    basis: Act on Registration of Family Relations, arts. 44 to 46",
        "",
        ["Resident.rrn, to search; its holder is mois (", "mois-resident-registration"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
def test_a_change_of_the_law_that_breaks_a_service_shows(what: str, tmp_path: Path) -> None:
    file, before, after, more, expected = BREAKS[what]
    shutil.copytree(REGULATIONS, tmp_path / "law")
    text = (tmp_path / "law" / file).read_text("utf-8").partition("\ntests:\n")[0] + "\ntests:\n"
    (tmp_path / "law" / file).write_text(text, "utf-8")
    change(tmp_path / "law" / file, (before, after))
    change(tmp_path / "law" / file, ("\ntests:\n", more))
    settings = (ROOT / "madang.toml").read_text("utf-8").replace("auth/regulations", "law")
    (tmp_path / "madang.toml").write_text(settings.replace('"examples', f'"{ROOT}/examples'), "utf-8")
    done = CliRunner().invoke(main, ["services", "check", "--service", "birth", "--settings", str(tmp_path / "madang.toml")])
    assert done.exit_code == 1, done.output
    assert done.stderr == "1 of the services is not granted whole\n"
    assert "birth: municipalities as resident-clerk: " in done.stdout
    assert [line for line in expected if line not in done.stdout] == []


def test_the_commands_tell_which_services_there_are_and_that_they_are_granted() -> None:
    done = CliRunner().invoke(main, ["services", "check", "--settings", str(ROOT / "madang.toml")])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "passport-renewal: mofa as passport-officer: granted whole, 27 coordinates of 5 registers" in done.stdout
    assert "    3 of them with the resident's consent" in done.stdout
    done = CliRunner().invoke(main, ["services", "list", "--settings", str(ROOT / "madang.toml")])
    assert "Guardian's consent (of minors)" in done.stdout
    assert f"sha256:{sha256((SERVICES / 'birth/operation.graphql').read_bytes()).hexdigest()}" in done.stdout
    done = CliRunner().invoke(main, ["services", "check", "--service", "births", "--settings", str(ROOT / "madang.toml")])
    assert done.exit_code == 2
    assert "there is no service `births`; there are `birth`, `change-of-address`, `family-relation-certificate`" in done.stderr


def test_the_ids_in_the_documentation_are_those_of_the_sample() -> None:
    known = {sha256(path.read_bytes()).hexdigest() for path in SERVICES.glob("*/operation.graphql")}
    for page in ("README.md", "docs/services.md"):
        named = set(re.findall(r"sha256:([0-9a-f]+)", (ROOT / page).read_text("utf-8")))
        assert named, page
        assert named <= known, page


def test_nothing_is_served_with_broken_services(tmp_path: Path) -> None:
    shutil.copytree(SERVICES, tmp_path / "services")
    change(tmp_path / "services" / "birth" / "operation.graphql", ("severity", "severty"))
    settings = (ROOT / "madang.toml").read_text("utf-8").replace("examples/korea/services", "services")
    (tmp_path / "madang.toml").write_text(settings.replace('"auth/', f'"{ROOT}/auth/'), "utf-8")
    done = CliRunner().invoke(main, ["serve", "--port", "0", "--settings", str(tmp_path / "madang.toml")])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "services/birth/operation.graphql:38:7: Cannot query field 'severty' on type 'Disability'." in done.stderr


def test_a_law_without_services_has_none(law: Law, settings: Settings) -> None:
    own = dataclasses.replace(settings, services=ServiceSettings())
    assert list(read_services(own, law.catalogue, law.schema, law.authorizer)) == []
