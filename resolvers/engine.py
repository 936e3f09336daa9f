"""Answering: operation → plan → execute → assemble, and everything a request can go wrong on along that way."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import orjson
import strawberry
from graphql import GraphQLError, GraphQLSchema, OperationType

from auth.access import AccessRequest, Authorizer, Caller
from auth.ledger import LedgerUnavailable, Record
from auth.limits import Charge, LimitsUnavailable, SubjectUse
from auth.pseudonyms import Pseudonyms
from resolvers import errors
from resolvers.answer import REFUSED, Answer, check_purpose, rejected, request_error, unrecorded
from resolvers.attach import attach
from resolvers.circumstances import Circumstances
from resolvers.civil import attach_services
from resolvers.disclose import Trail, disclosed, record, refusal, turned_away
from resolvers.evidence import Issuer, Notary, attach_evidence, check_one
from resolvers.execute import Executor, Results, subjects
from resolvers.explain import describe
from resolvers.fallback import Fallback
from resolvers.inputs import Inputs
from resolvers.onward import Onward, fed, taken
from resolvers.operation import Limits, Operations, Refusals, RequestError
from resolvers.plan import Plan
from resolvers.planner import plan as make_plan
from resolvers.rehearsal import rehearsal
from resolvers.reports import Reports
from resolvers.request import Request
from resolvers.response import Response
from resolvers.rows import Context
from resolvers.selection import collect
from resolvers.services import Services
from resolvers.sharing import attach_sharing
from resolvers.values import Environment
from resolvers.views import Views
from schema.catalogue import Catalogue, ColumnField
from sources.coalescer import Coalescer
from sources.evaluate import hmac_blocks
from sources.protocol import SourceError
from sources.reporter import Reporter


class Ledger(Protocol):
    """Where disclosures are recorded: `auth.ledger.Ledger`."""

    def append(self, record: Record) -> asyncio.Future[int]:
        """The entry's number, once it is on disk. The future raises `LedgerUnavailable`."""

    async def aclose(self) -> None:
        """Let go of connections."""


