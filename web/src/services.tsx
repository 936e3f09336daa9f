import { useEffect, useRef, useState } from 'react';
import { type Figures, fetchServices, median, run, type Service } from './figures';
import { Languages } from './languages';
import type { Send } from './server';
import './services.css';
import { SERVICE_WORDS } from './servicewords';
import { firstLanguage, keepLanguage, type Language, LOCALES } from './words';

const CHOICES = [10, 50, 200, 1000];

/** The civil services: which papers each replaces and what it reads instead; and, on demand, what that comes to, as it is asked. */
export function CivilServices({ send }: { send: Send }) {
  const [language, setLanguage] = useState(firstLanguage);
  const [services, setServices] = useState<Service[]>([]);
  const [figures, setFigures] = useState<Record<string, Figures>>({});
  const [first, setFirst] = useState(50);
  const [asking, setAsking] = useState<Service>();
  const [problem, setProblem] = useState<string>();
  const stopping = useRef<AbortController>(undefined);
  const words = SERVICE_WORDS[language];

  async function list() {
    setProblem(undefined);
    try {
      setServices(await fetchServices(send));
    } catch (error) {
      setProblem(String((error as Error).message));
    }
  }

  useEffect(() => {
    void list();
    return () => stopping.current?.abort();
  }, []);

  async function ask() {
    const stop = (stopping.current = new AbortController());
    setProblem(undefined);
    setFigures({});
    try {
      for (const service of services) {
        setAsking(service);
        await run(service, first, (found) => setFigures((old) => ({ ...old, [service.code]: found })), stop.signal);
        if (stop.signal.aborted) return;
      }
    } catch (error) {
      if (!stop.signal.aborted) setProblem(String((error as Error).message));
    } finally {
      if (stopping.current === stop) setAsking(undefined);
    }
  }

  function speak(other: Language) {
    setLanguage(other);
    keepLanguage(other);
  }

  const done = Object.values(figures).reduce((sum, { residents }) => sum + residents, 0);
  const status = asking ? words.asking(asking.title[language]) : done ? words.done(done.toLocaleString(LOCALES[language])) : '';
  const now = asking && figures[asking.code];

  return (
    <main className="madang-looked madang-services" lang={language} aria-busy={asking !== undefined}>
      <header>
        <div>
          <h2>{words.title}</h2>
          <Languages language={language} words={words} onChoose={speak} />
        </div>
        <p>{words.lead}</p>
        <form className="narrowing" onSubmit={(event) => { event.preventDefault(); void ask(); }}>
          <label>
            {words.many}
            <select name="residents" value={first} disabled={asking !== undefined} onChange={(event) => setFirst(Number(event.target.value))}>
              {CHOICES.map((many) => <option key={many} value={many}>{many.toLocaleString(LOCALES[language])}</option>)}
            </select>
          </label>
          {asking
            ? <button key="stop" type="button" onClick={() => stopping.current?.abort()}>{words.stop}</button>
            : <button key="run" type="submit" className="run" disabled={!services.length}>{words.run}</button>}
          <p className="count">
            <span role="status">{status}</span>
            {/* Each answer is one more: nobody wants to hear them all. */}
            {now && <span aria-hidden="true"> {now.residents} / {now.wanted}</span>}
          </p>
        </form>
      </header>
      {problem !== undefined && (
        <div role="alert" className="problem">
          <strong>{words.failed}</strong>
          {problem && <p lang="en">{problem}</p>}
          {!services.length && <button type="button" onClick={() => void list()}>{words.retry}</button>}
        </div>
      )}
      {services.map((service) => (
        <OneService key={service.code} service={service} language={language} figures={figures[service.code]} />
      ))}
      <footer>{words.how}</footer>
    </main>
  );
}

function OneService({ service, language, figures }: { service: Service; language: Language; figures: Figures | undefined }) {
  const words = SERVICE_WORDS[language];
  const holders = new Map(service.registers.map(({ holder }) => [holder.code, holder.title[language]]));
  const asked = figures && figures.residents > 0 ? figures : undefined;
  const number = (value: number, digits = 0) => value.toLocaleString(LOCALES[language], { maximumFractionDigits: digits, minimumFractionDigits: digits });
  const each = asked ? asked.papers / asked.residents : service.papersReplaced;

  return (
    <section className="service" aria-labelledby={`service-${service.code}`}>
      <h3 id={`service-${service.code}`}>{service.title[language]}</h3>
      <p>{service.description[language]}</p>
      <dl className="figures">
        <div className="most">
          <dt>{words.replaced}</dt>
          <dd>{number(asked?.papers ?? service.papersReplaced)}</dd>
          {asked && <dd className="more">{words.each(number(each, each % 1 ? 1 : 0))}</dd>}
        </div>
        <div>
          <dt>{words.trips}</dt>
          <dd>{number(each, each % 1 ? 1 : 0)} → 1</dd>
        </div>
        <div>
          <dt>{words.registers}</dt>
          <dd>{number(service.registers.length)}</dd>
        </div>
        <div>
          <dt>{words.time}</dt>
          <dd>{asked ? <>{number(median(asked.took), 1)} <small>ms</small></> : <span className="none">–<span className="madang-unseen">{words.notYet}</span></span>}</dd>
        </div>
      </dl>
      <Seen language={language} figures={asked} />
      {asked && asked.withheld > 0 && <p className="withheld">{words.withheld(asked.withheld)}</p>}
      {asked && asked.refused > 0 && <p role="alert" className="refused">{words.refused(asked.refused)} <span lang="en">{asked.why}</span></p>}
      <div className="instead">
        <div>
          <h4>{words.papers}</h4>
          <ul>
            {service.papers.map(({ code, title, office, minorsOnly }) => (
              <li key={code}>
                <span>{title[language]}{minorsOnly && <em>{words.minors}</em>}</span>
                <small>{office[language]}</small>
              </li>
            ))}
          </ul>
        </div>
        <div>
          <h4>{words.from}</h4>
          <ul>{[...holders].map(([code, title]) => <li key={code}>{title}</li>)}</ul>
          <cite lang="en">{service.article}</cite>
        </div>
      </div>
    </section>
  );
}

/** Two bars, with what they say in words: what the papers would have shown of a resident, and what of it was shown. */
function Seen({ language, figures }: { language: Language; figures: Figures | undefined }) {
  const words = SERVICE_WORDS[language];
  const share = figures ? figures.seen / Math.max(figures.onPapers, 1) : 0;
  const told = (sum: number) => words.count((sum / figures!.residents).toLocaleString(LOCALES[language], { maximumFractionDigits: 1, minimumFractionDigits: 1 }));
  const percent = share.toLocaleString(LOCALES[language], { style: 'percent' });
  return (
    <figure className="seen">
      <figcaption>{words.facts}</figcaption>
      <div>
        <span>{words.onPapers}</span>
        <span className="bar" aria-hidden="true"><i className="papers" style={{ width: figures ? '100%' : 0 }} /></span>
        <span>{figures ? told(figures.onPapers) : words.notYet}</span>
      </div>
      <div>
        <span>{words.seen}</span>
        <span className="bar" aria-hidden="true"><i style={{ width: `${Math.min(share, 1) * 100}%` }} /></span>
        <span>{figures ? <>{told(figures.seen)} <strong>{words.share(percent)}</strong></> : words.notYet}</span>
      </div>
    </figure>
  );
}
