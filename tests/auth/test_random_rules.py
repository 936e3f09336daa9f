"""Random sets of rules: the table against an evaluation that reads them one by one, and less law against more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from auth.access import Decision, Reason, Verdict
from auth.document import Word
from auth.rules import Period, Permission, Prohibition
from tests.auth.rulebook import AGENCIES, COORDINATES, DAY, HERE, PURPOSES, ROLES, decide, table, words

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
