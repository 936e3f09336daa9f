import { useEffect, useRef, useState } from 'react';
import { Days, Notices } from './entries';
import { Languages } from './languages';
import { type Access, type Child, type Filter, findPurpose, type Notice, PAGE, Refusal, whoLooked } from './ledger';
import './looked.css';
import type { Persona, Send } from './server';
import { called, firstLanguage, keepLanguage, type Language, WORDS, zoneIn } from './words';

const ALL: Filter = { agency: '', since: '' };

/** What is known: of whose data, which of it, and the entries so far; `more` are there as long as a page comes back full. */
interface Known {
  log: Access[];
  more: boolean;
  notices: Notice[] | null;
}

type Names = Record<string, { ko: string | null; en: string | null }>;

/** For a citizen: who looked at the citizen's own data, or at those of a child, as the ledger tells it through the graph. */
export function WhoLooked({ persona, send }: { persona: Persona; send: Send }) {
  const [language, setLanguage] = useState(firstLanguage);
  const [children, setChildren] = useState<Child[]>([]);
  const [child, setChild] = useState('');
  const [filter, setFilter] = useState(ALL);
  const [agencies, setAgencies] = useState<Names>({});
  const [known, setKnown] = useState<Known>();
  const [busy, setBusy] = useState(true);
  const [refusal, setRefusal] = useState<Refusal>();
  const [first, setFirst] = useState<number>();
  const purpose = useRef('');
  const latest = useRef(0);
  const words = WORDS[language];

  async function look(child: string, filter: Filter, before?: Known) {
    // Only the last of several questions is answered here: the others were overtaken.
    const turn = ++latest.current;
    const whole = !before && filter === ALL;
    setBusy(true);
    setRefusal(undefined);
    try {
      purpose.current ||= await findPurpose(send, persona);
      const after = before?.log.at(-1)?.number ?? null;
      const answer = await whoLooked(send, purpose.current, { child, filter, after, whole });
      if (turn !== latest.current) return;
      setFirst(before && answer.log[0]?.number);
      setAgencies((seen) => ({ ...(whole ? {} : seen), ...namesIn(answer.log) }));
      setKnown((old) => ({
        log: [...(before?.log ?? []), ...answer.log],
        more: answer.log.length === PAGE,
        notices: answer.notices === undefined ? (old?.notices ?? null) : answer.notices,
      }));
      if (answer.children) setChildren(answer.children);
    } catch (error) {
      if (turn !== latest.current) return;
      setRefusal(error instanceof Refusal ? error : new Refusal('refused', String(error)));
      if (!before) setKnown((old) => old && { ...old, log: [], more: false });
    }
    if (turn === latest.current) setBusy(false);
  }

  useEffect(() => {
    void look('', ALL);
  }, []);

  function choose(other: string) {
    setChild(other);
    setFilter(ALL);
    setKnown(undefined);
    void look(other, ALL);
  }

  function narrow({ agency, since }: Filter) {
    const other = agency || since ? { agency, since } : ALL;
    setFilter(other);
    void look(child, other);
  }

  function speak(other: Language) {
    setLanguage(other);
    keepLanguage(other);
  }

  const name = children.find(({ id }) => id === child)?.name;
  const { log = [], more = false } = known ?? {};
  return (
    <main className="madang-looked" lang={language} aria-busy={busy}>
      <header>
        <div>
          <h2>{name ? words.titleOfChild(name) : words.title}</h2>
          <Languages language={language} words={words} onChoose={speak} />
        </div>
        <p>{words.lead} {words.deferred}</p>
        {children.length > 0 && (
          <fieldset className="madang-switch">
            <legend>{words.whose}</legend>
            {[{ id: '', name: words.mine }, ...children].map(({ id, name }) => (
              <label key={id} lang={id ? 'ko' : undefined}>
                <input type="radio" name="whose" checked={child === id} onChange={() => choose(id)} />
                {name}
              </label>
            ))}
          </fieldset>
        )}
      </header>

      {known && known.notices === null && <p className="problem">{words.noNotices}</p>}
      {known?.notices && known.notices.length > 0 && <Notices language={language} notices={known.notices} />}

      <section aria-labelledby="madang-log">
        <h3 id="madang-log">{words.log}</h3>
        <Narrowing key={child} language={language} agencies={agencies} filter={filter} onChoose={narrow} />
        <p role="status" className="count">
          {busy ? words.looking : log.length > 0 && words.shown(log.length, more)}
        </p>
        {log.length > 0 && <Days language={language} log={log} ofChild={child !== ''} focus={first} />}
        {known && !refusal && !busy && log.length === 0 && (
          <div className="nothing">
            <strong>{filter === ALL ? words.nothing : words.nothingFound}</strong>
            {filter === ALL && <p>{words.nothingThen}</p>}
          </div>
        )}
        {refusal && (
          <Refused
            language={language}
            refusal={refusal}
            child={child}
            onRetry={() => void look(child, filter, log.length > 0 ? known : undefined)}
          />
        )}
        {more && !refusal && (
          <button type="button" disabled={busy} onClick={() => void look(child, filter, known)}>{words.more}</button>
        )}
      </section>
      <footer>{words.zone(zoneIn(language))}</footer>
    </main>
  );
}

