"""What a request's headers and parameters mean, by the GraphQL over HTTP specification.

Headers repeat from request to request, so what they mean is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson

from madang.refusal import Refusal

JSON = b"application/json; charset=utf-8"
GRAPHQL = b"application/graphql-response+json; charset=utf-8"

_SERVED = {"application/graphql-response+json": GRAPHQL, "application/json": JSON, "application/*": JSON, "*/*": JSON}
_PARAMETERS = ("query", "variables", "operationName", "extensions")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DOCUMENT_ID = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a request (section 5, Request Parameters; appendix Persisted Documents).

    `query`, `hash` or both are given. `hash`: the SHA-256 of the document that is meant, in hexadecimal digits. `persisted`: that
    came as Apollo's `persistedQuery`.
    """

    query: str | None
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    hash: str | None = None
    persisted: bool = False


def single(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Headers by name. `Accept` may be repeated; another that is, and that counts here, is refused rather than chosen from."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name not in found:
            found[name] = value
        elif name == b"accept":
            found[name] += b"," + value
        elif name in (b"authorization", b"content-type") or name.startswith(b"madang-"):
            raise Refusal(400, "BAD_REQUEST", f"the header `{name.decode('latin-1')}` is given twice; give it once")
    return found


@lru_cache(256)
def response_type(accept: bytes | None) -> bytes | None:
    """The media type to answer with, or none if nothing that is served is accepted (section 6.1, Accept; RFC 9110, 12.5.1)."""
    if accept is None:
        return JSON
    best, chosen = 0.0, None
    for part in accept.decode("latin-1").lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        served = _SERVED.get(media)
        quality = _quality(parameters)
        # Of two that are wanted alike, the one that tells a request error by its status.
        if served and quality and (quality > best or (quality == best and media == "application/graphql-response+json")):
            best, chosen = quality, served
    return chosen


def _quality(parameters: list[str]) -> float:
    """The weight of a media range; 0 if its parameters ask for something that is not served."""
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
        elif name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8"):
            return 0.0
    return quality


@lru_cache(256)
def is_json(content_type: bytes | None) -> bool:
    """Whether a body of this type can be read: `application/json` in UTF-8 (section 5.3, POST)."""
    media, *parameters = (piece.strip() for piece in (content_type or b"").decode("latin-1").lower().split(";"))
    charsets = (value.strip(' "') for name, _, value in (p.partition("=") for p in parameters) if name.strip() == "charset")
    return media == "application/json" and all(charset in ("utf-8", "utf8") for charset in charsets)


def from_body(body: bytes) -> Parameters:
    """The parameters of a POST request; raises `Refusal`."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal(400, "BAD_REQUEST", "the request's body is not JSON in UTF-8") from None
    if isinstance(given, list):
        raise Refusal(400, "BAD_REQUEST", "the request's body is a list; send one operation a request")
    if not isinstance(given, dict):
        raise Refusal(400, "BAD_REQUEST", "the request's body must be a JSON object with `query`")
    return from_object(given)


def from_address(query_string: bytes) -> Parameters:
    """The parameters of a GET request: `variables` and `extensions` are JSON in text (section 5.4, GET); raises `Refusal`."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise Refusal(400, "BAD_REQUEST", "the address's parameters cannot be read; percent-encode them in UTF-8") from None
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in given:
            raise Refusal(400, "BAD_REQUEST", f"the parameter `{name}` is given twice; give it once")
        given[name] = value
    for name in ("variables", "extensions"):
        if name in given:
            try:
                given[name] = orjson.loads(given[name] or "null")
            except orjson.JSONDecodeError:
                raise Refusal(400, "BAD_REQUEST", f"the parameter `{name}` is not JSON") from None
    if given.get("operationName") == "":
        del given["operationName"]
    return from_object(given)


def from_object(given: dict[str, Any]) -> Parameters:
    """The parameters that an object holds; raises `Refusal`."""
    query, variables, name, extensions = (given.get(parameter) for parameter in _PARAMETERS)
    if not (variables is None or isinstance(variables, dict)):
        raise Refusal(400, "BAD_REQUEST", "the parameter `variables` must be an object or null")
    if not (name is None or isinstance(name, str)):
        raise Refusal(400, "BAD_REQUEST", "the parameter `operationName` must be a text or null")
    if not (extensions is None or isinstance(extensions, dict)):
        raise Refusal(400, "BAD_REQUEST", "the parameter `extensions` must be an object or null")
    persisted = _persisted(extensions.get("persistedQuery")) if extensions else None
    identified = _identified(given.get("documentId"))
    if persisted and identified and persisted != identified:
        raise Refusal(400, "BAD_REQUEST", "`documentId` and `persistedQuery` name different documents; give one of them")
    # The document's text may be left out where its hash tells which it is.
    if not isinstance(query, str) and not (query is None and (persisted or identified)):
        raise Refusal(400, "BAD_REQUEST", "the parameter `query` must be a text, the GraphQL document")
    return Parameters(query, variables, name, extensions, identified or persisted, identified is None and persisted is not None)


def _identified(document_id: Any) -> str | None:
    """The hash in a SHA-256 hex document identifier (appendix Persisted Documents)."""
    if document_id is None:
        return None
    found = _DOCUMENT_ID.fullmatch(document_id) if isinstance(document_id, str) else None
    if found is None:
        raise Refusal(400, "BAD_REQUEST", "the parameter `documentId` must be `sha256:` and 64 hexadecimal digits in lower case")
    return found[1]


def _persisted(extension: Any) -> str | None:
    """The hash in the extension by which Apollo's clients name a document."""
    if extension is None:
        return None
    found = extension.get("sha256Hash") if isinstance(extension, dict) and extension.get("version") == 1 else None
    if not isinstance(found, str) or not _SHA256.fullmatch(found):
        what = "`version` 1 and `sha256Hash`, 64 hexadecimal digits in lower case"
        raise Refusal(400, "BAD_REQUEST", f"the extension `persistedQuery` must have {what}")
    return found
