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
    remedy?: string | null;
    pattern?: string;
    patterns?: string[];
  };
}

interface Answer {
  errors?: GraphQLError[];
  extensions?: {
    masked?: { coordinate: string; mask: string; pattern: string; rules: Rule[] }[];
    duties?: { rule: Rule; coordinates: string[]; store: boolean; retain?: string; notice?: { ground: string } }[];
  };
}

function answerIn(response: string | null | undefined): Answer | undefined {
  if (!response) return undefined;
  try {
    return JSON.parse(response) as Answer;
  } catch {
    return undefined;
  }
}

/** What is owed for what was shown, in words. */
function owed({ store, retain, notice }: { store: boolean; retain?: string; notice?: { ground: string } }): string {
  const said = [
    store ? '' : 'do not store it',
    retain ? `keep it for ${retain}` : '',
    notice ? `the resident is told later, because no consent was asked for: ${notice.ground}` : '',
  ];
  return said.filter(Boolean).join('; ');
}

/** Under the response: what the answer lacks, what is masked, what is owed for it, and under which article. */
export function Withheld() {
  const response = useGraphiQL(({ tabs, activeTabIndex }) => tabs[activeTabIndex]?.response);
  const answer = useMemo(() => answerIn(response), [response]);
  if (!answer) return null;
  const { errors = [], extensions: { masked = [], duties = [] } = {} } = answer;

  const withheld = errors.filter(({ extensions }) => extensions?.code === 'WITHHELD');
  const down = errors.filter(({ extensions }) => extensions?.code === 'SOURCE_UNAVAILABLE');
  const others = errors.filter((error) => !withheld.includes(error) && !down.includes(error));
  return (
    <section className="madang-withheld" aria-label="What the answer lacks" aria-live="polite">
      {errors.length === 0 && masked.length === 0 && <h2 className="whole">Whole answer: nothing was withheld</h2>}
      {withheld.length > 0 && (
        <Group title={`Withheld: ${withheld.length === 1 ? '1 field' : `${withheld.length} fields`}`}>
          {withheld.map(({ message, extensions: { coordinate, rules = [], remedy, pattern } = {} }, index) => (
            <Lack key={index} what={coordinate} why={message.split(' is withheld: ').at(-1)} where={pattern}>
              {remedy && <small>It would be shown {remedy}.</small>}
              <Rules rules={rules} />
            </Lack>
          ))}
        </Group>
      )}
      {masked.length > 0 && (
        <Group title="Masked">
          {masked.map(({ coordinate, mask, pattern, rules }, index) => (
            <Lack key={index} what={coordinate} why={`shown as: ${mask}`} where={pattern}>
              <Rules rules={rules} />
            </Lack>
          ))}
        </Group>
      )}
      {duties.length > 0 && (
        <Group title="Duties" className="quiet">
          {duties.map(({ rule, coordinates, ...duty }, index) => (
            <Lack key={index} what={coordinates.join(', ')} why={owed(duty)}>
              <Rules rules={[rule]} />
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

function Rules({ rules }: { rules: Rule[] }) {
  return rules.map(({ regulation, id, basis }) => (
    <small key={`${regulation}/${id}`}>
      <strong>{basis}</strong> <code>{regulation}/{id}</code>
    </small>
  ));
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
