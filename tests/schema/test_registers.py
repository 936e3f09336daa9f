"""The seventeen registers declare the graph that was agreed: every coordinate, its type, and the column or join behind it.

`GRAPH` is written by hand. A coordinate that appears, goes or changes its meaning changes it here too, for all to see.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterable, Iterator
from datetime import date
from enum import Enum
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from schema import nts, petitions, scourt
from schema.catalogue import Catalogue, ColumnField, DeclarationError, DerivedField, Field, IdField, LinkField
from schema.naming import strip_none

HOLDERS = {
    "mois": "mois",
    "scourt": "scourt",
    "mofa": "mofa",
    "moj": "moj",
    "nts": "nts",
    "localtax": "localtax",
    "nhis": "nhis",
    "nps": "nps",
    "moel": "moel",
    "molit_vehicles": "molit",
    "molit_buildings": "molit",
    "mma": "mma",
    "mohw_disability": "mohw",
    "mohw_livelihood": "mohw",
    "police": "police",
    "petitions": "saeol",
    "ledger": "mois",
    "consents": "mois",
    "events": "mois",
}
DDL = Path(__file__).parents[2] / "examples" / "korea" / "ddl"
WITH_TABLES = [register for register in HOLDERS if register not in ("ledger", "consents", "events")]
"""The ledger is made of what the gateway wrote, and has no tables; those of events are the gateway's own."""

