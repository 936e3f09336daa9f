"""What the regulations' nouns are called in a sentence: for plans, refusals, and whoever asks what is shared."""

from __future__ import annotations

from auth.access import Constraint, Grant, Matches, OfSubject, Since, WithCase, WithConsent

_SUBJECTS = {
    "self": "the caller's own record", "household": "the caller's household", "child": "the caller's minor children",
    "jurisdiction": "the caller's jurisdiction",
}  # fmt: skip


def in_words(grant: Grant) -> str:
    """Under which conditions a grant holds; `of anyone` if there are none."""
    order = (OfSubject, WithCase, WithConsent, Matches)
    found = [constraint_in_words(c) for kind in order for c in sorted(grant.constraints, key=str) if isinstance(c, kind)]
    return ", ".join(found) or "of anyone"


def constraint_in_words(constraint: Constraint) -> str:
    """One condition."""
    match constraint:
        case OfSubject(kinds):
            return f"of {' or '.join(_SUBJECTS[kind] for kind in sorted(kinds))}"
        case WithCase():
            return "with an open case that concerns the resident or the household"
        case WithConsent():
            return "with the resident's consent"
        case Matches(coordinate, values):
            return f"where {coordinate} {_values(values)}"


def _values(values: object) -> str:
    if isinstance(values, Since):
        return f"is of the last {values.span}"
    if isinstance(values, tuple):
        return f"is {' or '.join('true' if v is True else 'false' if v is False else str(v) for v in values)}"
    return "is the caller's jurisdiction"
