"""What can be asked of the regulations themselves: what is shared with the caller, and with whom else, under which article.

These types stand beside the registers' records: they are no records, nothing of them is a coordinate that a regulation could
share, and everybody may ask. Their fields are answered by `resolvers/sharing.py`.
"""

from __future__ import annotations

import datetime as dt
import inspect
from enum import Enum
from typing import Annotated, TypeVar, dataclass_transform

import strawberry

from schema.declare import attribute_docs

T = TypeVar("T")


@dataclass_transform(kw_only_default=True)
def described(cls: type[T]) -> type[T]:
    """A Strawberry type with the descriptions that stand under its attributes and in its methods."""
    for name, description in attribute_docs(cls).items():
        setattr(cls, name, strawberry.field(description=description))
    for name, method in list(vars(cls).items()):
        if inspect.isfunction(method):
            setattr(cls, name, strawberry.field(resolver=method, description=method.__doc__))
    return strawberry.type(cls, description=inspect.cleandoc(cls.__doc__ or ""))


@strawberry.enum(
    description="How a coordinate is reached: under a record that is looked up, in a list, in the feed, or by a report."
)
class SharingAccess(Enum):
    LOOKUP = "lookup"
    LIST = "list"
    EVENTS = "events"
    REPORT = "report"


@strawberry.enum(description="What is done with a coordinate: it is read, or it is searched or sorted by.")
class SharingUse(Enum):
    READ = "read"
    SEARCH = "search"


@strawberry.enum(description="Granted, whole for some records at least; granted, but only masked; or denied.")
class SharingVerdict(Enum):
    PERMIT = "permit"
    MASK = "mask"
    DENY = "deny"


@strawberry.enum(
    description="Whether a case must be named, and whether that one must be open, the agency's and about the resident."
)
class SharingCase(Enum):
    NONE = "none"
    REQUIRED = "required"
    VERIFIED = "verified"


@described
class SharingTitle:
    """What people call it."""

    ko: str
    """In Korean."""
    en: str
    """In English."""


@described
class SharingParty:
    """An agency, a group of agencies, or a role."""

    code: str
    """As the regulations write it."""
    title: SharingTitle
    """What people call it."""


@described
class SharingPurpose:
    """A civil affair for which data may be asked."""

    code: str
    """As it stands in the header `Madang-Purpose`."""
    title: SharingTitle
    """What people call it."""
    basis: str
    """The law that it rests on."""
    description: str
    """What it is."""
    mine: bool
    """Whether some permission in force is for the caller's agency and role and this purpose."""


@described
class SharingRule:
    """A permission or a prohibition."""

    regulation: str
    """The regulation that it stands in."""
    id: str
    """Its name in there."""
    basis: str
    """The article of law that it rests on."""


@described
class SharingWay:
    """One way in which a coordinate is granted."""

    rule: SharingRule
    """The permission."""
    conditions: list[str]
    """What must be true of a record; nothing if it is granted of anyone."""
    mask: str | None
    """What is left of the value, if it is masked."""
    case: SharingCase
    """Whether the request must name a case."""
    consent: bool
    """Whether the resident must have consented."""
    valid_from: dt.date | None
    """The permission's first day; none if it is open."""
    valid_until: dt.date | None
    """The permission's last day; none if it is open."""


@described
class SharingException:
    """A prohibition that takes some records from what is granted."""

    rule: SharingRule
    """The prohibition."""
    conditions: list[str]
    """The records that it is about."""


@described
class SharedCoordinate:
    """What is decided on one coordinate for the caller's agency and role."""

    coordinate: str
    """The type and the field, `Resident.name`."""
    holder: str
    """The agency whose it is to share."""
    verdict: SharingVerdict
    """What was decided. What depends on the record is in the conditions of each way."""
    ways: list[SharingWay]
    """The ways in which it is granted, the least masked first: for a record the first counts whose conditions hold."""
    exceptions: list[SharingException]
    """Prohibitions that take some records from what is granted."""
    with_case: list[SharingWay]
    """Further ways that naming a case would open, where the request names none."""
    reason: str | None
    """Why it is denied: a code."""
    why: str | None
    """Why it is denied, in words."""
    remedy: str | None
    """The smallest change under which it would be granted, at least of some records."""
    rules: list[SharingRule]
    """The rules that decided; none where no rule says anything."""