GRAPH = {
    "mois": """
        Resident.id: ID = id
        Resident.rrn: str = rrn
        Resident.name: str = name, sortable
        Resident.sex: Sex = sex
        Resident.birthDate: date = birth_date, sortable
        Resident.deathDate: date = death_date
        Resident.status: ResidentStatus = status
        Resident.relationToHead: RelationToHead = relation_to_head
        Resident.address: str = address
        Resident.addressProtected: bool = address_protected
        Resident.districtCode: str = district_code, sortable
        Resident.movedInOn: date = moved_in_on, sortable
        Resident.household: Household = household_id → id
        Resident.age: int = years_since(birth_date, today)
        Resident.isAdult: bool = reached_age(birth_date, 19, today)
        Household.id: ID = id
        Household.head: Resident = head_id → id
        Household.members: [Resident] = id → household_id, by birth_date
        Household.size: int = size
        Household.address: str = address
        Household.districtCode: str = district_code
        Household.moveIns: [MoveIn] = id → household_id, by -date
        MoveIn.date: date = date, sortable
        MoveIn.fromAddress: str = from_address
        MoveIn.toAddress: str = to_address
        MoveIn.reason: MoveReason = reason
    """,
    "scourt": """
        Resident.birth: BirthRecord = rrn → rrn
        Resident.parents: [Resident] = rrn → scourt.family_relation(rrn, relative_rrn; relation=PARENT) → rrn, by birth_date
        Resident.guardians: [Resident] = rrn → scourt.family_relation(relative_rrn, rrn; relation=CHILD; custody=True) → rrn, by birth_date
        Resident.children: [Resident] = rrn → scourt.family_relation(rrn, relative_rrn; relation=CHILD) → rrn, by birth_date
        Resident.spouse: Resident = rrn → scourt.family_relation(rrn, relative_rrn; relation=SPOUSE) → rrn
        Resident.marriage: Marriage = rrn → rrn
        BirthRecord.registeredOn: date = registered_on, sortable
        BirthRecord.place: str = place
        BirthRecord.sealed: bool = sealed
        BirthRecord.father: Resident = father_rrn → rrn
        BirthRecord.mother: Resident = mother_rrn → rrn
        Marriage.marriedOn: date = married_on, sortable
        Marriage.status: MarriageStatus = status
        Marriage.spouse: Resident = spouse_rrn → rrn
    """,  # noqa: E501
    "mofa": """
        Resident.passports: [Passport] = rrn → rrn, by -issued_on
        Passport.number: str = number, sortable
        Passport.kind: PassportKind = kind
        Passport.issuedOn: date = issued_on, sortable
        Passport.expiresOn: date = expires_on, sortable
        Passport.romanizedName: str = romanized_name
        Passport.status: PassportStatus = status
    """,
    "moj": """
        Resident.borderCrossings: [BorderCrossing] = rrn → mofa.passport(rrn, number) → passport_number, by -crossed_on
        BorderCrossing.direction: CrossingDirection = direction
        BorderCrossing.crossedOn: date = crossed_on, sortable
        BorderCrossing.port: str = port
    """,
    "nts": """
        Resident.taxCertificates: [TaxCertificate] = rrn → rrn, by -year
        Resident.businesses: [Business] = rrn → rrn, by -opened_on
        TaxCertificate.year: int = year, sortable
        TaxCertificate.income: BigInt = income, sortable
        TaxCertificate.taxPaid: BigInt = tax_paid
        TaxCertificate.arrears: BigInt = arrears
        TaxCertificate.incomeAtMost(amount: BigInt): bool = at_most(income, amount)
        Business.number: str = number, sortable
        Business.kind: str = kind
        Business.openedOn: date = opened_on, sortable
        Business.closedOn: date = closed_on
        Business.status: BusinessStatus = status
    """,
    "localtax": """
        Resident.localTaxes: [LocalTax] = rrn → rrn, by -year
        LocalTax.item: LocalTaxItem = item
        LocalTax.year: int = year, sortable
        LocalTax.amount: BigInt = amount, sortable
        LocalTax.arrears: BigInt = arrears
    """,
    "nhis": """
        Resident.healthInsurance: HealthInsurance = rrn → nhis.member_crosswalk(rrn, member_number) → member_number
        HealthInsurance.kind: InsuranceKind = kind
        HealthInsurance.workplace: str = workplace
        HealthInsurance.acquiredOn: date = acquired_on, sortable
        HealthInsurance.monthlyPremium: BigInt = monthly_premium
        HealthInsurance.dependants: int = dependants
    """,
    "nps": """
        Resident.pension: Pension = rrn → rrn
        Pension.kind: PensionKind = kind
        Pension.monthsPaid: int = months_paid
        Pension.monthlyIncome: BigInt = monthly_income
        Pension.benefit: BigInt = benefit
    """,
    "moel": """
        Resident.employments: [Employment] = rrn → rrn, by -acquired_on
        Employment.workplace: str = workplace
        Employment.acquiredOn: date = acquired_on, sortable
        Employment.lostOn: date = lost_on
        Employment.weeklyHours: int = weekly_hours
    """,
    "molit_vehicles": """
        Resident.vehicles: [Vehicle] = rrn → owner_rrn, by plate
        Vehicle.plate: str = plate, sortable
        Vehicle.vin: str = vin
        Vehicle.model: str = model
        Vehicle.year: int = year, sortable
        Vehicle.baseAddress: str = base_address
        Vehicle.liens: int = liens
    """,
    "molit_buildings": """
        Resident.buildings: [Building] = rrn → owner_rrn, by pnu
        Building.pnu: str = pnu, sortable
        Building.use: str = use
        Building.area: int = area, sortable
        Building.approvedOn: date = approved_on, sortable
        Building.officialPrice: BigInt = official_price
    """,
    "mma": """
        Resident.militaryService: MilitaryService = rrn → rrn
        MilitaryService.kind: MilitaryServiceKind = kind
        MilitaryService.enlistedOn: date = enlisted_on
        MilitaryService.dischargedOn: date = discharged_on
        MilitaryService.rank: str = rank
    """,
    "mohw_disability": """
        Resident.disability: Disability = rrn → rrn
        Disability.severity: DisabilitySeverity = severity
        Disability.kind: str = kind
        Disability.registeredOn: date = registered_on, sortable
        Disability.reassessOn: date = reassess_on
    """,
    "mohw_livelihood": """
        Household.livelihoodBenefits: [LivelihoodBenefit] = head_id → mois.resident(id, rrn) → head_rrn, by -started_on
        LivelihoodBenefit.kind: BenefitKind = kind
        LivelihoodBenefit.startedOn: date = started_on, sortable
        LivelihoodBenefit.nearPoor: bool = near_poor
    """,
    "police": """
        Resident.drivingLicence: DrivingLicence = rrn → rrn
        DrivingLicence.number: str = number, sortable
        DrivingLicence.class: LicenceClass = licence_class
        DrivingLicence.issuedOn: date = issued_on, sortable
        DrivingLicence.renewBy: date = renew_by, sortable
        DrivingLicence.status: LicenceStatus = status
    """,
    "petitions": """
        Resident.petitions: [Petition] = rrn → resident_rrn, by -opened_on
        Petition.number: str = number
        Petition.agency: str = agency
        Petition.service: str = service
        Petition.openedOn: date = opened_on, sortable
        Petition.closedOn: date = closed_on
    """,
    "consents": """
        Resident.consents: [Consent] = rrn → rrn, by -since
        Consent.id: ID = id
        Consent.agency: str = agency
        Consent.purpose: str = purpose
        Consent.item: str = item
        Consent.since: date = since, sortable
        Consent.until: date = until, sortable
        Consent.revoked: bool = revoked
    """,
    "ledger": """
        Resident.accessLog(after: number <, since: at >=, agency: agency =): [Access] = rrn → subject, by -number, paged
        Resident.notices: [Notice] = rrn → subject, by -number
        AccessItem.coordinate: str = coordinate
        AccessItem.titleKo: str = title_ko
        AccessItem.titleEn: str = title_en
        AccessItem.mask: str = mask
        AccessItem.basis: str = basis
        AccessItem.rule: str = rule
        AccessItem.consent: bool = consent
        AccessItem.ground: str = ground
        Access.number: BigInt = number
        Access.at: DateTime = at
        Access.agency: str = agency
        Access.agencyKo: str = agency_ko
        Access.agencyEn: str = agency_en
        Access.role: str = role
        Access.roleKo: str = role_ko
        Access.roleEn: str = role_en
        Access.purpose: str = purpose
        Access.purposeKo: str = purpose_ko
        Access.purposeEn: str = purpose_en
        Access.caseNumber: str = case_number
        Access.citizen: bool = by_citizen
        Access.items: [AccessItem] = id → access_id, by coordinate
        Notice.number: BigInt = number
        Notice.at: DateTime = at
        Notice.agency: str = agency
        Notice.agencyKo: str = agency_ko
        Notice.agencyEn: str = agency_en
        Notice.purpose: str = purpose
        Notice.purposeKo: str = purpose_ko
        Notice.purposeEn: str = purpose_en
        Notice.ground: str = ground
        Notice.due: date = due
        Notice.toldOn: date = told_on
        Notice.days: int = days
        Notice.items: [AccessItem] = id → notice_id, by coordinate
        CoordinateUse.number: BigInt = number
        CoordinateUse.day: date = day
        CoordinateUse.agency: str = agency
        CoordinateUse.agencyKo: str = agency_ko
        CoordinateUse.agencyEn: str = agency_en
        CoordinateUse.purpose: str = purpose
        CoordinateUse.purposeKo: str = purpose_ko
        CoordinateUse.purposeEn: str = purpose_en
        CoordinateUse.coordinate: str = coordinate
        CoordinateUse.titleKo: str = title_ko
        CoordinateUse.titleEn: str = title_en
        CoordinateUse.mask: str = mask
        CoordinateUse.operations: BigInt = operations
        CoordinateUse.residents: BigInt = residents
        HolderAccess.number: BigInt = number
        HolderAccess.at: DateTime = at
        HolderAccess.agency: str = agency
        HolderAccess.agencyKo: str = agency_ko
        HolderAccess.agencyEn: str = agency_en
        HolderAccess.role: str = role
        HolderAccess.officer: str = officer
        HolderAccess.purpose: str = purpose
        HolderAccess.purposeKo: str = purpose_ko
        HolderAccess.purposeEn: str = purpose_en
        HolderAccess.caseNumber: str = case_number
        HolderAccess.residents: int = residents
        HolderAccess.items: [AccessItem] = id → holder_access_id, by coordinate
        Holder.id: ID = id
        Holder.agency: str = agency
        Holder.uses(after: number <, since: day >=, until: day <=, agency: agency =, purpose: purpose =,
            coordinate: coordinate =): [CoordinateUse] = agency → holder, by -number, paged
        Holder.accesses(after: number <, since: at >=, agency: agency =, purpose: purpose =):
            [HolderAccess] = agency → holder, by -number, paged
        SharingStatistic.id: ID = id
        SharingStatistic.month: date = month, sortable
        SharingStatistic.purpose: str = purpose, sortable
        SharingStatistic.purposeKo: str = purpose_ko
        SharingStatistic.purposeEn: str = purpose_en
        SharingStatistic.coordinate: str = coordinate, sortable
        SharingStatistic.titleKo: str = title_ko
        SharingStatistic.titleEn: str = title_en
        SharingStatistic.mask: str = mask
        SharingStatistic.basis: str = basis
        SharingStatistic.operations: BigInt = operations
        SharingStatistic.residents: BigInt = residents
    """,
    "events": """
        Event.sequence: BigInt = sequence
        Event.kind: EventKind = kind
        Event.at: DateTime = at
        Event.register: str = register
        Event.resident: Resident = rrn → rrn
    """,
}

