/**
 * Signing in, and the token that goes with every request.
 *
 * THIS IS WHERE A REAL PORTAL SIGNS ITS CITIZENS IN. The demo hands a token to whoever asks at `/personas`, which exists in a demo
 * alone. Replace `fetchToken` by what your portal gets from its login service, in OpenID Connect by the authorization code flow with
 * PKCE: an access token for the gateway (the section [tokens] of its settings says whose) with the citizen's number in its claim
 * `rrn`. Keep it in memory, as is done here: what is in the browser's storage is read by any script of the page.
 */

/** Seconds before the end of a token at which it is renewed. */
const MARGIN = 60;

interface Persona {
  token: string;
  /** A citizen's own resident number; officers have none. */
  rrn: string | null;
}

export class SignedOut extends Error {}

async function fetchToken(): Promise<string> {
  const response = await fetch('../personas');
  if (response.status >= 500) throw new TypeError(`the gateway answered ${response.status}`);
  const personas = response.ok ? ((await response.json()) as Persona[]) : [];
  const citizen = personas.find(({ rrn }) => rrn !== null);
  if (!citizen) throw new SignedOut();
  return citizen.token;
}

let token = '';
let expires = 0;
let renewing: Promise<string> | undefined;

/** A token that is good for a while yet; several who ask at once wait for the same one. */
function currentToken(): Promise<string> {
  if (token && Date.now() / 1000 < expires - MARGIN) return Promise.resolve(token);
  renewing ??= renewed().finally(() => (renewing = undefined));
  return renewing;
}

async function renewed(): Promise<string> {
  token = await fetchToken();
  const claims = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
  expires = (JSON.parse(atob(claims)) as { exp: number }).exp;
  return token;
}

/** `fetch` as the citizen. A token that the gateway does not accept is replaced once. */
export async function fetchAsCitizen(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const send = async () => {
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${await currentToken()}`);
    return fetch(input, { ...init, headers });
  };
  const response = await send();
  if (response.status !== 401) return response;
  token = '';
  const again = await send();
  if (again.status === 401) throw new SignedOut();
  return again;
}