function namesIn(log: Access[]): Names {
  return Object.fromEntries(log.flatMap(({ agency, agencyKo: ko, agencyEn: en }) => (agency ? [[agency, { ko, en }]] : [])));
}

interface Narrowed {
  language: Language;
  agencies: Names;
  filter: Filter;
  onChoose: (filter: Filter) => void;
}

/** Of one agency alone, and since a day alone, which begins at the reader's midnight. */
function Narrowing({ language, agencies, filter, onChoose }: Narrowed) {
  const words = WORDS[language];
  const named = Object.entries(agencies).map(([code, { ko, en }]) => ({ code, name: called(language, ko, en) }));
  named.sort((one, other) => one.name.localeCompare(other.name, language));

  const agency = useRef<HTMLSelectElement>(null);
  const day = useRef<HTMLInputElement>(null);

  function reset() {
    // The button goes, and whoever pressed it by key goes on from the first choice.
    day.current!.value = '';
    agency.current!.focus();
    onChoose(ALL);
  }

  function since(input: HTMLInputElement) {
    // A year that is still being typed is a valid date of long ago.
    if (!input.validity.valid || input.validity.badInput) return;
    onChoose({ ...filter, since: input.value && new Date(`${input.value}T00:00`).toISOString() });
  }

  return (
    <div className="narrowing">
      <label>
        {words.agency}
        <select ref={agency} name="agency" value={filter.agency} onChange={(event) => onChoose({ ...filter, agency: event.target.value })}>
          <option value="">{words.everyAgency}</option>
          {named.map(({ code, name }) => (
            <option key={code} value={code}>{name}</option>
          ))}
        </select>
      </label>
      <label>
        {words.since}
        <input ref={day} type="date" name="since" min="1900-01-01" max="2999-12-31" onChange={(event) => since(event.target)} />
      </label>
      {filter !== ALL && <button type="button" onClick={reset}>{words.reset}</button>}
    </div>
  );
}

function Refused({ language, refusal, child, onRetry }: { language: Language; refusal: Refusal; child: string; onRetry: () => void }) {
  const words = WORDS[language];
  return (
    <div role="alert" className="problem">
      <strong>{words[refusal.kind]}</strong>
      {refusal.kind === 'unreachable' && <p>{words.unreachableThen}</p>}
      {refusal.kind === 'withheld' && child && <p>{words.withheldOfChild}</p>}
      {refusal.said && <p lang="en">{refusal.said}</p>}
      <button type="button" onClick={onRetry}>{words.retry}</button>
    </div>
  );
}
