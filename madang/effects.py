"""What a replay found, written down: as text for a terminal, and as JSON.

First how many operations would lose or gain what, by agency and purpose; then for each kind of change one form of operations that
would have it. Text tells kinds together that are alike and shown by the same operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auth.described import described, in_sentences
from madang.changes import how_in_words
from madang.replay import Kind, Replay, Shown

_COLUMNS = ("agency", "purpose", "operations", "coordinate", "change")
_PLACED = (str.ljust, str.ljust, str.rjust, str.ljust, str.ljust)


def to_json(replay: Replay) -> dict[str, Any]:
    """The whole replay as plain data."""
    return {
        "since": str(replay.since),
        "at": str(replay.at),
        "draft": replay.draft,
        "operations": replay.operations,
        "forms": replay.forms,
        "uncounted": replay.uncounted,
        "otherwise": replay.otherwise,
        "losing": replay.losing,
        "gaining": replay.gaining,
        "groups": [
            {
                "agency": agency,
                "purpose": purpose,
                "operations": replay.groups[agency, purpose],
                "changes": [{**_kind(kind), "operations": operations} for kind, operations in rows],
            }
            for (agency, purpose), rows in _grouped(replay).items()
        ],
        "shown": [_shown(kind, replay.shown[kind]) for kind in sorted(replay.shown, key=_place)],
    }


def to_text(replay: Replay) -> Iterator[str]:
    """Lines for a terminal."""
    yield headline(replay)
    if replay.uncounted:
        yield f"{_operations(replay.uncounted)} more are in the ledger, and not counted yet."
    if not replay.otherwise:
        return
    yield ""
    yield from _table(replay)
    alike: dict[Any, list[Kind]] = {}
    for kind in sorted(replay.shown, key=_place):
        shown = replay.shown[kind]
        said = [
            tuple(in_sentences(each)) if each and not kind.because else () for each in (shown.effect.before, shown.effect.after)
        ]
        alike.setdefault((id(shown.by), kind.how, kind.because, *said), []).append(kind)
    for kinds in alike.values():
        yield ""
        yield from _example(kinds, replay)


def headline(replay: Replay) -> str:
    what = f"{_operations(replay.operations)} since {replay.since}, in {replay.forms:,} form{'' if replay.forms == 1 else 's'}"
    if not replay.otherwise:
        return f"Of {what}, none would be answered otherwise, as of {replay.at}."
    return (
        f"Of {what}, {replay.otherwise:,} would be answered otherwise, as of {replay.at}:"
        f" {replay.losing:,} would lose something, {replay.gaining:,} would gain something."
    )


def in_words(kind: Kind) -> str:
    """In which ways it changes, and because of what other coordinate."""
    ways = how_in_words(each for each in kind.how if each != "gone") or "lost: it is gone from the graph"
    return f"{ways}, with {kind.because}" if kind.because else ways


def _grouped(replay: Replay) -> Mapping[tuple[str, str | None], list[tuple[Kind, int]]]:
    """The changes by agency and purpose, those of the most operations first."""
    found: dict[tuple[str, str | None], list[tuple[Kind, int]]] = {}
    for (agency, purpose, kind), operations in replay.changes.items():
        found.setdefault((agency, purpose), []).append((kind, operations))
    ordered = sorted(found, key=lambda group: (group[0], group[1] or ""))
    return {group: sorted(found[group], key=lambda row: (-row[1], _place(row[0]))) for group in ordered}


def _table(replay: Replay) -> Iterator[str]:
    rows = [_COLUMNS]
    for (agency, purpose), changes in _grouped(replay).items():
        names, whole = (agency, purpose or "no purpose"), replay.groups[agency, purpose]
        rows.append((*names, f"{whole:,}", "", "answered otherwise"))
        rows += ((*names, f"{operations:,}", _coordinate(kind), in_words(kind)) for kind, operations in changes)
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
    for row in rows:
        yield "  ".join(place(cell, width) for place, cell, width in zip(_PLACED, row, widths, strict=True)).rstrip()


def _example(kinds: list[Kind], replay: Replay) -> Iterator[str]:
    """Kinds of change that are alike, and by what they are shown."""
    shown = next((found for kind in kinds if (found := replay.shown[kind]).witness), replay.shown[kinds[0]])
    content, kind = shown.by.content, kinds[0]
    yield f"{', '.join(_coordinate(each) for each in kinds)}: {in_words(kind)}"
    if not kind.because:
        for when, decision in (("before", shown.effect.before), ("after", shown.effect.after)):
            lines = in_sentences(decision) if decision else ()
            yield from (f"  {when if not place else '':<8}{line}" for place, line in enumerate(lines))
    who = f"{content['agency']}, {content['role']}, for {content['purpose'] or 'no purpose'}"
    with_case = f"with{'' if content['case'] else 'out'} a case"
    yield f"  {_operations(shown.by.operations)} of {who}, {with_case}, the last on {shown.by.last}: {content['operation']}"
    if shown.witness:
        yield f"          {shown.witness.document}"


def _kind(kind: Kind) -> dict[str, Any]:
    return {"coordinate": kind.coordinate, "use": kind.use, "how": list(kind.how), "because": kind.because}


def _shown(kind: Kind, shown: Shown) -> dict[str, Any]:
    content, effect = shown.by.content, shown.effect
    return {
        **_kind(kind),
        "access": effect.access,
        "before": described(effect.before) if effect.before else None,
        "after": described(effect.after) if effect.after else None,
        **{name: content[name] for name in ("operation", "agency", "role", "purpose", "case", "refused")},
        "operations": shown.by.operations,
        "last": str(shown.by.last),
        "document": shown.witness.document if shown.witness else None,
    }


def _coordinate(kind: Kind) -> str:
    return f"{kind.coordinate}{' (to search by)' if kind.use == 'search' else ''}"


def _place(kind: Kind) -> tuple[Any, ...]:
    """Those that are changed of themselves first."""
    return kind.because or kind.coordinate, kind.because is not None, kind.coordinate, kind.use, kind.how


def _operations(number: int) -> str:
    return f"{number:,} operation{'' if number == 1 else 's'}"
