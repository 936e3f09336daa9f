import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Card, Entry, type Sharing, SharingContext, Table, usePurposeTitle } from './cards';
import { RecordDocument, type RecordQuery } from './gql/graphql';
import { ask, type Lacks, Trouble } from './graph';
import { Fact, Heading, Span, Status, useReading } from './parts';
import { PURPOSES } from './settings';
import { useText } from './text';

type Me = NonNullable<RecordQuery['me']>;

async function read(): Promise<{ me: Me; sharing: Sharing }> {
  const { data, lacks, trouble } = await ask(RecordDocument, { purpose: PURPOSES.records }, PURPOSES.records);
  if (!data.me) throw trouble ?? new Trouble('withheld');
  return { me: data.me, sharing: { ...data.sharing, lacks } };
}

/** What the registers have about the citizen, in the order in which it concerns most people. */
export function MyRecord() {
  const { words } = useText();
  const { answer, trouble, busy, again } = useReading(read);
  return (
    <>
      <Heading title={words.record.title}>{words.record.lead}</Heading>
      <Status busy={busy} trouble={trouble} again={again} />
      {answer && (
        <SharingContext.Provider value={answer.sharing}>
          <AboutMe me={answer.me} />
          <div class="cards">
            <Household me={answer.me} />
            <Family me={answer.me} lacks={answer.sharing.lacks} />
            <Travelling me={answer.me} />
            <Driving me={answer.me} />
            <Living me={answer.me} />
            <Earning me={answer.me} />
            <Insured me={answer.me} />
            <Serving me={answer.me} />
          </div>
        </SharingContext.Provider>
      )}
    </>
  );
}

function AboutMe({ me }: { me: Me }) {
  const { words: { record: w, ...words }, format } = useText();
  const [whole, setWhole] = useState(false);
  const rrn = me.rrn && `${me.rrn.slice(0, 6)}-${whole ? me.rrn.slice(6) : `${me.rrn[6]}••••••`}`;
  return (
    <section class="me" aria-labelledby="about">
      <h2 id="about" class="unseen">{w.about}</h2>
      <p class="name" lang="ko">{me.name}</p>
      <dl class="facts">
        <Fact name={w.address}>{me.address && <span lang="ko">{me.address}</span>}</Fact>
        <Fact name={w.since}>{format.day(me.movedInOn)}</Fact>
        <Fact name={w.birth}>{me.birthDate && <>{format.day(me.birthDate)} <small>({w.age(format.number(me.age))})</small></>}</Fact>
        <Fact name={w.rrn}>
          {rrn && (
            <>
              <span class="number">{rrn}</span>{' '}
              <button type="button" class="plain" aria-pressed={whole} onClick={() => setWhole(!whole)}>{whole ? w.hide : w.show}</button>
            </>
          )}
        </Fact>
        <Fact name={w.sex}>{me.sex && words.sexes[me.sex]}</Fact>
        <Fact name={w.status}>{me.status && words.statuses[me.status]}</Fact>
      </dl>
      {me.addressProtected && <p class="mark good">{w.protectedAddress}</p>}
    </section>
  );
}

function Household({ me: { household } }: { me: Me }) {
  const { words: { record: w, ...words }, format } = useText();
  return (
    <>
      <Card title={w.household} of="Resident.household" at="me.household" empty={!household?.members?.length}>
        <Table head={[w.member, w.relation, w.birth]} rows={household?.members?.map(({ name, relationToHead, birthDate, age }) => [
          <span lang="ko">{name}</span>, relationToHead && words.relations[relationToHead],
          <>{format.day(birthDate)} <small>({w.age(format.number(age))})</small></>,
        ])} />
      </Card>
      <Card title={w.moves} of="Household.moveIns" at="me.household.moveIns" empty={!household?.moveIns?.length}>
        {household?.moveIns?.map(({ date, fromAddress, toAddress, reason }) => (
          <Entry key={date} title={format.day(date)} aside={reason && words.reasons[reason]}>
            <Fact name={w.movedFrom}>{fromAddress ? <span lang="ko">{fromAddress}</span> : w.firstAddress}</Fact>
            <Fact name={w.address}>{toAddress && <span lang="ko">{toAddress}</span>}</Fact>
          </Entry>
        ))}
      </Card>
    </>
  );
}

