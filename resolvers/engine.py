"""Answering: operation → plan → execute → assemble, and everything a request can go wrong on along that way."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import orjson
import strawberry
from graphql import GraphQLError

from auth.access import AccessRequest, Authorizer
from auth.pseudonyms import Pseudonym, Pseudonyms
from resolvers import errors
from resolvers.assemble import LOST, WITHHELD, compile_root, fill, reached
from resolvers.attach import attach
from resolvers.execute import Executor, Results, household_shape
from resolvers.explain import describe
from resolvers.fallback import Fallback
from resolvers.inputs import InputError, Inputs
from resolvers.operation import Limits, Operations, RequestError
from resolvers.plan import BoundRoot, Environment, Plan, Refusal
from resolvers.planner import plan as make_plan
from resolvers.request import Request
from resolvers.rows import Context
from resolvers.selection import Path, collect
from resolvers.views import Views
from schema.catalogue import Catalogue
from sources.coalescer import Coalescer
from sources.protocol import SourceError

logger = logging.getLogger("madang")


@dataclass(frozen=True)
class Answer:
    """A response's bytes (JSON). A request error has no data: nothing was read."""

    kind: Literal["data", "request_error"]
    body: bytes
    code: str | None = None
    """Of a request error."""


class Engine:
    """The graph, ready to be asked. One for each process; safe for concurrent requests in one event loop."""

    def __init__(
        self, catalogue: Catalogue, schema: strawberry.Schema, authorizer: Authorizer, sources: Mapping[str, Coalescer],
        pseudonyms: Pseudonyms, *, limits: Limits, today: Callable[[], dt.date], deadline: float = 5.0,
    ) -> None:  # fmt: skip
        self.catalogue, self.schema, self.authorizer, self.sources = catalogue, schema, authorizer, sources
        self.limits, self._today, self._pseudonyms = limits, today, pseudonyms
        self._views = Views(schema._schema, catalogue)
        self._operations = Operations(limits)
        self._capabilities = {name: source.source.capabilities for name, source in sources.items()}
        self._executor = Executor(sources, deadline)
        attach(schema._schema, catalogue)
        self._fallback = Fallback(schema, authorizer, self._views)
        self._household = household_shape(catalogue)

    async def answer(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, access: AccessRequest, *,
        explain: bool = False, whole_view: bool = False,
    ) -> Answer:  # fmt: skip
        """The response to one operation. Never raises for what a caller sent."""
        try:
            request = self.read(query, variables, operation_name, access)
            plan = self.plan(request) if request.collected.roots else None
        except RequestError as error:
            return _request_error(error)
        data, found = await self._run(plan, request) if plan else ({}, [])
        if request.collected.others:
            others, more = await self._fallback.run(request, whole_view, self.context(access))
            data.update(others)
            found += more
        data.update(dict.fromkeys(request.collected.typenames, "Query"))
        response: dict[str, Any] = {"data": {name: data[name] for name in request.collected.order}}
        if found:
            response["errors"] = errors.in_order(found)
        if explain and plan:
            response["extensions"] = {"explain": describe(plan, self.sources, self._household)}
        return Answer("data", orjson.dumps(response))

    def explain(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, access: AccessRequest
    ) -> dict[str, Any]:
        """The plan that `answer` would run, printed; nothing is read. Raises `RequestError`."""
        request = self.read(query, variables, operation_name, access)
        if not request.collected.roots:
            raise RequestError("BAD_USER_INPUT", "the operation asks no register for anything, so there is no plan")
        return describe(self.plan(request), self.sources, self._household)

    def context(self, access: AccessRequest) -> Context:
        """What resolvers under Strawberry's own execution work with."""
        profile, pseudonym = self.authorizer.profile(access), self._pseudonyms.for_caller(access.caller)
        return Context(self.catalogue, profile, access.caller, pseudonym, self.sources, self.limits, self._today())

    async def aclose(self) -> None:
        for source in self.sources.values():
            await source.aclose()

    # From text to plan

    def read(self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, access: AccessRequest) -> Request:
        """Parse, validate, coerce and collect; raises `RequestError`."""
        schema = self._views.without(self.authorizer.hidden_from(access.caller))
        operation = self._operations.get(schema, query, operation_name)
        values = operation.variables(schema, variables or {})
        if any(values.get(name) is None for name in operation.switches):
            raise RequestError("BAD_USER_INPUT", "a variable of `@skip` or `@include` is null; give true or false")
        switches = tuple([bool(values[name]) for name in operation.switches])
        collected = operation.collected.get(switches)
        if collected is None:
            collected = operation.collected.put(switches, collect(operation, self.catalogue, self._views.full, values))
        try:
            arguments = [a.values(values) for a in collected.arguments]
        except GraphQLError as error:
            raise RequestError("BAD_USER_INPUT", error) from None
        return Request(access, operation, collected, variables or {}, arguments)

    def plan(self, request: Request) -> Plan:
        """The plan for a request's form under its profile, made once. Raises `RequestError` without a purpose that fits."""
        access, collected, arguments = request.access, request.collected, request.arguments
        profile = self.authorizer.profile(access)
        key = profile, tuple([take(arguments[i]) for i, take in collected.structures])
        found = collected.plans.get(key)
        if found is None:
            self._check_purpose(access)
            found = make_plan(collected, self.catalogue, self._capabilities, profile, arguments)
            collected.plans.put(key, found)
        return found

    def _check_purpose(self, access: AccessRequest) -> None:
        allowed = self.authorizer.purposes(access.caller)
        listed = ", ".join(f"`{p}`" for p in allowed) or "none"
        if access.purpose is None:
            raise RequestError(
                "PURPOSE_REQUIRED", f"say for which purpose you ask, in the `Madang-Purpose` header; yours are: {listed}"
            )
        if access.purpose not in allowed:
            raise RequestError("PURPOSE_NOT_ALLOWED", f"`{access.purpose}` is no purpose of your role; yours are: {listed}")

    # From plan to data

    async def _run(self, plan: Plan, request: Request) -> tuple[dict[str, Any], list[errors.Error]]:
        caller = request.access.caller
        pseudonym = self._pseudonyms.for_caller(caller)
        inputs = Inputs(caller, pseudonym, self.limits, request.arguments)
        inputs.read(plan, request.collected.roots)
        environment = Environment(request.arguments, caller, self._today(), inputs.pages)
        if plan.needs_household and caller.rrn is not None:
            shape, source = self._household
            try:
                environment.household = await self._executor.household(shape, source, caller.rrn)
            except SourceError as error:
                lost: dict[int, Exception] = {s.index: error for s in plan.steps if s.source == source}
                inputs.failures = lost | inputs.failures
        results = await self._executor.run(plan, environment, inputs.keys, inputs.failures)
        return _Response(plan, request, inputs, results, pseudonym, self.catalogue).build()


