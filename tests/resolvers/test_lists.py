"""Child lists that are filtered, and those that come in pages."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from graphql import GraphQLObjectType, print_type

from auth.access import AccessRequest, Caller, Grant, Grantable, Matches
from resolvers.operation import Limits
from sources.protocol import Compare, Order, Param
from tests.resolvers.nation import CALLERS, CLERK, SCHEMA, rrn, table_of
from tests.resolvers.world import PURPOSE, RULE, Profile, World, codes, every_use, withheld, world

WHO = next(n for n in range(14) if sum(r["rrn"] == rrn(n) for r in table_of(world().nation, "Letter")) >= 4)
ASK = "query ($first: Int, $after: BigInt, $since: DateTime, $office: String, $returned: Boolean) { resident(rrn: %s) { %s } }"
ALL = "letters(first: $first, after: $after, since: $since, office: $office, returned: $returned) { number handedInAt office }"


async def letters(here: World, **variables: Any) -> dict[str, Any]:
    return await here.ask(ASK % (json.dumps(rrn(WHO)), ALL), CLERK, **variables)


async def of_one(here: World, fields: str, number: int = WHO, caller: Caller = CLERK) -> dict[str, Any]:
    return await here.ask(f'{{ resident(rrn: "{rrn(number)}") {{ {fields} }} }}', caller)


def stored(here: World) -> list[dict[str, Any]]:
    rows = [r for r in table_of(here.nation, "Letter") if r["rrn"] == rrn(WHO)]
    return sorted(map(dict, rows), key=lambda r: (-r["number"], r["id"]))


# What there is to ask


def test_arguments_are_those_of_the_filter_and_a_page() -> None:
    kind = SCHEMA._schema.type_map["Resident"]
    assert isinstance(kind, GraphQLObjectType)
    paged, plain = kind.fields["letters"], kind.fields["parcels"]
    kinds = {name: str(argument.type) for name, argument in paged.args.items()}
    assert kinds == {"first": "Int", "after": "BigInt", "since": "DateTime", "office": "String", "returned": "Boolean"}
    assert {**plain.args}.keys() == {"limit", "orderBy", "kind", "atLeast", "sentBefore"}
    assert paged.args["since"].description == "Only those of this time or later."
    assert paged.args["first"].description == "Size of the page."
    assert str(paged.type) == "[Letter!]"
    assert "UTC" in print_type(SCHEMA._schema.type_map["DateTime"])


def test_an_argument_is_shown_where_its_field_could_be_searched_by(here: World) -> None:
    read = every_use(["Resident.letters", "Resident.rrn", "Letter.number", "Resident.parcels", "Parcel.weight"])
    searched = frozenset({Grantable("Letter.office", "list", "search"), Grantable("Parcel.kind", "lookup", "search")})
    shown = here.engine._views.only(read | searched, CLERK, {})
    kind = shown.type_map["Resident"]
    assert isinstance(kind, GraphQLObjectType)
    assert kind.fields["letters"].args.keys() == {"first", "after", "office"}
    assert kind.fields["parcels"].args.keys() == {"limit", "orderBy", "kind", "atLeast"}
    assert "DateTime" not in shown.type_map


async def test_what_is_hidden_is_no_argument(here: World) -> None:
    here.under(Profile(hidden=["Letter.office"]))
    answer = await here.answer(ASK % ('"1"', ALL), CLERK)
    assert answer.code == "GRAPHQL_VALIDATION_FAILED"
    assert b"office" in answer.body


# Filters


@pytest.mark.parametrize(
    ("variables", "fits"),
    [
        ({}, lambda r: True),
        ({"after": "1700000002"}, lambda r: r["number"] < 1_700_000_002),
        ({"since": "2026-02-01T09:00:00.000001+09:00"}, lambda r: r["handed_in_at"] >= "2026-02-01T00:00:00.000001Z"),
        ({"office": "post.letter.office#00001"}, lambda r: r["office"].endswith("1")),
        ({"returned": False}, lambda r: not r["returned"]),
        ({"after": 1_700_000_002, "returned": True}, lambda r: r["number"] < 1_700_000_002 and r["returned"]),
        ({"office": "none"}, lambda r: False),
    ],
)
async def test_every_condition_that_is_given_holds(here: World, variables: dict[str, Any], fits: Any) -> None:
    here.under(Profile())
    answer = await letters(here, **variables)
    expected = [[r["number"], r["handed_in_at"], r["office"]] for r in stored(here) if fits(r)]
    assert [[*row.values()] for row in answer["data"]["resident"]["letters"]] == expected
    (shape,) = [shape for name, shape in here.shapes() if name == "post"]
    assert isinstance(shape.limit, Param)


async def test_enumerations_and_days_filter_too(here: World) -> None:
    here.under(Profile())
    day = dt.date(1991, 1, 3)
    for number in range(14):
        answer = await of_one(here, f'parcels(kind: AIR, sentBefore: "{day}", orderBy: WEIGHT_ASC) {{ weight }}', number)
        own = [r for r in table_of(here.nation, "Parcel") if r["recipient_rrn"] == rrn(number)]
        expected = sorted(r["weight"] for r in own if r["kind"] == "AIR" and r["sent_on"] < day)
        assert [row["weight"] for row in answer["data"]["resident"]["parcels"]] == expected


async def test_a_filter_is_a_search(here: World) -> None:
    here.under(Profile([("Letter.office", None, "search")]))
    answer = await of_one(here, 'name letters(office: "x", after: 1) { number }')
    assert withheld(answer) == [("Letter.office", "resident.letters")]
    assert answer["data"]["resident"]["letters"] is None
    assert answer["data"]["resident"]["name"]
    assert "post" not in {name for name, _ in here.shapes()}
    # What is null asks nothing, and to read a field is not to search by it.
    here.under(Profile([("Letter.office", None, "search")]))
    assert "errors" not in await letters(here, office=None, after=1)
    here.under(Profile([("Letter.office", None, "read")]))
    assert "errors" not in await of_one(here, 'letters(office: "x") { number }')


async def test_a_search_for_some_is_for_those_whose_list_it_is(here: World) -> None:
    """A list whose rows are all about whom its link is, is filtered for these; what others' rows would tell cannot be."""
    search = {("Letter.office", "lookup", "search"): ["self"], ("Parcel.kind", "lookup", "search"): ["self"]}
    here.under(Profile(residuals=search))
    citizen = next(c for c in CALLERS if c.rrn)
    text = (
        '{ me { letters(office: "x") { number } parcels(kind: AIR) { kind } household { parcelsOfHead(kind: AIR) { kind } } } }'
    )
    own = await here.ask(text, citizen)
    assert own["data"]["me"]["letters"] == []
    assert {parcel["kind"] for parcel in own["data"]["me"]["parcels"]} <= {"AIR"}
    assert own["data"]["me"]["household"] == {"parcelsOfHead": None}
    assert withheld(own) == [("Parcel.kind", "me.household.parcelsOfHead")]
    other = await of_one(here, 'letters(office: "x") { number } parcels(kind: AIR) { kind }', 3, citizen)
    assert other["data"]["resident"] == {"letters": None, "parcels": None}


