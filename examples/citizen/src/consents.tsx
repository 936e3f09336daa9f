import { useEffect, useRef, useState } from 'preact/hooks';
import { Choices, Field, NotSent, problemsOf, type Problems, Summary } from './form';
import { ConsentsDocument, type ConsentsQuery, GiveConsentDocument, type GiveConsentInput, RevokeConsentDocument } from './gql/graphql';
import { ask, Trouble } from './graph';
import { asTrouble, Fact, Heading, Status, useReading } from './parts';
import { isAccepted, isUnknown, report } from './reports';
import { PURPOSES } from './settings';
import { useText } from './text';

type Given = NonNullable<NonNullable<ConsentsQuery['me']>['consents']>;
type Sharing = ConsentsQuery['sharing'];
type Offer = NonNullable<Sharing['byConsent']>[number];

/** Consents to one agency for one purpose that hold for the same days, or do not hold any more. */
interface Group {
  key: string;
  agency: string;
  purpose: string;
  items: string[];
  since: string | null;
  until: string | null;
  state: 'holds' | 'revoked' | 'over';
}

/** What is told after a report was answered. */
interface News {
  what: 'given' | 'revoked';
  receipt: string;
}

async function read(): Promise<{ groups: Group[]; sharing: Sharing }> {
  const { data, trouble } = await ask(ConsentsDocument, {}, PURPOSES.records);
  if (!data.me?.consents) throw trouble ?? new Trouble('withheld');
  return { groups: grouped(data.me.consents), sharing: data.sharing };
}

function grouped(consents: Given): Group[] {
  const now = new Date();
  const today = `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`;
  const groups = new Map<string, Group>();
  for (const { agency, purpose, item, since, until, revoked } of consents) {
    if (!agency || !purpose || !item) continue;
    const state = revoked ? 'revoked' : until !== null && until < today ? 'over' : 'holds';
    const key = [agency, purpose, since, until, state].join(' ');
    const group = groups.get(key) ?? { key, agency, purpose, items: [], since, until, state };
    groups.set(key, { ...group, items: [...new Set([...group.items, item])] });
  }
  return [...groups.values()];
}

/** What agencies, purposes and items are called, where the regulations know them. */
function useTitles({ byConsent, purposes }: Sharing) {
  const { format } = useText();
  const offers = byConsent ?? [];
  const called = (title: { ko: string; en: string } | undefined, code: string) => (title ? format.called(title.ko, title.en) : code);
  return {
    agency: (code: string) => called(offers.find(({ agency }) => agency.code === code)?.agency.title, code),
    purpose: (code: string) => called(purposes.find((purpose) => purpose.code === code)?.title, code),
    item: (name: string) => called(offers.flatMap(({ items }) => items).find(({ coordinate }) => coordinate === name)?.title, name),
  };
}

export function Consents() {
  const { words: { consents: w } } = useText();
  const [round, setRound] = useState(0);
  const [news, setNews] = useState<News>();
  const { answer, trouble, busy, again } = useReading(read, String(round));

  function tell(found: News) {
    setNews(found);
    setRound(round + 1);
  }

  return (
    <>
      <Heading title={w.title}>{w.lead}</Heading>
      {news && <Answered news={news} key={news.receipt} />}
      <Status busy={busy && !answer} trouble={trouble} again={again} />
      {answer && (
        <>
          <section class="log" aria-labelledby="given" aria-busy={busy}>
            <h2 id="given">{w.now}</h2>
            <List groups={answer.groups.filter(({ state }) => state === 'holds')} sharing={answer.sharing} none={w.none} onAnswer={tell} />
            {answer.groups.some(({ state }) => state !== 'holds') && (
              <details class="own">
                <summary>{w.before}</summary>
                <List groups={answer.groups.filter(({ state }) => state !== 'holds')} sharing={answer.sharing} none="" onAnswer={tell} />
              </details>
            )}
          </section>
          <GiveForm key={round} offers={answer.sharing.byConsent ?? []} onAnswer={tell} />
        </>
      )}
    </>
  );
}

function Answered({ news: { what, receipt } }: { news: News }) {
  const { words: { consents: w, ...words } } = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="notice" aria-labelledby="answered">
      <h2 id="answered" tabIndex={-1} ref={heading}>{what === 'given' ? w.given : w.revoked}</h2>
      <p>{what === 'given' ? w.givenThen : w.revokedThen}</p>
      <p>{words.form.receipt}: <span class="number">{receipt}</span></p>
    </section>
  );
}

function List({ groups, sharing, none, onAnswer }: { groups: Group[]; sharing: Sharing; none: string; onAnswer: (news: News) => void }) {
  if (groups.length === 0) return <p class="quiet">{none}</p>;
  return (
    <ul class="list">
      {groups.map((group) => <li key={group.key}><Consent group={group} sharing={sharing} onAnswer={onAnswer} /></li>)}
    </ul>
  );
}

function Consent({ group, sharing, onAnswer }: { group: Group; sharing: Sharing; onAnswer: (news: News) => void }) {
  const { words: { consents: w, ...words }, format } = useText();
  const titles = useTitles(sharing);
  const { agency, purpose, items, since, until, state } = group;
  return (
    <article class="card">
      <h3>{titles.agency(agency)}{state !== 'holds' && <span class="tag">{w.states[state]}</span>}</h3>
      <dl class="facts">
        <Fact name={words.looked.purpose}>{titles.purpose(purpose)}</Fact>
        <Fact name={w.since}>{format.day(since)}</Fact>
        <Fact name={w.until}>{format.day(until)}</Fact>
      </dl>
      <ul class="grounds items" aria-label={w.items}>
        {items.map((item) => <li key={item}>{titles.item(item)}</li>)}
      </ul>
      {state === 'holds' && <Revoke group={group} name={`${titles.agency(agency)}, ${titles.purpose(purpose)}`} onAnswer={onAnswer} />}
    </article>
  );
}

