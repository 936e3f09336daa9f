import type { Persona, Send } from './server';

/** One item of data that was shown. Nothing of the graph is certain to be there: a regulation may withhold it. */
export interface Item {
  coordinate: string | null;
  titleKo: string | null;
  titleEn: string | null;
  mask: string | null;
  basis: string | null;
  consent: boolean | null;
  ground: string | null;
}

interface Look {
  number: number;
  at: string;
  agency: string | null;
  agencyKo: string | null;
  agencyEn: string | null;
  purposeKo: string | null;
  purposeEn: string | null;
  items: Item[] | null;
}

/** One time that somebody looked. */
export interface Access extends Look {
  roleKo: string | null;
  roleEn: string | null;
  caseNumber: string | null;
  citizen: boolean | null;
}

/** What a resident has to be told of, because nobody asked for consent. */
export interface Notice extends Look {
  ground: string | null;
  due: string | null;
  toldOn: string | null;
  days: number | null;
}

export interface Child {
  id: string;
  name: string | null;
}

/** Which of the times somebody looked: an agency's code and a moment; empty for all. */
export interface Filter {
  agency: string;
  since: string;
}

/** What is asked for: of oneself, or of the child with an id; the page after an entry; and whether all else is asked for too. */
export interface Question {
  child: string;
  filter: Filter;
  after: number | null;
  whole: boolean;
}

export interface Answer {
  log: Access[];
  /** Null where they could not be read, undefined where they were not asked for. */
  notices?: Notice[] | null;
  children?: Child[];
}

/** Why there is no answer: nobody could be asked, the law withholds it (with its articles), or it was refused in these words. */
export class Refusal extends Error {
  constructor(
    readonly kind: 'unreachable' | 'withheld' | 'refused',
    readonly said: string,
  ) {
    super(said || kind);
  }
}

export const PAGE = 20;
const LOG = 'Resident.accessLog';
const OUTAGES = ['SOURCE_UNAVAILABLE', 'LEDGER_UNAVAILABLE', 'LIMITS_UNAVAILABLE', 'INTERNAL_ERROR'];

const ITEMS = 'items { coordinate titleKo titleEn mask basis consent ground }';
const LOOK = `number at agency agencyKo agencyEn purposeKo purposeEn ${ITEMS}`;
const OF_RESIDENT = `
  accessLog(first: $first, after: $after, since: $since, agency: $agency) { ${LOOK} roleKo roleEn caseNumber citizen }
  notices @include(if: $whole) { ${LOOK} ground due toldOn days }`;
const ARGUMENTS = '$first: Int!, $after: BigInt, $since: DateTime, $agency: String, $whole: Boolean!';
const OF_ME = `query WhoLooked(${ARGUMENTS}) {
  me { children @include(if: $whole) { id name isAdult } ${OF_RESIDENT} }
}`;
const OF_CHILD = `query WhoLookedAtChild($id: ID!, ${ARGUMENTS}) {
  resident(id: $id) { ${OF_RESIDENT} }
}`;

interface GraphQLError {
  message: string;
  extensions?: { code?: string; coordinate?: string; rules?: { basis: string }[] };
}

interface Body {
  data?: Record<string, unknown> | null;
  errors?: GraphQLError[];
}

interface Resident {
  accessLog: Access[] | null;
  notices?: Notice[] | null;
  children?: { id: string | null; name: string | null; isAdult: boolean | null }[] | null;
}

async function post(send: Send, query: string, variables: object, purpose?: string): Promise<Body> {
  try {
    const response = await send(JSON.stringify({ query, variables }), purpose ? { 'Madang-Purpose': purpose } : {});
    return (await response.json()) as Body;
  } catch {
    throw new Refusal('unreachable', '');
  }
}

function refusalOf({ errors = [] }: Body): Refusal {
  const of = (codes: string[]) => errors.find(({ extensions }) => codes.includes(extensions?.code ?? ''));
  const withheld = errors.find(({ extensions }) => extensions?.code === 'WITHHELD' && extensions.coordinate === LOG);
  if (withheld) return new Refusal('withheld', (withheld.extensions?.rules ?? []).map(({ basis }) => basis).join('; '));
  return of(OUTAGES) ? new Refusal('unreachable', '') : new Refusal('refused', errors[0]?.message ?? '');
}

/** For which of the persona's purposes the regulations share with it who looked: they are asked, which takes no purpose. */
export async function findPurpose(send: Send, { purposes }: Persona): Promise<string> {
  const parts = purposes.map((_, index) => `p${index}: coordinate(name: "${LOG}", purpose: $p${index}) { verdict }`);
  const declared = purposes.map((_, index) => `$p${index}: String`);
  const variables = Object.fromEntries(purposes.map(({ code }, index) => [`p${index}`, code]));
  if (!parts.length) throw new Refusal('withheld', '');
  const body = await post(send, `query ForWhat(${declared.join(', ')}) { sharing { ${parts.join(' ')} } }`, variables);
  const decided = body.data?.sharing as Record<string, { verdict: string } | null> | undefined;
  if (!decided) throw refusalOf(body);
  const found = purposes.find((_, index) => decided[`p${index}`]?.verdict === 'PERMIT');
  if (!found) throw new Refusal('withheld', '');
  return found.code;
}

/** Asks the graph who looked. What it has of children who are of age, or cannot be told apart, is nobody's choice here. */
export async function whoLooked(send: Send, purpose: string, { child, filter, after, whole }: Question): Promise<Answer> {
  const { agency, since } = filter;
  // What is not given is left out, as JSON does with what is undefined.
  const given = { after: after ?? undefined, agency: agency || undefined, since: since || undefined, id: child || undefined };
  const body = await post(send, child ? OF_CHILD : OF_ME, { first: PAGE, whole, ...given }, purpose);
  const resident = (child ? body.data?.resident : body.data?.me) as Resident | null | undefined;
  if (!resident?.accessLog) throw refusalOf(body);
  const minors = resident.children?.filter(({ id, isAdult }) => id !== null && isAdult === false) as Child[] | undefined;
  return { log: resident.accessLog, notices: resident.notices, children: minors };
}
