"""What is planned: which steps, of which columns, under which conditions. The rows are none of its business."""

from __future__ import annotations

import time
from typing import Any

from auth.access import AccessRequest
from resolvers.plan import Plan, Step
from resolvers.values import OfRequest
from sources.protocol import Call, Compare, Count, Holds, Json, Only, Param, Some
from tests.resolvers.nation import CLERK
from tests.resolvers.world import PURPOSE, Profile, World, world


def planned(here: World, text: str, profile: Profile | None = None, **variables: Any) -> Plan:
    here.under(profile or Profile())
    return here.engine.plan(here.engine.read(text, variables, None, AccessRequest(CLERK, PURPOSE)))


def tables(plan: Plan) -> list[list[str]]:
    return [[f"{s.source}.{s.table}" for s in level] for level in plan.levels]


def only(plan: Plan, table: str) -> Step:
    (step,) = [s for s in plan.steps if s.table == table]
    return step


def test_registers_are_asked_side_by_side_in_as_few_levels_as_there_are_links(here: World) -> None:
    text = (
        "{ me { name household { size } passports { kind } pension { kind } borderCrossings { port } healthInsurance { kind } } }"
    )
    plan = planned(here, text)
    assert tables(plan) == [
        ["mois.resident", "mofa.passport", "nps.pension", "mofa.passport", "nhis.health_insurance"],
        ["moj.border_crossing"],
    ]


def test_records_of_one_register_come_in_one_statement(here: World) -> None:
    plan = planned(here, "{ me { household { size head { name household { address } } } } }")
    assert tables(plan) == [["mois.resident"]]
    assert [j.table for j in plan.steps[0].joins] == ["household", "resident", "household"]


def test_a_source_that_cannot_join_is_asked_twice() -> None:
    plan = planned(world(joins=False), "{ me { household { size head { name } } } }")
    assert tables(plan) == [["mois.resident"], ["mois.household"], ["mois.resident"]]


def test_a_column_asked_twice_is_read_once(here: World) -> None:
    plan = planned(here, "{ me { name x: name y: name rrn passports { kind } vehicles { model } } }")
    assert only(plan, "resident").shape.columns == ("name",)  # The row begins with the key, which is the rrn.


def test_a_denied_field_has_no_column_and_a_denied_link_no_step(here: World) -> None:
    plan = planned(here, "{ me { name sex pension { kind } } }", Profile(["Resident.sex", "Resident.pension"]))
    assert tables(plan) == [["mois.resident"]]
    assert plan.steps[0].shape.columns == ("name",)
    assert [(r.decision.coordinate, r.path) for r in plan.withheld] == [
        ("Resident.sex", ("me", "sex")),
        ("Resident.pension", ("me", "pension")),
    ]


def test_below_a_denied_link_nothing_is_decided(here: World) -> None:
    plan = planned(here, "{ me { pension { kind } } }", Profile(["Resident.pension"]))
    assert [d.coordinate for d in plan.decisions] == ["Resident.pension"]


def test_a_residual_of_a_record_is_decided_in_its_own_statement(here: World) -> None:
    profile = Profile(residuals={"Resident.address": ["jurisdiction"]})
    plan = planned(here, '{ resident(rrn: "1") { address } }', profile)
    step = only(plan, "resident")
    condition = Some((Compare("district_code", "=", Param(0)),))
    assert step.shape.columns == (Only(condition, "address"), Holds(condition))
    assert step.values == [OfRequest("jurisdiction")]


def test_a_record_without_a_subject_is_asked_for_keys_whose_parent_passed(here: World) -> None:
    profile = Profile(residuals={"TaxCertificate.income": ["jurisdiction"]})
    plan = planned(here, '{ resident(rrn: "1") { taxCertificates { year income } } }', profile)
    resident, step = only(plan, "resident"), only(plan, "tax_certificate")
    assert step.shape.columns == ("year", "income")
    (place,) = step.conditional[2].any[0]
    assert isinstance(resident.columns[place - 1], Holds)


