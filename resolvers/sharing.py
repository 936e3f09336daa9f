"""The answers of `sharing` (`schema/sharing.py`): the regulations in force, told by the authorizer that decides under them.

Nothing that is hidden from the caller is told in any form: of its coordinate there is no decision and nobody who may have it, as
if there were none of that name; and where it is what a rule's condition turns on, only that the rule is about some records.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema

from auth.access import Access, AccessRequest, Ban, Rule, Use, WithConsent
from auth.authorizer import RegulationAuthorizer
from auth.rules import Purpose, Regulation, Title
from auth.sharing import SharedWith as Recipients
from auth.sharing import offers_of, terms
from auth.table import Offer
from auth.words import conditions, mask_in_words
from resolvers import errors
from resolvers.attach import guarded
from resolvers.inputs import InputError, check_size, refuse_unreadable
from resolvers.rows import Context
from schema.sharing import (
    SharedCoordinate,
    SharedWith,
    Sharing,
    SharingByConsent,
    SharingCase,
    SharingException,
    SharingItem,
    SharingParty,
    SharingPurpose,
    SharingRegulation,
    SharingRule,
    SharingTitle,
    SharingVerdict,
    SharingWay,
)


def attach_sharing(schema: GraphQLSchema) -> None:
    """Give the fields of `sharing` their resolvers."""
    kind = schema.type_map.get("Sharing")
    if not isinstance(kind, GraphQLObjectType) or schema.query_type is None:
        return
    schema.query_type.fields["sharing"].resolve = lambda *_: Sharing()
    for name, resolve in _RESOLVERS.items():
        kind.fields[name].resolve = guarded(resolve)


async def _mine(
    _: Any, context: Context, *, access: Access, use: Use, purpose: str | None = None, first: int | None = None,
    after: str | None = None,
) -> list[SharedCoordinate]:  # fmt: skip
    told = _Told(context, purpose)
    if first is not None:
        check_size("first", first, context.limits)
    names = [name for name in sorted(told.holders) if after is None or name > after][:first]
    told.count(len(names))
    return [told.decided(name, access, use) for name in names]


async def _coordinate(
    _: Any, context: Context, *, name: str, access: Access, use: Use, purpose: str | None = None
) -> SharedCoordinate | None:
    told = _Told(context, purpose)
    return told.decided(name, access, use) if name in told.holders else None


async def _who_may(_: Any, context: Context, *, coordinate: str, access: Access, use: Use) -> list[SharedWith] | None:
    told = _Told(context, None)
    if coordinate not in told.holders:
        return None
    found = told.law.who_may(coordinate, access, use)
    told.count(len(found))
    return [told.recipients(each) for each in found]


async def _by_consent(_: Any, context: Context) -> list[SharingByConsent]:
    told = _Told(context, None)
    found = [(each, [item for item in each.items if item in told.holders]) for each in told.law.by_consent()]
    told.count(sum(len(items) for _, items in found))
    return [
        SharingByConsent(
            agency=told.party(each.agency),
            purpose=told.purpose(each.purpose),
            items=[SharingItem(coordinate=item, title=told.title(item)) for item in items],
            bases=list(each.bases),
        )
        for each, items in found
        if items
    ]


async def _purposes(_: Any, context: Context) -> list[SharingPurpose]:
    told = _Told(context, None)
    return [told.purpose(code) for code in told.law.declared_purposes]


async def _regulations(_: Any, context: Context, *, on: dt.date | None = None) -> list[SharingRegulation]:
    told = _Told(context, None)
    return [told.regulation(each) for each in told.law.regulations_on(on or told.law.day)]


_RESOLVERS = {
    "mine": _mine, "coordinate": _coordinate, "whoMay": _who_may, "byConsent": _by_consent, "purposes": _purposes,
    "regulations": _regulations,
}  # fmt: skip


class _Told:
    """What is told to one caller. `purpose`: its code, or none for the one of the request."""

    def __init__(self, context: Context, purpose: str | None) -> None:
        assert isinstance(context.authorizer, RegulationAuthorizer), "only regulations can be asked about"
        self.law = context.authorizer
        self.context, self.caller = context, context.access.caller
        self.hidden = self.law.hidden_from(self.caller)
        self.wanted = context.access.purpose if purpose is None else purpose
        if purpose is not None:
            refuse_unreadable({"purpose": purpose})
            if purpose not in self.law.declared_purposes:
                raise InputError("BAD_USER_INPUT", f"`{purpose[:64]}` is no purpose; `sharing {{ purposes {{ code }} }}` has all")

    @cached_property
    def holders(self) -> Mapping[str, str]:
        """Every coordinate that exists for the caller, with its holder."""
        return {c: holder for c, holder in self.context.catalogue.coordinates().items() if c not in self.hidden}

    def count(self, number: int) -> None:
        """Hold a request to as much as one list may have: under many aliases all of the law could be told many times over."""
        self.context.told += number
        if self.context.told > (most := self.context.limits.page):
            raise InputError(
                "LIMIT_EXCEEDED", f"more than {most} decisions of the regulations are asked for; ask for less at a time"
            )

    def decided(self, coordinate: str, access: Access, use: Use) -> SharedCoordinate:
        """The decision on a coordinate, as every request in the same circumstances has it."""
        access_request = AccessRequest(self.caller, self.wanted, self.context.access.case)
        decision = self.law.profile(access_request).decide(coordinate, access, use)
        cell = self.law.table.cell(self.caller.agency, self.caller.role, self.wanted)
        offers = offers_of(cell, decision, access, use, self.law.day)
        _, with_case = terms(cell, coordinate, access, use, self.law.day)
        return SharedCoordinate(
            coordinate=coordinate,
            holder=self.holders[coordinate],
            verdict=SharingVerdict(decision.verdict.value),
            ways=[self.way(offer, "your") for offer in offers],
            exceptions=[self.exception(ban) for ban in decision.bans],
            with_case=[self.way(offer, "your") for offer in with_case if offer not in offers],
            reason=decision.reason.value if decision.reason else None,
            why=errors.said(decision, self.hidden, searched=use == "search") if decision.reason else None,
            remedy=errors.change(decision.remedy) if decision.remedy else None,
            rules=[_rule(rule) for rule in decision.rules],
        )

    def recipients(self, shared: Recipients) -> SharedWith:
        return SharedWith(
            recipients=[self.party(name) for name in shared.recipients],
            role=_party(shared.role, self.law.parties.roles),
            purpose=self.purpose(shared.purpose),
            ways=[self.way(offer, "the caller's") for offer in shared.offers],
            exceptions=[self.exception(ban) for ban in shared.bans],
        )

    def way(self, offer: Offer, whose: str) -> SharingWay:
        grant = offer.grant
        return SharingWay(
            rule=_rule(grant.rule),
            conditions=conditions(grant.constraints, self.hidden, whose),
            mask=mask_in_words(grant.mask) if grant.mask else None,
            case=SharingCase(offer.case),
            consent=any(isinstance(each, WithConsent) for each in grant.constraints),
            valid_from=offer.valid.first,
            valid_until=offer.valid.last,
        )

    def exception(self, ban: Ban) -> SharingException:
        return SharingException(rule=_rule(ban.rule), conditions=conditions(ban.when, self.hidden))

    def purpose(self, code: str) -> SharingPurpose:
        declared: Purpose = self.law.declared_purposes[code]
        return SharingPurpose(
            code=code,
            title=titled(declared.title),
            basis=declared.basis,
            description=declared.description,
            mine=code in self.mine,
        )

    @cached_property
    def mine(self) -> frozenset[str]:
        return frozenset(self.law.purposes(self.caller))

    def party(self, name: str) -> SharingParty:
        """An agency or a group."""
        parties = self.law.parties
        titles = {str(n): each.title for known in (parties.agencies, parties.groups) for n, each in known.items()}
        return _party(name, titles)

    def title(self, coordinate: str) -> SharingTitle:
        return titled(self.law.titles.get(coordinate) or Title(coordinate, coordinate))

    def regulation(self, regulation: Regulation) -> SharingRegulation:
        assert regulation.approved_on is not None, "a version without a day of approval is not in force"
        return SharingRegulation(
            name=str(regulation.name),
            holder=self.party(str(regulation.holder)),
            version=regulation.version,
            approval_number=regulation.number,
            approved_on=regulation.approved_on,
            in_force_until=self.law.in_force(regulation).last,
        )


def _rule(rule: Rule) -> SharingRule:
    return SharingRule(regulation=rule.regulation, id=rule.id, basis=rule.basis)


def _party(name: str, titles: Mapping[Any, Title]) -> SharingParty:
    # Holders outside the nation's list of parties have no title but their name.
    return SharingParty(code=name, title=titled(titles.get(name) or Title(name, name)))


def titled(title: Title) -> SharingTitle:
    """What something is called, as the graph tells it."""
    return SharingTitle(ko=title.ko, en=title.en)
