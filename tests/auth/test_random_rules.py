"""Random sets of rules: the table against an evaluation that reads them one by one for a row, and less law against more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auth.access import Duties, Limit, Mask, Reason, Since, Span, Verdict
from auth.document import Mistakes, Word
from auth.lint import lint
from auth.rules import AnyRule, Condition, Consent, Exemption, Period, Permission, Prohibition, Purpose, RegulationSet
from auth.table import Table
from tests.auth.rowwise import Row, shown, strength
from tests.auth.rulebook import (
    AGENCIES,
    COORDINATES,
    DAY,
    HERE,
    NATION,
    PARTIES,
    PURPOSES,
    ROLES,
    TITLE,
    decide,
    regulation,
    remedy_of,
    table,
    words,
)

Question = dict[str, Any]
KINDS = ("self", "household", "child", "jurisdiction")

some_day = st.integers(-2, 2).map(lambda days: DAY + timedelta(days))
periods = st.builds(Period, st.none() | some_day, st.none() | some_day) | st.just(Period())


def some(choices: Sequence[str], least: int = 1) -> st.SearchStrategy[tuple[Word, ...]]:
    return st.lists(st.sampled_from(choices), min_size=least, max_size=3, unique=True).map(lambda chosen: words(*chosen))


def a_condition(column: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Condition]:
    return values.map(lambda chosen: Condition(Word(column, HERE), chosen))


conditions = st.lists(
    st.one_of(
        a_condition("Tax.year", some(("2024", "2025", "2026"))),
        a_condition("Tax.year", st.sampled_from([Since(Span(12)), Since(Span(24))])),
        a_condition("Tax.paidOn", st.sampled_from([Since(Span(12)), Since(Span(1)), Since(Span(days=40))])),
        a_condition("Tax.office", some(("NORTH", "SOUTH"))),
        a_condition("Tax.sealed", some(("true", "false"))),
        a_condition("Person.district", st.just("jurisdiction") | some(("11110",))),
    ),
    max_size=2,
    unique_by=lambda condition: condition.column,
).map(tuple)
masks = st.dictionaries(
    st.sampled_from(words("Tax.income", "Tax.year")),
    st.sampled_from([Mask("band", 10), Mask("band", 100), Mask("threshold", 5)]),
    max_size=2,
)
limits = st.none() | st.builds(Limit, st.sampled_from([None, 5, 9]), st.sampled_from([None, 50, 90]))
ids = st.integers(0, 10**6).map(lambda number: Word(f"rule-{number}", HERE))
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
    subject=some(KINDS, 0),
    case=st.sampled_from(["none", "required", "verified"]),
    valid=periods,
    consent=st.sampled_from(
        [None, None, Consent(), *(Consent(Word("Asked for help.", HERE), within) for within in (None, Span(1)))]
    ),
    rows=conditions,
    masks=masks,
    limit=limits,
    duties=st.sampled_from([None, Duties(Span(12)), Duties(store=False), Duties(defer=Span(6)), Duties(Span(12), defer=DAY)]),
)
exemptions = st.builds(Exemption, some((*AGENCIES, "districts"), 0), some(ROLES, 0), some(PURPOSES, 0))
prohibitions = st.builds(
    Prohibition,
    id=ids,
    recipients=some((*AGENCIES, "districts"), 0),
    roles=some(ROLES, 0),
    purposes=some(PURPOSES, 0),
    items=some(COORDINATES),
    basis=st.just("Tax Act, art. 2"),
    valid=periods,
    when=conditions,
    exempt=st.lists(exemptions, max_size=2).map(tuple),
)
questions = st.fixed_dictionaries(
    {
        "coordinate": st.sampled_from((*COORDINATES, "Tax.other")),
        "agency": st.sampled_from((*AGENCIES, *AGENCIES, "districts", "unknown")),
        "role": st.sampled_from((*ROLES, *ROLES, "unknown")),
        "purpose": st.sampled_from((*PURPOSES, *PURPOSES, None, "unknown")),
        "access": st.sampled_from(("lookup", "list")),
        "use": st.sampled_from(("read", "search")),
        "case": st.booleans(),
        "day": some_day,
    }
)
rows = st.builds(
    Row,
    subject=st.frozensets(st.sampled_from(KINDS)),
    case_open=st.booleans(),
    consents=st.frozensets(st.sampled_from(COORDINATES)),
    values=st.fixed_dictionaries(
        {
            "Tax.year": st.sampled_from([None, 2023, 2024, 2025, 2026]),
            "Tax.paidOn": st.none() | st.integers(0, 400).map(lambda days: DAY - timedelta(days)),
            "Tax.office": st.sampled_from([None, "NORTH", "SOUTH", "WEST"]),
            "Tax.sealed": st.sampled_from([None, True, False]),
            "Person.district": st.sampled_from([None, "11110", "26350"]),
        }
    ),
)
laws = st.tuples(st.lists(permissions, max_size=5), st.lists(prohibitions, max_size=2))


# ── The rules, read as a lawyer would ───────────────────────────────────────────────────────────────────────────────────────


def declared(question: Question) -> bool:
    return question["agency"] in AGENCIES and question["role"] in ROLES and question["purpose"] in (*PURPOSES, None)


def names(recipients: tuple[Word, ...], agency: str) -> bool:
    return agency in recipients or ("districts" in recipients and agency in ("north", "south"))


def concerns(rule: Prohibition | Exemption, question: Question) -> bool:
    who = not rule.recipients or names(rule.recipients, question["agency"])
    return who and all(
        not said or asked in said for said, asked in ((rule.roles, question["role"]), (rule.purposes, question["purpose"]))
    )


def within(period: Period, day: date) -> bool:
    return not (period.first and day < period.first) and not (period.last and day > period.last)


def true_of(condition: Condition, row: Row, day: date) -> bool:
    value = row.values[condition.column]
    match condition.values:
        case _ if value is None:
            return False
        case "jurisdiction":
            return value == row.jurisdiction
        case Since(Span(months, days)) if isinstance(value, date):
            # The day that lies so long before: by whole months, and then by days.
            months_before = day.year * 12 + day.month - 1 - months
            same_day = date(months_before // 12, months_before % 12 + 1, min(day.day, 28))
            return value >= same_day - timedelta(days)
        case Since(Span(months)):
            return isinstance(value, int) and value >= day.year - months // 12
        case tuple(values):
            return (str(value).lower() if isinstance(value, bool) else str(value)) in values
    raise AssertionError(condition)


def forbidding(forbids: list[Prohibition], question: Question) -> Iterator[Prohibition]:
    for forbid in forbids:
        excepted = any(concerns(exempt, question) for exempt in forbid.exempt)
        concerned = concerns(forbid, question) and within(forbid.valid, question["day"])
        if question["coordinate"] in forbid.items and concerned and not excepted:
            yield forbid


def fitting(permits: list[Permission], question: Question) -> Iterator[Permission]:
    for permit in permits:
        who = names(permit.recipients, question["agency"]) and question["role"] in permit.roles
        what = question["coordinate"] in (permit.items if question["use"] == "read" else permit.search)
        if who and what and question["purpose"] in permit.purposes and question["access"] in permit.access:
            yield permit


def reason(permits: list[Permission], forbids: list[Prohibition], question: Question) -> Reason | None:
    """Why a question is denied whatever the row; none if it is not."""
    if any(not forbid.when for forbid in forbidding(forbids, question)):
        return Reason.PROHIBITED
    named = list(fitting(permits, question))
    valid = [permit for permit in named if within(permit.valid, question["day"])]
    if any(question["case"] or permit.case == "none" for permit in valid):
        return None
    if valid:
        return Reason.NO_CASE
    if any(permit.valid.first and permit.valid.first > question["day"] for permit in named):
        return Reason.NOT_YET_VALID
    return Reason.NO_LONGER_VALID if named else Reason.NO_PERMISSION


def one_by_one(permits: list[Permission], forbids: list[Prohibition], question: Question, row: Row) -> tuple[int, int]:
    """How much is hidden of a row: by the least of the masks of all permissions that hold for it, or everything."""
    day, coordinate = question["day"], question["coordinate"]
    for forbid in forbidding(forbids, question):
        if all(true_of(condition, row, day) for condition in forbid.when):
            return strength(None)
    found = [strength(None)]
    for permit in fitting(permits, question):
        if not within(permit.valid, day) or (permit.case != "none" and not question["case"]):
            continue
        consented = not (permit.consent and permit.consent.ground is None) or coordinate in row.consents
        subject = not permit.subject or any(kind in row.subject for kind in permit.subject)
        case = permit.case != "verified" or row.case_open
        if consented and subject and case and all(true_of(condition, row, day) for condition in permit.rows):
            mask = permit.masks.get(Word(coordinate, HERE)) if question["use"] == "read" else None
            found.append(mask.strength if mask else (-1, 0))
    return min(found)


@settings(max_examples=400, deadline=None)
@given(laws, st.lists(questions, min_size=1, max_size=6), st.lists(rows, min_size=1, max_size=4))
def test_the_table_says_what_the_rules_say(
    law: tuple[list[Permission], list[Prohibition]], asked: list[Question], some_rows: list[Row]
) -> None:
    permits, forbids = law
    compiled = table(*permits, *forbids)
    for question in asked:
        decision = decide(compiled, **question)
        if not declared(question):
            assert (decision.verdict, decision.reason, decision.rules) == (Verdict.DENY, Reason.NO_PERMISSION, ())
            continue
        assert decision.reason == reason(permits, forbids, question)
        assert decision.denied is (decision.reason is not None)
        assert bool(decision.rules) is (decision.reason is not Reason.NO_PERMISSION)
        for row in some_rows:
            grant = shown(decision, row, question["day"])
            assert strength(grant) == one_by_one(permits, forbids, question, row)


@settings(max_examples=300, deadline=None)
@given(laws, questions, rows)
def test_a_decision_keeps_its_shape(law: tuple[list[Permission], list[Prohibition]], question: Question, row: Row) -> None:
    compiled = table(*law[0], *law[1])
    decision = decide(compiled, **question)
    strengths = [strength(grant) for grant in decision.grants]
    assert strengths == sorted(strengths)
    assert all(grant.constraints for grant in decision.grants[:-1])
    assert (decision.verdict is Verdict.MASK) is (bool(strengths) and strengths[0] > (-1, 0))
    assert decision.denied is not bool(decision.grants)
    # What is told of a ban, the caller may read of this very row.
    for ban in decision.bans:
        if ban.told and any(
            shown(replace(decision, bans=(), grants=(grant,)), row, question["day"]) for grant in decision.grants
        ):
            for match in ban.when:
                flag = decide(compiled, **{**question, "coordinate": match.coordinate, "use": "read"})
                assert strength(shown(flag, row, question["day"])) == (-1, 0)


# ── Less law never shows more ───────────────────────────────────────────────────────────────────────────────────────────────


def hidden(compiled: Table, question: Question, row: Row) -> tuple[int, int]:
    """How much of a row's value is hidden under the compiled rules."""
    return strength(shown(decide(compiled, **question), row, question["day"]))


