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

from auth.access import Profile
from resolvers.authorize import authorize
from resolvers.bindroots import bind
from resolvers.draft import Arguments, Draft
from resolvers.plan import Plan, Step
from resolvers.selection import Collected
from schema.catalogue import Catalogue, ColumnField, DerivedField, Field
from sources.protocol import Call, Capabilities, Column, Json


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
    return Plan(draft.roots, draft.steps, ordered, draft.withheld, draft.guarded, decisions, searches, draft.needs_household)


def shorten(draft: Draft) -> None:
    """Let the source write a listing's nodes as JSON where they are flat, granted whole, and named as in the schema."""
    for root in draft.roots:
        if root.kind != "listing" or len(root.fields) != 1 or not root.fields[0]:
            continue
        step = draft.steps[root.steps[0]]
        record = draft.catalogue.records[root.records[0]]
        if not all(b.kind == "column" and b.guard is None for b in root.fields[0]):
            continue
        columns = {b.name: step.columns[b.place] for b in root.fields[0]}
        named = all(_stands_for(record.fields.get(name), column) for name, column in columns.items())
        if named and draft.capabilities[step.source].json and not step.joins and not step.has_children:
            cursor = [step.columns[place] for place in root.cursor]
            step.columns = [Json(tuple(columns), tuple(columns.values())), *cursor]  # type: ignore[arg-type]
            root.cursor, root.json = tuple(range(1, len(cursor) + 1)), True


def _stands_for(item: Field | None, column: Column) -> bool:
    """Whether the response name is the field's own name: a caller's alias never enters a statement."""
    if isinstance(item, DerivedField):
        return isinstance(column, Call) and (column.function, column.column) == (item.expression.function, item.expression.column)
    return isinstance(item, ColumnField) and item.column == column


def arrange(draft: Draft) -> None:
    """Give each step its level: after the step that its keys come from, or beside a root lookup whose key is its key, too.

    The latter is sound only where the root's rows decide nothing: no condition narrows the root, and none of the step's columns
    waits for a guard in the root's row. If the root then finds nobody, what the step found is shown nowhere.
    """
    for step in draft.steps:
        before = step.hops[-1] if step.hops else step.parent
        if before is None:
            continue
        parent = draft.steps[before]
        keyed_alike = parent.lookup is not None and step.parent_column == 0 and not step.hops
        if keyed_alike and not parent.where and not step.conditional:
            step.lookup, step.level = parent.lookup, parent.level
        else:
            step.level = parent.level + 1


def seal(draft: Draft) -> None:
    for step in draft.steps:
        step.seal()


PASSES: tuple[Callable[[Draft], None], ...] = (authorize, bind, shorten, arrange, seal)
