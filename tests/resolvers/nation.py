"""A nation of fourteen residents in memory, the sample's registers and one more linked to one another, and who asks.

The rows are drawn by a seed. Keys are no small numbers, so one that leaks can be told from a count. With `unique` every text,
number and date that is no key is there once, so that a value found anywhere tells its row and column; without it values are few,
so that orders have ties.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

from auth.access import Caller
from schema.build import build
from schema.catalogue import Catalogue, ColumnField, Field, LinkField

SAMPLE = (
    "mois", "scourt", "mofa", "moj", "nts", "localtax", "nhis", "nps", "moel", "molit_vehicles", "molit_buildings", "mma",
    "mohw_disability", "mohw_livelihood", "police", "petitions", "ledger", "consents", "events",
)  # fmt: skip
CATALOGUE = Catalogue.load([*(f"schema.{name}" for name in SAMPLE), "tests.resolvers.post"])
REGISTERS = tuple(CATALOGUE.registers)
SCHEMA = build(CATALOGUE)
TODAY = dt.date(2026, 2, 28)
DISTRICTS = ("11110", "11680", "26350")
RESIDENTS = 14
HOUSEHOLDS = 5

Table = list[dict[str, Any]]
Nation = dict[str, dict[str, Table]]

CITIZEN_RRN = "8103149970008"
CLERK = Caller("jongno", "resident-clerk", "officer-1", jurisdiction="11110")
CITIZEN = Caller("citizen-portal", "citizen", "citizen-1", rrn=CITIZEN_RRN)
BOTH = Caller("jongno", "clerk-and-citizen", "officer-2", jurisdiction="11680", rrn=CITIZEN_RRN)
NEITHER = Caller("mofa", "passport-officer", "officer-3")
STRANGER = Caller("nts", "citizen", "citizen-2", jurisdiction="99999", rrn="0000000000000")
CALLERS = (CLERK, CITIZEN, BOTH, NEITHER, STRANGER)

PURPOSE = "passport-renewal"
CASE = "2026-00017"
"""A case of the clerk's agency that is open, about the second resident."""

NULLABLE = {
    "address", "base_address", "to_address",
    "death_date", "household_id", "from_address", "father_rrn", "mother_rrn", "closed_on", "lost_on", "workplace", "benefit",
    "enlisted_on", "discharged_on", "rank", "reassess_on",
}  # fmt: skip


def rrn(number: int) -> str:
    return CITIZEN_RRN if number == 0 else f"{int(CITIZEN_RRN) + number * 104_729}"


def resident_id(number: int) -> int:
    return 7_310_000_001 + number * 977


def household_id(number: int) -> int:
    return 8_650_000_003 + number * 1_013


