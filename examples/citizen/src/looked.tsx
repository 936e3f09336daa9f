import { useEffect, useRef, useState } from 'preact/hooks';
import { type ItemFragment, LookedAtChildDocument, LookedDocument, type LookedQueryVariables, type LookFragment, type ToldFragment } from './gql/graphql';
import { ask, Trouble } from './graph';
import { asTrouble, Fact, Heading, Status, Told } from './parts';
import { PURPOSES } from './settings';
import { useText } from './text';

const PAGE = 10;

interface Child {
  id: string;
  name: string | null;
}

/** What is known of one person; `more` are there as long as a page comes back full. */
interface Known {
  log: LookFragment[];
  more: boolean;
  notices: ToldFragment[] | null;
  agencies: Map<string, LookFragment>;
}

/** What is asked of a person: of oneself, who one's children are, too. */
interface Person {
  accessLog: LookFragment[] | null;
  notices?: ToldFragment[] | null;
  children?: { id: string | null; name: string | null; isAdult: boolean | null }[] | null;
}

async function ofWhom(child: string, given: LookedQueryVariables): Promise<{ person: Person | null; trouble: Trouble | null }> {
  if (!child) {
    const { data, trouble } = await ask(LookedDocument, given, PURPOSES.records);
    return { person: data.me, trouble };
  }
  const { data, trouble } = await ask(LookedAtChildDocument, { id: child, ...given }, PURPOSES.records);
  return { person: data.resident, trouble };
}

/** One page of entries, those before the number `after`; with the first one comes all else that is told. */
async function read(child: string, agency: string, after: number | null) {
  // What is not asked to be narrowed is left out: to the gateway, null is no value to compare with.
  const given = { first: PAGE, whole: after === null, ...(after !== null && { after }), ...(agency && { agency }) };
  const { person, trouble } = await ofWhom(child, given);
  if (!person?.accessLog) throw trouble ?? new Trouble('withheld');
  const minors = person.children?.flatMap(({ id, name, isAdult }) => (id !== null && isAdult === false ? [{ id, name }] : []));
  return { log: person.accessLog, notices: person.notices, children: minors };
}