function Family({ me, lacks }: { me: Me; lacks: Lacks }) {
  const { words: { record: w, ...words }, format } = useText();
  const person = (of: string, name: string | null, birthDate: string | null, key: string, more?: ComponentChildren) => (
    <Entry key={key} title={name ? <span lang="ko">{name}</span> : w.notMine} quiet={!name} aside={of}>
      <Fact name={w.birth} optional>{format.day(birthDate)}</Fact>
      {more}
    </Entry>
  );
  const known = me.parents?.filter(({ name }) => name !== null) ?? [];
  const empty = !me.spouse && !me.children?.length && !me.parents?.length && !lacks.has('me.parents') && !lacks.has('me.children');
  return (
    <>
      <Card title={w.family} of="Resident.children" at="me.children" empty={empty}>
        {me.spouse && person(w.spouse, me.spouse.name, me.spouse.birthDate, 'spouse')}
        {me.children?.map(({ id, name, birthDate, passports }) => {
          const passport = passports?.[0];
          return person(w.child, name, birthDate, `child ${id}`, passport && (
            <Fact name={w.passport}>{passport.status && words.passportStatuses[passport.status]} · {w.expires} {format.day(passport.expiresOn)}</Fact>
          ));
        })}
        {known.map(({ name, birthDate }, index) => person(w.parents, name, birthDate, `parent ${index}`))}
        {known.length < (me.parents?.length ?? 0) && person(w.parents, null, null, 'parents')}
      </Card>
      <Card title={w.married} of="Resident.marriage" at="me.marriage" empty={!me.marriage}>
        <Entry title={me.marriage?.status && words.marriages[me.marriage.status]}>
          <Fact name={w.marriedOn}>{format.day(me.marriage?.marriedOn)}</Fact>
        </Entry>
      </Card>
      <Card title={w.birthEntry} of="Resident.birth" at="me.birth" empty={!me.birth}>
        <Entry title={me.birth?.place && <span lang="ko">{me.birth.place}</span>}>
          <Fact name={w.registeredOn}>{format.day(me.birth?.registeredOn)}</Fact>
        </Entry>
      </Card>
    </>
  );
}

function Travelling({ me }: { me: Me }) {
  const { words: { record: w, ...words }, format } = useText();
  return (
    <>
      <Card title={w.passports} of="Resident.passports" at="me.passports" empty={!me.passports?.length}>
        {me.passports?.map(({ number, kind, issuedOn, expiresOn, romanizedName, status }) => (
          <Entry key={number} title={<>{kind && words.passportKinds[kind]} <span class="number">{number}</span></>}
            aside={status && words.passportStatuses[status]} good={status === 'VALID'}>
            <Fact name={w.expires}>{format.day(expiresOn)}</Fact>
            <Fact name={w.issued}>{format.day(issuedOn)}</Fact>
            <Fact name={w.romanized}>{romanizedName}</Fact>
          </Entry>
        ))}
      </Card>
      <Card title={w.travel} of="Resident.borderCrossings" at="me.borderCrossings" empty={!me.borderCrossings?.length}>
        <Table head={[w.journey, w.day, w.port]} rows={me.borderCrossings?.map(({ direction, crossedOn, port }) => [
          direction && words.crossings[direction], format.day(crossedOn), <span lang="ko">{port}</span>,
        ])} />
      </Card>
    </>
  );
}

