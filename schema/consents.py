"""Consents, kept by the centre that links the registers: what of a resident's data an agency may have for one purpose."""

from __future__ import annotations

import datetime as dt

from schema.declare import Register, Report, Subject, column, extends, identifier, link, record
from schema.mois import Resident, ResidentRef

CONSENTS = Register("consents", holder="mois", title="Consents")


@record(CONSENTS, table="consent", subject=Subject(self="rrn"))
class Consent:
    """That a resident lets an agency have one item for one purpose. Holder: Ministry of the Interior and Safety."""

    id: str | None = identifier("id")
    """Id, good for whoever asks alone."""
    agency: str | None = column()
    """The agency's code."""
    purpose: str | None = column()
    """The code of the purpose: the civil affair."""
    item: str | None = column()
    """The type and the field, `TaxCertificate.income`."""
    since: dt.date | None = column(sortable=True)
    """The first day on which it holds."""
    until: dt.date | None = column(sortable=True)
    """The last day on which it holds, unless it is revoked before."""
    revoked: bool | None = column()
    """Whether it has been revoked."""


@extends(Resident, CONSENTS)
class ConsentsOfResident:
    consents: list[Consent] | None = link("rrn", "rrn", order="-since")
    """Consents that were given, the latest first, those that no longer hold among them."""


class GiveConsentInput:
    """An agency may have some items for one purpose."""

    agency: str
    """The agency's code."""
    purpose: str
    """The code of the purpose."""
    items: list[str]
    """Types and fields, `TaxCertificate.income`: such as are shared with the agency for the purpose if one consents."""
    until: dt.date
    """The last day on which the consent holds."""
    resident: ResidentRef | None
    """Whose data they are: by default your own, else those of a minor child in your care."""


class RevokeConsentInput:
    """An agency may no longer have some items for one purpose."""

    agency: str
    """The agency's code."""
    purpose: str
    """The code of the purpose."""
    items: list[str]
    """Types and fields to which a consent holds."""
    resident: ResidentRef | None
    """Whose data they are: by default your own, else those of a minor child in your care."""


REPORTS = (
    Report(
        "giveConsent",
        CONSENTS,
        GiveConsentInput,
        takes=(("consents", "give_consent"),),
        description="Let an agency have some of your data for one purpose, from now on.",
        consents=True,
    ),
    Report(
        "revokeConsent",
        CONSENTS,
        RevokeConsentInput,
        takes=(("consents", "revoke_consent"),),
        description="Withdraw a consent: what has not been read yet is not read any more.",
    ),
)
