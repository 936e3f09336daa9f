"""The nation of the conformance cases: some of the sample's known residents, by their numbers, petitions and consents.

A text says which column it is from and whose it is, and so does a number, in its own way: the last two digits are the person's
place in `WHO`, and those before them the column's. So whatever turns up anywhere in an answer or a statement can be told.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from examples.korea.petitions import ITEMS
from schema.catalogue import Catalogue

DATA = Path(__file__).parents[2] / "examples/korea/data"
RRN: Mapping[str, str] = json.loads((DATA / "known_residents.json").read_text("utf-8"))
TODAY = dt.date(2026, 11, 30)

# who: household, district, born
WHO: Mapping[str, tuple[int | None, str, dt.date]] = {
    "citizen": (1, "11110", dt.date(1981, 3, 14)),
    "citizen-spouse": (1, "11110", dt.date(1983, 7, 2)),
    "citizen-daughter": (1, "11110", dt.date(2012, 5, 20)),
    "citizen-father": (2, "26350", dt.date(1952, 11, 3)),
    "protected": (3, "11110", dt.date(1990, 12, 1)),
    "protected-child": (3, "11110", dt.date(2017, 6, 6)),
    "unknown-residence": (4, "11110", dt.date(1991, 11, 2)),
    "unknown-residence-child": (4, "11110", dt.date(2018, 4, 16)),
    "guardian": (5, "11680", dt.date(1986, 8, 21)),
    "ward": (6, "11110", dt.date(2014, 10, 30)),
    "guardian-mother": (6, "11110", dt.date(1957, 4, 4)),
    "sealed-birth": (7, "11110", dt.date(2001, 3, 9)),
    "unrecorded-birth": (8, "11110", dt.date(1958, 6, 25)),
    "haeundae": (9, "26350", dt.date(1997, 2, 28)),
    "poor": (10, "11110", dt.date(1949, 3, 3)),
    "lost-passport": (11, "11110", dt.date(1994, 1, 31)),
    "leapling": (12, "11110", dt.date(2004, 2, 29)),
}
PARENTS = {
    "citizen-daughter": ("citizen", "citizen-spouse"),
    "citizen": ("citizen-father",),
    "protected-child": ("protected",),
    "unknown-residence-child": ("unknown-residence",),
    "ward": ("guardian",),
    "guardian": ("guardian-mother",),
    "sealed-birth": ("haeundae",),
    "unrecorded-birth": ("citizen-father",),
}
"""Who has parental authority while the child is a minor, too."""

PETITIONS = (
    {"number": "2026-00061", "agency": "jongno", "service": "change-of-address", "resident": "haeundae",
     "opened": "2026-11-02", "closed": None},
    {"number": "2026-00099", "agency": "jongno", "service": "basic-livelihood-benefit", "resident": "citizen",
     "opened": "2026-12-01", "closed": None},
)  # fmt: skip
"""Besides the sample's: somebody moves in from another district, and a case that is not open yet."""

Tables = dict[str, list[dict[str, Any]]]


