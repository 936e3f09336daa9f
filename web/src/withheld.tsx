import { useGraphiQL } from '@graphiql/react';
import { type ReactNode, useMemo } from 'react';

interface Rule {
  regulation: string;
  id: string;
  basis: string;
}

interface GraphQLError {
  message: string;
  extensions?: {
    code?: string;
    coordinate?: string;
    holder?: string;
    rules?: Rule[];
    pattern?: string;
    patterns?: string[];
  };
}

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
      {withheld.length > 0 && (
        <Group title={`Withheld: ${withheld.length === 1 ? '1 field' : `${withheld.length} fields`}`}>
          {withheld.map(({ message, extensions: { coordinate, rules = [], pattern } = {} }, index) => (
            <Lack key={index} what={coordinate} why={message.split(' is withheld: ').at(-1)} where={pattern}>
              {rules.map(({ regulation, id, basis }) => (
                <small key={`${regulation}/${id}`}>
                  <strong>{basis}</strong> <code>{regulation}/{id}</code>
                </small>
              ))}
            </Lack>
          ))}
        </Group>
      )}
      {down.length > 0 && (
        <Group title="Did not answer" className="down">
          {down.map(({ message, extensions }, index) => (
            <Lack key={index} what={extensions?.holder} why={message} where={extensions?.patterns?.join(', ')} />
          ))}
        </Group>
      )}
      {others.length > 0 && (
        <Group title="Refused" className="down">
          {others.map(({ message, extensions }, index) => (
            <Lack key={index} what={extensions?.code ?? 'ERROR'} why={message} />
          ))}
        </Group>
      )}
    </section>
  );
}

function Group({ title, className, children }: { title: string; className?: string; children: ReactNode }) {
  return (
    <>
      <h2 className={className}>{title}</h2>
      <ul>{children}</ul>
    </>
  );
}

function Lack({ what, why, where, children }: { what?: string; why?: string; where?: string; children?: ReactNode }) {
  return (
    <li>
      <code>{what}</code>
      <span>
        {why}
        {children}
        {where && <small>at <code>{where}</code></small>}
      </span>
    </li>
  );
}
