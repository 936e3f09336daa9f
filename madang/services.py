"""`madang services …`: the civil services that are approved, and whether the law shares what they ask.

Exit codes: 0, or 1 where a service is not granted whole, or 2 where nothing could be found out.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from auth.access import Decision
from auth.authorizer import RegulationAuthorizer
from auth.described import in_sentences, remedy_in_words
from auth.words import conditions
from madang import LAYERS
from madang.command import command
from madang.gateway import Gateway, open_gateway, read_law
from madang.settings import find, load
from resolvers.proof import Lack, Proof, prove
from resolvers.services import Service


@click.group()
def services() -> None:
    """List the civil services, and check that the regulations share what they ask."""


@services.command("list")
@command
def list_services(file: Path | None) -> None:
    """List the services with the ids of their documents, who uses them, and the papers that they replace."""
    settings = load(find(file, LAYERS / "madang.toml"))
    for service in read_law(settings).services:
        click.echo("\n".join(_listed(service)))


@services.command()
@click.option("--service", "only", help="This one alone.")
@command
def check(file: Path | None, only: str | None) -> None:
    """Prove that each service is granted whole, a case given, to the roles that it names, or tell what is missing.

    It is the planner that serves which answers, under the regulations in force.
    """
    settings = load(find(file, LAYERS / "madang.toml"))
    law = read_law(settings)
    if only is not None and only not in law.services.by_code:
        named = ", ".join(f"`{code}`" for code in law.services.by_code) or "none"
        raise click.BadParameter(f"there is no service `{only}`; there are {named}")
    gateway = open_gateway(settings, law, None)
    proofs = [proof for service in law.services if only in (None, service.code) for proof in prove(service, gateway.engine)]
    asyncio.run(gateway.aclose())
    for proof, agencies in _alike(proofs, law.authorizer):
        click.echo("\n".join(_told(proof, agencies, law.authorizer)))
    lacking = {proof.service.code for proof in proofs if not proof.whole}
    if lacking:
        click.echo(f"{len(lacking)} of the services {'is' if len(lacking) == 1 else 'are'} not granted whole", err=True)
        sys.exit(1)


def ungranted(gateway: Gateway) -> Iterator[str]:
    """A line for each service that is not granted whole to all whom it names: what a server says of it when it starts."""
    for service in gateway.services:
        proofs = [proof for proof in prove(service, gateway.engine) if not proof.whole]
        if proofs:
            whom = ", ".join(f"`{proof.agency}` as `{proof.role}`" for proof in proofs)
            see = f"`madang services check --service {service.code}`"
            yield f"the service `{service.code}` is not granted whole to {whom}: see {see}"


def _listed(service: Service) -> Iterator[str]:
    yield f"{service.code:<20} {service.title.ko}, {service.title.en}"
    yield f"{'':<20} {service.document_id}"
    yield f"{'':<20} for {', '.join(service.recipients)} as {', '.join(service.roles)}, for {service.purpose}; {service.article}"
    papers = [paper.title.en for paper in service.replaces] + [f"{paper.title.en} (of minors)" for paper in service.minors]
    yield f"{'':<20} asks {', '.join(service.registers)}"
    yield f"{'':<20} replaces {'; '.join(papers)}"


def _alike(proofs: Iterable[Proof], law: RegulationAuthorizer) -> Iterator[tuple[Proof, tuple[str, ...]]]:
    """Proofs of which the same is to be said, with the agencies, by as few names as a regulation would use."""
    groups: dict[object, list[Proof]] = {}
    for proof in proofs:
        groups.setdefault((proof.service.code, proof.role, proof.decisions, proof.lacks, proof.refused), []).append(proof)
    for alike in groups.values():
        yield alike[0], law.parties.names(proof.agency for proof in alike)


def _told(proof: Proof, agencies: tuple[str, ...], law: RegulationAuthorizer) -> Iterator[str]:
    service = proof.service
    who = f"{service.code}: {', '.join(agencies)} as {proof.role}"
    if proof.whole:
        yield f"{who}: granted whole, {len(service.reads)} coordinates of {len(service.registers)} registers"
        yield from (f"    {many} of them {condition}" for condition, many in _conditions(proof.decisions).items())
        return
    yield f"{who}: {len(proof.lacks)} of {len(proof.decisions)} decisions are not to grant it whole"
    if proof.refused is not None:
        yield f"    the document is refused: {proof.refused}"
    for lack in proof.lacks:
        yield from _lacking(lack, ", ".join(agencies), proof, law)


def _lacking(lack: Lack, agencies: str, proof: Proof, law: RegulationAuthorizer) -> Iterator[str]:
    decision = lack.decision
    yield f"    {decision.coordinate}, to {lack.use}; its holder is {lack.holder} ({', '.join(_regulations(lack, law))})"
    yield from (f"        {line}" for line in in_sentences(decision))
    if decision.remedy is not None:
        yield f"        what would change it: {remedy_in_words(decision.remedy)}"
    else:
        yield f"        what would change it: a permission for {agencies} as {proof.role}, for {proof.service.purpose}"


def _regulations(lack: Lack, law: RegulationAuthorizer) -> list[str]:
    """The holder's regulations that have something on the coordinate; all that the holder has where none does."""
    held = [each for each in law.regulations if each.holder == lack.holder]
    named = [
        each for each in held
        if any(lack.decision.coordinate in (*rule.items, *getattr(rule, "search", ())) for rule in each.rules)
    ]  # fmt: skip
    return [str(each.name) for each in named or held]


def _conditions(decisions: Iterable[Decision]) -> Counter[str]:
    """On what it depends, by the fewest conditions of each coordinate that is read."""
    least = (min(decision.grants, key=lambda grant: len(grant.constraints)) for decision in dict.fromkeys(decisions))
    said = (" and ".join(conditions(grant.constraints)) for grant in least if grant.constraints)
    return Counter(said)
