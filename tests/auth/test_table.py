"""The laws that the table keeps, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest

from auth.access import (
    Access,
    Ban,
    Constraint,
    Decision,
    Duties,
    Grant,
    Grantable,
    Limit,
    Mask,
    Matches,
    OfSubject,
    Reason,
    Remedy,
    Rule,
    Since,
    Span,
    Use,
    Verdict,
    WithCase,
    WithConsent,
)
from auth.document import Word
from auth.rules import Condition, Consent, Exemption, Period
from auth.table import Table
from tests.auth.rulebook import (
    AGENCIES,
    DAY,
    HERE,
    NATION,
    PARTIES,
    PURPOSES,
    ROLES,
    condition,
    decide,
    permission,
    prohibition,
    regulation,
    remedy_of,
    rules_of,
    table,
    words,
)


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
    both = permission(
        items=words("Tax.income", "Tax.year"), search=words("Tax.year"), access=words("lookup", "list"), case="required"
    )
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
        ended = valid.last is not None and day > valid.last
        assert permitted.reason is (None if holds else Reason.NO_LONGER_VALID if ended else Reason.NOT_YET_VALID)
        assert rules_of(permitted) == ["tax/shares"]
        forbidden = decide(table(permission(), prohibition(valid=valid)), day=day)
        assert forbidden.reason is (Reason.PROHIBITED if holds else None)


@pytest.mark.parametrize("case", ["required", "verified"])
def test_a_case_is_required_where_the_permission_says_so(case: str) -> None:
    compiled = table(permission(case=case))
    without = decide(compiled, case=False)
    assert (without.verdict, without.reason, rules_of(without)) == (Verdict.DENY, Reason.NO_CASE, ["tax/shares"])
    decision = decide(compiled, case=True)
    assert decision.verdict is Verdict.PERMIT
    assert decision.grants[0].constraints == (frozenset({WithCase()}) if case == "verified" else frozenset())


def test_the_reason_is_the_most_helpful_one() -> None:
    past = permission(id=Word("past", HERE), valid=Period(None, DAY - timedelta(1)))
    future = permission(id=Word("future", HERE), valid=Period(DAY + timedelta(1), None))
    with_case = permission(id=Word("with-case", HERE), case="required")
    ended_with_case = permission(id=Word("both", HERE), case="required", valid=past.valid)
    assert decide(table(past, future, with_case, prohibition())).reason is Reason.PROHIBITED
    assert rules_of(decide(table(past, future, with_case))) == ["tax/with-case"]
    assert decide(table(past, future, with_case)).reason is Reason.NO_CASE
    assert decide(table(past, future)).reason is Reason.NOT_YET_VALID
    assert rules_of(decide(table(past, future))) == ["tax/future"]
    assert decide(table(past, ended_with_case)).reason is Reason.NO_LONGER_VALID
    assert rules_of(decide(table(past, ended_with_case))) == ["tax/past", "tax/both"]
    assert decide(table(past), "Tax.year").reason is Reason.NO_PERMISSION
    assert decide(table(past), access="list").reason is Reason.NO_PERMISSION


# ── Constraints, masks, duties ──────────────────────────────────────────────────────────────────────────────────────────────

SELF, FAMILY = OfSubject(frozenset({"self"})), OfSubject(frozenset({"household", "self"}))


def test_a_permission_leaves_all_its_constraints() -> None:
    rule = permission(
        items=words("Tax.income"),
        search=words("Tax.year"),
        subject=words("household", "self"),
        case="verified",
        consent=Consent(),
        rows=(
            condition("Tax.year", "2024", "2_025"),
            condition("Tax.office", "NORTH"),
            condition("Tax.paidOn", "2024-02-29"),
            condition("Tax.sealed", "false"),
            Condition(Word("Person.district", HERE), "jurisdiction"),
            Condition(Word("Person.born", HERE), Since(Span(60))),
        ),
        masks={words("Tax.income")[0]: Mask("band", 100)},
        limit=Limit(5, 50),
        duties=Duties(Span(60), store=False),
    )
    constraints: set[Constraint] = {
        FAMILY,
        WithCase(),
        Matches("Tax.year", (2024, 2025)),
        Matches("Tax.office", ("NORTH",)),
        Matches("Tax.paidOn", (date(2024, 2, 29),)),
        Matches("Tax.sealed", (False,)),
        Matches("Person.district", "jurisdiction"),
        Matches("Person.born", Since(Span(60))),
    }
    compiled = table(rule)
    name = Rule("tax", "shares", "Tax Act, art. 1")
    reading = decide(compiled, case=True)
    read = Grant(name, frozenset({*constraints, WithConsent("Tax.income")}), Mask("band", 100), rule.duties, rule.limit)
    assert reading == Decision("Tax.income", Verdict.MASK, (read,), (), (name,))
    searching = decide(compiled, "Tax.year", use="search", case=True)
    searched = Grant(name, frozenset({*constraints, WithConsent("Tax.year")}), None, None, rule.limit)
    assert searching == Decision("Tax.year", Verdict.PERMIT, (searched,), (), (name,))


def test_an_exemption_from_consent_leaves_no_constraint_but_a_duty() -> None:
    ground = Consent(Word("Asked for help.", HERE))
    duties = decide(table(permission(consent=ground))).grants[0].duties
    assert duties == Duties(notice=True, ground="Asked for help.")
    kept = decide(table(permission(consent=ground, duties=Duties(Span(12), store=False)))).grants[0]
    assert (kept.duties, kept.constraints) == (Duties(Span(12), False, True, "Asked for help."), frozenset())
    soon = replace(ground, within=Span(days=10))
    deferred = decide(table(permission(consent=soon, duties=Duties(defer=date(2027, 6, 30))))).grants[0].duties
    assert deferred == Duties(notice=True, ground="Asked for help.", within=Span(days=10), defer=date(2027, 6, 30))


def alternatives(*changes: dict[str, object], case: bool = False) -> list[str]:
    """The ids of the grants that remain of permissions with these changes, numbered from 0."""
    rules = [permission(id=Word(f"p{number}", HERE), **change) for number, change in enumerate(changes)]
    return [grant.rule.id for grant in decide(table(*rules), case=case).grants]


TOLD = Consent(Word("Asked for help.", HERE))


def band(amount: int) -> dict[Word, Mask]:
    return {words("Tax.income")[0]: Mask("band", amount)}


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ([{"subject": words("self")}, {"subject": words("child")}], ["p0", "p1"]),
        ([{"subject": words("self")}, {}, {"subject": words("household")}], ["p1"]),
        ([{"subject": words("self")}, {"subject": words("household", "self")}], ["p1"]),
        ([{}, {}], ["p0"]),
        ([{"masks": band(100)}, {"masks": band(10), "subject": words("self")}, {"subject": words("child")}], ["p2", "p1", "p0"]),
        ([{"masks": band(100)}, {"masks": band(10)}], ["p1"]),
        ([{"masks": band(10)}, {"masks": band(100), "subject": words("self")}], ["p0"]),
        ([{"rows": (condition("Tax.year", "2024"),)}, {"rows": (condition("Tax.year", "2024", "2025"),)}], ["p1"]),
        ([{"rows": (condition("Tax.year", "2024"),)}, {"rows": (condition("Tax.income", "2024"),)}], ["p0", "p1"]),
        (
            [
                {"rows": (Condition(Word("Tax.paidOn", HERE), Since(Span(12))),)},
                {"rows": (Condition(Word("Tax.paidOn", HERE), Since(Span(24))),)},
            ],
            ["p1"],
        ),
        ([{"consent": Consent()}, {"consent": Consent(), "subject": words("self")}], ["p0"]),
        ([{"limit": Limit(5, None)}, {"subject": words("self")}], ["p1", "p0"]),
        ([{"limit": Limit(5, None)}, {"limit": Limit(6, None)}], ["p1"]),
        ([{"limit": Limit(5, None)}, {"limit": Limit(None, 5)}], ["p1"]),
        ([{"duties": Duties(Span(12))}, {}], ["p1"]),
        ([{"duties": Duties(store=False)}, {"subject": words("self")}], ["p1", "p0"]),
        ([{"consent": TOLD}, {"consent": replace(TOLD, within=Span(days=10))}], ["p0"]),
        ([{"consent": replace(TOLD, within=Span(days=10))}, {"consent": TOLD}], ["p1"]),
        # Neither what keeps something from the resident nor what does not is needless for the other; this comes first.
        ([{"duties": Duties(defer=Span(6))}, {}], ["p1"]),
        ([{"duties": Duties(defer=Span(6))}, {"subject": words("self"), "limit": Limit(5)}], ["p1", "p0"]),
        ([{"duties": Duties(defer=Span(6)), "subject": words("self")}, {"subject": words("self")}], ["p1", "p0"]),
        ([{"duties": Duties(defer=Span(6))}, {"duties": Duties(defer=Span(6)), "subject": words("self")}], ["p0"]),
    ],
)  # fmt: skip
def test_needless_alternatives_are_left_out_and_the_least_masked_is_first(
    changes: list[dict[str, object]], kept: list[str]
) -> None:
    assert alternatives(*changes) == kept


def test_a_grant_whose_case_is_not_given_is_no_alternative() -> None:
    changes: tuple[dict[str, object], ...] = ({"subject": words("self")}, {"case": "required"})
    assert alternatives(*changes) == ["p0"]
    assert alternatives(*changes, case=True) == ["p1"]


def test_a_mask_is_for_reading_and_hides_nothing_from_a_search() -> None:
    decision = decide(table(permission(search=words("Tax.income"), masks=band(10))), use="search")
    assert (decision.verdict, decision.grants[0].mask) == (Verdict.PERMIT, None)


def test_masked_is_what_no_alternative_shows_whole() -> None:
    masked = permission(masks=band(10))
    assert decide(table(masked)).verdict is Verdict.MASK
    assert decide(table(masked, permission(subject=words("self")))).verdict is Verdict.PERMIT
    assert not decide(table(masked)).conditional
    assert decide(table(masked, permission(subject=words("self")))).conditional


# ── Prohibitions for some rows, and their exceptions ────────────────────────────────────────────────────────────────────────

SEALED = (condition("Tax.sealed", "true"),)


def test_a_prohibition_for_some_rows_is_a_ban_beside_what_is_permitted() -> None:
    compiled = table(permission(search=words("Tax.income")), prohibition(when=SEALED))
    ban = Ban(Rule("tax", "forbids", "Tax Act, art. 2"), (Matches("Tax.sealed", (True,)),), told=False)
    for use in get_args(Use):
        decision = decide(compiled, use=use)
        assert (decision.verdict, decision.bans, rules_of(decision)) == (Verdict.PERMIT, (ban,), ["tax/shares"])
        assert decision.conditional
    assert decide(compiled, "Tax.year") == Decision("Tax.year", Verdict.DENY, reason=Reason.NO_PERMISSION)
    both = decide(table(permission(), prohibition(when=SEALED), prohibition(id=Word("always", HERE))))
    assert (both.reason, rules_of(both), both.bans) == (Reason.PROHIBITED, ["tax/always"], ())


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        (None, False),
        ({}, True),
        ({"access": words("list")}, False),
        ({"case": "required"}, False),
        ({"valid": Period(DAY + timedelta(1))}, False),
        ({"roles": words("citizen")}, False),
        ({"items": words("Tax.year"), "search": words("Tax.sealed")}, False),
        # Whoever may not know it of every row that is shown is not told of any.
        ({"subject": words("self")}, False),
        ({"subject": words("household")}, True),
        ({"subject": words("household"), "consent": Consent()}, False),
    ],
)
def test_a_ban_is_told_to_those_who_may_read_what_it_turns_on(flag: dict[str, object] | None, told: bool) -> None:
    shared = permission(subject=words("household"))
    flags = [] if flag is None else [permission(**{"id": Word("flag", HERE), "items": words("Tax.sealed"), **flag})]
    decision = decide(table(shared, *flags, prohibition(when=SEALED)))
    assert [ban.told for ban in decision.bans] == [told]


def test_a_ban_is_not_told_to_those_who_read_what_it_turns_on_masked() -> None:
    forbidden = prohibition(when=(condition("Tax.year", "2024"),))
    for masks, told in (({}, True), ({words("Tax.year")[0]: Mask("band", 10)}, False)):
        shared = permission(items=words("Tax.income", "Tax.year"), masks=masks)
        assert [ban.told for ban in decide(table(shared, forbidden)).bans] == [told]


def test_every_prohibition_for_some_rows_is_a_ban() -> None:
    more = prohibition(id=Word("more", HERE), when=(condition("Tax.year", "2024"), *SEALED))
    bans = decide(table(permission(), prohibition(when=SEALED), more)).bans
    assert [(ban.rule.id, len(ban.when)) for ban in bans] == [("forbids", 1), ("more", 2)]


def test_a_ban_is_not_told_where_what_it_turns_on_is_prohibited_itself() -> None:
    shared = permission(items=words("Tax.income", "Tax.sealed"))
    hidden = prohibition(id=Word("flags", HERE), items=words("Tax.sealed"), when=(condition("Tax.year", "2024"),))
    assert [ban.told for ban in decide(table(shared, prohibition(when=SEALED), hidden)).bans] == [False]


@pytest.mark.parametrize(
    ("exempt", "holds_for"),
    [
        ({"recipients": words("north")}, {("north", "citizen"): False, ("south", "citizen"): True}),
        ({"recipients": words("districts")}, {("north", "clerk"): False, ("tax", "clerk"): True}),
        ({"roles": words("citizen")}, {("north", "clerk"): True, ("north", "citizen"): False}),
        ({"recipients": words("north"), "roles": words("clerk")}, {("north", "clerk"): False, ("south", "clerk"): True}),
        ({"purposes": words("travel")}, {("north", "clerk"): True}),
    ],
)
@pytest.mark.parametrize("when", [(), SEALED], ids=["always", "some rows"])
def test_an_exception_takes_its_circumstances_out(
    exempt: dict[str, tuple[Word, ...]], holds_for: dict[tuple[str, str], bool], when: tuple[Condition, ...]
) -> None:
    wide = permission(recipients=words(*AGENCIES), roles=words(*ROLES), purposes=words(*PURPOSES))
    none: dict[str, tuple[Word, ...]] = {"recipients": (), "roles": (), "purposes": ()}
    compiled = table(wide, prohibition(when=when, exempt=(Exemption(**{**none, **exempt}),)))
    for (agency, role), holds in holds_for.items():
        decision = decide(compiled, agency=agency, role=role)
        assert bool(decision.bans or decision.denied) is holds


# ── What would help ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_smallest_change_is_the_first_that_helps() -> None:
    with_case = permission(id=Word("case", HERE), case="required")
    citizen = permission(id=Word("citizen", HERE), roles=words("citizen"))
    travel = permission(id=Word("travel", HERE), purposes=words("travel"))
    listed = permission(id=Word("listed", HERE), access=words("list"))
    later = permission(id=Word("later", HERE), valid=Period(DAY + timedelta(1)))
    sooner = permission(id=Word("sooner", HERE), valid=Period(DAY + timedelta(9)))
    ended = permission(id=Word("ended", HERE), valid=Period(None, DAY - timedelta(3)))
    changes = [with_case, citizen, travel, listed, sooner, later, ended]
    found = []
    while changes:
        found.append(remedy_of(table(*changes)))
        changes.pop(0)
    assert found == [
        Remedy("case"),
        Remedy("role", "citizen"),
        Remedy("purpose", "travel"),
        Remedy("access", "list"),
        Remedy("from", "2026-03-03"),
        Remedy("from", "2026-03-03"),
        Remedy("until", "2026-02-27"),
    ]
    assert remedy_of(table()) is None


def test_a_remedy_changes_one_thing_alone() -> None:
    assert remedy_of(table(permission(roles=words("citizen"), case="required"))) is None
    assert remedy_of(table(permission(roles=words("citizen"), case="required")), case=True) == Remedy("role", "citizen")
    assert remedy_of(table(permission(roles=words("citizen"), purposes=words("travel")))) is None
    future = Period(DAY + timedelta(1))
    assert remedy_of(table(permission(valid=future, case="required"))) is None


def test_against_a_prohibition_another_role_or_purpose_helps_and_nothing_else() -> None:
    wide = permission(roles=words(*ROLES), purposes=words(*PURPOSES), access=words("lookup", "list"))
    assert remedy_of(table(wide, prohibition())) is None
    assert remedy_of(table(wide, prohibition(valid=Period(None, DAY)))) is None
    later = permission(valid=Period(DAY + timedelta(5)))
    assert remedy_of(table(later, prohibition(valid=Period(None, DAY)))) is None
    assert remedy_of(table(wide, prohibition(roles=words("clerk")))) == Remedy("role", "citizen")
    assert remedy_of(table(wide, prohibition(purposes=words("welfare")))) == Remedy("purpose", "travel")


def test_regulations_of_several_holders_are_alternatives_and_in_one_order() -> None:
    first = regulation(permission(subject=words("self")), name="b")
    second = regulation(permission(subject=words("household")), name="a")
    decisions = [decide(Table(PARTIES, PURPOSES, order, NATION)) for order in ([first, second], [second, first])]
    assert decisions[0] == decisions[1]
    assert rules_of(decisions[0]) == ["a/shares", "b/shares"]
