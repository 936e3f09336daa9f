"""Attacks by the way in which something is asked: another name, another type, another branch, another id."""

from __future__ import annotations

import json
import re

import pytest

from auth.access import Caller, Matches
from resolvers.operation import Refusals
from tests.redteam.attacker import MODES, ban, refused, resident, seen, some
from tests.resolvers.nation import CALLERS, CITIZEN, CITIZEN_RRN, CLERK, NEITHER, household_id, resident_id
from tests.resolvers.world import Key, Profile, World

ME = f'resident(rrn: "{CITIZEN_RRN}")'


def no_trace(here: World, body: bytes, source: str, table: str, column: str) -> None:
    """No value of the column is in the answer, and no statement named the column."""
    values = [row[column] for row in here.nation[source][table] if isinstance(row[column], str)]
    assert values
    assert not any(value.encode() in body for value in values)
    assert not any(column in str(shape) for name, shape in here.shapes() if (name, shape.table) == (source, table))


@pytest.mark.parametrize("alias", ["name", "id", "__typename_", "rrn", "x"])
async def test_an_alias(here: World, alias: str) -> None:
    """A withheld field under the name of one that is granted."""
    here.under(Profile(["Resident.address"]))
    found = await seen(here, f"{{ {ME} {{ {alias}: address }} }}")
    no_trace(here, found.body, "mois", "resident", "address")
    assert refused(found.answer) == ["Resident.address"]


@pytest.mark.parametrize(
    "selection",
    [
        "... on Node { ... on Resident { address } }",
        "... on Resident { ... on Node { ... on Resident { a: address } } }",
        "...F",
        "... { address }",
        "... @include(if: true) { ... on Resident { address } }",
    ],
)
async def test_a_fragment_on_an_interface_or_a_type(here: World, selection: str) -> None:
    """A withheld field inside fragments, by way of the interface that the type shares with others."""
    here.under(Profile(["Resident.address"]))
    fragment = "fragment F on Node { ... on Resident { ...G } } fragment G on Resident { address }" if "F" in selection else ""
    found = await seen(here, f"{{ {ME} {{ name {selection} }} }} {fragment}")
    no_trace(here, found.body, "mois", "resident", "address")
    assert refused(found.answer) == ["Resident.address"]


async def test_sibling_fragments_that_merge_what_is_granted_with_what_is_not(here: World) -> None:
    """One branch asks a link for what is granted, another the same link for what is not: the merged one is to have both."""
    here.under(Profile(["Resident.address", "TaxCertificate.income"]))
    query = f"""{{ {ME} {{ ...A ... on Resident {{ household {{ head {{ address }} }} taxCertificates {{ income }} }} ...B }} }}
      fragment A on Resident {{ household {{ head {{ name }} size }} taxCertificates {{ year }} }}
      fragment B on Resident {{ household {{ head {{ address name }} }} taxCertificates {{ year income }} }}"""
    found = await seen(here, query)
    no_trace(here, found.body, "mois", "resident", "address")
    assert sorted(refused(found.answer)) == ["Resident.address", "TaxCertificate.income"]
    shown = found.answer["data"]["resident"]
    assert shown["household"]["head"]["name"]
    assert all(each["income"] is None for each in shown["taxCertificates"])
    assert not any("income" in str(shape) for _, shape in here.shapes())


@pytest.mark.parametrize("kind", ["Resident", "Household"])
async def test_node_by_a_foreign_id(here: World, kind: str) -> None:
    """An id that another agency saw, or of another type, or made up: the answer is the same as for one that never was."""
    here.under(Profile())
    key = resident_id(0) if kind == "Resident" else household_id(0)
    other = here.id(NEITHER, kind, key)
    query = "query ($id: ID!) { node(id: $id) { id __typename ... on Resident { name } ... on Household { size } } }"
    found = {(await seen(here, query, CLERK, id=id)) for id in (other, other[:-2] + "AA", "x", "", other * 9)}
    assert len(found) == 1
    (one,) = found
    assert one.answer["data"] == {"node": None}
    assert one.statements == ()


async def test_node_finds_nobody_whom_a_lookup_would_not(here: World) -> None:
    """`node` as a way around the narrowing of `resident(id:)`."""
    search: Key = ("Resident.id", "lookup", "search")
    here.under(Profile(residuals={search: ["jurisdiction"]}))
    for row in here.nation["mois"]["resident"]:
        id = here.id(CLERK, "Resident", row["id"])
        found = await seen(here, "query ($id: ID!) { node(id: $id) { ... on Resident { name } } }", id=id)
        inside = row["district_code"] == CLERK.jurisdiction
        assert (row["name"].encode() in found.body) == inside
        assert (found.answer["data"]["node"] is not None) == inside


