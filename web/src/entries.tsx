import { type ReactNode, useEffect, useRef } from 'react';
import type { Access, Item, Notice } from './ledger';
import { calendarDay, called, dayOf, type Language, maskInWords, timeOf, WORDS, type Words } from './words';

/** Entries of one day: an agency's each on its own, and those of citizens that follow each other as one. */
type Day = { day: string; runs: Access[][] };

function byDay(language: Language, log: Access[]): Day[] {
  const days: Day[] = [];
  for (const access of log) {
    const day = dayOf(language, new Date(access.at));
    if (days.at(-1)?.day !== day) days.push({ day, runs: [] });
    const { runs } = days.at(-1)!;
    const run = runs.at(-1);
    if (access.citizen && run?.[0]?.citizen) run.push(access);
    else runs.push([access]);
  }
  return days;
}

interface Listed {
  language: Language;
  log: Access[];
  ofChild: boolean;
  /** The number of the first entry that has just been added, where reading goes on. */
  focus: number | undefined;
}

/** The entries, the latest first. */
export function Days({ language, log, ofChild, focus }: Listed) {
  const list = useRef<HTMLOListElement>(null);

  useEffect(() => {
    if (focus === undefined) return;
    const added = list.current?.querySelector<HTMLElement>(`[data-number="${focus}"]`);
    (added?.closest('details:not([open])')?.querySelector<HTMLElement>('summary') ?? added)?.focus();
  }, [focus]);

  return (
    <ol className="days" ref={list}>
      {byDay(language, log).map(({ day, runs }) => (
        <li key={day}>
          <h4>{day}</h4>
          <ol className="looks">
            {runs.map((run) => (
              <li key={run[0]!.number} className={run[0]!.citizen ? 'quiet' : undefined}>
                {run[0]!.citizen ? <Citizens language={language} run={run} ofChild={ofChild} /> : <Entry language={language} access={run[0]!} />}
              </li>
            ))}
          </ol>
        </li>
      ))}
    </ol>
  );
}

function Entry({ language, access }: { language: Language; access: Access }) {
  const words = WORDS[language];
  const { number, agencyKo, agencyEn, roleKo, roleEn, purposeKo, purposeEn, caseNumber, items } = access;
  return (
    <article data-number={number} tabIndex={-1}>
      <header>
        <h5>{called(language, agencyKo, agencyEn) || words.someone}</h5>
        <Time language={language} at={access.at} />
      </header>
      <dl>
        <Fact name={words.purpose} className="purpose">{called(language, purposeKo, purposeEn)}</Fact>
        <Fact name={words.by}>{called(language, roleKo, roleEn)}</Fact>
        <Fact name={words.petition}>{caseNumber}</Fact>
      </dl>
      <Items language={language} items={items ?? []} />
    </article>
  );
}

/** A citizen who looks, again and again as it may be, is no news to the resident: one line, which opens. */
function Citizens({ language, run, ofChild }: { language: Language; run: Access[]; ofChild: boolean }) {
  const words = WORDS[language];
  const last = run.at(-1)!;
  return (
    <details>
      <summary>
        <span>{words.citizens(run.length, ofChild)}</span>
        <span>
          {timeOf(language, new Date(last.at)) !== timeOf(language, new Date(run[0]!.at)) && <><Time language={language} at={last.at} /> – </>}
          <Time language={language} at={run[0]!.at} />
        </span>
      </summary>
      <ol>
        {run.map((access) => (
          <li key={access.number} data-number={access.number} tabIndex={-1}>
            <p>
              <Time language={language} at={access.at} /> {called(language, access.agencyKo, access.agencyEn)} ·{' '}
              {called(language, access.purposeKo, access.purposeEn)} · {words.counted(access.items?.length ?? 0)}
            </p>
            <Items language={language} items={access.items ?? []} />
          </li>
        ))}
      </ol>
    </details>
  );
}

