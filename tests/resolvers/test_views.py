"""The graph that a caller's documents are validated against, and the one that introspection shows."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_introspection_query,
    graphql_sync,
    print_schema,
    validate_schema,
)

from auth.access import Access, Article, Caller, Grantable, Mask, Use
from auth.authorizer import RegulationAuthorizer
from auth.words import article_in_words
from madang.coordinates import coordinates
from resolvers.views import Views
from tests.resolvers.nation import CATALOGUE, CITIZEN, CLERK, NEITHER, SCHEMA
from tests.resolvers.world import Profile, World, every_use, world

ANALYST = Caller("kostat", "analyst", "analyst-1")
REGULATIONS = Path(__file__).parents[2] / "auth" / "regulations"
ALL = frozenset(CATALOGUE.coordinates())
OPERATION = get_introspection_query()


@pytest.fixture(scope="module")
def views() -> Views:
    return Views(SCHEMA._schema, CATALOGUE)


def fields(schema: GraphQLSchema, name: str) -> set[str]:
    kind = schema.type_map.get(name)
    if isinstance(kind, GraphQLEnumType):
        return set(kind.values)
    return set(kind.fields) if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType) else set()


def roots(schema: GraphQLSchema) -> dict[str, set[str]]:
    """The root fields with their arguments, but for those that everybody is shown."""
    assert schema.query_type
    found = {name: set(field.args) for name, field in schema.query_type.fields.items()}
    assert found.pop("sharing") == found.pop("services") == set()
    assert found.pop("evidence") == {"service", "case"}
    return found


def ways(access: Access, use: Use, *coordinates: str) -> frozenset[Grantable]:
    return frozenset(Grantable(coordinate, access, use) for coordinate in coordinates)


NAME = ways("lookup", "read", "Resident.name", "Household.size") | ways("list", "read", "Resident.name")
PAGES = {"first", "after"}
NOTHING: dict[str, set[str]] = {}
"""All that is left where no root field of the registers is."""


def test_with_nothing_left_out_it_is_the_graph_itself(views: Views) -> None:
    assert views.without(frozenset()) is views.full
    assert set(views.only(every_use(ALL), CITIZEN, {}).type_map) == set(views.full.type_map)


@pytest.mark.parametrize("kept", [frozenset(), *({c} for c in sorted(ALL))])
def test_a_view_of_any_one_coordinate_is_a_valid_graph(views: Views, kept: frozenset[str]) -> None:
    schema = views.only(every_use(kept), CITIZEN, {})
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
    schema = views.only(every_use({"Resident.id", "Resident.name", "TaxCertificate.year", "Resident.passports"}), CITIZEN, {})
    assert "TaxCertificate" not in schema.type_map
    assert fields(schema, "Resident") == {"id", "name"}
    assert "Passport" not in schema.type_map


def test_a_type_that_lost_its_id_is_no_node(views: Views) -> None:
    schema = views.only(NAME | ways("lookup", "search", "Resident.id"), CITIZEN, {})
    assert {"Query", "Resident"} <= set(schema.type_map)
    assert "Node" not in schema.type_map
    assert set(roots(schema)) == {"resident", "me"}


@pytest.mark.parametrize(
    ("granted", "shown"),
    [
        (ways("lookup", "search", "Resident.rrn"), {"resident": {"rrn"}}),
        (ways("list", "search", "Resident.rrn"), NOTHING),
        (ways("lookup", "read", "Resident.rrn"), NOTHING),
        (ways("lookup", "search", "Resident.id"), {"resident": {"id"}, "me": set()}),
        (ways("lookup", "search", "Household.id"), {"household": {"id"}}),
        (ways("list", "search", "Resident.id"), {"residents": PAGES}),
        (ways("list", "search", "Resident.birthDate"), {"residents": {*PAGES, "orderBy"}}),
        (ways("list", "search", "Resident.id", "Resident.sex"), {"residents": {*PAGES, "filter"}}),
        # Without an order that is granted a list cannot be paged.
        (ways("list", "search", "Resident.sex"), NOTHING),
        (ways("lookup", "search", "Resident.sex", "Resident.birthDate"), NOTHING),
    ],
)
def test_a_root_field_is_shown_with_what_it_can_be_asked_by(
    views: Views, granted: frozenset[Grantable], shown: dict[str, set[str]]
) -> None:
    assert roots(views.only(NAME | granted, CITIZEN, {})) == shown


def test_node_needs_the_id_of_any_type_that_has_one(views: Views) -> None:
    ids = ways("lookup", "read", "Resident.id")
    search = ways("lookup", "search", "Household.id", "Resident.rrn")
    assert "node" in roots(views.only(NAME | ids | search, CITIZEN, {}))
    for lacking in (ways("lookup", "search", "Resident.rrn"), ways("list", "search", "Resident.id")):
        assert "node" not in roots(views.only(NAME | ids | lacking, CITIZEN, {}))


def test_a_callers_own_record_is_shown_to_callers_who_have_a_number(views: Views) -> None:
    assert "me" in roots(views.only(every_use(ALL), CITIZEN, {}))
    assert "me" not in roots(views.only(every_use(ALL), CLERK, {}))


def test_a_field_is_shown_where_it_can_be_read_and_a_count_only_of_lists(views: Views) -> None:
    asked = ways("list", "search", "Resident.id", "Resident.name") | ways("lookup", "search", "Resident.id")
    schema = views.only(NAME | asked | ways("lookup", "read", "ResidentConnection.totalCount"), CITIZEN, {})
    assert fields(schema, "Resident") == {"name"}
    assert "totalCount" not in fields(schema, "ResidentConnection")
    schema = views.only(NAME | asked | ways("list", "read", "ResidentConnection.totalCount"), CITIZEN, {})
    assert "totalCount" in fields(schema, "ResidentConnection")


def test_child_lists_may_be_ordered_by_what_is_searchable_under_lookup(views: Views) -> None:
    granted = ways("lookup", "read", "Resident.household", "Household.members") | NAME
    schema = views.only(granted | ways("lookup", "search", "Resident.rrn", "Resident.birthDate"), CITIZEN, {})
    assert fields(schema, "ResidentOrder") == {"BIRTH_DATE_ASC", "BIRTH_DATE_DESC"}
    schema = views.only(granted | ways("lookup", "search", "Resident.rrn"), CITIZEN, {})
    household = schema.type_map["Household"]
    assert isinstance(household, GraphQLObjectType)
    assert set(household.fields["members"].args) == {"limit"}


# Under the regulations of the sample nation.


@pytest.fixture(scope="module")
def authorizer() -> RegulationAuthorizer:
    return RegulationAuthorizer.load(REGULATIONS, coordinates(CATALOGUE), today=lambda: dt.date(2026, 6, 1))


@pytest.mark.parametrize("caller", [NEITHER, CLERK, CITIZEN, ANALYST, Caller("nobody", "nothing", "x")])
def test_every_field_that_is_shown_and_shared_says_under_which_article(
    views: Views, authorizer: RegulationAuthorizer, caller: Caller
) -> None:
    articles = authorizer.articles(caller)
    for schema in (
        views.only(authorizer.grantable(caller), caller, articles),
        views.whole(authorizer.hidden_from(caller), articles),
    ):
        told = 0
        for coordinate in ALL:
            record, name = coordinate.split(".")
            if name not in fields(schema, record):
                continue
            kind = schema.type_map[record]
            assert isinstance(kind, GraphQLObjectType)
            described, sentences = (
                kind.fields[name].description or "",
                [article_in_words(a) for a in articles.get(coordinate, ())],
            )
            before = views.full.type_map[record].fields[name].description  # type: ignore[attr-defined]
            assert described == "\n\n".join([before, "\n".join(sentences)] if sentences else [before]), coordinate
            told += bool(sentences)
        assert bool(told) is (caller.agency != "nobody")


def test_a_mask_is_said_with_the_article(views: Views, authorizer: RegulationAuthorizer) -> None:
    masked = Article("Tax Act, art. 1", ("welfare", "travel"), Mask("band", 10_000_000))
    schema = views.only(every_use(ALL), CLERK, {"TaxCertificate.income": (masked, Article("Tax Act, art. 2", ("census",)))})
    assert fields(schema, "TaxCertificate")
    described = schema.type_map["TaxCertificate"].fields["income"].description  # type: ignore[attr-defined]
    assert described.endswith(
        "\n\nShared under Tax Act, art. 1, for welfare, travel, rounded down to a multiple of 10000000."
        "\nShared under Tax Act, art. 2, for census."
    )


def test_views_that_say_the_same_are_one_and_others_are_not(views: Views, authorizer: RegulationAuthorizer) -> None:
    def view(caller: Caller, at: dt.date | None = None) -> GraphQLSchema:
        law = authorizer.at(at) if at else authorizer
        return views.only(law.grantable(caller), caller, law.articles(caller))

    neighbour = Caller("gangnam", "resident-clerk", "another", jurisdiction="11680")
    assert view(CLERK) is view(neighbour) is view(CLERK, dt.date(2026, 6, 2))
    assert view(CLERK) is not view(NEITHER)
    assert view(NEITHER) is not view(NEITHER, dt.date(2024, 6, 1))
    other = {"Resident.name": (Article("Another Act, art. 1", ("travel",)),)}
    granted = authorizer.grantable(CLERK)
    assert views.only(granted, CLERK, other) is not views.only(granted, CLERK, {})
    # Of what is not shown nothing is said, so it makes no difference either.
    assert views.only(NAME, CLERK, {"TaxCertificate.income": other["Resident.name"]}) is views.only(NAME, CLERK, {})


def test_what_documents_are_validated_against_says_nothing_of_articles(views: Views, authorizer: RegulationAuthorizer) -> None:
    schema = views.without(authorizer.hidden_from(NEITHER))
    assert "Shared under" not in print_schema(schema)


def test_the_passport_officer_looks_residents_up_and_lists_nobody(views: Views, authorizer: RegulationAuthorizer) -> None:
    schema = views.only(authorizer.grantable(NEITHER), NEITHER, {})
    assert roots(schema) == {"node": {"id"}, "resident": {"id", "rrn"}, "household": {"id"}}
    assert {"id", "rrn", "passports", "militaryService"} <= fields(schema, "Resident")
    assert "taxCertificates" not in fields(schema, "Resident")
    assert not {"ResidentFilter", "ResidentConnection", "TaxCertificate", "MoveIn"} & set(schema.type_map)
    assert fields(schema, "ResidentOrder") == {"BIRTH_DATE_ASC", "BIRTH_DATE_DESC"}


def test_the_citizen_sees_every_register_but_no_list(views: Views, authorizer: RegulationAuthorizer) -> None:
    schema = views.only(authorizer.grantable(CITIZEN), CITIZEN, {})
    assert roots(schema) == {"node": {"id"}, "resident": {"id", "rrn"}, "me": set(), "household": {"id"}}
    assert {"taxCertificates", "passports", "addressProtected"} <= fields(schema, "Resident")
    assert not {"ResidentFilter", "ResidentConnection", "PageInfo"} & set(schema.type_map)


def test_the_analyst_lists_and_counts_and_looks_nobody_up(views: Views, authorizer: RegulationAuthorizer) -> None:
    schema = views.only(authorizer.grantable(ANALYST), ANALYST, {})
    assert roots(schema) == {"residents": {*PAGES, "filter", "orderBy"}}
    assert fields(schema, "Resident") == {"sex", "age", "isAdult", "status", "districtCode"}
    assert fields(schema, "ResidentFilter") == {"districtCode", "ageAtLeast", "ageAtMost", "sex", "status"}
    assert fields(schema, "ResidentOrder") == {"DISTRICT_CODE_ASC", "DISTRICT_CODE_DESC"}
    assert "totalCount" in fields(schema, "ResidentConnection")
    assert not {"Node", "Household"} & set(schema.type_map)


def test_the_resident_clerk_looks_up_and_lists_but_is_nobody(views: Views, authorizer: RegulationAuthorizer) -> None:
    schema = views.only(authorizer.grantable(CLERK), CLERK, {})
    assert roots(schema) == {
        "node": {"id"},
        "resident": {"id", "rrn"},
        "residents": {*PAGES, "filter", "orderBy"},
        "household": {"id"},
    }


# As introspection answers.


async def test_introspection_shows_the_callers_view(here: World) -> None:
    here.under(Profile())
    here.regulations.seen = {"Resident.id", "Resident.name"}
    operation = '{ __type(name: "Resident") { fields { name } } me { __typename } }'
    try:
        own = json.loads((await here.answer(operation, CITIZEN)).body)["data"]
        whole = json.loads((await here.answer(operation, CITIZEN, whole_view=True)).body)["data"]
    finally:
        here.regulations.seen = ALL
    assert [f["name"] for f in own["__type"]["fields"]] == ["id", "name"]
    assert {"rrn", "taxCertificates"} <= {f["name"] for f in whole["__type"]["fields"]}
    assert own["me"] == {"__typename": "Resident"}


async def test_introspection_tells_the_articles_and_turns_with_the_regulations(authorizer: RegulationAuthorizer) -> None:
    operation = '{ __type(name: "Passport") { fields { name description } } }'
    korea = world(regulations=authorizer, today=lambda: dt.date(2026, 6, 1))

    async def described(*, whole: bool = False) -> dict[str, str]:
        told = json.loads((await korea.answer(operation, NEITHER, purpose=None, whole_view=whole)).body)["data"]["__type"][
            "fields"
        ]
        return {each["name"]: each["description"] for each in told}

    article = article_in_words(authorizer.articles(NEITHER)["Passport.number"][0])
    assert (await described())["number"].endswith(f"\n\n{article}")
    assert (await described(whole=True))["number"].endswith(f"\n\n{article}")
    # Before any regulation was approved nothing was shared.
    korea.engine.adopt(authorizer.at(dt.date(1990, 1, 1)))
    assert "Shared under" not in str(await described(whole=True))
    korea.engine.adopt(authorizer)
    assert (await described())["number"].endswith(f"\n\n{article}")
    assert korea.fetches() == 0


@pytest.mark.parametrize("purpose", [None, "own-records"])
async def test_everybody_is_shown_what_tells_of_the_regulations(here: World, purpose: str | None) -> None:
    here.under(Profile(granted=()))
    here.regulations.seen = ()
    try:
        operation = (
            "{ __schema { queryType { fields { name description } } types { name description fields { name description } } } }"
        )
        own = json.loads((await here.answer(operation, NEITHER, purpose=purpose)).body)["data"]["__schema"]
    finally:
        here.regulations.seen = ALL
    assert [field["name"] for field in own["queryType"]["fields"]] == ["sharing", "services", "evidence"]
    told = [kind for kind in own["types"] if kind["name"].startswith("Shar")]
    assert {"Sharing", "SharedCoordinate", "SharedWith", "SharingRegulation", "SharingPurpose"} <= {kind["name"] for kind in told}
    assert all(each["description"] for kind in told for each in (kind, *(kind["fields"] or ())))


async def test_introspection_reads_no_register_and_needs_no_purpose(here: World) -> None:
    here.under(Profile(granted=()))
    answer = await here.answer("{ __schema { queryType { name } } __typename }", CITIZEN, purpose=None)
    assert json.loads(answer.body)["data"] == {"__schema": {"queryType": {"name": "Query"}}, "__typename": "Query"}
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
