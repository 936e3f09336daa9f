"""Two sets of rules compared: exactly what changes, for whom, and in which way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings

from auth.access import Duties, Limit, Mask, Since, Span
from auth.authorizer import RegulationAuthorizer
from auth.diff import Change, diff
from auth.document import Mistakes, Word
from auth.reach import Circumstance
from auth.rules import Agency, AnyRule, Condition, Consent, Exemption, Period, Purpose, RegulationSet
from auth.situations import MODES, Mode, boxes, decide, situations
from tests.auth.rulebook import (
    AGENCIES,
    DAY,
    HERE,
    NATION,
    PARTIES,
    PURPOSES,
    ROLES,
    TITLE,
    condition,
    permission,
    prohibition,
    regulation,
    words,
)
from tests.auth.test_random_rules import laws

TOMORROW = DAY + timedelta(1)
NORTH = Circumstance("north", "clerk", "welfare")


@pytest.fixture(scope="module", autouse=True)
def _whatever_lint_says() -> Iterator[None]:
    """A law that shadows or contradicts itself is compared all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auth.authorizer.check", lambda *_: ())
        yield


def law(*rules: AnyRule, hidden: tuple[Word, ...] = ()) -> RegulationAuthorizer:
    purposes = {Word(code, HERE): Purpose(TITLE, "Some Act, art. 1", "") for code in PURPOSES}
    found = RegulationSet(PARTIES, purposes, (regulation(*rules, hidden=hidden),), Mistakes())
    return RegulationAuthorizer(found, NATION, today=lambda: DAY)


def changes(before: RegulationAuthorizer, after: RegulationAuthorizer) -> tuple[Change, ...]:
    return diff(before, after, NATION)


# ── Exactly ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=30, deadline=None)
@given(laws, laws)
def test_it_is_every_situation_in_which_a_decision_differs_and_no_other(one: Any, other: Any) -> None:
    before, after = law(*one[0], *one[1], hidden=words("Tax.year")), law(*other[0], *other[1])
    told = {
        (change.coordinate, circumstance, mode): (change.before, change.after)
        for change in changes(before, after)
        for where in change.where
        for circumstance, mode in where
    }
    found = {}
    for circumstance in (Circumstance(*each) for each in product(AGENCIES, ROLES, (*PURPOSES, None))):
        for coordinate, mode in product(NATION, MODES):
            pair = decide(before, circumstance, coordinate, mode), decide(after, circumstance, coordinate, mode)
            if pair[0] != pair[1]:
                found[coordinate, circumstance, mode] = pair
    assert told == found
    assert len(told) == sum(1 for change in changes(before, after) for where in change.where for _ in where)


def test_nothing_changes_between_a_law_and_itself() -> None:
    rules = permission(), prohibition(purposes=words("travel"))
    assert changes(law(*rules), law(*rules)) == ()


def test_agencies_that_are_new_or_gone_are_compared_too() -> None:
    agencies = {**PARTIES.agencies, Word("east", HERE): Agency(TITLE, None)}
    after = law(permission(recipients=words("east")))
    found = replace(after.everything, parties=replace(PARTIES, agencies=agencies))
    after = RegulationAuthorizer(found, NATION, today=lambda: DAY)
    (granted,) = [change for change in changes(law(), after) if change.how == ("granted",)]
    (withheld,) = [change for change in changes(after, law()) if change.how == ("withheld",)]
    assert granted.where == withheld.where
    assert [where.agencies for where in granted.where] == [("east",)]


def test_it_is_as_of_a_day() -> None:
    before, after = law(permission()), law(permission(valid=Period(last=DAY)))
    assert changes(before, after) == ()
    assert {change.how for change in changes(before.at(TOMORROW), after.at(TOMORROW))} == {("withheld",)}


# ── In which way ────────────────────────────────────────────────────────────────────────────────────────────────────────────

PLAIN = permission()
TOLD = Consent(Word("Asked for help.", HERE))
MASKED = permission(masks={Word("Tax.income", HERE): Mask("band", 100)})
OF_2026 = permission(rows=(condition("Tax.year", "2026"),))
OF_TWO_YEARS = permission(rows=(condition("Tax.year", "2025", "2026"),))
SEALED = prohibition(when=(condition("Tax.sealed", "true"),))
OTHER_NAME = permission(id=Word("shares-otherwise", HERE))