class _Maker:
    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.nation: dict[str, Tables] = {r: {t: [] for t in catalogue.tables(r)} for r in catalogue.registers}
        self.ids = count(7_000_001)
        self.columns: dict[tuple[str, str, str], int] = {}

    def row(self, source: str, table: str, who: str, **known: Any) -> None:
        row = dict(known)
        for column, kind in self.catalogue.tables(source)[table].items():
            if column not in row:
                row[column] = self.value(source, table, column, kind, who)
        self.nation[source][table].append(row)

    def value(self, source: str, table: str, column: str, kind: Any, who: str) -> Any:
        if column == "id":
            return next(self.ids)
        if isinstance(kind, tuple):
            return kind[0]
        if kind is bool:
            return False
        number = 100 * self.columns.setdefault((source, table, column), len(self.columns) + 1) + place(who)
        if kind is dt.date:
            return dt.date(2010, 1, 1) + dt.timedelta(days=number // 4)
        return 30_000_000 + number if kind is int else f"{table}.{column} of {who}"

    def person(self, who: str) -> None:
        home, district, born = WHO[who]
        address = None if who.startswith("unknown") else f"address of {home} {district} {who}"
        self.row(
            "mois", "resident", who, id=resident_id(who), rrn=RRN[who], household_id=household_id(home), district_code=district,
            birth_date=born, death_date=None, address=address, address_protected=who == "protected",
        )  # fmt: skip
        if first_of(home) == who:
            for year in (2020, 2024):
                moved = dt.date(year, 5, place(who) + 1)
                to = None if who.startswith("unknown") else f"address from {year} on of {who}"
                before = None if who.startswith("unknown") else f"address until {year} of {who}"
                self.row("mois", "move_in", who, household_id=household_id(home), date=moved, from_address=before, to_address=to)
            self.row(
                "mois", "household", who, id=household_id(home), head_id=resident_id(who), district_code=district,
                size=sizes(home), address=address,
            )  # fmt: skip
            for kind in ("HOUSING", "LIVELIHOOD"):
                self.row("mohw_livelihood", "livelihood_benefit", who, head_rrn=RRN[who], kind=kind)

    def family(self, who: str) -> None:
        parents = PARENTS.get(who, ())
        if not who.startswith("unrecorded"):
            named = [RRN[parent] for parent in parents]
            self.row(
                "scourt", "birth", who, rrn=RRN[who], sealed=who == "sealed-birth", father_rrn=named[0] if named else None,
                mother_rrn=named[1] if len(named) > 1 else None,
            )  # fmt: skip
        for parent in parents:
            self.row("scourt", "family_relation", who, rrn=RRN[who], relation="PARENT", relative_rrn=RRN[parent])
            self.row("scourt", "family_relation", who, rrn=RRN[parent], relation="CHILD", relative_rrn=RRN[who], custody=True)

    def records(self, who: str) -> None:
        rrn = RRN[who]
        for status, year in (("VALID", 2024), ("EXPIRED", 2014)):
            number = f"M{place(who):02}{year}00"
            issued = dt.date(year, 3, place(who) + 1)
            self.row("mofa", "passport", who, rrn=rrn, number=number, status=status, issued_on=issued)
            for crossed in (dt.date(2026, 9, place(who) + 1), dt.date(2023, 9, place(who) + 1), dt.date(2015, 9, place(who) + 1)):
                if crossed.year >= year:
                    self.row("moj", "border_crossing", who, passport_number=number, crossed_on=crossed)
        for year in (2025, 2024, 2022, 2019):
            self.row("nts", "tax_certificate", who, rrn=rrn, year=year, income=year * 10_000 + 1_000_000 * place(who) + 7)
            self.row("localtax", "local_tax", who, rrn=rrn, year=year)
        # Of the three whose pensions are looked at, one draws little.
        benefit = 60_000 + place(who) if who == "citizen-daughter" else 700_000 + place(who)
        self.row("nps", "pension", who, rrn=rrn, benefit=benefit)
        self.row("nts", "business", who, rrn=rrn, status="CLOSED" if who == "citizen-spouse" else "ACTIVE")
        self.row("police", "driving_licence", who, rrn=rrn, status="REVOKED" if who == "poor" else "VALID")
        for source, table in (("moel", "employment"), ("mma", "military_service"), ("mohw_disability", "disability")):
            self.row(source, table, who, rrn=rrn)
        self.row("molit_vehicles", "vehicle", who, owner_rrn=rrn, base_address=None if "unknown" in who else f"base of {who}")
        self.row("molit_buildings", "building", who, owner_rrn=rrn, pnu=f"{WHO[who][1]}-parcel of {who}")
        self.row("nhis", "member_crosswalk", who, rrn=rrn, member_number=f"N{place(who):07}")
        self.row("nhis", "health_insurance", who, member_number=f"N{place(who):07}")


def place(who: str) -> int:
    return list(WHO).index(who)


def resident_id(who: str) -> int:
    return 5_000_000 + place(who)


def household_id(home: int | None) -> int | None:
    return None if home is None else 6_000_000 + home


def first_of(home: int | None) -> str:
    return next(who for who, (household, _, _) in WHO.items() if household == home)


def sizes(home: int | None) -> int:
    return sum(household == home for household, _, _ in WHO.values())


def make(catalogue: Catalogue) -> dict[str, Tables]:
    """The registers' rows."""
    maker = _Maker(catalogue)
    for who in WHO:
        maker.person(who)
        maker.family(who)
        maker.records(who)
    known = json.loads((DATA / "known_petitions.json").read_text("utf-8"))
    for petition in (*known, *PETITIONS):
        if petition["resident"] in WHO:
            maker.row(
                "petitions", "petition", petition["resident"], number=petition["number"], agency=petition["agency"],
                service=petition["service"], resident_rrn=RRN[petition["resident"]], opened_on=_day(petition["opened"]),
                closed_on=_day(petition["closed"]),
            )  # fmt: skip
    return maker.nation


def consents() -> list[dict[str, Any]]:
    """The sample's, one row for an item."""
    known = json.loads((DATA / "known_consents.json").read_text("utf-8"))
    return [
        {"rrn": RRN[each["resident"]], "agency": each["agency"], "purpose": each["purpose"], "item": item,
         "since": _day(each["since"]), "until": _day(each["until"]), "revoked": each["revoked"]}
        for each in known if each["resident"] in WHO for item in ITEMS[each["purpose"]]
    ]  # fmt: skip


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