RECORDS = {
    "Resident": "mois.resident by id",
    "Household": "mois.household by id",
    "MoveIn": "mois.move_in by id",
    "BirthRecord": "scourt.birth by rrn",
    "Marriage": "scourt.marriage by id",
    "Passport": "mofa.passport by id",
    "BorderCrossing": "moj.border_crossing by id",
    "TaxCertificate": "nts.tax_certificate by id",
    "Business": "nts.business by id",
    "LocalTax": "localtax.local_tax by id",
    "HealthInsurance": "nhis.health_insurance by member_number",
    "Pension": "nps.pension by rrn",
    "Employment": "moel.employment by id",
    "Vehicle": "molit_vehicles.vehicle by id",
    "Building": "molit_buildings.building by id",
    "MilitaryService": "mma.military_service by rrn",
    "Disability": "mohw_disability.disability by rrn",
    "LivelihoodBenefit": "mohw_livelihood.livelihood_benefit by id",
    "DrivingLicence": "police.driving_licence by rrn",
    "Petition": "petitions.petition by id",
    "AccessItem": "ledger.access_item by id",
    "Access": "ledger.access by id",
    "Notice": "ledger.notice by id",
    "CoordinateUse": "ledger.use by id",
    "HolderAccess": "ledger.holder_access by id",
    "Holder": "ledger.holder by agency",
    "SharingStatistic": "ledger.statistic by id",
    "Consent": "consents.consent by id",
    "Event": "events.event by id",
}


