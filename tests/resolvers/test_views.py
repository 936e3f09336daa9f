"""The graph that a caller's documents are validated against, and the one that introspection shows."""

from __future__ import annotations

import json

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, get_introspection_query, graphql_sync, validate_schema

from resolvers.views import Views
from tests.resolvers.nation import CATALOGUE, CITIZEN, SCHEMA
from tests.resolvers.world import Profile, World

ALL = frozenset(CATALOGUE.coordinates())
OPERATION = get_introspection_query()


@pytest.fixture(scope="module")
def views() -> Views:
    return Views(SCHEMA._schema, CATALOGUE)


def fields(schema: GraphQLSchema, name: str) -> set[str]:
    kind = schema.type_map.get(name)
    return set(kind.fields) if isinstance(kind, GraphQLObjectType) else set()


def test_with_nothing_left_out_it_is_the_graph_itself(views: Views) -> None:
    assert views.without(frozenset()) is views.full
    assert set(views.only(ALL).type_map) == set(views.full.type_map)


@pytest.mark.parametrize("kept", [frozenset(), *({c} for c in sorted(ALL))])
def test_a_view_of_any_one_coordinate_is_a_valid_graph(views: Views, kept: frozenset[str]) -> None:
    schema = views.only(frozenset(kept))
    assert validate_schema(schema) == []
    assert not graphql_sync(schema, OPERATION).errors


@pytest.mark.parametrize("hidden", [*({c} for c in sorted(ALL)), {"Resident.id", "Household.id"}])
def test_a_view_without_any_one_coordinate_is_a_valid_graph(views: Views, hidden: set[str]) -> None:
    schema = views.without(frozenset(hidden))
    assert validate_schema(schema) == []
    for coordinate in hidden:
        record, name = coordinate.split(".")
        assert name not in fields(schema, record)


def test_types_that_nothing_leads_to_are_gone(views: Views) -> None:
    schema = views.only(frozenset({"Resident.id", "Resident.name", "TaxCertificate.year", "Resident.passports"}))
    assert "TaxCertificate" not in schema.type_map
    assert fields(schema, "Resident") == {"id", "name"}
    assert "Passport" not in schema.type_map


def test_a_type_that_lost_its_id_is_no_node(views: Views) -> None:
    schema = views.only(frozenset({"Resident.name"}))
    assert "node" not in fields(schema, "Query")
    assert {"residents", "me"} <= fields(schema, "Query")


async def test_introspection_shows_the_callers_view(here: World) -> None:
    here.under(Profile())
    here.regulations.seen = frozenset({"Resident.id", "Resident.name"})
    operation = '{ __type(name: "Resident") { fields { name } } me { __typename } }'
    try:
        own = json.loads((await here.answer(operation, CITIZEN)).body)["data"]
        whole = json.loads((await here.answer(operation, CITIZEN, whole_view=True)).body)["data"]
    finally:
        here.regulations.seen = None
    assert [f["name"] for f in own["__type"]["fields"]] == ["id", "name"]
    assert {"rrn", "taxCertificates"} <= {f["name"] for f in whole["__type"]["fields"]}
    assert own["me"] == {"__typename": "Resident"}


async def test_introspection_reads_no_register_and_needs_no_purpose(here: World) -> None:
    here.under(Profile(granted=()))
    answer = await here.answer("{ __schema { queryType { name } } __typename }", CITIZEN, purpose=None)
    assert json.loads(answer.body) == {"data": {"__schema": {"queryType": {"name": "Query"}}, "__typename": "Query"}}
    assert here.fetches() == 0


async def test_descriptions_of_the_graph_are_in_every_view(here: World) -> None:
    here.under(Profile())
    operation = '{ __type(name: "TaxCertificate") { description fields { name description } } }'
    told = json.loads((await here.answer(operation, CITIZEN)).body)["data"]["__type"]
    assert all(f["description"] for f in told["fields"])


def test_every_coordinate_has_a_description(views: Views) -> None:
    for record in CATALOGUE.records.values():
        kind = views.full.type_map[record.name]
        assert isinstance(kind, GraphQLObjectType)
        assert kind.description
        assert all(f.description for f in kind.fields.values())
