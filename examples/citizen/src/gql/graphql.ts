/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Kind of a basic livelihood benefit (National Basic Living Security Act, art. 7). */
export type BenefitKind =
  | 'EDUCATION'
  | 'HOUSING'
  | 'LIVELIHOOD'
  | 'MEDICAL';

/** How a registered business stands today. */
export type BusinessStatus =
  | 'ACTIVE'
  | 'CLOSED'
  | 'SUSPENDED';

/** Into the country or out of it. */
export type CrossingDirection =
  | 'ENTRY'
  | 'EXIT';

/** Where somebody moves to. */
export type Destination = {
  /** Province, district, neighbourhood, street and number. */
  address: string;
  /** Five-digit code of its district. */
  districtCode: string;
};

/** Degree of a registered disability; the six grades were replaced by these two in July 2019. */
export type DisabilitySeverity =
  | 'MILD'
  | 'SEVERE';

/** An agency may have some items for one purpose. */
export type GiveConsentInput = {
  /** The agency's code. */
  agency: string;
  /** Types and fields, `TaxCertificate.income`: such as are shared with the agency for the purpose if one consents. */
  items: Array<string>;
  /** The code of the purpose. */
  purpose: string;
  /** Whose data they are: by default your own, else those of a minor child in your care. */
  resident?: ResidentRef | null | undefined;
  /** The last day on which the consent holds. */
  until: string;
};

/** On what ground a resident is insured (National Health Insurance Act, art. 5 and 6; Medical Care Assistance Act, art. 3). */
export type InsuranceKind =
  | 'DEPENDANT'
  | 'EMPLOYEE'
  | 'MEDICAL_AID'
  | 'REGIONAL';

/** Class of a driving licence (Road Traffic Act, art. 80). */
export type LicenceClass =
  | 'CLASS1_LARGE'
  | 'CLASS1_ORDINARY'
  | 'CLASS2_ORDINARY'
  | 'CLASS2_SMALL';

/** How a driving licence stands today. */
export type LicenceStatus =
  | 'EXPIRED'
  | 'REVOKED'
  | 'SUSPENDED'
  | 'VALID';

/** What a local tax is levied on (Local Tax Act). */
export type LocalTaxItem =
  | 'AUTOMOBILE'
  | 'INCOME'
  | 'PROPERTY'
  | 'RESIDENT';

/** How a marriage stands today. */
export type MarriageStatus =
  | 'DIVORCED'
  | 'MARRIED'
  | 'WIDOWED';

/** How a resident's military duty stands (Military Service Act, art. 5). */
export type MilitaryServiceKind =
  | 'ACTIVE'
  | 'DEFERRED'
  | 'EXEMPT'
  | 'RESERVE'
  | 'SUPPLEMENTARY';

/** Why a household moved in, as reported. */
export type MoveReason =
  | 'EDUCATION'
  | 'ENVIRONMENT'
  | 'FAMILY'
  | 'HOUSING'
  | 'JOB'
  | 'OTHER';

/** Kind of a passport (Passport Act, art. 4). */
export type PassportKind =
  | 'DIPLOMATIC'
  | 'OFFICIAL'
  | 'ORDINARY';

/** How a passport stands today. */
export type PassportStatus =
  | 'EXPIRED'
  | 'LOST'
  | 'RETURNED'
  | 'VALID';

/** How a resident takes part in the national pension (National Pension Act, art. 7). */
export type PensionKind =
  | 'BENEFICIARY'
  | 'REGIONAL'
  | 'VOLUNTARY'
  | 'WORKPLACE';

/** What a resident is to the head of the household. */
export type RelationInput = {
  /** Any but HEAD, for heads are named by themselves. */
  relation: RelationToHead;
  /** Who. */
  resident: ResidentRef;
};

/** A household member's relation to the head of the household. */
export type RelationToHead =
  | 'CHILD'
  | 'GRANDCHILD'
  | 'HEAD'
  | 'OTHER'
  | 'PARENT'
  | 'SIBLING'
  | 'SPOUSE';

