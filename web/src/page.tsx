import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from '@graphiql/plugin-doc-explorer';
import { HISTORY_PLUGIN, HistoryStore } from '@graphiql/plugin-history';
import { GraphiQLProvider } from '@graphiql/react';
import { GraphiQL, GraphiQLInterface } from 'graphiql';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Bar } from './bar';
import { examples, variablesOf } from './examples';
import { WhoLooked } from './looked';
import { CivilServices } from './services';
import { type Choice, fetchPersonas, makeFetcher, makeSend, type Persona } from './server';
import { Withheld } from './withheld';

const PLUGINS = [DOC_EXPLORER_PLUGIN, HISTORY_PLUGIN];
const CHOICE_KEY = 'madang:choice';
const SHOWN_KEY = 'madang:shown';

const VIEWS = ['graph', 'looked', 'services'] as const;

/** What is below the bar: the graph in GraphiQL, the civil services or, for a citizen, who looked. */
export type Shown = (typeof VIEWS)[number];

export function Page() {
  const [personas, setPersonas] = useState<Persona[]>();
  const [problem, setProblem] = useState('');
  const renew = useCallback(async () => {
    const fresh = await fetchPersonas();
    setPersonas(fresh);
    return fresh;
  }, []);

  useEffect(() => {
    renew().catch((error: Error) => setProblem(error.message));
  }, [renew]);

  if (!personas) return <p className="madang-loading" role="status">{problem || 'Opening the courtyard…'}</p>;
  return <Session personas={personas} renew={renew} />;
}

/** What was chosen before a reload, else what the first example asks. */
function firstChoice(personas: Persona[]): Choice {
  const stored = sessionStorage.getItem(CHOICE_KEY);
  if (stored) return JSON.parse(stored) as Choice;
  if (!personas.length) return { persona: '', purpose: '', case: '', view: 'mine' };
  return examples[0]!.choice;
}

function Session({ personas, renew }: { personas: Persona[]; renew: () => Promise<Persona[]> }) {
  const [choice, setChoice] = useState(() => firstChoice(personas));
  const citizen = personas.find((persona) => persona.rrn)?.rrn ?? undefined;

  // The fetcher reads the latest choice and token from here. It is a new one, which makes GraphiQL read the graph anew, only
  // when the graph may look different: for another persona or another view.
  const latest = useRef({ choice, personas });
  latest.current = { choice, personas };
  const send = useMemo(
    () =>
      makeSend(
        () => latest.current.personas.find(({ name }) => name === latest.current.choice.persona)?.token,
        async () => {
          // At once: the request that waits for the new token does not wait for the page to be drawn again.
          latest.current.personas = await renew();
        },
      ),
    [renew],
  );
  const fetcher = useMemo(() => makeFetcher(() => latest.current.choice, send), [choice.persona, choice.view, send]);

  useEffect(() => sessionStorage.setItem(CHOICE_KEY, JSON.stringify(choice)), [choice]);

  const [wanted, setWanted] = useState<Shown>(() => VIEWS.find((view) => view === sessionStorage.getItem(SHOWN_KEY)) ?? 'graph');
  useEffect(() => sessionStorage.setItem(SHOWN_KEY, wanted), [wanted]);
  const persona = personas.find(({ name }) => name === choice.persona);
  const shown = persona && (persona.rrn || wanted !== 'looked') ? wanted : 'graph';

  // Queries and variables may hold resident numbers: they are kept for this browser tab alone, and gone with it.
  const [first] = useState(() =>
    sessionStorage.getItem('graphiql:tabState')
      ? {}
      : { initialQuery: examples[0]!.query, initialVariables: variablesOf(examples[0]!, citizen) },
  );

  return (
    <GraphiQLProvider
      {...first}
      fetcher={fetcher}
      plugins={PLUGINS}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      visiblePlugin={DOC_EXPLORER_PLUGIN}
      storage={sessionStorage}
      schemaDescription
    >
      <HistoryStore>
        <DocExplorerStore>
          <Bar personas={personas} choice={choice} onChoose={setChoice} citizen={citizen} shown={shown} onShow={setWanted} />
          <div className="madang-graph" hidden={shown !== 'graph'}>
            <GraphiQLInterface defaultEditorToolsVisibility="variables" showPersistHeadersSettings={false}>
              <GraphiQL.Logo> </GraphiQL.Logo>
              <GraphiQL.Footer>
                <Withheld />
              </GraphiQL.Footer>
            </GraphiQLInterface>
          </div>
          {persona && shown === 'looked' && <WhoLooked key={persona.name} persona={persona} send={send} />}
          {shown === 'services' && <CivilServices send={send} />}
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}
