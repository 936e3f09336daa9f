"""Cedar as an oracle: the exported policies, decided by Cedar itself, say what the compiled table says.

The policies are written from the rules, so nothing of the table is in them. Compared is whether anything of a row is shown, and
how it is masked, under the constraints that happen to be true of the row. First for random sets of rules, wherever anything can
be asked; then for the sample nation: every sort of circumstances with every coordinate, case, access and use, and circumstances
at random, should the sorts themselves be wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth import export_cedar
from auth.access import MASKS, Constraint, Decision, Mask, Matches, OfSubject, WithCase, WithConsent
from auth.authorizer import RegulationAuthorizer
from auth.document import Mistakes, Word
from auth.reach import Circumstance
from auth.rules import Coordinate, Permission, Prohibition, Purpose, RegulationSet
from auth.situations import MODES, Mode, decide, sorts
from auth.words import constraint_in_words
from madang.coordinates import coordinates as coordinates_of
from schema.catalogue import Catalogue
from tests.auth.rulebook import AGENCIES, COORDINATES, DAY, HERE, NATION, PARTIES, PURPOSES, ROLES, TITLE, regulation
from tests.auth.test_korean_regulations import DIRECTORY, REGISTERS
from tests.auth.test_random_rules import KINDS, laws

SAMPLE_DAY = date(2026, 11, 30)


class Asked(NamedTuple):
    circumstance: Circumstance
    mode: Mode
    coordinate: str


@dataclass(frozen=True)
class Truths:
    """What is true of a row."""

    subject: frozenset[str]
    case_verified: bool
    consented: bool
    matching: frozenset[str]

    def holds(self, constraint: Constraint) -> bool:
        match constraint:
            case OfSubject(kinds):
                return bool(kinds & self.subject)
            case WithCase():
                return self.case_verified
            case WithConsent():
                return self.consented
            case Matches():
                return constraint_in_words(constraint) in self.matching

    def shown(self, decision: Decision) -> tuple[bool, Mask | None]:
        """Whether anything of the row is shown, and how it is masked."""
        if any(all(map(self.holds, ban.when)) for ban in decision.bans):
            return False, None
        grant = next((grant for grant in decision.grants if all(map(self.holds, grant.constraints))), None)
        return grant is not None, grant.mask if grant else None

    @classmethod
    def random(cls, random: Random, decision: Decision) -> Truths:
        """Anything; what the decision turns on more often than not, so that most of its alternatives are seen."""
        said = [constraint for grant in decision.grants for constraint in grant.constraints]
        texts = {constraint_in_words(each) for each in said if isinstance(each, Matches)}
        texts |= {constraint_in_words(match) for ban in decision.bans for match in ban.when}
        return cls(
            frozenset(kind for kind in KINDS if random.random() < 0.4), random.random() < 0.7, random.random() < 0.7,
            frozenset(text for text in sorted(texts) if random.random() < 0.6),
        )  # fmt: skip

    @classmethod
    def favourable(cls, decision: Decision) -> Truths:
        """All that is granted holds, and nothing that is prohibited for rows; or all of it, if nothing is granted."""
        said = {constraint_in_words(c) for grant in decision.grants for c in grant.constraints if isinstance(c, Matches)}
        return cls(frozenset(KINDS), True, True, frozenset(said))


class Cedar:
    """Decides by the exported policies alone."""

    def __init__(self, law: RegulationAuthorizer, coordinates: Mapping[str, Coordinate], day: date) -> None:
        self.text = export_cedar.policies(law, coordinates)
        self.policies = cedarpy.PolicySet.from_str(self.text)
        self.entities = cedarpy.Entities.from_json_str(json.dumps(export_cedar.entities(law, coordinates)), export_cedar.SCHEMA)
        written = json.loads(cedarpy.policies_to_json_str(self.text))["staticPolicies"]
        self.masks = {name: _mask(policy["annotations"].get("mask")) for name, policy in written.items()}
        self.day = {"__extn": {"fn": "datetime", "arg": str(day)}}

    def shown(self, asked: Iterable[tuple[Asked, Truths]]) -> list[tuple[bool, Mask | None]]:
        """Whether anything is shown; if so, masked as by that permission of those that allow it which masks least."""
        answers = cedarpy.is_authorized_batch([self._request(*each) for each in asked], self.policies, self.entities)
        found: list[tuple[bool, Mask | None]] = []
        for answer in answers:
            assert not answer.diagnostics.errors
            masks = [self.masks[name] for name in answer.diagnostics.reasons] if answer.allowed else [None]
            found.append((answer.allowed, min(masks, key=lambda mask: mask.strength if mask else (-1, 0))))
        return found

    def _request(self, asked: Asked, truths: Truths) -> dict[str, Any]:
        agency, role, purpose = asked.circumstance
        context: dict[str, Any] = {
            "role": role, "access": asked.mode.access, "case": asked.mode.case, "day": self.day,
            "subject": sorted(truths.subject), "caseVerified": truths.case_verified, "consented": truths.consented,
            "matching": sorted(truths.matching),
        }  # fmt: skip
        return {
            "principal": {"type": "Agency", "id": agency},
            "action": {"type": "Action", "id": asked.mode.use},
            "resource": {"type": "Coordinate", "id": asked.coordinate},
            "context": context if purpose is None else context | {"purpose": purpose},
        }


def _mask(text: str | None) -> Mask | None:
    if text is None:
        return None
    kind, _, amount = text.partition(" ")
    return Mask(next(each for each in MASKS if each == kind), int(amount or 0))


def differences(law: RegulationAuthorizer, cedar: Cedar, asked: Iterable[Asked], random: Random) -> Iterator[str]:
    """Where Cedar and the law's own decisions part."""
    questions: list[tuple[Asked, Truths]] = []
    ours = []
    for each in asked:
        decision = decide(law, each.circumstance, each.coordinate, each.mode)
        rows = (
            [Truths.favourable(decision)] if decision.denied else [Truths.favourable(decision), Truths.random(random, decision)]
        )
        for truths in rows:
            questions.append((each, truths))
            ours.append(truths.shown(decision))
    for question, own, theirs in zip(questions, ours, cedar.shown(questions), strict=True):
        if own != theirs:
            yield f"{question}: we say {own}, Cedar says {theirs}"


