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

/** Sends the body of an operation, with headers that may replace those of the persona. */
export type Send = (body: string, headers: Record<string, string>) => Promise<Response>;

/** Sends as whomever the token is of. A token that has run out is renewed once. */
export function makeSend(token: () => string | undefined, renew: () => Promise<void>): Send {
  async function send(body: string, more: Record<string, string>): Promise<Response> {
    const bearer = token();
    const headers = new Headers({ 'Content-Type': 'application/json', Accept: 'application/graphql-response+json' });
    if (bearer) headers.set('Authorization', `Bearer ${bearer}`);
    for (const [name, value] of Object.entries(more)) headers.set(name, value);
    return fetch('graphql', { method: 'POST', headers, body });
  }

  return async (body, headers) => {
    const response = await send(body, headers);
    if (response.status !== 401 || !token()) return response;
    await renew();
    return send(body, headers);
  };
}

/**
 * Sends GraphiQL's operations. Headers typed into the editor win over the chosen ones. `choice` is asked at each request, so a
 * new purpose or case needs no new fetcher.
 */
export function makeFetcher(choice: () => Choice, send: Send): Fetcher {
  function chosen(): Record<string, string> {
    const { purpose, case: petition, view } = choice();
    return {
      ...(purpose && { 'Madang-Purpose': purpose }),
      ...(petition && { 'Madang-Case': petition }),
      ...(view === 'all' && { 'Madang-View': 'all' }),
    };
  }

  return async (params, options) => {
    const response = await send(JSON.stringify(named(params)), { ...chosen(), ...options?.headers });
    return response.json();
  };
}
