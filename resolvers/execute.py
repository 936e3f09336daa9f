"""Running a plan: level by level, in each level one batch for each step, all of a level's batches at once.

A level's batches are handed to their sources before any is awaited, so sources work side by side without a task for each. A
step's keys are those rows of its parent that this very request reached: sources answer for several requests together, and their
groups may hold rows of other requests, which nothing here or in the assembly looks up.

Each source answers or fails within its own time, so a slow one costs its own fields alone. No level begins after the request's
deadline, so the whole takes at most the deadline and one source's time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resolvers.plan import Fact, Guard, Plan, Step
from resolvers.values import Environment
from sources.coalescer import Coalescer
from sources.protocol import Key, Row, Shape, SourceError, SourceTimeout

Groups = Mapping[Key | None, list[Row]]
NO_ROWS: Groups = {}


@dataclass
class Results:
    """Groups of rows by step, and what went wrong by step."""

    groups: list[Groups]
    keys: Mapping[int, Key | None]
    failures: dict[int, Exception]
    reached: dict[tuple[int, int], list[Key]] = field(default_factory=dict)
    """The keys at a place in a step's rows, each once."""


class Executor:
    """Runs plans over the sources."""

    def __init__(self, sources: Mapping[str, Coalescer], deadline: float) -> None:
        self._sources, self._deadline = sources, deadline

    async def run(
        self, plan: Plan, environment: Environment, keys: Mapping[int, Key | None], failures: dict[int, Exception]
    ) -> Results:
        """Run a plan. `keys` are the root lookups' keys by step; steps in `failures` are not run, nor is what hangs on them."""
        results = Results([NO_ROWS] * len(plan.steps), keys, failures)
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._deadline
        for level in plan.levels:
            if loop.time() > ends:
                failures.update({step.index: SourceTimeout(step.source) for step in level if step.index not in failures})
                continue
            await _Level(self._sources, plan, environment, results).run(level)
        return results


def subjects(plan: Plan, environment: Environment, results: Results, places: Iterable[tuple[int, int]]) -> int:
    """How many subjects stand at these places of the rows that were reached, each once, and how many were looked up in vain.

    Asking counts as one in any case.
    """
    level = _Level({}, plan, environment, results)
    found = {row[at] for index, at in places for row in level.rows(plan.steps[index])}
    looked_up = ((index, results.keys.get(index)) for index, _ in places if plan.steps[index].lookup == index)
    missed = {key for index, key in looked_up if key is not None and not results.groups[index].get(key)}
    return max(1, len(found) + len(missed))


def holds(guard: Guard, row: Row, results: Results) -> bool:
    """Whether a row meets a guard. A fact that could not be found out is never met, nor is its absence."""
    if any(step in results.failures for step in guard.facts()):
        return False
    return any(all(_true(atom, row, results) for atom in clause) for clause in guard.any) and not any(
        _true(fact, row, results) for fact in guard.none
    )


def _true(atom: int | Fact, row: Row, results: Results) -> bool:
    if isinstance(atom, Fact):
        return any(found[atom.column] for found in results.groups[atom.step].get(row[atom.place], ()))
    return bool(row[atom])