def test_what_a_search_has_ensured_is_not_checked_again(here: World) -> None:
    profile = Profile(residuals={"Resident.rrn": ["jurisdiction"], "Resident.address": ["jurisdiction", "self"]})
    plan = planned(here, '{ resident(rrn: "1") { address taxCertificates { year } } }', profile)
    step = only(plan, "resident")
    assert step.shape.columns == ("address",)
    assert not plan.guarded
    assert step.shape.where == Some((Compare("district_code", "=", Param(0)),))


def test_the_citizens_own_record_is_the_citizens_own(here: World) -> None:
    plan = planned(here, "{ me { address household { size } } }", Profile(residuals={"Resident.address": ["self"]}))
    assert not plan.guarded


def test_a_derived_field_is_a_call_and_reads_no_bare_input(here: World) -> None:
    plan = planned(here, "{ me { age taxCertificates { incomeAtMost(amount: 5) } } }", Profile(["Resident.birthDate"]))
    (call,) = only(plan, "resident").shape.columns
    assert isinstance(call, Call)
    assert (call.function, call.column) == ("years_since", "birth_date")
    (call,) = only(plan, "tax_certificate").shape.columns
    assert isinstance(call, Call)
    assert call.function == "at_most"


def test_a_flat_list_comes_as_json_and_one_with_anything_withheld_does_not(here: World) -> None:
    text = "{ residents { edges { node { name sex age } } } }"
    assert isinstance(planned(here, text).steps[0].shape.columns[0], Json)
    for profile in (Profile(["Resident.sex"]), Profile(residuals={"Resident.sex": ["self"]})):
        assert not any(isinstance(c, Json) for c in planned(here, text, profile).steps[0].shape.columns)


def test_an_alias_never_enters_a_statement(here: World) -> None:
    plan = planned(here, "{ residents { edges { node { x: name name: sex } } } }")
    assert plan.steps[0].shape.columns == ("id", "name", "sex", "rrn")


def test_a_count_alone_reads_no_row(here: World) -> None:
    plan = planned(here, "{ residents(filter: {sex: MALE}) { totalCount } }")
    ((step,),) = plan.levels
    assert step.shape.columns == (Count(),)
    assert step.shape.where == Compare("sex", "=", Param(0))


def test_values_are_parameters_so_one_plan_serves_all(here: World) -> None:
    text = """query ($r: String, $n: Int, $f: ResidentFilter) {
      resident(rrn: $r) { passports(limit: $n) { kind } } residents(filter: $f, first: $n) { totalCount } }"""
    one = planned(here, text, r="1", n=3, f={"districtCode": "11110"})
    profile = here.regulations.now
    assert planned(here, text, profile, r="2", n=5, f={"districtCode": "11680"}) is one
    assert planned(here, text, profile, r="2", n=None, f={"districtCode": "11680"}) is not one
    assert planned(here, text, profile, r="2", n=5, f={"sex": "MALE"}) is not one
    assert planned(here, text, Profile(), r="1", n=3, f={"districtCode": "11110"}) is not one


def test_a_page_goes_on_by_its_keyset(here: World) -> None:
    plan = planned(here, "query ($a: String) { residents(orderBy: NAME_DESC, after: $a) { edges { cursor } } }", a="x")
    shape = plan.steps[0].shape
    assert [(o.column, o.descending) for o in shape.order] == [("name", True), ("id", False)]
    assert isinstance(shape.where, Some)


def test_an_operation_of_sixty_fields_is_planned_in_time(here: World) -> None:
    """The budget is 5 ms; this bound only catches a planner that grew by an order."""
    body = " ".join(f"a{n}: household {{ size members {{ name passports {{ kind }} }} }}" for n in range(12))
    access = AccessRequest(CLERK, PURPOSE)
    here.under(Profile())
    request = here.engine.read(f"{{ me {{ {body} }} }}", {}, None, access)
    began = time.perf_counter()
    here.engine.plan(request)
    assert time.perf_counter() - began < 0.05
