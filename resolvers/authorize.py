"""The pass that decides: one decision for each coordinate asked for, and for each that is searched by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from auth.access import Access, Decision, Reason, Verdict
from resolvers.draft import Arguments, Draft
from resolvers.selection import Asked, Root, Selection
from schema.build import order_values
from schema.catalogue import Catalogue, ColumnField, LinkField, ListingRoot, LookupRoot, RecordType


def authorize(draft: Draft) -> None:
    """Decide every coordinate on its concrete type. Below a denied link nothing is asked any more, so nothing is decided."""
    for root in draft.collected.roots:
        access: Access = "list" if isinstance(root.declared, ListingRoot) else "lookup"
        draft.searches[id(root)] = [draft.profile.decide(c, access, "search") for c in searched(root, draft.arguments)]
        if any(d.denied for d in draft.searches[id(root)]) and root.declared is not None:
            continue
        if isinstance(root.declared, ListingRoot):
            draft.decisions[id(root.connection)] = draft.profile.decide(root.declared.count_coordinate, access, "read")
        for selection in root.selections:
            _authorize_selection(draft, selection, access)


def _authorize_selection(draft: Draft, selection: Selection, access: Access) -> None:
    for asked in selection.asked:
        if asked.field is None:
            continue
        decision = draft.profile.decide(asked.field.coordinate, access, "read")
        order = asked_order(asked, draft.catalogue, draft.arguments)
        if not decision.denied and order is not None:
            sort = draft.profile.decide(order.coordinate, access, "search")
            target = draft.catalogue.records[asked.field.target]  # type: ignore[attr-defined]
            decision = both(decision, sort, target)
            draft.sorts[id(asked)] = sort
        draft.decisions[id(asked)] = decision
        if asked.selection is not None and not decision.denied:
            _authorize_selection(draft, asked.selection, access)


def both(read: Decision, search: Decision, sorted_: RecordType) -> Decision:
    """A list that is sorted on request is shown where its link and its order are both granted."""
    if search.denied:
        return search
    if search.conditional and sorted_.subject is not None:
        # The order would tell of each sorted row, and each has a subject of its own, for whom it may not be granted.
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
    filters = [root.declared.filters[n].target.coordinate for n in filters_given(values)]
    record = root.declared.record
    order = values.get("orderBy")
    by = record.id.coordinate if order is None else sortable(record, order_values(record)[order][0]).coordinate
    return [*dict.fromkeys([*filters, by])]


def asked_order(asked: Asked, catalogue: Catalogue, arguments: Arguments) -> ColumnField | None:
    """The column by which a child list is sorted at the caller's wish."""
    if not (isinstance(asked.field, LinkField) and asked.field.many and asked.arguments is not None):
        return None
    record = catalogue.records[asked.field.target]
    order = arguments[asked.arguments].get("orderBy")
    return None if order is None else sortable(record, order_values(record)[order][0])


def sortable(record: RecordType, column: str) -> ColumnField:
    return next(f for f in record.sortable() if f.column == column)


def filters_given(values: Mapping[str, Any]) -> list[str]:
    return sorted(name for name, value in (values.get("filter") or {}).items() if value is not None)