/** A household, or some of its members, has moved to another address. */
export type ReportMoveInInput = {
  /** Who heads those that stay; needed where the head leaves and they are several. */
  headOfRest?: ResidentRef | null | undefined;
  /** A resident who lives there, whose household they join; without it they have one of their own. */
  joins?: ResidentRef | null | undefined;
  /** The day of the move: not after today, nor before the last one. */
  movedOn: string;
  /** Who of them heads their household now; needed where the head is not among them and they are several. */
  newHead?: ResidentRef | null | undefined;
  /** Why. */
  reason: MoveReason;
  /**
   * What those who move are to the head of the household that they join. Where a head changes it is told from what they were to
   * the one before, unless it is given here.
   */
  relations?: Array<RelationInput> | null | undefined;
  /** All who move: of one household, and with an adult unless they join one. */
  residents: Array<ResidentRef>;
  /** Where they live now. */
  to: Destination;
};

/** What became of a report. */
export type ReportState =
  /** All of its registers have it. */
  | 'DONE'
  /** It will come to be in all of its registers, or in none. */
  | 'IN_PROGRESS'
  /** None of its registers has it: report again, with the same key. */
  | 'UNDONE';

/** A resident, named by exactly one of these. */
export type ResidentRef = {
  /** Global id, as you were given it. */
  id?: string | number | null | undefined;
  /** Resident registration number, 13 digits. */
  rrn?: string | null | undefined;
};

/** Where a resident registration stands. */
export type ResidentStatus =
  | 'DECEASED'
  | 'EMIGRATED'
  | 'REGISTERED';

/** An agency may no longer have some items for one purpose. */
export type RevokeConsentInput = {
  /** The agency's code. */
  agency: string;
  /** Types and fields to which a consent holds. */
  items: Array<string>;
  /** The code of the purpose. */
  purpose: string;
  /** Whose data they are: by default your own, else those of a minor child in your care. */
  resident?: ResidentRef | null | undefined;
};

/** Sex as registered. */
export type Sex =
  | 'FEMALE'
  | 'MALE';

export type ConsentsQueryVariables = Exact<{ [key: string]: never; }>;


export type ConsentsQuery = { me: { consents: Array<{ id: string | null, agency: string | null, purpose: string | null, item: string | null, since: string | null, until: string | null, revoked: boolean | null }> | null } | null, sharing: { byConsent: Array<{ bases: Array<string>, agency: { code: string, title: { ko: string, en: string } }, purpose: { code: string, title: { ko: string, en: string } }, items: Array<{ coordinate: string, title: { ko: string, en: string } }> }> | null, purposes: Array<{ code: string, title: { ko: string, en: string } }> } };

export type PartyFragment = { code: string, title: { ko: string, en: string } };

export type GiveConsentMutationVariables = Exact<{
  key: string | number;
  input: GiveConsentInput;
}>;


export type GiveConsentMutation = { giveConsent:
    | { receipt: string, state: ReportState, entry: number | null }
    | { errors: Array<{ path: Array<string>, code: string, message: string }> }
   | null };

export type RevokeConsentMutationVariables = Exact<{
  key: string | number;
  input: RevokeConsentInput;
}>;


export type RevokeConsentMutation = { revokeConsent:
    | { errors: Array<{ path: Array<string>, code: string, message: string }> }
    | { receipt: string, state: ReportState, entry: number | null }
   | null };

export type LookedQueryVariables = Exact<{
  first: number;
  after?: number | null | undefined;
  agency?: string | null | undefined;
  whole: boolean;
}>;


