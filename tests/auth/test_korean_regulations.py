"""The regulations of the sample nation, all sixteen, as a legal officer would check them: who sees what, for what.

`GRANTED` says it in full, for every persona and purpose: whatever is not there is withheld. The tests after it hold what must be
true whoever asks: of every agency, role, purpose and case that the parties' and purposes' files declare, wanted or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from auth.access import Access, AccessRequest, Caller, Decision, OfSubject, Reason, Use, Verdict
from auth.authorizer import RegulationAuthorizer
from auth.rules import Coordinate
from madang.coordinates import coordinates as coordinates_of
from schema.catalogue import Catalogue

DIRECTORY = Path(__file__).parents[2] / "auth" / "regulations"
REGISTERS = (
    "mois", "scourt", "mofa", "moj", "nts", "localtax", "nhis", "nps", "moel", "molit_vehicles", "molit_buildings", "mma",
    "mohw_disability", "mohw_livelihood", "police", "petitions",
)  # fmt: skip
DAY = date(2026, 6, 1)
CASE = "2026-00017"

PERSONAS = {
    "passport-officer": Caller("mofa", "passport-officer", "officer"),
    "resident-clerk": Caller("jongno", "resident-clerk", "officer", jurisdiction="11110"),
    "welfare-officer": Caller("jongno", "welfare-officer", "officer", jurisdiction="11110"),
    "licence-officer": Caller("police", "licence-officer", "officer"),
    "tax-officer": Caller("nts", "tax-officer", "officer"),
    "citizen": Caller("citizen-portal", "citizen", "citizen", rrn="0000000000000"),
    "analyst": Caller("kostat", "analyst", "analyst"),
}

PURPOSES = {
    "passport-officer": ("passport-renewal",),
    "resident-clerk": ("birth-certificate", "change-of-address"),
    "welfare-officer": ("basic-livelihood-benefit",),
    "licence-officer": ("driving-licence-renewal",),
    "tax-officer": ("income-tax-assessment",),
    "citizen": ("own-records",),
    "analyst": ("statistics",),
}

# persona, purpose, with or without a case, access: whose → what, to read and (after "search") to search by.
GRANTED: dict[tuple[str, str, str | None, Access], str] = {
    ("passport-officer", "passport-renewal", None, "lookup"): """
        anybody: Resident id rrn name sex birthDate deathDate status relationToHead address districtCode household age isAdult
        anybody: Resident birth parents children spouse passports borderCrossings militaryService drivingLicence
        anybody: Household id head members size
        anybody: BirthRecord registeredOn place father mother
        anybody: Passport number kind issuedOn expiresOn romanizedName status
        anybody: BorderCrossing direction crossedOn port
        anybody: MilitaryService kind enlistedOn dischargedOn
        anybody: DrivingLicence number status
        search anybody: Resident id rrn birthDate
        search anybody: Household id
        search anybody: Passport number issuedOn expiresOn
        search anybody: BorderCrossing crossedOn
    """,
    ("passport-officer", "passport-renewal", None, "list"): "",
    ("resident-clerk", "birth-certificate", None, "lookup"): """
        jurisdiction: Resident id deathDate status addressProtected age birth parents
        jurisdiction: BirthRecord registeredOn place father mother
        anybody: Resident rrn name sex birthDate
        jurisdiction: Resident petitions
        jurisdiction: Petition number agency service openedOn closedOn
        search jurisdiction: Resident id rrn
        search jurisdiction: Petition openedOn
    """,
    ("resident-clerk", "change-of-address", None, "lookup"): """
        jurisdiction: Resident id rrn name sex birthDate deathDate status relationToHead address addressProtected districtCode
        jurisdiction: Resident movedInOn household age isAdult parents children spouse vehicles buildings
        jurisdiction: Household id head members size address districtCode moveIns
        jurisdiction: MoveIn date fromAddress toAddress reason
        jurisdiction: Vehicle plate model baseAddress
        jurisdiction: Building pnu use approvedOn
        jurisdiction: Resident petitions
        jurisdiction: Petition number agency service openedOn closedOn
        search jurisdiction: Resident id rrn birthDate movedInOn
        search jurisdiction: Household id
        search jurisdiction: MoveIn date
        search jurisdiction: Vehicle plate
        search jurisdiction: Petition openedOn
    """,
    ("resident-clerk", "change-of-address", None, "list"): """
        jurisdiction: Resident id name sex birthDate status relationToHead address districtCode movedInOn household age
        jurisdiction: Resident vehicles buildings
        jurisdiction: ResidentConnection totalCount
        jurisdiction: Household id head members size address districtCode moveIns
        jurisdiction: MoveIn date fromAddress toAddress reason
        jurisdiction: Vehicle plate model baseAddress
        jurisdiction: Building pnu use approvedOn
        search jurisdiction: Resident id name sex birthDate status districtCode movedInOn age
        search jurisdiction: MoveIn date
        search jurisdiction: Vehicle plate
    """,
    ("welfare-officer", "basic-livelihood-benefit", None, "lookup"): """
        jurisdiction: Resident id rrn name sex birthDate deathDate status relationToHead address districtCode movedInOn household
        jurisdiction: Resident age isAdult taxCertificates healthInsurance
        jurisdiction: Household id head members size address districtCode livelihoodBenefits
        jurisdiction: TaxCertificate year incomeAtMost
        jurisdiction: HealthInsurance kind acquiredOn dependants
        jurisdiction: LivelihoodBenefit kind startedOn nearPoor
        jurisdiction: Resident petitions
        jurisdiction: Petition number agency service openedOn closedOn
        search jurisdiction: Resident id rrn birthDate
        search jurisdiction: Household id
        search jurisdiction: TaxCertificate year
        search jurisdiction: LivelihoodBenefit startedOn
        search jurisdiction: Petition openedOn
    """,
    ("welfare-officer", "basic-livelihood-benefit", CASE, "lookup"): """
        anybody: Resident name birthDate status districtCode age
        jurisdiction: Resident id rrn sex deathDate relationToHead address movedInOn household isAdult
        jurisdiction: Resident parents children spouse marriage
        jurisdiction: Resident borderCrossings taxCertificates businesses localTaxes healthInsurance pension employments
        jurisdiction: Resident vehicles buildings militaryService disability
        jurisdiction: Household id head members size address districtCode livelihoodBenefits
        jurisdiction: Marriage status
        jurisdiction: BorderCrossing direction crossedOn
        jurisdiction: TaxCertificate year income incomeAtMost
        jurisdiction: Business kind openedOn closedOn status
        jurisdiction: LocalTax item year amount
        jurisdiction: HealthInsurance kind workplace acquiredOn monthlyPremium dependants
        jurisdiction: Pension kind monthlyIncome benefit
        jurisdiction: Employment workplace acquiredOn lostOn weeklyHours
        jurisdiction: Vehicle plate model year liens
        jurisdiction: Building pnu use area officialPrice
        jurisdiction: MilitaryService kind enlistedOn dischargedOn
        jurisdiction: Disability severity kind registeredOn reassessOn
        jurisdiction: LivelihoodBenefit kind startedOn nearPoor
        jurisdiction: Resident petitions
        jurisdiction: Petition number agency service openedOn closedOn
        search jurisdiction: Resident id rrn birthDate
        search jurisdiction: Household id
        search jurisdiction: BorderCrossing crossedOn
        search jurisdiction: TaxCertificate year
        search jurisdiction: LocalTax year
        search jurisdiction: Employment acquiredOn
        search jurisdiction: Vehicle year
        search jurisdiction: LivelihoodBenefit startedOn
        search jurisdiction: Petition openedOn
    """,
    ("welfare-officer", "basic-livelihood-benefit", CASE, "list"): "",
    ("licence-officer", "driving-licence-renewal", None, "lookup"): """
        anybody: Resident id rrn name sex birthDate deathDate status address districtCode age disability drivingLicence
        anybody: Disability severity kind
        anybody: DrivingLicence number class issuedOn renewBy status
        search anybody: Resident id rrn
    """,
    ("tax-officer", "income-tax-assessment", None, "lookup"): "",
    ("tax-officer", "income-tax-assessment", CASE, "lookup"): """
        anybody: Resident id rrn name birthDate deathDate status relationToHead address household age
        anybody: Resident parents children spouse marriage
        anybody: Resident taxCertificates businesses healthInsurance pension buildings disability
        anybody: Household id head members size
        anybody: Marriage marriedOn status
        anybody: TaxCertificate year income taxPaid arrears incomeAtMost
        anybody: Business number kind openedOn closedOn status
        anybody: HealthInsurance kind monthlyPremium dependants
        anybody: Pension kind benefit
        anybody: Building pnu use area officialPrice
        anybody: Disability registeredOn
        search anybody: Resident id rrn
        search anybody: Household id
        search anybody: TaxCertificate year income
        search anybody: Business openedOn
    """,
    ("citizen", "own-records", None, "lookup"): """
        household or self: Resident id name sex birthDate status relationToHead address districtCode movedInOn
        household or self: Resident household age isAdult
        household or self: Household id head members size address districtCode moveIns livelihoodBenefits
        household or self: MoveIn date fromAddress toAddress reason
        household or self: LivelihoodBenefit kind startedOn nearPoor
        self: Resident rrn deathDate addressProtected birth parents children spouse marriage passports borderCrossings
        self: Resident taxCertificates businesses localTaxes healthInsurance pension employments vehicles buildings
        self: Resident militaryService disability drivingLicence
        self: BirthRecord registeredOn place father mother
        self: Marriage marriedOn status spouse
        self: Passport number kind issuedOn expiresOn romanizedName status
        self: BorderCrossing direction crossedOn port
        self: TaxCertificate year income taxPaid arrears incomeAtMost
        self: Business number kind openedOn closedOn status
        self: LocalTax item year amount arrears
        self: HealthInsurance kind workplace acquiredOn monthlyPremium dependants
        self: Pension kind monthsPaid monthlyIncome benefit
        self: Employment workplace acquiredOn lostOn weeklyHours
        self: Vehicle plate vin model year baseAddress liens
        self: Building pnu use area approvedOn officialPrice
        self: MilitaryService kind enlistedOn dischargedOn rank
        self: Disability severity kind registeredOn reassessOn
        self: DrivingLicence number class issuedOn renewBy status
        self: Resident petitions
        self: Petition number agency service openedOn closedOn
        search household or self: Resident id birthDate
        search household or self: Household id
        search household or self: MoveIn date
        search household or self: LivelihoodBenefit startedOn
        search self: Resident rrn
        search self: Passport number issuedOn expiresOn
        search self: BorderCrossing crossedOn
        search self: TaxCertificate year income
        search self: Business number openedOn
        search self: LocalTax year amount
        search self: Employment acquiredOn
        search self: Vehicle plate year
        search self: Building pnu area approvedOn
        search self: Petition openedOn
    """,
    ("citizen", "own-records", None, "list"): "",
    ("analyst", "statistics", None, "lookup"): "",
    ("analyst", "statistics", None, "list"): """
        anybody: Resident sex status districtCode age isAdult
        anybody: ResidentConnection totalCount
        search anybody: Resident id sex status districtCode age
    """,
}


@pytest.fixture(scope="module")
def coordinates() -> dict[str, Coordinate]:
    return coordinates_of(Catalogue.load(f"schema.{register}" for register in REGISTERS))


@pytest.fixture(scope="module")
def authorizer(coordinates: dict[str, Coordinate]) -> RegulationAuthorizer:
    return RegulationAuthorizer.load(DIRECTORY, coordinates, today=lambda: DAY)


def decide(
    authorizer: RegulationAuthorizer, caller: Caller, purpose: str | None, coordinate: str, *, case: str | None = None,
    access: Access = "lookup", use: Use = "read",
) -> Decision:  # fmt: skip
    return authorizer.profile(AccessRequest(caller, purpose, case)).decide(coordinate, access, use)


@pytest.mark.parametrize(("asked", "granted"), GRANTED.items(), ids=[" ".join(map(str, asked)) for asked in GRANTED])
def test_what_each_persona_is_granted(
    asked: tuple[str, str, str | None, Access], granted: str, authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]
) -> None:
    persona, purpose, case, access = asked
    profile = authorizer.profile(AccessRequest(PERSONAS[persona], purpose, case))
    uses: tuple[Use, Use] = ("read", "search")
    found = {}
    for use, coordinate in product(uses, coordinates):
        decision = profile.decide(coordinate, access, use)
        if decision.verdict is Verdict.PERMIT:
            found[use, coordinate] = " or ".join(sorted(whose(decision))) or "anybody"
    assert found == dict(written(granted))


def whose(decision: Decision) -> frozenset[str]:
    """The kinds of subject for whose rows something is granted; none if it does not depend on them."""
    kinds = [[each.kinds for each in grant.constraints if isinstance(each, OfSubject)] for grant in decision.grants]
    return frozenset().union(*(each[0] for each in kinds)) if all(kinds) else frozenset()


def written(granted: str) -> Iterator[tuple[tuple[Use, str], str]]:
    for line in granted.strip().splitlines():
        head, _, named = line.strip().partition(": ")
        use: Use = "search" if head.startswith("search ") else "read"
        record, *fields = named.split()
        for field in fields:
            yield (use, f"{record}.{field}"), head.removeprefix("search ")


def test_the_purposes_of_each_persona(authorizer: RegulationAuthorizer) -> None:
    assert {name: authorizer.purposes(caller) for name, caller in PERSONAS.items()} == PURPOSES


# ── Whoever asks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def everybody() -> Iterator[tuple[Caller, str | None, str | None]]:
    """Every agency, role, purpose (or none) and case (or none), whether or not a regulation thinks of them together."""
    parties = read("parties.yaml")
    purposes = [None, *read("purposes.yaml")["purposes"]]
    for agency, role, purpose, case in product(parties["agencies"], parties["roles"], purposes, (None, CASE)):
        yield Caller(agency, role, "officer"), purpose, case


def read(name: str) -> dict[str, Any]:
    content = yaml.safe_load((DIRECTORY / name).read_text())
    assert isinstance(content, dict)
    return content


def readers(authorizer: RegulationAuthorizer, coordinate: str) -> set[tuple[str, str, str | None, bool]]:
    """Agency, role, purpose and whether with a case: all who may read a coordinate, in a lookup or in a list."""
    accesses: tuple[Access, Access] = ("lookup", "list")
    return {
        (caller.agency, caller.role, purpose, case is not None)
        for (caller, purpose, case), access in product(everybody(), accesses)
        if decide(authorizer, caller, purpose, coordinate, case=case, access=access).verdict is Verdict.PERMIT
    }


def test_who_ever_reads_an_income(authorizer: RegulationAuthorizer) -> None:
    """Districts for a petition, the tax office for an assessment, and oneself; no other of all agencies, roles and purposes."""
    municipalities = read("parties.yaml")["groups"]["municipalities"]["agencies"]
    assert readers(authorizer, "TaxCertificate.income") == {
        *((agency, "welfare-officer", "basic-livelihood-benefit", True) for agency in municipalities),
        ("nts", "tax-officer", "income-tax-assessment", True),
        ("citizen-portal", "citizen", "own-records", False),
        ("citizen-portal", "citizen", "own-records", True),
    }


def test_income_is_secret_from_a_passport_officer_and_the_reason_says_by_what_law(authorizer: RegulationAuthorizer) -> None:
    for coordinate in ("Resident.taxCertificates", "TaxCertificate.income", "TaxCertificate.incomeAtMost"):
        decision = decide(authorizer, PERSONAS["passport-officer"], "passport-renewal", coordinate, case=CASE)
        assert (decision.verdict, decision.reason, decision.hidden) == (Verdict.DENY, Reason.PROHIBITED, False)
        assert [(str(rule), rule.basis) for rule in decision.rules] == [
            ("nts-national-tax/tax-secrecy", "Framework Act on National Taxes, art. 81-13(1)")
        ]


def test_who_ever_reads_a_disability(authorizer: RegulationAuthorizer) -> None:
    assert {(role, purpose) for _, role, purpose, _ in readers(authorizer, "Disability.kind")} == {
        ("licence-officer", "driving-licence-renewal"),
        ("welfare-officer", "basic-livelihood-benefit"),
        ("citizen", "own-records"),
    }


def test_to_all_but_the_registrar_and_oneself_the_protection_of_an_address_does_not_exist(
    authorizer: RegulationAuthorizer,
) -> None:
    knowing = {(agency, role) for agency, role, _, _ in readers(authorizer, "Resident.addressProtected")}
    municipalities = read("parties.yaml")["groups"]["municipalities"]["agencies"]
    assert knowing == {("citizen-portal", "citizen"), *((agency, "resident-clerk") for agency in municipalities)}
    for caller, purpose, case in everybody():
        hidden = (caller.agency, caller.role) not in knowing
        assert authorizer.hidden_from(caller) == ({"Resident.addressProtected"} if hidden else frozenset())
        assert decide(authorizer, caller, purpose, "Resident.addressProtected", case=case).hidden is hidden
        assert not hidden or "Resident.addressProtected" not in {each.coordinate for each in authorizer.grantable(caller)}


def test_without_a_purpose_nobody_sees_or_finds_anything(
    authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]
) -> None:
    for caller, purpose, case in everybody():
        if purpose is None:
            profile = authorizer.profile(AccessRequest(caller, None, case))
            for coordinate in coordinates:
                assert profile.decide(coordinate, "lookup", "read").verdict is Verdict.DENY
                assert profile.decide(coordinate, "list", "search").verdict is Verdict.DENY


def test_a_role_is_worth_nothing_in_another_agency(authorizer: RegulationAuthorizer) -> None:
    municipalities = read("parties.yaml")["groups"]["municipalities"]["agencies"]
    home = {
        "passport-officer": ["mofa"], "resident-clerk": municipalities, "welfare-officer": municipalities,
        "licence-officer": ["police"], "tax-officer": ["nts"], "citizen": ["citizen-portal"], "analyst": ["kostat"],
    }  # fmt: skip
    for caller, _, _ in everybody():
        assert bool(authorizer.purposes(caller)) is (caller.agency in home[caller.role]), caller


def test_a_district_finds_its_own_residents_alone(authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]) -> None:
    """Whatever a municipality searches by, with a case or without."""
    municipalities = read("parties.yaml")["groups"]["municipalities"]["agencies"]
    accesses: tuple[Access, Access] = ("lookup", "list")
    searches = 0
    for caller, purpose, case in everybody():
        if caller.agency not in municipalities:
            continue
        profile = authorizer.profile(AccessRequest(caller, purpose, case))
        for coordinate, access in product(coordinates, accesses):
            decision = profile.decide(coordinate, access, "search")
            if decision.verdict is Verdict.PERMIT:
                searches += 1
                assert whose(decision) == {"jurisdiction"}, coordinate
    assert searches


def test_a_citizen_reads_and_finds_nobody_outside_the_household(
    authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]
) -> None:
    profile = authorizer.profile(AccessRequest(PERSONAS["citizen"], "own-records"))
    uses: tuple[Use, Use] = ("read", "search")
    for coordinate, use in product(coordinates, uses):
        decision = profile.decide(coordinate, "lookup", use)
        if decision.verdict is Verdict.PERMIT:
            assert whose(decision)
            assert whose(decision) <= {"self", "household"}


def test_everything_the_registers_hold_of_oneself_is_ones_own_to_read(
    authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]
) -> None:
    profile = authorizer.profile(AccessRequest(PERSONAS["citizen"], "own-records"))
    withheld = {c for c in coordinates if profile.decide(c, "lookup", "read").verdict is Verdict.DENY}
    # That a court has sealed an entry is the court's to say.
    assert withheld == {"ResidentConnection.totalCount", "BirthRecord.sealed"}


def test_statistics_know_nobody(authorizer: RegulationAuthorizer) -> None:
    for coordinate in ("Resident.rrn", "Resident.name", "Resident.address"):
        uses: tuple[Use, Use] = ("read", "search")
        for use in uses:
            decision = decide(authorizer, PERSONAS["analyst"], "statistics", coordinate, access="list", use=use)
            assert decision.reason is Reason.PROHIBITED
    assert decide(authorizer, PERSONAS["analyst"], "statistics", "Resident.id", access="list").reason is Reason.NO_PERMISSION


# ── Why something is withheld ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("persona", "purpose", "coordinate", "reason", "rules"),
    [
        ("welfare-officer", "basic-livelihood-benefit", "TaxCertificate.income", Reason.NO_CASE,
         ["nts-national-tax/income-for-livelihood-benefit"]),
        ("welfare-officer", "basic-livelihood-benefit", "HealthInsurance.monthlyPremium", Reason.NO_CASE,
         ["nhis-health-insurance/premium-for-livelihood-benefit"]),
        ("welfare-officer", "basic-livelihood-benefit", "TaxCertificate.arrears", Reason.PROHIBITED,
         ["nts-national-tax/no-arrears-for-livelihood-benefit"]),
        ("welfare-officer", "basic-livelihood-benefit", "DrivingLicence.status", Reason.NO_PERMISSION, []),
        ("tax-officer", "income-tax-assessment", "TaxCertificate.income", Reason.NO_CASE,
         ["nts-national-tax/taxpayer-under-assessment"]),
        ("passport-officer", "passport-renewal", "Resident.movedInOn", Reason.NO_LONGER_VALID,
         ["mois-resident-registration/passport-delivery-by-post"]),
        ("passport-officer", "passport-renewal", "LivelihoodBenefit.kind", Reason.NOT_YET_VALID,
         ["mohw-livelihood-benefits/passport-fee-waiver"]),
        ("passport-officer", "passport-renewal", "MilitaryService.rank", Reason.NO_PERMISSION, []),
        ("licence-officer", "driving-licence-renewal", "Employment.workplace", Reason.NO_PERMISSION, []),
        ("licence-officer", "driving-licence-renewal", "HealthInsurance.kind", Reason.PROHIBITED,
         ["nhis-health-insurance/insurance-secrecy"]),
        ("resident-clerk", "birth-certificate", "Marriage.status", Reason.PROHIBITED,
         ["scourt-family-register/no-marriages-in-a-certificate-of-birth"]),
        ("resident-clerk", "passport-renewal", "Resident.name", Reason.NO_PERMISSION, []),
    ],
)  # fmt: skip
def test_why_it_is_withheld(
    persona: str, purpose: str, coordinate: str, reason: Reason, rules: list[str], authorizer: RegulationAuthorizer
) -> None:
    decision = decide(authorizer, PERSONAS[persona], purpose, coordinate)
    assert (decision.verdict, decision.reason) == (Verdict.DENY, reason)
    assert [str(rule) for rule in decision.rules] == rules


def test_permissions_begin_and_end_on_their_days(coordinates: dict[str, Coordinate]) -> None:
    today = DAY
    authorizer = RegulationAuthorizer.load(DIRECTORY, coordinates, today=lambda: today)
    permitted = []
    for today in (date(2026, 3, 1), date(2026, 3, 2), date(2027, 12, 31), date(2028, 1, 1)):
        for coordinate in ("Resident.rrn", "Household.livelihoodBenefits"):
            decision = decide(authorizer, PERSONAS["passport-officer"], "passport-renewal", coordinate)
            if decision.verdict is Verdict.PERMIT:
                permitted.append((coordinate, str(today)))
    # Nothing is permitted before the regulations are approved.
    assert permitted == [
        ("Resident.rrn", "2026-03-02"),
        ("Resident.rrn", "2027-12-31"),
        ("Resident.rrn", "2028-01-01"),
        ("Household.livelihoodBenefits", "2028-01-01"),
    ]


# ── The files themselves ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_is_a_regulation_for_every_register_and_it_tests_itself() -> None:
    assert {path.stem for path in DIRECTORY.glob("*.yaml")} == {*REGISTERS, "parties", "purposes"}
    for register in REGISTERS:
        tests = read(f"{register}.yaml")["tests"]
        assert any("permitted" in test for test in tests), f"{register} tests nothing that is permitted"
        assert any("denied" in test for test in tests), f"{register} tests nothing that is denied"


def test_every_rule_is_tested_by_its_own_file() -> None:
    """A permission grants something that a test of its file expects; a prohibition bars something that a test expects barred."""
    for register in REGISTERS:
        content = read(f"{register}.yaml")
        for kind, expected in (("permissions", "permitted"), ("prohibitions", "denied")):
            for rule in content.get(kind, ()):
                assert any(
                    set(rule.get("items", ())) & set(test.get(expected, ()))
                    and test.get("purpose") in words(rule.get("purpose"))
                    and ("roles" not in rule or test["caller"]["role"] in words(rule["roles"]))
                    for test in content["tests"]
                ), f"no test of {register}.yaml is about `{rule['id']}`"


def words(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
