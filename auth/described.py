"""A whole decision as plain data, and in sentences: for a committee that compares, asks who may, or asks why.

Unlike what a refusal says to a caller, this names hidden columns too: it is for those who keep the regulations.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from auth.access import Ban, Decision, Duties, Grant, Limit, Remedy, Rule, Span
from auth.words import conditions, constraint_in_words, in_words, mask_in_words

_CHANGES = {
    "case": "a case",
    "role": "the role `{}`",
    "purpose": "the purpose `{}`",
    "access": "reaching it by a {}",
    "from": "asking on or after {}",
    "until": "having asked until {}",
}


def described(decision: Decision) -> dict[str, Any]:
    """All of a decision as JSON has it, with nothing left out but the coordinate."""
    return {
        "verdict": decision.verdict.value,
        "reason": decision.reason.value if decision.reason else None,
        "hidden": decision.hidden,
        "rules": [rule(each) for each in decision.rules],
        "grants": [grant_as_data(each) for each in decision.grants],
        "bans": [ban_as_data(ban) for ban in decision.bans],
        "remedy": remedy_in_words(decision.remedy) if decision.remedy else None,
    }


def rule(named: Rule) -> dict[str, str]:
    return {"regulation": named.regulation, "id": named.id, "basis": named.basis}


def in_sentences(decision: Decision) -> Iterator[str]:
    """A line for each way in which it is granted and each prohibition on rows, or one that says why it is denied."""
    if decision.denied:
        by = ", ".join(f"{each} ({each.basis})" for each in decision.rules)
        reason = (
            "does not exist for this caller" if decision.hidden else f"denied, {decision.reason.value if decision.reason else ''}"
        )
        yield f"{reason}{f', by {by}' if by else ''}"
    for grant in decision.grants:
        yield grant_in_words(grant)
    for ban in decision.bans:
        yield ban_in_words(ban)


def grant_in_words(grant: Grant) -> str:
    """To which rows, how much of the value, under which rule, and what it takes."""
    verdict = f"masked ({mask_in_words(grant.mask)})" if grant.mask else "permitted"
    more = [*_limit(grant.limit), *_duties(grant.duties)]
    return f"{verdict} {in_words(grant)}, by {grant.rule} ({grant.rule.basis}){''.join(f'; {each}' for each in more)}"


def ban_in_words(ban: Ban) -> str:
    """For which rows a prohibition holds, and whether a caller is told of it."""
    when = " and ".join(constraint_in_words(match) for match in ban.when)
    told = "" if ban.told else "; it looks as if it were absent"
    return f"but withheld {when}, by {ban.rule} ({ban.rule.basis}){told}"


def remedy_in_words(remedy: Remedy) -> str:
    """The change that would help."""
    return _CHANGES[remedy.change].format(remedy.value)


def grant_as_data(grant: Grant) -> dict[str, Any]:
    """A grant as JSON has it."""
    limit, duties = grant.limit, grant.duties
    return {
        "rule": rule(grant.rule),
        "conditions": conditions(grant.constraints),
        "mask": str(grant.mask) if grant.mask else None,
        "limit": {"officer": limit.officer, "agency": limit.agency} if limit else None,
        "duties": {
            "retain": str(duties.retain) if duties.retain else None, "store": duties.store, "notice": duties.notice,
            "ground": duties.ground, "within": str(duties.within) if duties.within else None,
            "defer": str(duties.defer) if duties.defer else None,
        } if duties else None,
    }  # fmt: skip


def ban_as_data(ban: Ban) -> dict[str, Any]:
    """A prohibition on rows as JSON has it."""
    return {"rule": rule(ban.rule), "when": conditions(ban.when), "told": ban.told}


def _limit(limit: Limit | None) -> Iterator[str]:
    if limit is not None:
        bounds = [(limit.officer, "officer"), (limit.agency, "agency")]
        yield f"at most {' and '.join(f'{bound} residents an hour by one {whose}' for bound, whose in bounds if bound)}"


def _duties(duties: Duties | None) -> Iterator[str]:
    if duties is None:
        return
    if duties.retain is not None:
        yield f"to be kept for {duties.retain} at most"
    if not duties.store:
        yield "not to be stored"
    if duties.notice:
        within = f", within {duties.within}" if duties.within else ""
        yield f"the resident is told later{within}, because no consent was asked ({duties.ground})"
    if duties.defer is not None:
        yield f"that it was read is shown to the resident {deferral(duties.defer)}"


def deferral(defer: Span | date) -> str:
    """From when on."""
    return f"only {defer} after" if isinstance(defer, Span) else f"only after {defer}"
