import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

/** Files that the build is made of; tests/examples/test_citizen.py hashes the same. */
function sources(): string[] {
  const own = ['codegen.json', 'index.html', 'package.json', 'package-lock.json', 'schema.graphql', 'tsconfig.json', 'vite.config.ts'];
  const code = readdirSync(resolve(import.meta.dirname, 'src'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = code.map((entry) => resolve(entry.parentPath, entry.name).slice(import.meta.dirname.length + 1));
  return [...own, ...paths].sort();
}

/** Writes the hash of the sources beside the build, so that a test notices a build that is out of date. */
function stamp(): Plugin {
  return {
    name: 'stamp',
    generateBundle() {
      const hash = createHash('sha256');
      for (const path of sources()) hash.update(path).update('\0').update(readFileSync(resolve(import.meta.dirname, path))).update('\0');
      this.emitFile({ type: 'asset', fileName: 'sources.sha256', source: `${hash.digest('hex')}\n` });
    },
  };
}

const gateway = 'http://127.0.0.1:8000';

export default defineConfig({
  // Relative, so that the page works wherever it is mounted.
  base: './',
  plugins: [stamp()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    emptyOutDir: true,
    target: 'es2022',
    // Pictures as files: the content security policy of a portal may admit none from data addresses.
    assetsInlineLimit: 0,
    license: { fileName: 'licenses.md' },
  },
  // `npm run dev` serves this folder at /citizen/, beside a gateway that runs already.
  server: { proxy: { '/graphql': gateway, '/personas': gateway } },
});