/** Withdrawing takes two steps, so that nobody does it by a slip. */
function Revoke({ group: { agency, purpose, items }, name, onAnswer }: { group: Group; name: string; onAnswer: (news: News) => void }) {
  const { words: { consents: w, ...words } } = useText();
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();
  const [problems, setProblems] = useState<Problems>({});
  const first = useRef<HTMLButtonElement>(null);
  const question = useRef<HTMLParagraphElement>(null);

  useEffect(() => {
    if (key) question.current?.focus();
  }, [key]);

  function leave() {
    setKey('');
    setTrouble(undefined);
    requestAnimationFrame(() => first.current?.focus());
  }

  async function revoke() {
    setBusy(true);
    setTrouble(undefined);
    try {
      const outcome = await report(RevokeConsentDocument, { key, input: { agency, purpose, items } }, PURPOSES.consents);
      if (isAccepted(outcome)) onAnswer({ what: 'revoked', receipt: outcome.receipt });
      else setProblems(problemsOf(outcome.errors, () => '', ({ code, message }) => w.codes[code] ?? message));
    } catch (error) {
      setTrouble(asTrouble(error));
    }
    setBusy(false);
  }

  if (!key) {
    return (
      <p class="buttons">
        <button type="button" class="danger" ref={first} aria-label={`${w.revoke}: ${name}`} onClick={() => setKey(crypto.randomUUID())}>{w.revoke}</button>
      </p>
    );
  }
  return (
    <div class="sure">
      <Summary problems={problems} labels={{}} />
      {trouble && <NotSent trouble={trouble} again={() => void revoke()} />}
      <p tabIndex={-1} ref={question}>{w.sure}</p>
      <p class="buttons">
        <button type="button" class="danger" disabled={busy} onClick={() => void revoke()}>{busy ? words.form.sending : w.yes}</button>
        <button type="button" disabled={busy} onClick={leave}>{w.no}</button>
      </p>
    </div>
  );
}

function inAYear(): string {
  const day = new Date();
  return `${day.getFullYear() + 1}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(Math.min(day.getDate(), 28)).padStart(2, '0')}`;
}

function GiveForm({ offers, onAnswer }: { offers: Offer[]; onAnswer: (news: News) => void }) {
  const { words: { consents: w, ...words }, format } = useText();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [chosen, setChosen] = useState<Offer>();
  const [until, setUntil] = useState(inAYear);
  const [sent, setSent] = useState(false);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();
  const [problems, setProblems] = useState<Problems>({});
  const labels = { offer: w.offer, until: w.until };

  async function send() {
    if (!chosen) return;
    const input: GiveConsentInput = {
      agency: chosen.agency.code, purpose: chosen.purpose.code, items: chosen.items.map(({ coordinate }) => coordinate), until,
    };
    setBusy(true);
    setSent(true);
    setTrouble(undefined);
    try {
      const outcome = await report(GiveConsentDocument, { key, input }, PURPOSES.consents);
      if (isAccepted(outcome)) return onAnswer({ what: 'given', receipt: outcome.receipt });
      setProblems(problemsOf(outcome.errors, (path) => (path === 'until' ? 'until' : 'offer'), ({ code, message }) => w.codes[code] ?? message));
      settle();
    } catch (error) {
      const found = asTrouble(error);
      setTrouble(found);
      if (!isUnknown(found)) settle();
    }
    setBusy(false);
  }

  /** It was answered, so whatever is sent next is another report. */
  function settle() {
    setKey(crypto.randomUUID());
    setSent(false);
  }

  function submit(event: Event) {
    event.preventDefault();
    const found: Problems = { ...(!chosen && { offer: [w.codes.NO_OFFER!] }), ...(!until && { until: [w.codes.NO_DAY!] }) };
    setProblems(found);
    if (Object.keys(found).length === 0) void send();
  }

  return (
    <section class="give" aria-labelledby="give">
      <h2 id="give">{w.give}</h2>
      <p class="quiet">{w.giveLead}</p>
      <Summary problems={problems} labels={labels} />
      {trouble && <NotSent trouble={trouble} again={() => void send()} />}
      <form noValidate onSubmit={submit} aria-busy={busy}>
        <fieldset class="form" disabled={sent}>
          <legend class="unseen">{w.give}</legend>
          <Choices id="offer" label={w.offer} problems={problems}>
            {offers.map((offer) => {
              const { agency, purpose, items, bases } = offer;
              return (
                <label key={`${agency.code} ${purpose.code}`}>
                  <input type="radio" name="offer" checked={chosen === offer} onChange={() => setChosen(offer)} />
                  <span>{format.called(agency.title.ko, agency.title.en)} – {format.called(purpose.title.ko, purpose.title.en)}</span>
                  <small>
                    {format.list(items.map(({ title }) => format.called(title.ko, title.en)))} (<cite lang="en">{bases.join('; ')}</cite>)
                  </small>
                </label>
              );
            })}
          </Choices>
          <Field id="until" label={w.until} hint={w.untilHint} problems={problems}>
            {(described) => <input {...described} type="date" required value={until} onChange={(event) => setUntil(event.currentTarget.value)} />}
          </Field>
        </fieldset>
        <p role="status" class="unseen">{busy ? words.form.sending : ''}</p>
        <p class="buttons"><button type="submit" class="main" disabled={sent}>{busy ? words.form.sending : w.send}</button></p>
      </form>
    </section>
  );
}
