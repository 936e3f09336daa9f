import type { Fetcher, FetcherParams } from '@graphiql/toolkit';

export interface Purpose {
  code: string;
  title: string;
}

/** One of the people that a demo server mints tokens for; `rrn` is a citizen's own resident number. */
export interface Persona {
  name: string;
  title: string;
  agency: string;
  role: string;
  jurisdiction?: string | null;
  purposes: Purpose[];
  token: string;
  rrn?: string | null;
}

/** Who asks, for which purpose and case, and whose view of the graph the documentation shows. */
export interface Choice {
  persona: string;
  purpose: string;
  case: string;
  view: 'mine' | 'all';
}

/** The personas with fresh tokens; none when the server is not in demo mode. */
export async function fetchPersonas(): Promise<Persona[]> {
  const response = await fetch('personas');
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`the server answered ${response.status} when asked for its personas`);
  return response.json();
}

/** The editor learns a new text's operation name a moment late; until then it would ask for an operation that has gone. */
function named(params: FetcherParams): FetcherParams {
  const known = new RegExp(`\\b(query|mutation|subscription)\\s+${params.operationName}\\b`).test(params.query);
  return known ? params : { ...params, operationName: undefined };
}

/**
 * Sends operations as the chosen persona. Headers typed into the editor win over the chosen ones. A token that has run out is
 * renewed once. `choice` is asked at each request, so a new purpose or case needs no new fetcher.
 */
export function makeFetcher(choice: () => Choice, token: () => string | undefined, renew: () => Promise<void>): Fetcher {
  async function send(body: string, typed: Record<string, string>): Promise<Response> {
    const { purpose, case: petition, view } = choice();
    const bearer = token();
    const headers = new Headers({ 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' });
    if (bearer) headers.set('Authorization', `Bearer ${bearer}`);
    if (purpose) headers.set('Madang-Purpose', purpose);
    if (petition) headers.set('Madang-Case', petition);
    if (view === 'all') headers.set('Madang-View', 'all');
    for (const [name, value] of Object.entries(typed)) headers.set(name, value);
    return fetch('graphql', { method: 'POST', headers, body });
  }

  return async (params, options) => {
    const body = JSON.stringify(named(params));
    const typed = options?.headers ?? {};
    let response = await send(body, typed);
    if (response.status === 401 && token()) {
      await renew();
      response = await send(body, typed);
    }
    return response.json();
  };
}
