import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const repository = resolve(import.meta.dirname, '..');

/** Files that the built page is made of, relative to the repository; tests/madang/test_page.py hashes the same. */
function sources(): string[] {
  const own = ['index.html', 'package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.ts'];
  const code = readdirSync(resolve(repository, 'web/src')).map((name) => `src/${name}`);
  const queries = readdirSync(resolve(repository, 'examples/queries')).filter((name) => name.endsWith('.graphql'));
  return [...own, ...code].map((name) => `web/${name}`).concat(queries.map((name) => `examples/queries/${name}`)).sort();
}

/** Writes the hash of the sources beside the build, so that a test notices a build that is out of date. */
function stamp(): Plugin {
  return {
    name: 'stamp',
    generateBundle() {
      const hash = createHash('sha256');
      for (const path of sources()) hash.update(path).update('\0').update(readFileSync(resolve(repository, path))).update('\0');
      this.emitFile({ type: 'asset', fileName: 'sources.sha256', source: `${hash.digest('hex')}\n` });
    },
  };
}

const codicons = `
## Codicons (CC-BY-4.0)

Copyright (c) Microsoft Corporation

The icons of the editor, in the font \`codicon\`, are those of <https://github.com/microsoft/vscode-codicons>, as they come with
monaco-editor, unchanged. They are licensed under the Creative Commons Attribution 4.0 International Public License:
<https://creativecommons.org/licenses/by/4.0/legalcode>.
`;

/** Adds the licence of the editor's font to those of the code, which are all that Vite knows of. */
function fontLicense(): Plugin {
  return {
    name: 'font-license',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const fonts = Object.keys(bundle).filter((name) => /\.(ttf|otf|woff2?)$/.test(name));
        const unknown = fonts.filter((name) => !name.includes('/codicon-'));
        if (unknown.length > 0) this.error(`say under which licence these fonts come: ${unknown.join(', ')}`);
        const licenses = bundle['licenses.md'];
        if (licenses?.type !== 'asset') this.error('there is no licenses.md to add the font to');
        licenses.source = `${licenses.source}${codicons}`;
      },
    },
  };
}

export default defineConfig({
  // Relative, so that the page works wherever it is mounted.
  base: './',
  plugins: [react(), stamp(), fontLicense()],
  worker: { format: 'es' },
  build: {
    outDir: '../madang/static',
    emptyOutDir: true,
    target: 'es2022',
    // Fonts as files: the content security policy admits none from data addresses.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4000,
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      // GraphiQL names its icons, for those who hear the page, after their functions.
      output: { keepNames: true },
      onLog(level, log, report) {
        // GraphiQL's packages carry directives of a compiler that has already run.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
      },
    },
  },
  server: { fs: { allow: ['..'] }, proxy: { '/graphql': 'http://127.0.0.1:8000', '/personas': 'http://127.0.0.1:8000', '/cases': 'http://127.0.0.1:8000' } },
});
