"""What the names and annotations of declared classes come to in the graph."""

from __future__ import annotations

import types
import typing
from typing import Any


def strip_none(annotation: Any) -> Any:
    args = [a for a in typing.get_args(annotation) if a is not types.NoneType]
    is_union = typing.get_origin(annotation) in (types.UnionType, typing.Union)
    return args[0] if is_union and len(args) == 1 else annotation


def camel(attribute: str) -> str:
    """GraphQL's name for an attribute; a trailing underscore only keeps Python's keywords apart."""
    first, *rest = attribute.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)