COUNTS = {
    "Access.number", "Notice.number", "HolderAccess.number", "CoordinateUse.number", "CoordinateUse.operations",
    "CoordinateUse.residents", "SharingStatistic.operations", "SharingStatistic.residents", "Event.sequence",
}  # fmt: skip
"""Whole numbers that may grow large and are no money."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(f"schema.{register}" for register in HOLDERS)


def test_registers_and_holders(catalogue: Catalogue) -> None:
    assert {register.name: register.holder for register in catalogue.registers.values()} == HOLDERS


def test_records_and_their_tables(catalogue: Catalogue) -> None:
    assert {r.name: f"{r.source}.{r.table} by {r.key}" for r in catalogue.records.values()} == RECORDS


@pytest.mark.parametrize("register", HOLDERS)
def test_every_coordinate_is_as_agreed(register: str) -> None:
    """Loaded with resident registration alone, a register adds what is its own: its file needs no other."""
    alone, before = {"schema.mois", f"schema.{register}"}, {"schema.mois"} if register != "mois" else set()
    declared = {written(field) for field in fields_of(alone)} - {written(field) for field in fields_of(before)}
    assert declared == set(lines_of(register))
    assert {field.holder for field in fields_of(alone) if written(field) in declared} == {HOLDERS[register]}


def fields_of(modules: Iterable[str]) -> list[Field]:
    return [field for record in Catalogue.load(sorted(modules)).records.values() for field in record.fields.values()]


def lines_of(register: str) -> list[str]:
    """The lines of `GRAPH`; what is indented further belongs to the line above."""
    return [line.strip() for line in re.sub(r"\n {9,}", " ", GRAPH[register]).strip().splitlines()]


def test_a_coordinate_belongs_to_the_holder_whose_register_declares_it(catalogue: Catalogue) -> None:
    expected = {re.split(r"[(:]", line)[0]: HOLDERS[register] for register in GRAPH for line in lines_of(register)}
    counted = {"ResidentConnection.totalCount": "mois", "SharingStatisticConnection.totalCount": "mois"}
    reported = {
        "Mutation.reportMoveIn": "mois", "Mutation.registerBirth": "scourt", "RegisterBirthReported.rrn": "scourt",
        "Mutation.giveConsent": "mois", "Mutation.revokeConsent": "mois",
    }  # fmt: skip
    assert catalogue.coordinates() == {**expected, **counted, **reported}


def test_every_record_and_field_is_described(catalogue: Catalogue) -> None:
    for record in catalogue.records.values():
        assert "Holder: " in record.description, f"{record.name} does not name its holder"
        for field in record.fields.values():
            assert field.description.endswith("."), f"{field.coordinate} is not described in a sentence: {field.description!r}"


def test_every_amount_of_money_says_its_unit(catalogue: Catalogue) -> None:
    large = [f for r in catalogue.records.values() for f in r.fields.values() if type_name(f) == "BigInt"]
    amounts = [field for field in large if field.coordinate not in COUNTS]
    assert {field.coordinate for field in large} >= COUNTS
    assert len(amounts) == 9
    for field in amounts:
        assert "won" in field.description, f"{field.coordinate} is an amount of money in no currency"


def test_every_enumeration_is_described_and_named_once(catalogue: Catalogue) -> None:
    enums = set(all_enums(catalogue))
    assert len({e.__name__ for e in enums}) == len(enums)
    for enum in enums:
        description = inspect.getdoc(enum)
        assert description, enum
        assert description != inspect.getdoc(Enum), f"{enum.__name__} only has the description of `Enum` itself"
        assert all(member.name == member.value for member in enum), f"{enum.__name__}: the graph's names are the table's values"


def test_every_register_but_the_ledger_has_tables_in_the_sample() -> None:
    assert {path.stem for path in DDL.glob("*.sql")} == set(WITH_TABLES)


@pytest.mark.parametrize("register", WITH_TABLES)
def test_the_sample_nations_tables_have_what_the_register_declares(register: str, catalogue: Catalogue) -> None:
    """Type by type, value by value; whatever orders a list is never null there."""
    real = tables_of(register)
    for table, columns in catalogue.tables(register).items():
        for column, kind in columns.items():
            assert column in real[table], f"{register}.{table} has no column `{column}`"
            if not (table == "family_relation" and column == "relation"):  # a constant of the schema, not a field
                assert real[table][column].kind == kind, f"{register}.{table}.{column}"
    for record in catalogue.records.values():
        if record.source == register:
            for field in record.sortable():
                assert real[record.table][field.column].never_null, f"{field.coordinate} orders lists, so it may not be null"
            assert real[record.table][record.key].never_null


def test_cases_are_told_by_petitions_and_guardians_by_the_family_register(catalogue: Catalogue) -> None:
    """Their columns are among the source's tables, with their types."""
    cases, guardianship = catalogue.cases, catalogue.guardianship
    assert cases is not None
    assert guardianship is not None
    assert cases.record.__name__ == "Petition"
    assert catalogue.tables("petitions")["petition"] == {
        "id": int, "number": str, "agency": str, "service": str, "resident_rrn": str, "opened_on": date, "closed_on": date,
    }  # fmt: skip
    assert guardianship.through.where == (("relation", "CHILD"), ("custody", True))
    assert (guardianship.child.__name__, guardianship.birth_date, guardianship.majority) == ("Resident", "birth_date", 19)
    assert catalogue.tables("scourt")["family_relation"] == {
        "rrn": str, "relative_rrn": str, "relation": str, "custody": bool,
    }  # fmt: skip


