"""The exported ODRL: its structure by the information model, and that it says what the rules say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from auth.authorizer import RegulationAuthorizer
from auth.export_odrl import document, iri
from madang.coordinates import coordinates
from schema.catalogue import Catalogue
from tests.auth.test_korean_regulations import DIRECTORY, REGISTERS

OPERATORS = {"eq", "gt", "gteq", "lt", "lteq", "neq", "isA", "hasPart", "isPartOf", "isAllOf", "isAnyOf", "isNoneOf"}
OPERANDS = {"purpose", "recipient", "dateTime", "delayPeriod", "count"}
"""Those left operands of ODRL's vocabulary that are used; all others have a prefix or are an IRI."""


@pytest.fixture(scope="module")
def law() -> RegulationAuthorizer:
    known = coordinates(Catalogue.load(f"schema.{register}" for register in REGISTERS))
    return RegulationAuthorizer.load(DIRECTORY, known, today=lambda: date(2026, 11, 30))


@pytest.fixture(scope="module")
def graph(law: RegulationAuthorizer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(law)["@graph"]
    return found


@pytest.fixture(scope="module")
def sets(graph: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["uid"]: each for each in graph if each["@type"] == "Set"}


def rules(sets: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in sets.values():
        yield from each.get("permission", ())
        yield from each.get("prohibition", ())


def constraints(rule: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for each in rule.get("constraint", ()):
        yield from each.get("or", [each])
    for duty in rule.get("duty", ()):
        yield from duty.get("constraint", ())
    actions = rule["action"] if isinstance(rule["action"], list) else []
    for action in actions:
        yield from action.get("refinement", ())


def test_the_contexts_are_odrl_and_the_words_of_dpv(law: RegulationAuthorizer) -> None:
    odrl, prefixes = document(law)["@context"]
    assert odrl == "http://www.w3.org/ns/odrl.jsonld"
    assert prefixes["dpv"] == "https://w3id.org/dpv#"


def test_every_prefix_is_declared(law: RegulationAuthorizer) -> None:
    declared = set(document(law)["@context"][1]) | {"urn", "http", "https"}

    def prefixed(value: Any, where: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                yield from prefixed(inner, key)
        elif isinstance(value, list):
            for inner in value:
                yield from prefixed(inner, where)
        elif where in ("@id", "@type", "uid", "leftOperand", "operator", "action", "target", "assignee", "assigner", "profile"):
            yield value

    names = {name for name in prefixed(document(law)["@graph"]) if ":" in name}
    assert {name.partition(":")[0] for name in names} <= declared


def test_one_set_for_each_regulation_with_its_version(law: RegulationAuthorizer, sets: dict[str, dict[str, Any]]) -> None:
    assert set(sets) == {iri("regulation", f"{each.name}:{each.version}") for each in law.regulations}
    for each in sets.values():
        assert each["conflict"] == "prohibit"
        assert each["profile"]
        assert each["dpv:hasDataController"]["@id"].startswith("urn:madang:agency:")
        assert each.get("permission") or each.get("prohibition")


def test_every_rule_has_what_the_information_model_asks_of_it(sets: dict[str, dict[str, Any]]) -> None:
    for rule in rules(sets):
        assert rule["target"]
        assert rule["action"]
        assert rule["assigner"].startswith("urn:madang:agency:")
        assert rule["dpv:hasLegalBasis"]["dcterms:title"]
        for constraint in constraints(rule):
            assert set(constraint) >= {"leftOperand", "operator", "rightOperand"}
            assert constraint["operator"] in OPERATORS
            assert ":" in constraint["leftOperand"] or constraint["leftOperand"] in OPERANDS
            assert constraint["rightOperand"] not in ([], None, "")
    for each in sets.values():
        for permission in each.get("permission", ()):
            assert permission["assignee"]
            operands = {constraint["leftOperand"] for constraint in permission["constraint"] if "leftOperand" in constraint}
            assert operands >= {"purpose", "madang:role", "madang:access"}


def test_identifiers_are_no_two_things(graph: list[dict[str, Any]], sets: dict[str, dict[str, Any]]) -> None:
    uids = [each["uid"] for each in graph] + [rule["uid"] for rule in rules(sets)]
    assert len(uids) == len(set(uids))


def test_whoever_and_whatever_is_named_is_there(graph: list[dict[str, Any]], sets: dict[str, dict[str, Any]]) -> None:
    known = {each["uid"] for each in graph}
    for rule in rules(sets):
        assert {rule["assigner"], *rule.get("assignee", ())} <= known
        named = [c["rightOperand"] for c in constraints(rule) if c["leftOperand"] in ("purpose", "recipient")]
        assert {value["@id"] for values in named for value in values} <= known


def rule(sets: dict[str, dict[str, Any]], end: str) -> dict[str, Any]:
    (found,) = [each for each in rules(sets) if each["uid"].endswith(end)]
    return found


def test_a_permission_says_consent_case_rows_mask_limit_and_duties(sets: dict[str, dict[str, Any]]) -> None:
    found = rule(sets, "#income-for-livelihood-benefit-1")
    assert found["target"] == [iri("coordinate", "TaxCertificate.income")]
    assert found["assignee"] == [iri("group", "municipalities")]
    said = {each["leftOperand"]: each["rightOperand"] for each in found["constraint"]}
    assert said["dpv:hasLegalBasis"] == [{"@id": "dpv:Consent"}]
    assert said["madang:case"] == [{"@id": "madang:verified"}]
    assert said["madang:subject"] == [{"@id": "madang:jurisdiction"}]
    assert said[iri("coordinate", "TaxCertificate.year")] == {"@value": "-P2Y", "@type": "xsd:duration"}
    (duty,) = found["duty"]
    assert duty["action"] == "delete"
    assert duty["constraint"][0]["rightOperand"] == {"@value": "P5Y", "@type": "xsd:duration"}
    (action,) = rule(sets, "#income-in-steps-for-livelihood-benefit-2")["action"]
    assert action["refinement"][0]["rightOperand"] == "band 10000000"
    counted = {
        c["unit"].rpartition(":")[2]: c["rightOperand"]["@value"]
        for c in constraints(rule(sets, "#licence-holder-1"))
        if "unit" in c
    }
    assert counted == {"residentsPerHourAndOfficer": "200", "residentsPerHourAndAgency": "5000"}


def test_when_a_resident_is_told_and_when_shown_that_it_was_read(sets: dict[str, dict[str, Any]]) -> None:
    deleted, notice, shown = rule(sets, "#person-under-investigation-1")["duty"]
    assert deleted["constraint"][0]["rightOperand"] == {"@value": "P3Y", "@type": "xsd:duration"}
    span = {"leftOperand": "delayPeriod", "rightOperand": {"@value": "P10D", "@type": "xsd:duration"}}
    assert (notice["action"], notice["informedParty"]) == ("inform", "dpv:DataSubject")
    assert notice["constraint"] == [span | {"operator": "lteq"}]
    assert (shown["action"], shown["informedParty"]) == ("madang:showUse", "dpv:DataSubject")
    assert shown["constraint"] == [span | {"operator": "gteq", "rightOperand": {"@value": "P6M", "@type": "xsd:duration"}}]
    assert "duty" not in rule(sets, "#person-under-investigation-2"), "of a search nothing is kept"


def test_an_exception_is_said_by_what_must_not_be_true(sets: dict[str, dict[str, Any]]) -> None:
    found = rule({uid: each for uid, each in sets.items() if "mois-resident" in uid}, "#protected-address")
    clerks, citizens = [each["or"] for each in found["constraint"] if "or" in each]
    assert {each["operator"] for each in (*clerks, *citizens)} == {"isNoneOf"}
    assert clerks[0]["rightOperand"] == [{"@id": iri("group", "municipalities")}]
