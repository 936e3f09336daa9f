"""The errors of a response: what is said of a withheld coordinate, a lost source, an argument that cannot be used.

There is one error for each response path pattern, however many rows it holds, at the first place where it shows.

A refusal says what is withheld, why, by which rule, and the smallest change that would permit it. All of it follows from the
decision, nothing from the row: it is the same for all that could be behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auth import consent
from auth.access import Decision, Matches, OfSubject, Reason, Remedy, Rule, WithCase, WithConsent
from auth.words import conditions
from resolvers.assemble import Where
from resolvers.inputs import InputError
from resolvers.selection import EVERY, Path

Error = dict[str, Any]

_READ = {
    Reason.NO_PERMISSION: "no permission in force shares it with you for this purpose",
    Reason.PROHIBITED: "a prohibition is in force",
    Reason.NO_CASE: "it is shared with you only for a case; name the case in the `Madang-Case` header",
    Reason.NOT_YET_VALID: "the permission that shares it with you is not in force yet",
    Reason.NO_LONGER_VALID: "the permission that shared it with you is no longer in force",
}
_SEARCH = {
    Reason.NO_PERMISSION: "no permission in force lets you search or sort by it for this purpose",
    Reason.PROHIBITED: "a prohibition is in force",
    Reason.NO_CASE: "you may search or sort by it only for a case; name the case in the `Madang-Case` header",
    Reason.NOT_YET_VALID: "the permission to search or sort by it is not in force yet",
    Reason.NO_LONGER_VALID: "the permission to search or sort by it is no longer in force",
    Reason.OUTSIDE_SUBJECT: "you may search or sort by it only for some residents, and this order would tell of all of the list",
}
_REPORT = {
    Reason.NO_PERMISSION: "no permission in force lets you report it for this purpose",
    Reason.NO_CASE: "you may report it only for a case; name the case in the `Madang-Case` header",
    Reason.NOT_YET_VALID: "the permission to report it is not in force yet",
    Reason.NO_LONGER_VALID: "the permission to report it is no longer in force",
}
_WHY = {"read": _READ, "search": _SEARCH, "report": _READ | _REPORT}
_MAY = {"read": "it is shared with you", "search": "you may search or sort by it", "report": "you may report it"}
_COULD = {"read": "it could be shared with you", "search": "you could search or sort by it", "report": "you could report it"}
_OF_ROWS: dict[type, Reason] = {
    OfSubject: Reason.OUTSIDE_SUBJECT,
    WithCase: Reason.NO_CASE,
    WithConsent: Reason.NO_CONSENT,
    Matches: Reason.OUTSIDE_ROWS,
}
"""What it is called when no row meets a kind of constraint."""

_CHANGES = {
    "case": "with a case",
    "role": "with role `{value}`",
    "purpose": "for purpose `{value}`",
    "from": "from {value} on",
    "until": "until {value}",
}
_ACCESSES = {
    "lookup": "under a record that is looked up",
    "list": "in a list of records",
    "events": "in the feed of events",
    "report": "in a report to the register",
}


def withheld(
    decision: Decision, path: Path, where: Iterable[str | int], hidden: frozenset[str], *, searched: bool = False,
    reported: bool = False,
) -> Error:  # fmt: skip
    """A coordinate that was denied, or of which no alternative's constraints were met by a row, or by a report.

    `hidden` from the caller: of that nothing is named, not even as the reason for something else.
    """
    what = pattern(path) if decision.hidden else decision.coordinate
    remedy = _remedy(decision, hidden, searched=searched)
    extensions = {
        "code": "WITHHELD",
        "coordinate": None if decision.hidden else decision.coordinate,
        "reason": reason_of(decision).value,
        "rules": [described(rule) for rule in decision.rules],
        "remedy": remedy,
        "pattern": pattern(path),
    }
    why = said(decision, hidden, searched=searched, reported=reported)
    return {"message": f"`{what}` is withheld: {why}", "path": list(where), "extensions": extensions}


def reason_of(decision: Decision) -> Reason:
    """Why it is withheld: what was decided, or else the one kind of condition that its grants have for rows, or several."""
    if decision.reason is not None:
        return decision.reason
    kinds = {_OF_ROWS[type(c)] for grant in decision.grants for c in grant.constraints}
    return kinds.pop() if len(kinds) == 1 else Reason.CONDITIONS


def said(decision: Decision, hidden: frozenset[str], *, searched: bool, reported: bool = False) -> str:
    """Why a coordinate is withheld, and what would change that, in words for the caller."""
    use = "report" if reported else "search" if searched else "read"
    if decision.reason is None:
        alternatives = dict.fromkeys(" and ".join(conditions(g.constraints, hidden, "your")) for g in decision.grants)
        return f"{_MAY[use]} only {', or '.join(alternatives)}"
    why = _WHY[use][decision.reason]
    if decision.remedy is None or decision.remedy.change == "case":
        return why
    could = "it was shared with you" if use == "read" and decision.remedy.change == "until" else _COULD[use]
    return f"{why}; {change(decision.remedy)}, {could}"


def change(remedy: Remedy) -> str:
    """A remedy in words."""
    return _ACCESSES[remedy.value] if remedy.change == "access" else _CHANGES[remedy.change].format(value=remedy.value)


def described(rule: Rule) -> dict[str, str]:
    """A rule by name, with its legal basis."""
    return {"regulation": rule.regulation, "id": rule.id, "basis": rule.basis}


def _remedy(decision: Decision, hidden: frozenset[str], *, searched: bool) -> str | None:
    """The smallest change that would permit it: another circumstance, or what a row would have to meet."""
    if decision.remedy is not None:
        return change(decision.remedy)
    if decision.denied:
        return "in the default order" if searched and decision.reason is Reason.OUTSIDE_SUBJECT else None
    fewest = min(decision.grants, key=lambda grant: len(grant.constraints))
    return " and ".join(conditions(fewest.constraints, hidden, "your"))


_REGISTERS = {consent.SOURCE: "the gateway's own database"}


def unavailable(holder: str, places: Iterable[tuple[Path, Where]]) -> Error:
    """A holder's source that failed; every path pattern that it cost is named, with the first place."""
    in_turn = sorted(places, key=lambda place: comparable(place[1]))
    where = in_turn[0][1]
    patterns = list(dict.fromkeys(pattern(path) for path, _ in in_turn))
    extensions = {"code": "SOURCE_UNAVAILABLE", "holder": holder, "patterns": patterns}
    return {
        "message": f"{_REGISTERS.get(holder, f'the register of `{holder}`')} does not answer; ask again later",
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
