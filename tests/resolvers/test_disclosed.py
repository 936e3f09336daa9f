"""Law 5, nothing leaves before the ledger has it: of random operations under random decisions, what was recorded of whom.

Every value is there once in the whole nation, so a value in a response tells its row and column. Whom the row is about is told by
a naive oracle, which looks at rows alone.

- Whatever stands in a response has been recorded, for the resident whom it is about.
- What has been recorded was granted for that resident's rows, by the decisions alone.
- If it cannot be recorded, nothing of it stands in the response.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from auth.access import Access, Caller, Matches
from auth.ledger import Record
from schema.catalogue import ColumnField, LinkField, RecordType
from tests.resolvers.nation import CALLERS, CATALOGUE, NEITHER, Table, consents, make
from tests.resolvers.operations import Operation
from tests.resolvers.oracle import Cell, Oracle
from tests.resolvers.test_never_read import Canaries, compose, dice_of, leaves
from tests.resolvers.world import Profile, World, world

EXAMPLES = 300

Asked = tuple[Operation, Profile, Caller, str | None, Access]


def recorded(record: Record) -> set[tuple[str, str]]:
    """Residents' numbers and the coordinates that were recorded of them."""
    granted = [each["coordinate"] for each in json.loads(record.form.text)["granted"]]
    return {
        (number, coordinate)
        for bits, numbers in record.disclosures.items() for number in numbers
        for k, coordinate in enumerate(granted) if bits >> k & 1
    }  # fmt: skip


def about(oracle: Oracle, record: RecordType, number: int) -> Iterator[str]:
    """The numbers of the residents whom a row is about: its own, or all who live in its household."""
    for teller, n in oracle.tellers(record, number):
        row = oracle.row(teller, n)
        assert teller.subject is not None
        if teller.subject.self:
            yield row[teller.subject.self]
        elif teller.subject.household:
            home = row[teller.subject.household]
            yield from (each["rrn"] for each in oracle.nation["mois"]["resident"] if each["household_id"] == home)


def of_cell(oracle: Oracle, cell: Cell) -> Iterator[tuple[str, str]]:
    """The residents whom a cell is about, and the coordinates that it may be the value of."""
    source, table, number, column = cell
    for record in CATALOGUE.records.values():
        if (record.source, record.table) == (source, table):
            fields = [f.coordinate for f in record.fields.values() if isinstance(f, ColumnField) and f.column == column]
            yield from ((who, coordinate) for who in about(oracle, record, number) for coordinate in fields)


@pytest.fixture(scope="module")
def canaries(unique: World) -> Canaries:
    return Canaries(unique.nation)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_shown_has_been_recorded(
    data: st.DataObject, unique: World, canaries: Canaries, runner: asyncio.Runner
) -> None:
    runner.run(check_shown(unique, canaries, *compose(dice_of(data), unique)))


async def check_shown(
    world: World, canaries: Canaries, operation: Operation, profile: Profile, caller: Caller, case: str | None, access: Access
) -> None:
    note(f"{operation.text}\n{operation.variables}\n{profile}\n{caller}\n{case}")
    answer = json.loads((await world.under(profile).answer(operation.text, caller, operation.variables, case=case)).body)
    if asks_nothing(answer):
        assert not world.ledger.records
        return
    (record,) = world.ledger.records
    oracle, found = Oracle(world.nation, caller, case, consents()), recorded(record)
    for value in leaves(answer["data"]):
        if cells := canaries.by_value.get(value):
            possible = {pair for cell in cells for pair in of_cell(oracle, cell)}
            assert possible & found, f"{value} of {cells} is in the response and was recorded of nobody: {record}"
    for who, coordinate in found:
        assert may_be_recorded(oracle, profile, access, who, coordinate), f"{coordinate} was recorded of {who}: {record}"


def asks_nothing(answer: Mapping[str, Any]) -> bool:
    """Whether every root field but `__typename` was left out, so that nobody was asked about."""
    return all(value == "Query" for value in answer.get("data", {"": None}).values())


