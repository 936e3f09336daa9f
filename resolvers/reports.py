"""Reports: a mutation's root fields, made one after the other, in order (GraphQL specification, section 6.2.2).

Each is decided like everything else, as the access `report` of its coordinate, and then made (`resolvers/making.py`). Nothing is
ever changed that the ledger does not have; that it has what was not kept in the end is no fault: nobody was told that it was.

A key is the reporter's own: of another officer, or another citizen, the same text is another key. A repeat is decided, too, by
the regulations in force; what the permission turned on besides, who lives where, may be otherwise by then because of that very
report.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from graphql import GraphQLSchema

from auth import consent
from auth.access import Grant, OfSubject, Profile, WithCase
from auth.ledger import LedgerUnavailable, Record
from auth.limits import Charge, LimitsUnavailable, SubjectUse
from auth.pseudonyms import Pseudonyms
from resolvers import errors
from resolvers.answer import Answer, check_purpose, request_error, unrecorded
from resolvers.attach import guarded
from resolvers.circumstances import Circumstances
from resolvers.disclose import Trail, asked_to_be_told
from resolvers.inputs import InputError, refuse_unreadable
from resolvers.joint import Joint
from resolvers.making import Draft, KeyReused, Made, Maker, Mistake, NotMade, Unknown
from resolvers.named import find, judge
from resolvers.reported import Granted, Identity, disclosures, recorded, whose
from resolvers.request import Request
from resolvers.rows import Context
from resolvers.selection import Reporting
from resolvers.values import Environment
from schema.catalogue import Catalogue
from schema.reporting import ReportState
from sources.coalescer import Coalescer
from sources.protocol import SourceError
from sources.reporter import ReportConflict, Reporter

log = logging.getLogger("madang")

_UNKNOWN = ("UNKNOWN_RESIDENT", "no resident whom you may report of is known by this")
_LOST = "somebody else changes one of those who are named; look at what is registered now, and report again if it is still right"


class Ledger(Protocol):
    def append(self, record: Record) -> asyncio.Future[int]: ...


class Refused(Exception):
    """A root field is null, with an error."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.error = {"message": message, "extensions": {"code": code, **more}}


class Reports:
    """Answers mutations. `reporters`: of the registers that take reports, and of the gateway's own database."""

    def __init__(
        self, catalogue: Catalogue, sources: Mapping[str, Coalescer], reporters: Mapping[str, Reporter], circumstances:
        Circumstances, pseudonyms: Pseudonyms, ledger: Ledger, today: Callable[[], dt.date], use: SubjectUse | None,
    ) -> None:  # fmt: skip
        self.catalogue, self.sources, self.circumstances = catalogue, sources, circumstances
        self.pseudonyms, self.ledger, self.today, self.use = pseudonyms, ledger, today, use
        self._reporters = reporters
        own = reporters.get(consent.SOURCE) or Reporter(consent.SOURCE, "")
        taking = {name: each for name, each in reporters.items() if name != consent.SOURCE}
        self.joint = Joint(taking, own)
        self.maker = Maker(taking, self.joint)

    def attach(self, schema: GraphQLSchema) -> None:
        """Give the root field `report` its resolver."""

        async def state(_: Any, context: Context, *, receipt: str) -> ReportState | None:
            refuse_unreadable({"receipt": receipt})
            return await self.maker.state(receipt, whose(context.access.caller))

        if schema.query_type is not None and "report" in schema.query_type.fields:
            schema.query_type.fields["report"].resolve = guarded(state)

    async def answer(self, request: Request, trail: Trail) -> Answer:
        """The response to a mutation. Raises `RequestError` without a purpose that fits."""
        check_purpose(request.authorizer, request.access)
        data: dict[str, Any] = dict.fromkeys(request.collected.order)
        data |= dict.fromkeys(request.collected.typenames, "Mutation")
        found, unwritten, entry = [], 0, None
        for item in request.collected.reports:
            one = _Reporting(self, item, request, trail)
            try:
                data[item.name] = await one.answer()
            except Refused as refusal:
                one.errors.append(refusal.error)
            except LedgerUnavailable:
                unwritten += 1
                told = unrecorded()
                one.errors.append({"message": str(told), "extensions": {"code": told.code}})
            found += [{"path": [item.name], **error} for error in one.errors]
            entry = one.entry if one.entry is not None else entry
        if unwritten and unwritten == len(request.collected.reports):
            return request_error(unrecorded())
        body = {"data": data, **({"errors": found} if found else {}), "extensions": {"regulations": request.version}}
        return Answer("data", orjson.dumps(body), entry=entry)

    async def aclose(self) -> None:
        for each in self._reporters.values():
            await each.aclose()


