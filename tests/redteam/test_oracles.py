"""Attacks that ask instead of reading: a filter, an order, a count, a cursor or a page that answers a withheld question."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache

import pytest

from auth.access import Grant, Limit, Mask, Matches
from tests.redteam.attacker import ban, of, refused, resident, seen, some, twins
from tests.resolvers.nation import CITIZEN, CLERK, NEITHER, Nation, rrn
from tests.resolvers.world import Key, Profile, World

LIST = "query ($f: ResidentFilter, $o: ResidentOrder, $n: Int) { residents(filter: $f, orderBy: $o, first: $n) { %s } }"
PARTS = (
    "totalCount",
    "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }",
    "edges { cursor }",
    "edges { __typename }",
)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("given", [{"f": {"ageAtLeast": 19}}, {"f": {"ageAtMost": 18}}, {"o": "BIRTH_DATE_DESC"}])
async def test_a_filter_or_an_order_on_what_is_only_readable(here: World, given: dict[str, object], part: str) -> None:
    """May be read, may not be searched by: any part of a list that depends on it would answer."""
    denied = [("Resident.age", "list", "search"), ("Resident.birthDate", "list", "search")]
    found = await seen(here.under(Profile(denied)), LIST % part, CLERK, **given)  # type: ignore[arg-type]
    assert found.answer["data"] == {"residents": None}
    assert found.statements == ()


@pytest.mark.parametrize("part", PARTS)
async def test_a_filter_that_is_sent_as_a_null_or_left_out_asks_nothing(here: World, part: str) -> None:
    """A plan without the filter, made for a variable that is null, used when it is not."""
    here.under(Profile([("Resident.age", "list", "search")]))
    assert "errors" not in (await seen(here, LIST % part, f={"ageAtLeast": None})).answer
    assert refused((await seen(here, LIST % part, f={"ageAtLeast": 1})).answer) == ["Resident.age"]
    assert "errors" not in (await seen(here, LIST % part, f=None)).answer


async def test_a_search_for_some_counts_only_them(here: World) -> None:
    """`totalCount`, `hasNextPage` and the last cursor of a list that may be searched in one district alone."""
    here.under(Profile(residuals={("Resident.sex", "list", "search"): ["jurisdiction"]}))
    for sex in ("FEMALE", "MALE"):
        own = [r for r in here.nation["mois"]["resident"] if r["sex"] == sex and r["district_code"] == CLERK.jurisdiction]
        query = LIST % "totalCount pageInfo { hasNextPage } edges { node { rrn } }"
        shown = (await seen(here, query, f={"sex": sex}, n=max(1, len(own)))).answer["data"]["residents"]
        assert shown["totalCount"] == len(own)
        assert shown["pageInfo"]["hasNextPage"] is False
        assert {edge["node"]["rrn"] for edge in shown["edges"]} == {r["rrn"] for r in own}


@cache
def _moved(protected: bool) -> list[World]:
    """A resident who lives in one district, and in another."""

    def change(district: str) -> Callable[[Nation], None]:
        return lambda nation: resident(nation, rrn(5)).update(address_protected=protected, district_code=district)

    return twins(change("11680"), change("26350"))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("given", [{"f": {"districtCode": "11680"}}, {"o": "DISTRICT_CODE_ASC"}])
async def test_a_prohibition_holds_in_filters_orders_and_counts(given: dict[str, object], part: str) -> None:
    """Where does the protected resident live? Ask every district for its count, or where the row stands in their order."""
    profile = Profile(bans={("Resident.districtCode", "list", "search"): ban("Resident.addressProtected", True)})
    found = [await seen(each.under(profile), LIST % part, CLERK, n=14, **given) for each in _moved(True)]  # type: ignore[arg-type]
    assert found[0] == found[1]
    if part == "totalCount" and "f" in given:
        told = [await seen(each.under(profile), LIST % part, CLERK, n=14, **given) for each in _moved(False)]  # type: ignore[arg-type]
        assert told[0] != told[1], "otherwise this proves nothing"


async def test_a_cursor_holds_no_value_in_the_clear(here: World) -> None:
    """The cursor of an order by what may not be read is opened, measured and sent elsewhere."""
    here.under(Profile([("Resident.name", "list", "read"), ("Resident.birthDate", "list", "read")]))
    for order, column in (("NAME_ASC", "name"), ("BIRTH_DATE_ASC", "birth_date")):
        shown = (await seen(here, LIST % "edges { cursor }", o=order, n=14)).answer["data"]["residents"]["edges"]
        cursors = [edge["cursor"] for edge in shown]
        assert len({len(cursor) for cursor in cursors}) == 1
        opened = [base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) for cursor in cursors]
        for row in here.nation["mois"]["resident"]:
            assert not any(str(row[column]).encode() in clear for clear in opened)
        query = "query ($a: String) { residents(after: $a, orderBy: %s) { edges { cursor } } }"
        for other in {"NAME_ASC", "BIRTH_DATE_ASC", "NAME_DESC"} - {order}:
            told = await seen(here, query % other, a=cursors[3])
            assert told.answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


@pytest.mark.parametrize("part", PARTS)
async def test_a_condition_that_a_list_cannot_check_holds_for_nobody(here: World, part: str) -> None:
    """May be listed if another register says so, which a list cannot ask of everybody: nobody is, rather than everybody."""
    told = some(Matches("BirthRecord.sealed", (True, False)))
    nobody = some(Matches("BirthRecord.sealed", ()))
    key: Key = ("Resident.sex", "list", "search")
    found = [await seen(here.under(Profile(grants={key: each})), LIST % part, f={"sex": "MALE"}) for each in (told, nobody)]
    assert found[0].answer["data"] == found[1].answer["data"]
    assert not found[0].answer["data"]["residents"].get("edges")
    assert not found[0].answer["data"]["residents"].get("totalCount")


async def test_a_cursor_goes_on_in_no_other_filter(here: World) -> None:
    """A cursor of the women of a district continues a list of everybody: whether a row comes next tells where it stands."""
    here.under(Profile())
    query = "query ($f: ResidentFilter, $a: String) { residents(filter: $f, after: $a, first: 1) { edges { cursor } } }"
    (edge,) = (await seen(here, query, f={"sex": "FEMALE"})).answer["data"]["residents"]["edges"]
    for other in ({"sex": "MALE"}, {"sex": "FEMALE", "ageAtLeast": 1}, None):
        told = (await seen(here, query, f=other, a=edge["cursor"])).answer
        assert told["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"
        assert told["data"] == {"residents": None}


@pytest.mark.parametrize("how", [some(of("self")), some(of("household")), some(of("jurisdiction", "self"))])
async def test_others_are_not_sorted_by_what_is_ones_own(here: World, how: tuple[Grant, ...]) -> None:
    """Who in the household is older? Their birth dates may be searched by for some of them alone."""
    key: Key = ("Resident.birthDate", "lookup", "search")
    query = "{ me { household { members(orderBy: BIRTH_DATE_ASC) { name } } } }"
    found = (await seen(here.under(Profile(grants={key: how})), query, CITIZEN)).answer
    assert found["data"]["me"]["household"]["members"] is None
    assert refused(found) == ["Resident.birthDate"]
    assert not any(o.column == "birth_date" for _, shape in here.shapes() for o in shape.order)


@pytest.mark.parametrize("bound", [0, 1])
async def test_a_page_of_nothing_tells_nothing_of_others(here: World, bound: int) -> None:
    """`first: 0` reads one row to know whether there is a next page: of a narrowed search it must be one's own."""
    for caller in (CLERK, NEITHER):
        here.under(Profile(residuals={("Resident.id", "list", "search"): ["jurisdiction"]}))
        found = await seen(here, LIST % "pageInfo { hasNextPage startCursor }", caller, n=bound)
        own = [r for r in here.nation["mois"]["resident"] if r["district_code"] == caller.jurisdiction]
        assert found.answer["data"]["residents"]["pageInfo"]["hasNextPage"] is (len(own) > bound)


