"""From text to one valid, bounded, remembered operation (GraphQL specification, sections 5, 6.1.1 and 6.1.2)."""

from __future__ import annotations

import pytest

from resolvers.operation import Limits, Operations, RequestError
from tests.resolvers.nation import SCHEMA

GRAPH = SCHEMA._schema
BOUNDS = Limits(depth=3, fields=6, aliases=2, tokens=60)


def read(text: str, name: str | None = None, limits: Limits = BOUNDS) -> object:
    return Operations(limits).get(GRAPH, text, name)


def code(text: str, name: str | None = None) -> str:
    with pytest.raises(RequestError) as error:
        read(text, name)
    return error.value.code


def test_equal_text_gives_the_same_operation() -> None:
    operations = Operations(BOUNDS)
    one = operations.get(GRAPH, "{ me { name } }", None)
    assert operations.get(GRAPH, "{ me { name } }", None) is one
    assert operations.get(GRAPH, "{ me { name  } }", None) is not one


def test_the_operation_is_chosen_by_name() -> None:  # 6.1 GetOperation
    text = "query A { me { name } } query B { me { sex } }"
    assert read(text, "A") is not read(text, "B")
    assert code(text) == "OPERATION_RESOLUTION_FAILURE"
    assert code(text, "C") == "OPERATION_RESOLUTION_FAILURE"


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("{ me { spouse { name } } }", True),
        ("{ me { spouse { spouse { name } } } }", False),
        ("{ me { ... { ... { ... { spouse { name } } } } } }", True),
        ("{ me { ...F } } fragment F on Resident { spouse { spouse { name } } }", False),
        ("{ me { a b c d e } }", True),
        ("{ me { a b c d e f } }", False),
        ("{ x: me { y: a } }", True),
        ("{ x: me { y: a z: b } }", False),
        ("{ me { " + "\n" * 500 + "name } }", True),
        ("{ me { name } }" + " fragment F on Resident { name }" * 10, False),
    ],
)
def test_bounds_hold_with_fragments_spread(text: str, within: bool) -> None:
    with pytest.raises(RequestError) as error:
        read(text + " query Z { nothing }")  # Never valid: what is within bounds gets as far as validation.
    assert (error.value.code != "LIMIT_EXCEEDED") is within


def test_bounds_are_those_of_each_operation_alone() -> None:
    text = "query A { me { a b c d } } query B { me { a b c d } }"
    assert code(text, "A") == "GRAPHQL_VALIDATION_FAILED"


def test_every_mistake_of_the_variables_is_told() -> None:  # 6.1.2
    operations = Operations(Limits())
    text = "query ($a: Int!, $b: ResidentOrder, $c: ID!) { residents(first: $a, orderBy: $b) { totalCount } node(id: $c) { id } }"
    operation = operations.get(GRAPH, text, None)
    with pytest.raises(RequestError) as error:
        operation.variables(GRAPH, {"a": "three", "b": "SIDEWAYS", "c": None})
    assert error.value.code == "BAD_USER_INPUT"
    assert len(error.value.errors) == 3


def test_variables_that_are_not_asked_for_are_passed_over() -> None:
    operation = Operations(Limits()).get(GRAPH, "query ($a: Int) { residents(first: $a) { totalCount } }", None)
    assert operation.variables(GRAPH, {"a": 3, "z": object()}) == {"a": 3}
    assert operation.variables(GRAPH, {}) == {}


def test_switches_are_the_variables_of_skip_and_include() -> None:
    text = """query ($a: Boolean!, $b: Boolean!, $c: Int) {
      residents(first: $c) @skip(if: $a) { ...F } } fragment F on ResidentConnection { totalCount @include(if: $b) }"""
    assert Operations(Limits()).get(GRAPH, text, None).switches == ("a", "b")
