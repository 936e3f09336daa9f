"""A second fence behind the planner: GRANT statements that let the gateway's role read, in a holder's database, only the columns
that some rule shares, and those without which what is shared could not be found. The role that reports may run the functions of
those reports that some rule lets somebody make, and no table of records is open to it.

What is shared is what some permission names that is in force today, or will be by a later validity or approval. Beside its own
columns a shared coordinate needs some that no rule need share:

    keys            of every record that something is shared of, and of the record by which a register is asked if it is there
    subjects        of whom a shared record is, for the ledger; of a household these are its members
    links           the columns that a shared link joins, and those of its hops
    constraints     by which a row tells its subject, or that the subject's record matches
    circumstances   the caller's household and children, and the case, where a constraint turns on them

These are what `resolvers` may name for a coordinate that is granted; for one that is denied it names nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from auth.authorizer import RegulationAuthorizer
from auth.rules import Condition, Permission, Prohibition
from madang.settings import Settings
from resolvers.circumstances import household_question
from resolvers.relations import Relation, by_household, relation, tellers
from schema.catalogue import (
    Catalogue,
    ColumnField,
    DerivedField,
    IdField,
    LinkField,
    ListingRoot,
    LookupRoot,
    RecordType,
    named_by,
)
from schema.declare import Hop, Subject

ROLE = "{register}_gateway"
REPORTS = "{register}_reports"
"""How the gateway's roles are called in the embedded sample: those that read, and those that report."""

Columns = Mapping[str, Mapping[str, frozenset[str]]]
"""Register → table → columns."""


def grants(
    settings: Settings, catalogue: Catalogue, laws: Sequence[RegulationAuthorizer], role: str = ROLE, reports: str = REPORTS
) -> dict[str, list[str]]:
    """Statements by register that speaks SQL, for what any of the laws shares; `role` and `reports` are the roles' names, with
    `{register}`."""
    day = datetime.now(settings.server.timezone).date()
    needed = [columns(catalogue, law, day) for law in laws]
    found: dict[str, list[str]] = {}
    for register, named in settings.registers.items():
        if named.source.kind == "postgres":
            tables: dict[str, frozenset[str]] = {}
            for each in needed:
                for table, names in each.get(register, {}).items():
                    tables[table] = tables.get(table, frozenset()) | names
            found[register] = statements(tables, role.format(register=register))
            if any(name == register for report in catalogue.reports.values() for name, _ in report.declared.takes):
                taken = {function for law in laws for function in functions(catalogue, law, day, register)}
                found[register] += reporting(sorted(taken), reports.format(register=register))
    return found


def functions(catalogue: Catalogue, law: RegulationAuthorizer, day: date, register: str) -> Iterator[str]:
    """The functions by which a register takes those reports that somebody may make."""
    reported = {str(word) for permission in _rules(law, day)[0] for word in permission.items}
    for report in catalogue.reports.values():
        if report.coordinate in reported:
            yield from (function for name, function in report.declared.takes if name == register)


def reporting(functions: Sequence[str], role: str) -> list[str]:
    """What a register's owner runs, beside `statements`: the role may run these functions, and pass on what they changed."""
    named = _quoted(role)
    revoked = [f"REVOKE ALL ON ALL {what} IN SCHEMA public FROM {named}" for what in ("TABLES", "FUNCTIONS")]
    kept = ("report_begin(bytea, bytea, bytea, text)", "report_end(bytea, jsonb)", "report_is_done(text, bytea)")
    granted = [*kept, *(f"{_quoted(function)}(jsonb, jsonb)" for function in functions)]
    return [
        *revoked,
        f"GRANT SELECT, DELETE ON TABLE public.outbox TO {named}",
        *(f"GRANT EXECUTE ON FUNCTION public.{function} TO {named}" for function in granted),
    ]


def columns(catalogue: Catalogue, law: RegulationAuthorizer, day: date) -> Columns:
    """All that the gateway may have to name from a day on."""
    needs = _Needs(catalogue)
    permissions, prohibitions = _rules(law, day)
    for permission in permissions:
        if "report" in permission.access:
            needs.report(permission)
            continue
        for word in permission.items:
            needs.read(word, permission)
        for word in permission.search:
            needs.search(word, permission)
    reported = {coordinate for report in catalogue.reports.values() for coordinate in report.coordinates()}
    shared = {str(word) for permission in permissions for word in (*permission.items, *permission.search)}
    for prohibition in prohibitions:
        for coordinate in shared.intersection(prohibition.items) - reported:
            needs.matched(needs.record(coordinate), prohibition.when, coordinate)
    return needs.columns()


