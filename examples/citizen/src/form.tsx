/** Parts of forms: fields with what is wrong with them, said where they are. */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isUnknown } from './reports';
import type { Trouble } from './graph';
import { Told } from './parts';
import { useText } from './text';

/** What is wrong, in words, by the field's id. */
export type Problems = Record<string, string[]>;

interface Described {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: 'true';
}

interface Labelled<Children> {
  id: string;
  label: string;
  hint?: string;
  problems: Problems;
  children: Children;
}

function described(id: string, hint: string | undefined, wrong: string[]): Described {
  const by = [hint && `${id}-hint`, wrong.length > 0 && `${id}-error`].filter(Boolean).join(' ');
  return { id, ...(by && { 'aria-describedby': by }), ...(wrong.length > 0 && { 'aria-invalid': 'true' as const }) };
}

function Wrong({ id, hint, wrong }: { id: string; hint: string | undefined; wrong: string[] }) {
  return (
    <>
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      {wrong.length > 0 && <p class="error" id={`${id}-error`}>{wrong.join(' ')}</p>}
    </>
  );
}

/** A field with one control. */
export function Field({ id, label, hint, problems, children }: Labelled<(described: Described) => VNode>) {
  const wrong = problems[id] ?? [];
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <Wrong id={id} hint={hint} wrong={wrong} />
      {children(described(id, hint, wrong))}
    </div>
  );
}

/** A field with several boxes or buttons. */
export function Choices({ id, label, hint, problems, children }: Labelled<ComponentChildren>) {
  const wrong = problems[id] ?? [];
  const { 'aria-describedby': by } = described(id, hint, wrong);
  return (
    <fieldset class="field" id={id} tabIndex={-1} aria-describedby={by}>
      <legend>{label}</legend>
      <Wrong id={id} hint={hint} wrong={wrong} />
      <div class="choices">{children}</div>
    </fieldset>
  );
}

/** All that is wrong, with the way to each field; whoever sent the form goes on here. `labels` are in the order of the form. */
export function Summary({ problems, labels }: { problems: Problems; labels: Record<string, string> }) {
  const { words } = useText();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), [problems]);

  function lead(event: Event, id: string) {
    event.preventDefault();
    const field = document.getElementById(id);
    (field?.matches('fieldset') ? field.querySelector<HTMLElement>('input:not(:disabled)') : field)?.focus();
  }

  if (Object.keys(problems).length === 0) return null;
  return (
    <div class="notice bad" role="alert" tabIndex={-1} ref={box}>
      <h2>{words.form.wrong}</h2>
      <ul>
        {Object.keys(labels).filter((id) => problems[id]).map((id) => (
          <li key={id}><a href={`#${id}`} onClick={(event) => lead(event, id)}>{labels[id]}</a>: {problems[id]!.join(' ')}</li>
        ))}
        {problems['']?.map((said) => <li key={said}>{said}</li>)}
      </ul>
    </div>
  );
}

/** Why there is no answer to a report. Where it may have arrived all the same, sending it again is safe. */
export function NotSent({ trouble, again }: { trouble: Trouble; again: () => void }) {
  const { words } = useText();
  return <Told trouble={trouble} again={again} more={isUnknown(trouble) ? words.form.unknown : undefined} />;
}

/** What a register said is wrong, by field: `fields` tells for a path where the form shows it. */
export function problemsOf<Fault extends { path: string[]; code: string; message: string }>(
  faults: Fault[], field: (path: string) => string, said: (fault: Fault) => string,
): Problems {
  const problems: Problems = {};
  for (const fault of faults) (problems[field(fault.path.filter((name) => !/^\d+$/.test(name)).join('.'))] ??= []).push(said(fault));
  return Object.fromEntries(Object.entries(problems).map(([id, all]) => [id, [...new Set(all)]]));
}
