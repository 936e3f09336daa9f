"""Masks: what is left of a value, which of several ways counts for a row, and that what is masked, and nothing else, is named."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from auth.access import Ban, Duties, Grant, Mask, Matches, OfSubject, Rule, Span, WithConsent
from tests.resolvers.nation import CLERK, DISTRICTS, table_of
from tests.resolvers.world import RULE, Profile, World

OWN = frozenset({OfSubject(frozenset({"jurisdiction"}))})
LIST = "{ residents(first: 14) { edges { node { name districtCode } } } }"


async def listed(here: World, profile: Profile, query: str = LIST) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    here.under(profile)
    answer = json.loads((await here.answer(query, CLERK)).body)
    return [edge["node"] for edge in answer["data"]["residents"]["edges"]], answer["extensions"]


async def test_a_mask_for_all_rows_is_made_in_the_source_and_named_once(here: World) -> None:
    nodes, extensions = await listed(here, Profile(grants={"Resident.name": [Grant(RULE, mask=Mask("first", 4))]}))
    assert {node["name"][:6] for node in nodes} == {"mois**"}
    assert extensions["masked"] == [
        {
            "coordinate": "Resident.name", "pattern": "residents.edges[].node.name", "mask": "first 4",
            "rules": [{"regulation": RULE.regulation, "id": RULE.id, "basis": RULE.basis}],
        }
    ]  # fmt: skip
    for name, batch in here.order:
        assert "name" not in batch.shape.columns, f"the whole name left `{name}`"


async def test_of_several_ways_the_least_masked_that_holds_for_a_row_counts(here: World) -> None:
    ways = [Grant(RULE, OWN), Grant(RULE, mask=Mask("initial"))]
    nodes, extensions = await listed(here, Profile(grants={"Resident.name": ways}))
    for node in nodes:
        assert (node["name"][1] == "*") == (node["districtCode"] != CLERK.jurisdiction)
    assert [masked["mask"] for masked in extensions["masked"]] == ["initial"]


async def test_what_could_have_been_masked_and_was_not_is_not_named(here: World) -> None:
    ways = [Grant(RULE, OWN), Grant(RULE, mask=Mask("initial"))]
    searched = {("Resident.id", "list", "search"): [Grant(RULE, OWN)], "Resident.name": ways}
    nodes, extensions = await listed(here, Profile(grants=searched))
    assert nodes
    assert {node["districtCode"] for node in nodes} == {CLERK.jurisdiction}
    assert "masked" not in extensions
    # The same where the search does not tell it beforehand.
    query = LIST.replace("first: 14", 'first: 14, filter: {districtCode: "11110"}')
    _, extensions = await listed(here, Profile(grants={"Resident.name": ways}), query)
    assert "masked" not in extensions


async def test_two_masks_that_each_leave_something_are_never_both_shown(here: World) -> None:
    """First and last characters, under two permissions, would together be more than either."""
    ways = [Grant(RULE, OWN, Mask("first", 5)), Grant(RULE, mask=Mask("last", 5))]
    nodes, extensions = await listed(here, Profile(grants={"Resident.name": ways}))
    assert all((node["name"][0] == "*") != (node["name"][-1] == "*") for node in nodes)
    assert [masked["mask"] for masked in extensions["masked"]] == ["first 5", "last 5"]


async def test_nothing_masked_is_named_of_what_a_prohibition_leaves_out_or_nobody_found(here: World) -> None:
    profile = Profile(grants={"Vehicle.plate": [Grant(RULE, mask=Mask("last", 4))]})
    here.under(profile)
    answer = await here.ask('{ resident(rrn: "nobody") { vehicles { plate } } }', CLERK)
    assert "masked" not in answer["extensions"]
    held = Ban(RULE, (Matches("Resident.districtCode", DISTRICTS),), told=False)
    here.under(Profile(grants={"Vehicle.plate": [Grant(RULE, mask=Mask("last", 4))]}, bans={"Resident.vehicles": [held]}))
    rrn = next(row["owner_rrn"] for row in table_of(here.nation, "Vehicle"))
    answer = await here.ask("query($r: String!) { resident(rrn: $r) { vehicles { plate } } }", CLERK, r=rrn)
    assert answer["data"] == {"resident": {"vehicles": []}}
    assert "masked" not in answer["extensions"]


OWED = Duties(retain=Span(months=60), store=False)


async def test_duties_of_a_link_that_waits_for_consent(here: World) -> None:
    consented = Grant(RULE, frozenset({WithConsent("Resident.passports")}), duties=OWED)
    here.under(Profile(grants={"Resident.passports": [consented]}))
    shown = set()
    for row in table_of(here.nation, "Resident"):
        answer = await here.ask("query($r: String!) { resident(rrn: $r) { passports { kind } } }", CLERK, r=row["rrn"])
        passports = answer["data"]["resident"]["passports"]
        shown.add((passports is not None, bool(passports)))
        assert ("duties" in answer["extensions"]) == (passports is not None), "that there are none is told as well"
    assert shown == {(True, True), (True, False), (False, False)}


@pytest.mark.parametrize(
    ("duties", "told"),
    [
        (Duties(defer=Span(months=6)), {"store": True, "defer": "P6M"}),
        (Duties(defer=dt.date(2027, 6, 30)), {"store": True, "defer": "2027-06-30"}),
        (Duties(notice=True, ground="Act, art. 3", within=Span(days=10)),
         {"store": True, "notice": {"to": "subject", "when": "later", "within": "P10D", "ground": "Act, art. 3"}}),
    ],
)  # fmt: skip
async def test_the_recipient_is_told_when_the_resident_learns_of_it(here: World, duties: Duties, told: dict[str, Any]) -> None:
    here.under(Profile(grants={"Resident.name": [Grant(RULE, duties=duties)]}))
    rrn = table_of(here.nation, "Resident")[0]["rrn"]
    answer = await here.ask("query($r: String!) { resident(rrn: $r) { name } }", CLERK, r=rrn)
    (said,) = answer["extensions"]["duties"]
    assert {key: said[key] for key in said.keys() - {"rule", "coordinates"}} == told


async def test_duties_come_with_what_was_shown_and_with_nothing_else(here: World) -> None:
    """Each way has duties of its own; for what was withheld, or for nobody, nothing is owed."""
    whole, part = Rule("law", "whole", "Act, art. 1"), Rule("law", "part", "Act, art. 2")
    ways = [Grant(whole, OWN, duties=OWED), Grant(part, mask=Mask("initial"), duties=Duties(notice=True, ground="Act, art. 3"))]
    _, extensions = await listed(here, Profile(grants={"Resident.name": ways}))
    assert extensions["duties"] == [
        {"rule": {"regulation": "law", "id": "whole", "basis": "Act, art. 1"}, "coordinates": ["Resident.name"], "store": False,
         "retain": "P5Y"},
        {"rule": {"regulation": "law", "id": "part", "basis": "Act, art. 2"}, "coordinates": ["Resident.name"], "store": True,
         "notice": {"to": "subject", "when": "later", "ground": "Act, art. 3"}},
    ]  # fmt: skip
    query = LIST.replace("first: 14", 'first: 14, filter: {districtCode: "11110"}')
    _, extensions = await listed(here, Profile(grants={"Resident.name": ways}), query)
    assert [duty["rule"]["id"] for duty in extensions["duties"]] == ["whole"]
    _, extensions = await listed(here, Profile(grants={"Resident.name": ways[:1]}), LIST.replace("11110", "11680"))
    assert [duty["rule"]["id"] for duty in extensions["duties"]] == ["whole"]
    here.under(Profile(grants={"Resident.name": [Grant(whole, duties=OWED)], "Resident.household": [Grant(part, duties=OWED)]}))
    answer = await here.ask('{ resident(rrn: "nobody") { name household { size } } }', CLERK)
    assert "duties" not in answer["extensions"]
    rrn = next(row["rrn"] for row in table_of(here.nation, "Resident") if row["household_id"] is not None)
    answer = await here.ask("query($r: String!) { resident(rrn: $r) { name household { size } } }", CLERK, r=rrn)
    assert [duty["coordinates"] for duty in answer["extensions"]["duties"]] == [["Resident.name"], ["Resident.household"]]