class _Level:
    def __init__(self, sources: Mapping[str, Coalescer], plan: Plan, environment: Environment, results: Results) -> None:
        self.sources, self.plan, self.environment, self.results = sources, plan, environment, results

    async def run(self, level: Sequence[Step]) -> None:
        waiting = []
        for step in level:
            if step.index not in self.results.failures and not self.inherits_failure(step):
                values = tuple([v.get(self.environment) for v in step.values]) if step.values else ()
                waiting.append((step, self.submit(step, values)))
        for step, futures in waiting:
            try:
                groups = [await future for future in futures]
            except SourceError as error:
                self.results.failures[step.index] = error
                continue
            merged = groups[0] if len(groups) == 1 else _merged(groups)
            self.results.groups[step.index] = self.regroup(step, merged) if step.hops else merged

    def inherits_failure(self, step: Step) -> bool:
        """Rows that hang on lost rows are lost with them; only the topmost loss is told, unless a hop's, which has no field."""
        parent = step.parent if not step.hops else step.hops[-1]
        if parent is None or parent not in self.results.failures:
            return False
        self.results.failures[step.index] = self.results.failures[parent]
        return True

    def submit(self, step: Step, values: tuple[Any, ...]) -> list[asyncio.Future[Groups]]:
        source = self.sources[step.source]
        if step.key is None:
            return [source.load(step.shape, (), values)]
        if step.lookup is not None:
            key = self.results.keys.get(step.lookup)
            return [source.load(step.shape, [key], values)] if key is not None else [_resolved(NO_ROWS)]
        wanted = self.partition(step) if step.conditional else [(step.shape, self.keys(step))]
        found = [source.load(shape, some, values) for shape, some in wanted if some]
        if not found and step.nobody is not None and (step.finds_fact or self.rows(self.plan.steps[step.parent or 0])):
            found = [source.load(step.shape, [step.nobody], values)]
        return found or [_resolved(NO_ROWS)]

    def keys(self, step: Step) -> list[Key]:
        """The keys that the step's parent (or last hop) leads to, each once."""
        parent, place = (step.hops[-1], 1) if step.hops else (step.parent or 0, step.parent_column)
        if step.admits is not None:
            rows = self.rows(self.plan.steps[parent])
            return list(dict.fromkeys([row[place] for row in rows if row[place] is not None and self.admitted(step, row)]))
        found = self.results.reached.get((parent, place))
        if found is None:
            rows = self.rows(self.plan.steps[parent])
            found = list(dict.fromkeys([k for row in rows if (k := row[place]) is not None]))
            self.results.reached[parent, place] = found
        return found

    def admitted(self, step: Step, row: Row) -> bool:
        return step.admits is None or holds(step.admits, row, self.results)

    def rows(self, step: Step) -> Sequence[Row]:
        """The step's rows that this request reached."""
        groups = self.results.groups[step.index]
        if step.key is None:
            return groups.get(None, ())
        if step.lookup is not None:
            return groups.get(self.results.keys.get(step.lookup), ())
        if step.hops:
            first = self.plan.steps[step.hops[0]]
            return [row for key in self.keys(first) for row in groups.get(key, ())]
        return [row for key in self.keys(step) for row in groups.get(key, ())]

    def partition(self, step: Step) -> Iterable[tuple[Shape, list[Key]]]:
        """The step's keys, apart by which of its conditional columns they may have, each with its shape."""
        allowed: dict[Key, set[int]] = {}
        first = self.plan.steps[step.hops[0]] if step.hops else step
        for row in self.rows(self.plan.steps[first.parent or 0]):
            if (key := row[first.parent_column]) is not None and self.admitted(first, row):
                met = (place for place, guard in step.conditional.items() if holds(guard, row, self.results))
                allowed.setdefault(key, set()).update(met)
        for hop in step.hops:
            allowed = self.follow(self.plan.steps[hop], allowed)
        apart: dict[frozenset[int], list[Key]] = {}
        for key, places in allowed.items():
            if step.detail and not places and len(step.conditional) == len(step.columns) and step.nobody is None:
                continue
            apart.setdefault(frozenset(step.conditional) - places, []).append(key)
        return [(step.without(denied) if denied else step.shape, some) for denied, some in apart.items()]

    def follow(self, hop: Step, allowed: Mapping[Key, set[int]]) -> dict[Key, set[int]]:
        found: dict[Key, set[int]] = {}
        for key, places in allowed.items():
            for row in self.results.groups[hop.index].get(key, ()):
                if row[1] is not None:
                    found.setdefault(row[1], set()).update(places)
        return found

    def regroup(self, step: Step, groups: Groups) -> Groups:
        """Rows behind hops, by the key that the hops began with, in the step's order and at most its limit."""
        limit = step.limit.get(self.environment) if step.limit is not None else None
        first = self.plan.steps[step.hops[0]]
        found: dict[Key | None, list[Row]] = {}
        for start in self.keys(first):
            ends: Iterable[Any] = [start]
            for hop in step.hops:
                ends = dict.fromkeys(row[1] for key in ends for row in self.results.groups[hop].get(key, ()))
            rows = [row for key in ends for row in groups.get(key, ())]
            for place, descending in reversed(step.merge):
                rows.sort(key=lambda row, p=place: _sort_key(row[p]), reverse=descending)  # type: ignore[misc]
                rows.sort(key=lambda row, p=place: row[p] is None)  # type: ignore[misc]
            found[start] = rows[:limit] if limit is not None else rows
        return found


def _sort_key(value: Any) -> Any:
    # Nulls are sorted last by a second, stable pass; here they only must not be compared with values.
    return (True, value) if value is not None else (False,)


def _merged(groups: Iterable[Groups]) -> Groups:
    merged: dict[Key | None, list[Row]] = {}
    for some in groups:
        merged.update(some)
    return merged


def _resolved(groups: Groups) -> asyncio.Future[Groups]:
    future = asyncio.get_running_loop().create_future()
    future.set_result(groups)
    return future
