/** Days, times, sums and names in the reader's language. */

export type Language = 'ko' | 'en';

const LOCALES: Record<Language, string> = { ko: 'ko-KR', en: 'en-GB' };
const KEY = 'madang-citizen:language';

/** The language that was chosen before, else the browser's. */
export function firstLanguage(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === 'ko' || kept === 'en') return kept;
  return navigator.language.toLowerCase().startsWith('ko') ? 'ko' : 'en';
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
}

export interface Format {
  /** A day of the calendar, which is the same wherever it is read. */
  day: (day: string | null | undefined) => string;
  /** The day of a moment, where the reader is. */
  dayOf: (moment: string) => string;
  time: (moment: string) => string;
  number: (value: number | null | undefined) => string;
  won: (value: number | null | undefined) => string;
  /** Of a Korean and an English name the one in the reader's language, or the one that there is. */
  called: (korean: string | null | undefined, english: string | null | undefined) => string;
  list: (parts: string[]) => string;
}

export function formatIn(language: Language): Format {
  const locale = LOCALES[language];
  const days = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
  const weekdays = new Intl.DateTimeFormat(locale, { dateStyle: 'full' });
  const times = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
  const numbers = new Intl.NumberFormat(locale);
  const sums = new Intl.NumberFormat(locale, { style: 'currency', currency: 'KRW' });
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' });
  return {
    day: (day) => (day ? days.format(new Date(`${day}T00:00`)) : ''),
    dayOf: (moment) => weekdays.format(new Date(moment)),
    time: (moment) => times.format(new Date(moment)),
    number: (value) => (value == null ? '' : numbers.format(value)),
    won: (value) => (value == null ? '' : sums.format(value)),
    called: (korean, english) => (language === 'ko' ? (korean ?? english) : (english ?? korean)) ?? '',
    list: (parts) => lists.format(parts),
  };
}
