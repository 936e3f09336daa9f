import { useEffect, useRef, useState } from 'preact/hooks';
import { Consents } from './consents';
import { firstLanguage, keepLanguage, type Language } from './format';
import { Looked } from './looked';
import mark from './madang.svg';
import { Move } from './move';
import { MyRecord } from './record';
import { TextContext, TEXTS } from './text';

const PAGES = { record: MyRecord, looked: Looked, consents: Consents, move: Move };
const LANGUAGES: [Language, string][] = [['ko', '한국어'], ['en', 'English']];

type Name = keyof typeof PAGES;

function pageInAddress(): Name {
  const name = location.hash.replace(/^#\/?/, '');
  return name in PAGES ? (name as Name) : 'record';
}

/** The frame around the pages: who this is, in which language, and the way from page to page. */
export function App() {
  const [language, setLanguage] = useState(firstLanguage);
  const [page, setPage] = useState(pageInAddress);
  const main = useRef<HTMLElement>(null);
  const { words } = TEXTS[language];
  const Shown = PAGES[page];

  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${words[page].title} – ${words.title}`;
  }, [language, page]);

  useEffect(() => {
    const turn = () => {
      // The first page is read from its beginning; whoever turns to another goes on at its heading.
      if (location.hash === '#main') return;
      setPage(pageInAddress());
      requestAnimationFrame(() => {
        scrollTo(0, 0);
        main.current?.querySelector('h1')?.focus();
      });
    };
    addEventListener('hashchange', turn);
    return () => removeEventListener('hashchange', turn);
  }, []);

  function speak(other: Language) {
    setLanguage(other);
    keepLanguage(other);
  }

  function skip(event: Event) {
    event.preventDefault();
    main.current?.focus();
  }

  return (
    <TextContext.Provider value={TEXTS[language]}>
      <a class="skip" href="#main" onClick={skip}>{words.skip}</a>
      <header class="top">
        <p class="demo">{words.demo}</p>
        <div class="wide">
          <p class="brand"><img src={mark} alt="" width="36" height="36" /> {words.title}</p>
          <fieldset class="switch">
            <legend class="unseen">{words.language}</legend>
            {LANGUAGES.map(([code, itself]) => (
              <label key={code} lang={code}>
                <input type="radio" name="language" checked={language === code} onChange={() => speak(code)} />
                <span>{itself}</span>
              </label>
            ))}
          </fieldset>
        </div>
        <nav class="wide" aria-label={words.pages}>
          <ul>
            {(Object.keys(PAGES) as Name[]).map((name) => (
              <li key={name}>
                <a href={`#/${name}`} aria-current={name === page ? 'page' : undefined}>{words[name].tab}</a>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <main id="main" class="wide" tabIndex={-1} ref={main}>
        <Shown key={page} />
      </main>
      <footer class="wide">{words.footer}</footer>
    </TextContext.Provider>
  );
}
