"""A witness is a document that anybody can send: it is planned under both sets of regulations, and each says otherwise."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from graphql import parse, validate

from auth.access import Access, AccessRequest, Caller
from auth.authorizer import RegulationAuthorizer
from auth.diff import Change, diff
from auth.rules import Coordinate
from madang.coordinates import coordinates as coordinates_of
from madang.witness import Witness, Witnesses, operation
from resolvers.operation import RequestError
from schema.catalogue import Catalogue
from tests.resolvers.nation import CATALOGUE, SAMPLE, SCHEMA
from tests.resolvers.world import Profile, World, world

REGULATIONS = Path(__file__).parents[2] / "auth/regulations"
DAY = dt.date(2026, 11, 30)
BEFORE = dt.date(2026, 6, 1)
REPORTED = ("Mutation.", "RegisterBirthReported.")
"""What only a report shows: no document is a witness to it, since nobody makes one for that."""
"""A day under the versions that have been superseded since."""

GRANTING = {
    "granted",
    "withheld",
    "widened",
    "narrowed",
    "conditions",
    "masked",
    "unmasked",
    "barred",
    "unbarred",
    "limit",
    "duties",
}


@pytest.fixture(scope="module")
def coordinates() -> Mapping[str, Coordinate]:
    return coordinates_of(Catalogue.load(f"schema.{name}" for name in SAMPLE))


def load(directory: Path, coordinates: Mapping[str, Coordinate]) -> RegulationAuthorizer:
    return RegulationAuthorizer.load(directory, coordinates, today=lambda: DAY)


def changes(
    before: RegulationAuthorizer, after: RegulationAuthorizer, coordinates: Mapping[str, Coordinate]
) -> list[tuple[Change, Witness | None]]:
    witnesses = Witnesses(CATALOGUE, before, after)
    return [(change, witnesses.of(change)) for change in diff(before, after, coordinates)]


def told(nation: World, law: RegulationAuthorizer, witness: Witness, coordinate: str) -> Any:
    """What a plan under a law says of a coordinate; of a document that the law does not let through, why."""
    agency, role, purpose = witness.circumstance
    access = AccessRequest(Caller(agency, role, "officer"), purpose, "2026-1" if witness.case else None)
    nation.engine.adopt(law)
    try:
        plan = nation.engine.explain(witness.document, {}, None, access)
    except RequestError as error:
        return error.code
    said = [each for use in ("searches", "decisions") for each in plan[use] if each["coordinate"] == coordinate]
    withheld = [each for each in plan["withheld"] if each["coordinate"] == coordinate]
    duties = [each for each in plan["duties"] if coordinate in str(each)]
    return said, withheld, duties, plan["masked"], [step["statement"] for step in plan["steps"]], plan["guarded"]


def check(before: RegulationAuthorizer, after: RegulationAuthorizer, found: list[tuple[Change, Witness | None]]) -> int:
    """All witnesses are valid, and shown to differ; how many there are."""
    nation, shown = world(regulations=after, today=lambda: DAY), 0
    for change, witness in found:
        if witness is None:
            assert change.coordinate.startswith(REPORTED) or not GRANTING & set(change.how), change
            continue
        assert not validate(SCHEMA._schema, parse(witness.document)), witness
        old, new = (law.profile(_request(witness)) for law in (before, after))
        decided = {(old.decide(change.coordinate, a, u), new.decide(change.coordinate, a, u)) for a in _ACCESSES for u in _USES}
        assert any(one != other for one, other in decided), witness
        limits_only = set(change.how) <= {"limit"}
        assert limits_only or told(nation, before, witness, change.coordinate) != told(
            nation, after, witness, change.coordinate
        ), witness
        shown += 1
    return shown


_ACCESSES = get_args(Access)
_USES = ("read", "search")


def _request(witness: Witness) -> AccessRequest:
    agency, role, purpose = witness.circumstance
    return AccessRequest(Caller(agency, role, "officer"), purpose, "2026-1" if witness.case else None)


def test_the_sample_before_and_after_its_latest_approvals(coordinates: Mapping[str, Coordinate]) -> None:
    law = load(REGULATIONS, coordinates)
    found = changes(law.at(BEFORE), law, coordinates)
    assert check(law.at(BEFORE), law, found) > 150


def test_whole_regulations_that_begin_and_end(coordinates: Mapping[str, Coordinate]) -> None:
    """Before the first approval nothing is granted to anybody."""
    law = load(REGULATIONS, coordinates)
    nothing = law.at(dt.date(2020, 1, 1))
    for before, after, how in ((nothing, law, "granted"), (law, nothing, "withheld")):
        found = changes(before, after, coordinates)
        granted = {change.coordinate for change, _ in found if change.how == (how,)}
        assert granted == set(coordinates)
        assert check(before, after, found) > 300


@pytest.mark.parametrize(
    ("file", "old", "new", "coordinate", "how", "document"),
    [
        ("nts", "TaxCertificate.income: {band: 10_000_000}", "TaxCertificate.income: {band: 20_000_000}",
         "TaxCertificate.income", "masked", "taxCertificates { income }"),
        ("mois", "search: [Resident.id, Resident.sex, Resident.age, Resident.status, Resident.districtCode]",
         "search: [Resident.id, Resident.age, Resident.status, Resident.districtCode]",
         "Resident.sex", "withheld", "residents(filter: { sex: FEMALE }) { edges { cursor } }"),
        ("mois", "search: [Resident.rrn, Resident.id, Resident.birthDate, Resident.movedInOn, Household.id, MoveIn.date]",
         "search: [Resident.rrn, Resident.id, Resident.birthDate, Resident.movedInOn, Household.id]",
         "MoveIn.date", "withheld", "moveIns(orderBy: DATE_ASC) { __typename }"),
        ("mois", "search: [Resident.rrn, Resident.id]\n    basis: Road Traffic Act",
         "search: [Resident.rrn]\n    basis: Road Traffic Act",
         "Resident.id", "withheld", 'resident(id: "0000000000000") { __typename }'),
        ("mois", "      - ResidentConnection.totalCount\n    mask:", "    mask:",
         "ResidentConnection.totalCount", "withheld", "residents { totalCount }"),
    ],
)  # fmt: skip
def test_each_use_has_a_document_of_its_kind(
    file: str, old: str, new: str, coordinate: str, how: str, document: str, coordinates: Mapping[str, Coordinate], tmp_path: Path
) -> None:
    directory = tmp_path / "law"
    shutil.copytree(REGULATIONS, directory)
    text = (directory / f"{file}.yaml").read_text()
    assert old in text
    text = re.sub(r"\ntests:.*", "\n", text, flags=re.S)  # They expect what is changed here.
    (directory / f"{file}.yaml").write_text(text.replace(old, new))
    before, after = load(REGULATIONS, coordinates), load(directory, coordinates)
    found = [each for each in changes(before, after, coordinates) if each[0].coordinate == coordinate and how in each[0].how]
    assert found
    assert check(before, after, found) == len(found)
    assert any(witness is not None and document in witness.document for _, witness in found), found


@pytest.mark.parametrize(
    ("coordinate", "asked"),
    [
        ("Letter.number", "letters(after: 1)"),
        ("Letter.handedInAt", 'letters(since: "2000-01-01T00:00:00Z")'),
        ("Letter.office", 'letters(office: "0000000000000")'),
        ("Letter.returned", "letters(returned: true)"),
        ("Parcel.kind", "parcels(kind: AIR)"),
        ("Parcel.weight", "parcels(orderBy: WEIGHT_ASC)"),
    ],
)
def test_what_a_child_list_is_filtered_by(coordinate: str, asked: str) -> None:
    """A list of pages has no other order, so its filters are the only way to search."""
    document = operation(CATALOGUE, [Profile()], coordinate, "lookup", "search")
    assert document is not None
    assert asked in document
    assert not validate(SCHEMA._schema, parse(document))
    unreachable = Profile(["Resident.letters", "Resident.parcels", "Household.parcelsOfHead"])
    assert operation(CATALOGUE, [unreachable], coordinate, "lookup", "search") is None
