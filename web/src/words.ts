/** The languages of the views beside GraphiQL. What the regulations themselves say is in the language that they are written in. */
export type Language = 'ko' | 'en';

export const LOCALES: Record<Language, string> = { en: 'en-GB', ko: 'ko-KR' };
const LANGUAGE_KEY = 'madang:language';

/** The language that was chosen before, else the browser's. */
export function firstLanguage(): Language {
  const stored = sessionStorage.getItem(LANGUAGE_KEY);
  if (stored === 'ko' || stored === 'en') return stored;
  return navigator.language.toLowerCase().startsWith('ko') ? 'ko' : 'en';
}

export function keepLanguage(language: Language) {
  sessionStorage.setItem(LANGUAGE_KEY, language);
}

/** What is left of a masked value: the kind of its mask in words, and the amount in the place of `#`. */
type Masks = Record<string, string>;

const en = {
  title: 'Who looked at my data',
  titleOfChild: (name: string) => `Who looked at ${name}’s data`,
  lead: 'Every time an agency is shown something from your records, it is written down before the agency has it. This is that record.',
  deferred: 'Where a law puts off telling you, for an investigation for example, an entry appears once you may know of it.',
  language: 'Language',
  whose: 'Whose data',
  mine: 'Mine',
  agency: 'Agency',
  everyAgency: 'All agencies',
  since: 'Since',
  reset: 'Show all',
  looking: 'Looking…',
  shown: (count: number, more: boolean) => `${count} ${count === 1 ? 'entry' : 'entries'} shown${more ? ', the latest first; there are more' : ''}`,
  log: 'All accesses',
  more: 'Show more',
  nothing: 'There is nothing to show yet.',
  nothingThen: 'When an agency is shown something, you will find it here: who, what for, and under which article.',
  nothingFound: 'No entry fits this choice.',
  unreachable: 'The record cannot be read right now.',
  unreachableThen: 'Nothing of it is lost. Please try again in a moment.',
  withheld: 'The law does not let you see this record.',
  withheldOfChild: 'This child’s record is shown to those who have parental authority.',
  refused: 'The server did not accept the question.',
  retry: 'Try again',
  notices: 'Shown without asking for consent',
  noticesLead: 'Here the law lets an agency see data without asking for consent, and wants you told.',
  toldBefore: (count: number) => `Told on an earlier day: ${count}`,
  noNotices: 'What was shown without asking for consent cannot be read right now.',
  someone: 'An agency',
  looked: (agency: string) => `${agency} looked`,
  purpose: 'Purpose',
  by: 'Asked by',
  petition: 'Case',
  ground: 'Why no consent was asked for',
  due: 'You must be told by',
  told: 'You were told on',
  within: (days: number) => (days === 0 ? 'the same day' : days === 1 ? 'after 1 day' : `after ${days} days`),
  late: 'later than the law wants',
  items: 'What was shown',
  under: 'under',
  consent: 'by consent',
  perhapsConsent: 'by consent, or under another of these articles',
  noConsent: 'no consent asked for:',
  citizens: (count: number, ofChild: boolean) =>
    `${ofChild ? 'The child, a parent or the household' : 'You or your household'} looked${count === 1 ? '' : ` ${count} times`}`,
  counted: (count: number) => `${count} ${count === 1 ? 'item' : 'items'}`,
  zone: (zone: string) => `Times are those of ${zone}.`,
  masks: {
    first: 'first # characters only',
    last: 'last # characters only',
    band: 'rounded down to #',
    threshold: 'only whether # or more',
    year: 'year only',
    district: 'district only',
    initial: 'first character only',
    pseudonym: 'as a pseudonym',
  } as Masks,
};

export type Words = typeof en;