class _Response:
    """One response in the making: data first, then, if something is missing, why."""

    def __init__(
        self, plan: Plan, request: Request, inputs: Inputs, results: Results, pseudonym: Pseudonym, catalogue: Catalogue
    ) -> None:
        self.plan, self.request, self.inputs, self.results, self.pseudonym = plan, request, inputs, results, pseudonym
        self.catalogue = catalogue
        self.denied: set[int] = set()
        self.data: dict[str, Any] = {}

    def build(self) -> tuple[dict[str, Any], list[errors.Error]]:
        lost = frozenset(self.results.failures)
        for root in self.plan.roots:
            self.data[root.name] = self.root(root, lost)
        return self.data, [*self.refusals(), *self.losses(), *self.nothing_found()]

    def root(self, root: BoundRoot, lost: frozenset[int]) -> Any:
        if root.kind == "refused":
            return None
        if root.kind == "listing":
            return self.listing(root, lost)
        chosen = [i for i, step in enumerate(root.steps) if step in self.results.keys]
        if not chosen:
            return LOST  # The argument could not be used, which is told as a loss.
        assemble = self.assembler(root, chosen[0], lost)
        key = self.results.keys[root.steps[chosen[0]]]
        return assemble(self.results.groups, key, self.pseudonym.encode, self.deny, self.lose)

    def listing(self, root: BoundRoot, lost: frozenset[int]) -> Any:
        if root.steps[0] in lost:
            return LOST
        page = self.inputs.pages[root.arguments]
        rows = self.results.groups[root.steps[0]].get(None, ())
        total = (
            self.results.groups[root.count_step][None][0][0]
            if root.count_step is not None and root.count_step not in lost
            else None
        )
        more, after = len(rows) > page.first, bool(page.after)
        cursor = partial(self.pseudonym.seal, page.context)
        assemble = self.assembler(root, 0, lost)
        return assemble(
            self.results.groups, rows[: page.first], more, after, total, cursor, self.pseudonym.encode, self.deny, self.lose
        )

    def assembler(self, root: BoundRoot, which: int, lost: frozenset[int]) -> Callable[..., Any]:
        key = (root.name, which, lost)
        made = self.plan.assemblers.get(key)
        return made or self.plan.assemblers.put(key, compile_root(self.plan, root, which, lost))

    def deny(self, refusal: int) -> Any:
        self.denied.add(refusal)
        return WITHHELD

    def lose(self, step: int) -> Any:
        return LOST

    def refusals(self) -> list[errors.Error]:
        found = []
        for refusal in self.plan.withheld:
            if self.about(refusal) and (where := reached(self.data, refusal.path)):
                found.append(errors.withheld(refusal.decision, refusal.path, where))
        for number in sorted(self.denied):
            refusal = self.plan.guarded[number]
            if self.about(refusal) and (where := fill(self.data, refusal.path, WITHHELD)):
                found.append(errors.withheld(refusal.decision, refusal.path, where))
        return found

    def about(self, refusal: Refusal) -> bool:
        return refusal.only is None or refusal.only in self.results.keys

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
                by_holder.setdefault(self.catalogue.registers[failure.source].holder, []).append((path, where))
        for failure in {id(f): f for f in self.results.failures.values() if isinstance(f, SourceError)}.values():
            # The cause may hold SQL or values, so of it the log has the kind alone.
            logger.warning("%s (%s)", failure, type(failure.__cause__).__name__)
        for holder, places in by_holder.items():
            found.append(errors.unavailable(holder, places))
        return found

    def nothing_found(self) -> list[errors.Error]:
        """A lookup narrowed to the caller's own subjects found nothing: absent or out of bounds, the same is said."""
        found = []
        for root in self.plan.roots:
            if self.data[root.name] is None and not set(root.steps) & set(self.results.failures):
                narrowed = (root.narrowed.get(step) for step in root.steps if step in self.results.keys)
                found += [errors.withheld(d, (root.name,), (root.name,)) for d in narrowed if d is not None]
        return found


def _request_error(error: RequestError) -> Answer:
    # A message may echo what the caller sent, and that may be half a character.
    found = [
        {**e.formatted, "message": e.message.encode(errors="replace").decode(), "extensions": {"code": error.code}}
        for e in error.errors
    ]
    return Answer("request_error", orjson.dumps({"errors": found}), error.code)