@pytest.mark.parametrize(
    ("before", "after", "how"),
    [
        ([], [PLAIN], ["granted"]),
        ([PLAIN], [], ["withheld"]),
        ([PLAIN], [PLAIN, prohibition()], ["withheld"]),
        ([OF_2026], [OF_TWO_YEARS], ["widened"]),
        ([OF_TWO_YEARS], [OF_2026], ["narrowed"]),
        ([PLAIN], [permission(subject=words("self"))], ["narrowed"]),
        ([permission(subject=words("self"))], [permission(subject=words("self", "child"))], ["widened"]),
        ([permission(consent=Consent())], [PLAIN], ["widened"]),
        ([permission(rows=(Condition(Word("Tax.paidOn", HERE), Since(Span(12))),))],
         [permission(rows=(Condition(Word("Tax.paidOn", HERE), Since(Span(24))),))], ["widened"]),
        ([OF_2026], [permission(subject=words("self"))], ["conditions"]),
        ([MASKED], [PLAIN], ["unmasked"]),
        ([PLAIN], [MASKED], ["masked"]),
        ([permission(masks={Word("Tax.income", HERE): Mask("band", 1000)})], [MASKED], ["unmasked"]),
        ([OF_2026], [MASKED], ["widened", "masked"]),
        ([MASKED], [OF_2026], ["narrowed", "unmasked"]),
        ([OF_2026], [OF_2026, MASKED], ["widened"]),
        ([PLAIN], [PLAIN, SEALED], ["barred"]),
        ([PLAIN, SEALED], [PLAIN], ["unbarred"]),
        ([PLAIN, SEALED], [PLAIN, prohibition(when=(condition("Tax.office", "NORTH"),))], ["bars"]),
        ([PLAIN], [permission(limit=Limit(5))], ["limit"]),
        ([PLAIN], [permission(duties=Duties(Span(12)))], ["duties"]),
        ([permission(duties=Duties(defer=Span(6)))], [permission(duties=Duties(defer=Span(7)))], ["duties"]),
        ([permission(consent=TOLD)], [permission(consent=replace(TOLD, within=Span(days=10)))], ["duties"]),
        ([permission(limit=Limit(5))], [permission(limit=Limit(9), duties=Duties(store=False))], ["limit", "duties"]),
        ([PLAIN], [permission(subject=words("self"), limit=Limit(5))], ["narrowed", "limit"]),
        ([permission(limit=Limit(5))], [permission(subject=words("self"), limit=Limit(5))], ["narrowed"]),
        ([PLAIN], [OTHER_NAME], ["rules"]),
        ([PLAIN], [permission(basis="Tax Act, art. 9")], ["rules"]),
        ([], [prohibition()], ["reason"]),
    ],
)  # fmt: skip
def test_how(before: list[AnyRule], after: list[AnyRule], how: list[str]) -> None:
    mode = Mode(case=False, access="lookup", use="read")
    (found,) = [
        change
        for change in changes(law(*before), law(*after))
        if any((NORTH, mode) in where for where in change.where) and change.coordinate == "Tax.income"
    ]
    assert list(found.how) == how
    assert found.holder == "tax"


def test_what_is_hidden_does_not_exist_any_more_and_again() -> None:
    hiding, open_ = law(hidden=words("Tax.year")), law()
    assert {change.how for change in changes(open_, hiding)} == {("hidden",)}
    assert {change.how for change in changes(hiding, open_)} == {("shown",)}


def test_a_case_is_told_where_it_matters() -> None:
    (change,) = changes(law(permission()), law(permission(case="required")))
    assert change.how == ("withheld",)
    assert [where.cases for where in change.where] == [(False,)]


# ── In few words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_situations_that_are_a_product_are_told_as_one() -> None:
    everywhere = [Circumstance(*each) for each in product(AGENCIES, ROLES, (*PURPOSES, None))]
    (one,) = situations(boxes(everywhere), MODES)
    assert set(one) == set(product(everywhere, MODES))
    assert one.purposes == (None, *sorted(PURPOSES))
    assert len(situations(boxes(everywhere[:-1]), MODES)) > 1


def test_agencies_have_the_names_of_their_groups() -> None:
    assert PARTIES.names(["south", "tax", "north"]) == ("districts", "tax")
    assert PARTIES.names(["south", "tax"]) == ("south", "tax")


def test_an_exemption_changes_only_whom_it_names() -> None:
    rules = [permission(recipients=words(*AGENCIES))]
    before = law(*rules, prohibition())
    after = law(*rules, prohibition(exempt=(Exemption(words("tax"), (), ()),)))
    granted = [change for change in changes(before, after) if change.how == ("granted",)]
    assert {where.agencies for change in granted for where in change.where} == {("tax",)}
