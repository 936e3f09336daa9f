"""The answers of `services` (`schema/services.py`): what the services' files say, to a caller.

Of coordinates that are hidden from the caller nothing is told: they are left out of the lists, and a document that names one is
not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import GraphQLSchema

from auth.authorizer import RegulationAuthorizer
from auth.rules import Title
from resolvers.attach import guarded
from resolvers.rows import Context
from resolvers.services import Paper, Service, Services
from resolvers.sharing import titled
from schema.declare import Register
from schema.services import CivilService, ServicePaper, ServiceRegister
from schema.sharing import SharingParty


def attach_services(schema: GraphQLSchema, services: Services, fits: Callable[[str, frozenset[str]], bool]) -> None:
    """Give `services` its resolver. `fits`: whether a document is valid where some coordinates are hidden."""

    async def resolve(_: Any, context: Context) -> list[CivilService]:
        hidden = context.authorizer.hidden_from(context.access.caller)
        return [_told(service, context, hidden, fits) for service in services]

    if schema.query_type is not None and "services" in schema.query_type.fields:
        schema.query_type.fields["services"].resolve = guarded(resolve)


def _told(
    service: Service, context: Context, hidden: frozenset[str], fits: Callable[[str, frozenset[str]], bool]
) -> CivilService:  # fmt: skip
    papers = [(paper, False) for paper in service.replaces] + [(paper, True) for paper in service.minors]
    registers = context.catalogue.registers
    return CivilService(
        code=service.code,
        title=titled(service.title),
        description=titled(service.description),
        purpose=service.purpose,
        article=service.article,
        document_id=service.document_id,
        document=service.document if fits(service.document, hidden) else None,
        subject=service.subject or None,
        report_id=service.report_id if service.report else None,
        report=service.report or None,
        reads=_shown(sorted(service.reads), hidden),
        registers=[_register(registers[name], context) for name in service.registers],
        papers=[_paper(paper, hidden, minors=minors) for paper, minors in papers],
        papers_replaced=len(service.replaces),
        mine=service.is_for(context.access.caller),
    )


def _paper(paper: Paper, hidden: frozenset[str], *, minors: bool) -> ServicePaper:
    return ServicePaper(
        code=paper.code, title=titled(paper.title), office=titled(paper.office), minors_only=minors,
        shows=_shown(sorted(paper.shows), hidden),
    )  # fmt: skip


def _register(register: Register, context: Context) -> ServiceRegister:
    assert isinstance(context.authorizer, RegulationAuthorizer), "services are told where there are regulations"
    agencies: Mapping[Any, Any] = context.authorizer.parties.agencies
    found = agencies.get(register.holder)
    title = found.title if found is not None else Title(register.holder, register.holder)
    return ServiceRegister(
        code=register.name, title=register.title, holder=SharingParty(code=register.holder, title=titled(title))
    )


def _shown(coordinates: Iterable[str], hidden: frozenset[str]) -> list[str]:
    return [coordinate for coordinate in coordinates if coordinate not in hidden]
