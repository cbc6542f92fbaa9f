import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What `npm run mutation` runs for each mutant: the specs that lie beside the sources, and no server. */
export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { tsconfigPaths: true },
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['packages/*/src/**/*.spec.ts'],
    // A property test finds a mutant in its first inputs, or never; Stryker runs it for each mutant that it covers.
    testTimeout: 20_000,
  },
});
