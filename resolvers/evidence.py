"""Evidence (`schema/evidence.py`): a service's document, answered as any other request is, and what came of it signed.

It is no second way to read. The document goes through the engine under the caller's own access request, with the case that is
named; the regulations, their limits and the ledger have it as they have every operation. Only when the entry is on disk is there
a proof, and without a proof there is no evidence.

The resident is the one whom the case is about, so the case must be one that a plan would hold for verified. A service whose
document takes no resident is about whoever asks.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import orjson
from graphql import FieldNode, GraphQLObjectType, GraphQLSchema

from auth.access import AccessRequest
from auth.codes import Codes
from auth.evidence import bundle
from auth.jws import Seal
from auth.ledger import LedgerUnavailable
from auth.prove import Prover
from resolvers.answer import Answer
from resolvers.attach import guarded
from resolvers.circumstances import Circumstances
from resolvers.disclose import Trail
from resolvers.extract import Extract, printed
from resolvers.extract_html import as_html
from resolvers.extract_pdf import as_pdf
from resolvers.facts import Leaves, leaves, without
from resolvers.inputs import InputError, refuse_unreadable
from resolvers.layouts import Layout
from resolvers.operation import Refusals, RequestError
from resolvers.request import Request
from resolvers.rows import Context
from resolvers.services import Service, Services
from schema.evidence import Evidence
from schema.scalars import BigInt

DOCUMENT = """\
query Evidence($service: ID!, $case: String, $html: Boolean! = false, $pdf: Boolean! = false) {
  evidence(service: $service, case: $case) {
    entry
    payload
    jws
    file
    code
    html @include(if: $html)
    pdf @include(if: $pdf)
  }
}
"""
"""The document that asks for evidence where approved documents alone are taken: what it runs is one of those."""


@dataclass(frozen=True)
class Notary:
    """What makes evidence of an answer, and prints it. `address`: where people reach the gateway; it is on what is printed."""

    prover: Prover
    seal: Seal
    codes: Codes
    address: str
    timezone: dt.tzinfo
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    """How the answers of some services are printed, by the services' codes."""


class Ask(Protocol):
    """The engine's way to answer."""

    async def __call__(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, access: AccessRequest, *,
        trail: Trail, refusals: Refusals | None = None,
    ) -> Answer:  # fmt: skip
        """The answer, once the ledger has it."""


class Issuer:
    """Issues evidence over an engine."""

    def __init__(
        self, services: Services, notary: Notary | None, ask: Ask, read: Callable[..., Request], circumstances: Circumstances,
        today: Callable[[], dt.date],
    ) -> None:  # fmt: skip
        self._services, self._notary, self._ask, self._read = services, notary, ask, read
        self._circumstances, self._today = circumstances, today

    async def issue(
        self, access: AccessRequest, trail: Trail, refusals: Refusals | None, code: str, case: str | None
    ) -> Evidence:  # fmt: skip
        """Evidence of a service's answer; raises `InputError`, and `SourceError` where cases cannot be looked up."""
        service, notary = self._service(access, code), self._notary
        if notary is None:
            raise InputError("LEDGER_UNAVAILABLE", "no evidence can be made here: there is no key to sign it with")
        if case is not None and not service.subject:
            raise InputError("BAD_USER_INPUT", f"the service `{code}` is about yourself, so it takes no case; leave out `case`")
        access = replace(access, case=access.case if case is None else case)
        variables = await self._variables(service, access)
        answer = await self._ask(service.document, variables, None, access, trail=trail, refusals=refusals)
        if answer.kind != "data":
            raise _refused(answer)
        assert answer.entry is not None, "a service asks registers, and what they are asked is recorded"
        try:
            proof = await notary.prover.prove(answer.entry)
        except LedgerUnavailable:
            raise InputError(
                "LEDGER_UNAVAILABLE", "what was answered cannot be proved now, so it is not shown; ask again later"
            ) from None
        titles = {"ko": service.title.ko, "en": service.title.en}
        told = {"code": service.code, "title": titles}
        collected = self._read(service.document, variables, None, access).collected
        response, omitted = _kept(answer.body, leaves(collected))
        found = bundle(told, service.document, service.subject, response, omitted, proof, notary.seal)
        extract = self._extract(service, notary, orjson.loads(found.payload))
        return Evidence(
            entry=BigInt(found.entry),
            payload=found.payload,
            jws=found.signature,
            file=found.file,
            code=extract.code if extract else None,
            extract=_Drawings(extract) if extract else None,
        )

    def _service(self, access: AccessRequest, code: str) -> Service:
        refuse_unreadable({"service": code})
        service = self._services.by_code.get(code)
        if service is None:
            raise InputError("BAD_USER_INPUT", f"`{code[:64]}` is no service; `services` has all")
        if not service.is_for(access.caller):
            raise InputError("BAD_USER_INPUT", f"the service `{code}` is none of your role's")
        if access.purpose != service.purpose:
            raise InputError(
                "BAD_USER_INPUT",
                f"evidence of the service `{code}` is for the purpose `{service.purpose}`; say so in the `Madang-Purpose` header",
            )
        return service

    async def _variables(self, service: Service, access: AccessRequest) -> Mapping[str, str]:
        """The resident's number, where the document takes one."""
        if not service.subject:
            return {}
        refuse_unreadable({"case": access.case})
        resident = await self._circumstances.case_subject(access, self._today())
        if resident is None:
            # The same whether there is no such case or it is closed, another agency's or for another purpose.
            raise InputError(
                "BAD_USER_INPUT", "evidence needs the number of an open case of your agency for this purpose; name one by `case`"
            )
        return {service.subject: resident}

    def _extract(self, service: Service, notary: Notary, payload: Mapping[str, Any]) -> Extract | None:
        layout = notary.layouts.get(service.code)
        if layout is None:
            return None
        code = notary.codes.of(payload["entry"], bytes.fromhex(payload["request"]), service.code)
        return printed(layout, payload, code, notary.seal, notary.address, notary.timezone)


