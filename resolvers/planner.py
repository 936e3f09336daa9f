"""From what is asked to a plan, in passes over a draft:

    authorize   one decision for each coordinate asked for, and for each coordinate searched by
    bind        records to steps and columns; what is denied is bound to null and reaches no step
    shorten     flat lists whose source can write JSON come as JSON
    arrange     a level for each step: after the step that its keys come from, or earlier where the keys are known
    seal        shapes fixed

All is decided before anything is bound, so there never is a column to take out again. Printed, a plan reads like this:

    level 0  mois.resident  by rrn
             SELECT t0."rrn", t0."name", t1."id", t1."size" FROM "resident" AS t0 LEFT JOIN "household" AS t1 ON ...
    level 0  mofa.passport  by rrn, the key of step 0
             SELECT t0."rrn", t0."number" FROM "passport" AS t0 WHERE t0."rrn" = ANY($1::text[])

    permit to read       Resident.name                        mois-resident-registration/passport-applicant
    deny to read         Resident.taxCertificates             PROHIBITED, nts-national-tax/tax-secrecy

The same passes serve, explain and simulate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from auth import consent
from auth.access import MASKS, Profile
from resolvers.authorize import authorize
from resolvers.bindroots import bind
from resolvers.draft import Arguments, Draft
from resolvers.plan import Bound, Gate, Plan, Step
from resolvers.selection import Collected
from schema.catalogue import Catalogue, ColumnField, DerivedField, Field
from sources.protocol import Call, Capabilities, Column, Json, Only


def plan(
    collected: Collected, catalogue: Catalogue, capabilities: Mapping[str, Capabilities], profile: Profile, arguments: Arguments
) -> Plan:
    """Plan a collected operation under the decisions of one profile."""
    draft = Draft(collected, catalogue, capabilities, profile, arguments)
    for run in PASSES:
        run(draft)
    levels: dict[int, list[Step]] = {}
    for step in draft.steps:
        if not step.idle:
            levels.setdefault(step.level, []).append(step)
    decisions = list(dict.fromkeys(draft.decisions.values()))
    searches = list(dict.fromkeys(d for ds in draft.searches.values() for d in ds))
    ordered = [levels[level] for level in sorted(levels)]
    limited = {bound: frozenset(places) for bound, places in draft.limited.items()}
    return Plan(
        draft.roots, draft.steps, ordered, draft.withheld, draft.guarded, decisions, searches, frozenset(draft.needs),
        draft.marks, limited, {bound: len(paths) for bound, paths in draft.questions.items()}, tuple(draft.items),
        tuple(dict.fromkeys(d for ds in draft.list_searches.values() for d in ds)), tuple(draft.guards),
    )  # fmt: skip


def shorten(draft: Draft) -> None:
    """Let the source write a listing's nodes as JSON where they are flat, granted whole, and named as in the schema."""
    counted = {step for places in draft.limited.values() for step, _ in places}
    for root in draft.roots:
        # Subjects that are counted against a limit stand in columns of their own.
        if root.kind != "listing" or len(root.fields) != 1 or not root.fields[0] or root.steps[0] in counted:
            continue
        step = draft.steps[root.steps[0]]
        record = draft.catalogue.records[root.records[0]]
        if not all(_plain(b) for b in root.fields[0]):
            continue
        columns = {b.name: step.columns[b.choices[0].place] for b in root.fields[0]}
        named = all(_stands_for(record.fields.get(name), column) for name, column in columns.items())
        if named and draft.capabilities[step.source].json and not step.joins and not step.has_children:
            cursor = [step.columns[place] for place in root.cursor]
            subject = [] if (about := root.subjects[0]) is None else [step.columns[about.place]]
            step.columns = [Json(tuple(columns), tuple(columns.values())), *cursor, *subject]  # type: ignore[arg-type]
            root.cursor, root.json = tuple(range(1, len(cursor) + 1)), True
            root.subjects[0] = None if about is None else replace(about, place=len(cursor) + 1)


def _plain(bound: Bound) -> bool:
    """Whether there is one value for every row, and nothing to be said of it."""
    one = bound.kind == "column" and len(bound.choices) == 1 and not bound.bans and bound.detail is None
    return one and bound.choices[0].gate == bound.choices[0].silent == Gate() and bound.choices[0].mark is None


def _stands_for(item: Field | None, column: Column) -> bool:
    """Whether the response name is the field's own name: a caller's alias never enters a statement."""
    while isinstance(column, Only) or (isinstance(column, Call) and column.function in MASKS):
        column = column.operand if isinstance(column, Only) else column.column
    if isinstance(item, DerivedField):
        return isinstance(column, Call) and (column.function, column.column) == (item.expression.function, item.expression.column)
    return isinstance(item, ColumnField) and item.column == column


def arrange(draft: Draft) -> None:
    """Give each step its level: after the steps that its keys and guards come from, or earlier where the keys are known.

    A step whose key is the key of a root lookup can go beside it. That is sound only where no row decides anything: no condition
    narrows the root, and neither the step nor any of its columns waits for a guard. If the root then finds nobody, what the step
    found is shown nowhere.
    """
    settled: set[int] = set()
    for step in draft.steps:
        _settle(draft, step, settled)


def _settle(draft: Draft, step: Step, settled: set[int]) -> None:
    before = step.hops[-1] if step.hops else step.parent
    if step.index in settled or before is None:
        return
    settled.add(step.index)
    parent = draft.steps[before]
    _settle(draft, parent, settled)
    guards = [*step.conditional.values(), *([] if step.admits is None else [step.admits])]
    keyed_alike = parent.lookup is not None and step.parent_column == 0 and not step.hops
    # Consents are the gateway's own: no register is asked for somebody who may turn out to be nobody of the caller's.
    if keyed_alike and not guards and (not parent.where or step.source == consent.SOURCE):
        step.lookup, step.level = parent.lookup, parent.level
        return
    waits = [parent]
    for fact in frozenset().union(*(guard.facts() for guard in guards)):
        _settle(draft, draft.steps[fact], settled)
        waits.append(draft.steps[fact])
    step.level = max(each.level for each in waits) + 1


def seal(draft: Draft) -> None:
    for step in draft.steps:
        step.seal()


PASSES: tuple[Callable[[Draft], None], ...] = (authorize, bind, shorten, arrange, seal)
