import { makeSend, type Send } from './server';

interface Title {
  ko: string;
  en: string;
}

export interface Paper {
  code: string;
  title: Title;
  office: Title;
  minorsOnly: boolean;
}

/** A civil service, as the graph tells it. */
export interface Service {
  code: string;
  title: Title;
  description: Title;
  purpose: string;
  article: string;
  documentId: string;
  subject: string | null;
  papersReplaced: number;
  papers: Paper[];
  registers: { code: string; holder: { code: string; title: Title } }[];
}

/** What a demo gives to begin with: open cases, tokens of those who work on them, and the coordinate of each value of an answer. */
interface Cases {
  leaves: Leaves;
  tokens: Record<string, string>;
  cases: { case: string; agency: string; resident: string; papers: number; onPapers: number }[];
}

type Leaves = Record<string, string>;

/** Of the residents asked about so far: sums, but for the times, in milliseconds. `wanted` residents are asked about in all. */
export interface Figures {
  wanted: number;
  residents: number;
  papers: number;
  onPapers: number;
  seen: number;
  withheld: number;
  refused: number;
  why: string;
  took: number[];
}

const NONE: Figures = { wanted: 0, residents: 0, papers: 0, onPapers: 0, seen: 0, withheld: 0, refused: 0, why: '', took: [] };
const AT_ONCE = 4;
const SERVICES = `query Services { services {
  code title { ko en } description { ko en } purpose article documentId subject papersReplaced
  papers { code title { ko en } office { ko en } minorsOnly }
  registers { code holder { code title { ko en } } }
} }`;

/** The services that are about a resident who has a case. */
export async function fetchServices(send: Send): Promise<Service[]> {
  const body = await (await send(JSON.stringify({ query: SERVICES }), {})).json();
  if (!body.data) throw new Error(body.errors?.[0]?.message ?? '');
  return (body.data.services as Service[]).filter(({ subject }) => subject !== null);
}

/** The facts in an answer, counted as `resolvers/facts.py` does: coordinates with their values, each once, without nulls. */
export function facts(value: unknown, leaves: Leaves, path = '', found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) {
    for (const each of value) facts(each, leaves, path, found);
  } else if (value !== null && typeof value === 'object') {
    for (const [name, each] of Object.entries(value)) facts(each, leaves, path ? `${path}.${name}` : name, found);
  } else if (value !== null && value !== undefined && Object.hasOwn(leaves, path)) {
    found.add(`${leaves[path]} ${JSON.stringify(value)}`);
  }
  return found;
}

export function median(took: number[]): number {
  const sorted = [...took].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Asks a service about `first` residents, as the officers whose cases they are, and tells the figures after each answer. */
export async function run(service: Service, first: number, tell: (figures: Figures) => void, signal: AbortSignal): Promise<void> {
  const response = await fetch(`cases?${new URLSearchParams({ service: service.code, first: String(first) })}`, { signal });
  const given = await response.json();
  if (!response.ok) throw new Error(given.error);
  const { leaves, tokens, cases } = given as Cases;
  const waiting = cases.values();
  let figures = { ...NONE, wanted: cases.length };
  tell(figures);

  async function work() {
    for (const each of waiting) {
      const send = makeSend(() => tokens[each.agency], async () => {});
      const headers = { 'Madang-Purpose': service.purpose, 'Madang-Case': each.case };
      const body = JSON.stringify({ documentId: service.documentId, variables: { [service.subject!]: each.resident } });
      const begun = performance.now();
      const answer = await (await send(body, headers)).json();
      const took = performance.now() - begun;
      if (signal.aborted) return;
      const errors: { message: string; extensions?: { code?: string } }[] = answer.errors ?? [];
      const failed = errors.find(({ extensions }) => extensions?.code !== 'WITHHELD');
      const seen = facts(answer.data, leaves).size;
      const refused = failed || !seen;
      figures = {
        ...figures,
        residents: figures.residents + 1,
        papers: figures.papers + each.papers,
        onPapers: figures.onPapers + each.onPapers,
        seen: figures.seen + seen,
        withheld: figures.withheld + (errors.length && !failed ? 1 : 0),
        refused: figures.refused + (refused ? 1 : 0),
        why: refused ? (failed?.message ?? figures.why) : figures.why,
        took: [...figures.took, took],
      };
      tell(figures);
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