@dataclass
class _Reporting:
    """One root field of one request; `resolvers.making.Decides`."""

    reports: Reports
    item: Reporting
    request: Request
    trail: Trail

    def __post_init__(self) -> None:
        self.errors: list[errors.Error] = []
        self.entry: int | None = None
        self.root = self.item.declared
        self.caller = self.request.access.caller
        self.profile: Profile = self.request.authorizer.profile(self.request.access)
        self.decision = self.profile.decide(self.root.coordinate, "report", "read")
        decisions = ((name, self.profile.decide(name, "report", "read")) for name in asked_to_be_told(self.item))
        self.shown: dict[str, Sequence[Grant]] = {name: each.grants for name, each in decisions if not each.denied}
        """What is asked of the answer and shared with the caller: by which grants, by coordinate."""
        self.judged: tuple[Granted, Mapping[int, Sequence[str]]] = ((), {})
        """Once it may be reported: under which grant, and who is named. What the register finds wrong tells of them."""
        self.environment = Environment([], self.caller, self.reports.today(), {}, self.request.access.purpose)

    async def answer(self) -> dict[str, Any]:
        """Raises `Refused` and `LedgerUnavailable`."""
        if self.decision.denied:
            raise await self.withheld()
        try:
            made = await self.make()
        except NotMade as refusal:
            await self.write(*self.judged, refused="NOT_REPORTED")
            return self.refused(refusal.mistakes)
        except InputError as error:
            raise Refused(error.code, str(error)) from None
        except KeyReused:
            why = "the key is that of another report of yours; take a new one for each new report"
            raise Refused("KEY_REUSED", why) from None
        except ReportConflict:
            raise Refused("CONFLICT", _LOST) from None
        except Unknown as error:
            why = "the register did not say whether it keeps it; report again with the same key, which makes it once"
            raise Refused("SOURCE_UNAVAILABLE", why, holder=self.reports.catalogue.holder(error.source)) from None
        except SourceError as error:
            raise self.unavailable(error) from None
        return await self.accepted(made)

    async def make(self) -> Made:
        values = self.request.arguments[self.item.arguments]
        pseudonym = self.reports.pseudonyms.for_caller(self.caller)
        named = await find(self.root, values["input"], self.reports.catalogue, self.reports.sources, pseudonym)
        access, caller = self.request.access, self.caller
        # The residents themselves count, however they are named; not where they lived when it was reported.
        # What it is for counts, too: a repeat is not held against its case again.
        body = {"input": named.values, "purpose": access.purpose, "case": access.case}
        identity = Identity.of(caller, values["key"], self.root.name, body)
        people = [{"rrn": p.rrn, "household": p.household, "district": p.district} for p in named.people]
        reporter = {
            "agency": caller.agency, "role": caller.role, "jurisdiction": caller.jurisdiction, "rrn": caller.rrn,
            "purpose": access.purpose, "case": access.case, "today": self.environment.today.isoformat(),
            "receipt": identity.receipt, "named": people,
        }  # fmt: skip
        # Whoever names nobody goes the same way as who names a stranger: nothing on it is to tell them apart.
        return await self.reports.maker.make(Draft(self.root, identity, named, reporter), self)

    # What is asked while it is made

    async def judge(self, draft: Draft) -> Grant:
        grants, named = self.decision.grants, draft.named
        await self.find_out([*grants, *(each for told in self.shown.values() for each in told)])
        judgement = judge(self.root, grants, named, self.caller, self.environment)
        if judgement.grant is None and not judgement.outside:
            raise await self.withheld()
        if outside := {*judgement.outside, *named.unknown}:
            raise NotMade([Mistake(path, *_UNKNOWN) for path in sorted(outside, key=str)])
        assert judgement.grant is not None, "otherwise somebody is outside"
        people = disclosures((person.rrn for person in named.people), None, 0)
        self.judged = ([(self.root.coordinate, [judgement.grant])], people)
        if self.root.declared.consents:
            self.check_consent(draft)
        await self.charge(judgement.grant, draft)
        return judgement.grant

    async def record(self, draft: Draft, grant: Grant) -> int:
        for name, grants in list(self.shown.items()):
            held = judge(self.root, grants, draft.named, self.caller, self.environment).grant
            if held is None:
                del self.shown[name]
            else:
                self.shown[name] = [held]
        granted = [(self.root.coordinate, [grant]), *self.shown.items()]
        bits = (1 << len(granted)) - 2
        return await self.write(granted, disclosures(draft.subjects, draft.about, bits))

    async def find_out(self, grants: Sequence[Grant]) -> None:
        """The caller's circumstances, as far as the grants turn on them; raises `SourceError`."""
        constraints = [each for grant in grants for each in grant.constraints]
        kinds = {kind for each in constraints if isinstance(each, OfSubject) for kind in each.kinds}
        needs = {need for need, kind in (("household", "household"), ("children", "child")) if kind in kinds}
        needs |= {"case"} if any(isinstance(each, WithCase) for each in constraints) else set()
        failures: dict[int, Exception] = {}
        await self.reports.circumstances.find(frozenset(needs), self.request.access, self.environment, failures)
        for failure in failures.values():
            raise failure

    def check_consent(self, draft: Draft) -> None:
        """Hold a consent to what the regulations share with the agency for the purpose if one consents."""
        values, law = draft.named.values, self.request.authorizer
        shared = law.under_consent(values["agency"], values["purpose"])
        if not law.knows(values["agency"]):
            raise NotMade([Mistake(("agency",), "UNKNOWN_AGENCY", "no agency has this code")])
        if not shared:
            why = "nothing is shared with this agency for this purpose by consent"
            raise NotMade([Mistake(("purpose",), "NOT_BY_CONSENT", why)])
        why = "this is not shared with this agency for this purpose by consent"
        wrong = [Mistake(("items", n), "NOT_BY_CONSENT", why) for n, item in enumerate(values["items"]) if item not in shared]
        wrong += [] if values["items"] else [Mistake(("items",), "EMPTY", "name at least one item")]
        if wrong:
            raise NotMade(wrong)

    async def charge(self, grant: Grant, draft: Draft) -> None:
        if grant.limit is None:
            return
        use, charge = self.reports.use, Charge(str(grant.rule), grant.limit, max(len(draft.named.people), 1))
        try:
            exceeded = await use.charge([charge], self.caller) if use is not None else None
        except LimitsUnavailable:
            use = None
        if use is None:
            raise Refused("LIMITS_UNAVAILABLE", "how much was reported cannot be counted now; ask again later")
        if exceeded is not None:
            raise Refused("SUBJECT_LIMIT_REACHED", str(exceeded))

    # What is answered

    async def accepted(self, made: Made) -> dict[str, Any]:
        self.entry = made.entry
        if not made.first and self.shown and made.about is not None:
            # It was told before, if it arrived; it is told again now.
            await self.write([*self.shown.items()], {(1 << len(self.shown)) - 1: [made.about]})
            self.entry = made.entry
        known = {"__typename": self.root.reported, "state": made.state.value, "entry": made.entry, "receipt": self.receipt()}
        answer = {}
        for name, asked in self.item.accepted.items():
            if asked in known:
                answer[name] = known[asked]
                continue
            told = self.root.tells[asked]
            decision = self.profile.decide(told.coordinate, "report", "read")
            answer[name] = made.told.get(told.attribute) if told.coordinate in self.shown else None
            if told.coordinate not in self.shown:
                path = (self.item.name, name)
                self.errors.append(errors.withheld(decision, path, path, self.request.hidden))
        return answer

    def refused(self, mistakes: Sequence[Mistake]) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for name, asked in self.item.refused.items():
            if asked == "__typename":
                answer[name] = "NotReported"
                continue
            told = [
                {"path": [*map(str, each.path)], "code": each.code, "message": each.message, "__typename": "FieldError"}
                for each in mistakes
            ]
            answer[name] = [{n: each[field] for n, field in self.item.wrong[name].items()} for each in told]
        return answer

    def receipt(self) -> str:
        values = self.request.arguments[self.item.arguments]
        return Identity.of(self.caller, values["key"], self.root.name, {}).receipt

    async def withheld(self) -> Refused:
        """That it may not be reported, once the ledger has it."""
        await self.write()
        error = errors.withheld(self.decision, (self.item.name,), (self.item.name,), self.request.hidden, reported=True)
        return Refused(error["extensions"].pop("code"), error["message"], **error["extensions"])

    def unavailable(self, error: SourceError) -> Refused:
        log.warning("`%s` cannot be reported (%s)", self.root.name, type(error.__cause__ or error).__name__)
        holder = self.reports.catalogue.holder(error.source)
        told = errors.unavailable(holder, [((self.item.name,), (self.item.name,))])
        return Refused(told["extensions"].pop("code"), told["message"], **told["extensions"])

    async def write(
        self, granted: Granted = (), shown: Mapping[int, Sequence[str]] | None = None, refused: str | None = None
    ) -> int:
        self.entry = await self.reports.ledger.append(recorded(self.item, self.request, self.trail, granted, shown, refused))
        return self.entry
