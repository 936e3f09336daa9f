"""Who may see what, worked out from the rows alone: no plan, no engine, every row looked at by itself.

A cell is (register, table, number of the row, column). A column of a record may be seen in a row if its coordinate is permitted
and the row's subject is one of the residual's. Whom a row without subject columns is about is told by the row that it is linked
from; each such record is linked from one place only, so its rows have one owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from auth.access import Access, Caller, Decision, Verdict
from schema.catalogue import ColumnField, IdField, LinkField, RecordType
from tests.resolvers.nation import CATALOGUE, Nation, links
from tests.resolvers.world import Profile

Cell = tuple[str, str, int, str]
Row = Mapping[str, Any]


class Oracle:
    def __init__(self, nation: Nation, caller: Caller) -> None:
        self.nation, self.caller = nation, caller
        own = [r for r in nation["mois"]["resident"] if r["rrn"] == caller.rrn]
        self.household = own[0]["household_id"] if own and caller.rrn is not None else None
        self.owners = self._owners()

    def about_caller(self, record: RecordType, number: int, residual: Iterable[str]) -> bool:
        """Whether one of the kinds of subject is met by a row."""
        subject = record.subject
        if subject is None:
            return any(self.about_caller(r, n, residual) for r, n in self.owners.get((record.name, number), ()))
        row = self.nation[record.source][record.table][number]
        met = {"self": self._is_own(record, row), "household": self._same(row, subject.household, self.household),
               "jurisdiction": self._same(row, subject.jurisdiction, self.caller.jurisdiction)}  # fmt: skip
        return any(met[kind] for kind in residual)

    def allowed(self, decision: Decision, record: RecordType, number: int) -> bool:
        if decision.verdict is Verdict.DENY:
            return False
        return not decision.residual or self.about_caller(record, number, decision.residual)

    def visible(self, profile: Profile, access: Access) -> set[Cell]:
        """Cells that may stand in a response, as values of fields."""
        found = set()
        for record in CATALOGUE.records.values():
            for item in record.fields.values():
                if isinstance(item, ColumnField):
                    found |= self.cells(record, item.column, profile.decide(item.coordinate, access, "read"))
        return found

    def needed(self, profile: Profile, access: Access, touched: Iterable[tuple[str, str]]) -> set[Cell]:
        """Cells that may leave a source besides, to find rows by and to put them in order.

        Keys: of a row that a permitted link leads to or starts from, and of a row whose id may be read. Orders: of a column that
        may be searched by and is (for some only: of every row that a list so ordered can hold).
        """
        asked, found = set(touched), set()
        reads = {c for c, use in asked if use == "read"}
        for record in CATALOGUE.records.values():
            found |= self.cells(
                record, record.key, None
            )  # A listed row's key is part of its cursor; a linked row's is its order.
            for item in record.fields.values():
                if item.coordinate in reads and isinstance(item, LinkField):
                    found |= self._along(record, item, profile.decide(item.coordinate, access, "read"))
                if (item.coordinate, "search") in asked and isinstance(item, ColumnField | IdField):
                    decision = profile.decide(item.coordinate, access, "search")
                    if decision.verdict is Verdict.PERMIT:
                        # A search with a residual narrows a list to its subjects; a child list has its parent's.
                        found |= self.cells(record, item.column, decision if record.subject else None)
        return found

    def cells(self, record: RecordType, column: str, decision: Decision | None) -> set[Cell]:
        rows = range(len(self.nation[record.source][record.table]))
        return {
            (record.source, record.table, n, column)
            for n in rows
            if decision is None or self.allowed(decision, record, n)
        }  # fmt: skip

    def _along(self, record: RecordType, item: LinkField, decision: Decision) -> set[Cell]:
        if decision.verdict is Verdict.DENY:
            return set()
        found = self.cells(record, item.start, decision)
        for hop in item.through:
            rows = range(len(self.nation[hop.source][hop.table]))
            found |= {(hop.source, hop.table, n, column) for n in rows for column in (hop.key, hop.value)}
        target = CATALOGUE.records[item.target]
        return found | self.cells(target, item.end, None)

    def _is_own(self, record: RecordType, row: Row) -> bool:
        # A record that is about a household and no resident is its members' own.
        subject = record.subject
        assert subject is not None
        if record.name == "Household" or subject.self is None:
            return self._same(row, subject.household, self.household)
        return self._same(row, subject.self, self.caller.rrn)

    def _same(self, row: Row, column: str | None, value: Any) -> bool:
        return column is not None and value is not None and row[column] == value

    def _owners(self) -> dict[tuple[str, int], list[tuple[RecordType, int]]]:
        found: dict[tuple[str, int], list[tuple[RecordType, int]]] = {}
        for name, item in links():
            target, record = CATALOGUE.records[item.target], CATALOGUE.records[name]
            if target.subject is None:
                for number, row in enumerate(self.nation[record.source][record.table]):
                    for end in self._ends(item, row[item.start]):
                        for place, other in enumerate(self.nation[target.source][target.table]):
                            if other[item.end] == end:
                                found.setdefault((target.name, place), []).append((record, number))
        return found

    def _ends(self, item: LinkField, start: Any) -> Iterator[Any]:
        keys = [] if start is None else [start]
        for hop in item.through:
            rows = self.nation[hop.source][hop.table]
            keys = [
                r[hop.value]
                for r in rows
                if r[hop.key] in keys and r[hop.value] is not None and all(r[c] == v for c, v in hop.where)
            ]
        return iter(keys)
