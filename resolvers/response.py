"""One response in the making: data first, then what is to be said of it: what is missing and why, what is masked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from auth.access import Duties, Grant, Rule
from auth.pseudonyms import Pseudonym
from resolvers import errors
from resolvers.assemble import LOST, WITHHELD, Where, compile_root, fill, reached
from resolvers.execute import Results
from resolvers.inputs import InputError, Inputs
from resolvers.plan import BoundRoot, Mark, Plan, Refusal
from resolvers.request import Request
from resolvers.selection import Path
from schema.catalogue import Catalogue
from sources.protocol import SourceError

logger = logging.getLogger("madang")


class Response:
    """Builds it from a plan's results. `data`, and what was said in `refused`, `failed` and `masked`."""

    def __init__(
        self, plan: Plan, request: Request, inputs: Inputs, results: Results, pseudonym: Pseudonym, catalogue: Catalogue
    ) -> None:
        self.plan, self.request, self.inputs, self.results, self.pseudonym = plan, request, inputs, results, pseudonym
        self.catalogue = catalogue
        self.denied: set[int] = set()
        self.marked: set[int] = set()
        self.data: dict[str, Any] = {}
        lost = frozenset(results.failures)
        for root in plan.roots:
            self.data[root.name] = self.root(root, lost)
        self.refused = [*self.refusals(), *self.nothing_found()]
        self.failed = self.losses()
        # In lists that came as JSON nothing can be looked for; what is there has what was asked for.
        self.flat = {root.name for root in plan.roots if root.json and results.groups[root.steps[0]].get(None)}
        self.masked = list(self.masks())
        self.duties = owed(self.under_duties())

    def root(self, root: BoundRoot, lost: frozenset[int]) -> Any:
        if root.kind == "refused":
            return None
        if root.kind == "listing":
            return self.listing(root, lost)
        if root.kind == "feed":
            rows = self.results.groups[root.steps[0]].get(None, ())
            return self.assembler(root, 0, lost)(
                self.results.groups, self.inputs.arguments, rows, self.pseudonym.encode, self.deny, self.lose, self.mark
            )
        chosen = [i for i, step in enumerate(root.steps) if step in self.results.keys]
        if not chosen:
            return LOST  # The argument could not be used, which is told as a loss.
        assemble = self.assembler(root, chosen[0], lost)
        key = self.results.keys[root.steps[chosen[0]]]
        return assemble(
            self.results.groups, self.inputs.arguments, key, self.pseudonym.encode, self.deny, self.lose, self.mark
        )  # fmt: skip

    def listing(self, root: BoundRoot, lost: frozenset[int]) -> Any:
        if root.steps[0] in lost:
            return LOST
        page = self.inputs.pages[root.arguments]
        rows = self.results.groups[root.steps[0]].get(None, ())
        counted = root.count_step is not None and root.count_step not in lost
        total = self.results.groups[root.count_step][None][0][0] if counted else None  # type: ignore[index]
        more, after = len(rows) > page.first, bool(page.after)
        cursor = partial(self.pseudonym.seal, page.context)
        assemble = self.assembler(root, 0, lost)
        return assemble(
            self.results.groups, self.inputs.arguments, rows[: page.first], more, after, total, cursor, self.pseudonym.encode,
            self.deny, self.lose, self.mark,
        )  # fmt: skip

    def assembler(self, root: BoundRoot, which: int, lost: frozenset[int]) -> Callable[..., Any]:
        key = (root.name, which, lost)
        made = self.plan.assemblers.get(key)
        return made or self.plan.assemblers.put(key, compile_root(self.plan, root, which, lost))

    def deny(self, refusal: int) -> Any:
        self.denied.add(refusal)
        return WITHHELD

    def lose(self, step: int) -> Any:
        return LOST

    def mark(self, mark: int, value: Any) -> Any:
        self.marked.add(mark)
        return value

    def refusals(self) -> Iterator[errors.Error]:
        for refusal in self.plan.withheld:
            if self.about(refusal.only) and (where := reached(self.data, refusal.path)):
                yield self.withheld(refusal, where)
        for refusal in self.denied_by_path():
            if self.about(refusal.only) and (where := fill(self.data, refusal.path, WITHHELD)):
                yield self.withheld(refusal, where)

    def withheld(self, refusal: Refusal, where: Where) -> errors.Error:
        return errors.withheld(refusal.decision, refusal.path, where, self.request.hidden, searched=refusal.searched)

    def denied_by_path(self) -> Iterator[Refusal]:
        """One refusal for a path; where rows were withheld for several reasons, the first of them is told."""
        told: set[Path] = set()
        for number in sorted(self.denied):
            refusal = self.plan.guarded[number]
            if refusal.path not in told:
                told.add(refusal.path)
                yield refusal

    def about(self, only: int | None) -> bool:
        return only is None or only in self.results.keys

    def losses(self) -> list[errors.Error]:
        if not self.results.failures:
            return []
        found: list[errors.Error] = []
        by_holder: dict[str, list[tuple[Path, Any]]] = {}
        for step, path in self.plan.losses():
            failure = self.results.failures.get(step)
            if failure is None or (where := fill(self.data, path, LOST)) is None:
                continue
            if isinstance(failure, InputError):
                found.append(errors.unusable(failure, where))
            elif isinstance(failure, SourceError):
                by_holder.setdefault(self.catalogue.holder(failure.source), []).append((path, where))
        for failure in {id(f): f for f in self.results.failures.values() if isinstance(f, SourceError)}.values():
            # The cause may hold SQL or values, so of it the log has the kind alone.
            logger.warning("%s (%s)", failure, type(failure.__cause__).__name__)
        for holder, places in by_holder.items():
            found.append(errors.unavailable(holder, places))
        return found

    def nothing_found(self) -> Iterator[errors.Error]:
        """A lookup narrowed to the caller's own subjects found nothing: absent or out of bounds, the same is said."""
        for root in self.plan.roots:
            for step in (s for s in root.steps if s in self.results.keys and s in root.narrowed):
                waits = root.via[step].depends if step in root.via else frozenset()
                if self.data[root.name] is None and not {step, *root.depends[step], *waits} & self.results.failures.keys():
                    yield self.withheld(Refusal((root.name,), root.narrowed[step], searched=True), (root.name,))

    def masks(self) -> Iterator[dict[str, Any]]:
        """What is shown masked, by path pattern."""
        for mark in self.shown():
            if mark.mask is not None:
                yield {
                    "coordinate": mark.decision.coordinate,
                    "pattern": errors.pattern(mark.path),
                    "mask": str(mark.mask),
                    "rules": [errors.described(rule) for rule in mark.decision.rules],
                }

    def under_duties(self) -> Iterator[tuple[str, Grant]]:
        """Coordinates that were shown, if only to be null, with the grants under which they were that come with duties."""
        for mark in self.shown():
            yield from ((mark.decision.coordinate, grant) for grant in mark.decision.grants if grant.duties is not None)

    def shown(self) -> Iterator[Mark]:
        """The marks of what was shown somewhere."""
        for number, mark in enumerate(self.plan.marks):
            chosen = number in self.marked or (mark.always and self.about(mark.only))
            if chosen and (mark.path[0] in self.flat or reached(self.data, mark.path)):
                yield mark


def owed(granted: Iterable[tuple[str, Grant]]) -> list[dict[str, Any]]:
    """What comes with being granted, for each rule that has duties: for which coordinates, and what is to be done."""
    found: dict[tuple[Rule, Duties], dict[str, None]] = {}
    for coordinate, grant in granted:
        if grant.duties is not None:
            found.setdefault((grant.rule, grant.duties), {})[coordinate] = None
    return [{"rule": errors.described(rule), "coordinates": list(c), **_owed(duties)} for (rule, duties), c in found.items()]


def _owed(duties: Duties) -> dict[str, Any]:
    found: dict[str, Any] = {"store": duties.store}
    if duties.retain is not None:
        found["retain"] = str(duties.retain)
    if duties.notice:
        within = {"within": str(duties.within)} if duties.within is not None else {}
        found["notice"] = {"to": "subject", "when": "later", **within, "ground": duties.ground}
    if duties.defer is not None:
        found["defer"] = str(duties.defer)
    return found
