"""The errors of a response: what is said of a withheld coordinate, a lost source, an argument that cannot be used.

There is one error for each response path pattern, however many rows it holds, at the first place where it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from auth.access import Decision, Matches, OfSubject, Reason, Rule, WithCase, WithConsent
from resolvers.assemble import Where
from resolvers.inputs import InputError
from resolvers.selection import EVERY, Path

Error = dict[str, Any]

_WHY = {
    Reason.NO_PERMISSION: "no permission in force shares it with you for this purpose",
    Reason.PROHIBITED: "a prohibition is in force",
    Reason.NO_CASE: "it is shared only for a case; name the case in the `Madang-Case` header",
    Reason.NOT_YET_VALID: "the permission for it is not in force yet",
    Reason.NO_LONGER_VALID: "the permission for it is no longer in force",
}
_WHOSE = {"self": "record", "household": "household", "child": "minor children", "jurisdiction": "jurisdiction"}
_OF_ROWS: dict[type, tuple[Reason, str]] = {
    OfSubject: (Reason.OUTSIDE_SUBJECT, "for your own {whose}"),
    WithCase: (Reason.NO_CASE, "with an open case of your agency for this purpose that concerns the resident or the household"),
    WithConsent: (Reason.NO_CONSENT, "with the resident's consent to this purpose"),
    Matches: (Reason.OUTSIDE_ROWS, "for some records"),
}
"""What each kind of constraint is called where no row meets it, in this order."""

_CHANGES = {
    "case": "with a case",
    "role": "with role `{value}`",
    "purpose": "for purpose `{value}`",
    "access": "by `{value}`",
    "from": "from {value} on",
    "until": "until {value}",
}


def withheld(decision: Decision, path: Path, where: Iterable[str | int]) -> Error:
    """A coordinate that was denied, or of which no alternative's constraints were met by a row.

    What is said depends on the decision alone, never on the row: it is the same for all that could be behind it.
    """
    kinds = [kind for kind in _OF_ROWS if any(isinstance(c, kind) for grant in decision.grants for c in grant.constraints)]
    reason = decision.reason or (_OF_ROWS[kinds[0]][0] if len(kinds) == 1 else Reason.CONDITIONS)
    why = _WHY.get(reason) or f"it is shared only {' and '.join(_words(decision, kind) for kind in kinds)}"
    if decision.reason is Reason.OUTSIDE_SUBJECT:
        why = "a list may be put in this order only where it may be searched by for all"
    if decision.reason is None and kinds and reason in _WHY:
        why = f"it is shared only {_words(decision, kinds[0])}"
    # Of what is hidden from the caller nothing is named, not even as the reason for something else.
    what = pattern(path) if decision.hidden else decision.coordinate
    extensions = {
        "code": "WITHHELD",
        "coordinate": None if decision.hidden else decision.coordinate,
        "reason": reason.value,
        "rules": [described(rule) for rule in decision.rules],
        "remedy": _remedy(decision, kinds),
        "pattern": pattern(path),
    }
    return {"message": f"`{what}` is withheld: {why}", "path": list(where), "extensions": extensions}


def described(rule: Rule) -> dict[str, str]:
    """A rule by name, with its legal basis."""
    return {"regulation": rule.regulation, "id": rule.id, "basis": rule.basis}


def _words(decision: Decision, kind: type) -> str:
    of = {k for grant in decision.grants for c in grant.constraints if isinstance(c, OfSubject) for k in c.kinds}
    return _OF_ROWS[kind][1].format(whose=" or ".join(_WHOSE[k] for k in sorted(of)))


def _remedy(decision: Decision, kinds: Sequence[type]) -> str | None:
    """The smallest change that would permit it: another circumstance, or what a row would have to meet."""
    if decision.remedy is not None:
        return _CHANGES[decision.remedy.change].format(value=decision.remedy.value)
    if decision.denied or not kinds:
        return None
    fewest = min(decision.grants, key=lambda grant: len(grant.constraints))
    needed = [kind for kind in kinds if any(isinstance(c, kind) for c in fewest.constraints)]
    return " and ".join(_words(replace(decision, grants=(fewest,)), kind) for kind in needed)


def unavailable(holder: str, places: Iterable[tuple[Path, Where]]) -> Error:
    """A holder's source that failed; every path pattern that it cost is named, with the first place."""
    in_turn = sorted(places, key=lambda place: comparable(place[1]))
    where = in_turn[0][1]
    patterns = list(dict.fromkeys(pattern(path) for path, _ in in_turn))
    extensions = {"code": "SOURCE_UNAVAILABLE", "holder": holder, "patterns": patterns}
    return {
        "message": f"the register of `{holder}` does not answer; ask again later",
        "path": list(where),
        "extensions": extensions,
    }


def unusable(error: InputError, where: Where) -> Error:
    return {"message": str(error), "path": list(where), "extensions": {"code": error.code}}


def pattern(path: Path) -> str:
    """A path pattern in words: `residents.edges[].node.name`."""
    return "".join("[]" if name == EVERY else f".{name}" for name in path).lstrip(".")


def in_order(errors: Iterable[Error]) -> list[Error]:
    """By path, places in lists before names, so that equal answers have equal errors."""
    return sorted(errors, key=lambda e: comparable(e["path"]))


def comparable(where: Iterable[str | int]) -> list[tuple[bool, int, str]]:
    """A path by which paths can be sorted."""
    return [(isinstance(p, str), p if isinstance(p, int) else 0, str(p)) for p in where]
