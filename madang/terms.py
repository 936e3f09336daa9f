"""Who may have a coordinate, written down: for each access and use those who may, and the terms on which they may."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from auth.access import Access, Use
from auth.authorizer import RegulationAuthorizer
from auth.described import ban_as_data, ban_in_words, grant_as_data, grant_in_words
from auth.rules import Period
from auth.sharing import SharedWith
from auth.table import Offer

_CASES = {"none": "", "required": "; with a case", "verified": ""}
"""What is asked of the case beside the conditions on rows, which say it of a verified one."""


@dataclass(frozen=True)
class Shared:
    """With whom a coordinate is shared, for one access and use."""

    access: Access
    use: Use
    to: SharedWith

    def as_data(self, law: RegulationAuthorizer) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "access": self.access,
            "use": self.use,
            "recipients": list(self.to.recipients),
            "role": self.to.role,
            "purpose": self.to.purpose,
            "grants": [
                {**grant_as_data(offer.grant), "case": offer.case, "valid": _days(valid(law, offer))} for offer in self.to.offers
            ],
            "bans": [ban_as_data(ban) for ban in self.to.bans],
        }


def shared(law: RegulationAuthorizer, coordinate: str, accesses: Collection[Access], uses: Collection[Use]) -> Iterator[Shared]:
    """Everybody who may, as of the law's day."""
    for use in uses:
        for access in accesses:
            yield from (Shared(access, use, each) for each in law.who_may(coordinate, access, use))


def terms(law: RegulationAuthorizer, to: SharedWith) -> Iterator[str]:
    """A line for each way in which it is granted, with the days for which it holds, and for each prohibition on rows."""
    for offer in to.offers:
        period = valid(law, offer)
        since = f"; since {period.first}" if period.first else ""
        until = f"; until {period.last}" if period.last else ""
        yield f"{grant_in_words(offer.grant)}{_CASES[offer.case]}{since}{until}"
    for ban in to.bans:
        yield ban_in_words(ban)


def valid(law: RegulationAuthorizer, offer: Offer) -> Period:
    """The days for which an offer holds: those that its rule names, within those of the regulation's version."""
    name = offer.grant.rule.regulation
    version = law.in_force(next(each for each in law.regulations if each.name == name))
    firsts = [day for day in (offer.valid.first, version.first) if day]
    lasts = [day for day in (offer.valid.last, version.last) if day]
    return Period(max(firsts, default=None), min(lasts, default=None))


def _days(period: Period) -> dict[str, str | None]:
    return {end: str(day) if day else None for end, day in (("from", period.first), ("until", period.last))}