class _Maker:
    def __init__(self, seed: int, unique: bool) -> None:
        self.random, self.unique = Random(seed), unique
        self.made = 0
        self.nation: Nation = {r: {t: [] for t in CATALOGUE.tables(r)} for r in CATALOGUE.registers}

    def row(self, source: str, table: str, **known: Any) -> None:
        row = {column: _own(value) for column, value in known.items()}
        for column, kind in CATALOGUE.tables(source)[table].items():
            if column not in row:
                row[column] = self.value(f"{source}.{table}.{column}", column, kind)
        self.nation[source][table].append(row)

    def value(self, where: str, column: str, kind: Any) -> Any:
        self.made += 1
        if column == "id":
            return 5_900_000_000 + self.made * 31
        if column in NULLABLE and self.random.random() < 0.4:
            return None
        if isinstance(kind, tuple):
            return _own(self.random.choice(kind))
        number = self.made if self.unique else self.random.randrange(3)
        if kind is bool:
            return self.random.random() < 0.5
        if kind is dt.date:
            return dt.date(1991, 1, 1) + dt.timedelta(days=number)
        if kind is int:
            return 1_700_000_000 + number
        return f"2026-02-01T00:00:00.{number:06d}Z" if column.endswith("_at") or column == "at" else f"{where}#{number:05d}"

    def residents(self) -> None:
        for number in range(HOUSEHOLDS):
            self.row(
                "mois", "household", id=household_id(number), head_id=resident_id(number),
                district_code=DISTRICTS[number % len(DISTRICTS)],
            )  # fmt: skip
        for number in range(RESIDENTS):
            home = number % HOUSEHOLDS
            known: dict[str, Any] = {"id": resident_id(number), "rrn": rrn(number)}
            known["household_id"] = None if number == RESIDENTS - 1 else household_id(home)
            known["district_code"] = DISTRICTS[(home if number == 0 or self.random.random() < 0.8 else home + 1) % len(DISTRICTS)]
            # A leap day, a day of majority, and ties between the others.
            known["birth_date"] = {3: dt.date(1960, 2, 29), 4: dt.date(2007, 2, 28), 5: dt.date(2007, 3, 1)}.get(
                number, dt.date(1950 + number * 4, 1 + number % 12, 10) if self.unique else dt.date(1980, 1, 1 + number % 3)
            )
            self.row("mois", "resident", **known)

    def family(self) -> None:
        some = self.random
        for number in range(RESIDENTS):
            if some.random() < 0.7:
                self.row("scourt", "birth", rrn=rrn(number), father_rrn=self.someone(), mother_rrn=self.someone())
            if some.random() < 0.5:
                self.row("scourt", "marriage", rrn=rrn(number), spouse_rrn=self.someone() or rrn(0))
            for relation, most in (("PARENT", 2), ("CHILD", 3), ("SPOUSE", 1)):
                for _ in range(some.randint(0, most)):
                    relative = self.someone() or "1111111111111"  # A relative without a registration is a dangling key.
                    self.row("scourt", "family_relation", rrn=rrn(number), relation=relation, relative_rrn=relative)

    def someone(self) -> str | None:
        number = self.random.randrange(-2, RESIDENTS)
        return None if number < 0 else rrn(number)

    def petitions(self) -> None:
        """The known case, and others of which each lacks something."""
        agency, day = CLERK.agency, dt.date(2026, 2, 1)
        known = {"agency": agency, "service": PURPOSE, "resident_rrn": rrn(1), "opened_on": day, "closed_on": None}
        self.row("petitions", "petition", **(known | {"number": CASE}))
        self.row("petitions", "petition", **(known | {"number": "closed", "closed_on": TODAY}))
        self.row("petitions", "petition", **(known | {"number": "closes-tomorrow", "closed_on": TODAY + dt.timedelta(1)}))
        self.row("petitions", "petition", **(known | {"number": "opens-tomorrow", "opened_on": TODAY + dt.timedelta(1)}))
        self.row("petitions", "petition", **(known | {"number": "of-another-agency", "agency": "gangnam"}))
        self.row("petitions", "petition", **(known | {"number": "for-another-service", "service": "own-records"}))
        self.row(
            "petitions", "petition", **(known | {"number": "of-the-citizen", "agency": CITIZEN.agency, "resident_rrn": rrn(0)})
        )

    def records(self) -> None:
        some = self.random
        many = (("nts", "tax_certificate", "rrn"), ("nts", "business", "rrn"), ("localtax", "local_tax", "rrn"),
                ("moel", "employment", "rrn"), ("molit_vehicles", "vehicle", "owner_rrn"),
                ("molit_buildings", "building", "owner_rrn"), ("mohw_livelihood", "livelihood_benefit", "head_rrn"))  # fmt: skip
        single = (("nps", "pension"), ("mma", "military_service"), ("mohw_disability", "disability"),
                  ("police", "driving_licence"))  # fmt: skip
        for number in range(RESIDENTS):
            for _ in range(some.randint(0, 2)):
                passport = f"M{4_000_000 + self.made}"
                self.row("mofa", "passport", rrn=rrn(number), number=passport)
                for _ in range(some.randint(0, 2)):
                    self.row("moj", "border_crossing", passport_number=passport)
            for source, table, key in many:
                for _ in range(some.randint(0, 3)):
                    self.row(source, table, **{key: rrn(number)})
            for source, table in single:
                if some.random() < 0.6:
                    self.row(source, table, rrn=rrn(number))
            if some.random() < 0.7:
                member = f"N{6_000_000 + number * 7}"
                self.row("nhis", "member_crosswalk", rrn=rrn(number), member_number=member)
                if some.random() < 0.8:
                    self.row("nhis", "health_insurance", member_number=member)
        for number in range(HOUSEHOLDS):
            for _ in range(some.randint(0, 3)):
                self.row("mois", "move_in", household_id=household_id(number))

    def ledger(self) -> None:
        some = self.random
        for number in range(RESIDENTS):
            for _ in range(some.randint(0, 3)):
                self.row("ledger", "access", subject=rrn(number))
                for _ in range(some.randint(0, 2)):
                    self.item(access_id=self.nation["ledger"]["access"][-1]["id"])
            if some.random() < 0.4:
                self.row("ledger", "notice", subject=rrn(number))
                self.item(notice_id=self.nation["ledger"]["notice"][-1]["id"])

    def item(self, **of: int) -> None:
        self.row("ledger", "access_item", **({"access_id": None, "notice_id": None, "holder_access_id": None} | of))

    def consents(self) -> None:
        for number in range(RESIDENTS):
            for _ in range(self.random.randint(0, 2)):
                self.row("consents", "consent", rrn=rrn(number))

    def post(self) -> None:
        some = self.random
        for number in range(RESIDENTS):
            for _ in range(some.randint(0, 5)):
                self.row("post", "letter", rrn=rrn(number))
            for _ in range(some.randint(0, 3)):
                self.row("post", "parcel", recipient_rrn=rrn(number))


