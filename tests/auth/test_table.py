"""The laws that the table keeps, and random sets of rules against an evaluation that reads them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth.access import Access, Decision, Reason, Use, Verdict
from auth.document import Place, Word
from auth.rules import Agency, Group, Parties, Period, Permission, Prohibition, Regulation, Title
from auth.table import Table

HERE = Place("here.yaml", 1, 1)
DAY = date(2026, 3, 2)
TITLE = Title("이름", "Name")


def words(*texts: str) -> tuple[Word, ...]:
    return tuple(Word(text, HERE) for text in texts)


AGENCIES = ("tax", "north", "south")
ROLES = ("clerk", "citizen")
PURPOSES = ("welfare", "travel")
COORDINATES = ("Tax.income", "Tax.incomeAtMost", "Tax.year")
PARTIES = Parties(
    {name: Agency(TITLE, None) for name in words(*AGENCIES)},
    {Word("districts", HERE): Group(TITLE, words("north", "south"))},
    dict.fromkeys(words(*ROLES), TITLE),
)


def permission(**changes: object) -> Permission:
    rule = Permission(
        id=Word("shares", HERE),
        recipients=words("districts"),
        roles=words("clerk"),
        purposes=words("welfare"),
        items=words("Tax.income"),
        search=(),
        access=words("lookup"),
        basis="Tax Act, art. 1",
        subject=(),
        case=False,
        valid=Period(),
    )
    return replace(rule, **changes)  # type: ignore[arg-type]


def prohibition(**changes: object) -> Prohibition:
    rule = Prohibition(Word("forbids", HERE), (), (), (), words("Tax.income"), "Tax Act, art. 2", Period())
    return replace(rule, **changes)  # type: ignore[arg-type]


def table(*rules: Permission | Prohibition, hidden: tuple[Word, ...] = ()) -> Table:
    permissions = tuple(rule for rule in rules if isinstance(rule, Permission))
    prohibitions = tuple(rule for rule in rules if isinstance(rule, Prohibition))
    regulation = Regulation(Word("tax", HERE), Word("tax", HERE), 1, "1", DAY, hidden, permissions, prohibitions, ())
    return Table(PARTIES, PURPOSES, [regulation])


def decide(
    compiled: Table,
    coordinate: str = "Tax.income",
    *,
    agency: str = "north",
    role: str = "clerk",
    purpose: str | None = "welfare",
    access: Access = "lookup",
    use: Use = "read",
    case: bool = False,
    day: date = DAY,
) -> Decision:
    return compiled.cell(agency, role, purpose).decide(coordinate, access, use, case=case, day=day)


def rules_of(decision: Decision) -> list[str]:
    return [str(rule) for rule in decision.rules]


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


some_day = st.integers(-2, 2).map(lambda days: DAY + timedelta(days))
periods = st.builds(Period, st.none() | some_day, st.none() | some_day)


def some(choices: Sequence[str], least: int = 1) -> st.SearchStrategy[tuple[Word, ...]]:
    return st.lists(st.sampled_from(choices), min_size=least, max_size=3, unique=True).map(lambda chosen: words(*chosen))


ids = st.sampled_from([Word(f"rule-{n}", HERE) for n in range(100)])
permissions = st.builds(
    Permission,
    id=ids,
    recipients=some((*AGENCIES, "districts")),
    roles=some(ROLES),
    purposes=some(PURPOSES),
    items=some(COORDINATES, 0),
    search=some(COORDINATES, 0),
    access=some(("lookup", "list")),
    basis=st.just("Tax Act, art. 1"),
    subject=some(("self", "household", "jurisdiction"), 0),
    case=st.booleans(),
    valid=periods,
)
prohibitions = st.builds(
    Prohibition,
    id=ids,
    recipients=some((*AGENCIES, "districts"), 0),
    roles=some(ROLES, 0),
    purposes=some(PURPOSES, 0),
    items=some(COORDINATES),
    basis=st.just("Tax Act, art. 2"),
    valid=periods,
)
questions = st.fixed_dictionaries(
    {
        "coordinate": st.sampled_from((*COORDINATES, "Tax.other")),
        "agency": st.sampled_from((*AGENCIES, "districts", "unknown")),
        "role": st.sampled_from((*ROLES, "unknown")),
        "purpose": st.sampled_from((*PURPOSES, None, "unknown")),
        "access": st.sampled_from(("lookup", "list")),
        "use": st.sampled_from(("read", "search")),
        "case": st.booleans(),
        "day": some_day,
    }
)


def one_by_one(permits: list[Permission], forbids: list[Prohibition], question: dict[str, object]) -> Decision | None:
    """What the rules say, read as a lawyer would; none where the caller or the purpose is not declared."""
    agency, role, purpose, day = (question[name] for name in ("agency", "role", "purpose", "day"))
    coordinate = str(question["coordinate"])
    assert isinstance(day, date)
    if agency not in AGENCIES or role not in ROLES or purpose not in (*PURPOSES, None):
        return None

    def named(recipients: tuple[Word, ...]) -> bool:
        return agency in recipients or ("districts" in recipients and agency in ("north", "south"))

    def within(period: Period) -> bool:
        return not (period.first and day < period.first) and not (period.last and day > period.last)

    for forbid in forbids:
        who = (not forbid.recipients or named(forbid.recipients)) and (not forbid.roles or role in forbid.roles)
        why = not forbid.purposes or purpose in forbid.purposes
        if who and why and coordinate in forbid.items and within(forbid.valid):
            return Decision(coordinate, Verdict.DENY, reason=Reason.PROHIBITED)
    fitting = [
        permit
        for permit in permits
        if named(permit.recipients)
        and role in permit.roles
        and purpose in permit.purposes
        and coordinate in (permit.items if question["use"] == "read" else permit.search)
        and question["access"] in permit.access
    ]
    valid = [permit for permit in fitting if within(permit.valid)]
    granting = [permit for permit in valid if question["case"] or not permit.case]
    if any(not permit.subject for permit in granting):
        return Decision(coordinate, Verdict.PERMIT)
    if granting:
        return Decision(coordinate, Verdict.PERMIT, frozenset(kind for permit in granting for kind in permit.subject))  # type: ignore[misc]
    reason = Reason.NO_CASE if valid else Reason.NOT_VALID if fitting else Reason.NO_PERMISSION
    return Decision(coordinate, Verdict.DENY, reason=reason)


@settings(max_examples=400, deadline=None)
@given(st.lists(permissions, max_size=5), st.lists(prohibitions, max_size=2), st.lists(questions, min_size=1, max_size=8))
def test_the_table_says_what_the_rules_say(
    permits: list[Permission], forbids: list[Prohibition], asked: list[dict[str, object]]
) -> None:
    compiled = table(*permits, *forbids)
    for question in asked:
        decision = decide(compiled, **question)  # type: ignore[arg-type]
        expected = one_by_one(permits, forbids, question)
        if expected is None:
            assert (decision.verdict, decision.reason, decision.rules) == (Verdict.DENY, Reason.NO_PERMISSION, ())
            continue
        assert (decision.verdict, decision.residual, decision.reason) == (expected.verdict, expected.residual, expected.reason)
        assert bool(decision.rules) == (decision.reason is not Reason.NO_PERMISSION)


def sees(decision: Decision) -> set[str]:
    """The kinds of subject whose rows a decision shows, `anyone` among them if it shows all."""
    kinds = {"self", "household", "jurisdiction", "anyone"}
    if decision.verdict is Verdict.DENY:
        return set()
    return set(decision.residual) or kinds


@settings(max_examples=300, deadline=None)
@given(st.lists(permissions, max_size=4), st.lists(prohibitions, max_size=2), permissions, prohibitions, questions)
def test_less_law_never_shows_more(
    permits: list[Permission],
    forbids: list[Prohibition],
    permit: Permission,
    forbid: Prohibition,
    question: dict[str, object],
) -> None:
    full = sees(decide(table(permit, *permits, *forbids), **question))  # type: ignore[arg-type]
    without_permission = sees(decide(table(*permits, *forbids), **question))  # type: ignore[arg-type]
    with_prohibition = sees(decide(table(permit, *permits, *forbids, forbid), **question))  # type: ignore[arg-type]
    narrower = replace(permit, subject=permit.subject[:1] or words("self"), case=True)
    narrowed = sees(decide(table(narrower, *permits, *forbids), **question))  # type: ignore[arg-type]
    assert without_permission <= full
    assert with_prohibition <= full
    assert narrowed <= full