def _kept(body: bytes, leaves: Leaves) -> tuple[bytes, list[str]]:
    """An answer without the values that may not be stored by the duties that come with it, and the coordinates of these."""
    response = orjson.loads(body)
    duties = response["extensions"].get("duties", ())
    omitted = sorted({name for duty in duties if not duty["store"] for name in duty["coordinates"]} & {*leaves.values()})
    if not omitted:
        return body, []
    response["data"] = without(response["data"], leaves, omitted)
    return orjson.dumps(response), omitted


def _refused(answer: Answer) -> InputError:
    """Why the document was not answered, as the caller would be told of any other."""
    told = [error["message"] for error in orjson.loads(answer.body)["errors"]]
    return InputError(answer.code or "", "; ".join(told))


# What the graph asks


def check_one(others: Mapping[str, Sequence[FieldNode]]) -> None:
    """Hold an operation to one evidence: each is a whole service, and drawn perhaps. Raises `RequestError`."""
    if sum(nodes[0].name.value == "evidence" for nodes in others.values()) > 1:
        said = "an operation has at most one `evidence`, since each is an operation of its own; ask for them one after the other"
        raise RequestError("LIMIT_EXCEEDED", said)


def attach_evidence(schema: GraphQLSchema) -> None:
    """Give the fields of `evidence` their resolvers."""
    kind = schema.type_map.get("Evidence")
    if not isinstance(kind, GraphQLObjectType) or schema.query_type is None:
        return
    schema.query_type.fields["evidence"].resolve = guarded(_evidence)
    kind.fields["html"].resolve = lambda evidence, _: _drawn(as_html, evidence.extract)
    kind.fields["pdf"].resolve = lambda evidence, _: _drawn(_pdf, evidence.extract)


async def _evidence(_: Any, context: Context, *, service: str, case: str | None = None) -> Evidence:
    assert context.issue is not None, "a request that is answered has a trail"
    return await context.issue(service, case)


class _Drawings:
    """An extract, drawn once in each way, under however many names it is asked for."""

    def __init__(self, extract: Extract) -> None:
        self._extract = extract
        self._made: dict[Callable[[Extract], str], asyncio.Future[str]] = {}

    def of(self, draw: Callable[[Extract], str]) -> asyncio.Future[str]:
        # It takes a tenth of a second, in which others are to be answered; so one at a time is drawn, too.
        if draw not in self._made:
            self._made[draw] = asyncio.get_running_loop().run_in_executor(_DRAWING, draw, self._extract)
        return self._made[draw]


async def _drawn(draw: Callable[[Extract], str], drawings: _Drawings | None) -> str | None:
    return await drawings.of(draw) if drawings is not None else None


def _pdf(extract: Extract) -> str:
    return b64encode(as_pdf(extract)).decode("ascii")


_DRAWING = ThreadPoolExecutor(1, "madang-extract")