const ko: Words = {
  title: '내 정보 이용 내역',
  titleOfChild: (name) => `${name} 님의 정보 이용 내역`,
  lead: '기관이 내 정보를 열람하면, 정보가 기관에 전달되기 전에 그 사실이 먼저 기록됩니다. 이 화면이 바로 그 기록입니다.',
  deferred: '수사 등 법률에 따라 알림이 미뤄진 열람은 알려 드릴 수 있게 된 뒤에 나타납니다.',
  language: '언어',
  whose: '누구의 정보',
  mine: '본인',
  agency: '기관',
  everyAgency: '모든 기관',
  since: '시작일',
  reset: '전체 보기',
  looking: '불러오는 중…',
  shown: (count, more) => `${count}건 표시${more ? ' · 최신순, 더 있음' : ''}`,
  log: '전체 열람 내역',
  more: '더 보기',
  nothing: '아직 표시할 열람 내역이 없습니다.',
  nothingThen: '기관이 정보를 열람하면 어느 기관이, 무슨 목적으로, 어떤 법조항에 따라 보았는지 여기에 표시됩니다.',
  nothingFound: '조건에 맞는 내역이 없습니다.',
  unreachable: '지금은 이용 내역을 불러올 수 없습니다.',
  unreachableThen: '기록은 그대로 보존되어 있습니다. 잠시 후 다시 시도해 주세요.',
  withheld: '법령에 따라 이 기록을 볼 수 없습니다.',
  withheldOfChild: '자녀의 이용 내역은 친권자에게만 표시됩니다.',
  refused: '서버가 요청을 받아들이지 않았습니다.',
  retry: '다시 시도',
  notices: '동의 없이 제공된 정보 알림',
  noticesLead: '법률에 따라 동의를 받지 않고 기관에 제공되어, 알려 드려야 하는 내역입니다.',
  toldBefore: (count) => `이전에 알린 내역 ${count}건`,
  noNotices: '동의 없이 제공된 정보 알림을 지금은 불러올 수 없습니다.',
  someone: '기관',
  looked: (agency) => `${agency} 열람`,
  purpose: '이용 목적',
  by: '담당',
  petition: '민원번호',
  ground: '동의를 받지 않은 근거',
  due: '통지 기한',
  told: '통지일',
  within: (days) => (days === 0 ? '당일 통지' : `${days}일 만에 통지`),
  late: '법정 기한 초과',
  items: '열람 항목',
  under: '근거',
  consent: '동의에 따름',
  perhapsConsent: '동의 또는 아래 근거 중 하나에 따름',
  noConsent: '동의 없이 제공:',
  citizens: (count, ofChild) =>
    `${ofChild ? '자녀 본인, 친권자 또는 세대원' : '본인 또는 세대원'} 조회${count === 1 ? '' : ` ${count}회`}`,
  counted: (count) => `${count}개 항목`,
  zone: (zone) => `시각은 ${zone} 기준입니다.`,
  masks: {
    first: '앞 #자리만',
    last: '뒤 #자리만',
    band: '# 단위로 내림',
    threshold: '# 이상인지 여부만',
    year: '연도만',
    district: '시·군·구까지만',
    initial: '첫 글자만',
    pseudonym: '가명으로 대체',
  },
};

export const WORDS: Record<Language, Words> = { en, ko };

/** What something is called in a language, by the one of two names that is there. */
export function called(language: Language, korean: string | null, english: string | null): string {
  return (language === 'ko' ? (korean ?? english) : (english ?? korean)) ?? '';
}

export function maskInWords(language: Language, mask: string): string {
  const [kind = '', amount = ''] = mask.split(' ');
  return (WORDS[language].masks[kind] ?? mask).replace('#', amount && Number(amount).toLocaleString(LOCALES[language]));
}

export function dayOf(language: Language, moment: Date): string {
  return moment.toLocaleDateString(LOCALES[language], { dateStyle: 'full' });
}

export function timeOf(language: Language, moment: Date): string {
  return moment.toLocaleTimeString(LOCALES[language], { timeStyle: 'short' });
}

/** A day of the law's calendar, which is the same wherever it is read. */
export function calendarDay(language: Language, day: string): string {
  return new Date(`${day}T00:00`).toLocaleDateString(LOCALES[language], { dateStyle: 'long' });
}

/** What the reader's time zone is called. */
export function zoneIn(language: Language): string {
  const parts = new Intl.DateTimeFormat(LOCALES[language], { timeZoneName: 'long' }).formatToParts();
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
}
