import type { Language, Words } from './words';

const LANGUAGES: [Language, string][] = [['ko', '한국어'], ['en', 'English']];

/** The choice of a view's language. */
export function Languages({ language, words, onChoose }: { language: Language; words: Pick<Words, 'language'>; onChoose: (other: Language) => void }) {
  return (
    <fieldset className="madang-switch">
      <legend className="madang-unseen">{words.language}</legend>
      {LANGUAGES.map(([code, itself]) => (
        <label key={code} lang={code}>
          <input type="radio" name="language" checked={language === code} onChange={() => onChoose(code)} />
          {itself}
        </label>
      ))}
    </fieldset>
  );
}
