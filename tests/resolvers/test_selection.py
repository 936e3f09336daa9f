"""CollectFields and MergeSelectionSets (GraphQL specification, section 6.3.2), and argument values (6.4.1)."""

from __future__ import annotations

from typing import Any

import pytest

from resolvers.operation import Limits, Operations
from resolvers.selection import Collected, Edge, Selection, collect
from tests.resolvers.nation import CATALOGUE, SCHEMA

GRAPH = SCHEMA._schema


def collected(text: str, **variables: Any) -> Collected:
    operation = Operations(Limits()).get(GRAPH, text, None)
    return collect(operation, CATALOGUE, GRAPH, operation.variables(GRAPH, variables))


def names(selection: Selection) -> Any:
    """Response names, in order, with what is below them."""
    return [a.name if a.selection is None else (a.name, names(a.selection)) for a in selection.asked]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("name sex name", ["name", "sex"]),
        ("a: name name", ["a", "name"]),
        ("... on Resident { name } ... on Node { id } ... { sex }", ["name", "id", "sex"]),
        ("household { size } name household { address }", [("household", ["size", "address"]), "name"]),
        ("name @skip(if: true) sex @include(if: true)", ["sex"]),
        ("name @skip(if: false) sex @include(if: false)", ["name"]),
        ("name @include(if: true) @skip(if: true) sex @skip(if: false) @include(if: true)", ["sex"]),
        ("name @include(if: $no) sex @include(if: $yes) id @skip(if: $no)", ["sex", "id"]),
        ("... @include(if: $no) { name } ... @skip(if: $no) { sex }", ["sex"]),
        ("__typename t: __typename", ["__typename", "t"]),
        ("name @skip(if: true)", []),
    ],
)
def test_fields_are_collected_as_the_specification_says(body: str, expected: Any) -> None:
    # Variables of the default value type-check against Boolean! by section 5.8.5.
    used = {n for n in ("yes", "no") if f"${n}" in body}
    head = ", ".join(f"${n}: Boolean = {'true' if n == 'yes' else 'false'}" for n in sorted(used))
    (root,) = collected(f"query {f'({head})' if head else ''} {{ me {{ {body} }} }}").roots
    assert names(root.selections[0]) == expected


def test_fragments_are_spread_once_and_on_the_concrete_type() -> None:
    text = """{ node(id: "x") { ...A ...A ... on Household { size ...B } } }
      fragment A on Node { id ...B ... on Resident { name } } fragment B on Node { ... on Household { address } }"""
    (root,) = collected(text).roots
    by_type = {s.record.name: names(s) for s in root.selections}
    assert by_type == {"Resident": ["id", "name"], "Household": ["id", "address", "size"]}


def test_root_fields_are_merged_under_their_response_name() -> None:
    result = collected("{ me { name } x: me { sex } ... on Query { me { id } } __typename __schema { queryType { name } } }")
    assert [(r.name, names(r.selections[0])) for r in result.roots] == [("me", ["name", "id"]), ("x", ["sex"])]
    assert result.typenames == ["__typename"]
    assert list(result.others) == ["__schema"]
    assert result.order == ["me", "x", "__typename", "__schema"]


def test_a_connection_has_a_layout() -> None:
    text = """{ residents { totalCount e: edges { cursor node { name } } edges { node { id } n: node { sex } }
      pageInfo { hasNextPage } } }"""
    (root,) = collected(text).roots
    assert root.connection is not None
    (_, one), (_, first), (_, second), (_, info) = root.connection.parts
    assert one == "totalCount"
    assert isinstance(first, Edge)
    assert isinstance(second, Edge)
    assert [(n, p if isinstance(p, str) else names(p)) for n, p in first.parts] == [("cursor", "cursor"), ("node", ["name"])]
    assert second.path == ("residents", "edges", "*")
    assert info == [("hasNextPage", "hasNextPage")]
    assert [names(s) for s in root.selections] == [["name"], ["id"], ["sex"]]


def test_paths_name_every_place_in_a_list() -> None:
    (root,) = collected("{ me { p: passports { n: number } household { members { id } } } }").roots
    passports, household = root.selections[0].asked
    assert passports.selection is not None
    assert passports.selection.asked[0].path == ("me", "p", "*", "n")
    assert household.selection is not None
    assert household.selection.asked[0].path == ("me", "household", "members")


@pytest.mark.parametrize(
    ("argument", "variables", "expected"),
    [
        ("limit: 3", {}, {"limit": 3}),
        ("limit: null", {}, {"limit": None}),
        ("", {}, {}),
        ("limit: $v", {"v": 4}, {"limit": 4}),
        ("limit: $v", {"v": None}, {"limit": None}),
        ("limit: $v", {}, {}),
        ("orderBy: YEAR_ASC", {}, {"orderBy": "YEAR_ASC"}),
        ("orderBy: YEAR_ASC, limit: $v", {"v": 1}, {"orderBy": "YEAR_ASC", "limit": 1}),
    ],
)
def test_argument_values(argument: str, variables: dict[str, Any], expected: dict[str, Any]) -> None:  # 6.4.1
    head = "query ($v: Int)" if "$v" in argument else "query"
    arguments = f"({argument})" if argument else ""
    text = f"{head} {{ me {{ taxCertificates{arguments} {{ year }} }} }}"
    operation = Operations(Limits()).get(GRAPH, text, None)
    values = operation.variables(GRAPH, variables)
    result = collect(operation, CATALOGUE, GRAPH, values)
    assert dict(result.arguments[-1].values(values)) == expected


def test_enumerations_are_their_names_wherever_they_stand() -> None:
    text = "query ($f: ResidentFilter, $o: ResidentOrder) { residents(filter: $f, orderBy: $o) { totalCount } }"
    operation = Operations(Limits()).get(GRAPH, text, None)
    values = operation.variables(GRAPH, {"f": {"sex": "MALE", "status": None}, "o": "NAME_DESC"})
    (arguments,) = collect(operation, CATALOGUE, GRAPH, values).arguments
    assert arguments.values(values) == {"filter": {"sex": "MALE", "status": None}, "orderBy": "NAME_DESC"}