def test_without_their_registers_there_are_no_cases_and_no_guardians() -> None:
    catalogue = Catalogue.load(["schema.mois", "schema.nts"])
    assert (catalogue.cases, catalogue.guardianship) == (None, None)


@pytest.mark.parametrize("name", ["CASES", "GUARDIANSHIP"])
def test_two_registers_cannot_both_tell_of_cases_or_guardians(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exported = {"CASES": petitions.CASES, "GUARDIANSHIP": scourt.GUARDIANSHIP}
    monkeypatch.setattr(nts, name, exported[name], raising=False)
    with pytest.raises(DeclarationError, match=f"`{name}` is exported by `schema.\\w+` and `schema.\\w+`"):
        Catalogue.load(f"schema.{register}" for register in HOLDERS)


@pytest.mark.parametrize(
    ("register", "table", "columns"),
    [
        ("mois", "resident", {"address"}),
        ("mois", "household", {"address"}),
        ("mois", "move_in", {"from_address", "to_address"}),
        ("molit_vehicles", "vehicle", {"base_address"}),
    ],
)
def test_an_address_can_be_absent(register: str, table: str, columns: set[str]) -> None:
    """Else nothing would look like one that is withheld."""
    found = tables_of(register)[table]
    assert {column for column in found if column.endswith("address") and not found[column].never_null} == columns


class Real(typing.NamedTuple):
    """A column as the database has it."""

    kind: type | tuple[str, ...]
    never_null: bool


def tables_of(register: str) -> dict[str, dict[str, Real]]:
    statements = sqlglot.parse((DDL / f"{register}.sql").read_text(), read="postgres")
    creations = [s for s in statements if isinstance(s, exp.Create) and s.kind == "TABLE"]
    assert creations, f"{register} has no tables"
    return {
        create.this.this.name: {column.name: real(column) for column in create.find_all(exp.ColumnDef)} for create in creations
    }


def real(column: exp.ColumnDef) -> Real:
    types: dict[str, type] = {"TEXT": str, "BIGINT": int, "BOOLEAN": bool, "DATE": date}
    kind: type | tuple[str, ...] = types[column.args["kind"].sql("postgres")]
    never_null = False
    for constraint in (c.kind for c in column.constraints):
        if isinstance(constraint, exp.NotNullColumnConstraint):
            never_null = True
        elif isinstance(constraint, exp.CheckColumnConstraint) and isinstance(constraint.this, exp.In):
            kind = tuple(value.name for value in constraint.this.expressions)
    return Real(kind, never_null)


def type_name(field: Field) -> str:
    if isinstance(field, IdField):
        return "ID"
    if isinstance(field, LinkField):
        return f"[{field.target}]" if field.many else field.target
    return str(strip_none(field.annotation).__name__)


def written(field: Field) -> str:
    """A field as a line of `GRAPH`."""
    arguments = ""
    match field:
        case ColumnField():
            meaning = field.column + (", sortable" if field.sortable else "")
        case IdField():
            meaning = field.column
        case DerivedField():
            inputs = [str(a) if isinstance(a, int) else getattr(a, "name", "today") for a in field.expression.args]
            meaning = f"{field.expression.function}({', '.join([field.expression.column, *inputs])})"
            hints = typing.get_type_hints(field.function)
            asked = [f"{name}: {hint.__name__}" for name, hint in hints.items() if name != "return"]
            arguments = f"({', '.join(asked)})" if asked else ""
        case LinkField():
            hops = [f"{h.source}.{h.table}({h.key}, {h.value}{''.join(f'; {n}={v}' for n, v in h.where)})" for h in field.through]
            meaning = " → ".join([field.start, *hops, field.end]) + (f", by {field.order}" if field.order else "")
            meaning += ", paged" if field.paged else ""
            filters = [f"{f.name}: {f.target.name} {f.operator}" for f in field.filters.values()]
            arguments = f"({', '.join(filters)})" if filters else ""
    return f"{field.coordinate}{arguments}: {type_name(field)} = {meaning}"


def all_enums(catalogue: Catalogue) -> Iterator[type[Enum]]:
    for record in catalogue.records.values():
        for field in record.fields.values():
            kind = strip_none(field.annotation)
            if isinstance(kind, type) and issubclass(kind, Enum):
                yield kind