def plan_of(here: World, caller: Caller = CLERK, **variables: Any) -> Any:
    text = ASK % ('"1"', ALL)
    return here.engine.plan(here.engine.read(text, variables, None, AccessRequest(caller, PURPOSE)))


def test_which_filters_are_given_is_the_plans_form_and_what_they_say_is_not(here: World) -> None:
    here.under(Profile())
    plan = plan_of(here, office="a")
    assert plan_of(here, office="b", first=7) is plan
    assert plan_of(here, office=None) is not plan
    assert plan_of(here, office="a", returned=False) is not plan
    step = next(step for step in plan.steps if step.source == "post")
    assert step.shape.where == Compare("office", "=", Param(0))
    assert str(step.values[0]) == "argument office"


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
async def test_a_filter_that_no_register_can_hold_costs_its_root(here: World, text: str) -> None:
    here.under(Profile())
    answer = await letters(here, office=text)
    assert answer["data"] == {"resident": None}
    assert codes(answer) == ["BAD_USER_INPUT"]
    assert here.fetches() == 0


# Pages


async def test_pages_go_through_the_whole_list_in_the_declared_order(unique: World) -> None:
    """Whether or not the column may be read that orders them."""
    for profile in (Profile(), Profile([("Letter.number", None, "read")])):
        everything, after, pages = [r["handed_in_at"] for r in stored(unique)], None, []
        by_time = {r["handed_in_at"]: r["number"] for r in stored(unique)}
        while True:
            unique.under(profile)
            answer = await letters(unique, after=after, first=2)
            page = [row["handedInAt"] for row in answer["data"]["resident"]["letters"]]
            if not page:
                break
            pages += page
            after = by_time[page[-1]]
        assert pages == everything


