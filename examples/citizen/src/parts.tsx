/** What the pages are made of. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Trouble } from './graph';
import { useText } from './text';

export function Heading({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <header class="heading">
      <h1 tabIndex={-1}>{title}</h1>
      <p>{children}</p>
    </header>
  );
}

export interface Reading<Answer> {
  answer: Answer | undefined;
  trouble: Trouble | undefined;
  busy: boolean;
  again: () => void;
}

/** Reads when a page opens and whenever `about` changes. Of several questions only the last is answered: the others were overtaken. */
export function useReading<Answer>(read: () => Promise<Answer>, about = ''): Reading<Answer> {
  const [answer, setAnswer] = useState<Answer>();
  const [trouble, setTrouble] = useState<Trouble>();
  const [busy, setBusy] = useState(true);
  const latest = useRef(0);

  async function again() {
    const turn = ++latest.current;
    setBusy(true);
    setTrouble(undefined);
    try {
      const found = await read();
      if (turn === latest.current) setAnswer(found);
    } catch (error) {
      if (turn === latest.current) setTrouble(asTrouble(error));
    }
    if (turn === latest.current) setBusy(false);
  }

  useEffect(() => {
    void again();
    return () => void latest.current++;
  }, [about]);

  return { answer, trouble, busy, again: () => void again() };
}

export function asTrouble(error: unknown): Trouble {
  return error instanceof Trouble ? error : new Trouble('refused', null, String(error));
}

/** That a page is being read, or why it cannot be; told to those who hear it, too. */
export function Status({ busy, trouble, again }: { busy: boolean; trouble: Trouble | undefined; again: () => void }) {
  const { words } = useText();
  return (
    <>
      <p role="status" class={busy ? 'loading' : 'unseen'}>{busy ? words.loading : ''}</p>
      {trouble && <Told trouble={trouble} again={again} />}
    </>
  );
}

export function Told({ trouble: { kind, after, said }, again, more }: { trouble: Trouble; again?: () => void; more?: string }) {
  const { words, format } = useText();
  const [title, then] = words.trouble[kind];
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <div role="alert" class="notice bad" tabIndex={-1} ref={box}>
      <h2>{title}</h2>
      <p>{more ?? then}</p>
      {kind === 'refused' && said && <p lang="en"><code>{said}</code></p>}
      {after !== null && <p>{words.after(format.number(after))}</p>}
      {again && <button type="button" onClick={again}>{words.retry}</button>}
    </div>
  );
}

/** A name and what it is, or that nothing is known of it. */
export function Fact({ name, children, optional = false }: { name: string; children?: ComponentChildren; optional?: boolean }) {
  const { words } = useText();
  const empty = children === null || children === undefined || children === '';
  if (empty && optional) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd class={empty ? 'quiet' : undefined}>{empty ? words.unknown : children}</dd>
    </div>
  );
}

/** Two days as a span. */
export function Span({ from, until }: { from: string | null; until: string | null }) {
  const { words, format } = useText();
  return <>{format.day(from)} – {until ? format.day(until) : words.record.today}</>;
}
