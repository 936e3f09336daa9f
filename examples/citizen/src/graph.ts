/**
 * Asking the graph: one operation, for one purpose.
 *
 * An answer may have data and lack some: `lacks` says of which places, and why. `trouble` is what to tell where it lacks the very thing
 * that was asked for.
 */
import { type CombinedError, Client, fetchExchange } from '@urql/core';
import type { TypedDocumentString } from './gql/graphql';
import { fetchAsCitizen, SignedOut } from './session';
import { GRAPH } from './settings';

// No cache: what is shown is what the registers say now, and nothing of it stays behind.
const client = new Client({ url: GRAPH, exchanges: [fetchExchange], fetch: fetchAsCitizen, preferGetMethod: false });

/**
 * Why there is no answer. `away`: the gateway was not reached, or the answer got lost; `down`: it cannot answer now; `busy`: too much
 * was asked; `signedOut`: there is no token; `withheld`: the law does not allow it; `conflict`: somebody else changes the same;
 * `refused`: in the gateway's own words.
 */
export type Kind = 'away' | 'down' | 'busy' | 'signedOut' | 'withheld' | 'conflict' | 'refused';

export class Trouble extends Error {
  constructor(
    readonly kind: Kind,
    /** Seconds after which to try again, where the gateway said so. */
    readonly after: number | null = null,
    readonly said = '',
  ) {
    super(said || kind);
  }
}

/** Why a place of an answer is empty, by its pattern: `me.parents[].name`. */
export type Lacks = Map<string, 'withheld' | 'down'>;

/** Of a field that is withheld there is one pattern; of a register that does not answer there are all that it cost. */
interface Extensions {
  code?: string;
  pattern?: string;
  patterns?: string[];
}

const OUTAGES = ['SOURCE_UNAVAILABLE', 'LEDGER_UNAVAILABLE', 'LIMITS_UNAVAILABLE', 'INTERNAL_ERROR'];

export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  purpose: string,
): Promise<{ data: Data; lacks: Lacks; trouble: Trouble | null }> {
  const text = document.toString();
  const options = { requestPolicy: 'network-only', fetchOptions: { headers: { 'Madang-Purpose': purpose } } } as const;
  const asked = { ...variables } as Record<string, unknown>;
  const sent = /^\s*mutation\b/.test(text) ? client.mutation(text, asked, options) : client.query(text, asked, options);
  const { data, error } = await sent.toPromise();
  if (!data) throw troubleOf(error);
  return { data: data as Data, lacks: lacksOf(error), trouble: error ? troubleOf(error) : null };
}

function lacksOf(error: CombinedError | undefined): Lacks {
  const lacks: Lacks = new Map();
  for (const { path = [], extensions } of error?.graphQLErrors ?? []) {
    const { code, pattern = path.join('.'), patterns = [pattern] } = extensions as Extensions;
    for (const each of patterns) lacks.set(each, code === 'WITHHELD' ? 'withheld' : 'down');
  }
  return lacks;
}

/** What to tell of an answer without data, or of one that lacks the very thing that it was asked for. */
function troubleOf(error: CombinedError | undefined): Trouble {
  if (error?.networkError instanceof SignedOut) return new Trouble('signedOut');
  const response = error?.response as Response | undefined;
  const after = Number(response?.headers?.get('Retry-After')) || null;
  if (response?.status === 429) return new Trouble('busy', after);
  if (response && response.status >= 500) return new Trouble('down', after);
  if (!error || error.networkError) return new Trouble('away');
  const codes = error.graphQLErrors.map(({ extensions }) => (extensions as Extensions).code ?? '');
  if (codes.some((code) => OUTAGES.includes(code))) return new Trouble('down', after);
  if (codes.includes('SUBJECT_LIMIT_REACHED')) return new Trouble('busy', after);
  if (codes.includes('WITHHELD')) return new Trouble('withheld');
  if (codes.includes('CONFLICT')) return new Trouble('conflict');
  return new Trouble('refused', null, error.graphQLErrors[0]?.message);
}
