/** A card of the record: what one register has, who keeps it, and under which article it is shown. */
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useId } from 'preact/hooks';
import type { RecordQuery } from './gql/graphql';
import type { Lacks } from './graph';
import { useText } from './text';

/** What the regulations say of what is shown, and what the answer lacks. */
export type Sharing = RecordQuery['sharing'] & { lacks: Lacks };

export const SharingContext = createContext<Sharing>({ mine: [], regulations: [], purposes: [], lacks: new Map() });

interface Shown {
  title: string;
  /** The coordinate whose holder and article are told. */
  of: string;
  /** The place in the answer, by whose emptiness is decided what is said instead. */
  at: string;
  empty: boolean;
  children: ComponentChildren;
}

export function Card({ title, of, at, empty, children }: Shown) {
  const { words } = useText();
  const { lacks } = useContext(SharingContext);
  const id = useId();
  const lack = lacks.get(at);
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {lack ? <p class={lack === 'down' ? 'mark bad' : 'quiet'}>{words[lack]}</p> : empty ? <p class="quiet">{words.nothing}</p> : children}
      <Kept of={of} />
    </section>
  );
}

function Kept({ of }: { of: string }) {
  const { words, format } = useText();
  const { mine, regulations } = useContext(SharingContext);
  const shared = mine?.find(({ coordinate }) => coordinate === of);
  const holder = regulations.find(({ holder }) => holder.code === shared?.holder)?.holder.title;
  const bases = [...new Set(shared?.rules.map(({ basis }) => basis))];
  if (!shared || !holder) return null;
  return (
    <footer>
      <p>{words.keptBy(format.called(holder.ko, holder.en))}</p>
      {bases.length > 0 && <p>{words.basis}: <cite lang="en">{bases.join('; ')}</cite></p>}
    </footer>
  );
}

interface Entered {
  title: ComponentChildren;
  aside?: ComponentChildren;
  /** That what stands aside is as it should be. */
  good?: boolean;
  quiet?: boolean;
  children: ComponentChildren;
}

export function Entry({ title, aside, good = false, quiet = false, children }: Entered) {
  return (
    <div class="entry">
      <p class={quiet ? 'quiet' : 'what'}>{title}{aside && <span class={good ? 'tag good' : 'tag'}>{aside}</span>}</p>
      {children && <dl class="facts">{children}</dl>}
    </div>
  );
}

/** Rows of a few columns, each row named by its first. */
export function Table({ head, rows }: { head: string[]; rows: ComponentChildren[][] | undefined }) {
  return (
    <table>
      <thead>
        <tr>{head.map((name) => <th key={name} scope="col">{name}</th>)}</tr>
      </thead>
      <tbody>
        {rows?.map(([first, ...rest], index) => (
          <tr key={index}>
            <th scope="row">{first}</th>
            {rest.map((cell, place) => <td key={place}>{cell}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What a civil affair is called, by its code. */
export function usePurposeTitle(): (code: string | null) => string {
  const { format } = useText();
  const { purposes } = useContext(SharingContext);
  return (code) => {
    const title = purposes.find((purpose) => purpose.code === code)?.title;
    return title ? format.called(title.ko, title.en) : (code ?? '');
  };
}
