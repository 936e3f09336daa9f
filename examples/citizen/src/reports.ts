/** Reporting to a register, so that a report is made once however often it has to be sent. */
import type { AcceptedFragment, RefusedFragment, TypedDocumentString } from './gql/graphql';
import { ask, Trouble } from './graph';

export type Outcome = AcceptedFragment | RefusedFragment;
export type FieldError = RefusedFragment['errors'][number];

interface Variables<Input> {
  key: string | number;
  input: Input;
}

/** What became of a report: what the register said of it. Whoever gets no answer reports again with the same key and the same input. */
export async function report<Input, Data extends object>(
  document: TypedDocumentString<Data, Variables<Input>>,
  variables: { key: string; input: Input },
  purpose: string,
): Promise<Outcome> {
  const { data, trouble } = await ask(document, variables, purpose);
  const [outcome] = Object.values(data) as (Outcome | null)[];
  if (!outcome) throw trouble ?? new Trouble('refused');
  return outcome;
}

export function isAccepted(outcome: Outcome): outcome is AcceptedFragment {
  return 'receipt' in outcome;
}

/** Whether it may be that a report has arrived though nobody knows. */
export function isUnknown({ kind }: Trouble): boolean {
  return kind === 'away' || kind === 'down';
}

/**
 * A draft of a report, with its key. It lies in the browser's session until its fate is known, so that it is the same report also
 * after the page was loaded anew.
 */
export interface Draft<Fields> {
  key: string;
  fields: Fields;
  /** It was sent, and there is no answer yet. */
  sent: boolean;
}

export function keptDraft<Fields>(name: string): Draft<Fields> | null {
  const kept = sessionStorage.getItem(`madang-citizen:${name}`);
  return kept === null ? null : (JSON.parse(kept) as Draft<Fields>);
}

export function keepDraft<Fields>(name: string, draft: Draft<Fields>): void {
  sessionStorage.setItem(`madang-citizen:${name}`, JSON.stringify(draft));
}

export function forgetDraft(name: string): void {
  sessionStorage.removeItem(`madang-citizen:${name}`);
}