/** What was shown without asking for consent. What is told now stands open, what was told on an earlier day does not. */
export function Notices({ language, notices }: { language: Language; notices: Notice[] }) {
  const words = WORDS[language];
  const latest = notices.reduce((day, { toldOn }) => (toldOn !== null && toldOn > day ? toldOn : day), '');
  const now = notices.filter(({ toldOn }) => toldOn === null || toldOn === latest);
  const before = notices.filter((notice) => !now.includes(notice));
  return (
    <section className="notices" aria-labelledby="madang-notices">
      <h3 id="madang-notices">{words.notices} <span className="number">{notices.length}</span></h3>
      <p>{words.noticesLead}</p>
      <NoticeList language={language} notices={now} />
      {before.length > 0 && (
        <details>
          <summary>{words.toldBefore(before.length)}</summary>
          <NoticeList language={language} notices={before} />
        </details>
      )}
    </section>
  );
}

/** By whom, for what, on what ground, and when the resident was told. */
function NoticeList({ language, notices }: { language: Language; notices: Notice[] }) {
  const words = WORDS[language];
  return (
    <ul>
      {notices.map((notice) => (
        <li key={notice.number}>
          <article>
            <header>
              <h4>{called(language, notice.agencyKo, notice.agencyEn) || words.someone}</h4>
              <time dateTime={notice.at}>
                {dayOf(language, new Date(notice.at))} {timeOf(language, new Date(notice.at))}
              </time>
            </header>
            <dl>
              <Fact name={words.purpose} className="purpose">{called(language, notice.purposeKo, notice.purposeEn)}</Fact>
              <Fact name={words.ground}>{notice.ground && <cite lang="en">{notice.ground}</cite>}</Fact>
              <Fact name={words.due}>{notice.due && calendarDay(language, notice.due)}</Fact>
              <Fact name={words.told}>{notice.toldOn && <Told language={language} notice={notice} day={notice.toldOn} />}</Fact>
            </dl>
            <Items language={language} items={(notice.items ?? []).map((item) => ({ ...item, ground: null }))} />
          </article>
        </li>
      ))}
    </ul>
  );
}

function Told({ language, notice: { due, days }, day }: { language: Language; notice: Notice; day: string }) {
  const words = WORDS[language];
  return (
    <>
      {calendarDay(language, day)}
      {days !== null && <> ({words.within(days)})</>}
      {due !== null && day > due && <strong className="late"> {words.late}</strong>}
    </>
  );
}

function Time({ language, at }: { language: Language; at: string }) {
  return <time dateTime={at}>{timeOf(language, new Date(at))}</time>;
}

/** A name and what it is, unless that is nothing. */
function Fact({ name, className, children }: { name: string; className?: string; children: ReactNode }) {
  if (!children) return null;
  return (
    <div className={className}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Items by the article under which they were shown, and by whether anybody was asked for consent. */
function Items({ language, items }: { language: Language; items: Item[] }) {
  const words = WORDS[language];
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const { basis, consent, ground } = item;
    const key = JSON.stringify([basis, consent, ground]);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return (
    <ul className="grounds" aria-label={words.items}>
      {[...groups].map(([key, [one, ...others]]) => (
        <li key={key}>
          <ul>
            {[one!, ...others].map(({ coordinate, titleKo, titleEn, mask }) => (
              <li key={`${coordinate} ${mask}`}>
                {called(language, titleKo, titleEn) || coordinate}
                {mask && <em>{maskInWords(language, mask)}</em>}
              </li>
            ))}
          </ul>
          <Ground words={words} item={one!} />
        </li>
      ))}
    </ul>
  );
}

function Ground({ words, item: { basis, consent, ground } }: { words: Words; item: Item }) {
  return (
    <p>
      {basis && <>{words.under} <cite lang="en">{basis}</cite></>}
      {consent !== false && <span className="consent">{consent ? words.consent : words.perhapsConsent}</span>}
      {ground && <span className="ground">{words.noConsent} <cite lang="en">{ground}</cite></span>}
    </p>
  );
}
