"""Attacks by failure: each register in turn is down, and what could not be checked must not be shown."""

from __future__ import annotations

from typing import Any

import pytest

from auth import consent
from auth.access import Matches, WithCase, WithConsent
from resolvers.operation import Refusals
from resolvers.relations import relation
from schema.catalogue import ColumnField
from tests.redteam.attacker import MODES, ban, of, seen, some
from tests.resolvers.nation import BOTH, CASE, CATALOGUE, CITIZEN, CLERK, REGISTERS, rrn
from tests.resolvers.world import Key, Profile, World

SEARCH: Key = ("Resident.rrn", "lookup", "search")
LOOKUP = " ".join(f'a{n}: resident(rrn: "{rrn(n)}") {{ sex name vehicles {{ plate }} }}' for n in range(14))
LIST = "residents(first: 14) { edges { node { sex name vehicles { plate } } } }"
OTHERS = [register for register in REGISTERS if register not in ("mois", "molit_vehicles", "mohw_livelihood", "events")]
"""Registers with something about residents; benefits are about households."""


@pytest.fixture
def told_by(here: World, register: str) -> Matches:
    """A condition that a register decides, and that every row of it meets."""
    for record in CATALOGUE.records.values():
        if record.source == register and relation(CATALOGUE, CATALOGUE.records["Resident"], record):
            item = next(f for f in record.fields.values() if isinstance(f, ColumnField))
            values = (row[item.column] for row in here.nation[register][record.table])
            return Matches(item.coordinate, tuple(dict.fromkeys(value for value in values if value is not None)))
    raise AssertionError(f"nothing of {register} is linked to a resident")


def secrets(here: World) -> set[Any]:
    residents, vehicles = here.nation["mois"]["resident"], here.nation["molit_vehicles"]["vehicle"]
    return {row["name"] for row in residents} | {row["plate"] for row in vehicles}


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [leaf for inner in (value.values() if isinstance(value, dict) else value) for leaf in leaves(inner)]
    return [] if value is None else [value]


def left(here: World) -> set[Any]:
    """Every value that left a source."""
    return {v for witness in here.witnesses.values() for _, found in witness.seen for row in found for v in row}


@pytest.mark.parametrize("register", OTHERS)
@pytest.mark.parametrize("ask", [LOOKUP, LIST], ids=["lookup", "list"])
async def test_a_register_that_a_permission_turns_on(here: World, told_by: Matches, register: str, ask: str) -> None:
    """It is down, so nobody's name or plate is shown; the rest is."""
    turns = some(told_by)
    profile = Profile(grants={"Resident.name": turns, "Vehicle.plate": turns})
    up = (await seen(here.under(profile), f"{{ {ask} }}", CLERK)).answer
    down = (await seen(here.under(profile, [register]), f"{{ {ask} }}", CLERK)).answer
    assert secrets(here) & set(leaves(up["data"])), "otherwise this proves nothing"
    assert not secrets(here) & {*leaves(down["data"]), *left(here)}
    assert {"FEMALE", "MALE"} & set(leaves(down["data"]))
    assert {e["extensions"]["code"] for e in down["errors"]} == {"SOURCE_UNAVAILABLE"}


@pytest.mark.parametrize("register", OTHERS)
@pytest.mark.parametrize("ask", [LOOKUP, LIST], ids=["lookup", "list"])
async def test_a_register_that_a_prohibition_turns_on(here: World, told_by: Matches, register: str, ask: str) -> None:
    """It is down, so for all that is known the prohibition holds for everybody."""
    bans = ban(told_by.coordinate, "nothing")
    profile = Profile(bans={"Resident.name": bans, "Vehicle.plate": bans})
    down = (await seen(here.under(profile, [register]), f"{{ {ask} }}", CLERK)).answer
    assert not secrets(here) & {*leaves(down["data"]), *left(here)}
    assert {"FEMALE", "MALE"} & set(leaves(down["data"]))


@pytest.mark.parametrize("register", OTHERS)
@pytest.mark.parametrize("mode", MODES)
async def test_a_register_that_a_search_turns_on(here: World, told_by: Matches, register: str, mode: Refusals) -> None:
    """Whom may be searched for is not known, so nobody is found, and it is not said that anybody is there or not."""
    here.under(Profile(grants={SEARCH: some(told_by)}), [register])
    known = await seen(here, f'{{ resident(rrn: "{rrn(3)}") {{ sex }} }}', refusals=mode)
    nobody = await seen(here, '{ resident(rrn: "9912310000000") { sex } }', refusals=mode)
    assert known.body == nobody.body
    assert leaves(known.answer.get("data")) == []
    assert known.answer["errors"][0]["extensions"]["code"] == "SOURCE_UNAVAILABLE"


@pytest.mark.parametrize(
    ("down", "constraint", "caller"),
    [
        ("petitions", WithCase(), CLERK),
        (consent.SOURCE, WithConsent("Resident.name"), CLERK),
        ("mois", of("household"), CITIZEN),
        ("scourt", of("child"), CITIZEN),
        ("scourt", of("child", "self"), BOTH),
    ],
)
async def test_what_is_found_out_of_the_caller_or_the_case(here: World, down: str, constraint: Any, caller: Any) -> None:
    """The household, the children, the case, the consent: unknown, so nothing that turns on them is shown."""
    profile = Profile(grants={"Resident.name": some(constraint), "Vehicle.plate": some(constraint)})
    found = (await seen(here.under(profile, [down]), f"{{ {LOOKUP} {LIST} }}", caller, case=CASE)).answer
    assert not secrets(here) & set(leaves(found["data"]))
    if down != "mois":
        assert {"FEMALE", "MALE"} & set(leaves(found["data"]))


async def test_the_gateways_own_database_is_down(here: World) -> None:
    """Fields under consent are lost, and nothing else."""
    profile = Profile(grants={"Resident.name": some(WithConsent("Resident.name"))})
    query = f'{{ resident(rrn: "{rrn(1)}") {{ name sex passports {{ kind }} taxCertificates {{ year }} }} }}'
    found = (await seen(here.under(profile, [consent.SOURCE]), query)).answer
    (error,) = found["errors"]
    assert error["extensions"]["patterns"] == ["resident.name"]
    assert found["data"]["resident"]["name"] is None
    assert found["data"]["resident"]["sex"]
    assert found["data"]["resident"]["passports"] is not None


async def test_one_alternative_is_lost_and_another_holds(here: World) -> None:
    """What one register would permit is not shown because another permits it to others: the field is lost for all alike."""
    alternatives = (*some(of("jurisdiction")), *some(Matches("BirthRecord.sealed", (True, False))))
    profile = Profile(grants={"Resident.name": alternatives})
    shown = (await seen(here.under(profile, ["scourt"]), f"{{ {LIST} }}", CLERK)).answer
    names = [edge["node"]["name"] for edge in shown["data"]["residents"]["edges"]]
    assert names == [None] * 14
