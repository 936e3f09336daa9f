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

from auth.access import (
    Access,
    AccessRequest,
    Caller,
    Decision,
    Grant,
    Matches,
    OfSubject,
    Reason,
    Since,
    Span,
    Use,
    Verdict,
    WithCase,
    WithConsent,
)
from auth.authorizer import RegulationAuthorizer
from auth.rules import Coordinate
from examples.korea.petitions import ITEMS
from madang.coordinates import coordinates as coordinates_of
from schema.catalogue import Catalogue

DIRECTORY = Path(__file__).parents[2] / "auth" / "regulations"
REGISTERS = (
    "mois", "scourt", "mofa", "moj", "nts", "localtax", "nhis", "nps", "moel", "molit_vehicles", "molit_buildings", "mma",
    "mohw_disability", "mohw_livelihood", "police", "petitions", "ledger", "consents", "events",
)  # fmt: skip
DAY = date(2026, 11, 30)
BEFORE = date(2026, 11, 1)
"""The last day of the versions in `superseded`."""
CASE = "2026-00017"

PERSONAS = {
    "passport-officer": Caller("mofa", "passport-officer", "officer"),
    "resident-clerk": Caller("jongno", "resident-clerk", "officer", jurisdiction="11110"),
    "welfare-officer": Caller("jongno", "welfare-officer", "officer", jurisdiction="11110"),
    "licence-officer": Caller("police", "licence-officer", "officer"),
    "investigator": Caller("police", "investigator", "officer"),
    "tax-officer": Caller("nts", "tax-officer", "officer"),
    "citizen": Caller("citizen-portal", "citizen", "citizen", rrn="0000000000000"),
    "auditor": Caller("nts", "auditor", "officer"),
    "analyst": Caller("kostat", "analyst", "analyst"),
    "district-system": Caller("jongno", "register-system", "system", jurisdiction="11110"),
}

PURPOSES = {
    "passport-officer": ("passport-renewal",),
    "resident-clerk": ("birth-certificate", "birth-registration", "change-of-address"),
    "welfare-officer": ("basic-livelihood-benefit",),
    "licence-officer": ("driving-licence-renewal",),
    "investigator": ("criminal-investigation",),
    "tax-officer": ("income-tax-assessment",),
    "citizen": ("own-records", "birth-registration", "change-of-address", "family-relation-certificate"),
    "auditor": ("information-sharing-audit",),
    "analyst": ("statistics",),
    "district-system": ("register-upkeep",),
}