class Engine:
    """The graph, ready to be asked. One for each process; safe for concurrent requests in one event loop."""

    def __init__(
        self, catalogue: Catalogue, schema: strawberry.Schema, authorizer: Authorizer, sources: Mapping[str, Coalescer],
        pseudonyms: Pseudonyms, *, limits: Limits, ledger: Ledger, today: Callable[[], dt.date], deadline: float = 5.0,
        use: SubjectUse | None = None, services: Services | None = None, notary: Notary | None = None,
        reporters: Mapping[str, Reporter] | None = None,
    ) -> None:  # fmt: skip
        """`use` counts subjects against the regulations' limits; without it nothing that has a limit is shown.

        `notary` makes evidence; without it there is none. `reporters`: those of the registers that take reports, and that of the
        gateway's own database.
        """
        self.catalogue, self.schema, self.authorizer, self.sources = catalogue, schema, authorizer, sources
        self.limits, self._today, self._pseudonyms = limits, today, pseudonyms
        self._views = Views(schema._schema, catalogue)
        self._operations = Operations(limits)
        self._capabilities = {name: source.source.capabilities for name, source in sources.items()}
        self._executor = Executor(sources, deadline)
        attach(schema._schema, catalogue)
        attach_sharing(schema._schema)
        attach_evidence(schema._schema)
        attach_services(schema._schema, services or Services(), self.fits)
        self._fallback = Fallback(schema, self._views)
        self._circumstances = Circumstances(catalogue, sources)
        self._use, self._ledger = use, ledger
        self._issuer = Issuer(services or Services(), notary, self.answer, self.read, self._circumstances, today)
        self.reports = Reports(catalogue, sources, reporters or {}, self._circumstances, pseudonyms, ledger, today, use)
        self.reports.attach(schema._schema)
        self._turned_away: dict[tuple[str, str], float] = {}

    async def answer(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, access: AccessRequest, *,
        trail: Trail, refusals: Refusals | None = None, explain: bool = False, whole_view: bool = False,
        onward: Onward | None = None,
    ) -> Answer:  # fmt: skip
        """The response to one operation, once the ledger has what it discloses. Never raises for what a caller sent.

        `refusals`: how to answer what is withheld, unless the document itself says so. `onward`: of a subscription, which part.
        """
        try:
            request = self.read(query, variables, operation_name, access)
            check_one(request.collected.others)
            if request.operation.kind is OperationType.SUBSCRIPTION:
                request = taken(request, onward, self.limits.page)
        except RequestError as error:
            return request_error(error)
        if request.operation.kind is OperationType.MUTATION:
            try:
                return await self.reports.answer(request, trail)
            except RequestError as error:
                return await self._refused(error, None, request, trail)
        plan = None
        try:
            plan = self.plan(request) if request.collected.roots else None
            how = request.refusals or refusals or "ERRORS"
            response, written = await self._found(plan, request, how, trail) if plan else (None, None)
        except RequestError as error:
            return await self._refused(error, plan, request, trail)
        data = response.data if response else {}
        found = [] if response is None else [*(response.refused if how != "NULL" else ()), *response.failed]
        if request.collected.others:
            others, more = await self._fallback.run(request, whole_view, self.context(request, trail, refusals))
            data.update(others)
            found += more
        data.update(dict.fromkeys(request.collected.typenames, "Query"))
        body: dict[str, Any] = {"data": {name: data[name] for name in request.collected.order}}
        if found:
            body["errors"] = errors.in_order(found)
        body["extensions"] = self._extensions(request, plan, response, explain)
        answer = orjson.dumps(body)
        try:
            entry = await written if written is not None else None
        except LedgerUnavailable:
            return request_error(unrecorded())
        return Answer("data", answer, entry=entry, fed=fed(plan, response) if onward and plan and response else None)

    async def _found(
        self, plan: Plan, request: Request, how: Refusals, trail: Trail
    ) -> tuple[Response, asyncio.Future[int] | None]:  # fmt: skip
        """What a plan finds, and its entry, which is being written. Raises `RequestError`."""
        if how == "REJECT":
            await self._rehearse(plan, request)
        response = await self._run(plan, request)
        if how == "REJECT" and response.refused:
            raise rejected(response.refused)
        disclosures = disclosed(plan, request, response.inputs, response.results)
        return response, self._ledger.append(record(plan, request, trail, self.catalogue, disclosures))

    async def _refused(self, error: RequestError, plan: Plan | None, request: Request, trail: Trail) -> Answer:
        """A refusal is told once the ledger has it."""
        if error.code not in REFUSED:
            return request_error(error)
        known = None if plan is None else record(plan, request, trail, self.catalogue, {}, error.code)
        try:
            entry = await self._ledger.append(known or refusal(request, trail, self.catalogue, error.code))
        except LedgerUnavailable:
            return request_error(unrecorded())
        return request_error(error, entry)

    async def turn_away(self, agency: str, refused: str, why: str, trail: Trail, caller: Caller | None) -> None:
        """Record that somebody of an agency was not let in, once a second for each agency and reason.

        Whoever can reach the gateway can send tokens that are not accepted, so the ledger must not grow by all of it; then there
        is no `caller`. Nothing is shown, so nothing waits for it either if it cannot be recorded.
        """
        now = time.monotonic()
        if not self.authorizer.knows(agency) or now - self._turned_away.get((agency, why), -1.0) < 1.0:
            return
        self._turned_away[agency, why] = now
        with contextlib.suppress(LedgerUnavailable):
            await self._ledger.append(turned_away(agency, refused, why, self.authorizer.version, trail, caller))

    def _extensions(self, request: Request, plan: Plan | None, response: Response | None, explain: bool) -> dict[str, Any]:
        """What is said beside the data: the version of the regulations, what is masked, what is owed for it, how it was found."""
        found: dict[str, Any] = {"regulations": request.version}
        if response and response.masked:
            found["masked"] = response.masked
        if response and response.duties:
            found["duties"] = response.duties
        if explain and plan:
            found["explain"] = describe(plan, self.sources, self._circumstances, self._hidden_names(request))
        return found

    def explain(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, access: AccessRequest
    ) -> dict[str, Any]:
        """The plan that `answer` would run, printed; nothing is read. Raises `RequestError`."""
        request = self.read(query, variables, operation_name, access)
        if request.collected.reports:
            raise RequestError("BAD_USER_INPUT", "a report is made by its register's own function, so there is no plan")
        if not request.collected.roots:
            raise RequestError("BAD_USER_INPUT", "the operation asks no register for anything, so there is no plan")
        return describe(self.plan(request), self.sources, self._circumstances, self._hidden_names(request))

    def shown_to(self, caller: Caller) -> GraphQLSchema:
        """The graph as introspection shows it to a caller, without the articles."""
        return self._views.only(self.authorizer.grantable(caller), caller, {}, self.authorizer.hidden_from(caller))

    def _hidden_names(self, request: Request) -> frozenset[str]:
        """The coordinates of which the caller is told nothing, and their columns."""
        items = (item for record in self.catalogue.records.values() for item in record.fields.values())
        hidden = request.hidden
        return hidden | {i.column for i in items if isinstance(i, ColumnField) and i.coordinate in hidden}

    def context(self, request: Request, trail: Trail | None = None, refusals: Refusals | None = None) -> Context:
        """What resolvers under Strawberry's own execution work with; without a trail they issue no evidence."""
        access = request.access
        return Context(
            self.catalogue, request.authorizer, access, self._pseudonyms, self.sources, self._circumstances, self.limits,
            self._today(), None if trail is None else partial(self._issuer.issue, access, trail, request.refusals or refusals),
        )  # fmt: skip

    def fits(self, document: str, hidden: frozenset[str]) -> bool:
        """Whether a document is valid for those from whom these coordinates are hidden: nothing of it names one."""
        try:
            self._operations.get(self._views.without(hidden), document, None)
        except RequestError:
            return False
        return True

    def adopt(self, authorizer: Authorizer) -> None:
        """Put other regulations in force. Requests under way finish under those they began with; plans are made anew."""
        self._operations = Operations(self.limits)
        self.authorizer = authorizer

    async def aclose(self) -> None:
        for source in self.sources.values():
            await source.aclose()
        await self.reports.aclose()
        if self._use is not None:
            await self._use.aclose()
        await self._ledger.aclose()

    # From text to plan

    def read(self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, access: AccessRequest) -> Request:
        """Parse, validate, coerce and collect; raises `RequestError`."""
        authorizer = self.authorizer
        schema = self._views.without(authorizer.hidden_from(access.caller))
        operation = self._operations.get(schema, query, operation_name)
        values = operation.variables(schema, variables or {})
        if any(values.get(name) is None for name in operation.switches):
            raise RequestError("BAD_USER_INPUT", "a variable of `@skip` or `@include` is null; give true or false")
        switches = tuple([bool(values[name]) for name in operation.switches])
        collected = operation.collected.get(switches)
        try:
            if collected is None:
                collected = operation.collected.put(switches, collect(operation, self.catalogue, self._views.full, values))
            arguments = [a.values(values) for a in collected.arguments]
        except GraphQLError as error:
            raise RequestError("BAD_USER_INPUT", error) from None
        return Request(
            access, authorizer, authorizer.version, operation, collected, variables or {}, arguments, operation.refusals(values)
        )

    def plan(self, request: Request) -> Plan:
        """The plan for a request's form under its profile, made once. Raises `RequestError` without a purpose that fits."""
        access, collected, arguments = request.access, request.collected, request.arguments
        profile = request.authorizer.profile(access)
        key = profile, tuple([take(arguments[i]) for i, take in collected.structures])
        found = collected.plans.get(key)
        if found is None:
            check_purpose(request.authorizer, access)
            found = make_plan(collected, self.catalogue, self._capabilities, profile, arguments)
            collected.plans.put(key, found)
        return found

    # From plan to data

    async def _run(self, plan: Plan, request: Request) -> Response:
        """Run a plan, and count the subjects whose number is limited before anything of them is shown."""
        response, environment = await self._read(plan, request)
        if plan.limited:
            await self._charge(plan, request, response.results, environment)
        return response

    async def _rehearse(self, plan: Plan, request: Request) -> None:
        """Read what decides, and nothing else; raises `RequestError` unless everything that is asked is granted."""
        if plan.withheld:
            hidden = request.hidden
            raise rejected([errors.withheld(r.decision, r.path, r.path, hidden, searched=r.searched) for r in plan.withheld])
        plan.rehearsed = plan.rehearsed or rehearsal(plan)
        response, environment = await self._read(plan.rehearsed, request)
        results = response.results
        lost = any(isinstance(failure, SourceError) for failure in results.failures.values())
        if plan.limited and (response.refused or lost):
            # That it is refused is an answer too, and tells of whoever was asked about.
            await self._charge(plan.rehearsed, request, results, environment)
        if response.refused:
            raise rejected(response.refused)
        if lost:
            raise RequestError(
                "SOURCE_UNAVAILABLE", "a register does not answer that has to tell what is shared with you; ask again later"
            )

    async def _read(self, plan: Plan, request: Request) -> tuple[Response, Environment]:
        access = request.access
        pseudonym = self._pseudonyms.for_caller(access.caller)
        inputs = Inputs(access.caller, pseudonym, self.limits, request.arguments)
        inputs.read(plan, request.collected.roots)
        environment = Environment(inputs.arguments, access.caller, self._today(), inputs.pages, access.purpose)
        if plan.makes_pseudonyms:
            environment.mask_keys = hmac_blocks(self._pseudonyms.mask_key(access.caller.agency, access.purpose or ""))
        if plan.needs:
            await self._circumstances.find(plan.needs, access, environment, inputs.failures)
        results = await self._executor.run(plan, environment, inputs.keys, inputs.failures)
        return Response(plan, request, inputs, results, pseudonym, self.catalogue), environment

    async def _charge(self, plan: Plan, request: Request, results: Results, environment: Environment) -> None:
        """Count subjects against the limits of the permissions that were used; raises `RequestError` where one is reached."""
        charges = [
            Charge(rule, limit, subjects(plan, environment, results, places) * plan.questions.get((rule, limit), 1))
            for (rule, limit), places in plan.limited.items()
        ]
        try:
            exceeded = await self._use.charge(charges, request.access.caller) if self._use is not None else None
        except LimitsUnavailable:
            exceeded, lost = None, True
        else:
            lost = self._use is None
        if lost:
            raise RequestError(
                "LIMITS_UNAVAILABLE", "how much was asked for cannot be counted now, so nothing is shown; ask again later"
            )
        if exceeded is not None:
            raise RequestError("SUBJECT_LIMIT_REACHED", str(exceeded), retry_after=exceeded.seconds)