@pytest.mark.parametrize("given", ["age", "isAdult", "birthDate"])
async def test_a_derived_field_opens_neither_its_input_nor_another(here: World, given: str) -> None:
    """Age, majority and birth date come from one column; each is granted by itself."""
    names = {"age", "isAdult", "birthDate"}
    here.under(Profile([f"Resident.{name}" for name in names - {given}]))
    found = await seen(here, "{ me { age isAdult birthDate household { members { age isAdult birthDate } } } }", CITIZEN)
    shown = found.answer["data"]["me"]
    for each in (shown, *shown["household"]["members"]):
        assert {name for name in names if each[name] is not None} == {given}


async def test_a_masked_column_is_not_found_by_bisection(here: World) -> None:
    """Income comes in bands. Orders and thresholds by which it could be bisected are coordinates and searches of their own."""
    masked = some(mask=Mask("band", 1_000_000))
    denied = [("TaxCertificate.income", None, "search"), "TaxCertificate.incomeAtMost"]
    here.under(Profile(denied, grants={("TaxCertificate.income", None, "read"): masked}))  # type: ignore[arg-type]
    query = """query ($r: String!, $b: BigInt!) { resident(rrn: $r) { taxCertificates { income }
      sorted: taxCertificates(orderBy: INCOME_ASC) { year } t: taxCertificates { incomeAtMost(amount: $b) } } }"""
    for bound in (1_700_000_000, 1_700_000_236):
        found = await seen(here, query, r=here.nation["nts"]["tax_certificate"][0]["rrn"], b=bound)
        shown = found.answer["data"]["resident"]
        assert shown["sorted"] is None
        assert all(each["incomeAtMost"] is None for each in shown["t"])
        assert all(each["income"] % 1_000_000 == 0 for each in shown["taxCertificates"])
        assert not any("at_most" in str(shape) for _, shape in here.shapes())


