"""The errors of a response: what is said of a withheld coordinate, a lost source, an argument that cannot be used.

There is one error for each response path pattern, however many rows it holds, at the first place where it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    extensions = {
        "code": "WITHHELD",
        "coordinate": decision.coordinate,
        "reason": reason.value,
        "rules": [{"regulation": r.regulation, "id": r.id, "basis": r.basis} for r in decision.rules],
        "pattern": pattern(path),
    }
    return {"message": f"`{decision.coordinate}` is withheld: {why}", "path": list(where), "extensions": extensions}


def unavailable(holder: str, paths: Sequence[Path], where: Where) -> Error:
    """A holder's source that failed; every path that it cost is named."""
    extensions = {"code": "SOURCE_UNAVAILABLE", "holder": holder, "patterns": [pattern(p) for p in paths]}
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
    return sorted(errors, key=lambda e: [(isinstance(p, str), str(p).zfill(8) if isinstance(p, int) else p) for p in e["path"]])
