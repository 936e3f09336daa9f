"""Proves that the regulations in force share all that a service asks for, by the planner and the authorizer that serve.

A service is granted whole to an agency in a role if, a case given, nothing that its document asks for or searches by is denied,
and nothing masked, not even for some residents, and it may report what it reports. Which residents that is, and what of them a
prohibition withholds, depends on the rows: such conditions are no lack.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auth.access import AccessRequest, Caller, Decision, Use
from resolvers.engine import Engine
from resolvers.operation import RequestError
from resolvers.services import Service
from schema.catalogue import Catalogue

CASE = "case"
NUMBER = "0000000000000"
"""A case and a resident's number, of which a plan holds nothing."""


@dataclass(frozen=True)
class Lack:
    """What is denied or masked, for which use, and whose it is to grant."""

    decision: Decision
    use: Use
    holder: str


@dataclass(frozen=True)
class Proof:
    """What came of it for one agency in one role. `refused`: why the document cannot be asked at all."""

    service: Service
    agency: str
    role: str
    decisions: tuple[Decision, ...]
    lacks: tuple[Lack, ...]
    refused: str | None = None

    @property
    def whole(self) -> bool:
        return not self.lacks and self.refused is None


def prove(service: Service, engine: Engine) -> Iterator[Proof]:
    """One proof for each agency and role that a service names, under the regulations that the engine has in force."""
    for agency in sorted(service.agencies):
        for role in service.roles:
            yield _prove(service, engine, agency, role)


def _prove(service: Service, engine: Engine, agency: str, role: str) -> Proof:
    access = AccessRequest(Caller(agency, role, ""), service.purpose, CASE)
    decisions: list[tuple[Decision, Use]] = []
    refused = None
    try:
        request = engine.read(service.document, {service.subject: NUMBER}, None, access)
        plan = engine.plan(request)
    except RequestError as error:
        # Whatever else it lacks is told as well.
        refused = str(error)
    else:
        decisions += [(decision, "read") for decision in plan.decisions]
        decisions += [(decision, "search") for decision in (*plan.searches, *plan.list_searches)]
    # Below what is denied the planner decides nothing.
    profile, decided = engine.authorizer.profile(access), {decision.coordinate for decision, use in decisions if use == "read"}
    decisions += [(profile.decide(name, "lookup", "read"), "read") for name in sorted(service.reads - decided)]
    decisions += [(profile.decide(name, "report", "read"), "read") for name in sorted(service.writes)]
    lacks = tuple(_lacks(decisions, engine.catalogue))
    return Proof(service, agency, role, tuple(decision for decision, _ in decisions), lacks, refused)


def _lacks(decisions: Iterable[tuple[Decision, Use]], catalogue: Catalogue) -> Iterator[Lack]:
    holders = catalogue.coordinates()
    for decision, use in decisions:
        if decision.denied or any(grant.mask for grant in decision.grants):
            yield Lack(decision, use, holders[decision.coordinate])
