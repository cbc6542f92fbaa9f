import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What `npm run mutation` runs for each mutant: the specs that lie beside the sources, and no server. */
export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { tsconfigPaths: true },
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['packages/*/src/**/*.spec.ts'],
    // It replaces a module of Node, which works only in a process of its own.
    exclude: ['**/api-key-work.spec.ts'],
    // A mutant would load all modules once more for each spec.
    isolate: false,
    setupFiles: ['tools/mutation-coverage-setup.mjs'],
    // A property test finds a mutant in its first inputs, or never; Stryker runs it for each mutant that it covers.
    testTimeout: 20_000,
  },
});
