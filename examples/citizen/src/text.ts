import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type Format, formatIn, type Language } from './format';
import { en, type Words } from './words.en';
import { ko } from './words.ko';

/** Everything that depends on the reader's language. */
export interface Text {
  language: Language;
  words: Words;
  format: Format;
}

export const TEXTS: Record<Language, Text> = {
  ko: { language: 'ko', words: ko, format: formatIn('ko') },
  en: { language: 'en', words: en, format: formatIn('en') },
};

export const TextContext = createContext<Text>(TEXTS.ko);

export function useText(): Text {
  return useContext(TextContext);
}