def may_be_recorded(oracle: Oracle, profile: Profile, access: Access, who: str, coordinate: str) -> bool:
    """Whether a coordinate is granted of a row about the resident, or of no row because there is none.

    What a prohibition withholds that nobody may know of counts as granted where the register itself leaves it out. That a link
    leads to no row that may be shown has been told, too; and so has that a search has found somebody.
    """
    name, _, field = coordinate.partition(".")
    if field == "__typename":
        return any(who in about(oracle, CATALOGUE.records[name], n) for n in range(len(rows_of(oracle, name))))
    decision, record = profile.decide(coordinate, access, "read"), CATALOGUE.records[name]
    item = record.fields.get(field)
    linked = item.target if isinstance(item, LinkField) else None
    if decision.denied:
        return False
    rows = [n for n in range(len(rows_of(oracle, name))) if who in about(oracle, record, n)]
    ways = [[c for c in g.constraints if not (isinstance(c, Matches) and c.record == linked)] for g in decision.grants]
    return not rows or any(all(oracle.meets(c, record, n) for c in way) for way in ways for n in rows)


def rows_of(oracle: Oracle, name: str) -> Table:
    record = CATALOGUE.records[name]
    return oracle.nation[record.source][record.table]


SOMEBODY = [
    "resident(rrn: $rrn) { __typename }",
    "resident(rrn: $rrn) { name }",
    "resident(rrn: $rrn) { passports { number } }",
    "node(id: $id) { __typename }",
    "node(id: $id) { id }",
    "residents(first: 1) { edges { cursor } }",
    "residents(first: 1) { pageInfo { endCursor hasNextPage } }",
    "residents(first: 1) { edges { node { __typename } } }",
]


@pytest.mark.parametrize("asked", SOMEBODY)
async def test_that_somebody_was_found_is_recorded(asked: str, unique: World) -> None:
    """Also where nothing is read of them: under withheld fields, of a register that is down, or by cursors alone."""
    own = {each: ["self"] for each in ("Resident.name", ("Resident.id", None, "read"))}
    here = unique.under(Profile(residuals=own), down=["mofa"])
    found = here.nation["mois"]["resident"][1]
    query = 'query ($rrn: String! = "", $id: ID! = "") { _ }'.replace("_", asked)
    given = {"rrn": found["rrn"], "id": here.id(NEITHER, "Resident", found["id"])}
    used = {name: value for name, value in given.items() if f"${name})" in asked}
    kept = ", ".join(f"${name}: {'ID' if name == 'id' else 'String'}!" for name in used)
    query = f"query ({kept}) {{ {asked} }}" if used else f"{{ {asked} }}"
    answer = await here.answer(query, NEITHER, used)
    assert answer.kind == "data"
    first = min(here.nation["mois"]["resident"], key=lambda each: each["id"])
    assert recorded(here.ledger.records[0]) == {((found if used else first)["rrn"], "Resident.__typename")}


async def test_what_a_register_has_of_nobody_is_not_shown() -> None:
    """A number that is null could be recorded of nobody, so nothing of its record may be shown."""
    nation = make()
    nation["mois"]["resident"][1]["rrn"] = None
    here = world(nation)
    answer = await here.answer("{ residents(first: 5) { edges { node { name } } } }", CALLERS[0])
    assert (answer.kind, answer.code) == ("request_error", "LEDGER_UNAVAILABLE")
    assert here.ledger.records == []
    assert (await here.answer("{ residents(first: 5) { edges { cursor } } }", CALLERS[0])).kind == "request_error"


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_cannot_be_recorded_is_not_shown(data: st.DataObject, unique: World, runner: asyncio.Runner) -> None:
    async def check(operation: Operation, profile: Profile, caller: Caller, case: str | None, access: Access) -> None:
        unique.under(profile).ledger.down = True
        try:
            answer = await unique.answer(operation.text, caller, operation.variables, case=case)
        finally:
            unique.ledger.down = False
        found = json.loads(answer.body)
        if asks_nothing(found):
            return
        assert (answer.kind, answer.code) == ("request_error", "LEDGER_UNAVAILABLE")
        assert "data" not in found
        assert [each["extensions"] for each in found["errors"]] == [{"code": "LEDGER_UNAVAILABLE"}]

    runner.run(check(*compose(dice_of(data), unique)))