# persona, purpose, with or without a case, access: to whom and how → what, to read and (after "search") to search by. Ways are
# told from the least masked on; each needs all that is joined by `&`. "unless": a prohibition for such rows is in force.
GRANTED: dict[tuple[str, str, str | None, Access], str] = {
    ("passport-officer", "passport-renewal", None, "lookup"): """
        anybody: Resident id rrn name sex birthDate deathDate status relationToHead districtCode household age isAdult parents
        anybody: Resident guardians children spouse passports drivingLicence
        anybody unless Resident.addressProtected: Resident address
        anybody unless BirthRecord.sealed: Resident birth
        anybody & BorderCrossing.crossedOn since P5Y: Resident borderCrossings
        anybody & consent: Resident militaryService
        anybody: Household id head members size
        anybody unless BirthRecord.sealed: BirthRecord registeredOn place father mother
        anybody: Passport number kind issuedOn expiresOn romanizedName status
        anybody & crossedOn since P5Y: BorderCrossing direction crossedOn port
        anybody & consent: MilitaryService kind enlistedOn dischargedOn
        anybody: DrivingLicence number status
        search anybody: Resident id rrn birthDate
        search anybody: Household id
        search anybody: Passport number issuedOn expiresOn
        search anybody & crossedOn since P5Y: BorderCrossing crossedOn
    """,
    ("passport-officer", "passport-renewal", None, "list"): "",
    ("resident-clerk", "birth-certificate", None, "lookup"): """
        jurisdiction: Resident id deathDate status addressProtected age
        jurisdiction | anybody as first 7: Resident rrn
        anybody: Resident name sex birthDate
        jurisdiction & Petition.service birth-certificate: Resident petitions
        jurisdiction & service birth-certificate: Petition number agency service openedOn closedOn
        search jurisdiction: Resident id rrn
        search jurisdiction & service birth-certificate: Petition openedOn
    """,
    ("resident-clerk", "birth-certificate", CASE, "lookup"): """
        jurisdiction: Resident id deathDate status addressProtected age
        jurisdiction | anybody as first 7: Resident rrn
        anybody: Resident name sex birthDate
        jurisdiction & case: Resident birth parents
        jurisdiction & Petition.service birth-certificate: Resident petitions
        jurisdiction & case unless BirthRecord.sealed: BirthRecord registeredOn place father mother
        jurisdiction & case: BirthRecord sealed
        jurisdiction & service birth-certificate: Petition number agency service openedOn closedOn
        search jurisdiction: Resident id rrn
        search jurisdiction & service birth-certificate: Petition openedOn
    """,
    ("resident-clerk", "birth-registration", None, "lookup"): "",
    ("resident-clerk", "birth-registration", CASE, "lookup"): """
        anybody & case: Resident id sex status age relationToHead districtCode household
        anybody: Resident rrn name birthDate
        anybody & case unless Resident.addressProtected: Resident address
        anybody & case: Resident spouse children marriage healthInsurance disability
        anybody & case: Household id head members size livelihoodBenefits
        anybody & case: Marriage marriedOn status spouse
        anybody & case: HealthInsurance kind monthlyPremium
        anybody & case: Disability severity
        anybody & case: LivelihoodBenefit kind nearPoor
        search anybody & case: Resident id rrn
    """,
    ("resident-clerk", "birth-registration", CASE, "list"): "",
    ("resident-clerk", "change-of-address", None, "lookup"): """
        jurisdiction: Resident id rrn name sex birthDate deathDate status relationToHead address addressProtected districtCode
        jurisdiction: Resident movedInOn household age isAdult vehicles buildings
        jurisdiction & Petition.service change-of-address: Resident petitions
        jurisdiction: Household id head members size address districtCode moveIns
        jurisdiction: MoveIn date fromAddress toAddress reason
        jurisdiction: Vehicle plate model baseAddress
        jurisdiction: Building pnu use approvedOn
        jurisdiction & service change-of-address: Petition number agency service openedOn closedOn
        search jurisdiction: Resident id rrn birthDate movedInOn
        search jurisdiction: Household id
        search jurisdiction: MoveIn date
        search jurisdiction: Vehicle plate
        search jurisdiction & service change-of-address: Petition openedOn
    """,
    ("resident-clerk", "change-of-address", CASE, "lookup"): """
        jurisdiction | anybody & case: Resident id rrn sex birthDate status relationToHead districtCode household vehicles
        jurisdiction | anybody & case: Resident buildings
        anybody: Resident name
        anybody & case: Resident parents children spouse
        jurisdiction: Resident deathDate address addressProtected movedInOn age isAdult
        jurisdiction & Petition.service change-of-address: Resident petitions
        jurisdiction | anybody & case: Household id head members size
        jurisdiction: Household address districtCode moveIns
        jurisdiction: MoveIn date fromAddress toAddress reason
        jurisdiction | anybody & case: Vehicle plate model
        jurisdiction: Vehicle baseAddress
        jurisdiction | anybody & case: Building use approvedOn
        jurisdiction: Building pnu
        jurisdiction & service change-of-address: Petition number agency service openedOn closedOn
        search jurisdiction | anybody & case: Resident id rrn
        search jurisdiction: Resident birthDate movedInOn
        search jurisdiction | anybody & case: Household id
        search jurisdiction: MoveIn date
        search jurisdiction: Vehicle plate
        search jurisdiction & service change-of-address: Petition openedOn
    """,
    ("resident-clerk", "change-of-address", None, "list"): """
        jurisdiction: Resident id name sex birthDate status relationToHead address districtCode movedInOn household age vehicles
        jurisdiction: Resident buildings
        jurisdiction: Household id head members size address districtCode moveIns
        jurisdiction: MoveIn date fromAddress toAddress reason
        jurisdiction: Vehicle plate model baseAddress
        jurisdiction: Building pnu use approvedOn
        jurisdiction: ResidentConnection totalCount
        search jurisdiction: Resident id name sex birthDate status districtCode movedInOn age
        search jurisdiction: MoveIn date
        search jurisdiction: Vehicle plate
    """,
    ("welfare-officer", "basic-livelihood-benefit", None, "lookup"): """
        jurisdiction: Resident id rrn name sex birthDate deathDate status relationToHead districtCode movedInOn household age
        jurisdiction: Resident isAdult healthInsurance
        jurisdiction unless Resident.addressProtected: Resident address
        jurisdiction & TaxCertificate.year since P2Y: Resident taxCertificates
        jurisdiction & Petition.service basic-livelihood-benefit: Resident petitions
        jurisdiction: Household id head members size districtCode livelihoodBenefits
        jurisdiction unless Resident.addressProtected: Household address
        jurisdiction & year since P2Y: TaxCertificate year incomeAtMost
        jurisdiction & year since P2Y as band 10000000: TaxCertificate income
        jurisdiction: HealthInsurance kind acquiredOn dependants
        jurisdiction: LivelihoodBenefit kind startedOn nearPoor
        jurisdiction & service basic-livelihood-benefit: Petition number agency service openedOn closedOn
        search jurisdiction: Resident id rrn birthDate
        search jurisdiction: Household id
        search jurisdiction & year since P2Y: TaxCertificate year
        search jurisdiction: LivelihoodBenefit startedOn
        search jurisdiction & service basic-livelihood-benefit: Petition openedOn
    """,
    ("welfare-officer", "basic-livelihood-benefit", CASE, "lookup"): """
        jurisdiction: Resident id rrn sex deathDate relationToHead movedInOn household age isAdult healthInsurance
        jurisdiction | anybody as initial: Resident name
        jurisdiction | anybody as year: Resident birthDate
        anybody: Resident status districtCode
        jurisdiction unless Resident.addressProtected: Resident address
        jurisdiction & case: Resident parents children spouse marriage pension employments vehicles buildings militaryService
        jurisdiction & case: Resident disability
        jurisdiction & case & BorderCrossing.crossedOn since P6M: Resident borderCrossings
        jurisdiction & TaxCertificate.year since P2Y: Resident taxCertificates
        jurisdiction & case & consent: Resident businesses
        anybody & case & LocalTax.year since P2Y & districtCode jurisdiction: Resident localTaxes
        jurisdiction & Petition.service basic-livelihood-benefit: Resident petitions
        jurisdiction: Household id head members size districtCode livelihoodBenefits
        jurisdiction unless Resident.addressProtected: Household address
        jurisdiction & case: Marriage status
        jurisdiction & case & crossedOn since P6M: BorderCrossing direction crossedOn
        jurisdiction & year since P2Y: TaxCertificate year incomeAtMost
        jurisdiction & case & consent & year since P2Y | jurisdiction & year since P2Y as band 10000000: TaxCertificate income
        jurisdiction & case & consent: Business kind openedOn closedOn status
        anybody & case & year since P2Y & Resident.districtCode jurisdiction: LocalTax item year amount
        jurisdiction: HealthInsurance kind acquiredOn dependants
        jurisdiction & case: HealthInsurance workplace monthlyPremium
        jurisdiction & case: Pension kind monthlyIncome benefit
        jurisdiction & case: Employment workplace acquiredOn lostOn weeklyHours
        jurisdiction & case: Vehicle plate model year liens
        jurisdiction & case unless Resident.addressProtected: Vehicle baseAddress
        jurisdiction & case as first 5: Building pnu
        jurisdiction & case: Building use area officialPrice
        jurisdiction & case: MilitaryService kind enlistedOn dischargedOn
        jurisdiction & case: Disability severity kind registeredOn reassessOn
        jurisdiction: LivelihoodBenefit kind startedOn nearPoor
        jurisdiction & service basic-livelihood-benefit: Petition number agency service openedOn closedOn
        search jurisdiction: Resident id rrn birthDate
        search jurisdiction: Household id
        search jurisdiction & case & crossedOn since P6M: BorderCrossing crossedOn
        search jurisdiction & year since P2Y: TaxCertificate year
        search anybody & case & year since P2Y & Resident.districtCode jurisdiction: LocalTax year
        search jurisdiction & case: Employment acquiredOn
        search jurisdiction & case: Vehicle year
        search jurisdiction: LivelihoodBenefit startedOn
        search jurisdiction & service basic-livelihood-benefit: Petition openedOn
    """,
    ("welfare-officer", "basic-livelihood-benefit", CASE, "list"): "",
    ("licence-officer", "driving-licence-renewal", None, "lookup"): """
        anybody: Resident id rrn name sex birthDate deathDate status districtCode age drivingLicence
        anybody unless Resident.addressProtected: Resident address
        anybody & Passport.status VALID: Resident passports
        anybody & status VALID as last 4: Passport number
        anybody & status VALID: Passport status
        anybody: DrivingLicence number class issuedOn renewBy status
        search anybody: Resident id rrn
    """,
    ("licence-officer", "driving-licence-renewal", CASE, "lookup"): """
        anybody: Resident id rrn name sex birthDate deathDate status districtCode age drivingLicence
        anybody unless Resident.addressProtected: Resident address
        anybody & Passport.status VALID: Resident passports
        anybody & case & DrivingLicence.status VALID/SUSPENDED/EXPIRED: Resident disability
        anybody & status VALID as last 4: Passport number
        anybody & status VALID: Passport status
        anybody & case & DrivingLicence.status VALID/SUSPENDED/EXPIRED: Disability severity kind
        anybody: DrivingLicence number class issuedOn renewBy status
        search anybody: Resident id rrn
    """,
    ("investigator", "criminal-investigation", None, "lookup"): "",
    ("investigator", "criminal-investigation", CASE, "lookup"): """
        anybody: Resident name birthDate
        anybody unless Resident.addressProtected: Resident address
        search anybody: Resident rrn
    """,
    ("investigator", "criminal-investigation", CASE, "list"): "",
    ("tax-officer", "income-tax-assessment", None, "lookup"): "",
    ("tax-officer", "income-tax-assessment", CASE, "lookup"): """
        anybody & case: Resident id rrn relationToHead household age parents children spouse marriage businesses healthInsurance
        anybody & case: Resident disability
        anybody: Resident name birthDate deathDate status pension
        anybody & case as district unless Resident.addressProtected: Resident address
        anybody & case & TaxCertificate.year since P5Y: Resident taxCertificates
        anybody & case & Business.status ACTIVE/SUSPENDED: Resident buildings
        anybody & case: Household id head members size
        anybody & case: Marriage marriedOn status
        anybody & case & year since P5Y: TaxCertificate year income taxPaid arrears incomeAtMost
        anybody & case: Business number kind openedOn closedOn status
        anybody & case: HealthInsurance kind monthlyPremium dependants
        anybody: Pension kind
        anybody & case & consent | anybody as threshold 100000: Pension benefit
        anybody & case & Business.status ACTIVE/SUSPENDED as first 5: Building pnu
        anybody & case & Business.status ACTIVE/SUSPENDED: Building use area officialPrice
        anybody & case: Disability registeredOn
        search anybody & case: Resident id rrn
        search anybody & case: Household id
        search anybody & case & year since P5Y: TaxCertificate year income
        search anybody & case: Business openedOn
    """,
    ("citizen", "own-records", None, "lookup"): """
        self/household | child: Resident id name sex birthDate status age isAdult
        self | child: Resident rrn parents
        self: Resident deathDate addressProtected children spouse marriage borderCrossings healthInsurance pension employments
        self: Resident guardians vehicles buildings militaryService petitions
        self/household: Resident relationToHead address districtCode movedInOn household
        self | child unless BirthRecord.sealed: Resident birth
        self/child: Resident passports taxCertificates businesses localTaxes disability drivingLicence consents
        self/household: Household id head members size address districtCode moveIns livelihoodBenefits
        self/household: MoveIn date fromAddress toAddress reason
        self | child unless BirthRecord.sealed: BirthRecord registeredOn place father mother
        self: Marriage marriedOn status spouse
        self/child: Consent id agency purpose item since until revoked
        self/child: Passport number kind issuedOn expiresOn romanizedName status
        self: BorderCrossing direction crossedOn port
        self/child: TaxCertificate year income taxPaid arrears incomeAtMost
        self/child: Business number kind openedOn closedOn status
        self/child: LocalTax item year amount arrears
        self: HealthInsurance kind workplace acquiredOn monthlyPremium dependants
        self: Pension kind monthsPaid monthlyIncome benefit
        self: Employment workplace acquiredOn lostOn weeklyHours
        self: Vehicle plate vin model year baseAddress liens
        self: Building pnu use area approvedOn officialPrice
        self: MilitaryService kind enlistedOn dischargedOn rank
        self/child: Disability severity kind registeredOn reassessOn
        self/household: LivelihoodBenefit kind startedOn nearPoor
        self/child: DrivingLicence number class issuedOn renewBy status
        self: Petition number agency service openedOn closedOn
        search self/household | child: Resident id
        search self | child: Resident rrn
        search self/household: Resident birthDate
        search self/household: Household id
        search self/household: MoveIn date
        search self/child: Passport number issuedOn expiresOn
        search self: BorderCrossing crossedOn
        search self/child: TaxCertificate year income
        search self/child: Business number openedOn
        search self/child: LocalTax year amount
        search self: Employment acquiredOn
        search self: Vehicle plate year
        search self: Building pnu area approvedOn
        search self/household: LivelihoodBenefit startedOn
        search self: Petition openedOn
        self/child: Resident accessLog notices
        self/child: Access number at agency agencyKo agencyEn role roleKo roleEn purpose purposeKo purposeEn caseNumber
        self/child: Access citizen items
        self/child: Notice number at agency agencyKo agencyEn purpose purposeKo purposeEn ground due toldOn days items
        self/child: AccessItem coordinate titleKo titleEn mask basis rule consent ground
        search self/child: Access number at agency
        search self/child: Consent since until
    """,
    ("citizen", "own-records", None, "list"): """
        anybody: SharingStatistic id month purpose purposeKo purposeEn coordinate titleKo titleEn mask basis operations residents
        anybody: SharingStatisticConnection totalCount
        search anybody: SharingStatistic id month purpose coordinate
    """,
    ("citizen", "own-records", None, "events"): """
        self: Resident name address movedInOn
        self: Event sequence kind at register resident
        search self: Event sequence kind
    """,
    ("district-system", "register-upkeep", None, "lookup"): "",
    ("district-system", "register-upkeep", None, "list"): "",
    ("district-system", "register-upkeep", None, "events"): """
        anybody: Resident rrn
        jurisdiction: Resident name birthDate districtCode movedInOn
        jurisdiction unless Resident.addressProtected: Resident address
        jurisdiction & kind MOVED_IN/HEAD_CHANGED/RESIDENT_BORN: Event sequence kind at register resident
        search jurisdiction & kind MOVED_IN/HEAD_CHANGED/RESIDENT_BORN: Event sequence kind
    """,
    ("analyst", "statistics", None, "lookup"): "",
    ("analyst", "statistics", None, "list"): """
        anybody: Resident sex status districtCode age isAdult employments
        anybody as year: Resident birthDate
        anybody as pseudonym: Employment workplace
        anybody as year: Employment acquiredOn
        anybody: Employment weeklyHours
        anybody: ResidentConnection totalCount
        search anybody: Resident id sex status districtCode age
        anybody: SharingStatistic id month purpose purposeKo purposeEn coordinate titleKo titleEn mask basis operations residents
        anybody: SharingStatisticConnection totalCount
        search anybody: SharingStatistic id month purpose coordinate
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
        if not decision.denied:
            found[use, coordinate] = described(decision)
    assert found == dict(written(granted))


def described(decision: Decision) -> str:
    """To whom a decision grants something and how, as `GRANTED` says it."""
    own = decision.coordinate.partition(".")[0]
    ways = [" & ".join(terms(grant, own)) + (f" as {grant.mask}" if grant.mask else "") for grant in decision.grants]
    bans = [match.coordinate for ban in decision.bans for match in ban.when]
    return " | ".join(ways) + "".join(f" unless {coordinate}" for coordinate in bans)


def terms(grant: Grant, own: str = "") -> Iterator[str]:
    """All that must be true of a row for a grant to hold; columns of the type `own` by their field alone."""
    yield whose(grant)
    if WithCase() in grant.constraints:
        yield "case"
    if any(isinstance(each, WithConsent) for each in grant.constraints):
        yield "consent"
    for match in sorted((each for each in grant.constraints if isinstance(each, Matches)), key=str):
        values = match.values
        among = values if values == "jurisdiction" else "/".join(map(str, values)) if isinstance(values, tuple) else ""
        yield f"{match.coordinate.removeprefix(f'{own}.')} {f'since {values.span}' if isinstance(values, Since) else among}"


def whose(grant: Grant) -> str:
    """The kinds of subject for whose rows a grant holds."""
    kinds = next((each.kinds for each in grant.constraints if isinstance(each, OfSubject)), frozenset())
    return "/".join(kind for kind in ("self", "household", "child", "jurisdiction") if kind in kinds) or "anybody"


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
    """Agency, role, purpose and whether with a case: all who may read a coordinate whole, in a lookup or in a list."""
    return {who for who, decision in decisions(authorizer, coordinate) if decision.verdict is Verdict.PERMIT}


def decisions(authorizer: RegulationAuthorizer, coordinate: str) -> Iterator[tuple[tuple[str, str, str | None, bool], Decision]]:
    accesses: tuple[Access, Access] = ("lookup", "list")
    for (caller, purpose, case), access in product(everybody(), accesses):
        who = caller.agency, caller.role, purpose, case is not None
        yield who, decide(authorizer, caller, purpose, coordinate, case=case, access=access)


def test_who_ever_reads_an_income(authorizer: RegulationAuthorizer) -> None:
    """Districts for a petition, the tax office for an assessment, and oneself; no other of all agencies, roles and purposes."""
    municipalities = read("parties.yaml")["groups"]["municipalities"]["agencies"]
    assert readers(authorizer, "TaxCertificate.income") == {
        *((agency, "welfare-officer", "basic-livelihood-benefit", True) for agency in municipalities),
        ("nts", "tax-officer", "income-tax-assessment", True),
        ("citizen-portal", "citizen", "own-records", False),
        ("citizen-portal", "citizen", "own-records", True),
    }


def test_a_district_reads_the_figure_with_case_and_consent_and_else_steps(authorizer: RegulationAuthorizer) -> None:
    officer, purpose = PERSONAS["welfare-officer"], "basic-livelihood-benefit"
    [figure, steps] = decide(authorizer, officer, purpose, "TaxCertificate.income", case=CASE).grants
    assert figure.mask is None
    assert {WithCase(), WithConsent("TaxCertificate.income"), OfSubject(frozenset({"jurisdiction"}))} <= figure.constraints
    assert figure.duties is not None
    assert figure.duties.retain == Span(60)
    assert str(steps.mask) == "band 10000000"
    assert not {WithCase(), WithConsent("TaxCertificate.income")} & steps.constraints
    assert decide(authorizer, officer, purpose, "TaxCertificate.income").grants == (steps,)
    for use in ("TaxCertificate.income", "TaxCertificate.incomeAtMost"):
        assert decide(authorizer, officer, purpose, use, case=CASE, use="search").denied


def test_questions_about_an_income_are_counted(authorizer: RegulationAuthorizer) -> None:
    """Of everybody who does not read the figure anyway."""
    for who, decision in decisions(authorizer, "TaxCertificate.incomeAtMost"):
        for grant in decision.grants:
            assert (grant.limit is not None) == (who[1] == "welfare-officer"), who


@pytest.mark.parametrize("coordinate", ["Resident.address", "Household.address", "MoveIn.fromAddress", "MoveIn.toAddress",
                                        "Vehicle.baseAddress"])  # fmt: skip
def test_a_protected_address_is_withheld_from_all_but_the_registrar_and_the_household(
    coordinate: str, authorizer: RegulationAuthorizer
) -> None:
    named = {("resident-clerk", "change-of-address"), ("citizen", "own-records")}
    readers = 0
    for (_, role, purpose, _), decision in decisions(authorizer, coordinate):
        readers += not decision.denied
        if decision.denied or (role, purpose) in named:
            assert decision.bans == ()
            continue
        [ban] = decision.bans
        assert ban.when == (Matches("Resident.addressProtected", (True,), household=True),), "who lives there tells it too"
        assert not ban.told, "whoever may not know looks at an address that is absent"
    assert readers


def test_an_address_that_is_granted_beyond_its_own_district_is_never_exempt(authorizer: RegulationAuthorizer) -> None:
    """The registrar who is exempt from the prohibition has the addresses of the district, with whatever case."""
    for coordinate in ("Resident.address", "Household.address", "MoveIn.toAddress", "MoveIn.fromAddress", "Vehicle.baseAddress"):
        for _, decision in decisions(authorizer, coordinate):
            if not decision.bans:
                assert {whose(grant) for grant in decision.grants} <= {"jurisdiction", "self", "self/household"}


def test_a_sealed_entry_is_known_to_the_clerk_alone(authorizer: RegulationAuthorizer) -> None:
    for (_, role, purpose, _), decision in decisions(authorizer, "BirthRecord.mother"):
        for ban in decision.bans:
            assert ban.told is ((role, purpose) == ("resident-clerk", "birth-certificate"))
        assert decision.denied or decision.bans
    for (_, role, _, _), decision in decisions(authorizer, "Resident.birth"):
        assert decision.denied or bool(decision.bans) is (role != "resident-clerk")
    assert {role for _, role, _, _ in readers(authorizer, "BirthRecord.sealed")} == {"resident-clerk"}


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
        assert ("Resident.addressProtected" in authorizer.hidden_from(caller)) is hidden
        assert ("BirthRecord.sealed" in authorizer.hidden_from(caller)) is (
            caller.role != "resident-clerk" or caller.agency not in municipalities
        )
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
        "licence-officer": ["police"], "investigator": ["police"], "tax-officer": ["nts"], "citizen": ["citizen-portal"],
        "analyst": ["kostat"], "auditor": read("parties.yaml")["groups"]["holders"]["agencies"],
        "register-system": ["nhis", "mma", *municipalities],
    }  # fmt: skip
    for caller, _, _ in everybody():
        assert bool(authorizer.purposes(caller)) is (caller.agency in home[caller.role]), caller


def test_a_district_finds_its_own_residents_alone(authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]) -> None:
    """Whatever a municipality searches by, with a case or without; and whoever reports a move or a birth in a verified case."""
    municipalities = read("parties.yaml")["groups"]["municipalities"]["agencies"]
    accesses: tuple[Access, Access] = ("lookup", "list")
    searches = 0
    for caller, purpose, case in everybody():
        if caller.agency not in municipalities:
            continue
        profile = authorizer.profile(AccessRequest(caller, purpose, case))
        for coordinate, access in product(coordinates, accesses):
            decision = profile.decide(coordinate, access, "search")
            for grant in decision.grants:
                searches += 1
                held = set(terms(grant))
                assert held & {"jurisdiction", "Resident.districtCode jurisdiction"} or "case" in held, coordinate
                assert "jurisdiction" in held or str(grant.rule) in {
                    "mois-resident-registration/household-that-moves-in",
                    "mois-resident-registration/parent-who-reports-a-birth",
                    "localtax-levies/levies-for-livelihood-benefit",
                }
    assert searches


def test_a_citizen_reads_and_finds_nobody_but_the_household_and_minor_children(
    authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]
) -> None:
    profile = authorizer.profile(AccessRequest(PERSONAS["citizen"], "own-records"))
    uses: tuple[Use, Use] = ("read", "search")
    for coordinate, use in product(coordinates, uses):
        decision = profile.decide(coordinate, "lookup", use)
        for grant in decision.grants:
            assert whose(grant) in {"self", "self/household", "self/child", "child"}, coordinate


def test_parental_authority_does_not_tell_where_a_child_lives(
    authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]
) -> None:
    profile = authorizer.profile(AccessRequest(PERSONAS["citizen"], "own-records"))
    telling = [
        "Resident.address", "Resident.districtCode", "Resident.movedInOn", "Resident.household", "Household.address",
        "MoveIn.toAddress", "Resident.vehicles", "Vehicle.baseAddress", "Resident.buildings", "Building.pnu",
        "Resident.employments", "Employment.workplace", "HealthInsurance.workplace", "Resident.petitions",
        "Resident.addressProtected",
    ]  # fmt: skip
    assert set(telling) <= set(coordinates)
    for coordinate in telling:
        assert all("child" not in whose(grant) for grant in profile.decide(coordinate, "lookup", "read").grants), coordinate


def test_everything_the_registers_hold_of_oneself_is_ones_own_to_read(
    authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]
) -> None:
    profile = authorizer.profile(AccessRequest(PERSONAS["citizen"], "own-records"))
    held = [name for name, coordinate in coordinates.items() if coordinate.kind != "report"]
    accesses: tuple[Access, Access] = ("lookup", "events")
    withheld = {c for c in held if all(profile.decide(c, each, "read").denied for each in accesses)}
    # That a court has sealed an entry is the court's to say.
    about_nobody = {c for c in coordinates if c.startswith(("Holder", "CoordinateUse.", "SharingStatistic"))}
    assert withheld - about_nobody == {"ResidentConnection.totalCount", "BirthRecord.sealed"}


def test_statistics_know_nobody(authorizer: RegulationAuthorizer) -> None:
    for coordinate in ("Resident.rrn", "Resident.name", "Resident.address", "Household.address"):
        uses: tuple[Use, Use] = ("read", "search")
        for use in uses:
            decision = decide(authorizer, PERSONAS["analyst"], "statistics", coordinate, access="list", use=use)
            assert decision.reason is Reason.PROHIBITED
    assert decide(authorizer, PERSONAS["analyst"], "statistics", "Resident.id", access="list").reason is Reason.NO_PERMISSION
    for coordinate, mask in (
        ("Resident.birthDate", "year"), ("Employment.acquiredOn", "year"), ("Employment.workplace", "pseudonym")
    ):  # fmt: skip
        [grant] = decide(authorizer, PERSONAS["analyst"], "statistics", coordinate, access="list").grants
        assert str(grant.mask) == mask
        assert decide(authorizer, PERSONAS["analyst"], "statistics", coordinate, access="list", use="search").denied


def test_who_is_told_later_that_nobody_asked(authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]) -> None:
    found = {}
    for role, purposes in PURPOSES.items():
        for purpose, coordinate in product(purposes, coordinates):
            for grant in decide(authorizer, PERSONAS[role], purpose, coordinate, case=CASE).grants:
                if grant.duties is not None and grant.duties.notice:
                    found[str(grant.rule)] = role, grant.duties.ground
                    assert grant.duties.within == Span(days=10)
    assert found == {
        "mois-resident-registration/person-under-investigation": (
            "investigator", "Personal Information Protection Act, art. 18(2)7",
        ),
        "mohw-disability/fitness-to-drive": ("licence-officer", "Road Traffic Act, art. 89(1)"),
        "nhis-health-insurance/premium-for-income-tax": (
            "tax-officer", "Act on the Submission and Management of Taxation Data, art. 4",
        ),
    }  # fmt: skip


def test_who_looked_is_kept_back_for_an_investigation_alone(
    authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]
) -> None:
    found = {
        (role, coordinate, str(grant.duties.defer), str(grant.duties.retain))
        for role, purposes in PURPOSES.items()
        for purpose, coordinate in product(purposes, coordinates)
        for grant in decide(authorizer, PERSONAS[role], purpose, coordinate, case=CASE).grants
        if grant.duties is not None and grant.duties.defer is not None
    }
    asked = ("Resident.name", "Resident.birthDate", "Resident.address")
    assert found == {("investigator", coordinate, "P6M", "P3Y") for coordinate in asked}


def test_petitioners_are_asked_for_what_needs_their_consent_and_no_more(authorizer: RegulationAuthorizer) -> None:
    """The sample's consents are to those items that some permission for the purpose wants a consent for."""
    needed: dict[str, set[str]] = {}
    for regulation in authorizer.regulations:
        for permission in regulation.permissions:
            if permission.consent is not None and permission.consent.required:
                for purpose in permission.purposes:
                    needed.setdefault(purpose, set()).update(permission.items, permission.search)
    assert needed == {purpose: set(items) for purpose, items in ITEMS.items()}


# ── Why something is withheld ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("persona", "purpose", "coordinate", "reason", "rules"),
    [
        ("welfare-officer", "basic-livelihood-benefit", "Business.status", Reason.NO_CASE,
         ["nts-national-tax/businesses-for-livelihood-benefit"]),
        ("licence-officer", "driving-licence-renewal", "Disability.kind", Reason.NO_CASE, ["mohw-disability/fitness-to-drive"]),
        ("resident-clerk", "birth-certificate", "BirthRecord.place", Reason.NO_CASE,
         ["scourt-family-register/certificate-of-birth"]),
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
        ("investigator", "criminal-investigation", "Resident.address", Reason.NO_CASE,
         ["mois-resident-registration/person-under-investigation"]),
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
            decision = decide(authorizer, PERSONAS["passport-officer"], "passport-renewal", coordinate, case=CASE)
            if decision.verdict is Verdict.PERMIT:
                permitted.append((coordinate, str(today)))
    # Nothing is permitted before the regulations are approved.
    assert permitted == [
        ("Resident.rrn", "2026-03-02"),
        ("Resident.rrn", "2027-12-31"),
        ("Resident.rrn", "2028-01-01"),
        ("Household.livelihoodBenefits", "2028-01-01"),
    ]


@pytest.mark.parametrize(
    ("persona", "purpose", "case", "coordinate", "before", "now"),
    [
        ("passport-officer", "passport-renewal", None, "Resident.address", "anybody",
         "anybody unless Resident.addressProtected"),
        ("welfare-officer", "basic-livelihood-benefit", None, "TaxCertificate.income", "",
         "jurisdiction & year since P2Y as band 10000000"),
        ("welfare-officer", "basic-livelihood-benefit", CASE, "Pension.benefit", "jurisdiction", "jurisdiction & case"),
        ("licence-officer", "driving-licence-renewal", None, "Disability.kind", "anybody", ""),
        ("passport-officer", "passport-renewal", None, "MilitaryService.kind", "anybody", "anybody & consent"),
    ],
)  # fmt: skip
def test_what_was_decided_before_can_be_decided_again(
    persona: str, purpose: str, case: str | None, coordinate: str, before: str, now: str, authorizer: RegulationAuthorizer
) -> None:
    for day, expected in ((BEFORE, before), (date(2026, 11, 2), now)):
        assert described(decide(authorizer.at(day), PERSONAS[persona], purpose, coordinate, case=case)) == expected
    assert decide(authorizer.at(date(2026, 3, 1)), PERSONAS[persona], purpose, coordinate, case=case).denied


# ── The files themselves ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_is_a_regulation_for_every_register_and_it_tests_itself() -> None:
    assert {path.stem for path in DIRECTORY.glob("*.yaml")} == {
        *REGISTERS, "mois_reports", "scourt_reports", "parties", "purposes", "items"
    }  # fmt: skip
    for register in REGISTERS:
        tests = read(f"{register}.yaml")["tests"]
        assert any("permitted" in test for test in tests), f"{register} tests nothing that is permitted"
        assert any("denied" in test for test in tests), f"{register} tests nothing that is denied"


def test_every_coordinate_has_a_title(authorizer: RegulationAuthorizer, coordinates: dict[str, Coordinate]) -> None:
    assert not coordinates.keys() - authorizer.titles.keys(), "these coordinates lack a title in items.yaml"


def test_every_rule_is_tested_by_its_own_file() -> None:
    """A permission grants something that a test of its file expects; a prohibition bars something that a test expects barred, or,
    if it depends on the row, expects to depend on it."""
    for register in REGISTERS:
        content = read(f"{register}.yaml")
        for kind in ("permissions", "prohibitions"):
            for rule in content.get(kind, ()):
                expected = ("permitted", "masked") if kind == "permissions" else ("conditional" if "when" in rule else "denied",)
                assert any(
                    set(rule.get("items", ())) & {item for outcome in expected for item in test.get(outcome, ())}
                    and ("purpose" not in rule or test.get("purpose") in words(rule["purpose"]))
                    and ("roles" not in rule or test["caller"]["role"] in words(rule["roles"]))
                    for test in content["tests"]
                ), f"no test of {register}.yaml is about `{rule['id']}`"


def words(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