async def test_two_masks_do_not_add_up(here: World) -> None:
    """The first three characters under one permission and the last three under another: never both of one row."""
    alternatives = (*some(of("jurisdiction"), mask=Mask("first", 3)), *some(of("self", "jurisdiction"), mask=Mask("last", 3)))
    here.under(Profile(grants={"Resident.name": alternatives, "Resident.rrn": alternatives}))
    query = "{ residents(first: 14) { edges { node { a: name name b: name rrn c: rrn } } } }"
    for edge in (await seen(here, query)).answer["data"]["residents"]["edges"]:
        for values in ({edge["node"][k] for k in ("a", "b", "name")}, {edge["node"][k] for k in ("rrn", "c")}):
            assert len(values) == 1
            assert all(value is None or value[-3:] == "***" or value[:3] == "***" for value in values)


async def test_a_list_is_in_no_order_of_what_is_masked_or_granted_for_some(here: World) -> None:
    """Members come eldest first: where birth dates are masked, conditional or prohibited for some, that order would tell."""
    query = "{ residents(first: 14) { edges { node { household { members { rrn } } } } } }"
    key: Key = ("Resident.birthDate", "list", "read")
    year, own = some(mask=Mask("year")), some(of("jurisdiction"))
    for profile in (Profile(grants={key: year}), Profile(grants={key: own}), Profile(grants={key: (*own, *year)}),
                    Profile(bans={key: ban("Resident.addressProtected", True)})):  # fmt: skip
        await seen(here.under(profile), query)
        assert {o.column for _, shape in here.shapes() for o in shape.order} == {"id"}


async def test_a_condition_by_a_constraint_is_no_filter(here: World) -> None:
    """What a permission turns on cannot be chosen by the caller: no argument reaches a guard's parameters."""
    rows = some(Matches("Resident.sex", ("FEMALE",)), limit=None)
    here.under(Profile(grants={("Resident.sex", "list", "search"): rows, "Resident.name": rows}))
    for sex in ("MALE", "FEMALE"):
        shown = (await seen(here, LIST % "edges { node { name sex } }", f={"sex": sex})).answer["data"]["residents"]["edges"]
        assert all(edge["node"]["sex"] == "FEMALE" for edge in shown)
        assert bool(shown) == (sex == "FEMALE")


async def test_a_limit_without_a_counter_shows_nothing(here: World) -> None:
    """Where nothing can be counted, what is limited is not shown, and nothing beside it in the same request."""
    here.under(Profile(grants={"Resident.name": some(limit=Limit(officer=5))}))
    found = await seen(here, f'{{ resident(rrn: "{rrn(1)}") {{ name sex }} }}')
    assert found.answer["errors"][0]["extensions"]["code"] == "LIMITS_UNAVAILABLE"
    assert "data" not in found.answer
