"""The pass that decides: one decision for each coordinate asked for, and for each that is searched by."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from auth.access import Access, Decision, Reason, Verdict
from resolvers.arguments import filters_given
from resolvers.draft import Arguments, Draft
from resolvers.relations import is_about_the_same
from resolvers.selection import Asked, Root, Selection
from schema.build import order_values
from schema.catalogue import Catalogue, ColumnField, FeedRoot, LinkField, ListingRoot, LookupRoot, RecordType


def authorize(draft: Draft) -> None:
    """Decide every coordinate on its concrete type. Below a denied link nothing is asked any more, so nothing is decided."""
    for root in draft.collected.roots:
        access = access_of(root)
        draft.searches[id(root)] = [draft.profile.decide(c, access, "search") for c in searched(root, draft.arguments)]
        if any(d.denied for d in draft.searches[id(root)]) and root.declared is not None:
            continue
        if isinstance(root.declared, ListingRoot):
            draft.decisions[id(root.connection)] = draft.profile.decide(root.declared.count_coordinate, access, "read")
        for selection in root.selections:
            _authorize_selection(draft, selection, access)


def access_of(root: Root) -> Access:
    """How everything below a root field is reached."""
    match root.declared:
        case ListingRoot():
            return "list"
        case FeedRoot():
            return "events"
        case _:
            return "lookup"


def _authorize_selection(draft: Draft, selection: Selection, access: Access) -> None:
    for asked in selection.asked:
        if asked.field is None:
            continue
        decision = draft.profile.decide(asked.field.coordinate, access, "read")
        for coordinate in searched_below(asked, draft.catalogue, draft.arguments):
            if not decision.denied:
                search = draft.profile.decide(coordinate, access, "search")
                assert isinstance(asked.field, LinkField)
                same = is_about_the_same(asked.field, selection.record, draft.catalogue.records[asked.field.target])
                decision = both(decision, search, same=same)
                draft.list_searches.setdefault(id(asked), []).append(search)
        draft.decisions[id(asked)] = decision
        if asked.selection is not None and not decision.denied:
            _authorize_selection(draft, asked.selection, access)


def both(read: Decision, search: Decision, *, same: bool) -> Decision:
    """A child list that is filtered or sorted on request is shown where its link and the search are both granted.

    `same`: whether all its rows are about whom the link is.
    """
    if search.denied:
        return search
    if search.conditional and not same:
        # It would tell of each row that is looked at, and each has a subject of its own, for whom it may not be granted.
        return replace(search, verdict=Verdict.DENY, reason=Reason.OUTSIDE_SUBJECT)
    rules = tuple(dict.fromkeys((*read.rules, *search.rules)))
    if not search.conditional:
        return replace(read, rules=rules)
    grants = tuple(replace(r, constraints=r.constraints | s.constraints) for r, s in product(read.grants, search.grants))
    return replace(read, grants=grants, bans=tuple(dict.fromkeys((*read.bans, *search.bans))), rules=rules)


def searched(root: Root, arguments: Arguments) -> list[str]:
    """The coordinates that a root field asks about: its key, or its filter and order."""
    values = arguments[root.arguments]
    if root.declared is None:
        return [selection.record.id.coordinate for selection in root.selections]
    if isinstance(root.declared, LookupRoot):
        if root.declared.caller:
            return [root.declared.record.id.coordinate]
        return [k.coordinate for k in root.declared.keys if values.get(k.name) is not None]
    if isinstance(root.declared, FeedRoot):
        by_kind = [root.declared.kind.coordinate] if values.get("kinds") is not None else []
        return [root.declared.number.coordinate, *by_kind]
    filters = [f.target.coordinate for f in filters_given(root.declared.filters, values.get("filter") or {})]
    record = root.declared.record
    order = values.get("orderBy")
    by = record.id.coordinate if order is None else sortable(record, order_values(record)[order][0]).coordinate
    return [*dict.fromkeys([*filters, by])]


def searched_below(asked: Asked, catalogue: Catalogue, arguments: Arguments) -> list[str]:
    """The coordinates that a child list asks about: its filters, and the order that the caller wishes."""
    if not (isinstance(asked.field, LinkField) and asked.field.many and asked.arguments is not None):
        return []
    record, values = catalogue.records[asked.field.target], arguments[asked.arguments]
    filters = [f.target.coordinate for f in filters_given(asked.field.filters, values)]
    order = values.get("orderBy")
    by = [] if order is None else [sortable(record, order_values(record)[order][0]).coordinate]
    return [*dict.fromkeys([*filters, *by])]


def sortable(record: RecordType, column: str) -> ColumnField:
    return next(f for f in record.sortable() if f.column == column)
