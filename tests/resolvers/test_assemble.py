"""From rows to data, by code made for the plan: every kind of field, holes and their paths (specification, 6.4.2 to 6.4.4)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from resolvers.assemble import LOST, WITHHELD, compile_root, fill, reached
from resolvers.plan import Bound, BoundRoot, Choice, Fact, Gate, Guard, Plan
from resolvers.values import Argument, Constant

NO_PLAN = Plan([], [], [], [], [], [], [], frozenset(), [], {}, [])


ARGUMENTS = [{"limit": 2}]


def assembled(fields: list[Bound], groups: list[Any], lost: frozenset[int] = frozenset(), denied: list[int] | None = None) -> Any:
    root = BoundRoot("me", "lookup", 0, [0], [fields], ["Resident"])

    def deny(refusal: int) -> Any:
        if denied is not None:
            denied.append(refusal)
        return WITHHELD

    def encode(name: str, key: int) -> str:
        return f"{name}-{key}"

    def mark(masked: int, value: Any) -> Any:
        return f"masked by {masked}: {value}"

    return compile_root(NO_PLAN, root, 0, lost)(groups, ARGUMENTS, "k", encode, deny, lambda step: LOST, mark)


def column(name: str, place: int, test: Gate = Gate(), **more: Any) -> Bound:  # noqa: B008
    return Bound(name, ("me", name), "column", **({"choices": (Choice(place, test),)} | more))


def holds(place: int) -> Gate:
    """That the boolean at a place of the teller's row is true."""
    return Gate(Guard(((place,),)))


def test_a_record_is_its_response_names_in_order() -> None:
    fields = [
        column("b", 2),
        column("a", 1),
        Bound("t", (), "constant", value="Resident"),
        Bound("i", (), "id", choices=(Choice(3),), record="Resident"),
    ]
    data = assembled(fields, [{"k": [("k", "x", None, 7)]}])
    assert list(data.items()) == [("b", None), ("a", "x"), ("t", "Resident"), ("i", "Resident-7")]


def test_no_row_is_null_and_no_rows_are_an_empty_list() -> None:
    one = Bound("one", ("me", "one"), "one", 1, step=1, fields=[column("x", 1)])
    many = Bound("many", ("me", "many"), "many", 1, step=1, fields=[column("x", 1)])
    assert assembled([one], [{}, {}]) is None
    assert assembled([one, many], [{"k": [("k", "p")]}, {}]) == {"one": None, "many": []}
    assert assembled([one, many], [{"k": [("k", None)]}, {}]) == {"one": None, "many": []}
    rows = {"p": [("p", 1), ("p", 2)]}
    assert assembled([one, many], [{"k": [("k", "p")]}, rows]) == {"one": {"x": 1}, "many": [{"x": 1}, {"x": 2}]}


def test_a_joined_record_is_there_when_its_key_is() -> None:
    joined = Bound("home", (), "joined", 1, fields=[column("size", 2), Bound("in", (), "joined", 3, fields=[column("x", 4)])])
    assert assembled([joined], [{"k": [("k", None, None, None, None)]}]) == {"home": None}
    assert assembled([joined], [{"k": [("k", 5, 2, None, None)]}]) == {"home": {"size": 2, "in": None}}


def test_a_guard_on_the_row_itself_and_one_on_the_row_above() -> None:
    denied: list[int] = []
    child = Bound("kids", ("me", "kids"), "many", 1, step=1, fields=[column("x", 1, holds(3), above=True, refusal=9)])
    fields = [column("a", 2, holds(3), refusal=8), child]
    groups = [{"k": [("k", "p", "secret", False)]}, {"p": [("p", "secret")]}]
    assert assembled(fields, groups, denied=denied) == {"a": WITHHELD, "kids": [{"x": WITHHELD}]}
    assert sorted(denied) == [8, 9]
    groups[0] = {"k": [("k", "p", "open", True)]}
    assert assembled(fields, groups) == {"a": "open", "kids": [{"x": "secret"}]}