@described
class SharedWith:
    """Agencies that may have a coordinate in one role, for one purpose and on the same terms."""

    recipients: list[SharingParty]
    """The agencies, and groups all of whose agencies may."""
    role: SharingParty
    """The role of the officer, or of whoever asks."""
    purpose: SharingPurpose
    """What for."""
    ways: list[SharingWay]
    """The ways in which it is granted where a case is named, the least masked first."""
    exceptions: list[SharingException]
    """Prohibitions that take some records from what is granted."""


@described
class SharingItem:
    """A coordinate by name."""

    coordinate: str
    """The type and the field."""
    title: SharingTitle
    """What people call it."""


@described
class SharingByConsent:
    """What one agency may have for one purpose of residents who consent, and of nobody else."""

    agency: SharingParty
    """The agency."""
    purpose: SharingPurpose
    """What for."""
    items: list[SharingItem]
    """What it may then have."""
    bases: list[str]
    """The articles under which it is shared."""


@described
class SharingRegulation:
    """One version of a holder's regulation, as it was approved."""

    name: str
    """Its name, the same for all versions."""
    holder: SharingParty
    """The agency whose data it is about."""
    version: int
    """The number of the version."""
    approval_number: str
    """The number of the approval."""
    approved_on: dt.date
    """The day of the approval, which is the first day on which this version is in force."""
    in_force_until: dt.date | None
    """The last day on which it is in force; none while no other version has been approved."""


Purpose = Annotated[
    str | None, strawberry.argument(description="Its code; by default the one in the request's header `Madang-Purpose`.")
]
Access = Annotated[SharingAccess, strawberry.argument(description="How it is reached.")]
Use = Annotated[SharingUse, strawberry.argument(description="What is done with it.")]
Name = Annotated[str, strawberry.argument(description="The type and the field, `Resident.name`.")]
First = Annotated[int | None, strawberry.argument(description="At most so many; by default all.")]
After = Annotated[str | None, strawberry.argument(description="The coordinate that the list is to go on from.")]
Day = Annotated[dt.date | None, strawberry.argument(description="The day; by default today.")]


@described
class Sharing:
    """What the regulations in force say of themselves. No purpose is needed to ask, and no register is read."""

    def mine(
        self,
        purpose: Purpose = None,
        access: Access = SharingAccess.LOOKUP,
        use: Use = SharingUse.READ,
        first: First = None,
        after: After = None,
    ) -> list[SharedCoordinate] | None:
        """What is decided for the caller on every coordinate, in the order of their names."""
        raise AssertionError(_ELSEWHERE)

    def coordinate(
        self, name: Name, purpose: Purpose = None, access: Access = SharingAccess.LOOKUP, use: Use = SharingUse.READ
    ) -> SharedCoordinate | None:
        """What is decided for the caller on one coordinate; null if there is none of that name."""
        raise AssertionError(_ELSEWHERE)

    def who_may(
        self, coordinate: Name, access: Access = SharingAccess.LOOKUP, use: Use = SharingUse.READ
    ) -> list[SharedWith] | None:
        """Who may have a coordinate; null if there is none of that name, empty if nobody may."""
        raise AssertionError(_ELSEWHERE)

    def by_consent(self) -> list[SharingByConsent] | None:
        """What agencies may have of residents who consent, by purpose and agency."""
        raise AssertionError(_ELSEWHERE)

    def purposes(self) -> list[SharingPurpose]:
        """All purposes that are declared."""
        raise AssertionError(_ELSEWHERE)

    def regulations(self, on: Day = None) -> list[SharingRegulation]:
        """The regulations that are in force, or were or will be on a day, by name."""
        raise AssertionError(_ELSEWHERE)


@described
class SharingQuery:
    """The root field that joins `Query`."""

    def sharing(self) -> Sharing:
        """What the regulations share with whom, under which article, and why not."""
        raise AssertionError(_ELSEWHERE)


_ELSEWHERE = "answered by `resolvers/sharing.py`"
