// Verifies printed extracts. What a QR code holds comes behind the `#` of the address: a JSON Web Signature of the printed facts,
// which is checked here with the gateway's public key and sent to nobody. A code that is typed is asked of the gateway.

const KIND = 'madang extract 1';

function bytes(text) {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}

async function read(jws) {
  const [header, payload, signature] = jws.split('.');
  const told = JSON.parse(new TextDecoder().decode(bytes(header)));
  const key = await (await fetch('/verify/key')).json();
  if (told.alg !== 'EdDSA' || told.typ !== 'madang-extract+jws' || told.zip !== 'DEF' || told.kid !== key.kid) return null;
  const { kty, crv, x } = key;
  const trusted = await crypto.subtle.importKey('jwk', { kty, crv, x }, { name: 'Ed25519' }, false, ['verify']);
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  if (!(await crypto.subtle.verify({ name: 'Ed25519' }, trusted, bytes(signature), signed))) return null;
  const inflated = new Blob([bytes(payload)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const facts = JSON.parse(await new Response(inflated).text());
  return facts.kind === KIND ? facts : null;
}

function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  return made;
}

function tableOf([title, headings, rows]) {
  const table = element('table');
  table.append(element('caption', title));
  if (headings.length) {
    const head = table.createTHead().insertRow();
    for (const heading of headings) head.append(element('th', heading));
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const [place, text] of row.entries()) line.append(element(place || headings.length ? 'td' : 'th', text));
  }
  return table;
}

function say(place, good, text) {
  place.textContent = text;
  place.classList.toggle('good', good === true);
  place.classList.toggle('bad', good === false);
}

async function scanned() {
  const jws = location.hash.slice(1);
  const section = document.querySelector('#scanned');
  section.hidden = !jws;
  if (!jws) return;
  const verdict = section.querySelector('.verdict');
  section.querySelector('dl').replaceChildren();
  section.querySelector('.tables').replaceChildren();
  if (!globalThis.crypto?.subtle) {
    say(verdict, undefined, '이 브라우저에서는 서명을 확인할 수 없습니다. This browser cannot check signatures.');
    return;
  }
  const facts = await read(jws).catch((error) => (error instanceof DOMException && error.name === 'NotSupportedError' ? undefined : null));
  if (facts === undefined) {
    say(verdict, undefined, '이 브라우저에서는 서명을 확인할 수 없습니다. This browser cannot check signatures.');
  } else if (facts === null) {
    say(verdict, false, '발급된 증명서가 아닙니다. This is no extract that was issued here.');
  } else {
    say(verdict, true, '발급된 증명서입니다. 아래 내용이 종이와 같은지 보십시오. It was issued here: compare the paper with what follows.');
    const list = section.querySelector('dl');
    const lines = [['증명서', facts.title], ['발급일시', facts.issued], ['원장 번호', facts.entry], ['확인번호', facts.code]];
    if (facts.sha256) lines.push(['SHA-256', facts.sha256]);
    for (const [name, value] of lines) list.append(element('dt', name), element('dd', String(value)));
    section.querySelector('.tables').append(...(facts.tables ?? []).map(tableOf));
  }
}

async function typed(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const verdict = form.querySelector('.verdict');
  say(verdict, undefined, '…');
  const answer = await fetch(`/verify?${new URLSearchParams({ code: form.elements.code.value })}`).catch(() => null);
  if (!answer?.ok) {
    say(verdict, undefined, '지금은 확인할 수 없습니다. 잠시 뒤에 다시 시도하십시오. It cannot be verified now; try again later.');
    return;
  }
  const told = await answer.json();
  if (told.genuine) say(verdict, true, `발급된 증명서입니다: ${told.title.ko} (${told.title.en}), ${told.issued}`);
  else say(verdict, false, '이 번호로 발급된 증명서가 없습니다. No extract was issued with this code.');
}

document.querySelector('form').addEventListener('submit', typed);
addEventListener('hashchange', scanned);
scanned();