# ── Random rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def whatever_lint_says() -> Iterator[None]:
    """Random rules shadow and contradict each other, and what they come to is compared all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auth.authorizer.check", lambda *_: ())
        yield


def law_of(rules: Iterable[Permission | Prohibition]) -> RegulationAuthorizer:
    purposes = {Word(code, HERE): Purpose(TITLE, "Some Act, art. 1", "") for code in PURPOSES}
    found = RegulationSet(PARTIES, purposes, (regulation(*rules),), Mistakes())
    return RegulationAuthorizer(found, NATION, today=lambda: DAY)


EVERYTHING = [
    Asked(Circumstance(*circumstance), mode, coordinate)
    for circumstance in product(AGENCIES, ROLES, (*PURPOSES, None))
    for coordinate in COORDINATES
    for mode in MODES
]


@pytest.mark.usefixtures("whatever_lint_says")
@settings(max_examples=80, deadline=None)
@given(laws, st.integers(0, 99))
def test_random_rules(rules: tuple[list[Permission], list[Prohibition]], seed: int) -> None:
    law = law_of([*rules[0], *rules[1]])
    assert not list(differences(law, Cedar(law, NATION, DAY), EVERYTHING, Random(seed)))


# ── The sample nation ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def coordinates() -> dict[str, Coordinate]:
    return coordinates_of(Catalogue.load(f"schema.{register}" for register in REGISTERS))


@pytest.fixture(scope="module")
def law(coordinates: dict[str, Coordinate]) -> RegulationAuthorizer:
    return RegulationAuthorizer.load(DIRECTORY, coordinates, today=lambda: SAMPLE_DAY)


@pytest.fixture(scope="module")
def cedar(law: RegulationAuthorizer, coordinates: dict[str, Coordinate]) -> Cedar:
    return Cedar(law, coordinates, SAMPLE_DAY)


def test_the_policies_of_the_sample_fit_their_schema(cedar: Cedar) -> None:
    result = cedarpy.validate_policies(cedar.text, export_cedar.SCHEMA)
    assert result.validation_passed, [str(error) for error in result.errors]


def test_every_sort_of_circumstances(law: RegulationAuthorizer, cedar: Cedar, coordinates: dict[str, Coordinate]) -> None:
    asked = [
        Asked(sort.circumstances[-1], mode, coordinate) for sort in sorts(law) for coordinate in coordinates for mode in MODES
    ]
    assert len(asked) > 10_000
    assert not list(differences(law, cedar, asked, Random(1)))


def test_circumstances_at_random(law: RegulationAuthorizer, cedar: Cedar, coordinates: dict[str, Coordinate]) -> None:
    some, names = Random(2), sorted(coordinates)
    agencies, purposes = sorted(law.table.agencies), [*law.table.purposes, None]
    circumstances = [Circumstance(*each) for each in product(agencies, law.table.roles, purposes)]
    asked = [Asked(some.choice(circumstances), some.choice(MODES), some.choice(names)) for _ in range(6_000)]
    assert not list(differences(law, cedar, asked, some))


def test_it_would_be_noticed(law: RegulationAuthorizer, coordinates: dict[str, Coordinate], tmp_path: Path) -> None:
    """Another law than the exported one is told apart, by what it grants and by how it masks."""
    for file in DIRECTORY.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text())
    income = Asked(Circumstance("jongno", "welfare-officer", "basic-livelihood-benefit"), MODES[0], "TaxCertificate.income")
    changed = (tmp_path / "nts.yaml").read_text().replace("{band: 10_000_000}", "{band: 20_000_000}")
    (tmp_path / "nts.yaml").write_text(changed)
    other = RegulationAuthorizer.load(tmp_path, coordinates, today=lambda: SAMPLE_DAY)
    found = list(differences(law, Cedar(other, coordinates, SAMPLE_DAY), [income], Random(3)))
    assert found
    assert "Mask(kind='band', amount=20000000)" in found[0]