def statements(tables: Mapping[str, frozenset[str]], role: str) -> list[str]:
    """What a register's owner runs, in one transaction: the role may read these columns of these tables, and nothing else.

    The tables are in the schema `public`.
    """
    named = _quoted(role)
    revoked = [f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {named}"]
    return revoked + [
        f"GRANT SELECT ({', '.join(_quoted(column) for column in sorted(found))}) ON TABLE public.{_quoted(table)} TO {named}"
        for table, found in sorted(tables.items())
    ]


def _rules(law: RegulationAuthorizer, day: date) -> tuple[list[Permission], list[Prohibition]]:
    """Those of the versions that are in force or approved already, unless they have ended before."""
    said = [
        rule
        for regulation in law.everything.regulations
        if not _ended(law.in_force(regulation).last, day)
        for rule in regulation.rules
        if not _ended(rule.valid.last, day)
    ]
    return [rule for rule in said if isinstance(rule, Permission)], [rule for rule in said if isinstance(rule, Prohibition)]


def _ended(last: date | None, day: date) -> bool:
    return last is not None and last < day


class _Needs:
    """Collects the columns that are needed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.found: dict[str, dict[str, set[str]]] = {}
        first: dict[str, RecordType] = {}
        for record in catalogue.records.values():
            first.setdefault(record.source, record)
        for record in first.values():
            self.key(record)

    def columns(self) -> Columns:
        return {
            source: {table: frozenset(names) for table, names in tables.items()} for source, tables in sorted(self.found.items())
        }

    def add(self, source: str, table: str, *names: str | None) -> None:
        self.found.setdefault(source, {}).setdefault(table, set()).update(name for name in names if name is not None)

    def of(self, record: RecordType, *names: str | None) -> None:
        self.add(record.source, record.table, *names)

    def key(self, record: RecordType) -> None:
        self.of(record, record.key)

    def record(self, coordinate: str) -> RecordType:
        """The record whose field a coordinate is, or whose rows it counts."""
        name = coordinate.partition(".")[0]
        return self.catalogue.records[name if name in self.catalogue.records else name.removesuffix("Connection")]

    # Reports

    def report(self, permission: Permission) -> None:
        """Those who are named are looked up, and what the permission turns on."""
        for report in self.catalogue.reports.values():
            if report.coordinate in permission.items:
                for name in named_by(report.input):
                    record = self.catalogue.records[name]
                    assert record.subject is not None, "the catalogue sees to it"
                    self.of(record, record.key, record.subject.self, record.subject.household, record.subject.jurisdiction)
        self.circumstances(permission)

    # Coordinates

    def read(self, coordinate: str, permission: Permission) -> None:
        record = self.record(coordinate)
        self.key(record)
        self.column(record, coordinate)
        self.constrained(record, coordinate, permission)

    def search(self, coordinate: str, permission: Permission) -> None:
        """Found by a column; a record whose id may be searched is also found as the caller's own."""
        self.read(coordinate, permission)
        record = self.record(coordinate)
        for root in self.catalogue.roots.values():
            if isinstance(root, LookupRoot) and root.caller and root.record is record and coordinate == record.id.coordinate:
                self.column(record, record.by_attribute(root.caller).coordinate)

    def column(self, record: RecordType, coordinate: str) -> None:
        match record.fields.get(coordinate.partition(".")[2]):
            case ColumnField(column=name) | IdField(column=name):
                self.of(record, name)
            case DerivedField() as item:
                self.of(record, item.expression.column)
            case LinkField() as item:
                self.link(record, item)
            case None:
                counts = (root for root in self.catalogue.roots.values() if isinstance(root, ListingRoot))
                assert any(root.count_coordinate == coordinate for root in counts), coordinate

    def link(self, record: RecordType, item: LinkField) -> None:
        target = self.catalogue.records[item.target]
        self.of(record, item.start)
        self.hops(item.through)
        # An order that a link declares for its pages holds whatever may be read; any other is kept where it may.
        self.of(target, item.end, target.key, item.order.lstrip("-") if item.paged and item.order else None)

    def hops(self, hops: Sequence[Hop]) -> None:
        for hop in hops:
            self.add(hop.source, hop.table, hop.key, hop.value, *(name for name, _ in hop.where))

    # Constraints

    def constrained(self, record: RecordType, coordinate: str, permission: Permission) -> None:
        for teller in tellers(self.catalogue, record):
            subject = teller.subject
            assert subject is not None, "the catalogue sees to it that whoever is linked from tells a subject"
            self.of(teller, subject.self, *_telling(subject, permission))
            if subject.self is None and subject.household is not None:
                self.of(teller, subject.household)
                self.household()
        self.circumstances(permission)
        self.matched(record, permission.rows, coordinate)

    def circumstances(self, permission: Permission) -> None:
        if permission.case == "verified":
            self.case()
        if {"self", "household"} & set(permission.subject):
            self.household()
        if "child" in permission.subject:
            self.children()

    def matched(self, record: RecordType, conditions: Sequence[Condition], coordinate: str) -> None:
        """Columns that must match: of the row itself, of whose row tells its subject, of where a link leads, or of a relation."""
        item = record.fields.get(coordinate.partition(".")[2])
        for condition in conditions:
            other = self.record(condition.column)
            self.column(other, condition.column)
            itself = other is record or (isinstance(item, LinkField) and item.target == other.name)
            for teller in tellers(self.catalogue, record):
                if not itself and other is not teller:
                    self.related(teller, relation(self.catalogue, teller, other))
                if condition.household:
                    self.related(teller, by_household(self.catalogue, teller, other))

    def related(self, teller: RecordType, way: Relation | None) -> None:
        if way is not None:
            self.of(teller, way.start)
            self.hops(way.through)
            self.of(way.record, way.end)

    # Circumstances

    def household(self) -> None:
        question = household_question(self.catalogue)
        self.add(question.source, question.shape.table, question.shape.key, *(str(name) for name in question.shape.columns))

    def children(self) -> None:
        if guardianship := self.catalogue.guardianship:
            child = self.catalogue.records[guardianship.child.__name__]
            self.hops([guardianship.through])
            self.of(child, guardianship.birth_date, child.subject.self if child.subject else None)

    def case(self) -> None:
        self.household()
        if cases := self.catalogue.cases:
            record = self.catalogue.records[cases.record.__name__]
            self.of(record, cases.number, cases.agency, cases.service, cases.resident, cases.opened, cases.closed)


def _telling(subject: Subject, permission: Permission) -> Iterator[str | None]:
    """The columns beside a resident's number by which a row tells what a permission asks of its subject."""
    kinds = set(permission.subject)
    if "household" in kinds or permission.case == "verified":
        yield subject.household
    if "jurisdiction" in kinds:
        yield subject.jurisdiction


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
