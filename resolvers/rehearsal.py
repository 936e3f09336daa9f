"""A plan without its values: what decides whether they may be read, and nothing else.

Who asks for everything or nothing has this run first. Rows are found and guards are read as in the plan itself, but columns that
would only be shown stand in no statement, and steps on which nothing depends are not run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from resolvers.cache import Cache
from resolvers.plan import Bound, Fact, Guard, Plan, Step

Cell = tuple[int, int]
"""A step, and a place in its rows."""


def rehearsal(plan: Plan) -> Plan:
    """The plan of what decides."""
    counts = {root.count_step for root in plan.roots}
    deciding = {*_deciding(plan), *(at for places in plan.limited.values() for at in places if at[0] not in counts)}
    found = {step for root in plan.roots for step in (*root.narrowed, *(via.step for via in root.via.values()))}
    # Whether something is withheld from a row shows only where there is such a row.
    told = {own for bound, own, _ in _bounds(plan) if bound.refusal is not None or bound.bans}
    kept = {step for step, _ in deciding} | found | told
    for step in reversed(plan.steps):  # A step stands after those that it hangs on.
        if step.index in kept:
            kept.update(step.hops)
            kept.update([] if step.parent is None else [step.parent])
    deciding |= {(step.parent, step.parent_column) for step in plan.steps if step.index in kept and step.parent is not None}
    limited = {step.index for step in plan.steps if step.limit} | {bound.step for bound, _, _ in _bounds(plan) if bound.limit}
    shown = set(_shown(plan, limited)) - deciding - set(_choosing(plan, limited))
    steps = [_reduced(step, {place for index, place in shown if index == step.index}, limited) for step in plan.steps]
    levels = [[steps[step.index] for step in level if step.index in kept] for level in plan.levels]
    roots = [replace(root, json=False, count_step=None, connection=[c for c in root.connection if c[1] != "totalCount"])
             for root in plan.roots]  # fmt: skip
    return replace(plan, roots=roots, steps=steps, levels=[level for level in levels if level], assemblers=Cache(32))


def _reduced(step: Step, places: set[int], limited: set[int]) -> Step:
    """The step with nulls in place of columns that would only be shown, and in no order unless that decides which rows are."""
    reduced = replace(step, merge=step.merge if step.index in limited else ())
    reduced.shape = step.without(frozenset(places))
    return reduced


def _shown(plan: Plan, limited: set[int]) -> Iterator[Cell]:
    """Where stands what is shown, cursors included, and what only puts rows in order."""
    yield from ((step.index, place) for step in plan.steps if step.index not in limited for place, _ in step.merge)
    for root in plan.roots:
        yield from ((root.steps[0], place) for place in root.cursor)
        yield from ((step, about.place) for step, about in zip(root.steps, root.subjects, strict=False) if about is not None)
        if root.json:
            yield root.steps[0], 0
    for bound, own, _ in _bounds(plan):
        if bound.subject is not None:
            yield (bound.step if bound.kind in ("one", "many") else own), bound.subject
        if bound.kind in ("column", "id"):
            yield from ((bound.detail[0] if bound.detail else own, choice.place) for choice in bound.choices)


def _choosing(plan: Plan, limited: set[int]) -> Iterator[Cell]:
    """Where stands what tells that a row is there, or among those that are not too many."""
    yield from ((step.index, place) for step in plan.steps if step.index in limited for place, _ in step.merge)
    yield from ((own, bound.place) for bound, own, _ in _bounds(plan) if bound.kind == "joined")


def _deciding(plan: Plan) -> Iterator[Cell]:
    """Where stands what decides."""
    for step in plan.steps:
        teller = plan.steps[step.hops[0]].parent if step.hops else step.parent
        for guard in (*step.conditional.values(), *([] if step.admits is None else [step.admits])):
            yield from _of_guard(guard, teller or 0)
    for bound, own, teller in _bounds(plan):
        values = bound.detail[0] if bound.detail else own
        gates = [t for choice in bound.choices for t in (choice.gate, choice.silent)]
        for gate in (*gates, *(gate for gate, _ in bound.bans), *(gate for gate, _ in bound.filters)):
            yield from ([] if gate.own is None else [(values, gate.own)])
            yield from ([] if gate.guard is None else _of_guard(gate.guard, teller))
        yield from ((bound.step, held) for _, held in bound.filters if held is not None)


def _of_guard(guard: Guard, row: int) -> Iterator[Cell]:
    for atom in (*guard.none, *(atom for clause in guard.any for atom in clause)):
        if isinstance(atom, Fact):
            yield row, atom.place
            yield atom.step, atom.column
        else:
            yield row, atom


def _bounds(plan: Plan) -> Iterator[tuple[Bound, int, int]]:
    """Every bound, with the step of its own row and the step of the row that its guards are about."""
    for root in plan.roots:
        for number, fields in enumerate(root.fields):
            # A listing has one step for all its selections of nodes, `node` one for each type.
            step = root.steps[0 if root.kind == "listing" else number]
            yield from _within(fields, step, step)
        for step, via in root.via.items():
            yield from _within([via], step, step)


def _within(fields: Sequence[Bound], own: int, above: int) -> Iterator[tuple[Bound, int, int]]:
    for bound in fields:
        yield bound, own, above if bound.above else own
        inner = bound.step if bound.kind in ("one", "many") else own
        yield from _within(bound.fields, inner, own)