@settings(max_examples=300, deadline=None)
@given(laws, permissions, prohibitions, questions, rows)
def test_less_law_never_shows_more(
    law: tuple[list[Permission], list[Prohibition]], permit: Permission, forbid: Prohibition, question: Question, row: Row
) -> None:
    rules: tuple[AnyRule, ...] = (*law[0], *law[1])
    full = hidden(table(permit, *rules), question, row)
    assert hidden(table(*rules), question, row) >= full, "without a permission"
    forbidden = hidden(table(permit, *rules, forbid), question, row)
    assert forbidden >= full, "with a prohibition"
    excepted = replace(forbid, exempt=(*forbid.exempt, Exemption((), words("clerk"), ())))
    assert forbidden >= hidden(table(permit, *rules, excepted), question, row) >= full, "with an exception more"


@settings(max_examples=300, deadline=None)
@given(laws, permissions, conditions, questions, rows)
def test_a_narrower_permission_never_shows_more(
    law: tuple[list[Permission], list[Prohibition]],
    permit: Permission,
    more: tuple[Condition, ...],
    question: Question,
    row: Row,
) -> None:
    rules: tuple[AnyRule, ...] = (*law[0], *law[1])
    full = hidden(table(permit, *rules), question, row)
    added = tuple(each for each in more if each.column not in {condition.column for condition in permit.rows})
    for narrower in (
        replace(permit, subject=permit.subject[:1] or words("self")),
        replace(permit, case={"none": "required"}.get(permit.case, "verified")),
        replace(permit, consent=Consent()),
        replace(permit, rows=(*permit.rows, *added)),
        replace(permit, access=permit.access[:1]),
        replace(permit, masks={**dict.fromkeys(words("Tax.income"), Mask("threshold", 500)), **permit.masks}),
    ):
        assert hidden(table(narrower, *rules), question, row) >= full


