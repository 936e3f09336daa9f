"""What can be asked of the civil services: which there are, by which document each asks, and which papers it replaces.

Like `sharing`, these types stand beside the registers' records, and everybody may ask. They are answered by `resolvers/civil.py`.
"""

from __future__ import annotations

from schema.sharing import SharingParty, SharingTitle, described


@described
class ServicePaper:
    """A paper that people once fetched from an office and attached."""

    code: str
    """Its name, the same in all services."""
    title: SharingTitle
    """What people call it."""
    office: SharingTitle
    """The office that issues it."""
    minors_only: bool
    """Whether it was attached for minors alone."""
    shows: list[str]
    """The coordinates that stand on it, as far as they exist for the caller."""


@described
class ServiceRegister:
    """A register that a service asks."""

    code: str
    """Its name."""
    title: str
    """What it is about."""
    holder: SharingParty
    """The agency that keeps it."""


@described
class CivilService:
    """A civil service: an approved document, and the papers that nobody attaches any more."""

    code: str
    """Its name."""
    title: SharingTitle
    """What people call it."""
    description: SharingTitle
    """What it does."""
    purpose: str
    """The code of the purpose for which it asks."""
    article: str
    """The article of law that it rests on."""
    document_id: str
    """By what a request names the document, instead of sending it."""
    document: str | None
    """The document; null where it names what does not exist for the caller."""
    subject: str | None
    """The document's variable, which takes the resident's number; null where the document is about whoever asks."""
    report_id: str | None
    """By what a request names the document by which the service reports; null where it reports nothing."""
    report: str | None
    """The document by which the service reports to registers."""
    reads: list[str]
    """The coordinates that it asks for, as far as they exist for the caller."""
    registers: list[ServiceRegister]
    """The registers that it asks."""
    papers: list[ServicePaper]
    """The papers that it replaces."""
    papers_replaced: int
    """How many papers it replaces for everybody; of a minor, those for minors alone come on top."""
    mine: bool
    """Whether it is for the caller's agency and role."""


@described
class ServicesQuery:
    """The root field that joins `Query`."""

    def services(self) -> list[CivilService]:
        """The civil services whose documents are approved, by code."""
        raise AssertionError("answered by `resolvers/civil.py`")