def _own(value: Any) -> Any:
    """The value as an object of its own, so that its identity tells the cell it is from."""
    match value:
        case str():
            return "".join([*value])
        case int():
            return int(str(value))
        case dt.date():
            return dt.date(value.year, value.month, value.day)
    return value


def make(seed: int = 1, *, unique: bool = False) -> Nation:
    """Register → table → rows."""
    maker = _Maker(seed, unique)
    maker.residents()
    maker.family()
    maker.records()
    maker.petitions()
    maker.ledger()
    maker.post()
    maker.consents()
    return maker.nation


def consents(seed: int = 1) -> Table:
    """Who consented to what: of all that could be asked about some, for each agency that asks; some of it no longer holds."""
    some = Random(seed)
    found: Table = []
    for number, caller, (record, item) in product(range(RESIDENTS), CALLERS, fields()):
        if some.random() < 0.4:
            since, until = (TODAY - dt.timedelta(some.choice((0, 9))), TODAY + dt.timedelta(some.choice((-1, 0, 9))))
            purpose = PURPOSE if some.random() < 0.9 else "own-records"
            found.append(
                {"rrn": rrn(number), "agency": caller.agency, "purpose": purpose, "item": f"{record}.{item.name}", "since": since,
                 "until": until, "revoked": some.random() < 0.1}
            )  # fmt: skip
    return found


def table_of(nation: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]], record: str) -> Sequence[Mapping[str, Any]]:
    kind = CATALOGUE.records[record]
    return nation[kind.source][kind.table]


def links() -> list[tuple[str, LinkField]]:
    """Every link with the name of the record that has it."""
    return [(r.name, f) for r in CATALOGUE.records.values() for f in r.fields.values() if isinstance(f, LinkField)]


def fields() -> list[tuple[str, Field]]:
    return [(r.name, f) for r in CATALOGUE.records.values() for f in r.fields.values()]


def columns() -> list[tuple[str, ColumnField]]:
    return [(r.name, f) for r in CATALOGUE.records.values() for f in r.fields.values() if isinstance(f, ColumnField)]


EVERYTHING = """query Everything { residents(first: 14) { totalCount pageInfo { startCursor endCursor } edges { cursor node {
  id name sex birthDate age address passports { kind issuedOn } borderCrossings { port crossedOn } taxCertificates { year }
  businesses { kind } localTaxes { year } healthInsurance { kind } pension { kind } employments { workplace } vehicles { model }
  buildings { use } militaryService { rank } disability { kind } drivingLicence { class } petitions { service }
  birth { place father { id } mother { id } }
  letters { office } parcels { weight } parents { id name } children { id } spouse { id } marriage { status spouse { id } }
  household { id size head { id } members { id } moveIns { reason } livelihoodBenefits { kind }
    parcelsOfHead { office } } accessLog { number items { basis } } notices { ground } } } } }"""