/** Who looked at the citizen's own data, or at those of a child. */
export function Looked() {
  const { words: { looked: w, ...words }, format } = useText();
  const [children, setChildren] = useState<Child[]>([]);
  const [child, setChild] = useState('');
  const [agency, setAgency] = useState('');
  const [known, setKnown] = useState<Known>();
  const [busy, setBusy] = useState(true);
  const [trouble, setTrouble] = useState<Trouble>();
  const [first, setFirst] = useState<number | null>(null);
  const latest = useRef(0);

  async function look(child: string, agency: string, before?: Known) {
    // Only the last of several questions is answered here: the others were overtaken.
    const turn = ++latest.current;
    setBusy(true);
    setTrouble(undefined);
    try {
      const found = await read(child, agency, before?.log.at(-1)?.number ?? null);
      if (turn !== latest.current) return;
      if (found.children) setChildren(found.children);
      setFirst(before ? (found.log[0]?.number ?? null) : null);
      setKnown((old) => ({
        log: [...(before?.log ?? []), ...found.log],
        more: found.log.length === PAGE,
        notices: found.notices === undefined ? (old?.notices ?? null) : found.notices,
        agencies: new Map([...(old?.agencies ?? []), ...found.log.flatMap((look) => (look.agency ? [[look.agency, look] as const] : []))]),
      }));
    } catch (error) {
      if (turn === latest.current) setTrouble(asTrouble(error));
    }
    if (turn === latest.current) setBusy(false);
  }

  useEffect(() => {
    void look('', '');
    return () => void latest.current++;
  }, []);

  function choose(other: string) {
    setChild(other);
    setAgency('');
    setKnown(undefined);
    void look(other, '');
  }

  function narrow(other: string) {
    setAgency(other);
    void look(child, other);
  }

  return (
    <>
      <Heading title={w.title}>{w.lead} {w.deferred}</Heading>
      {children.length > 0 && (
        <fieldset class="switch whose">
          <legend>{w.whose}</legend>
          {[{ id: '', name: w.mine }, ...children].map(({ id, name }) => (
            <label key={id} lang={id ? 'ko' : undefined}>
              <input type="radio" name="whose" checked={child === id} onChange={() => choose(id)} />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      )}
      {!known && <Status busy={busy} trouble={trouble} again={() => void look(child, agency)} />}
      {known && (
        <>
          <Notices notices={known.notices} />
          <section class="log" aria-labelledby="log" aria-busy={busy}>
            <h2 id="log">{w.log}</h2>
            <p class="narrow">
              <label for="agency">{w.agency}</label>
              <select id="agency" value={agency} onChange={(event) => narrow(event.currentTarget.value)}>
                <option value="">{w.every}</option>
                {[...known.agencies].map(([code, { agencyKo, agencyEn }]) => (
                  <option key={code} value={code}>{format.called(agencyKo, agencyEn)}</option>
                ))}
              </select>
            </p>
            <Days log={known.log} first={first} />
            <p role="status" class="count">
              {busy ? words.loading : known.log.length ? `${w.shown(format.number(known.log.length))} ${known.more ? '' : w.all}` : w.none}
            </p>
            {trouble && <Told trouble={trouble} again={() => void look(child, agency, known)} />}
            {known.more && !trouble && (
              <button type="button" class="wide-button" disabled={busy} onClick={() => void look(child, agency, known)}>{words.more}</button>
            )}
          </section>
        </>
      )}
    </>
  );
}

function Notices({ notices }: { notices: ToldFragment[] | null }) {
  const { words: { looked: w, ...words }, format } = useText();
  return (
    <section class="notices" aria-labelledby="notices">
      <h2 id="notices">{w.notices}</h2>
      {notices === null ? <p class="mark bad">{words.down}</p> : notices.length === 0 ? <p class="quiet">{w.noNotices}</p> : <p>{w.noticesLead}</p>}
      {notices?.map((notice) => (
        <article key={notice.number} class="card amber">
          <h3>{format.called(notice.agencyKo, notice.agencyEn) || w.someone}</h3>
          <p class="when">{notice.at && <When at={notice.at} day />}</p>
          <dl class="facts">
            <Fact name={w.purpose}>{format.called(notice.purposeKo, notice.purposeEn)}</Fact>
            <Fact name={w.ground.replace(':', '')}>{notice.ground && <cite lang="en">{notice.ground}</cite>}</Fact>
            <Fact name={w.due} optional>{format.day(notice.due)}</Fact>
            <Fact name={w.told} optional>{format.day(notice.toldOn)}</Fact>
          </dl>
          <Items items={notice.items ?? []} />
        </article>
      ))}
    </section>
  );
}

/** The entries by day, the latest first; focus goes to the first of those that were just added. */
function Days({ log, first }: { log: LookFragment[]; first: number | null }) {
  const { format } = useText();
  const list = useRef<HTMLDivElement>(null);
  const days = Map.groupBy(log, ({ at }) => (at ? format.dayOf(at) : ''));

  useEffect(() => {
    if (first !== null) list.current?.querySelector<HTMLElement>(`[data-number="${first}"]`)?.focus();
  }, [first]);

  return (
    <div class="days" ref={list}>
      {[...days].map(([day, looks]) => (
        <section key={day} aria-label={day}>
          <h3>{day}</h3>
          {runs(looks).map((run) => (run[0]!.citizen ? <Own key={run[0]!.number} run={run} /> : <Look key={run[0]!.number} look={run[0]!} />))}
        </section>
      ))}
    </div>
  );
}

/** An agency's entries each on its own, and the citizen's own that follow each other as one. */
function runs(looks: LookFragment[]): LookFragment[][] {
  const found: LookFragment[][] = [];
  for (const look of looks) {
    const run = found.at(-1);
    if (look.citizen && run?.[0]?.citizen) run.push(look);
    else found.push([look]);
  }
  return found;
}

function Look({ look }: { look: LookFragment }) {
  const { words: { looked: w }, format } = useText();
  return (
    <article class="card" data-number={look.number} tabIndex={-1}>
      <h4>{format.called(look.agencyKo, look.agencyEn) || w.someone}</h4>
      <p class="when">{look.at && <When at={look.at} />}</p>
      <dl class="facts">
        <Fact name={w.purpose}>{format.called(look.purposeKo, look.purposeEn)}</Fact>
        <Fact name={w.by} optional>{format.called(look.roleKo, look.roleEn)}</Fact>
        <Fact name={w.petition} optional>{look.caseNumber && <span class="number">{look.caseNumber}</span>}</Fact>
      </dl>
      <Items items={look.items ?? []} />
    </article>
  );
}

/** That one looked oneself, again and again as it may be, is no news: a line, which opens. */
function Own({ run }: { run: LookFragment[] }) {
  const { words: { looked: w }, format } = useText();
  return (
    <details class="own">
      <summary data-number={run[0]!.number}>{w.self} <span class="tag">{w.times(format.number(run.length))}</span></summary>
      {run.map((look) => (
        <div key={look.number} class="entry" data-number={look.number} tabIndex={-1}>
          <p>{look.at && <When at={look.at} />} · {format.called(look.purposeKo, look.purposeEn)}</p>
          <Items items={look.items ?? []} />
        </div>
      ))}
    </details>
  );
}

function When({ at, day = false }: { at: string; day?: boolean }) {
  const { format } = useText();
  return <time dateTime={at}>{day && `${format.dayOf(at)} `}{format.time(at)}</time>;
}

/** Items by the article under which they were shown, and by whether anybody was asked for consent. */
function Items({ items }: { items: ItemFragment[] }) {
  const { words: { looked: w }, format } = useText();
  const groups = Map.groupBy(items, ({ basis, consent, ground }) => JSON.stringify([basis, consent, ground]));
  const masked = (mask: string) => {
    const [kind = '', amount = ''] = mask.split(' ');
    return (w.masks[kind] ?? mask).replace('#', amount && format.number(Number(amount)));
  };
  return (
    <ul class="grounds" aria-label={w.items}>
      {[...groups].map(([key, group]) => {
        const { basis, consent, ground } = group[0]!;
        return (
          <li key={key}>
            <ul>
              {group.map(({ coordinate, titleKo, titleEn, mask }) => (
                <li key={`${coordinate} ${mask}`}>{format.called(titleKo, titleEn) || coordinate}{mask && <em> {masked(mask)}</em>}</li>
              ))}
            </ul>
            <p>
              {consent !== false && <strong>{consent ? w.consent : w.perhapsConsent} </strong>}
              {basis && <>{w.under} <cite lang="en">{basis}</cite></>}
              {ground && <span>{w.ground} <cite lang="en">{ground}</cite></span>}
            </p>
          </li>
        );
      })}
    </ul>
  );
}
