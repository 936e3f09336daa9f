import { useGraphiQL } from '@graphiql/react';
import { useMemo } from 'react';

interface Rule {
  regulation: string;
  id: string;
  basis: string;
}

interface GraphQLError {
  message: string;
  extensions?: { code?: string; coordinate?: string; reason?: string; rules?: Rule[]; pattern?: string; holder?: string };
}

const REASONS: Record<string, string> = {
  NO_PERMISSION: 'No regulation shares it with this caller for this purpose',
  PROHIBITED: 'A regulation prohibits it',
  NO_CASE: 'Shared only for a case, and none was given',
  NOT_VALID: 'The regulation is not in force today',
  OUTSIDE_SUBJECT: 'Shared only about other residents',
};

function errorsIn(response: string | null | undefined): GraphQLError[] | undefined {
  if (!response) return undefined;
  try {
    return (JSON.parse(response) as { errors?: GraphQLError[] }).errors ?? [];
  } catch {
    return undefined;
  }
}

/** Under the response: what the answer lacks, and under which article. */
export function Withheld() {
  const response = useGraphiQL(({ tabs, activeTabIndex }) => tabs[activeTabIndex]?.response);
  const errors = useMemo(() => errorsIn(response), [response]);
  if (!errors) return null;

  const withheld = errors.filter(({ extensions }) => extensions?.code === 'WITHHELD');
  const down = errors.filter(({ extensions }) => extensions?.code === 'SOURCE_UNAVAILABLE');
  const others = errors.filter((error) => !withheld.includes(error) && !down.includes(error));
  return (
    <section className="madang-withheld" aria-label="What the answer lacks" aria-live="polite">
      {errors.length === 0 && <h2 className="whole">Whole answer: nothing was withheld</h2>}
      {withheld.length > 0 && <h2>Withheld: {withheld.length === 1 ? '1 field' : `${withheld.length} fields`}</h2>}
      <ul>
        {withheld.map(({ extensions: { coordinate, reason = '', rules = [], pattern } = {} }, index) => (
          <li key={index}>
            <code title={pattern}>{coordinate}</code>
            <span>
              {REASONS[reason] ?? reason}
              {rules.map(({ regulation, id, basis }) => (
                <small key={id}>{basis} <code>{regulation}/{id}</code></small>
              ))}
            </span>
          </li>
        ))}
      </ul>
      {down.length > 0 && <h2 className="down">Did not answer</h2>}
      <ul>
        {down.map(({ message, extensions }, index) => (
          <li key={index}><code>{extensions?.holder}</code><span>{message}</span></li>
        ))}
      </ul>
      {others.length > 0 && <h2 className="down">Refused</h2>}
      <ul>
        {others.map(({ message, extensions }, index) => (
          <li key={index}><code>{extensions?.code ?? 'ERROR'}</code><span>{message}</span></li>
        ))}
      </ul>
    </section>
  );
}