export type LookedQuery = { me: { children?: Array<{ id: string | null, name: string | null, isAdult: boolean | null }> | null, accessLog: Array<{ number: number | null, at: string | null, agency: string | null, agencyKo: string | null, agencyEn: string | null, roleKo: string | null, roleEn: string | null, purposeKo: string | null, purposeEn: string | null, caseNumber: string | null, citizen: boolean | null, items: Array<{ coordinate: string | null, titleKo: string | null, titleEn: string | null, mask: string | null, basis: string | null, consent: boolean | null, ground: string | null }> | null }> | null, notices?: Array<{ number: number | null, at: string | null, agencyKo: string | null, agencyEn: string | null, purposeKo: string | null, purposeEn: string | null, ground: string | null, due: string | null, toldOn: string | null, items: Array<{ coordinate: string | null, titleKo: string | null, titleEn: string | null, mask: string | null, basis: string | null, consent: boolean | null, ground: string | null }> | null }> | null } | null };

export type LookedAtChildQueryVariables = Exact<{
  id: string | number;
  first: number;
  after?: number | null | undefined;
  agency?: string | null | undefined;
  whole: boolean;
}>;


export type LookedAtChildQuery = { resident: { accessLog: Array<{ number: number | null, at: string | null, agency: string | null, agencyKo: string | null, agencyEn: string | null, roleKo: string | null, roleEn: string | null, purposeKo: string | null, purposeEn: string | null, caseNumber: string | null, citizen: boolean | null, items: Array<{ coordinate: string | null, titleKo: string | null, titleEn: string | null, mask: string | null, basis: string | null, consent: boolean | null, ground: string | null }> | null }> | null, notices?: Array<{ number: number | null, at: string | null, agencyKo: string | null, agencyEn: string | null, purposeKo: string | null, purposeEn: string | null, ground: string | null, due: string | null, toldOn: string | null, items: Array<{ coordinate: string | null, titleKo: string | null, titleEn: string | null, mask: string | null, basis: string | null, consent: boolean | null, ground: string | null }> | null }> | null } | null };

export type LookFragment = { number: number | null, at: string | null, agency: string | null, agencyKo: string | null, agencyEn: string | null, roleKo: string | null, roleEn: string | null, purposeKo: string | null, purposeEn: string | null, caseNumber: string | null, citizen: boolean | null, items: Array<{ coordinate: string | null, titleKo: string | null, titleEn: string | null, mask: string | null, basis: string | null, consent: boolean | null, ground: string | null }> | null };

export type ToldFragment = { number: number | null, at: string | null, agencyKo: string | null, agencyEn: string | null, purposeKo: string | null, purposeEn: string | null, ground: string | null, due: string | null, toldOn: string | null, items: Array<{ coordinate: string | null, titleKo: string | null, titleEn: string | null, mask: string | null, basis: string | null, consent: boolean | null, ground: string | null }> | null };

export type ItemFragment = { coordinate: string | null, titleKo: string | null, titleEn: string | null, mask: string | null, basis: string | null, consent: boolean | null, ground: string | null };

export type MoversQueryVariables = Exact<{ [key: string]: never; }>;


export type MoversQuery = { me: { id: string | null, household: { members: Array<{ id: string | null, name: string | null, relationToHead: RelationToHead | null, birthDate: string | null, isAdult: boolean | null }> | null } | null } | null };

export type ReportMoveInMutationVariables = Exact<{
  key: string | number;
  input: ReportMoveInInput;
}>;


export type ReportMoveInMutation = { reportMoveIn:
    | { errors: Array<{ path: Array<string>, code: string, message: string }> }
    | { receipt: string, state: ReportState, entry: number | null }
   | null };

type Accepted_GiveConsentReported_Fragment = { receipt: string, state: ReportState, entry: number | null };

type Accepted_RegisterBirthReported_Fragment = { receipt: string, state: ReportState, entry: number | null };

type Accepted_ReportMoveInReported_Fragment = { receipt: string, state: ReportState, entry: number | null };

type Accepted_RevokeConsentReported_Fragment = { receipt: string, state: ReportState, entry: number | null };

export type AcceptedFragment =
  | Accepted_GiveConsentReported_Fragment
  | Accepted_RegisterBirthReported_Fragment
  | Accepted_ReportMoveInReported_Fragment
  | Accepted_RevokeConsentReported_Fragment
;

export type RefusedFragment = { errors: Array<{ path: Array<string>, code: string, message: string }> };

