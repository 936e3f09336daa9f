"""From rows to data, by code made for the plan: every kind of field, holes and their paths (specification, 6.4.2 to 6.4.4)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from resolvers.assemble import LOST, WITHHELD, compile_root, fill, reached
from resolvers.plan import Bound, BoundRoot, Constant, Plan

NO_PLAN = Plan([], [], [], [], [], [], [], False)


def assembled(fields: list[Bound], groups: list[Any], lost: frozenset[int] = frozenset(), denied: list[int] | None = None) -> Any:
    root = BoundRoot("me", "lookup", 0, [0], [fields], ["Resident"])

    def deny(refusal: int) -> Any:
        if denied is not None:
            denied.append(refusal)
        return WITHHELD

    def encode(name: str, key: int) -> str:
        return f"{name}-{key}"

    return compile_root(NO_PLAN, root, 0, lost)(groups, "k", encode, deny, lambda step: LOST)


def column(name: str, place: int, **more: Any) -> Bound:
    return Bound(name, ("me", name), "column", place, **more)


def test_a_record_is_its_response_names_in_order() -> None:
    fields = [
        column("b", 2),
        column("a", 1),
        Bound("t", (), "constant", value="Resident"),
        Bound("i", (), "id", 3, record="Resident"),
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


def test_a_guard_in_the_own_row_and_one_in_the_row_above() -> None:
    denied: list[int] = []
    child = Bound("kids", ("me", "kids"), "many", 1, step=1, fields=[column("x", 1, guard=3, guard_above=True, refusal=9)])
    fields = [column("a", 2, guard=3, refusal=8), child]
    groups = [{"k": [("k", "p", "secret", False)]}, {"p": [("p", "secret")]}]
    assert assembled(fields, groups, denied=denied) == {"a": WITHHELD, "kids": [{"x": WITHHELD}]}
    assert sorted(denied) == [8, 9]
    groups[0] = {"k": [("k", "p", "open", True)]}
    assert assembled(fields, groups) == {"a": "open", "kids": [{"x": "secret"}]}


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
    data = make([{}, {}], rows, True, False, 14, lambda values: f"c{values[0]}", {}, None, None)
    assert orjson.loads(orjson.dumps(data)) == {
        "n": 14,
        "t": "ResidentConnection",
        "edges": [
            {"c": "c7", "node": {"name": "Kim"}, "e": "ResidentEdge"},
            {"c": "c8", "node": {"name": "Lee"}, "e": "ResidentEdge"},
        ],
        "p": {"hasNextPage": True, "hasPreviousPage": False, "s": "c7", "e": "c8"},
    }
    empty = orjson.loads(orjson.dumps(make([{}, {}], [], False, True, 0, str, {}, None, None)))
    assert (empty["edges"], empty["p"]["s"], empty["p"]["e"]) == ([], None, None)


@pytest.mark.parametrize("json", [False, True])
def test_edges_of_which_nothing_is_asked(json: bool) -> None:
    """`a: edges { cursor @skip(if: true) }` beside edges with a node."""
    root = BoundRoot("residents", "listing", 0, [0], [[column("name", 0)]], ["Resident"], [("a", []), ("e", [("node", 0)])])
    root.json = json
    rows = [(b'{"name":"Kim"}',) if json else ("Kim",)]
    data = compile_root(NO_PLAN, root, 0, frozenset())([{}], rows, False, False, None, str, {}, None, None)
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