def test_the_first_choice_whose_test_holds_is_shown_and_masks_are_marked() -> None:
    choices = (Choice(1, holds(3)), Choice(2, holds(4), mark=7))
    fields = [Bound("a", ("me", "a"), "column", choices=choices, refusal=8)]
    for first, second, expected in ((True, True, "whole"), (False, True, "masked by 7: part"), (False, False, WITHHELD)):
        assert assembled(fields, [{"k": [("k", "whole", "part", first, second)]}]) == {"a": expected}


def test_facts_of_other_registers() -> None:
    """Step 1 has facts by the key at place 1 of the row: a row of its own, whose boolean says so."""
    fact = Fact(place=1, step=1, column=1)
    row = [{"k": [("k", "p", "value", True)]}]
    needs = column("a", 2, Gate(Guard(((3, fact),))), refusal=8)
    unless = column("a", 2, Gate(Guard(((),), (fact,))), refusal=8)
    found: dict[str, Any] = {"p": [("p", False), ("p", True)]}
    for facts, with_, without in (
        (found, "value", WITHHELD),
        ({"p": [("p", False)]}, WITHHELD, "value"),
        ({}, WITHHELD, "value"),
    ):
        assert assembled([needs], [*row, facts]) == {"a": with_}
        assert assembled([unless], [*row, facts]) == {"a": without}
    needs.depends = frozenset({1})
    assert assembled([needs], [*row, {}], frozenset({1})) == {"a": LOST}


def test_what_may_not_be_known_of_looks_absent_and_what_may_is_said() -> None:
    silent = (Choice(1, silent=holds(2)),)
    kids = Bound("kids", ("me", "kids"), "many", 3, step=1, choices=(Choice(3, silent=holds(2)),), fields=[column("x", 1)])
    told = column("b", 1, bans=((holds(2), 9),))
    fields = [Bound("a", ("me", "a"), "column", choices=silent), kids, told]
    rows = {"p": [("p", "kid")]}
    assert assembled(fields, [{"k": [("k", "v", False, "p")]}, rows]) == {"a": None, "kids": [], "b": WITHHELD}
    assert assembled(fields, [{"k": [("k", "v", True, "p")]}, rows]) == {"a": "v", "kids": [{"x": "kid"}], "b": "v"}


def test_more_of_a_row_comes_from_another_step() -> None:
    fields = [Bound("a", ("me", "a"), "column", choices=(Choice(1, holds(2)),), detail=(1, 1), refusal=8)]
    assert assembled(fields, [{"k": [("k", 5, True)]}, {5: [(5, "more")]}]) == {"a": "more"}
    assert assembled(fields, [{"k": [("k", 5, True)]}, {}]) == {"a": None}
    assert assembled(fields, [{"k": [("k", 5, False)]}, {5: [(5, "more")]}]) == {"a": WITHHELD}


def test_of_a_link_with_filters_rows_are_counted_once_they_are_chosen() -> None:
    filters = ((holds(2), 2), (Gate(), 3))
    kids = Bound("kids", ("me", "kids"), "many", 1, step=1, choices=(Choice(1),), fields=[column("x", 1)], filters=filters,
                 limit=Argument(0, "limit"))  # fmt: skip
    rows = {"p": [("p", 1, True, False), ("p", 2, False, True), ("p", 3, False, False), ("p", 4, False, True)]}
    assert assembled([kids], [{"k": [("k", "p", True)]}, rows]) == {"kids": [{"x": 1}, {"x": 2}]}
    assert assembled([kids], [{"k": [("k", "p", False)]}, rows]) == {"kids": [{"x": 2}, {"x": 4}]}


def test_lost_steps_leave_holes_and_the_rest_whole() -> None:
    kids = Bound("kids", ("me", "kids"), "many", 1, step=1, fields=[column("x", 1)])
    assert assembled([column("a", 1), kids], [{"k": [("k", "p")]}, {}], frozenset({1})) == {"a": "p", "kids": LOST}
    assert assembled([column("a", 1)], [{}], frozenset({0})) is LOST


