"""Trusted documents: which document a request means, and whether its caller may send it.

A document is named by the SHA-256 of its text: `documentId` (GraphQL over HTTP, appendix Persisted Documents) or the extension
`persistedQuery` of Apollo's clients. Those of the services are known, and no request adds to them. Whoever sends the text itself
beside the hash must send that very text.

An agency that may send approved documents alone sends those of services that name it and the caller's role, whether by hash or by
text; not one character may differ. It may also send the one that asks for evidence of them. Everything else, introspection
included, is refused before it is parsed, and that it was sent is in the ledger.
"""

from __future__ import annotations

from auth.access import Caller
from madang.negotiate import Parameters
from madang.refusal import Refusal
from madang.settings import ServiceSettings
from resolvers.evidence import DOCUMENT
from resolvers.operation import RequestError
from resolvers.services import Services, text_hash

_EVIDENCE = text_hash(DOCUMENT)


class Documents:
    """The documents of the services, and who may send others."""

    def __init__(self, services: Services, settings: ServiceSettings) -> None:
        self._services, self._settings = services, settings

    def meant(self, parameters: Parameters, caller: Caller) -> str:
        """The text of the document that a request means; raises `Refusal`, or `RequestError` where none has that hash."""
        text, hash = parameters.query, parameters.hash
        if text is not None and hash is not None and text_hash(text) != hash:
            raise Refusal(400, "BAD_REQUEST", "`query` is not the document whose hash is given; give one of them")
        if text is None:
            assert hash is not None, "a request has a document or the hash of one"
            text = self._known(hash, parameters)
        if self._settings.approved_only(caller.agency):
            self._approved(text, caller)
        return text

    def _known(self, hash: str, parameters: Parameters) -> str:
        if hash == _EVIDENCE:
            return DOCUMENT
        if (found := self._services.text(hash)) is not None:
            return found
        if parameters.persisted:
            # The words that Apollo's clients wait for; they send the text then.
            raise RequestError("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        raise RequestError(
            "DOCUMENT_NOT_FOUND", f"no service has the document `sha256:{hash}`; `services` in the graph lists all"
        )

    def _approved(self, text: str, caller: Caller) -> None:
        if text != DOCUMENT and not any(service.is_for(caller) for service in self._services.by_hash(text_hash(text))):
            what = "this one is none of those of your agency and role; send the text of one unchanged, or its `documentId`"
            refused = Refusal(403, "DOCUMENT_NOT_APPROVED", f"your agency may ask by approved documents alone, and {what}")
            refused.caller = caller
            raise refused
