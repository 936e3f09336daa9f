import { DropdownMenu, pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect } from 'react';
import { type Example, examples, variablesOf } from './examples';
import logo from './madang.svg';
import type { Shown } from './page';
import type { Choice, Persona } from './server';

interface Props {
  personas: Persona[];
  choice: Choice;
  onChoose: (choice: Choice) => void;
  citizen: string | undefined;
  shown: Shown;
  onShow: (shown: Shown) => void;
}

/** The bar: who asks, what is shown, and of the graph why it is asked, and whose view. */
export function Bar({ personas, choice, onChoose, citizen, shown, onShow }: Props) {
  const persona = personas.find(({ name }) => name === choice.persona);
  const queryEditor = useGraphiQL((state) => state.queryEditor);

  useEffect(() => queryEditor?.updateOptions({ wordWrap: 'on' }), [queryEditor]);

  function choosePersona(name: string) {
    const purposes = personas.find((other) => other.name === name)!.purposes;
    onChoose({ ...choice, persona: name, purpose: purposes[0]?.code ?? '', case: '' });
  }

  return (
    <header className="madang-bar">
      <h1>
        <img src={logo} alt="" />
        <span lang="ko">마당</span> Madang
      </h1>
      {persona ? (
        <label>
          Asking as
          <select name="persona" value={choice.persona} onChange={(event) => choosePersona(event.target.value)}>
            {personas.map(({ name, title }) => (
              <option key={name} value={name}>{title}</option>
            ))}
          </select>
        </label>
      ) : (
        <p>Put your <code>Authorization</code> and <code>Madang-Purpose</code> into the Headers tab.</p>
      )}
      {persona && (
        <fieldset className="madang-switch">
          <legend>Shown</legend>
          <label>
            <input type="radio" name="shown" checked={shown === 'graph'} onChange={() => onShow('graph')} />
            GraphiQL
          </label>
          {persona.rrn && (
            <label>
              <input type="radio" name="shown" checked={shown === 'looked'} onChange={() => onShow('looked')} />
              <span>Who looked <span lang="ko">내 정보 이용 내역</span></span>
            </label>
          )}
          <label>
            <input type="radio" name="shown" checked={shown === 'services'} onChange={() => onShow('services')} />
            <span>Services <span lang="ko">민원</span></span>
          </label>
        </fieldset>
      )}
      {shown === 'graph' && <Asking personas={personas} persona={persona} choice={choice} onChoose={onChoose} citizen={citizen} />}
    </header>
  );
}

type Asked = Pick<Props, 'personas' | 'choice' | 'onChoose' | 'citizen'> & { persona: Persona | undefined };

/** Why the graph is asked, whose view of it is shown, and the examples. */
function Asking({ personas, persona, choice, onChoose, citizen }: Asked) {
  return (
    <>
      {persona && (
        <>
          <label>
            For the purpose
            <select name="purpose" value={choice.purpose} onChange={(event) => onChoose({ ...choice, purpose: event.target.value })}>
              {persona.purposes.map(({ code, title }) => (
                <option key={code} value={code}>{title}</option>
              ))}
            </select>
          </label>
          <label>
            Case
            <input
              name="case"
              value={choice.case}
              placeholder="none"
              autoComplete="off"
              onChange={(event) => onChoose({ ...choice, case: event.target.value })}
            />
          </label>
        </>
      )}
      <fieldset className="madang-switch">
        <legend>Graph shown</legend>
        <View choice={choice} onChoose={onChoose} view="mine" label="My view" />
        <View choice={choice} onChoose={onChoose} view="all" label="Whole catalogue" />
      </fieldset>
      {persona && <Examples citizen={citizen} onChoose={onChoose} personas={personas} />}
    </>
  );
}

function View({ choice, onChoose, view, label }: Pick<Props, 'choice' | 'onChoose'> & { view: Choice['view']; label: string }) {
  return (
    <label>
      <input type="radio" name="view" checked={choice.view === view} onChange={() => onChoose({ ...choice, view })} />
      {label}
    </label>
  );
}

function Examples({ citizen, onChoose, personas }: Pick<Props, 'citizen' | 'onChoose' | 'personas'>) {
  const { queryEditor, variableEditor } = useGraphiQL(pick('queryEditor', 'variableEditor'));
  const { addTab } = useGraphiQLActions();

  function open(example: Example) {
    // What someone has written stays in its tab.
    if (!examples.some(({ query }) => query === queryEditor?.getValue())) addTab();
    onChoose(example.choice);
    queryEditor?.setValue(example.query);
    variableEditor?.setValue(variablesOf(example, citizen));
  }

  return (
    <DropdownMenu>
      <DropdownMenu.Button className="madang-examples">Examples <span aria-hidden="true">▾</span></DropdownMenu.Button>
      <DropdownMenu.Content align="end" className="madang-menu">
        {examples.map((example) => (
          <DropdownMenu.Item key={example.title} onSelect={() => open(example)}>
            <strong>{example.title}</strong>
            <small>{example.kind} · {personas.find(({ name }) => name === example.choice.persona)?.title}</small>
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}
