"""What the regulations' nouns are called in a sentence: for plans, refusals, and whoever asks what is shared.

Of a column that is hidden from whoever reads the sentence nothing is said, not even that it is what a condition turns on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auth.access import Article, Constraint, Grant, Mask, Matches, OfSubject, Since, Span, WithCase, WithConsent

_SUBJECTS = {
    "self": "{whose} own record", "household": "{whose} household", "child": "{whose} minor children",
    "jurisdiction": "{whose} jurisdiction",
}  # fmt: skip
_ORDER = (OfSubject, WithCase, WithConsent, Matches)
_MASKS = {
    "first": "no more than the first {amount} characters", "last": "no more than the last {amount} characters",
    "band": "rounded down to a multiple of {amount}", "threshold": "no more than whether it is {amount} or more",
    "year": "no more than the year", "district": "no more than the district", "initial": "no more than the first character",
    "pseudonym": "a pseudonym in its place",
}  # fmt: skip


def in_words(grant: Grant, hidden: frozenset[str] = frozenset(), whose: str = "the caller's") -> str:
    """Under which conditions a grant holds; `for anyone` if there are none."""
    return ", ".join(conditions(grant.constraints, hidden, whose)) or "for anyone"


def conditions(constraints: Iterable[Constraint], hidden: frozenset[str] = frozenset(), whose: str = "the caller's") -> list[str]:
    """All of them, the same set always in the same order. `whose`: `your`, to the caller itself."""
    known = list(constraints)
    found: list[str] = []
    for kind in _ORDER:
        found += sorted({constraint_in_words(each, hidden, whose) for each in known if isinstance(each, kind)})
    return found


def constraint_in_words(constraint: Constraint, hidden: frozenset[str] = frozenset(), whose: str = "the caller's") -> str:
    """One condition."""
    match constraint:
        case OfSubject(kinds):
            return f"for {' or '.join(_SUBJECTS[kind].format(whose=whose) for kind in sorted(kinds))}"
        case WithCase():
            return f"with an open case of {whose} agency for this purpose that concerns the resident or the household"
        case WithConsent():
            return "with the resident's consent"
        case Matches(coordinate, values, household):
            anyone = " of anyone in the household" if household else ""
            return "for some records" if coordinate in hidden else f"where {coordinate} {_values(values, whose)}{anyone}"


def mask_in_words(mask: Mask) -> str:
    """What is left of a value."""
    return _MASKS[mask.kind].format(amount=mask.amount)


def article_in_words(article: Article) -> str:
    """Under which article something is shared, what for, and what is left of it: a sentence."""
    mask = f", {mask_in_words(article.mask)}" if article.mask else ""
    return f"Shared under {article.basis}, for {', '.join(article.purposes)}{mask}."


def _values(values: object, whose: str) -> str:
    if isinstance(values, Since):
        return f"is of the last {_span(values.span)}"
    if isinstance(values, tuple):
        return f"is {' or '.join('true' if v is True else 'false' if v is False else str(v) for v in values)}"
    return f"is {whose} jurisdiction"


def _span(span: Span) -> str:
    years, months = divmod(span.months, 12)
    parts = list(_counted(((years, "year"), (months, "month"), (span.days, "day"))))
    return " and ".join(parts) or "0 days"


def _counted(numbers: Iterable[tuple[int, str]]) -> Iterator[str]:
    return (f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in numbers if number)
