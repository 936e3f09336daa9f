import type { Choice } from './server';

/** A query of examples/queries/, whose first comments are `name: value` lines that say how to ask it (see the README there). */
export interface Example {
  title: string;
  kind: string;
  choice: Choice;
  query: string;
}

const files = import.meta.glob<string>('../../examples/queries/*.graphql', { query: '?raw', import: 'default', eager: true });

function read(file: string): Example {
  const end = file.indexOf('\n\n');
  const header = Object.fromEntries([...file.slice(0, end).matchAll(/^# (\w+): (.*)$/gm)].map(([, name, value]) => [name, value]));
  const query = file.slice(end).trimStart();
  const { title = '', for: kind = '', persona = '', purpose = '', case: petition = '', view } = header;
  return { title, kind, choice: { persona, purpose, case: petition, view: view === 'all' ? 'all' : 'mine' }, query };
}

export const examples: Example[] = Object.keys(files).sort().map((path) => read(files[path]!));

/** The example's variables: a query about one resident asks for the citizen that the demo server knows. */
export function variablesOf(example: Example, rrn: string | undefined): string {
  return example.query.includes('$rrn:') ? JSON.stringify({ rrn }, null, 2) : '';
}