@pytest.mark.parametrize("first", [True, False])
async def test_switches_by_variable(here: World, first: bool) -> None:
    """The plan of one value of a variable is used with another: the field that was skipped must still be decided."""
    here.under(Profile(["Resident.address"]))
    query = f"query ($s: Boolean!, $i: Boolean!) {{ {ME} {{ name a: address @skip(if: $s) address @include(if: $i) }} }}"
    for skip, include in ((first, not first), (not first, first), (first, first), (not first, not first)):
        found = await seen(here, query, s=skip, i=include)
        no_trace(here, found.body, "mois", "resident", "address")
        assert len(refused(found.answer)) == (not skip) + include


@pytest.mark.parametrize("caller", CALLERS, ids=lambda c: c.officer)
async def test_me_is_nobody_but_the_token(here: World, caller: object) -> None:
    """`me` with a variable, an argument or a header of somebody else's number."""
    here.under(Profile())
    for query in ('{ me(rrn: "8103150074737") { name } }', 'query ($rrn: String = "8103150074737") { me { name } }'):
        found = await seen(here, query, CITIZEN, rrn="8103150074737")
        assert resident(here.nation, "8103150074737")["name"].encode() not in found.body
        assert "data" not in json.loads(found.body)


@pytest.mark.parametrize("profile", [
    Profile(hidden=["Resident.addressProtected"], bans={"Resident.address": ban("Resident.addressProtected", True)}),
    Profile(hidden=["Resident.addressProtected"], bans={"Vehicle.baseAddress": ban("Resident.addressProtected", True)}),
    Profile(hidden=["Resident.addressProtected"], grants={
        "Resident.address": some(Matches("Resident.addressProtected", (False,)))}),
], ids=["ban", "ban-elsewhere", "condition"])  # fmt: skip
@pytest.mark.parametrize("mode", MODES)
async def test_an_explanation_names_nothing_hidden(here: World, profile: Profile, mode: Refusals) -> None:
    """The plan in words, with its statements: which column do they compare, that is not to be known of?"""
    here.under(profile)
    query = f"{{ {ME} {{ address vehicles {{ baseAddress }} }} }}"
    found = await seen(here, query, refusals=mode, explain=True)
    assert b"rotected" not in found.body
    assert any("address_protected" in str(shape) for _, shape in here.shapes()), "otherwise this proves nothing"


@pytest.mark.parametrize("query", [
    "{ me { addressProtected } }", "{ me { adressProtected } }", "{ me { household { members { addressProtecte } } } }",
    '{ node(id: "x") { ... on Resident { addressProtected } } }', "query ($x: [addressProtected]) { me { name } }",
])  # fmt: skip
async def test_what_is_hidden_is_refused_like_what_never_was(here: World, query: str) -> None:
    """A hidden name, nearly spelt or exactly, gets what any name gets that does not exist."""
    here.under(Profile(hidden=["Resident.addressProtected"]))
    answer = (await seen(here, query, CITIZEN)).answer
    never = (await seen(here, re.sub("add?ressProtecte?d?", "zzzzzzzzz", query), CITIZEN)).answer
    assert "data" not in answer
    assert [e["extensions"] for e in answer["errors"]] == [e["extensions"] for e in never["errors"]]
    for error in answer["errors"]:
        assert "Did you mean" not in error["message"]
        assert "addressProtected" not in error["message"].replace(re.search("add?ressProtecte?d?", query)[0], "")  # type: ignore[index]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "query", ["{ residents { edges { node { name } } } }", "{ me { name } }", '{ node(id: "x") { ... on Household { size } } }']
)
async def test_a_refusal_names_no_hidden_key(here: World, query: str, mode: Refusals) -> None:
    """A list in its own order, `me` and `node` search by an id: where that is hidden, it is not what a refusal speaks of."""
    here.under(Profile(["Household.id"], hidden=["Resident.id"]))
    found = await seen(here, query, CITIZEN, refusals=mode)
    assert mode == "NULL" or b"WITHHELD" in found.body
    assert b"Resident.id" not in found.body


async def test_an_id_of_another_citizen_of_the_same_portal(here: World) -> None:
    """Two citizens use one agency's app: an id that one saw is nothing to the other."""
    here.under(Profile())
    other = Caller(CITIZEN.agency, CITIZEN.role, "citizen-9", rrn="8103150074737")
    own = (await seen(here, "{ me { id household { id } } }", CITIZEN)).answer["data"]["me"]
    theirs = (await seen(here, f"{{ {ME} {{ id }} }}", other)).answer["data"]["resident"]["id"]
    assert own["id"] != theirs
    for id in (own["id"], own["household"]["id"]):
        found = (await seen(here, "query ($id: ID!) { node(id: $id) { id } }", other, id=id)).answer
        assert found["errors"][0]["extensions"]["code"] == "INVALID_ID"
