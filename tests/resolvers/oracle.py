"""Who may see what, worked out from the rows alone: no plan, no engine, every row looked at by itself.

A cell is (register, table, number of the row, column). A column of a record may be seen in a row if of its coordinate's grants
one that does not mask it has all its constraints met, and no prohibition holds. Whom a row without subject columns is about is
told by the row that it is linked from; each such record is linked from one place only, so its rows have one owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from auth.access import Access, Caller, Constraint, Decision, Matches, OfSubject, Since, WithCase, WithConsent
from resolvers.relations import Relation, by_household, relation
from schema.catalogue import ColumnField, IdField, LinkField, RecordType
from sources.evaluate import answer, years_since
from sources.protocol import Batch, Call, Param, Shape
from tests.resolvers.nation import CATALOGUE, PURPOSE, TODAY, Nation, Table, links
from tests.resolvers.world import Profile

Cell = tuple[str, str, int, str]
Row = Mapping[str, Any]
Rows = list[tuple[RecordType, int]]


class Oracle:
    """`case` is the number of the request's case, `consents` the rows of what was consented to."""

    def __init__(self, nation: Nation, caller: Caller, case: str | None, consents: Table) -> None:
        self.nation, self.caller, self.consents = nation, caller, consents
        self.household = self._household(caller.rrn)
        self.children = [r["rrn"] for r in nation["mois"]["resident"] if self._is_child(r)]
        found = [p for p in nation["petitions"]["petition"] if p["number"] == case and self._is_verified(p)]
        self.case_subject = found[0]["resident_rrn"] if case is not None and found else None
        self.case_household = self._household(self.case_subject)
        self.owners = self._owners()

    def allowed(self, decision: Decision, record: RecordType, number: int, *, whole: bool = True) -> bool:
        """Whether a coordinate of a record may be had of a row; with `whole`, without a mask."""
        if decision.denied:
            return False
        grants = [grant for grant in decision.grants if not (whole and grant.mask)]
        held = any(all(self.meets(c, record, number) for c in grant.constraints) for grant in grants)
        return held and not any(all(self.meets(m, record, number) for m in ban.when) for ban in decision.bans)

    def visible(self, profile: Profile, access: Access) -> set[Cell]:
        """Cells that may stand in a response, as values of fields."""
        found = set()
        for record in CATALOGUE.records.values():
            for item in record.fields.values():
                if isinstance(item, ColumnField):
                    decision = profile.decide(item.coordinate, access, "read")
                    found |= self.cells(record, item.column, decision) | self.unaltered(record, item.column, decision)
        return found

    def unaltered(self, record: RecordType, column: str, decision: Decision) -> set[Cell]:
        """Cells whose value is what a mask makes of it: the district of a text of one word is that word."""
        found = set()
        for grant in (g for g in decision.grants if g.mask is not None and g.mask.kind != "pseudonym"):
            assert grant.mask is not None
            mask = Shape(record.table, (Call(grant.mask.kind, column, (Param(0),) if grant.mask.amount else ()),))
            rows = self.nation[record.source][record.table]
            for number, (row, masked) in enumerate(zip(rows, answer(Batch(mask, (), (grant.mask.amount,)), rows), strict=True)):
                if masked[0] == row[column] and self.allowed(replace(decision, grants=(grant,)), record, number, whole=False):
                    found.add((record.source, record.table, number, column))
        return found

    def needed(self, profile: Profile, access: Access, touched: Iterable[tuple[str, str]]) -> set[Cell]:
        """Cells that may leave a source besides, to find rows by and to put them in order.

        Keys: of a row that a permitted link leads to or starts from, of a row whose id may be read, and of rows of which
        something is found out first. Orders: of a column that may be searched by and is (for some only: of every row that a list
        so ordered can hold).
        """
        asked, found = set(touched), self.found_out_first()
        reads = {c for c, use in asked if use == "read"}
        for coordinate, use in asked:
            decision = profile.decide(coordinate, access, use)  # type: ignore[arg-type]
            owner = coordinate.partition(".")[0].removesuffix("Connection")
            for constraint in _constraints(decision):
                found |= self.keys_of(constraint, CATALOGUE.records[owner])
        for record in CATALOGUE.records.values():
            # A listed row's key is part of its cursor; a linked row's is its order. Whose a row is, the ledger has to have.
            found |= self.cells(record, record.key, None)
            if record.subject and record.subject.self:
                found |= self.cells(record, record.subject.self, None)
            for item in record.fields.values():
                if item.coordinate in reads and isinstance(item, LinkField):
                    found |= self._along(record, item, profile.decide(item.coordinate, access, "read"))
                if (item.coordinate, "search") in asked and isinstance(item, ColumnField | IdField):
                    decision = profile.decide(item.coordinate, access, "search")
                    if not decision.denied:
                        # A search with constraints narrows a list to its subjects; a child list has its parent's.
                        found |= self.cells(record, item.column, decision if record.subject else None)
        return found

    def found_out_first(self) -> set[Cell]:
        """Of the caller and the case: whose household, who is a child, what the petition says."""
        own = {self.caller.rrn, self.case_subject, *self.wards()}
        residents = self.nation["mois"]["resident"]
        found = {
            ("mois", "resident", n, column)
            for n, row in enumerate(residents) if row["rrn"] in own for column in ("household_id", "birth_date")
        }  # fmt: skip
        found |= {
            ("scourt", "family_relation", n, "relative_rrn") for n, _ in enumerate(self.nation["scourt"]["family_relation"])
        }
        columns = ("agency", "service", "resident_rrn", "opened_on", "closed_on")
        return found | {
            ("petitions", "petition", n, c) for n, _ in enumerate(self.nation["petitions"]["petition"]) for c in columns
        }

    def cells(self, record: RecordType, column: str, decision: Decision | None) -> set[Cell]:
        rows = range(len(self.nation[record.source][record.table]))
        return {
            (record.source, record.table, n, column)
            for n in rows
            if decision is None or self.allowed(decision, record, n)
        }  # fmt: skip

    # Constraints

    def meets(self, constraint: Constraint, record: RecordType, number: int) -> bool:
        """Whether a constraint holds for a row."""
        if isinstance(constraint, Matches):
            return self.matches(constraint, record, number)
        return any(self.about(constraint, teller, n) for teller, n in self.tellers(record, number))

    def about(self, constraint: Constraint, record: RecordType, number: int) -> bool:
        """Whether a row that tells its own subject tells one whom the constraint names."""
        subject, row = record.subject, self.row(record, number)
        assert subject is not None
        person, home = (row.get(column or "") for column in (subject.self, subject.household))
        if isinstance(constraint, WithCase):
            return _same(person, self.case_subject) or _same(home, self.case_household)
        if isinstance(constraint, WithConsent):
            return any(self._consented(consent, person, constraint.item) for consent in self.consents)
        assert isinstance(constraint, OfSubject)
        met = {
            # A record that is about a household and no resident is its members' own.
            "self": _same(home, self.household) if subject.self is None else _same(person, self.caller.rrn),
            "household": _same(home, self.household),
            "child": person in self.children,
            "jurisdiction": _same(row.get(subject.jurisdiction or ""), self.caller.jurisdiction),
        }
        return any(met[kind] for kind in constraint.kinds)

    def matches(self, match: Matches, record: RecordType, number: int) -> bool:
        owner, _, name = match.coordinate.partition(".")
        if match.household and self.matches(replace(match, household=False), record, number):
            return True
        for at, n in [(record, number), *self.tellers(record, number)]:
            if at.name == owner and not match.household:
                return self.fits(match, self.row(at, n), name)
        found = False
        for teller, n in self.tellers(record, number):
            way = (by_household if match.household else relation)(CATALOGUE, teller, CATALOGUE.records[owner])
            found |= way is not None and any(self.fits(match, row, name) for row in self.along(way, self.row(teller, n)))
        return found

    def fits(self, match: Matches, row: Row, name: str) -> bool:
        item = CATALOGUE.records[match.coordinate.partition(".")[0]].fields[name]
        assert isinstance(item, ColumnField), "random constraints name columns"
        value = row[item.column]
        if isinstance(match.values, Since):
            day = match.values.span.before(TODAY)
            return value is not None and bool(value >= (day.year if isinstance(value, int) else day))
        if match.values == "jurisdiction":
            return _same(value, self.caller.jurisdiction)
        return value is not None and value in match.values

    def along(self, way: Relation, start: Row) -> list[Row]:
        keys = {start[way.start]} - {None}
        for hop in way.through:
            rows = self.nation[hop.source][hop.table]
            keys = {r[hop.value] for r in rows if r[hop.key] in keys and all(r[c] == v for c, v in hop.where)} - {None}
        return [row for row in self.nation[way.record.source][way.record.table] if row[way.end] in keys]

    def tellers(self, record: RecordType, number: int) -> Rows:
        return [(record, number)] if record.subject else self.owners.get((record.name, number), [])

    def keys_of(self, constraint: Constraint, record: RecordType) -> set[Cell]:
        """The key columns by which another register is asked about a record's subjects."""
        tellers = [record] if record.subject else [CATALOGUE.records[n] for n, i in links() if i.target == record.name]
        found: set[Cell] = set()
        for teller in tellers:
            if isinstance(constraint, WithConsent) and teller.subject and teller.subject.self:
                found |= self.cells(teller, teller.subject.self, None)
            if isinstance(constraint, Matches):
                target = CATALOGUE.records[constraint.coordinate.partition(".")[0]]
                ways = [relation(CATALOGUE, teller, target) if target.name != teller.name else None]
                ways.append(by_household(CATALOGUE, teller, target) if constraint.household else None)
                for way in filter(None, ways):
                    found |= self.cells(teller, way.start, None) | self.cells(way.record, way.end, None)
                    for hop in way.through:
                        rows = range(len(self.nation[hop.source][hop.table]))
                        found |= {(hop.source, hop.table, n, column) for n in rows for column in (hop.key, hop.value)}
        return found

    # Rows

    def row(self, record: RecordType, number: int) -> Row:
        return self.nation[record.source][record.table][number]

    def wards(self) -> list[str]:
        """Of whom the caller has custody, of whatever age."""
        rows = self.nation["scourt"]["family_relation"]
        own = (r for r in rows if r["relation"] == "CHILD" and r["custody"])
        return [r["relative_rrn"] for r in own if self.caller.rrn is not None and r["rrn"] == self.caller.rrn]

    def _is_child(self, resident: Row) -> bool:
        return resident["rrn"] in self.wards() and years_since(resident["birth_date"], TODAY) < 19

    def _is_verified(self, petition: Row) -> bool:
        ours = petition["agency"] == self.caller.agency and petition["service"] == PURPOSE
        opened = petition["opened_on"] <= TODAY and (petition["closed_on"] is None or petition["closed_on"] > TODAY)
        return bool(ours and opened)

    def _consented(self, consent: Row, person: Any, item: str) -> bool:
        asked = (consent["rrn"], consent["agency"], consent["purpose"], consent["item"])
        holds = consent["since"] <= TODAY <= consent["until"] and not consent["revoked"]
        return person is not None and asked == (person, self.caller.agency, PURPOSE, item) and bool(holds)

    def _household(self, rrn: str | None) -> int | None:
        found = [r for r in self.nation["mois"]["resident"] if rrn is not None and r["rrn"] == rrn]
        return found[0]["household_id"] if found else None

    def _along(self, record: RecordType, item: LinkField, decision: Decision) -> set[Cell]:
        if decision.denied:
            return set()
        # Where another register has a say, a link's key is read first, and followed only where it says so.
        asks_others = any(not isinstance(c, OfSubject | WithCase) for c in _constraints(decision))
        found = self.cells(record, item.start, None if asks_others else decision)
        for hop in item.through:
            rows = range(len(self.nation[hop.source][hop.table]))
            found |= {(hop.source, hop.table, n, column) for n in rows for column in (hop.key, hop.value)}
        target = CATALOGUE.records[item.target]
        # The declared order of a list of pages is part of its link.
        columns = [item.end, *([item.order.lstrip("-")] if item.paged and item.order else [])]
        return found.union(*(self.cells(target, column, None) for column in columns))

    def _owners(self) -> dict[tuple[str, int], Rows]:
        found: dict[tuple[str, int], Rows] = {}
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


def _constraints(decision: Decision) -> Iterator[Constraint]:
    for grant in decision.grants:
        yield from grant.constraints
    for ban in decision.bans:
        yield from ban.when


def _same(value: Any, other: Any) -> bool:
    return value is not None and value == other
