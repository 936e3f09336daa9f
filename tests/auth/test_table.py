"""The laws that the table keeps, one by one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from auth.access import Access, Decision, Grantable, Reason, Use, Verdict
from auth.document import Word
from auth.rules import Period, Regulation
from auth.table import Table
from tests.auth.rulebook import DAY, HERE, PARTIES, PURPOSES, ROLES, decide, permission, prohibition, rules_of, table, words


def test_without_rules_everything_is_denied() -> None:
    assert decide(table()) == Decision("Tax.income", Verdict.DENY, reason=Reason.NO_PERMISSION)


def test_a_permission_grants_what_it_names_and_says_why() -> None:
    decision = decide(table(permission()))
    assert decision.verdict is Verdict.PERMIT
    assert decision.reason is None
    assert [(rule.regulation, rule.id, rule.basis) for rule in decision.rules] == [("tax", "shares", "Tax Act, art. 1")]


@pytest.mark.parametrize(
    "otherwise",
    [
        {"agency": "tax"},
        {"agency": "unknown"},
        {"agency": "districts"},
        {"role": "citizen"},
        {"role": "unknown"},
        {"purpose": "travel"},
        {"purpose": None},
        {"purpose": ""},
        {"access": "list"},
        {"use": "search"},
        {"coordinate": "Tax.year"},
        {"coordinate": "tax.income"},
        {"coordinate": "income"},
        {"coordinate": "Other.income"},
    ],
    ids=str,
)
def test_a_permission_grants_nothing_else(otherwise: dict[str, str]) -> None:
    decision = decide(table(permission()), **otherwise)  # type: ignore[arg-type]
    assert decision == Decision(otherwise.get("coordinate", "Tax.income"), Verdict.DENY, reason=Reason.NO_PERMISSION)


def test_items_do_not_grant_search_and_search_does_not_grant_items() -> None:
    compiled = table(permission(items=words("Tax.income"), search=words("Tax.year")))
    assert decide(compiled, "Tax.income", use="read").verdict is Verdict.PERMIT
    assert decide(compiled, "Tax.income", use="search").verdict is Verdict.DENY
    assert decide(compiled, "Tax.year", use="search").verdict is Verdict.PERMIT
    assert decide(compiled, "Tax.year", use="read").verdict is Verdict.DENY


def test_what_is_granted_on_a_day_is_told_by_access_and_use() -> None:
    both = permission(items=words("Tax.income", "Tax.year"), search=words("Tax.year"), access=words("lookup", "list"), case=True)
    cell = table(both, permission(items=words("Tax.incomeAtMost"))).cell("north", "clerk", "welfare")
    found = cell.granted(DAY)
    assert len(found) == 7
    assert {(c, a) for c, a, use in found if use == "search"} == {("Tax.year", "lookup"), ("Tax.year", "list")}
    assert {access for c, access, _ in found if c == "Tax.incomeAtMost"} == {"lookup"}


def test_what_is_prohibited_or_of_another_day_is_not_granted() -> None:
    tomorrow = Period(DAY + timedelta(days=1), None)
    rules = permission(items=words("Tax.income", "Tax.year")), prohibition(), permission(access=words("list"), valid=tomorrow)
    assert table(*rules).cell("north", "clerk", "welfare").granted(DAY) == {Grantable("Tax.year", "lookup", "read")}
    later = table(permission(valid=tomorrow)).cell("north", "clerk", "welfare")
    assert later.granted(DAY) == frozenset()
    assert later.granted(DAY + timedelta(days=1)) == {Grantable("Tax.income", "lookup", "read")}


def test_a_derived_field_and_its_input_grant_nothing_about_each_other() -> None:
    derived = table(permission(items=words("Tax.incomeAtMost")))
    assert decide(derived, "Tax.incomeAtMost").verdict is Verdict.PERMIT
    assert decide(derived, "Tax.income").verdict is Verdict.DENY
    given_input = table(permission(items=words("Tax.income")))
    assert decide(given_input, "Tax.incomeAtMost").verdict is Verdict.DENY


def test_list_does_not_grant_lookup() -> None:
    compiled = table(permission(access=words("list")))
    assert decide(compiled, access="list").verdict is Verdict.PERMIT
    assert decide(compiled, access="lookup").verdict is Verdict.DENY


@pytest.mark.parametrize("use", ["read", "search"])
@pytest.mark.parametrize("access", ["lookup", "list"])
def test_a_prohibition_beats_every_permission(use: Use, access: Access) -> None:
    all_of_it = permission(search=words("Tax.income"), access=words("lookup", "list"))
    more = permission(id=Word("more", HERE), search=words("Tax.income"), access=words("lookup", "list"))
    compiled = table(all_of_it, prohibition(), more)
    decision = decide(compiled, access=access, use=use, case=True)
    assert (decision.verdict, decision.reason, rules_of(decision)) == (Verdict.DENY, Reason.PROHIBITED, ["tax/forbids"])


@pytest.mark.parametrize(
    ("narrowed", "elsewhere"),
    [
        ({"recipients": words("south")}, {"agency": "south"}),
        ({"roles": words("citizen")}, {"role": "citizen"}),
        ({"purposes": words("travel")}, {"purpose": "travel"}),
        ({"items": words("Tax.year")}, {"coordinate": "Tax.year"}),
    ],
    ids=["recipient", "role", "purpose", "item"],
)
def test_a_prohibition_forbids_only_what_it_names(narrowed: dict[str, object], elsewhere: dict[str, str]) -> None:
    wide = permission(roles=words(*ROLES), purposes=words(*PURPOSES), items=words("Tax.income", "Tax.year"))
    compiled = table(wide, prohibition(**narrowed))
    assert decide(compiled).verdict is Verdict.PERMIT
    assert decide(compiled, **elsewhere).reason is Reason.PROHIBITED  # type: ignore[arg-type]


def test_a_prohibition_for_everybody_is_the_reason_without_a_purpose_too() -> None:
    assert decide(table(permission(), prohibition()), purpose=None).reason is Reason.PROHIBITED


@pytest.mark.parametrize(
    ("valid", "by_day"),
    [
        (Period(DAY, None), {-1: False, 0: True, 1: True, 4000: True}),
        (Period(None, DAY), {-4000: True, -1: True, 0: True, 1: False}),
        (Period(DAY, DAY), {-1: False, 0: True, 1: False}),
        (Period(DAY + timedelta(1), DAY + timedelta(2)), {0: False, 1: True, 2: True, 3: False}),
        (Period(), {-4000: True, 0: True, 4000: True}),
    ],
    ids=["from", "until", "one day", "from tomorrow", "always"],
)
def test_validity_includes_both_of_its_days(valid: Period, by_day: dict[int, bool]) -> None:
    for days, holds in by_day.items():
        day = DAY + timedelta(days)
        permitted = decide(table(permission(valid=valid)), day=day)
        assert permitted.verdict is (Verdict.PERMIT if holds else Verdict.DENY)
        assert permitted.reason is (None if holds else Reason.NOT_VALID)
        assert rules_of(permitted) == ["tax/shares"]
        forbidden = decide(table(permission(), prohibition(valid=valid)), day=day)
        assert forbidden.reason is (Reason.PROHIBITED if holds else None)


def test_a_case_is_required_where_the_permission_says_so() -> None:
    compiled = table(permission(case=True))
    without = decide(compiled, case=False)
    assert (without.verdict, without.reason, rules_of(without)) == (Verdict.DENY, Reason.NO_CASE, ["tax/shares"])
    assert decide(compiled, case=True).verdict is Verdict.PERMIT


def test_the_reason_is_the_most_helpful_one() -> None:
    past = permission(id=Word("past", HERE), valid=Period(None, DAY - timedelta(1)))
    with_case = permission(id=Word("with-case", HERE), case=True)
    ended_with_case = permission(id=Word("both", HERE), case=True, valid=past.valid)
    assert decide(table(past, with_case, prohibition())).reason is Reason.PROHIBITED
    assert rules_of(decide(table(past, with_case))) == ["tax/with-case"]
    assert decide(table(past, with_case)).reason is Reason.NO_CASE
    assert decide(table(past, ended_with_case)).reason is Reason.NOT_VALID
    assert rules_of(decide(table(past, ended_with_case))) == ["tax/past", "tax/both"]
    assert decide(table(past), "Tax.year").reason is Reason.NO_PERMISSION
    assert decide(table(past), access="list").reason is Reason.NO_PERMISSION


def test_alternatives_leave_the_widest_residual() -> None:
    own = permission(id=Word("own", HERE), subject=words("self"))
    family = permission(id=Word("family", HERE), subject=words("household", "jurisdiction"))
    anyone = permission(id=Word("anyone", HERE))
    with_case = permission(id=Word("with-case", HERE), case=True)
    assert decide(table(own)).residual == {"self"}
    both = decide(table(own, family))
    assert (both.residual, rules_of(both)) == ({"self", "household", "jurisdiction"}, ["tax/own", "tax/family"])
    free = decide(table(own, anyone, family))
    assert (free.residual, rules_of(free)) == (frozenset(), ["tax/anyone"])
    assert decide(table(own, with_case)).residual == {"self"}
    assert decide(table(own, with_case), case=True).residual == frozenset()


def test_regulations_of_several_holders_are_alternatives_and_in_one_order() -> None:
    first = Regulation(Word("b", HERE), Word("tax", HERE), 1, "1", DAY, (), (permission(subject=words("self")),), (), ())
    second = Regulation(Word("a", HERE), Word("tax", HERE), 1, "1", DAY, (), (permission(subject=words("household")),), (), ())
    decisions = [decide(Table(PARTIES, PURPOSES, order)) for order in ([first, second], [second, first])]
    assert decisions[0] == decisions[1]
    assert rules_of(decisions[0]) == ["a/shares", "b/shares"]
