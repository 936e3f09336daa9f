"""From one request's arguments to keys and pages: what has to be read off or checked before a plan is run.

A mistake costs its own root field: that is null, with an error that says what to do, and nothing is read for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from auth.access import Caller
from auth.pseudonyms import InvalidCursor, InvalidId, Pseudonym
from resolvers.operation import Limits
from resolvers.plan import BoundRoot, Plan
from resolvers.selection import Root
from resolvers.values import Page
from schema.catalogue import FeedRoot, IdField, LinkField, ListingRoot, LookupRoot
from sources.protocol import Key


class InputError(Exception):
    """An argument cannot be used; the text is safe to show."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Inputs:
    """Keys by root step, pages by a listing's arguments, and what was wrong by step."""

    def __init__(self, caller: Caller, pseudonym: Pseudonym, limits: Limits, arguments: Sequence[Mapping[str, Any]]) -> None:
        self.caller, self.pseudonym, self.limits = caller, pseudonym, limits
        self.arguments = list(arguments)
        """As given, and with a size for each list of pages."""
        self.keys: dict[int, Key | None] = {}
        self.pages: dict[int, Page] = {}
        self.failures: dict[int, Exception] = {}

    def read(self, plan: Plan, roots: Sequence[Root]) -> None:
        for root, bound in zip(roots, plan.roots, strict=True):
            if bound.kind == "refused":
                continue
            try:
                self.root(root, bound)
            except InputError as error:
                self.failures.update(dict.fromkeys(bound.steps, error))
                if bound.count_step is not None:
                    self.failures[bound.count_step] = error
        for step in plan.steps:
            if (limit := step.bounded) is not None:
                try:
                    check_size("limit", self.arguments[limit.index][limit.name], self.limits)
                except InputError as error:
                    self.failures[step.index] = error

    def root(self, root: Root, bound: BoundRoot) -> None:
        for index, item in root.lists:
            self.arguments[index] = read_list(item, self.arguments[index], self.limits)
        values = self.arguments[root.arguments]
        refuse_unreadable(values)
        if isinstance(root.declared, ListingRoot):
            self.pages[root.arguments] = read_page(root.declared, values, self.pseudonym, self.limits)
        elif isinstance(root.declared, FeedRoot):
            self.arguments[root.arguments] = {**values, "first": read_size(values, self.limits)}
        elif root.declared is None:
            name, key = decode_id(self.pseudonym, values["id"], bound.records)
            self.keys[bound.steps[bound.records.index(name)]] = key
        else:
            self.keys[bound.steps[0]] = lookup_key(root.declared, values, self.caller, self.pseudonym)


def lookup_key(declared: LookupRoot, values: Mapping[str, Any], caller: Caller, pseudonym: Pseudonym) -> Key:
    """The one key of a lookup, whichever of its arguments was given."""
    if declared.caller is not None:
        own: Key | None = getattr(caller, declared.caller)
        if own is None:
            raise InputError("BAD_USER_INPUT", f"`{declared.name}` is for citizens; your token names no resident")
        return own
    given = [k for k in declared.keys if values.get(k.name) is not None]
    if len(given) != 1:
        names = " and ".join(f"`{k.name}`" for k in declared.keys)
        raise InputError("BAD_USER_INPUT", f"`{declared.name}` takes exactly one of {names}; you gave {len(given)}")
    value: str = values[given[0].name]
    return decode_id(pseudonym, value, [declared.record.name])[1] if isinstance(given[0], IdField) else value


def decode_id(pseudonym: Pseudonym, value: str, types: Sequence[str]) -> tuple[str, int]:
    try:
        return pseudonym.decode(value, types)
    except InvalidId as error:
        raise InputError("INVALID_ID", str(error)) from None


def read_page(declared: ListingRoot, values: Mapping[str, Any], pseudonym: Pseudonym, limits: Limits) -> Page:
    """A listing's page, from `first` and `after`."""
    first = read_size(values, limits)
    context = listing_context(declared, values)
    if values.get("after") is None:
        return Page(first, (), context)
    try:
        return Page(first, pseudonym.open(context, values["after"]), context)
    except InvalidCursor as error:
        raise InputError("INVALID_CURSOR", str(error)) from None


def read_list(item: LinkField, values: Mapping[str, Any], limits: Limits) -> Mapping[str, Any]:
    """The arguments of a child list with filters or pages; where it has pages, with a size for one."""
    refuse_unreadable(values)
    if not item.paged:
        return values
    return {**values, "first": read_size(values, limits)}


def read_size(values: Mapping[str, Any], limits: Limits) -> int:
    """A page's size, as given or by default."""
    first: int = limits.default_page if values.get("first") is None else values["first"]
    check_size("first", first, limits)
    return first


def check_size(name: str, size: int, limits: Limits) -> None:
    """Hold `first` or `limit` to the bound on lists."""
    if not 0 <= size <= limits.page:
        raise InputError("BAD_USER_INPUT", f"`{name}` is {size}; give a number from 0 to {limits.page}")


def listing_context(declared: ListingRoot, values: Mapping[str, Any]) -> str:
    """What a listing's cursors are bound to: its name, filter and order."""
    given = {n: v for n, v in (values.get("filter") or {}).items() if v is not None}
    return orjson.dumps([declared.name, given, values.get("orderBy")], option=orjson.OPT_SORT_KEYS).decode()


def refuse_unreadable(values: Mapping[str, Any]) -> None:
    """No register holds text with a NUL or half a surrogate pair, and looking for it would fail others' batches."""
    inner = [v for value in values.values() if isinstance(value, dict) for v in value.values()]
    for value in (*values.values(), *inner):
        if isinstance(value, str) and not value.isprintable() and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
            raise InputError("BAD_USER_INPUT", "an argument holds a character that no text may hold; leave it out")
