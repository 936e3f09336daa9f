"""What changes between two sets of regulations, written down: as text, as Markdown for a review, and as JSON.

Text and Markdown tell coordinates of one holder together that change alike, with a witness for the first of them. JSON tells each
coordinate by itself, with its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, product
from typing import Any

from auth.described import described, in_sentences
from auth.diff import Change, How
from auth.rules import Parties
from auth.situations import Situations
from madang.witness import Witness

_HOW: Mapping[How, str] = {
    "granted": "granted", "withheld": "withheld", "widened": "granted for more rows", "narrowed": "granted for fewer rows",
    "conditions": "granted for other rows", "unmasked": "masked less", "masked": "masked more", "mask": "masked otherwise",
    "barred": "prohibited for some rows", "unbarred": "no longer prohibited for some rows",
    "bars": "prohibited for other rows", "limit": "limited otherwise", "duties": "with other duties",
    "hidden": "does not exist any more", "shown": "exists", "reason": "denied for another reason",
    "rules": "by other rules, and otherwise alike",
}  # fmt: skip
_COLUMNS = ("granted", "withheld", "otherwise")


@dataclass(frozen=True)
class Review:
    """All changes as of a day, each with its witness; `later`: days on which either set turns by itself again."""

    at: date
    before: str
    after: str
    parties: Parties
    purposes: Sequence[str]
    changes: Sequence[tuple[Change, Witness | None]]
    later: Sequence[date]

    def summary(self) -> list[dict[str, Any]]:
        """By holder and recipient: how many coordinates are granted, withheld, or decided otherwise."""
        found: dict[tuple[str, str], dict[str, set[str]]] = {}
        for change, _ in self.changes:
            column = change.how[0] if change.how[0] in _COLUMNS else "otherwise"
            agencies = sorted({agency for where in change.where for agency in where.agencies})
            for recipient in self.recipients(agencies):
                row = found.setdefault((change.holder, recipient), {})
                row.setdefault(column, set()).add(change.coordinate)
        return [
            {"holder": holder, "recipient": recipient, **{column: len(row.get(column, ())) for column in _COLUMNS}}
            for (holder, recipient), row in sorted(found.items())
        ]

    def recipients(self, agencies: Sequence[str]) -> tuple[str, ...]:
        """Names for agencies; all that there are have one."""
        return ("every agency",) if set(agencies) == set(self.parties.agencies) else self.parties.names(agencies)

    def where(self, change: Change) -> Iterator[str]:
        """A line for each product of situations in which it changes."""
        for each in change.where:
            roles = "every role" if set(each.roles) == set(self.parties.roles) else ", ".join(each.roles)
            purposes = ", ".join(purpose or "no purpose" for purpose in each.purposes)
            if set(each.purposes) - {None} == set(self.purposes):
                purposes = f"every purpose{' and none' if None in each.purposes else ''}"
            cases = "" if len(each.cases) == 2 else ", with a case" if each.cases[0] else ", without a case"
            modes = f"{' and '.join(sorted(each.uses))} in a {' and a '.join(sorted(each.accesses, reverse=True))}"
            yield f"{', '.join(self.recipients(each.agencies))}; {roles}; {purposes}; {modes}{cases}"

    def headline(self) -> str:
        coordinates = len({change.coordinate for change, _ in self.changes})
        boxes = {(where.agencies, where.roles, where.purposes) for change, _ in self.changes for where in change.where}
        circumstances = len(set(chain.from_iterable(product(*box) for box in boxes)))
        if not coordinates:
            return f"Nothing changes, as of {self.at}."
        return (
            f"{_count(coordinates, 'coordinate')} {'changes' if coordinates == 1 else 'change'}, as of {self.at},"
            f" for {_count(circumstances, 'combination')} of agency, role and purpose."
        )

    def note(self) -> str | None:
        """That there is more to compare on another day."""
        days = ", ".join(str(day) for day in self.later)
        return f"Versions that are approved already turn this on {days}; compare with `--at` such a day too." if days else None


def to_json(review: Review) -> dict[str, Any]:
    """The whole review as plain data."""
    return {
        "at": str(review.at),
        "before": review.before,
        "after": review.after,
        "later": [str(day) for day in review.later],
        "summary": review.summary(),
        "changes": [
            {
                "coordinate": change.coordinate,
                "holder": change.holder,
                "how": list(change.how),
                "before": described(change.before),
                "after": described(change.after),
                "where": [_situations(where) for where in change.where],
                "witness": _witness(witness) if witness else None,
            }
            for change, witness in review.changes
        ],
    }


def to_text(review: Review) -> Iterator[str]:
    """Lines for a terminal."""
    yield review.headline()
    if note := review.note():
        yield note
    if not review.changes:
        return
    rows = [("holder", "recipient", *_COLUMNS), *(tuple(map(str, row.values())) for row in review.summary())]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    yield ""
    for row in rows:
        names = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        yield "  ".join([*names, *(cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True))])
    for alike in _alike(review):
        change, witness = alike[0]
        yield ""
        yield f"{change.holder}: {', '.join(each.coordinate for each, _ in alike)}"
        yield f"  {how_in_words(change.how)}"
        yield from (f"  for {line}" for line in review.where(change))
        for when, decision in (("before", change.before), ("after", change.after)):
            yield from (f"  {when if not place else '':<8}{line}" for place, line in enumerate(in_sentences(decision)))
        if witness:
            yield f"  shown by {_asked(witness)}:"
            yield f"          {witness.document}"


def to_markdown(review: Review) -> Iterator[str]:
    """Lines for a review."""
    yield "# What changes"
    yield ""
    yield review.headline()
    yield ""
    yield f"Before: `{review.before}`. After: `{review.after}`."
    if note := review.note():
        yield ""
        yield note
    if not review.changes:
        return
    yield ""
    yield f"| holder | recipient | {' | '.join(_COLUMNS)} |"
    yield f"|---|---|{'---:|' * len(_COLUMNS)}"
    for row in review.summary():
        yield f"| {' | '.join(str(value) for value in row.values())} |"
    holder = None
    for alike in _alike(review):
        change, witness = alike[0]
        if change.holder != holder:
            holder = change.holder
            yield from ("", f"## {holder}")
        yield from (
            "",
            f"### {', '.join(f'`{each.coordinate}`' for each, _ in alike)}",
            "",
            f"**{how_in_words(change.how)}**",
            "",
        )
        yield from (f"- for {line}" for line in review.where(change))
        for when, decision in (("Before", change.before), ("After", change.after)):
            yield from (f"- {when}: {line}" for line in in_sentences(decision))
        if witness:
            yield from ("", f"Shown by {_asked(witness)}:", "", "```graphql", witness.document, "```")


def how_in_words(how: Iterable[How]) -> str:
    """In which ways something changes."""
    return ", ".join(_HOW[each] for each in how)


def _alike(review: Review) -> list[list[tuple[Change, Witness | None]]]:
    """Coordinates that change in the same way in the same situations, those first that have a witness."""
    found: dict[Any, list[tuple[Change, Witness | None]]] = {}
    for change, witness in review.changes:
        said = [tuple(in_sentences(decision)) for decision in (change.before, change.after)]
        found.setdefault((change.holder, change.how, change.where, *said), []).append((change, witness))
    return [sorted(alike, key=lambda each: each[1] is None) for alike in found.values()]


def _situations(where: Situations) -> Mapping[str, Any]:
    return {
        "agencies": list(where.agencies), "roles": list(where.roles), "purposes": list(where.purposes),
        "case": list(where.cases), "access": list(where.accesses), "use": list(where.uses),
    }  # fmt: skip


def _witness(witness: Witness) -> Mapping[str, Any]:
    return {**witness.circumstance._asdict(), "case": witness.case, "document": witness.document}


def _asked(witness: Witness) -> str:
    agency, role, purpose = witness.circumstance
    return f"{agency}, {role}, for {purpose}, with{'' if witness.case else 'out'} a case"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
