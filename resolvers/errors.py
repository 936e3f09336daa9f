"""The errors of a response: what is said of a withheld coordinate, a lost source, an argument that cannot be used.

There is one error for each response path pattern, however many rows it holds, at the first place where it shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auth.access import Decision, Reason
from resolvers.assemble import Where
from resolvers.inputs import InputError
from resolvers.selection import EVERY, Path

Error = dict[str, Any]

_WHY = {
    Reason.NO_PERMISSION: "no permission in force shares it with you for this purpose",
    Reason.PROHIBITED: "a prohibition is in force",
    Reason.NO_CASE: "it is shared only for a case; name the case in the `Madang-Case` header",
    Reason.NOT_VALID: "the permission for it is not in force today",
    Reason.OUTSIDE_SUBJECT: "it is shared only for residents of your own",
}
_WHOSE = {"self": "record", "household": "household", "jurisdiction": "jurisdiction"}


def withheld(decision: Decision, path: Path, where: Where) -> Error:
    """A coordinate that was denied, or that no row condition let through."""
    reason = decision.reason or Reason.OUTSIDE_SUBJECT
    why = _WHY[reason]
    if reason is Reason.OUTSIDE_SUBJECT and decision.residual:
        why = f"it is shared only for your own {' or '.join(_WHOSE[k] for k in sorted(decision.residual))}"
    # Of what is hidden from the caller nothing is named, not even as the reason for something else.
    what = pattern(path) if decision.hidden else decision.coordinate
    extensions = {
        "code": "WITHHELD",
        "coordinate": None if decision.hidden else decision.coordinate,
        "reason": reason.value,
        "rules": [{"regulation": r.regulation, "id": r.id, "basis": r.basis} for r in decision.rules],
        "pattern": pattern(path),
    }
    return {"message": f"`{what}` is withheld: {why}", "path": list(where), "extensions": extensions}


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
