"""What `evidence.graphql` takes and answers. Made by `generate.py`: do not change it here."""

from typing import TypedDict


class EvidenceResultEvidence(TypedDict):
    entry: int
    payload: str
    jws: str
    file: str
    code: str | None
    html: str | None
    pdf: str | None


class EvidenceResult(TypedDict):
    evidence: EvidenceResultEvidence | None


class EvidenceVariables(TypedDict):
    service: str
    case: str | None
    html: bool
    pdf: bool