function Driving({ me: { drivingLicence: licence, vehicles } }: { me: Me }) {
  const { words: { record: w, ...words }, format } = useText();
  return (
    <>
      <Card title={w.driving} of="Resident.drivingLicence" at="me.drivingLicence" empty={!licence}>
        <Entry title={licence?.class && words.licenceClasses[licence.class]}
          aside={licence?.status && words.licenceStatuses[licence.status]} good={licence?.status === 'VALID'}>
          <Fact name={w.number}>{licence?.number && <span class="number">{licence.number}</span>}</Fact>
          <Fact name={w.renewBy}>{format.day(licence?.renewBy)}</Fact>
        </Entry>
      </Card>
      <Card title={w.vehicles} of="Resident.vehicles" at="me.vehicles" empty={!vehicles?.length}>
        {vehicles?.map(({ plate, model, year, liens }) => (
          <Entry key={plate} title={<span lang="ko">{plate}</span>} aside={<span lang="ko">{model}</span>}>
            <Fact name={w.year}>{year}</Fact>
            <Fact name={w.liens}>{format.number(liens)}</Fact>
          </Entry>
        ))}
      </Card>
    </>
  );
}

function Living({ me: { buildings, household } }: { me: Me }) {
  const { words: { record: w, ...words }, format } = useText();
  const benefits = household?.livelihoodBenefits;
  return (
    <>
      <Card title={w.buildings} of="Resident.buildings" at="me.buildings" empty={!buildings?.length}>
        {buildings?.map(({ use, area, approvedOn, officialPrice }, index) => (
          <Entry key={index} title={<span lang="ko">{use}</span>} aside={area !== null && w.squareMetres(format.number(area))}>
            <Fact name={w.price}>{format.won(officialPrice)}</Fact>
            <Fact name={w.approved}>{format.day(approvedOn)}</Fact>
          </Entry>
        ))}
      </Card>
      <Card title={w.benefits} of="Household.livelihoodBenefits" at="me.household.livelihoodBenefits" empty={!benefits?.length}>
        {benefits?.map(({ kind, startedOn, nearPoor }) => (
          <Entry key={kind} title={kind && words.benefitKinds[kind]}>
            <Fact name={w.startedOn}>{format.day(startedOn)}</Fact>
            <Fact name={w.nearPoor}>{nearPoor === null ? null : nearPoor ? w.yes : w.no}</Fact>
          </Entry>
        ))}
      </Card>
    </>
  );
}

function Earning({ me }: { me: Me }) {
  const { words: { record: w, ...words }, format } = useText();
  return (
    <>
      <Card title={w.work} of="Resident.employments" at="me.employments" empty={!me.employments?.length}>
        {me.employments?.map(({ workplace, acquiredOn, lostOn, weeklyHours }) => (
          <Entry key={acquiredOn} title={<span lang="ko">{workplace}</span>}>
            <Fact name={`${w.from} – ${w.until}`}><Span from={acquiredOn} until={lostOn} /></Fact>
            <Fact name={w.hours}>{format.number(weeklyHours)}</Fact>
          </Entry>
        ))}
      </Card>
      <Card title={w.businesses} of="Resident.businesses" at="me.businesses" empty={!me.businesses?.length}>
        {me.businesses?.map(({ number, kind, openedOn, closedOn, status }) => (
          <Entry key={number} title={<span lang="ko">{kind}</span>} aside={status && words.businessStatuses[status]} good={status === 'ACTIVE'}>
            <Fact name={w.number}>{number && <span class="number">{number}</span>}</Fact>
            <Fact name={`${w.opened} – ${w.closed}`}><Span from={openedOn} until={closedOn} /></Fact>
          </Entry>
        ))}
      </Card>
      <Card title={w.incomeTax} of="Resident.taxCertificates" at="me.taxCertificates" empty={!me.taxCertificates?.length}>
        <Table head={[w.incomeYear, w.income, w.paid]} rows={me.taxCertificates?.map(({ year, income, taxPaid }) => [
          year, <Sum won={income} />, <Sum won={taxPaid} />,
        ])} />
        {me.taxCertificates?.map(({ year, arrears }) => <Arrears key={year} of={String(year)} won={arrears} />)}
      </Card>
      <Card title={w.localTax} of="Resident.localTaxes" at="me.localTaxes" empty={!me.localTaxes?.length}>
        <Table head={[w.tax, w.incomeYear, w.amount]} rows={me.localTaxes?.map(({ item, year, amount }) => [
          item && words.taxItems[item], year, <Sum won={amount} />,
        ])} />
        {me.localTaxes?.map(({ item, year, arrears }) => (
          <Arrears key={`${item} ${year}`} of={`${item ? words.taxItems[item] : ''} ${year}`} won={arrears} />
        ))}
      </Card>
    </>
  );
}

