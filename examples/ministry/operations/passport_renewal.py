"""What `passport_renewal.graphql` takes and answers. Made by `generate.py`: do not change it here."""

from typing import Literal, TypedDict

Sex = Literal["FEMALE", "MALE"]
ResidentStatus = Literal["REGISTERED", "EMIGRATED", "DECEASED"]
MilitaryServiceKind = Literal["ACTIVE", "SUPPLEMENTARY", "RESERVE", "EXEMPT", "DEFERRED"]
PassportKind = Literal["ORDINARY", "OFFICIAL", "DIPLOMATIC"]
PassportStatus = Literal["VALID", "EXPIRED", "LOST", "RETURNED"]
CrossingDirection = Literal["ENTRY", "EXIT"]


class PassportRenewalResultResidentHousehold(TypedDict):
    size: int | None


class PassportRenewalResultResidentBirth(TypedDict):
    registeredOn: str | None
    place: str | None


class PassportRenewalResultResidentParents(TypedDict):
    name: str | None


class PassportRenewalResultResidentGuardians(TypedDict):
    name: str | None
    birthDate: str | None


class PassportRenewalResultResidentMilitaryService(TypedDict):
    kind: MilitaryServiceKind | None
    dischargedOn: str | None


class PassportRenewalResultResidentPassports(TypedDict):
    number: str | None
    kind: PassportKind | None
    issuedOn: str | None
    expiresOn: str | None
    romanizedName: str | None
    status: PassportStatus | None


class PassportRenewalResultResidentBorderCrossings(TypedDict):
    direction: CrossingDirection | None
    crossedOn: str | None
    port: str | None


class PassportRenewalResultResident(TypedDict):
    name: str | None
    birthDate: str | None
    sex: Sex | None
    status: ResidentStatus | None
    isAdult: bool | None
    address: str | None
    household: PassportRenewalResultResidentHousehold | None
    birth: PassportRenewalResultResidentBirth | None
    parents: list[PassportRenewalResultResidentParents] | None
    guardians: list[PassportRenewalResultResidentGuardians] | None
    militaryService: PassportRenewalResultResidentMilitaryService | None
    passports: list[PassportRenewalResultResidentPassports] | None
    borderCrossings: list[PassportRenewalResultResidentBorderCrossings] | None


class PassportRenewalResult(TypedDict):
    resident: PassportRenewalResultResident | None


class PassportRenewalVariables(TypedDict):
    rrn: str