export type RecordQueryVariables = Exact<{
  purpose: string;
}>;


export type RecordQuery = { me: { name: string | null, rrn: string | null, sex: Sex | null, birthDate: string | null, age: number | null, status: ResidentStatus | null, address: string | null, addressProtected: boolean | null, movedInOn: string | null, household: { members: Array<{ id: string | null, name: string | null, relationToHead: RelationToHead | null, birthDate: string | null, age: number | null }> | null, moveIns: Array<{ date: string | null, fromAddress: string | null, toAddress: string | null, reason: MoveReason | null }> | null, livelihoodBenefits: Array<{ kind: BenefitKind | null, startedOn: string | null, nearPoor: boolean | null }> | null } | null, birth: { registeredOn: string | null, place: string | null } | null, marriage: { marriedOn: string | null, status: MarriageStatus | null } | null, spouse: { name: string | null, birthDate: string | null } | null, parents: Array<{ name: string | null, birthDate: string | null }> | null, children: Array<{ id: string | null, name: string | null, birthDate: string | null, age: number | null, passports: Array<{ number: string | null, expiresOn: string | null, status: PassportStatus | null }> | null }> | null, passports: Array<{ number: string | null, kind: PassportKind | null, issuedOn: string | null, expiresOn: string | null, romanizedName: string | null, status: PassportStatus | null }> | null, borderCrossings: Array<{ direction: CrossingDirection | null, crossedOn: string | null, port: string | null }> | null, drivingLicence: { number: string | null, class: LicenceClass | null, issuedOn: string | null, renewBy: string | null, status: LicenceStatus | null } | null, vehicles: Array<{ plate: string | null, model: string | null, year: number | null, liens: number | null }> | null, buildings: Array<{ use: string | null, area: number | null, approvedOn: string | null, officialPrice: number | null }> | null, employments: Array<{ workplace: string | null, acquiredOn: string | null, lostOn: string | null, weeklyHours: number | null }> | null, businesses: Array<{ number: string | null, kind: string | null, openedOn: string | null, closedOn: string | null, status: BusinessStatus | null }> | null, taxCertificates: Array<{ year: number | null, income: number | null, taxPaid: number | null, arrears: number | null }> | null, localTaxes: Array<{ item: LocalTaxItem | null, year: number | null, amount: number | null, arrears: number | null }> | null, healthInsurance: { kind: InsuranceKind | null, workplace: string | null, monthlyPremium: number | null, dependants: number | null } | null, pension: { kind: PensionKind | null, monthsPaid: number | null, monthlyIncome: number | null, benefit: number | null } | null, militaryService: { kind: MilitaryServiceKind | null, enlistedOn: string | null, dischargedOn: string | null, rank: string | null } | null, disability: { severity: DisabilitySeverity | null, kind: string | null, registeredOn: string | null, reassessOn: string | null } | null, petitions: Array<{ number: string | null, service: string | null, openedOn: string | null, closedOn: string | null }> | null } | null, sharing: { mine: Array<{ coordinate: string, holder: string, rules: Array<{ basis: string }> }> | null, regulations: Array<{ holder: { code: string, title: { ko: string, en: string } } }>, purposes: Array<{ code: string, title: { ko: string, en: string } }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const PartyFragmentDoc = new TypedDocumentString(`
    fragment Party on SharingParty {
  code
  title {
    ko
    en
  }
}
    `, {"fragmentName":"Party"}) as unknown as TypedDocumentString<PartyFragment, unknown>;
export const ItemFragmentDoc = new TypedDocumentString(`
    fragment Item on AccessItem {
  coordinate
  titleKo
  titleEn
  mask
  basis
  consent
  ground
}
    `, {"fragmentName":"Item"}) as unknown as TypedDocumentString<ItemFragment, unknown>;
export const LookFragmentDoc = new TypedDocumentString(`
    fragment Look on Access {
  number
  at
  agency
  agencyKo
  agencyEn
  roleKo
  roleEn
  purposeKo
  purposeEn
  caseNumber
  citizen
  items {
    ...Item
  }
}
    fragment Item on AccessItem {
  coordinate
  titleKo
  titleEn
  mask
  basis
  consent
  ground
}`, {"fragmentName":"Look"}) as unknown as TypedDocumentString<LookFragment, unknown>;
export const ToldFragmentDoc = new TypedDocumentString(`
    fragment Told on Notice {
  number
  at
  agencyKo
  agencyEn
  purposeKo
  purposeEn
  ground
  due
  toldOn
  items {
    ...Item
  }
}
    fragment Item on AccessItem {
  coordinate
  titleKo
  titleEn
  mask
  basis
  consent
  ground
}`, {"fragmentName":"Told"}) as unknown as TypedDocumentString<ToldFragment, unknown>;
export const AcceptedFragmentDoc = new TypedDocumentString(`
    fragment Accepted on Reported {
  receipt
  state
  entry
}
    `, {"fragmentName":"Accepted"}) as unknown as TypedDocumentString<AcceptedFragment, unknown>;
export const RefusedFragmentDoc = new TypedDocumentString(`
    fragment Refused on NotReported {
  errors {
    path
    code
    message
  }
}
    `, {"fragmentName":"Refused"}) as unknown as TypedDocumentString<RefusedFragment, unknown>;
export const ConsentsDocument = new TypedDocumentString(`
    query Consents {
  me {
    consents {
      id
      agency
      purpose
      item
      since
      until
      revoked
    }
  }
  sharing {
    byConsent {
      agency {
        ...Party
      }
      purpose {
        code
        title {
          ko
          en
        }
      }
      items {
        coordinate
        title {
          ko
          en
        }
      }
      bases
    }
    purposes {
      code
      title {
        ko
        en
      }
    }
  }
}
    fragment Party on SharingParty {
  code
  title {
    ko
    en
  }
}`) as unknown as TypedDocumentString<ConsentsQuery, ConsentsQueryVariables>;
export const GiveConsentDocument = new TypedDocumentString(`
    mutation GiveConsent($key: ID!, $input: GiveConsentInput!) {
  giveConsent(key: $key, input: $input) {
    ...Accepted
    ...Refused
  }
}
    fragment Accepted on Reported {
  receipt
  state
  entry
}
fragment Refused on NotReported {
  errors {
    path
    code
    message
  }
}`) as unknown as TypedDocumentString<GiveConsentMutation, GiveConsentMutationVariables>;
export const RevokeConsentDocument = new TypedDocumentString(`
    mutation RevokeConsent($key: ID!, $input: RevokeConsentInput!) {
  revokeConsent(key: $key, input: $input) {
    ...Accepted
    ...Refused
  }
}
    fragment Accepted on Reported {
  receipt
  state
  entry
}
fragment Refused on NotReported {
  errors {
    path
    code
    message
  }
}`) as unknown as TypedDocumentString<RevokeConsentMutation, RevokeConsentMutationVariables>;
export const LookedDocument = new TypedDocumentString(`
    query Looked($first: Int!, $after: BigInt, $agency: String, $whole: Boolean!) {
  me {
    children @include(if: $whole) {
      id
      name
      isAdult
    }
    accessLog(first: $first, after: $after, agency: $agency) {
      ...Look
    }
    notices @include(if: $whole) {
      ...Told
    }
  }
}
    fragment Look on Access {
  number
  at
  agency
  agencyKo
  agencyEn
  roleKo
  roleEn
  purposeKo
  purposeEn
  caseNumber
  citizen
  items {
    ...Item
  }
}
fragment Told on Notice {
  number
  at
  agencyKo
  agencyEn
  purposeKo
  purposeEn
  ground
  due
  toldOn
  items {
    ...Item
  }
}
fragment Item on AccessItem {
  coordinate
  titleKo
  titleEn
  mask
  basis
  consent
  ground
}`) as unknown as TypedDocumentString<LookedQuery, LookedQueryVariables>;
export const LookedAtChildDocument = new TypedDocumentString(`
    query LookedAtChild($id: ID!, $first: Int!, $after: BigInt, $agency: String, $whole: Boolean!) {
  resident(id: $id) {
    accessLog(first: $first, after: $after, agency: $agency) {
      ...Look
    }
    notices @include(if: $whole) {
      ...Told
    }
  }
}
    fragment Look on Access {
  number
  at
  agency
  agencyKo
  agencyEn
  roleKo
  roleEn
  purposeKo
  purposeEn
  caseNumber
  citizen
  items {
    ...Item
  }
}
fragment Told on Notice {
  number
  at
  agencyKo
  agencyEn
  purposeKo
  purposeEn
  ground
  due
  toldOn
  items {
    ...Item
  }
}
fragment Item on AccessItem {
  coordinate
  titleKo
  titleEn
  mask
  basis
  consent
  ground
}`) as unknown as TypedDocumentString<LookedAtChildQuery, LookedAtChildQueryVariables>;
export const MoversDocument = new TypedDocumentString(`
    query Movers {
  me {
    id
    household {
      members {
        id
        name
        relationToHead
        birthDate
        isAdult
      }
    }
  }
}
    `) as unknown as TypedDocumentString<MoversQuery, MoversQueryVariables>;
export const ReportMoveInDocument = new TypedDocumentString(`
    mutation ReportMoveIn($key: ID!, $input: ReportMoveInInput!) {
  reportMoveIn(key: $key, input: $input) {
    ...Accepted
    ...Refused
  }
}
    fragment Accepted on Reported {
  receipt
  state
  entry
}
fragment Refused on NotReported {
  errors {
    path
    code
    message
  }
}`) as unknown as TypedDocumentString<ReportMoveInMutation, ReportMoveInMutationVariables>;
export const RecordDocument = new TypedDocumentString(`
    query Record($purpose: String!) {
  me {
    name
    rrn
    sex
    birthDate
    age
    status
    address
    addressProtected
    movedInOn
    household {
      members {
        id
        name
        relationToHead
        birthDate
        age
      }
      moveIns(limit: 5) {
        date
        fromAddress
        toAddress
        reason
      }
      livelihoodBenefits {
        kind
        startedOn
        nearPoor
      }
    }
    birth {
      registeredOn
      place
    }
    marriage {
      marriedOn
      status
    }
    spouse {
      name
      birthDate
    }
    parents {
      name
      birthDate
    }
    children {
      id
      name
      birthDate
      age
      passports(limit: 1) {
        number
        expiresOn
        status
      }
    }
    passports(limit: 3) {
      number
      kind
      issuedOn
      expiresOn
      romanizedName
      status
    }
    borderCrossings(limit: 4) {
      direction
      crossedOn
      port
    }
    drivingLicence {
      number
      class
      issuedOn
      renewBy
      status
    }
    vehicles {
      plate
      model
      year
      liens
    }
    buildings {
      use
      area
      approvedOn
      officialPrice
    }
    employments(limit: 4) {
      workplace
      acquiredOn
      lostOn
      weeklyHours
    }
    businesses {
      number
      kind
      openedOn
      closedOn
      status
    }
    taxCertificates(limit: 3) {
      year
      income
      taxPaid
      arrears
    }
    localTaxes(limit: 5) {
      item
      year
      amount
      arrears
    }
    healthInsurance {
      kind
      workplace
      monthlyPremium
      dependants
    }
    pension {
      kind
      monthsPaid
      monthlyIncome
      benefit
    }
    militaryService {
      kind
      enlistedOn
      dischargedOn
      rank
    }
    disability {
      severity
      kind
      registeredOn
      reassessOn
    }
    petitions(limit: 5) {
      number
      service
      openedOn
      closedOn
    }
  }
  sharing {
    mine(purpose: $purpose) {
      coordinate
      holder
      rules {
        basis
      }
    }
    regulations {
      holder {
        code
        title {
          ko
          en
        }
      }
    }
    purposes {
      code
      title {
        ko
        en
      }
    }
  }
}
    `) as unknown as TypedDocumentString<RecordQuery, RecordQueryVariables>;