async def test_other_lists_yield_their_order_with_the_column(here: World) -> None:
    orders = {}
    for profile in (Profile(), Profile([("Letter.number", None, "read"), ("Parcel.sentOn", None, "read")])):
        here.under(profile)
        await of_one(here, "letters { office } parcels { weight }")
        orders[profile] = {shape.table: shape.order[0] for name, shape in here.shapes() if name == "post"}
    assert [*orders.values()] == [
        {"letter": Order("number", True), "parcel": Order("sent_on", True)},
        {"letter": Order("number", True), "parcel": Order("id")},
    ]


async def test_a_page_has_the_size_of_a_listings(here: World) -> None:
    small = world(here.nation, limits=Limits(page=3, default_page=2))
    small.under(Profile())
    for first, size in ((None, 2), (0, 0), (1, 1), (3, 3)):
        answer = await letters(small, first=first)
        assert len(answer["data"]["resident"]["letters"]) == size
    # Where which rows are shown depends on the row, there are as many.
    chosen = [Grant(RULE, frozenset({Matches("Letter.returned", (held,))})) for held in (True, False)]
    small.under(Profile(grants={"Resident.letters": chosen}))
    for first, size in ((None, 2), (1, 1)):
        answer = await letters(small, first=first)
        assert [r["number"] for r in answer["data"]["resident"]["letters"]] == [r["number"] for r in stored(small)][:size]


@pytest.mark.parametrize("first", [-1, 1_001, 2**31 - 1])
@pytest.mark.parametrize(
    "operation",
    [
        'resident(rrn: "1") { name letters(first: %d) { number } }',
        "residents { totalCount edges { node { name household { parcelsOfHead(first: %d) { weight } } } } }",
        'node(id: "x") { id ... on Household { parcelsOfHead(first: %d) { weight } } }',
        'resident(rrn: "1") { ...F }',
    ],
)
async def test_a_page_that_is_too_large_costs_its_root(here: World, operation: str, first: int) -> None:
    """Nothing is read for it, and the complaint is that of a listing."""
    here.under(Profile())
    root = operation.partition("(")[0].partition(" ")[0]
    text = f"{{ {operation} }} fragment F on Resident {{ children {{ ... on Node {{ ...G }} }} }} "
    text += "fragment G on Resident { letters(first: %d) { number } }"
    text = text if "...F" in operation else text.partition(" fragment")[0]
    answer = await here.ask(text % first, CLERK)
    assert answer["data"] == {root: None}
    assert [e["message"] for e in answer["errors"]] == [f"`first` is {first}; give a number from 0 to 1000"]
    assert answer["errors"][0]["path"] == [root]
    assert here.fetches() == 0


@pytest.mark.parametrize("limit", [-1, 1_001])
async def test_a_limit_is_bounded_also_where_each_row_decides(here: World, limit: int) -> None:
    chosen = [Grant(RULE, frozenset({Matches("Parcel.kind", (kind,))})) for kind in ("AIR", "SURFACE")]
    here.under(Profile(grants={"Resident.parcels": chosen}))
    answer = await of_one(here, f"name parcels(limit: {limit}) {{ weight }}")
    assert answer["data"]["resident"]["parcels"] is None
    assert answer["data"]["resident"]["name"]
    assert [e["message"] for e in answer["errors"]] == [f"`limit` is {limit}; give a number from 0 to 1000"]