@pytest.mark.parametrize("json", [False, True])
def test_a_connection(json: bool) -> None:
    layout: list[tuple[str, Any]] = [
        ("n", "totalCount"), ("t", Constant("ResidentConnection")),
        ("edges", [("c", "cursor"), ("node", 0), ("e", Constant("ResidentEdge"))]),
        ("p", {"hasNextPage": "hasNextPage", "hasPreviousPage": "hasPreviousPage", "s": "startCursor", "e": "endCursor"}),
    ]  # fmt: skip
    fields = [column("name", 0)]
    root = BoundRoot("residents", "listing", 0, [0], [fields], ["Resident"], layout, 1, (1,), json)
    rows = [(b'{"name":"Kim"}' if json else "Kim", 7), (b'{"name":"Lee"}' if json else "Lee", 8)]
    make = compile_root(NO_PLAN, root, 0, frozenset())
    data = make([{}, {}], ARGUMENTS, rows, True, False, 14, lambda values: f"c{values[0]}", {}, None, None, None)
    assert orjson.loads(orjson.dumps(data)) == {
        "n": 14,
        "t": "ResidentConnection",
        "edges": [
            {"c": "c7", "node": {"name": "Kim"}, "e": "ResidentEdge"},
            {"c": "c8", "node": {"name": "Lee"}, "e": "ResidentEdge"},
        ],
        "p": {"hasNextPage": True, "hasPreviousPage": False, "s": "c7", "e": "c8"},
    }
    empty = orjson.loads(orjson.dumps(make([{}, {}], ARGUMENTS, [], False, True, 0, str, {}, None, None, None)))
    assert (empty["edges"], empty["p"]["s"], empty["p"]["e"]) == ([], None, None)


@pytest.mark.parametrize("json", [False, True])
def test_edges_of_which_nothing_is_asked(json: bool) -> None:
    """`a: edges { cursor @skip(if: true) }` beside edges with a node."""
    root = BoundRoot("residents", "listing", 0, [0], [[column("name", 0)]], ["Resident"], [("a", []), ("e", [("node", 0)])])
    root.json = json
    rows = [(b'{"name":"Kim"}',) if json else ("Kim",)]
    data = compile_root(NO_PLAN, root, 0, frozenset())([{}], ARGUMENTS, rows, False, False, None, str, {}, None, None, None)
    assert orjson.loads(orjson.dumps(data)) == {"a": [{}], "e": [{"node": {"name": "Kim"}}]}


def test_names_and_values_are_data_and_never_code() -> None:
    name = "x'}: __import__('os')"  # GraphQL's grammar admits no such name; the code would not run it if it did.
    assert assembled([Bound(name, (), "constant", value="'); raise")], [{"k": [("k",)]}]) == {name: "'); raise"}


def test_filling_finds_the_first_hole_of_its_kind_and_fills_them_all() -> None:
    data = {"r": [{"x": 1}, {"x": LOST}, {"x": WITHHELD}, {"x": WITHHELD}, None]}
    assert fill(data, ("r", "*", "x"), WITHHELD) == ("r", 2, "x")
    assert fill(data, ("r", "*", "x"), WITHHELD) is None
    assert fill(data, ("r", "*", "x"), LOST) == ("r", 1, "x")
    assert data == {"r": [{"x": 1}, {"x": None}, {"x": None}, {"x": None}, None]}


def test_a_path_is_reached_where_its_parent_is() -> None:
    assert reached({"r": [None, {"a": None}]}, ("r", "*", "a")) == ("r", 1, "a")
    assert reached({"r": []}, ("r", "*", "a")) is None
    assert reached({"r": None}, ("r", "a")) is None
    assert reached({"r": LOST}, ("r", "a")) is None


def test_lists_within_lists_as_deep_as_the_limit() -> None:
    bound = column("x", 1)
    for _ in range(14):
        bound = Bound("m", (), "many", 1, step=1, fields=[bound])
    data = assembled([bound], [{"k": [("k", "p")]}, {"p": [("p", "p")]}])
    for _ in range(14):
        (data,) = data["m"]
    assert data == {"x": "p"}