# ── What the checker and the remedies say ───────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=300, deadline=None)
@given(laws, st.data())
def test_what_the_checker_calls_needless_can_be_taken_out(
    law: tuple[list[Permission], list[Prohibition]], data: st.DataObject
) -> None:
    permits, forbids = law
    permits += [replace(permit, id=Word(f"{permit.id}-again", HERE)) for permit in permits[:1]]
    forbids += [replace(forbid, id=Word(f"{forbid.id}-again", HERE), roles=words("clerk")) for forbid in forbids[:1]]
    rules: tuple[AnyRule, ...] = (*permits, *forbids)
    assume(len({rule.id for rule in rules}) == len(rules))
    mistakes = Mistakes()
    purposes = {word: Purpose(TITLE, "", "") for word in words(*PURPOSES)}
    lint(RegulationSet(PARTIES, purposes, (regulation(*rules),), Mistakes()), NATION, DAY, mistakes)
    said = (re.match(r"`(.*?)` (adds|prohibits) nothing", mistake.what) for mistake in mistakes.found)
    needless = {found[1] for found in said if found}
    assert not permits or needless, "the first permission stands there twice"
    kept = [rule for rule in rules if rule.id not in needless]
    question, row = data.draw(questions), data.draw(rows)
    assert hidden(table(*kept), question, row) == hidden(table(*rules), question, row)


@settings(max_examples=300, deadline=None)
@given(laws, questions)
def test_a_remedy_helps_and_without_one_nothing_does(law: tuple[list[Permission], list[Prohibition]], question: Question) -> None:
    compiled = table(*law[0], *law[1])
    denial = decide(compiled, **question)
    assume(denial.denied)
    remedy = remedy_of(compiled, **question)
    changes: list[Question] = [{"role": role} for role in ROLES] + [{"purpose": purpose} for purpose in PURPOSES]
    if denial.reason is not Reason.PROHIBITED:
        changes += [{"case": True}, {"access": "list"}, {"access": "lookup"}]
        changes += [{"day": DAY + timedelta(days)} for days in range(-5, 6)]
    if remedy is None:
        assert all(decide(compiled, **{**question, **change}).denied for change in changes)
        return
    key = {"from": "day", "until": "day"}.get(remedy.change, remedy.change)
    value = {"case": True, "day": remedy.value and key == "day" and date.fromisoformat(remedy.value)}.get(key, remedy.value)
    assert not decide(compiled, **{**question, key: value}).denied
