import { useEffect, useRef, useState } from 'preact/hooks';
import districts from './districts.json';
import { Choices, Field, NotSent, problemsOf, type Problems, Summary } from './form';
import { type AcceptedFragment, type MoveReason, MoversDocument, type MoversQuery, ReportMoveInDocument, type ReportMoveInInput } from './gql/graphql';
import { ask, Trouble } from './graph';
import { asTrouble, Fact, Heading, Status, useReading } from './parts';
import { type Draft, forgetDraft, isAccepted, isUnknown, keepDraft, keptDraft, report } from './reports';
import { PURPOSES } from './settings';
import { useText } from './text';

type Member = NonNullable<NonNullable<NonNullable<MoversQuery['me']>['household']>['members']>[number] & { id: string };

interface Fields {
  who: string[];
  province: string;
  district: string;
  address: string;
  movedOn: string;
  reason: MoveReason | '';
  newHead: string;
  headOfRest: string;
}

const DRAFT = 'move';
const PROVINCES: Record<string, string[][]> = districts;

async function read(): Promise<Member[]> {
  const { data, trouble } = await ask(MoversDocument, {}, PURPOSES.records);
  const members = data.me?.household?.members;
  if (!members) throw trouble ?? new Trouble('withheld');
  return members.filter((member): member is Member => member.id !== null);
}

function fresh(members: Member[]): Draft<Fields> {
  const fields: Fields = {
    who: members.map(({ id }) => id), province: '', district: '', address: '', movedOn: '', reason: '', newHead: '', headOfRest: '',
  };
  return { key: crypto.randomUUID(), fields, sent: false };
}

/** Which heads have to be named: of those who move, if their head stays behind; of those who stay, if their head leaves. */
function headsNeeded(members: Member[], { who }: Fields) {
  const movers = members.filter(({ id }) => who.includes(id));
  const stayers = members.filter(({ id }) => !who.includes(id));
  const adults = (people: Member[]) => people.filter(({ isAdult }) => isAdult);
  const leaves = movers.some(({ relationToHead }) => relationToHead === 'HEAD');
  return { newHead: !leaves && movers.length > 1 ? adults(movers) : null, headOfRest: leaves && stayers.length > 1 ? adults(stayers) : null };
}

function inputOf(fields: Fields, members: Member[]): ReportMoveInInput {
  const needed = headsNeeded(members, fields);
  const name = PROVINCES[fields.province]?.find(([code]) => code === fields.district)?.[1];
  return {
    residents: fields.who.map((id) => ({ id })),
    to: { address: `${fields.province} ${name} ${fields.address.trim().replace(/\s+/g, ' ')}`, districtCode: fields.district },
    movedOn: fields.movedOn,
    reason: fields.reason || 'OTHER',
    ...(needed.newHead && { newHead: { id: fields.newHead } }),
    ...(needed.headOfRest && { headOfRest: { id: fields.headOfRest } }),
  };
}

/** Where the form shows what is wrong with a field of the input. */
const PLACES: Record<string, string> = {
  residents: 'who', to: 'address', 'to.address': 'address', 'to.districtCode': 'district', movedOn: 'movedOn', reason: 'reason',
  newHead: 'newHead', headOfRest: 'headOfRest',
};

export function Move() {
  const { words } = useText();
  const { answer: members, trouble, busy, again } = useReading(read);
  const [done, setDone] = useState<{ accepted: AcceptedFragment; input: ReportMoveInInput; names: string[] }>();
  return (
    <>
      <Heading title={words.move.title}>{words.move.lead}</Heading>
      <Status busy={busy} trouble={trouble} again={again} />
      {done && <Done {...done} onNext={() => { setDone(undefined); again(); }} />}
      {members && !busy && !done && (
        <MoveForm members={members} onDone={(accepted, input) => {
          const names = members.filter(({ id }) => input.residents.some((mover) => mover.id === id)).map(({ name }) => name ?? '');
          setDone({ accepted, input, names });
        }} />
      )}
    </>
  );
}

