"""What the regulations' nouns are called in a sentence."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import pytest

from auth.access import Article, Constraint, Grant, Mask, MaskKind, Matches, OfSubject, Rule, Since, Span, WithCase, WithConsent
from auth.words import article_in_words, conditions, constraint_in_words, in_words, mask_in_words

RULE = Rule("tax", "shares", "Tax Act, art. 1")


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (OfSubject(frozenset({"self"})), "for your own record"),
        (OfSubject(frozenset({"jurisdiction", "child", "household"})),
         "for your minor children or your household or your jurisdiction"),
        (WithCase(), "with an open case of your agency for this purpose that concerns the resident or the household"),
        (WithConsent("Tax.income"), "with the resident's consent"),
        (Matches("Tax.office", ("NORTH", "SOUTH")), "where Tax.office is NORTH or SOUTH"),
        (Matches("Tax.sealed", (False,)), "where Tax.sealed is false"),
        (Matches("Tax.paidOn", (dt.date(2026, 3, 2),)), "where Tax.paidOn is 2026-03-02"),
        (Matches("Person.district", "jurisdiction"), "where Person.district is your jurisdiction"),
        (Matches("Tax.year", Since(Span(months=24))), "where Tax.year is of the last 2 years"),
        (Matches("Tax.paidOn", Since(Span(months=13, days=1))), "where Tax.paidOn is of the last 1 year and 1 month and 1 day"),
        (Matches("Tax.paidOn", Since(Span())), "where Tax.paidOn is of the last 0 days"),
    ],
)  # fmt: skip
def test_each_condition_is_said_to_the_caller_and_of_the_caller(constraint: Constraint, words: str) -> None:
    assert constraint_in_words(constraint, whose="your") == words
    assert constraint_in_words(constraint) == words.replace("your", "the caller's")


def test_conditions_are_in_one_order_and_each_is_said_once() -> None:
    every: list[Constraint] = [
        Matches("Tax.year", (2,)), WithConsent("Tax.income"), Matches("Person.secret", (True,)), Matches("Person.age", (1,)),
        WithConsent("Tax.year"), OfSubject(frozenset({"self"})), WithCase(),
    ]  # fmt: skip
    hidden = frozenset({"Person.secret", "Person.age"})
    said = conditions(every, hidden, "your")
    assert said == conditions(reversed(every), hidden, "your")
    assert [words.split()[0] for words in said] == ["for", "with", "with", "for", "where"]
    assert said[3] == "for some records"
    assert "Person" not in str(said)


def test_without_conditions_it_is_for_anyone() -> None:
    assert in_words(Grant(RULE)) == "for anyone"
    assert in_words(Grant(RULE, frozenset({WithConsent("Tax.income"), WithCase()}))).count(", ") == 1


def test_every_mask_has_words_of_its_own_with_its_amount() -> None:
    said = {mask_in_words(Mask(kind, 7)) for kind in get_args(MaskKind)}
    assert len(said) == len(get_args(MaskKind))
    with_amount = {kind for kind in get_args(MaskKind) if "7" in mask_in_words(Mask(kind, 7))}
    assert with_amount == {"first", "last", "band", "threshold"}


def test_an_article_is_a_sentence() -> None:
    assert (
        article_in_words(Article("Tax Act, art. 1", ("welfare", "travel")))
        == "Shared under Tax Act, art. 1, for welfare, travel."
    )
    masked = Article("Tax Act, art. 1", ("welfare",), Mask("year"))
    assert article_in_words(masked) == "Shared under Tax Act, art. 1, for welfare, no more than the year."
