"""The exported Cedar policies as text; what they decide is in `test_cedar_oracle.py`."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import cedarpy
import pytest

from auth import export_cedar
from auth.authorizer import RegulationAuthorizer
from tests.auth.rulebook import NATION

GOOD = Path(__file__).parent / "good"


@pytest.fixture(scope="module")
def law() -> RegulationAuthorizer:
    return RegulationAuthorizer.load(GOOD, NATION, today=lambda: date(2026, 6, 1))


def test_policies_fit_the_schema_and_entities_do(law: RegulationAuthorizer) -> None:
    result = cedarpy.validate_policies(export_cedar.policies(law, NATION), export_cedar.SCHEMA)
    assert result.validation_passed, [str(error) for error in result.errors]
    entities = export_cedar.entities(law, NATION)
    cedarpy.Entities.from_json_str(json.dumps(entities), export_cedar.SCHEMA)
    parents = {each["uid"]["id"]: [parent["id"] for parent in each["parents"]] for each in entities}
    assert parents["north"] == ["districts"]


def test_every_policy_has_the_name_and_the_article_of_its_rule(law: RegulationAuthorizer) -> None:
    written = json.loads(cedarpy.policies_to_json_str(export_cedar.policies(law, NATION)))["staticPolicies"].values()
    named = {policy["annotations"]["id"].partition("#")[0]: policy["annotations"]["basis"] for policy in written}
    assert named == {f"{each.name}/{rule.id}": rule.basis for each in law.regulations for rule in each.rules}
    effects = {policy["annotations"]["id"].partition("#")[0]: policy["effect"] for policy in written}
    assert set(effects.values()) == {"permit", "forbid"}


def test_text_of_any_script_and_quotes_stay_text() -> None:
    for text in ('a "quoted" one', "행정정보", "back\\slash"):
        policy = f"permit (principal, action, resource) when {{ context.role == {export_cedar._text(text)} }};"
        request = {
            "principal": 'Agency::"x"', "action": 'Action::"read"', "resource": 'Coordinate::"x"', "context": {"role": text},
        }  # fmt: skip
        assert cedarpy.is_authorized(request, policy, []).allowed


def test_only_what_is_in_force_on_the_day_is_exported(law: RegulationAuthorizer) -> None:
    assert export_cedar.policies(law.at(date(1990, 1, 1)), NATION).strip() == ""