function MoveForm({ members, onDone }: { members: Member[]; onDone: (accepted: AcceptedFragment, input: ReportMoveInInput) => void }) {
  const { words: { move: w, ...words }, format } = useText();
  const [draft, setDraft] = useState<Draft<Fields>>(() => keptDraft(DRAFT) ?? fresh(members));
  const [problems, setProblems] = useState<Problems>({});
  const [trouble, setTrouble] = useState<Trouble | undefined>(() => (draft.sent ? new Trouble('away') : undefined));
  const [busy, setBusy] = useState(false);
  const { fields } = draft;
  const needed = headsNeeded(members, fields);
  const labels = { who: w.who, province: w.province, district: w.district, address: w.address, newHead: w.newHead, headOfRest: w.headOfRest, movedOn: w.movedOn, reason: w.reason };

  function change(some: Partial<Fields>) {
    const next = { ...draft, fields: { ...fields, ...some } };
    setDraft(next);
    keepDraft(DRAFT, next);
  }

  /** What can be told without asking the register: that something is not there. */
  function missing(): Problems {
    const asked: [string, boolean, string][] = [
      ['who', fields.who.length === 0, w.codes.EMPTY!],
      ['province', !fields.province, w.codes.NO_PROVINCE!],
      ['district', !fields.district, w.codes.UNKNOWN_DISTRICT!],
      ['address', !fields.address.trim(), w.codes.NO_ADDRESS!],
      ['newHead', needed.newHead !== null && !needed.newHead.some(({ id }) => id === fields.newHead), w.codes.REQUIRED!],
      ['headOfRest', needed.headOfRest !== null && !needed.headOfRest.some(({ id }) => id === fields.headOfRest), w.codes.REQUIRED!],
      ['movedOn', !fields.movedOn, w.codes.NO_DAY!],
      ['reason', !fields.reason, w.codes.NO_REASON!],
    ];
    return Object.fromEntries(asked.flatMap(([id, wrong, said]) => (wrong ? [[id, [said]]] : [])));
  }

  async function send() {
    const input = inputOf(fields, members);
    setTrouble(undefined);
    setBusy(true);
    // From here on the form stays as it is, for the key stands for just this report, until it is known what became of it.
    keepDraft(DRAFT, { ...draft, sent: true });
    setDraft({ ...draft, sent: true });
    try {
      const outcome = await report(ReportMoveInDocument, { key: draft.key, input }, PURPOSES.move);
      if (isAccepted(outcome)) {
        forgetDraft(DRAFT);
        onDone(outcome, input);
        return;
      }
      setProblems(problemsOf(outcome.errors, (path) => PLACES[path] ?? '', ({ code, message }) => w.codes[code] ?? message));
      settle();
    } catch (error) {
      const found = asTrouble(error);
      setTrouble(found);
      if (!isUnknown(found)) settle();
    }
    setBusy(false);
  }

  /** It was answered, so whatever is sent next is another report. */
  function settle() {
    const next = { key: crypto.randomUUID(), fields, sent: false };
    setDraft(next);
    keepDraft(DRAFT, next);
  }

  function submit(event: Event) {
    event.preventDefault();
    const found = missing();
    setProblems(found);
    if (Object.keys(found).length === 0) void send();
  }

  const head = (id: 'newHead' | 'headOfRest', people: Member[] | null) => people && (
    <Field id={id} label={labels[id]} hint={w.headHint} problems={problems}>
      {(described) => (
        <select {...described} required value={fields[id]} onChange={(event) => change({ [id]: event.currentTarget.value })}>
          <option value="">{words.form.choose}</option>
          {people.map(({ id, name }) => <option key={id} value={id} lang="ko">{name}</option>)}
        </select>
      )}
    </Field>
  );

  return (
    <>
      <Summary problems={problems} labels={labels} />
      {trouble && <NotSent trouble={trouble} again={() => void send()} />}
      <form noValidate onSubmit={submit} aria-busy={busy}>
        <fieldset class="form" disabled={draft.sent}>
          <legend class="unseen">{w.title}</legend>
          <Choices id="who" label={w.who} hint={w.whoHint} problems={problems}>
            {members.map(({ id, name, relationToHead, birthDate }) => (
              <label key={id}>
                <input type="checkbox" checked={fields.who.includes(id)} onChange={(event) =>
                  change({ who: event.currentTarget.checked ? [...fields.who, id] : fields.who.filter((other) => other !== id) })} />
                <span lang="ko">{name}</span>
                <small>{relationToHead && words.relations[relationToHead]} · {format.day(birthDate)}</small>
              </label>
            ))}
          </Choices>
          <Field id="province" label={w.province} problems={problems}>
            {(described) => (
              <select {...described} required value={fields.province} onChange={(event) => change({ province: event.currentTarget.value, district: '' })}>
                <option value="">{words.form.choose}</option>
                {Object.keys(PROVINCES).map((name) => <option key={name} lang="ko">{name}</option>)}
              </select>
            )}
          </Field>
          <Field id="district" label={w.district} problems={problems}>
            {(described) => (
              <select {...described} required value={fields.district} onChange={(event) => change({ district: event.currentTarget.value })}>
                <option value="">{fields.province ? words.form.choose : w.provinceFirst}</option>
                {PROVINCES[fields.province]?.map(([code, name]) => <option key={code} value={code} lang="ko">{name}</option>)}
              </select>
            )}
          </Field>
          <Field id="address" label={w.address} hint={w.addressHint} problems={problems}>
            {(described) => (
              <input {...described} type="text" required lang="ko" autocomplete="street-address" maxLength={160} value={fields.address}
                onInput={(event) => change({ address: event.currentTarget.value })} />
            )}
          </Field>
          {head('newHead', needed.newHead)}
          {head('headOfRest', needed.headOfRest)}
          <Field id="movedOn" label={w.movedOn} hint={w.movedOnHint} problems={problems}>
            {(described) => (
              <input {...described} type="date" required value={fields.movedOn} onChange={(event) => change({ movedOn: event.currentTarget.value })} />
            )}
          </Field>
          <Choices id="reason" label={w.reason} problems={problems}>
            {(Object.keys(words.reasons) as MoveReason[]).map((reason) => (
              <label key={reason}>
                <input type="radio" name="reason" checked={fields.reason === reason} onChange={() => change({ reason })} />
                <span>{words.reasons[reason]}</span>
              </label>
            ))}
          </Choices>
        </fieldset>
        <p role="status" class="unseen">{busy ? words.form.sending : ''}</p>
        <div class="buttons">
          <button type="submit" class="main" disabled={draft.sent}>{busy ? words.form.sending : w.send}</button>
        </div>
      </form>
    </>
  );
}

function Done({ accepted, input, names, onNext }: { accepted: AcceptedFragment; input: ReportMoveInInput; names: string[]; onNext: () => void }) {
  const { words: { move: w, ...words }, format } = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="notice" aria-labelledby="done">
      <h2 id="done" tabIndex={-1} ref={heading}>{accepted.state === 'IN_PROGRESS' ? w.inProgress : w.done}</h2>
      <p>{w.doneThen}</p>
      <dl class="facts">
        <Fact name={w.who}><span lang="ko">{format.list(names)}</span></Fact>
        <Fact name={w.to}><span lang="ko">{input.to.address}</span></Fact>
        <Fact name={w.movedOn}>{format.day(input.movedOn)}</Fact>
        <Fact name={words.form.receipt}><span class="number">{accepted.receipt}</span></Fact>
      </dl>
      <p class="buttons">
        <a href="#/record">{w.see}</a>
        <button type="button" class="plain" onClick={onNext}>{w.another}</button>
      </p>
    </section>
  );
}