function Sum({ won }: { won: number | null }) {
  const { format } = useText();
  return <span class="sum">{format.won(won)}</span>;
}

/** What is owed, said only where something is. */
function Arrears({ of, won }: { of: string; won: number | null }) {
  const { words: { record: w }, format } = useText();
  return won ? <p class="mark bad">{w.arrears}, {of}: {format.won(won)}</p> : null;
}

function Insured({ me: { healthInsurance: health, pension } }: { me: Me }) {
  const { words: { record: w, ...words }, format } = useText();
  return (
    <>
      <Card title={w.health} of="Resident.healthInsurance" at="me.healthInsurance" empty={!health}>
        <Entry title={health?.kind && words.insurances[health.kind]}>
          <Fact name={w.workplace} optional>{health?.workplace && <span lang="ko">{health.workplace}</span>}</Fact>
          <Fact name={w.premium}>{format.won(health?.monthlyPremium)}</Fact>
          <Fact name={w.dependants}>{format.number(health?.dependants)}</Fact>
        </Entry>
      </Card>
      <Card title={w.pension} of="Resident.pension" at="me.pension" empty={!pension}>
        <Entry title={pension?.kind && words.pensions[pension.kind]}>
          <Fact name={w.months}>{format.number(pension?.monthsPaid)}</Fact>
          <Fact name={w.pensionIncome} optional>{format.won(pension?.monthlyIncome)}</Fact>
          <Fact name={w.benefit} optional>{format.won(pension?.benefit)}</Fact>
        </Entry>
      </Card>
    </>
  );
}

function Serving({ me: { militaryService: military, disability, petitions } }: { me: Me }) {
  const { words: { record: w, ...words }, format } = useText();
  return (
    <>
      <Card title={w.military} of="Resident.militaryService" at="me.militaryService" empty={!military}>
        <Entry title={military?.kind && words.services[military.kind]} aside={military?.rank && <span lang="ko">{military.rank}</span>}>
          <Fact name={w.enlisted} optional>{format.day(military?.enlistedOn)}</Fact>
          <Fact name={w.discharged} optional>{format.day(military?.dischargedOn)}</Fact>
        </Entry>
      </Card>
      <Card title={w.disability} of="Resident.disability" at="me.disability" empty={!disability}>
        <Entry title={disability?.severity && words.severities[disability.severity]}>
          <Fact name={w.kind}>{disability?.kind && <span lang="ko">{disability.kind}</span>}</Fact>
          <Fact name={w.registeredOn}>{format.day(disability?.registeredOn)}</Fact>
          <Fact name={w.reassess} optional>{format.day(disability?.reassessOn)}</Fact>
        </Entry>
      </Card>
      <Card title={w.petitions} of="Resident.petitions" at="me.petitions" empty={!petitions?.length}>
        <Petitions petitions={petitions ?? []} />
      </Card>
    </>
  );
}

function Petitions({ petitions }: { petitions: NonNullable<Me['petitions']> }) {
  const { words: { record: w }, format } = useText();
  const titled = usePurposeTitle();
  return (
    <>
      {petitions.map(({ number, service, openedOn, closedOn }) => (
        <Entry key={number} title={titled(service)} aside={closedOn ? undefined : w.open}>
          <Fact name={w.number}>{number && <span class="number">{number}</span>}</Fact>
          <Fact name={w.openedOn}>{format.day(openedOn)}</Fact>
          <Fact name={w.closedOn} optional>{format.day(closedOn)}</Fact>
        </Entry>
      ))}
    </>
  );
}
